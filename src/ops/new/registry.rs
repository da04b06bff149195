//! A world in a package of a registry, as `--target` names it.

use std::path::Path;

use semver::VersionReq;

use super::world::{check_world, unescaped};
use crate::base::error::{Error, Result};
use crate::base::package::{PackageRef, is_label};
use crate::model::lockfile::Lockfile;
use crate::model::manifest;
use crate::model::manifest::edit::TargetEntry;
use crate::model::manifest::{ManifestFile, WorkspaceManifest};
use crate::model::resolver::{PackageSource, Requirement};
use crate::pipeline::fetch::packages::{PackageRequest, Packages};
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;

/// Where the package of a target is searched.
pub(super) struct TargetLookup<'a> {
    /// The directory of the crate, which may not exist yet.
    pub dir: &'a Path,
    /// The name of the registry; `None` for the configured one.
    pub registry: Option<&'a str>,
    /// Whether the network may be used.
    pub mode: LockMode,
}

/// A world of a package, as `--target` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestedWorld {
    package: PackageRef,
    world: Option<String>,
    requirement: Option<VersionReq>,
}

/// A world of a release.
#[derive(Clone, Debug)]
pub(super) struct RegistryWorld {
    package: String,
    world: Option<String>,
    /// The requirement for the manifest, such as `1.2.3` or `=1.2.3`.
    requirement: String,
    registry: Option<String>,
}

impl RegistryWorld {
    /// The entry of a manifest for the world.
    pub fn entry(&self) -> TargetEntry {
        TargetEntry::Registry {
            package: self.package.clone(),
            world: self.world.clone(),
            requirement: self.requirement.clone(),
            registry: self.registry.clone(),
        }
    }
}

/// Reads `<ns>:<pkg>[/<world>][@<requirement>]`; `None` for other texts, such as
/// paths.
pub(super) fn parse_package_world(text: &str) -> Result<Option<RequestedWorld>> {
    let (name, requirement) = match text.split_once('@') {
        Some((name, requirement)) => (name, Some(requirement)),
        None => (text, None),
    };
    let (package, world) = match name.split_once('/') {
        Some((package, world)) => (package, Some(unescaped(world))),
        None => (name, None),
    };
    let Ok(package) = package.parse::<PackageRef>() else {
        return Ok(None);
    };
    if let Some(world) = world.filter(|world| !is_label(&world.to_ascii_lowercase())) {
        return Err(
            Error::usage(format!("invalid target world name `{world}` in `{text}`"))
                .hint("write `namespace:name/world@version`"),
        );
    }
    let requirement = requirement.map(|requirement| {
        requirement.parse().map_err(|e| {
            Error::usage(format!(
                "invalid target version `{requirement}` in `{text}`"
            ))
            .with_cause(e)
            .hint("use `namespace:name/world@version` with a version such as `0.2.3`")
        })
    });
    Ok(Some(RequestedWorld {
        package,
        world: world.map(str::to_owned),
        requirement: requirement.transpose()?,
    }))
}

/// Finds the newest release that the requirement allows, and the world in it.
pub(super) fn find_in_registry(
    ctx: &Context,
    requested: &RequestedWorld,
    lookup: &TargetLookup<'_>,
) -> Result<RegistryWorld> {
    let mut packages = Packages::new(ctx, lookup.dir, lookup.mode)?;
    let requirement = Requirement {
        source: PackageSource {
            package: requested.package.clone(),
            registry: lookup.registry.map(str::to_owned),
            address: None,
        },
        version_req: requested.requirement.clone().unwrap_or(VersionReq::STAR),
        required_by: vec!["`--target`".to_owned()],
        excerpt: None,
    };
    let found = packages.fetch(&PackageRequest {
        requirements: std::slice::from_ref(&requirement),
        named: &manifest_registries(lookup.dir)?,
        lock: &Lockfile::default(),
        locked: None,
    })?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let shown = format!("{}@{}", found.package, found.version);
    check_world(&shown, &found.entry()?, requested.world.as_deref())?;
    // As in manifests written by hand: versions compatible with this release, or
    // exactly it.
    let exact = |requirement: &VersionReq| requirement.to_string().starts_with('=');
    let sign = match &requested.requirement {
        Some(requirement) if exact(requirement) => "=",
        _ => "",
    };
    Ok(RegistryWorld {
        package: found.package.to_string(),
        world: requested.world.clone(),
        requirement: format!("{sign}{}", found.version),
        registry: lookup.registry.map(str::to_owned),
    })
}

/// The registries that the manifests at and above a directory name.
fn manifest_registries(dir: &Path) -> Result<ManifestRegistries> {
    let mut shared = WorkspaceManifest::default();
    let mut named = ManifestRegistries::default();
    for above in dir.ancestors() {
        let path = above.join("Cargo.toml");
        if !fs::exists(&path) {
            continue;
        }
        let workspace =
            manifest::read_workspace(&ManifestFile::new(&path, &fs::read_text(&path)?))?;
        if !workspace.registries.is_empty() {
            named.registries = workspace.registries.clone();
            named.manifest = path;
            shared = workspace;
            break;
        }
    }
    let own = dir.join("Cargo.toml");
    if fs::exists(&own) {
        let file = ManifestFile::new(&own, &fs::read_text(&own)?);
        named.registries = manifest::read(file, &shared)?.registries;
        named.manifest = own;
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_told_from_a_path() {
        for text in ["a:b", "wasi:http/proxy", "a:b@1.0.0", "a:b/c@=1.0.0"] {
            assert!(parse_package_world(text).unwrap().is_some(), "{text}");
        }
        for text in ["wit", "../a/b", "C:\\wit", "wit/a:b"] {
            assert_eq!(parse_package_world(text).unwrap(), None, "{text}");
        }
        for text in ["a:b@first", "a:b/c d@1.0.0", "a:b/@1"] {
            assert!(parse_package_world(text).is_err(), "{text}");
        }
    }
}
