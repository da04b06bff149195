//! The components that a host embeds, and that are not built from a directory: releases,
//! which are locked as those of dependencies are, and files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::built::BuiltComponents;
use super::closure::DependencyClosure;
use super::component::{package_name, version_of};
use super::composition::Composition;
use super::provided::{from_path, released_components};
use super::resolution::{Resolution, Role};
use crate::base::error::{Error, Result};
use crate::model::manifest::{Dependency, DependencySource, EmbeddedComponent, Manifest};
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::requirement::registry_requirement;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::system::fs;

/// A component that a host embeds.
#[derive(Debug)]
pub(crate) enum ResolvedComponent {
    /// The component in this file, as it is.
    File(PathBuf),
    /// The component linked with what it depends on.
    Linked(Composition),
}

/// Resolves the components of a host that are releases or files, by their keys. Releases
/// are fetched, and locked in the workspace of the host. Directories and missing files are
/// left out.
///
/// # Errors
///
/// Also if one of them is not a component.
pub(crate) fn resolve_embedded(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
) -> Result<BTreeMap<String, ResolvedComponent>> {
    let is_resolved =
        |(_, embedded): &(&String, &EmbeddedComponent)| match &embedded.dependency.source {
            DependencySource::Path { path, .. } => fs::exists(path) && !fs::is_dir(path),
            _ => true,
        };
    let entries = manifest.artifacts.iter().filter(is_resolved);
    let (linked, plain): (Vec<_>, Vec<_>) = entries.partition(|(_, embedded)| embedded.compose);
    let mut found = BTreeMap::new();
    for (key, embedded) in plain {
        let dependency = &embedded.dependency;
        let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
        let file = file_of(worlds, manifest, key, dependency)?;
        version_of(key, &file).map_err(at)?;
        found.insert(key.clone(), ResolvedComponent::File(file));
    }
    if !linked.is_empty() {
        let entry = |(key, embedded): (&String, &EmbeddedComponent)| {
            (key.clone(), embedded.dependency.clone())
        };
        let as_dependencies = Manifest {
            dependencies: linked.into_iter().map(entry).collect(),
            ..manifest.clone()
        };
        found.extend(resolve_linked(worlds, &as_dependencies)?);
    }
    Ok(found)
}

/// The file of a release, which is fetched and locked, or of a path.
fn file_of(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
    key: &str,
    dependency: &Dependency,
) -> Result<PathBuf> {
    if let DependencySource::Path { path, .. } = &dependency.source {
        return Ok(path.clone());
    }
    let artifact = RequestedArtifact::of_component(key, dependency)?;
    let fetched = match (artifact, registry_requirement(key, dependency)) {
        (Some(artifact), _) => worlds.artifacts(&[artifact])?,
        (None, requirement) => worlds.fetch(manifest, requirement.as_slice())?,
    };
    let fetched = fetched.into_iter().next();
    let fetched = fetched.ok_or_else(|| Error::input("nothing was fetched"))?;
    Ok(fetched.file)
}

/// Resolves the dependencies of a manifest with everything that they need.
fn resolve_linked(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
) -> Result<BTreeMap<String, ResolvedComponent>> {
    let built = BuiltComponents::default();
    let mut provided = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
        provided.extend(from_path(key, dependency, &built).map_err(at)?);
    }
    let mut resolution = Resolution::new(worlds, manifest, package_name(manifest));
    resolution.entries()?;
    for file in &provided {
        resolution.component(&file.display_name(), &file.file, Role::Foreign)?;
    }
    let tree = resolution.solve()?;
    provided.extend(released_components(worlds, manifest, &tree)?);
    let mut closure = DependencyClosure::new(worlds, manifest, built).with_tree(tree);
    let roots = provided
        .iter()
        .map(|one| Ok((one.key.clone(), closure.add(one)?)))
        .collect::<Result<Vec<_>>>()?;
    let composition = |root: usize| Composition {
        parts: closure.parts.clone(),
        root,
    };
    let linked = roots.into_iter();
    Ok(linked
        .map(|(key, root)| (key, ResolvedComponent::Linked(composition(root))))
        .collect())
}
