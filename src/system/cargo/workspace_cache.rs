//! Facts about a workspace, cached in its target directory, so that a build in
//! which nothing changed need not find them again.
//!
//! Every fact is cached with the files it was read from, each with its length and
//! modification time. It is current as long as none of them has changed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::workspace::Workspace;
use crate::base::error::Result;
use crate::system::fs;

/// The state of a file or directory at one time: its path, its length in bytes and
/// its modification time in nanoseconds since 1970; `None` if there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStamp(PathBuf, Option<(u64, u128)>, #[serde(default)] Aspect);

/// What of a file counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Aspect {
    /// Its content, or the entries of a directory.
    #[default]
    Content,
    /// Only whether it is there.
    Existence,
}

impl FileStamp {
    /// Takes the present state of a file or directory.
    pub fn now(path: PathBuf) -> Self {
        let stamp = fs::stamp(&path);
        FileStamp(path, stamp, Aspect::Content)
    }

    /// As [`FileStamp::read_since`], for a file whose content does not count: its state is
    /// current until it is made or removed.
    pub fn existence_since(path: PathBuf, start: u128) -> Self {
        let stamp = fs::stamp(&path).filter(|(_, time)| *time < start);
        FileStamp(path, stamp, Aspect::Existence)
    }

    /// Takes the present state of a file or directory that was read at or after a time of
    /// [`fs::clock`]. If it was changed since then, what was read may be older, and so its
    /// state is never current.
    pub fn read_since(path: PathBuf, start: u128) -> Self {
        let mut stamp = fs::stamp(&path);
        if let Some((_, time)) = &mut stamp
            && *time >= start
        {
            *time = u128::from(u64::MAX);
        }
        FileStamp(path, stamp, Aspect::Content)
    }

    /// The path that it is the state of.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether it is the state of this path.
    pub fn is_of(&self, path: &Path) -> bool {
        self.0 == path
    }

    /// Whether the file or directory is still in this state.
    pub fn is_current(&self) -> bool {
        self.is_state(fs::stamp(&self.0))
    }

    /// Whether a state is this one, as far as it counts.
    fn is_state(&self, now: Option<(u64, u128)>) -> bool {
        let FileStamp(_, state, aspect) = self;
        match aspect {
            Aspect::Content => now == *state,
            Aspect::Existence => now.is_some() == state.is_some(),
        }
    }
}

/// The present states of files and directories, each looked up once: the members of a
/// workspace have many in common.
#[derive(Debug, Default)]
pub struct FileStates {
    known: RefCell<HashMap<PathBuf, Option<(u64, u128)>>>,
}

impl FileStates {
    /// Forgets all states: something was done that may have changed files.
    pub fn forget(&self) {
        self.known.borrow_mut().clear();
    }

    /// Whether a file or directory is in the state of the stamp.
    fn confirm(&self, stamp: &FileStamp) -> bool {
        let FileStamp(path, ..) = stamp;
        let mut known = self.known.borrow_mut();
        if let Some(now) = known.get(path) {
            return stamp.is_state(*now);
        }
        let now = fs::stamp(path);
        known.insert(path.clone(), now);
        stamp.is_state(now)
    }
}

/// A fact with the states of the files it was read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cached<T> {
    /// The states of the files.
    #[serde(rename = "seen")]
    pub stamps: Vec<FileStamp>,
    /// The fact that is cached.
    pub fact: T,
}

impl<T> Cached<T> {
    /// Whether none of the files has changed.
    pub fn is_current(&self, states: &FileStates) -> bool {
        self.stamps.iter().all(|stamp| states.confirm(stamp))
    }
}

/// The cached facts: the workspace, and one of type `M` for each member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkspaceCache<M> {
    /// A hash of the command line and the environment; a cache with another key is
    /// not used.
    pub key: String,
    /// The packages of the workspace.
    pub workspace: Rc<Cached<Workspace>>,
    /// The facts of the members, by package identifier.
    pub members: BTreeMap<String, Cached<M>>,
    /// The targets whose standard library was found, and its directory.
    pub targets: BTreeMap<String, PathBuf>,
}

impl<M: Serialize + DeserializeOwned> WorkspaceCache<M> {
    /// The cache in `dir`, if it has this key; one that cannot be read is ignored.
    pub fn load(dir: &Path, key: &str) -> Option<Self> {
        let text = fs::read_text(&file(dir, key)).ok()?;
        let cache: Self = serde_json::from_str(&text).ok()?;
        (cache.key == key).then_some(cache)
    }

    /// Writes the cache into `dir`.
    pub fn store(&self, dir: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|e| {
            crate::base::error::Error::input("failed to write the cached workspace").with_cause(e)
        })?;
        fs::write_if_changed(&file(dir, &self.key), text.as_bytes())?;
        Ok(())
    }
}

fn file(dir: &Path, key: &str) -> PathBuf {
    dir.join(format!("view-{}.json", &key[..key.len().min(16)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_looked_up_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write_atomic(&path, b"one").unwrap();
        let cached = Cached {
            stamps: vec![
                FileStamp::now(path.clone()),
                FileStamp::now(dir.path().join("none")),
            ],
            fact: (),
        };
        let states = FileStates::default();
        assert!(cached.is_current(&states));
        fs::write_atomic(&path, b"other").unwrap();
        assert!(cached.is_current(&states));
        states.forget();
        assert!(!cached.is_current(&states));
        assert!(!cached.stamps[0].is_current() && cached.stamps[1].is_current());
    }

    #[test]
    fn of_some_files_only_the_existence_counts() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| dir.path().join(name));
        fs::write_atomic(&one, b"one").unwrap();
        let stamps = [&one, &other].map(|path| FileStamp::existence_since(path.clone(), u128::MAX));
        let current = || {
            let states = FileStates::default();
            stamps.each_ref().map(|stamp| {
                let is_current = stamp.is_current();
                assert_eq!(states.confirm(stamp), is_current);
                is_current
            })
        };
        fs::write_atomic(&one, b"changed").unwrap();
        assert_eq!(current(), [true, true]);
        // It may have been made after others looked for it.
        assert!(!FileStamp::existence_since(one.clone(), 0).is_current());
        fs::remove_file(&one).unwrap();
        fs::write_atomic(&other, b"new").unwrap();
        assert_eq!(current(), [false, false]);
    }
}
