//! The options of `cargo component vendor` and how they are run.

use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::vendor::vendor;
use crate::system::context::Context;

/// Copy all locked packages into a local directory
///
/// The directory is a registry with files `<namespace>/<name>/<version>.wasm`. The command
/// prints the lines for `.wasm-pkg/config.toml` that make builds use it, without the cache
/// and without the network. For crates, use `cargo vendor`.
#[derive(Args, Debug)]
pub(super) struct Vendor {
    /// Directory to copy the packages into
    #[arg(value_name = "DIR", default_value = "vendor")]
    dir: PathBuf,

    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Manifest Options")]
    manifest_path: Option<PathBuf>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Vendor {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let mut args = cargo_args(&PackageOptions::default(), &self.lock);
        args.manifest_path = self.manifest_path;
        vendor(ctx, &args, &self.dir)
    }
}
