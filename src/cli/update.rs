//! `cargo component update`.

use std::path::PathBuf;

use clap::Args;
use semver::Version;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::update::{UpdateOptions, update};
use crate::system::context::Context;

/// Choose newer versions within what manifests and WIT ask for
///
/// Writes Cargo-component.lock for the whole workspace and tells what changed.
/// For crates there is `cargo update`.
#[derive(Args, Debug)]
pub(super) struct Update {
    /// A package to update, `namespace:name`; all without it
    #[arg(long, short, value_name = "PACKAGE")]
    package: Vec<PackageRef>,

    /// The version the package is to get
    #[arg(long, value_name = "VERSION", requires = "package")]
    precise: Option<Version>,

    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,

    /// The Cargo.toml to start from
    #[arg(long, value_name = "PATH", help_heading = "Manifest Options")]
    manifest_path: Option<PathBuf>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Update {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        only_one((&self.package, self.precise.as_ref()))?;
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

/// Refuses one version for several packages.
pub(super) fn only_one((packages, precise): (&[PackageRef], Option<&Version>)) -> Result<()> {
    match (packages, precise) {
        ([_, _, ..], Some(version)) => Err(Error::usage(format!(
            "`--precise {version}` is for one package, and {} are named",
            packages.len()
        ))
        .hint("update one package after the other")),
        _ => Ok(()),
    }
}
