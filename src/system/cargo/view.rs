//! What was found out about a workspace, kept in its target directory, so that
//! a build in which nothing changed need not find it out again.
//!
//! Every fact stands beside the files it was read from, each with its length
//! and modification time. It holds as long as all of them are as they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::workspace::Workspace;
use crate::base::error::Result;
use crate::system::fs;

/// A file with the state it was seen in; `None` if it was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen(PathBuf, Option<(u64, u128)>);

impl Seen {
    /// Notes the present state of a file or directory.
    pub fn now(path: PathBuf) -> Self {
        let stamp = fs::stamp(&path);
        Seen(path, stamp)
    }

    /// Whether it speaks of this path.
    pub fn is_of(&self, path: &Path) -> bool {
        self.0 == path
    }

    /// Whether it is still so.
    pub fn holds(&self) -> bool {
        fs::stamp(&self.0) == self.1
    }
}

/// A fact with the files it comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept<T> {
    /// The files.
    pub seen: Vec<Seen>,
    /// The fact.
    pub fact: T,
}

impl<T> Kept<T> {
    /// Whether no file changed.
    pub fn holds(&self) -> bool {
        self.seen.iter().all(Seen::holds)
    }
}

/// The kept facts: the workspace, and one of type `M` for each member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct View<M> {
    /// What the command line and the environment say of the workspace; a view
    /// with another key is none.
    pub key: String,
    /// The packages.
    pub workspace: Kept<Workspace>,
    /// By package identifier.
    pub members: BTreeMap<String, Kept<M>>,
    /// Targets whose standard library was there, and where.
    pub targets: BTreeMap<String, PathBuf>,
}

impl<M: Serialize + DeserializeOwned> View<M> {
    /// The view kept in `dir`, if it has this key; anything unreadable counts
    /// as none.
    pub fn load(dir: &Path, key: &str) -> Option<Self> {
        let text = fs::read_text(&file(dir, key)).ok()?;
        let view: Self = serde_json::from_str(&text).ok()?;
        (view.key == key).then_some(view)
    }

    /// Keeps the view in `dir`.
    pub fn store(&self, dir: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|e| {
            crate::base::error::Error::input("failed to write the cached workspace").because(e)
        })?;
        fs::write_if_changed(&file(dir, &self.key), text.as_bytes())?;
        Ok(())
    }
}

fn file(dir: &Path, key: &str) -> PathBuf {
    dir.join(format!("view-{}.json", &key[..key.len().min(16)]))
}
