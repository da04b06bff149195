//! Facts about a workspace, cached in its target directory, so that a build in
//! which nothing changed need not find them again.
//!
//! Every fact is cached with the files it was read from, each with its length and
//! modification time. It is current as long as none of them has changed.

use std::collections::BTreeMap;
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
pub struct FileStamp(PathBuf, Option<(u64, u128)>);

impl FileStamp {
    /// Takes the present state of a file or directory.
    pub fn now(path: PathBuf) -> Self {
        let stamp = fs::stamp(&path);
        FileStamp(path, stamp)
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
        FileStamp(path, stamp)
    }

    /// Whether it is the state of this path.
    pub fn is_of(&self, path: &Path) -> bool {
        self.0 == path
    }

    /// Whether the file or directory is still in this state.
    pub fn is_current(&self) -> bool {
        fs::stamp(&self.0) == self.1
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
    pub fn is_current(&self) -> bool {
        self.stamps.iter().all(FileStamp::is_current)
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
