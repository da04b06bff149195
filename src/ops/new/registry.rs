//! A world in a package of a registry, as `--target` names it.

use std::path::Path;

use semver::VersionReq;

use super::target::{check, unescaped};
use crate::base::error::{Error, Result};
use crate::base::package::{PackageRef, is_label};
use crate::model::lockfile::Lockfile;
use crate::model::manifest;
use crate::model::manifest::edit::TargetEntry;
use crate::model::manifest::{ManifestFile, WorkspaceManifest};
use crate::model::resolver::{Source, Wanted};
use crate::pipeline::fetch::packages::{Packages, Request};
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::Named;

/// How a package is looked up.
pub(super) struct Lookup<'a> {
    /// The directory of the crate; it may not be there yet.
    pub dir: &'a Path,
    /// The name of the registry; none for the one the configuration has.
    pub registry: Option<&'a str>,
    /// How the network may be used.
    pub mode: LockMode,
}

/// A world of a package, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    package: PackageRef,
    world: Option<String>,
    requirement: Option<VersionReq>,
}

/// A world of a release.
#[derive(Clone, Debug)]
pub(super) struct RegistryWorld {
    package: String,
    world: Option<String>,
    /// What the manifest asks for.
    requirement: String,
    registry: Option<String>,
}

impl RegistryWorld {
    /// What a manifest says for it.
    pub fn entry(&self) -> TargetEntry {
        TargetEntry::Registry {
            package: self.package.clone(),
            world: self.world.clone(),
            requirement: self.requirement.clone(),
            registry: self.registry.clone(),
        }
    }
}

/// Reads `<ns>:<pkg>[/<world>][@<requirement>]`; `None` if it is something
/// else, such as a path.
pub(super) fn parse(text: &str) -> Result<Option<Asked>> {
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
            .because(e)
            .hint("use `namespace:name/world@version` with a version such as `0.2.3`")
        })
    });
    Ok(Some(Asked {
        package,
        world: world.map(str::to_owned),
        requirement: requirement.transpose()?,
    }))
}

/// Finds the newest release that will do, and the world in it.
pub(super) fn find(ctx: &Context, asked: &Asked, lookup: &Lookup<'_>) -> Result<RegistryWorld> {
    let mut packages = Packages::new(ctx, lookup.dir, lookup.mode)?;
    let wanted = Wanted {
        source: Source {
            package: asked.package.clone(),
            registry: lookup.registry.map(str::to_owned),
            address: None,
        },
        requirement: asked.requirement.clone().unwrap_or(VersionReq::STAR),
        by: vec!["`--target`".to_owned()],
        at: None,
    };
    let found = packages.fetch(&Request {
        asked: std::slice::from_ref(&wanted),
        named: &named(lookup.dir)?,
        lock: &Lockfile::default(),
        locked: None,
    })?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let shown = format!("{}@{}", found.package, found.version);
    check(&shown, &found.entry()?, asked.world.as_deref())?;
    // As in a manifest written by hand: what fits this release, or just it.
    let exact = |requirement: &VersionReq| requirement.to_string().starts_with('=');
    let sign = match &asked.requirement {
        Some(requirement) if exact(requirement) => "=",
        _ => "",
    };
    Ok(RegistryWorld {
        package: found.package.to_string(),
        world: asked.world.clone(),
        requirement: format!("{sign}{}", found.version),
        registry: lookup.registry.map(str::to_owned),
    })
}

/// The registries that the manifests at and above a directory name.
fn named(dir: &Path) -> Result<Named> {
    let mut shared = WorkspaceManifest::default();
    let mut named = Named::default();
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
            assert!(parse(text).unwrap().is_some(), "{text}");
        }
        for text in ["wit", "../a/b", "C:\\wit", "wit/a:b"] {
            assert_eq!(parse(text).unwrap(), None, "{text}");
        }
        for text in ["a:b@first", "a:b/c d@1.0.0", "a:b/@1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
