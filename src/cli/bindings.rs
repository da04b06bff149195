//! The options of `cargo component bindings` and how they are run.

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::bindings::bindings;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::system::context::Context;

/// Update the generated bindings
///
/// Every build does this automatically. The file is `src/bindings.rs`, or the path set by
/// `bindings.path` in Cargo.toml; it is written only if its content changes.
#[derive(Args, Debug)]
pub(super) struct Bindings {
    /// Fail if the bindings are out of date, and write nothing
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Bindings {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let stale = match self.check {
            true => StaleBindings::Refuse,
            false => StaleBindings::Write,
        };
        let mut args = cargo_args(&self.packages, &self.lock);
        // Nothing is compiled, so no wasm target has to be installed.
        args.own.native = true;
        bindings(ctx, &args, stale)
    }
}
