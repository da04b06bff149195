//! `cargo component bindings`.

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::bindings::bindings;
use crate::pipeline::build::pending_writes::Stale;
use crate::system::context::Context;

/// Bring the generated bindings up to date
///
/// Every build does this by itself. The file is `src/bindings.rs`, or the one
/// that `bindings.path` in Cargo.toml names; it is written only when its
/// content changes.
#[derive(Args, Debug)]
pub(super) struct Bindings {
    /// Write nothing; fail if the bindings are not up to date
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
            true => Stale::Refuse,
            false => Stale::Write,
        };
        let mut args = cargo_args(&self.packages, &self.lock);
        // Nothing is compiled, so no target need be installed.
        args.own.native = true;
        bindings(ctx, &args, stale)
    }
}
