//! The world a manifest names, read from disk.

use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::{read, watched};
use crate::advice::Result;
use crate::fs;
use crate::manifest::{Dependency, DependencySource, LocalTarget, Manifest, Target};
use crate::wit::{self, Request, Sources, World};

/// A loaded world and what it was loaded from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The world.
    pub world: World,
    /// Every path whose change can change it.
    pub watched: Vec<PathBuf>,
}

/// Loads the world of a manifest; `None` where it has none: no target is
/// given and there is no `wit` beside the manifest.
pub fn world(manifest: &Manifest) -> Result<Option<Loaded>> {
    let target = match &manifest.target {
        Target::Local(target) => target,
        Target::Registry(target) => {
            return Err(manifest
                .file
                .error(
                    target.span.clone(),
                    format!(
                        "the target `{}` is in a registry, which this version cannot read yet",
                        target.package
                    ),
                )
                .hint("download its WIT and give `target = { path = \"…\" }`"));
        }
    };
    let Some(path) = wit_path(manifest, target)? else {
        return Ok(None);
    };
    let sources = read(&path)?;
    let mut watched = watched(&path, &sources);
    let mut overrides = Vec::new();
    let mut chosen = Vec::new();
    for (key, dependency) in target.dependencies.iter().flatten() {
        match find(key, dependency, &sources)? {
            Found::Override(path, found) => {
                watched.extend(self::watched(path, &found));
                overrides.push(found);
            }
            Found::InDeps(name) => chosen.push(name),
        }
    }
    let world = wit::load(Request {
        sources,
        overrides,
        chosen,
        declared: target.dependencies.is_some(),
        world: target.world.as_deref(),
        features: &manifest.bindings.features,
        all_features: manifest.bindings.all_features,
    })
    .map_err(|e| match target.span.is_empty() || e.excerpt().is_some() {
        true => e,
        false => e.at(manifest.file.excerpt(target.span.clone())),
    })?;
    Ok(Some(Loaded { world, watched }))
}

/// Where the WIT of a local target is.
fn wit_path(manifest: &Manifest, target: &LocalTarget) -> Result<Option<PathBuf>> {
    let default = manifest.file.dir().join("wit");
    match &target.path {
        Some(path) if fs::exists(path) => Ok(Some(path.clone())),
        Some(path) => Err(manifest
            .file
            .error(
                target.span.clone(),
                format!("the target path `{}` does not exist", path.display()),
            )
            .hint("create it, or correct `path`")),
        None if fs::exists(&default) => Ok(Some(default)),
        None if target.world.is_some() => Err(manifest
            .file
            .error(
                target.span.clone(),
                format!(
                    "the target names a world, but `{}` does not exist",
                    default.display()
                ),
            )
            .hint("create it with a `.wit` file, or say where the WIT is by `path`")),
        None => Ok(None),
    }
}

/// What an entry of `target.dependencies` stands for.
enum Found<'a> {
    /// The WIT at a path, which overrides that of `deps`.
    Override(&'a Path, Sources),
    /// The newest package of `deps` that it asks for.
    InDeps(PackageName),
}

fn find<'a>(key: &str, dependency: &'a Dependency, sources: &Sources) -> Result<Found<'a>> {
    match &dependency.source {
        DependencySource::Path { path, .. } => {
            let sources = read(path).map_err(|e| {
                e.context(format!("failed to read the target dependency `{key}`"))
                    .at(dependency.file.excerpt(dependency.span.clone()))
            })?;
            Ok(Found::Override(path, sources))
        }
        DependencySource::Registry { requirement, .. } => {
            let present = dependency.package.as_ref().and_then(|wanted| {
                let names = wit::declared_packages(&sources.deps).into_iter();
                names
                    .filter(|name| {
                        name.namespace == wanted.namespace()
                            && name.name == wanted.name()
                            && name.version.as_ref().is_none_or(|v| requirement.matches(v))
                    })
                    .max_by(|a, b| a.version.cmp(&b.version))
            });
            present.map(Found::InDeps).ok_or_else(|| {
                dependency
                    .file
                    .error(
                        dependency.span.clone(),
                        format!("the target dependency `{key}` is in a registry, which this version cannot read yet"),
                    )
                    .hint(format!(
                        "put a package that fits `{requirement}` into `deps` beside the WIT, or give its `path`"
                    ))
            })
        }
    }
}
