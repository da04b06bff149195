//! What there is before anything is done: the lock file and the directories.

use std::collections::BTreeSet;

use super::directories;
use super::project::{Dirs, Project};
use crate::base::error::Result;
use crate::model::lockfile::deps::{DepsLock, LockedDirectory};
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::DepsSource;
use crate::system::fs;

/// The lock file and the digests of the directories, as they are now.
pub struct Present {
    /// The content of the lock file, empty where there is none.
    pub lock: DepsLock,
    /// Whether there is a lock file.
    pub has_lock: bool,
    /// The text of the lock file.
    pub text: Option<String>,
    /// The existing directories that an entry or the lock file names.
    pub dirs: Dirs<Digests>,
    /// Entries of the lock file that the manifest no longer has.
    pub dropped: BTreeSet<String>,
}

impl Present {
    /// Reads the lock file and all directories that it or the manifest names.
    pub fn read(project: &Project) -> Result<Self> {
        let text = fs::read_text_if_exists(&project.lock)?;
        let lock = text
            .as_ref()
            .map(|text| project.parse_lock(text))
            .transpose()?;
        let has_lock = lock.is_some();
        let lock = lock.unwrap_or_default();
        let entries = &project.manifest.entries;
        let mut dirs = Dirs::new();
        for id in entries.keys().chain(lock.entries.keys()) {
            if !dirs.contains_key(id)
                && let Some(dir) = directories::read(&project.dir(id))?
            {
                dirs.insert(id.clone(), Digests::of(&dir));
            }
        }
        let dropped = lock
            .entries
            .iter()
            .filter(|(id, entry)| !entry.request.is_empty() && !entries.contains_key(*id));
        let dropped = dropped.map(|(id, _)| id.clone()).collect();
        Ok(Present {
            lock,
            has_lock,
            text,
            dirs,
            dropped,
        })
    }

    /// The locked state of an entry, if it was locked from the same source.
    pub fn locked_entry(&self, id: &str, source: &DepsSource) -> Option<&LockedDirectory> {
        let locked = self.lock.entries.get(id)?;
        (locked.request == source.words()).then_some(locked)
    }

    /// The directories that came with a locked entry and have no entry of
    /// their own.
    pub fn transitive_dirs<'a>(
        &self,
        project: &'a Project,
        locked: &'a LockedDirectory,
    ) -> impl Iterator<Item = &'a String> + use<'a> {
        let entries = &project.manifest.entries;
        locked.deps.iter().filter(|dep| !entries.contains_key(*dep))
    }
}
