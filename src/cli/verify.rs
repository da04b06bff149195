//! The options of `cargo component verify` and how they are run.

use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::verify::verify;
use crate::system::context::Context;

/// Check the digests of the lock file against the cache and the registries
///
/// Exits with code 1 if a digest differs. A damaged file is removed from the cache, and
/// downloaded again when it is needed. With `--offline`, only the cache is checked.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Manifest Options")]
    manifest_path: Option<PathBuf>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Verify {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let mut args = cargo_args(&PackageOptions::default(), &self.lock);
        args.manifest_path = self.manifest_path;
        verify(ctx, &args)
    }
}
