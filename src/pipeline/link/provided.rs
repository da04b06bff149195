//! Resolves the component dependencies of a package to files, imports and hints.
//!
//! Directories are built before. The hints of foreign components are followed to the
//! whole closure, so that linking only reads files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::built::BuiltComponents;
use super::capabilities::{refuse_denied, refuse_new};
use super::closure::DependencyClosure;
use super::component::{ProvidedComponent, from_file, package_name, version_of};
use super::files::ComponentFiles;
use super::imports::{Imports, bind};
use super::part::{Part, PartLink};
use super::resolution::{Resolution, Role};
use super::stubs::stub_imports;
use crate::base::error::{Error, Result};
use crate::model::component::hint::{HintLocation, HintRelease};
use crate::model::component::names;
use crate::model::manifest::{Dependency, DependencySource, Manifest};
use crate::pipeline::fetch::component_origins::location_of_hint;
use crate::pipeline::fetch::component_versions::ResolvedTree;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::system::fs;
use crate::system::source::LoadedWorld;

/// The components of a manifest's entries, sorted by key, and the releases that they
/// need.
pub(crate) fn provided_components(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
    built: &BuiltComponents,
) -> Result<(Vec<ProvidedComponent>, ResolvedTree)> {
    let by_package = built.by_package();
    let resolution = Resolution::new(worlds, manifest, package_name(manifest));
    let mut resolution = resolution.with_built(&by_package);
    let mut found = add_entries(&mut resolution, manifest, built)?;
    let tree = resolution.solve()?;
    found.extend(released_components(worlds, manifest, &tree)?);
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok((found, tree))
}

/// Adds the entries of a manifest to a resolution; returns the components of those with a
/// path.
pub(super) fn add_entries(
    resolution: &mut Resolution<'_, '_>,
    manifest: &Manifest,
    built: &BuiltComponents,
) -> Result<Vec<ProvidedComponent>> {
    let mut found = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
        found.extend(from_path(key, dependency, built).map_err(at)?);
    }
    resolution.entries()?;
    let files = found
        .iter()
        .map(|one| (one.display_name(), one.file.clone()));
    for (name, file) in with_linked_parts(files.collect(), built)? {
        let role = match built.in_file(&file) {
            Some(_) => Role::Own,
            None => Role::Foreign,
        };
        resolution.component(&name, &file, role)?;
    }
    Ok(found)
}

/// The components of entries in registries, which are locked.
pub(crate) fn released_components(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
    tree: &ResolvedTree,
) -> Result<Vec<ProvidedComponent>> {
    let mut found = Vec::new();
    for (key, one) in worlds.component_releases(manifest, tree)? {
        if let Some(entry) = manifest.dependencies.get(key) {
            let at = |e: Error| e.at(entry.file.excerpt(entry.span.clone()));
            version_of(key, &one.found.file).map_err(at)?;
        }
        let place = one.source.as_deref().and_then(location_of_hint);
        found.push(ProvidedComponent {
            key: key.to_owned(),
            location: place.or(Some(HintLocation::Package {
                package: one.found.package.clone(),
                release: HintRelease::Exact(one.found.version.clone()),
            })),
            package: Some(one.found.package),
            version: Some(one.found.version),
            file: one.found.file,
            digest: Some(one.found.digest),
            requirement: one.requirement,
            origin: one.origin,
        });
    }
    Ok(found)
}

/// The component of an entry with a path; `None` for other entries.
pub(crate) fn from_path(
    key: &str,
    dependency: &Dependency,
    built: &BuiltComponents,
) -> Result<Option<ProvidedComponent>> {
    let DependencySource::Path { path, .. } = &dependency.source else {
        return Ok(None);
    };
    match fs::is_dir(path) {
        true => built.provided_component(key, dependency, path),
        false => from_file(key, dependency, path.clone()),
    }
    .map(Some)
}

/// The given components, by display name, with the parts that they are linked with.
/// Released parts are left out, since they are resolved again.
fn with_linked_parts(
    mut files: Vec<(String, PathBuf)>,
    built: &BuiltComponents,
) -> Result<Vec<(String, PathBuf)>> {
    let mut at = 0;
    while at < files.len() {
        let file = files[at].1.clone();
        at += 1;
        let Some(built) = built.in_file(&file) else {
            continue;
        };
        let released_imports =
            super::closure::released_imports(&names::imports(&fs::read(&file)?)?);
        let links = built.links.iter();
        for (_, link) in links.filter(|(import, _)| !released_imports.contains(*import)) {
            let part = &built.parts[link.part];
            if !files.iter().any(|(_, known)| *known == part.file) {
                files.push((part.name.clone(), part.file.clone()));
            }
        }
    }
    Ok(files)
}

/// A world with the imports that component dependencies satisfy, and their links.
pub(crate) struct BoundWorld {
    /// The world, and the paths that it depends on.
    pub loaded: LoadedWorld,
    /// The attributes and links of the imports.
    pub imports: Imports,
    /// The components of the dependencies, with everything that they need.
    pub parts: Vec<Part>,
    /// The indices of the manifest's entries among the parts, by key.
    pub entries: BTreeMap<String, usize>,
    /// Which of these parts answers an import, by the import's name.
    pub links: BTreeMap<String, PartLink>,
}

/// Adds the exports of a manifest's component dependencies to the imports of its
/// world.
///
/// # Errors
///
/// Also if a dependency may do more than the rules of the manifest allow, or than it
/// could when it was locked.
pub(crate) fn bind_dependencies(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
    built: &BuiltComponents,
    loaded: Option<LoadedWorld>,
) -> Result<BoundWorld> {
    let (provided, tree) = provided_components(worlds, manifest, built)?;
    let (world, watched) = match loaded {
        Some(loaded) => (Some(loaded.world), loaded.watched),
        None => (None, Vec::new()),
    };
    let (world, imports) = bind(world, &provided, manifest.hints)?;
    let closure = DependencyClosure::new(worlds, manifest, built.clone());
    let mut closure = closure.with_tree(tree);
    let places = provided
        .iter()
        .map(|one| closure.add(one))
        .collect::<Result<Vec<_>>>()?;
    let mut parts = closure.parts;
    let declared = places.iter().copied().collect();
    super::declared::answer_from_declared(&mut parts, &declared, &ComponentFiles::default())?;
    let entries = || provided.iter().map(|one| one.key.as_str());
    let entries = || entries().zip(places.iter().copied());
    let mut imports = imports;
    imports
        .notes
        .extend(stub_imports(manifest, &mut parts, entries())?);
    refuse_new(worlds, manifest, &parts, entries())?;
    refuse_denied(manifest, &parts, entries())?;
    let links = imports.links(&parts, &places);
    let entries = entries()
        .map(|(key, place)| (key.to_owned(), place))
        .collect();
    Ok(BoundWorld {
        entries,
        loaded: LoadedWorld { world, watched },
        imports,
        parts,
        links,
    })
}
