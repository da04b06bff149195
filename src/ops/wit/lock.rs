//! The lock file of a project with WIT packages: what of it stays, and how it
//! is written.

use wit_parser::PackageName;

use super::project::WitMember;
use super::resolver::{LockState, ResolveStrategy, WitResolver};
use crate::base::error::Result;
use crate::model::lockfile;
use crate::model::lockfile::{LockForm, Lockfile};
use crate::model::wit::{Origin, Package};
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::fs;
use crate::system::fs::Change;

impl WitResolver<'_> {
    /// Records the packages that the project's own WIT names and `deps` has.
    pub fn record_required(&mut self, package: &Package, member: &WitMember) {
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
        self.lock_state.found_in_deps.extend(names.cloned());
    }

    /// The lock file with what was resolved in this run.
    ///
    /// Packages that the project's own WIT names stay locked where `deps` had
    /// them this time, and so do those of members that were not selected.
    pub fn new_lock(&self) -> Lockfile {
        if let ResolveStrategy::Crate(worlds) = &self.strategy {
            return worlds.lock().clone();
        }
        let LockState {
            on_disk,
            found_in_deps,
            ..
        } = &self.lock_state;
        let mut new = self.lock_state.resolved.clone();
        let partly = self.is_partial();
        for entry in on_disk.entries() {
            let is = |name: &PackageName| {
                let named = name.namespace == entry.package.namespace()
                    && name.name == entry.package.name();
                named && name.version.as_ref().is_none_or(|v| *v == entry.version)
            };
            let is_resolved = new
                .entries()
                .iter()
                .any(|new| new.package == entry.package && new.requirement == entry.requirement);
            if !is_resolved && (partly || found_in_deps.iter().any(is)) {
                new.insert(entry.clone());
            }
        }
        new
    }

    /// As [`WitResolver::new_lock`]; `None` where the file need not change.
    pub fn changed_lock(&self) -> Option<Lockfile> {
        let new = self.new_lock();
        let LockState { on_disk, text, .. } = &self.lock_state;
        let changes = match self.project.lock_form() {
            LockForm::Crate => new != *on_disk && !new.entries().is_empty(),
            form => {
                let same = lockfile::print_as(&new, form) == lockfile::print_as(on_disk, form);
                // An empty lock file need not be created.
                !same || (text.is_none() && !new.entries().is_empty())
            }
        };
        changes.then_some(new)
    }

    /// Writes the lock file if it has to change; an error where the lock mode
    /// forbids that. Entries that another run added meanwhile stay.
    pub fn finish(mut self) -> Result<()> {
        let path = &self.project.lock_file;
        let _guard = fs::lock_directories_of(&[path], || {});
        if let ResolveStrategy::WitNames(..) = self.strategy {
            let now = fs::read_text_if_exists(path)?;
            if let (Some(now), true) = (&now, now != self.lock_state.text) {
                for theirs in lockfile::parse(path, now)?.entries() {
                    self.lock_state.resolved.insert_missing(theirs.clone());
                }
            }
            self.lock_state.text = now;
        }
        self.finish_with(Change::new())
    }

    /// Commits a change of files together with the new lock file; an error where
    /// the lock mode forbids to change that.
    pub fn finish_with(self, mut change: Change) -> Result<()> {
        let new = self.changed_lock();
        let path = &self.project.lock_file;
        if new.is_some() && self.project.mode.is_locked() {
            return Err(must_not_change(path));
        }
        let mut message = None;
        match (new, self.strategy) {
            (None, _) => {}
            (Some(_), ResolveStrategy::Crate(worlds)) => {
                if let Some(update) = worlds.finish()? {
                    update.add_to(&mut change)?;
                }
            }
            (Some(new), ResolveStrategy::WitNames(..)) => {
                let text = lockfile::print_as(&new, self.project.lock_form());
                change.write_text(path, self.lock_state.text.as_deref(), &text);
                let count = new.entries().len();
                let packages = if count == 1 { "package" } else { "packages" };
                let shown = self.ctx.display(path);
                message = Some(format!("{count} {packages} in `{shown}`"));
            }
        }
        change.commit()?;
        if let Some(text) = message {
            self.ctx.shell.status("Locking", text);
        }
        Ok(())
    }
}
