//! Whether an entry is as the lock file and the directories say, without
//! looking at where it comes from.

use std::collections::BTreeSet;

use super::archives::Archives;
use super::restored::Regained;
use super::{Dirs, Project};
use crate::base::error::Result;
use crate::model::lockfile::deps::{DepsLock, LockedDir};
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::DepsSource;
use crate::system::fs;

use super::directories;

/// How an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is as it was locked.
    Current,
    /// It is as it was locked, but it is not known whether the archive has the
    /// digest that the manifest gives.
    Unverified,
    /// It is as it was locked, but what was last fetched from its address has
    /// not the digest that the manifest gives.
    Other,
    /// It is a directory, which is compared with its copy.
    Path,
    /// Its directories are not as they were locked.
    Touched(String),
    /// It has to be locked anew.
    Unlocked(String),
}

/// What there is: the lock file and the digests of the directories.
pub struct Present {
    /// The lock file; none is an empty one.
    pub lock: DepsLock,
    /// Whether there is one.
    pub has_lock: bool,
    /// Its text.
    pub text: Option<String>,
    /// The directories that an entry or the lock file names, and are there.
    pub dirs: Dirs<Digests>,
    /// Entries of the lock file that the manifest has no more.
    pub dropped: BTreeSet<String>,
}

impl Present {
    /// Reads it.
    pub fn read(project: &Project) -> Result<Self> {
        let text = fs::read_text_if_exists(&project.lock)?;
        let lock = text.as_ref().map(|text| project.locked(text)).transpose()?;
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
            .filter(|(id, entry)| !entry.asked.is_empty() && !entries.contains_key(*id));
        let dropped = dropped.map(|(id, _)| id.clone()).collect();
        Ok(Present {
            lock,
            has_lock,
            text,
            dirs,
            dropped,
        })
    }

    /// The lock of an entry, if it is about the same source.
    pub fn same(&self, id: &str, source: &DepsSource) -> Option<&LockedDir> {
        let locked = self.lock.entries.get(id)?;
        (locked.asked == source.words()).then_some(locked)
    }

    /// The directories that came with a locked entry and have no entry of
    /// their own.
    pub fn brought<'a>(
        &self,
        project: &'a Project,
        locked: &'a LockedDir,
    ) -> impl Iterator<Item = &'a String> + use<'a> {
        let entries = &project.manifest.entries;
        locked.deps.iter().filter(|dep| !entries.contains_key(*dep))
    }

    /// How an entry stands that is not locked, or whose directories are not as
    /// they were locked.
    pub fn changed(&self, project: &Project, id: &str) -> Option<Standing> {
        let Some(locked) = self.same(id, &project.manifest.entries[id].source) else {
            return Some(Standing::Unlocked(
                match self.lock.entries.contains_key(id) {
                    true => format!("`{id}` is locked with another source"),
                    false => format!("`{id}` is not locked"),
                },
            ));
        };
        for dir in std::iter::once(&id.to_owned()).chain(self.brought(project, locked)) {
            let Some(entry) = self.lock.entries.get(dir) else {
                return Some(Standing::Unlocked(format!("`{dir}` is not locked")));
            };
            if self.dirs.get(dir) != Some(&entry.digests) {
                return Some(Standing::Touched(match self.dirs.contains_key(dir) {
                    true => format!("the directory `{dir}` does not match the lock file"),
                    false => format!("the directory `{dir}` does not exist"),
                }));
            }
        }
        None
    }

    /// How an entry stands.
    pub fn standing(
        &self,
        project: &Project,
        id: &str,
        (archives, regained): (&Archives, &Regained<'_>),
    ) -> Standing {
        let source = &project.manifest.entries[id].source;
        if matches!(source, DepsSource::Path(_)) {
            return Standing::Path;
        }
        // What had an entry of its own may now come with others.
        let locked = self.same(id, source);
        if let Some(gone) = locked.and_then(|locked| regained.with(id, source, locked)) {
            return Standing::Unlocked(format!("`{gone}` is locked, but has no entry"));
        }
        if let Some(changed) = self.changed(project, id) {
            return changed;
        }
        match source {
            DepsSource::Archive {
                url,
                sha256,
                sha512,
                ..
            } if sha256.is_some() || sha512.is_some() => match archives.known(url) {
                Some(known) if has(&known, (sha256.as_deref(), sha512.as_deref())) => {
                    Standing::Current
                }
                Some(_) => Standing::Other,
                None => Standing::Unverified,
            },
            _ => Standing::Current,
        }
    }
}

/// Whether an archive with these digests is the one that is asked for.
pub fn has(found: &Digests, (sha256, sha512): (Option<&str>, Option<&str>)) -> bool {
    sha256.is_none_or(|text| found.sha256.to_string() == text)
        && sha512.is_none_or(|text| found.sha512.to_string() == text)
}
