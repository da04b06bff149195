//! The world a manifest names, read from disk.

use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::{read, watched};
use crate::base::error::{Error, Result};
use crate::model::manifest::{
    Dependency, DependencySource, LocalTarget, Manifest, OciTarget, RegistryTarget, Target,
};
use crate::model::wit;
use crate::model::wit::{Request, Sources, World};
use crate::system::fs;

/// A loaded world and what it was loaded from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The world.
    pub world: World,
    /// Every path whose change can change it.
    pub watched: Vec<PathBuf>,
}

/// What the world of a manifest is made of, as far as it is on disk.
#[derive(Clone, Debug)]
pub enum Gathered<'a> {
    /// It has none: no target is given and there is no `wit` beside it.
    None,
    /// WIT of the project.
    Local(Box<Local<'a>>),
    /// A package of a registry.
    Registry(&'a RegistryTarget),
    /// An artifact of an OCI registry.
    Oci(&'a OciTarget),
}

/// The WIT of a project, and what it still needs.
#[derive(Clone, Debug)]
pub struct Local<'a> {
    /// What is to be loaded.
    pub request: Request<'a>,
    /// Every path whose change can change it.
    pub watched: Vec<PathBuf>,
    /// Entries of `target.dependencies` that are neither on disk nor in
    /// `deps`, by key.
    pub wanted: Vec<(&'a str, &'a Dependency)>,
}

/// Reads what there is of a manifest's world.
pub fn gather(manifest: &Manifest) -> Result<Gathered<'_>> {
    gather_but(manifest, &|_| false)
}

/// As [`gather`], without the entries of `deps` that `leave_out` names.
pub fn gather_but<'m>(
    manifest: &'m Manifest,
    leave_out: &dyn Fn(&Path) -> bool,
) -> Result<Gathered<'m>> {
    let target = match &manifest.target {
        Target::Local(target) => target,
        Target::Registry(target) => return Ok(Gathered::Registry(target)),
        Target::Oci(target) => return Ok(Gathered::Oci(target)),
    };
    let Some(path) = wit_path(manifest, target)? else {
        return Ok(Gathered::None);
    };
    let mut sources = read(&path)?;
    sources.deps.retain(|entry| !leave_out(entry.path()));
    let mut watched = watched(&path, &sources);
    let (mut overrides, mut chosen, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    for (key, dependency) in target.dependencies.iter().flatten() {
        match find(key, dependency, &sources)? {
            Found::Override(path, found) => {
                watched.extend(self::watched(path, &found));
                overrides.push(found);
            }
            Found::InDeps(name) => chosen.push(name),
            Found::Elsewhere => wanted.push((key.as_str(), dependency)),
        }
    }
    Ok(Gathered::Local(Box::new(Local {
        request: Request {
            sources,
            overrides,
            fetched: Vec::new(),
            chosen,
            raised: Vec::new(),
            declared: target.dependencies.is_some(),
            world: target.world.as_deref(),
            features: &manifest.bindings.features,
            all_features: manifest.bindings.all_features,
        },
        watched,
        wanted,
    })))
}

/// Loads the world of a manifest from what is on disk alone; `None` where it
/// has none.
pub fn world(manifest: &Manifest) -> Result<Option<Loaded>> {
    let local = match gather(manifest)? {
        Gathered::None => return Ok(None),
        Gathered::Local(local) => local,
        Gathered::Registry(target) => {
            let shown = target.package.to_string();
            return Err(elsewhere(manifest, &target.span, &shown));
        }
        Gathered::Oci(target) => {
            return Err(elsewhere(manifest, &target.span, &target.reference));
        }
    };
    if let Some((key, dependency)) = local.wanted.first() {
        let message = format!(
            "the target dependency `{key}` comes from a registry, which is not supported here"
        );
        return Err(dependency
            .file
            .error(dependency.span.clone(), message)
            .hint("put a matching package into `deps` next to the WIT, or set its `path`"));
    }
    let world = load(manifest, local.request)?;
    Ok(Some(Loaded {
        world,
        watched: local.watched,
    }))
}

fn elsewhere(manifest: &Manifest, span: &std::ops::Range<usize>, target: &str) -> Error {
    let message =
        format!("the target `{target}` comes from a registry, which is not supported here");
    manifest.file.error(span.clone(), message).hint(
        "use the bindings that `cargo component build` writes, or download its WIT and set `target = { path = \"…\" }`",
    )
}

/// Loads a world; an error without a place of its own points at the target.
pub fn load(manifest: &Manifest, request: Request<'_>) -> Result<World> {
    let span = match &manifest.target {
        Target::Local(target) => target.span.clone(),
        Target::Registry(target) => target.span.clone(),
        Target::Oci(target) => target.span.clone(),
    };
    wit::load(request).map_err(|e| match span.is_empty() || e.excerpt().is_some() {
        true => e,
        false => e.at(manifest.file.excerpt(span)),
    })
}

/// Where the WIT of a local target is.
pub fn wit_path(manifest: &Manifest, target: &LocalTarget) -> Result<Option<PathBuf>> {
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
        None => Ok(None),
    }
}

/// What an entry of `target.dependencies` stands for.
enum Found<'a> {
    /// The WIT at a path, which overrides that of `deps`.
    Override(&'a Path, Sources),
    /// The newest package of `deps` that it asks for.
    InDeps(PackageName),
    /// A package of a registry.
    Elsewhere,
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
        DependencySource::Oci { .. } => Ok(Found::Elsewhere),
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
            Ok(present.map_or(Found::Elsewhere, Found::InDeps))
        }
    }
}
