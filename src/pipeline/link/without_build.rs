//! What is known of the components a package depends on without a build: for
//! verbs over the lock file, which is to have what a build asks it for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::closure::Forest;
use super::component::{Provided, from_file, name_of};
use super::part::Part;
use super::provided::released;
use super::resolution::{Resolution, Role};
use crate::base::error::{Error, Result};
use crate::model::component::hint::Hint;
use crate::model::manifest::{DependencySource, Manifest};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::manifests::{Project, component_directories};
use crate::system::context::Context;
use crate::system::fs;

/// The components of registries and files, with all that their hints lead to.
#[derive(Debug)]
pub(crate) struct Followed {
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
pub(crate) fn followed(
    ctx: &Context,
    project: &Rc<Project>,
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
) -> Result<Followed> {
    let mut given = files(manifest)?;
    let mut below = Below::default();
    below.collect(ctx, project, worlds, manifest)?;
    let mut resolution = Resolution::new(worlds, manifest, name_of(manifest));
    resolution.entries()?;
    for one in given.iter().chain(&below.files) {
        resolution.component(&one.shown(), &one.file, Role::Foreign)?;
    }
    for (of, hint) in &below.hints {
        if let Some(known) = hint.known() {
            resolution.hint(known, of)?;
        }
    }
    let tree = resolution.solve()?;
    given.extend(released(worlds, manifest, &tree)?);
    let mut forest = Forest::without_builds(worlds, manifest).resolved(tree);
    let mut entries = BTreeMap::new();
    for one in &given {
        entries.insert(one.key.clone(), forest.add(one)?);
    }
    for file in &below.files {
        forest.add(file)?;
    }
    for (of, hint) in &below.hints {
        if let Some(known) = hint.known() {
            forest.follow(known, of)?;
        }
    }
    Ok(Followed {
        parts: forest.parts,
        entries,
        outside: below.outside,
    })
}

/// The components a manifest names by their files.
fn files(manifest: &Manifest) -> Result<Vec<Provided>> {
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
struct Below {
    /// The hints their components will have, with what is said to have them.
    hints: Vec<(String, Hint)>,
    /// Components they name by their files.
    files: Vec<Provided>,
    seen: Vec<PathBuf>,
    outside: Vec<PathBuf>,
}

impl Below {
    fn collect(
        &mut self,
        ctx: &Context,
        project: &Rc<Project>,
        worlds: &mut WorldResolver<'_>,
        manifest: &Manifest,
    ) -> Result<()> {
        for dir in component_directories(manifest)? {
            let dir = fs::canonical(&dir)?;
            if self.seen.contains(&dir) {
                continue;
            }
            self.seen.push(dir.clone());
            match project.member_at(&dir)? {
                Some(member) => self.member(ctx, project, worlds, member)?,
                None => {
                    let theirs = project.outside(ctx, &dir)?;
                    let Some(member) = theirs.member_at(&dir)? else {
                        continue;
                    };
                    let mut resolver = WorldResolver::with_mode(ctx, &theirs, worlds.mode())?;
                    self.member(ctx, &theirs, &mut resolver, member)?;
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
        let name = name_of(&manifest);
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
