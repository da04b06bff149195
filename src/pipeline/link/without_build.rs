//! The component dependencies of a package as far as they are known without a build,
//! for commands about the lock file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::capabilities::refuse_new;
use super::closure::DependencyClosure;
use super::component::{ProvidedComponent, from_file, package_name};
use super::declared::answer_from_declared;
use super::files::ComponentFiles;
use super::part::Part;
use super::provided::released_components;
use super::resolution::{Resolution, Role};
use super::stubs::stub_imports;
use crate::base::error::{Error, Result};
use crate::model::component::hint::Hint;
use crate::model::manifest::{DependencySource, Manifest};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::manifests::{Project, component_directories};
use crate::system::context::Context;
use crate::system::fs;

/// The dependencies that are in registries and files, with everything that their
/// hints point to.
#[derive(Debug)]
pub(crate) struct DependenciesWithoutBuild {
    /// Every component that was found, each once.
    pub parts: Vec<Part>,
    /// The index of an entry's component among the parts, by key. Directories and
    /// missing files have none.
    pub entries: BTreeMap<String, usize>,
    /// The directories of crates outside of the workspace whose components a build
    /// needs, each once.
    pub outside: Vec<PathBuf>,
}

impl DependenciesWithoutBuild {
    /// The keys of entries with the indices of their components.
    pub fn places(&self) -> impl Iterator<Item = (&str, usize)> {
        self.entries
            .iter()
            .map(|(key, place)| (key.as_str(), *place))
    }
}

/// Resolves the entries of a manifest, and those of the crates that it depends on,
/// each under the lock file of its own workspace. Releases are fetched, and locked
/// in the given workspace.
///
/// # Errors
///
/// Also if a release newly imports what nothing allows.
pub(crate) fn dependencies_without_build(
    ctx: &Context,
    project: &Rc<Project>,
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
) -> Result<DependenciesWithoutBuild> {
    let mut provided = files(manifest)?;
    let mut directory_needs = DirectoryNeeds::default();
    directory_needs.collect(ctx, project, worlds, manifest)?;
    let mut resolution = Resolution::new(worlds, manifest, package_name(manifest));
    resolution.entries()?;
    for one in provided.iter().chain(&directory_needs.files) {
        resolution.component(&one.display_name(), &one.file, Role::Foreign)?;
    }
    for (of, hint) in &directory_needs.hints {
        if let Some(known) = hint.known() {
            resolution.hint(known, of)?;
        }
    }
    let tree = resolution.solve()?;
    provided.extend(released_components(worlds, manifest, &tree)?);
    let mut closure = DependencyClosure::without_builds(worlds, manifest).with_tree(tree);
    let mut entries = BTreeMap::new();
    for one in &provided {
        entries.insert(one.key.clone(), closure.add(one)?);
    }
    for file in &directory_needs.files {
        closure.add(file)?;
    }
    for (of, hint) in &directory_needs.hints {
        if let Some(known) = hint.known() {
            closure.follow(known, of)?;
        }
    }
    let mut parts = closure.parts;
    let declared = entries.values().copied().collect();
    answer_from_declared(&mut parts, &declared, &ComponentFiles::default())?;
    let places = entries.iter().map(|(key, place)| (key.as_str(), *place));
    stub_imports(manifest, &mut parts, places.clone())?;
    refuse_new(worlds, manifest, &parts, places)?;
    Ok(DependenciesWithoutBuild {
        parts,
        entries,
        outside: directory_needs.outside,
    })
}

/// The components a manifest names by their files.
fn files(manifest: &Manifest) -> Result<Vec<ProvidedComponent>> {
    let mut found = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        if let DependencySource::Path { path, .. } = &dependency.source
            && fs::exists(path)
            && !fs::is_dir(path)
        {
            let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
            found.push(from_file(key, dependency, path.clone()).map_err(at)?);
        }
    }
    Ok(found)
}

/// The needs of the crates that a package depends on by directory.
#[derive(Default)]
struct DirectoryNeeds {
    /// The hints that their components will have, with the names of those
    /// components.
    hints: Vec<(String, Hint)>,
    /// The components that they name by file.
    files: Vec<ProvidedComponent>,
    visited: Vec<PathBuf>,
    outside: Vec<PathBuf>,
}

impl DirectoryNeeds {
    fn collect(
        &mut self,
        ctx: &Context,
        project: &Rc<Project>,
        worlds: &mut WorldResolver<'_>,
        manifest: &Manifest,
    ) -> Result<()> {
        for dir in component_directories(manifest)? {
            let dir = fs::canonical(&dir)?;
            if self.visited.contains(&dir) {
                continue;
            }
            self.visited.push(dir.clone());
            match project.member_at(&dir)? {
                Some(member) => self.member(ctx, project, worlds, member)?,
                None => {
                    let outside_project = project.outside(ctx, &dir)?;
                    let Some(member) = outside_project.member_at(&dir)? else {
                        continue;
                    };
                    let mut resolver =
                        WorldResolver::with_mode(ctx, &outside_project, worlds.mode())?;
                    self.member(ctx, &outside_project, &mut resolver, member)?;
                    self.outside.push(dir);
                }
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        ctx: &Context,
        project: &Rc<Project>,
        worlds: &mut WorldResolver<'_>,
        member: usize,
    ) -> Result<()> {
        let manifest = project.manifest(ctx, &project.workspace().members[member])?;
        self.collect(ctx, project, worlds, &manifest)?;
        self.files.extend(files(&manifest)?);
        let name = package_name(&manifest);
        let mut resolution = Resolution::new(worlds, &manifest, name.clone());
        resolution.entries()?;
        let tree = resolution.solve()?;
        for one in released_components(worlds, &manifest, &tree)? {
            let hint = one.hint(manifest.hints, None);
            let hint = hint.map(|hint| (name.clone(), Hint::parse(&hint)));
            self.hints.extend(hint);
        }
        Ok(())
    }
}
