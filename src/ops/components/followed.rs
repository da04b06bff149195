//! What is known of the components a package depends on without a build: for
//! verbs over the lock file, which is to have what a build asks it for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::resolution::{Resolution, Role};
use super::tree::{Forest, Part};
use super::{from_file, name_of, released};
use crate::advice::{Error, Result};
use crate::cargo::workspace::{Member, Workspace};
use crate::component::hint::Hint;
use crate::context::Context;
use crate::fs;
use crate::manifest::{DependencySource, Manifest};
use crate::ops::bindings::read_manifest;
use crate::ops::resolve::Worlds;

/// The components of registries and files, with all that their hints lead to.
#[derive(Debug)]
pub(in crate::ops) struct Followed {
    /// Every component once.
    pub parts: Vec<Part>,
    /// The place of an entry's component among the parts, by its key;
    /// directories and files that are not there have none.
    pub entries: BTreeMap<String, usize>,
    /// Whether there are directories outside of the workspace: what they need
    /// is not known before they are built.
    pub unknown: bool,
}

/// Follows the entries of a manifest, and those of the members of the
/// workspace it depends on. What comes of registries is fetched and locked.
pub(in crate::ops) fn followed(
    (ctx, workspace): (&Context, &Workspace),
    worlds: &mut Worlds<'_>,
    manifest: &Manifest,
) -> Result<Followed> {
    let mut given = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        if let DependencySource::Path { path, .. } = &dependency.source
            && fs::exists(path)
            && !fs::is_dir(path)
        {
            let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
            given.push(from_file(key, dependency, path.clone()).map_err(at)?);
        }
    }
    let mut below = Below::default();
    below.collect((ctx, workspace), manifest)?;
    let mut hints = Vec::new();
    for manifest in &below.manifests {
        let name = name_of(manifest);
        let mut resolution = Resolution::new(worlds, manifest, name.clone());
        resolution.entries()?;
        let tree = resolution.solve()?;
        for one in released(worlds, manifest, &tree)? {
            let hint = one.hint(manifest.hints, None);
            hints.extend(hint.map(|hint| (name.clone(), Hint::parse(&hint))));
        }
    }
    let mut resolution = Resolution::new(worlds, manifest, name_of(manifest));
    resolution.entries()?;
    for one in &given {
        resolution.component((&one.shown(), &one.file), Role::Foreign)?;
    }
    for (of, hint) in &hints {
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
    for (of, hint) in &hints {
        if let Some(known) = hint.known() {
            forest.follow(known, of)?;
        }
    }
    Ok(Followed {
        parts: forest.parts,
        entries,
        unknown: below.unknown,
    })
}

/// The member of the workspace in a directory.
pub(in crate::ops) fn member_at<'w>(workspace: &'w Workspace, dir: &Path) -> Option<&'w Member> {
    let dir = fs::canonical(dir).ok()?;
    let here = |member: &&Member| fs::canonical(member.dir()).is_ok_and(|path| path == dir);
    workspace.members.iter().find(here)
}

/// The members of a workspace that a package depends on by their directories.
#[derive(Default)]
struct Below {
    manifests: Vec<Manifest>,
    seen: Vec<PathBuf>,
    unknown: bool,
}

impl Below {
    fn collect(&mut self, of: (&Context, &Workspace), manifest: &Manifest) -> Result<()> {
        for dir in super::first::directories(manifest)? {
            let Some(member) = member_at(of.1, &dir) else {
                self.unknown = true;
                continue;
            };
            let path = member.manifest_path.clone();
            if !self.seen.contains(&path) {
                self.seen.push(path);
                let (manifest, _) = read_manifest(of.0, of.1, member)?;
                self.collect(of, &manifest)?;
                self.manifests.push(manifest);
            }
        }
        Ok(())
    }
}
