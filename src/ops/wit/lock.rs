//! The lock file of a project with WIT packages.

use wit_parser::PackageName;

use super::project::Member;
use super::resolve::{How, Session};
use crate::base::error::Result;
use crate::model::lockfile;
use crate::model::lockfile::{LockForm, Lockfile};
use crate::model::wit::{Origin, Package};
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::fs;
use crate::system::fs::Change;

/// A lock file, with what was asked for so far.
pub(super) struct Locks {
    /// What the file says.
    pub before: Lockfile,
    /// The same without what was forgotten.
    pub old: Lockfile,
    /// Its text, if it is there.
    pub text: Option<String>,
    /// What was asked for, with its answers.
    pub used: Lockfile,
    /// What the project asks for, and was found in `deps`.
    pub needed: Vec<PackageName>,
}

impl Session<'_> {
    /// Notes what the project's own WIT names and `deps` has.
    pub fn need(&mut self, package: &Package, member: &Member) {
        let in_deps = |name: &&PackageName| {
            let part = package.parts.iter().find(|part| part.name == **name);
            part.is_some_and(|part| match &part.origin {
                Origin::Path(path) => path.starts_with(&member.deps),
                Origin::Enclosed => true,
                Origin::Main | Origin::Fetched => false,
            })
        };
        let own = package.parts.iter().filter(|part| match &part.origin {
            Origin::Main => true,
            Origin::Path(path) => !path.starts_with(&member.deps),
            Origin::Fetched | Origin::Enclosed => false,
        });
        let names = own.flat_map(|part| &part.needs).filter(in_deps);
        self.locked.needed.extend(names.cloned());
    }

    /// The lock file as it is to be.
    ///
    /// What the project's own WIT names stays locked where it was found in
    /// `deps` this time, and so does everything of packages that were not
    /// looked at.
    pub fn new_lock(&self) -> Lockfile {
        if let How::Crate(worlds) = &self.how {
            return worlds.lock().clone();
        }
        let Locks { before, needed, .. } = &self.locked;
        let mut new = self.locked.used.clone();
        let partly = self.is_partial();
        for entry in before.entries() {
            let is = |name: &PackageName| {
                let named = name.namespace == entry.package.namespace()
                    && name.name == entry.package.name();
                named && name.version.as_ref().is_none_or(|v| *v == entry.version)
            };
            let answered = new
                .entries()
                .iter()
                .any(|new| new.package == entry.package && new.requirement == entry.requirement);
            if !answered && (partly || needed.iter().any(is)) {
                new.insert(entry.clone());
            }
        }
        new
    }

    /// The same; `None` where the file says so already.
    pub fn lock(&self) -> Option<Lockfile> {
        let new = self.new_lock();
        let Locks { before, text, .. } = &self.locked;
        let changes = match self.project.form() {
            LockForm::Crate => new != *before && !new.entries().is_empty(),
            form => {
                let same = lockfile::print_as(&new, form) == lockfile::print_as(before, form);
                // A file that says nothing need not be made.
                !same || (text.is_none() && !new.entries().is_empty())
            }
        };
        changes.then_some(new)
    }

    /// Writes the lock file if it has to change, or refuses to. What another run
    /// has added since it was read stays.
    pub fn finish(mut self) -> Result<()> {
        let path = &self.project.lock_file;
        let _held = fs::lock_directories_of(&[path], || {});
        if let How::Names(..) = self.how {
            let now = fs::read_text_if_exists(path)?;
            if let (Some(now), true) = (&now, now != self.locked.text) {
                for theirs in lockfile::parse(path, now)?.entries() {
                    self.locked.used.insert_missing(theirs.clone());
                }
            }
            self.locked.text = now;
        }
        self.finish_with(Change::new())
    }

    /// Makes a change, and with it the lock file what it is to be; an error if
    /// that must not change.
    pub fn finish_with(self, mut change: Change) -> Result<()> {
        let new = self.lock();
        let path = &self.project.lock_file;
        if new.is_some() && self.project.mode.is_locked() {
            return Err(must_not_change(path));
        }
        let mut told = None;
        match (new, self.how) {
            (None, _) => {}
            (Some(_), How::Crate(worlds)) => {
                if let Some(update) = worlds.finish()? {
                    update.add_to(&mut change)?;
                }
            }
            (Some(new), How::Names(..)) => {
                let text = lockfile::print_as(&new, self.project.form());
                change.write_text(path, self.locked.text.as_deref(), &text);
                let count = new.entries().len();
                let packages = if count == 1 { "package" } else { "packages" };
                let shown = self.ctx.display(path);
                told = Some(format!("{count} {packages} in `{shown}`"));
            }
        }
        change.commit()?;
        if let Some(text) = told {
            self.ctx.shell.status("Locking", text);
        }
        Ok(())
    }
}
