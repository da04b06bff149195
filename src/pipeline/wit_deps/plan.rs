//! What `wit/deps` and the lock file are to be, from what every entry brings.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch::Brought;
use super::status::Present;
use super::{Dirs, Project};
use crate::base::error::{Error, Result};
use crate::model::lockfile::deps::{DepsLock, LockedDir, Words};
use crate::model::lockfile::tree::{Digests, Dir};
use crate::model::manifest::deps::DepsSource;
use crate::system::source::download;
use crate::system::source::git;

/// What is to be.
#[derive(Debug, Default)]
pub struct Goals {
    /// The lock file.
    pub lock: DepsLock,
    /// The content of those directories whose content was looked at.
    pub content: Dirs<Dir>,
}

/// A directory that came with an entry.
struct Came<'a> {
    with: &'a str,
    digests: Digests,
    content: Option<&'a Dir>,
}

/// What is to be, where `brought` has the entries that were looked at, and all
/// others are as they are locked.
pub fn goals(project: &Project, present: &Present, brought: &Dirs<Brought>) -> Result<Goals> {
    let mut goals = Goals::default();
    let mut came: BTreeMap<&str, Vec<Came<'_>>> = BTreeMap::new();
    for (id, entry) in &project.manifest.entries {
        let asked = entry.source.words();
        let locked = match brought.get(id) {
            Some(Brought { tree, found }) => {
                for (dep, dir) in &tree.deps {
                    came.entry(dep).or_default().push(Came {
                        with: id,
                        digests: Digests::of(dir),
                        content: Some(dir),
                    });
                }
                goals.content.insert(id.clone(), tree.own.clone());
                LockedDir {
                    asked,
                    found: found.clone(),
                    digests: Digests::of(&tree.own),
                    deps: tree.deps.keys().cloned().collect(),
                }
            }
            None => {
                let Some(locked) = present.lock.entries.get(id) else {
                    return Err(project.about(id, Error::input("it is not locked")));
                };
                let deps: BTreeSet<String> = present.brought(project, locked).cloned().collect();
                for dep in present.brought(project, locked) {
                    if let Some(entry) = present.lock.entries.get(dep) {
                        came.entry(dep).or_default().push(Came {
                            with: id,
                            digests: entry.digests.clone(),
                            content: None,
                        });
                    }
                }
                LockedDir {
                    deps,
                    ..locked.clone()
                }
            }
        };
        goals.lock.entries.insert(id.clone(), locked);
    }
    for (dep, came) in came {
        goals.add(project, dep, &came)?;
    }
    one_spelling(project, &goals.lock)?;
    Ok(goals)
}

impl Goals {
    /// Adds a directory that came with some entries, all of which must have
    /// the same.
    fn add(&mut self, project: &Project, dep: &str, came: &[Came<'_>]) -> Result<()> {
        let Some((first, others)) = came.split_first() else {
            return Ok(());
        };
        if let Some(other) = others.iter().find(|came| came.digests != first.digests) {
            let shown = project.shown(&project.manifest.file.path);
            let place = |came: &Came<'_>| {
                let source = &project.manifest.entries[came.with].source;
                format!("`{}` ({})", came.with, place(source))
            };
            return Err(Error::input(format!(
                "transitive dependency conflict for `{dep}`, add `{dep}` to dependency manifest to resolve it"
            ))
            .because(format!("{} and {} contain different files", place(first), place(other)))
            .hint(format!(
                "add an entry `{dep}` to `{shown}` with the source of its WIT"
            )));
        }
        if let Some(content) = came.iter().find_map(|came| came.content) {
            self.content.insert(dep.to_owned(), content.clone());
        }
        let locked = LockedDir {
            asked: Words::new(),
            found: Words::new(),
            digests: first.digests.clone(),
            deps: BTreeSet::new(),
        };
        self.lock.entries.insert(dep.to_owned(), locked);
        Ok(())
    }
}

/// Refuses directories that are one where capitals do not count.
fn one_spelling(project: &Project, lock: &DepsLock) -> Result<()> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    for id in lock.entries.keys() {
        if let Some(other) = seen.insert(id.to_lowercase(), id) {
            let shown = project.shown(&project.manifest.file.path);
            return Err(Error::input(format!(
                "`{other}` and `{id}` are the same directory on some systems"
            ))
            .hint(format!("rename the one that has an entry in `{shown}`")));
        }
    }
    Ok(())
}

/// Where something comes from, as it is shown.
pub fn place(source: &DepsSource) -> String {
    match source {
        DepsSource::Archive { url, .. } => download::shown(url),
        DepsSource::Git { url, .. } => git::shown(url),
        DepsSource::Path(path) => path.clone(),
        DepsSource::Oci(reference) => reference.clone(),
        DepsSource::Package {
            package,
            requirement,
            ..
        } => format!("{package}@{requirement}"),
    }
}
