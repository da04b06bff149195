//! A lock file that has to be written, once no error is possible any more.

use std::path::PathBuf;

use crate::base::error::Result;
use crate::model::lockfile;
use crate::model::lockfile::Lockfile;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// A lock file that has to be written.
#[derive(Debug)]
pub(crate) struct LockUpdate {
    /// The path of the lock file.
    pub path: PathBuf,
    lock: Lockfile,
    /// The text that it was read from.
    old: Option<String>,
}

impl LockUpdate {
    /// An update of the lock file at `path`, whose text was `old`.
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

    /// Adds the lock file to a change of several files.
    pub fn add_to(&self, change: &mut Change) -> Result<()> {
        // Somebody else may have added something since it was read.
        let mut lock = self.lock.clone();
        let current = fs::read_text_if_exists(&self.path)?;
        if let Some(current) = &current
            && Some(current) != self.old.as_ref()
        {
            for other in lockfile::parse(&self.path, current)?.entries() {
                lock.insert_missing(other.clone());
            }
        }
        change.write_text(&self.path, current.as_deref(), &lockfile::print(&lock));
        Ok(())
    }
}
