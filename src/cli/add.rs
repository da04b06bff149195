//! `cargo component add` and `remove`.

use std::path::PathBuf;

use clap::Args;
use semver::VersionReq;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::edit::DependencyTable;
use crate::ops::add::{AddOptions, add, remove};
use crate::pipeline::project::manifest_write::ManifestWrite;
use crate::system::context::Context;

/// Add a dependency on a package to Cargo.toml
///
/// What the package is decides the table: a component goes to
/// `[package.metadata.component.dependencies]`, a WIT package to
/// `[package.metadata.component.target.dependencies]`. It goes into one package: where
/// the workspace has several, `--package` says which.
#[derive(Args, Debug)]
pub(super) struct Add {
    /// The package, `namespace:name`, perhaps with a version requirement after `@`
    ///
    /// It may be left out for a path or an artifact that says which package it is.
    #[arg(value_name = "PACKAGE", required_unless_present_any = ["path", "oci"])]
    spec: Option<String>,

    /// The key of the entry, if not the package's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Treat it as WIT that the target names
    #[arg(long)]
    target: bool,

    /// A file or directory instead of a registry
    #[arg(long, value_name = "PATH", conflicts_with = "registry")]
    path: Option<PathBuf>,

    /// An OCI artifact, `host/repository:tag`, instead of a registry
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["registry", "path"])]
    oci: Option<String>,

    /// The name of the registry it is in
    #[arg(long, short, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Print the manifest instead of writing it
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Add {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let (package, requirement) = match &self.spec {
            Some(spec) => named(spec).map(|(package, wanted)| (Some(package), wanted))?,
            None => (None, None),
        };
        let options = AddOptions {
            package,
            requirement,
            name: self.name,
            registry: self.registry,
            path: self.path,
            oci: self.oci,
            table: self.target.then_some(DependencyTable::Target),
            write: write(self.dry_run),
        };
        add(ctx, &cargo_args(&self.packages, &self.lock), &options)
    }
}

/// Remove dependencies from Cargo.toml
///
/// From that of one package: where the workspace has several, `--package` says which.
#[derive(Args, Debug)]
pub(super) struct Remove {
    /// The keys of the entries, in whichever table they are
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,

    /// Print the manifest instead of writing it
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Remove {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let args = cargo_args(&self.packages, &self.lock);
        remove(ctx, &args, &self.names, write(self.dry_run))
    }
}

/// What `--dry-run` means.
pub(super) fn write(dry_run: bool) -> ManifestWrite {
    match dry_run {
        true => ManifestWrite::Dry,
        false => ManifestWrite::Real,
    }
}

/// `namespace:name[@requirement]`.
pub(super) fn named(text: &str) -> Result<(PackageRef, Option<VersionReq>)> {
    let (name, requirement) = match text.split_once('@') {
        Some((name, requirement)) => (name, Some(requirement)),
        None => (text, None),
    };
    let requirement = requirement
        .map(|text| {
            text.parse().map_err(|e| {
                Error::usage(format!("invalid version requirement `{text}`"))
                    .with_cause(e)
                    .hint("write it as in Cargo.toml, such as `1.2` or `=1.2.3`")
            })
        })
        .transpose()?;
    Ok((name.parse()?, requirement))
}
