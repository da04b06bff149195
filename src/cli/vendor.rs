//! `cargo component vendor`.

use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::vendor::vendor;
use crate::system::context::Context;

/// Copy every locked package into a directory to build from
///
/// The directory is a registry, `<namespace>/<name>/<version>.wasm`. Printed
/// are the lines for `.wasm-pkg/config.toml` by which builds take the packages
/// from there, without a cache and without the network. For crates there is
/// `cargo vendor`.
#[derive(Args, Debug)]
pub(super) struct Vendor {
    /// The directory
    #[arg(value_name = "DIR", default_value = "vendor")]
    dir: PathBuf,

    /// The Cargo.toml to start from
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
