//! The lock mode of commands that need no package.

use crate::base::error::Result;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;

/// The lock mode of the command line, with the network settings of cargo's
/// configuration for the current directory.
pub(crate) fn mode_here(ctx: &Context, args: &CargoArgs) -> Result<LockMode> {
    Config::load(&ctx.cwd, &ctx.env, &args.config)?.lock_mode(args.lock_mode)
}
