//! The options of `cargo component outdated` and how they are run.

use clap::Args;

use super::options::{FormatOptions, GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::outdated::{OutdatedOptions, OutdatedPolicy, outdated};
use crate::system::context::Context;

/// Show which locked packages have newer versions
///
/// `Compatible` is the version that `cargo component update` selects, `Latest` the newest
/// version of all.
#[derive(Args, Debug)]
pub(super) struct Outdated {
    /// Exit with code 1 if a package is outdated
    #[arg(long)]
    exit_code: bool,

    /// Show what newer releases of components newly import from outside, such as network
    ///
    /// They are downloaded for this.
    #[arg(long)]
    capabilities: bool,

    #[command(flatten)]
    format: FormatOptions,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Outdated {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let policy = match self.exit_code {
            true => OutdatedPolicy::Fail,
            false => OutdatedPolicy::Report,
        };
        let args = cargo_args(&self.packages, &self.lock);
        let options = OutdatedOptions {
            format: self.format.format(),
            policy,
            capabilities: self.capabilities,
        };
        outdated(ctx, &args, &options)
    }
}
