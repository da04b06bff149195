//! The desired state of `wit/deps` and the lock file, from what entries bring.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch::Fetched;
use super::present::Present;
use super::project::{Dirs, Project};
use crate::base::error::{Error, Result};
use crate::model::lockfile::deps::{DepsLock, KeyValues, LockedDirectory};
use crate::model::lockfile::tree::{Digests, WitDirectory};
use crate::model::manifest::deps::DepsSource;
use crate::system::source::download;
use crate::system::source::git;

/// The state that a run brings about.
#[derive(Debug, Default)]
pub struct DesiredState {
    /// The content of the lock file.
    pub lock: DepsLock,
    /// The content of directories, for all whose source was read.
    pub content: Dirs<WitDirectory>,
}

/// A directory as one entry brings it.
struct Contribution<'a> {
    /// The name of the entry.
    entry: &'a str,
    digests: Digests,
    content: Option<&'a WitDirectory>,
}

/// The desired state, where `fetched` has the entries whose source was read, and
/// all others are as they are locked.
pub fn desired_state(
    project: &Project,
    present: &Present,
    fetched: &Dirs<Fetched>,
) -> Result<DesiredState> {
    let mut desired = DesiredState::default();
    let mut contributions: BTreeMap<&str, Vec<Contribution<'_>>> = BTreeMap::new();
    for (id, entry) in &project.manifest.entries {
        let words = entry.source.words();
        let locked = match fetched.get(id) {
            Some(Fetched { tree, found }) => {
                for (dep, dir) in &tree.deps {
                    contributions.entry(dep).or_default().push(Contribution {
                        entry: id,
                        digests: Digests::of(dir),
                        content: Some(dir),
                    });
                }
                desired.content.insert(id.clone(), tree.own.clone());
                LockedDirectory {
                    request: words,
                    resolution: found.clone(),
                    digests: Digests::of(&tree.own),
                    deps: tree.deps.keys().cloned().collect(),
                }
            }
            None => {
                let Some(locked) = present.lock.entries.get(id) else {
                    return Err(project.entry_error(id, Error::input("it is not locked")));
                };
                let deps: BTreeSet<String> =
                    present.transitive_dirs(project, locked).cloned().collect();
                for dep in present.transitive_dirs(project, locked) {
                    if let Some(entry) = present.lock.entries.get(dep) {
                        contributions.entry(dep).or_default().push(Contribution {
                            entry: id,
                            digests: entry.digests.clone(),
                            content: None,
                        });
                    }
                }
                LockedDirectory {
                    deps,
                    ..locked.clone()
                }
            }
        };
        desired.lock.entries.insert(id.clone(), locked);
    }
    for (dep, contributions) in contributions {
        desired.add_transitive(project, dep, &contributions)?;
    }
    refuse_equal_spellings(project, &desired.lock)?;
    Ok(desired)
}

impl DesiredState {
    /// Adds a directory that entries bring, all of which must bring the same
    /// files.
    fn add_transitive(
        &mut self,
        project: &Project,
        dep: &str,
        contributions: &[Contribution<'_>],
    ) -> Result<()> {
        let Some((first, others)) = contributions.split_first() else {
            return Ok(());
        };
        if let Some(other) = others
            .iter()
            .find(|contribution| contribution.digests != first.digests)
        {
            let shown = project.display_path(&project.manifest.file.path);
            let describe = |contribution: &Contribution<'_>| {
                let source = &project.manifest.entries[contribution.entry].source;
                format!("`{}` ({})", contribution.entry, describe_source(source))
            };
            return Err(Error::input(format!(
                "transitive dependency conflict for `{dep}`, add `{dep}` to dependency manifest to resolve it"
            ))
            .with_cause(format!("{} and {} contain different files", describe(first), describe(other)))
            .hint(format!(
                "add an entry `{dep}` to `{shown}` with the source of its WIT"
            )));
        }
        if let Some(content) = contributions
            .iter()
            .find_map(|contribution| contribution.content)
        {
            self.content.insert(dep.to_owned(), content.clone());
        }
        let locked = LockedDirectory {
            request: KeyValues::new(),
            resolution: KeyValues::new(),
            digests: first.digests.clone(),
            deps: BTreeSet::new(),
        };
        self.lock.entries.insert(dep.to_owned(), locked);
        Ok(())
    }
}

/// Refuses names that a file system without case sensitivity takes for one.
fn refuse_equal_spellings(project: &Project, lock: &DepsLock) -> Result<()> {
    let mut by_lowercase: BTreeMap<String, &String> = BTreeMap::new();
    for id in lock.entries.keys() {
        if let Some(other) = by_lowercase.insert(id.to_lowercase(), id) {
            let shown = project.display_path(&project.manifest.file.path);
            return Err(Error::input(format!(
                "`{other}` and `{id}` are the same directory on some systems"
            ))
            .hint(format!("rename the one that has an entry in `{shown}`")));
        }
    }
    Ok(())
}

/// The source of an entry as messages show it, without what may be secret.
pub fn describe_source(source: &DepsSource) -> String {
    match source {
        DepsSource::Archive { url, .. } => download::display_url(url),
        DepsSource::Git { url, .. } => git::display_url(url),
        DepsSource::Path(path) => path.clone(),
        DepsSource::Oci(reference) => reference.clone(),
        DepsSource::Package {
            package,
            requirement,
            ..
        } => format!("{package}@{requirement}"),
    }
}
