//! What is known of the components a package depends on without a build: for
//! verbs over the lock file, which is to have what a build asks it for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::closure::DependencyClosure;
use super::component::{ProvidedComponent, from_file, package_name};
use super::part::Part;
use super::provided::released;
use super::resolution::{Resolution, Role};
use crate::base::error::{Error, Result};
use crate::model::component::hint::Hint;
use crate::model::manifest::{DependencySource, Manifest};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::manifests::{Project, component_directories};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// The components of registries and files, with all that their hints lead to.
#[derive(Debug)]
pub(crate) struct DependenciesWithoutBuild {
    /// Every component that was found, once.
    pub parts: Vec<Part>,
    /// The place of an entry's component among the parts, by its key;
    /// directories and files that are not there have none.
    pub entries: BTreeMap<String, usize>,
    /// The directories of crates outside of the workspace that a build makes
    /// components of, each once.
    pub outside: Vec<PathBuf>,
}

/// Follows the entries of a manifest, and those of the crates it depends on,
/// each under the lock file of its own workspace. What comes of registries is
/// fetched, and locked in the workspace at hand.
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
    provided.extend(released(worlds, manifest, &tree)?);
    let mut closure = DependencyClosure::without_builds(worlds, manifest).resolved(tree);
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
    Ok(DependenciesWithoutBuild {
        parts: closure.parts,
        entries,
        outside: directory_needs.outside,
    })
}

/// The workspace that the crate in a directory belongs to, as cargo tells it.
pub(crate) fn project_of(ctx: &Context, dir: &Path) -> Result<Rc<Project>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    Project::load(ctx, &args)
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

/// What the crates need that a package depends on by their directories.
#[derive(Default)]
struct DirectoryNeeds {
    /// The hints their components will have, with what is said to have them.
    hints: Vec<(String, Hint)>,
    /// Components they name by their files.
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
                    let outside_project = project_of(ctx, &dir)?;
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
        for one in released(worlds, &manifest, &tree)? {
            let hint = one.hint(manifest.hints, None);
            let hint = hint.map(|hint| (name.clone(), Hint::parse(&hint)));
            self.hints.extend(hint);
        }
        Ok(())
    }
}
