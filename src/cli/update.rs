//! The options of `cargo component update` and how they are run.

use std::path::PathBuf;

use clap::Args;
use semver::Version;

use super::completions::names::PACKAGE;
use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::update::{UpdateOptions, update, update_breaking};
use crate::system::context::Context;

/// Update locked packages to the newest compatible versions
///
/// Versions stay within the requirements of manifests and WIT, and `(available: …)` shows newer
/// ones that these do not allow. Writes Cargo-component.lock
/// for the whole workspace and prints what changed. A component that newly imports something
/// from outside, such as network, is refused unless its entry allows it. To update crates, use
/// `cargo update`.
#[derive(Args, Debug)]
pub(super) struct Update {
    /// Packages to update, `namespace:name` [default: all packages]
    #[arg(value_name = "PACKAGE", value_hint = PACKAGE, group = "packages")]
    names: Vec<PackageRef>,

    /// Package to update, as without `--package`
    #[arg(long, short, value_name = "PACKAGE", value_hint = PACKAGE, group = "packages")]
    package: Vec<PackageRef>,

    /// Update the package to exactly this version
    #[arg(long, value_name = "VERSION", requires = "packages")]
    precise: Option<Version>,

    /// First raise the requirements in Cargo.toml that do not allow the newest versions
    ///
    /// Only plain requirements are raised, such as `1.2`. If the update then fails, Cargo.toml
    /// stays as it was. Versions that WIT names are raised by `cargo component wit upgrade`.
    #[arg(long, conflicts_with = "precise")]
    breaking: bool,

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
        let packages = [self.names, self.package].concat();
        check_precise(&packages, self.precise.as_ref())?;
        let mut args = cargo_args(&PackageOptions::default(), &self.lock);
        args.manifest_path = self.manifest_path;
        let options = UpdateOptions {
            packages,
            precise: self.precise,
            dry_run: self.dry_run,
        };
        match self.breaking {
            true => update_breaking(ctx, &args, &options),
            false => update(ctx, &args, &options),
        }
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
