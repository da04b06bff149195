//! The world a manifest names, read from disk.

use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::directory::{read, watched_paths};
use crate::base::error::{Error, Result};
use crate::model::manifest::{
    Dependency, DependencySource, LocalTarget, Manifest, OciTarget, RegistryTarget, Target,
};
use crate::model::wit;
use crate::model::wit::{Request, Sources, World};
use crate::system::fs;

/// A loaded world and what it was loaded from.
#[derive(Clone, Debug)]
pub struct LoadedWorld {
    /// The world of the manifest.
    pub world: World,
    /// Every path whose change can change it.
    pub watched: Vec<PathBuf>,
}

/// The sources of the world of a manifest, as far as they are on disk.
#[derive(Clone, Debug)]
pub enum TargetSources<'a> {
    /// There are none: no target is given and there is no `wit` beside it.
    None,
    /// WIT of the project.
    Local(Box<LocalSources<'a>>),
    /// A package of a registry.
    Registry(&'a RegistryTarget),
    /// An artifact of an OCI registry.
    Oci(&'a OciTarget),
}

/// The WIT of a project, and what it still needs.
#[derive(Clone, Debug)]
pub struct LocalSources<'a> {
    /// The request that loads the world.
    pub request: Request<'a>,
    /// Every path whose change can change it.
    pub watched: Vec<PathBuf>,
    /// Entries of `target.dependencies` that are neither on disk nor in
    /// `deps`, by key.
    pub missing: Vec<(&'a str, &'a Dependency)>,
}

/// Reads the sources of the world of a manifest.
pub fn collect_sources(manifest: &Manifest) -> Result<TargetSources<'_>> {
    collect_sources_without(manifest, &|_| false)
}

/// As [`collect_sources`], without the entries of `deps` that `leave_out` names.
pub fn collect_sources_without<'m>(
    manifest: &'m Manifest,
    leave_out: &dyn Fn(&Path) -> bool,
) -> Result<TargetSources<'m>> {
    let target = match &manifest.target {
        Target::Local(target) => target,
        Target::Registry(target) => return Ok(TargetSources::Registry(target)),
        Target::Oci(target) => return Ok(TargetSources::Oci(target)),
    };
    let Some(path) = wit_path(manifest, target)? else {
        return Ok(TargetSources::None);
    };
    let mut sources = read(&path)?;
    sources.deps.retain(|entry| !leave_out(entry.path()));
    let mut watched = watched_paths(&path, &sources);
    let (mut overrides, mut chosen, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for (key, dependency) in target.dependencies.iter().flatten() {
        match find(key, dependency, &sources)? {
            EntryPackage::Override(path, found) => {
                watched.extend(watched_paths(path, &found));
                overrides.push(found);
            }
            EntryPackage::InDeps(name) => chosen.push(name),
            EntryPackage::Elsewhere => missing.push((key.as_str(), dependency)),
        }
    }
    Ok(TargetSources::Local(Box::new(LocalSources {
        request: Request {
            sources,
            overrides,
            fetched: Vec::new(),
            chosen,
            pinned: Vec::new(),
            declared: target.dependencies.is_some(),
            world: target.world.as_deref(),
            features: &manifest.bindings.features,
            all_features: manifest.bindings.all_features,
        },
        watched,
        missing,
    })))
}

/// Loads the world of a manifest from what is on disk alone; `None` where it
/// has none.
pub fn load_from_disk(manifest: &Manifest) -> Result<Option<LoadedWorld>> {
    let local = match collect_sources(manifest)? {
        TargetSources::None => return Ok(None),
        TargetSources::Local(local) => local,
        TargetSources::Registry(target) => {
            let package = target.package.to_string();
            return Err(elsewhere(manifest, &target.span, &package));
        }
        TargetSources::Oci(target) => {
            return Err(elsewhere(manifest, &target.span, &target.reference));
        }
    };
    if let Some((key, dependency)) = local.missing.first() {
        let message = format!(
            "the target dependency `{key}` comes from a registry, which is not supported here"
        );
        return Err(dependency
            .file
            .error(dependency.span.clone(), message)
            .hint("put a matching package into `deps` next to the WIT, or set its `path`"));
    }
    let world = load(manifest, local.request)?;
    Ok(Some(LoadedWorld {
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

/// The path of the WIT of a local target; `None` where there is none.
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
        None if fs::exists(&default) && !is_generated(manifest, &default) => Ok(Some(default)),
        None => Ok(None),
    }
}

/// Whether a directory has nothing but the world that this tool writes for other
/// generators of bindings.
fn is_generated(manifest: &Manifest, dir: &Path) -> bool {
    let Some(wit) = &manifest.bindings.wit else {
        return false;
    };
    let generated = manifest.file.dir().join(wit);
    let mut entries = fs::list(dir).unwrap_or_default().into_iter();
    fs::is_dir(dir) && entries.all(|entry| generated.starts_with(entry))
}

/// The package that an entry of `target.dependencies` stands for.
enum EntryPackage<'a> {
    /// The WIT at a path, which overrides that of `deps`.
    Override(&'a Path, Sources),
    /// The newest package of `deps` that it asks for.
    InDeps(PackageName),
    /// A package of a registry.
    Elsewhere,
}

fn find<'a>(key: &str, dependency: &'a Dependency, sources: &Sources) -> Result<EntryPackage<'a>> {
    match &dependency.source {
        DependencySource::Path { path, .. } => {
            let sources = read(path).map_err(|e| {
                e.context(format!("failed to read the target dependency `{key}`"))
                    .at(dependency.file.excerpt(dependency.span.clone()))
            })?;
            Ok(EntryPackage::Override(path, sources))
        }
        DependencySource::Oci { .. } => Ok(EntryPackage::Elsewhere),
        DependencySource::Registry { requirement, .. } => {
            let present = dependency.package.as_ref().and_then(|package| {
                let names = wit::declared_packages(&sources.deps).into_iter();
                names
                    .filter(|name| {
                        name.namespace == package.namespace()
                            && name.name == package.name()
                            && name.version.as_ref().is_none_or(|v| requirement.matches(v))
                    })
                    .max_by(|a, b| a.version.cmp(&b.version))
            });
            Ok(present.map_or(EntryPackage::Elsewhere, EntryPackage::InDeps))
        }
    }
}
