//! A lock file that is to be written, once nothing is left that could be
//! refused.

use std::path::PathBuf;

use crate::advice::Result;
use crate::context::Context;
use crate::fs;
use crate::lockfile::{self, Lockfile};

/// A lock file that is to be written.
#[derive(Debug)]
pub(super) struct LockUpdate {
    /// Where.
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

    /// Writes it.
    pub fn write(mut self, ctx: &Context) -> Result<()> {
        // Somebody else may have added something since it was read.
        let guard = ctx.cache().lock_file();
        let shell = &ctx.shell;
        let _held = fs::lock(&guard, || {
            let text = format!("on access to lock file `{}`", self.path.display());
            shell.status("Blocking", text);
        });
        if let Some(now) = fs::read_text_if_exists(&self.path)?
            && Some(&now) != self.old.as_ref()
        {
            for theirs in lockfile::parse(&self.path, &now)?.entries() {
                self.lock.insert_missing(theirs.clone());
            }
        }
        fs::write_atomic(&self.path, lockfile::print(&self.lock).as_bytes())
    }
}
