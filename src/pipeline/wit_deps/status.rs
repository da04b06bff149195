//! Whether an entry is as the lock file and the directories say, without
//! looking at where it comes from.

use super::archives::Archives;
use super::checksums::Checksums;
use super::present::Present;
use super::project::Project;
use super::restored::RestoredDirs;
use crate::model::manifest::deps::DepsSource;

/// The state of an entry, as far as it is known without its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// It is as it was locked.
    Current,
    /// It is as it was locked, but it is not known whether the archive has the
    /// digest that the manifest gives.
    Unverified,
    /// It is as it was locked, but what was last fetched from its address does
    /// not have the digest that the manifest gives.
    Mismatched,
    /// It is a directory, which is compared with its copy.
    Path,
    /// Its directories are not as they were locked, for this reason.
    Modified(String),
    /// It has to be locked anew, for this reason.
    Unlocked(String),
}

/// The status of an entry that is not locked, or whose directories are not as
/// they were locked; `None` for any other.
pub fn local_change(project: &Project, present: &Present, id: &str) -> Option<EntryStatus> {
    let Some(locked) = present.locked_entry(id, &project.manifest.entries[id].source) else {
        return Some(EntryStatus::Unlocked(
            match present.lock.entries.contains_key(id) {
                true => format!("`{id}` is locked with another source"),
                false => format!("`{id}` is not locked"),
            },
        ));
    };
    for dir in std::iter::once(&id.to_owned()).chain(present.transitive_dirs(project, locked)) {
        let Some(entry) = present.lock.entries.get(dir) else {
            return Some(EntryStatus::Unlocked(format!("`{dir}` is not locked")));
        };
        if present.dirs.get(dir) != Some(&entry.digests) {
            return Some(EntryStatus::Modified(
                match present.dirs.contains_key(dir) {
                    true => format!("the directory `{dir}` does not match the lock file"),
                    false => format!("the directory `{dir}` does not exist"),
                },
            ));
        }
    }
    None
}

/// The status of an entry, from the project and the cache of archives.
pub fn entry_status(
    project: &Project,
    present: &Present,
    id: &str,
    archives: &Archives,
    restored: &RestoredDirs<'_>,
) -> EntryStatus {
    let source = &project.manifest.entries[id].source;
    if matches!(source, DepsSource::Path(_)) {
        return EntryStatus::Path;
    }
    // What had an entry of its own may now come with others.
    let locked = present.locked_entry(id, source);
    if let Some(dropped) = locked.and_then(|locked| restored.dropped_entry(id, source, locked)) {
        return EntryStatus::Unlocked(format!("`{dropped}` is locked, but has no entry"));
    }
    if let Some(changed) = local_change(project, present, id) {
        return changed;
    }
    let checksums = Checksums::of(source);
    match source {
        DepsSource::Archive { url, .. } if !checksums.is_empty() => match archives.known(url) {
            Some(known) if checksums.match_digests(&known) => EntryStatus::Current,
            Some(_) => EntryStatus::Mismatched,
            None => EntryStatus::Unverified,
        },
        _ => EntryStatus::Current,
    }
}
