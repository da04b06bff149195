//! The options of `cargo component update` and how they are run.

use std::path::PathBuf;

use clap::Args;
use semver::Version;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::update::{UpdateOptions, update};
use crate::system::context::Context;

/// Update locked packages to the newest compatible versions
///
/// Versions stay within the requirements of manifests and WIT. Writes Cargo-component.lock
/// for the whole workspace and prints what changed. A component that newly imports something
/// from outside, such as network, is refused unless its entry allows it. To update crates, use
/// `cargo update`.
#[derive(Args, Debug)]
pub(super) struct Update {
    /// Package to update, `namespace:name` [default: all packages]
    #[arg(long, short, value_name = "PACKAGE")]
    package: Vec<PackageRef>,

    /// Update the package to exactly this version
    #[arg(long, value_name = "VERSION", requires = "package")]
    precise: Option<Version>,

    /// Print what would change, without writing the lock file
    #[arg(long)]
    dry_run: bool,

    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Manifest Options")]
    manifest_path: Option<PathBuf>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Update {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        check_precise(&self.package, self.precise.as_ref())?;
        let mut args = cargo_args(&PackageOptions::default(), &self.lock);
        args.manifest_path = self.manifest_path;
        let options = UpdateOptions {
            packages: self.package,
            precise: self.precise,
            dry_run: self.dry_run,
        };
        update(ctx, &args, &options)
    }
}

/// Refuses `--precise` together with several packages.
pub(super) fn check_precise(packages: &[PackageRef], precise: Option<&Version>) -> Result<()> {
    match (packages, precise) {
        ([_, _, ..], Some(version)) => Err(Error::usage(format!(
            "`--precise {version}` applies to one package, but {} were given",
            packages.len()
        ))
        .hint("update the packages one at a time")),
        _ => Ok(()),
    }
}
