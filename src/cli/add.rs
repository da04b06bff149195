//! `cargo component add` and `remove`.

use std::path::PathBuf;

use clap::Args;
use semver::VersionReq;

use super::completions::names::DEPENDENCY;
use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::capabilities::CapabilityPattern;
use crate::model::manifest::edit::DependencyTable;
use crate::ops::add::{AddOptions, add, remove};
use crate::pipeline::project::manifest_write::ManifestWrite;
use crate::system::context::Context;

/// Add package dependencies to Cargo.toml, or change those that are there
///
/// A component is added to `[package.metadata.component.dependencies]`, a WIT package
/// to `[package.metadata.component.target.dependencies]`, and with `--dev` a component to
/// `[package.metadata.component.dev-dependencies]`. If the workspace has several packages,
/// select one with `--package`. An entry that is there already gets the version, the registry,
/// the path or the artifact that is given; what else it says stays. To add crates, use
/// `cargo add`.
#[derive(Args, Debug)]
pub(super) struct Add {
    /// Packages to add: `namespace:name`, optionally followed by `@` and a version requirement
    ///
    /// Can be omitted if the file at `--path` or the artifact at `--oci` states its package name.
    #[arg(value_name = "PACKAGE", required_unless_present_any = ["path", "oci"])]
    specs: Vec<String>,

    /// Key of the entry [default: the package name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Add it as a WIT dependency of the target
    #[arg(long)]
    target: bool,

    /// Add a component that only `test` and `bench` link
    ///
    /// With the key of an entry of `dependencies`, it takes the place of that entry in tests.
    /// Otherwise it answers the imports that it exports, also those of WASI.
    #[arg(long, conflicts_with = "target")]
    dev: bool,

    /// Use a file or directory instead of a registry
    #[arg(long, value_name = "PATH", conflicts_with = "registry")]
    path: Option<PathBuf>,

    /// Use an OCI artifact, `host/repository:tag`, instead of a registry
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["registry", "path"])]
    oci: Option<String>,

    /// Name of the registry that has the package
    #[arg(long, short, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Allow a component to import only this from outside: a word like `clocks`, a package or
    /// an interface; can be repeated
    ///
    /// The words are files, network, http, environment, clocks, randomness, standard-streams and
    /// plain-names. Without it, the component may import everything that the workspace does not
    /// refuse.
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    allow: Vec<String>,

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
        self.refuse_options_of_one()?;
        let allow: Vec<CapabilityPattern> = self
            .allow
            .iter()
            .map(|w| w.parse())
            .collect::<Result<_>>()?;
        let options = |package, requirement| AddOptions {
            package,
            requirement,
            name: self.name.clone(),
            registry: self.registry.clone(),
            path: self.path.clone(),
            oci: self.oci.clone(),
            table: match (self.target, self.dev) {
                (true, _) => Some(DependencyTable::Target),
                (_, true) => Some(DependencyTable::Dev),
                _ => None,
            },
            allow: (!allow.is_empty()).then(|| allow.clone()),
            write: write(self.dry_run),
        };
        let named = self.specs.iter().map(|spec| {
            let (package, requirement) = parse_own_package(spec)?;
            Ok(options(Some(package), requirement))
        });
        let mut packages = named.collect::<Result<Vec<_>>>()?;
        if packages.is_empty() {
            packages.push(options(None, None));
        }
        add(ctx, &cargo_args(&self.packages, &self.lock), &packages)
    }
}

impl Add {
    /// Refuses options that say something about one package if there are several.
    fn refuse_options_of_one(&self) -> Result<()> {
        let options = [
            ("--name", self.name.is_some()),
            ("--path", self.path.is_some()),
            ("--oci", self.oci.is_some()),
        ];
        match options.into_iter().find(|(_, given)| *given) {
            Some((option, _)) if self.specs.len() > 1 => Err(Error::usage(format!(
                "`{option}` applies to one package, but {} were given",
                self.specs.len()
            ))
            .hint("add the packages one at a time")),
            _ => Ok(()),
        }
    }
}

/// Remove dependencies from Cargo.toml
///
/// If the workspace has several packages, select one with `--package`.
#[derive(Args, Debug)]
pub(super) struct Remove {
    /// Keys of the entries to remove, from any dependency table but that of tests
    #[arg(required = true, value_name = "NAME", value_hint = DEPENDENCY)]
    names: Vec<String>,

    /// Remove them from `dev-dependencies` instead
    #[arg(long)]
    dev: bool,

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
        let tables: &[_] = match self.dev {
            true => &[DependencyTable::Dev],
            false => &[DependencyTable::Component, DependencyTable::Target],
        };
        remove(ctx, &args, &self.names, tables, write(self.dry_run))
    }
}

/// Whether `--dry-run` was given.
pub(super) fn write(dry_run: bool) -> ManifestWrite {
    match dry_run {
        true => ManifestWrite::Dry,
        false => ManifestWrite::Real,
    }
}

/// As [`parse_package`]; a name without a namespace may be meant as that of a crate.
fn parse_own_package(text: &str) -> Result<(PackageRef, Option<VersionReq>)> {
    let name = text.split('@').next().unwrap_or(text);
    parse_package(text).map_err(|error| match name.contains([':', '/', '.']) {
        true => error,
        false => error.replace_hint(format!(
            "a package is `namespace:name`; to add the crate, use `cargo add {text}`"
        )),
    })
}

/// Parses a package of the form `namespace:name[@requirement]`.
pub(super) fn parse_package(text: &str) -> Result<(PackageRef, Option<VersionReq>)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_crate_leads_to_cargo_add() {
        for (spec, crate_meant) in [
            ("serde", true),
            ("serde@1", true),
            ("Serde_json", true),
            ("A:b", false),
            ("ghcr.io/a/b", false),
            ("a:b@!", false),
        ] {
            let error = parse_own_package(spec).unwrap_err();
            let hint = error.advice().unwrap();
            let meant = hint.contains(&format!("`cargo add {spec}`"));
            assert_eq!(meant, crate_meant, "{spec}: {hint}");
        }
        assert!(parse_own_package("a:b@1").is_ok());
    }
}
