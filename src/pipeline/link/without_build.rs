//! What is known of the components a package depends on without a build: for
//! verbs over the lock file, which is to have what a build asks it for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::closure::{Forest, Part};
use super::provided::{Provided, from_file, name_of, released};
use super::resolution::{Resolution, Role};
use crate::base::error::{Error, Result};
use crate::model::component::hint::Hint;
use crate::model::manifest::{DependencySource, Manifest};
use crate::pipeline::build::bindings::read_manifest;
use crate::pipeline::build::prepare::meant;
use crate::pipeline::fetch::worlds::Worlds;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::workspace::{Member, Workspace};
use crate::system::context::Context;
use crate::system::fs;

/// The components of registries and files, with all that their hints lead to.
#[derive(Debug)]
pub(crate) struct Followed {
    /// Every component once.
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
    (ctx, workspace): (&Context, &Workspace),
    worlds: &mut Worlds<'_>,
    manifest: &Manifest,
) -> Result<Followed> {
    let mut given = files(manifest)?;
    let mut below = Below::default();
    below.collect((ctx, workspace), worlds, manifest)?;
    let mut resolution = Resolution::new(worlds, manifest, name_of(manifest));
    resolution.entries()?;
    for one in given.iter().chain(&below.files) {
        resolution.component((&one.shown(), &one.file), Role::Foreign)?;
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

/// The member of the workspace in a directory.
pub(crate) fn member_at<'w>(workspace: &'w Workspace, dir: &Path) -> Option<&'w Member> {
    let dir = fs::canonical(dir).ok()?;
    let here = |member: &&Member| fs::canonical(member.dir()).is_ok_and(|path| path == dir);
    workspace.members.iter().find(here)
}

/// The workspace that the crate in a directory belongs to, as cargo tells it.
pub(crate) fn workspace_of(ctx: &Context, dir: &Path) -> Result<Workspace> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    Ok(meant(ctx, &args)?.workspace)
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
        of: (&Context, &Workspace),
        worlds: &mut Worlds<'_>,
        manifest: &Manifest,
    ) -> Result<()> {
        for dir in crate::pipeline::build::dependencies::directories(manifest)? {
            let dir = fs::canonical(&dir)?;
            if self.seen.contains(&dir) {
                continue;
            }
            self.seen.push(dir.clone());
            match member_at(of.1, &dir) {
                Some(member) => self.member(of, worlds, member)?,
                None => {
                    let workspace = workspace_of(of.0, &dir)?;
                    let Some(member) = member_at(&workspace, &dir) else {
                        continue;
                    };
                    let mut theirs = Worlds::new(of.0, &workspace, worlds.mode())?;
                    self.member((of.0, &workspace), &mut theirs, member)?;
                    self.outside.push(dir);
                }
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        of: (&Context, &Workspace),
        worlds: &mut Worlds<'_>,
        member: &Member,
    ) -> Result<()> {
        let (manifest, _) = read_manifest(of.0, of.1, member)?;
        self.collect(of, worlds, &manifest)?;
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
