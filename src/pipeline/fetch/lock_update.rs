//! A lock file that is to be written, once nothing is left that could be
//! refused.

use std::path::PathBuf;

use crate::base::error::Result;
use crate::model::lockfile;
use crate::model::lockfile::Lockfile;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// A lock file that is to be written.
#[derive(Debug)]
pub(crate) struct LockUpdate {
    /// The path of the lock file.
    pub path: PathBuf,
    lock: Lockfile,
    /// The text it was read from.
    old: Option<String>,
}

impl LockUpdate {
    /// What was resolved, to be written to `path`, whose text was `old`.
    pub fn new(path: PathBuf, lock: Lockfile, old: Option<String>) -> Self {
        LockUpdate { path, lock, old }
    }

    /// Writes the lock file by itself.
    pub fn write(self, ctx: &Context) -> Result<()> {
        let shell = &ctx.shell;
        let _held = fs::lock_directories_of(&[&self.path], || {
            let text = format!("while accessing the lock file `{}`", self.path.display());
            shell.status("Blocking", text);
        });
        fs::retry_if_changed(|| {
            let mut change = Change::new();
            self.add_to(&mut change)?;
            change.commit()
        })
    }

    /// Has it written together with other files.
    pub fn add_to(&self, change: &mut Change) -> Result<()> {
        // Somebody else may have added something since it was read.
        let mut lock = self.lock.clone();
        let now = fs::read_text_if_exists(&self.path)?;
        if let Some(now) = &now
            && Some(now) != self.old.as_ref()
        {
            for theirs in lockfile::parse(&self.path, now)?.entries() {
                lock.insert_missing(theirs.clone());
            }
        }
        change.write_text(&self.path, now.as_deref(), &lockfile::print(&lock));
        Ok(())
    }
}
