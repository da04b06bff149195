//! The verbs: `lock`, `check`, `update` and `tar`.

use std::collections::BTreeSet;

use super::archives::Archives;
use super::context::LockContext;
use super::directories;
use super::fetch::{Fetcher, Freshness};
use super::plan::{DesiredState, describe_source, desired_state};
use super::present::Present;
use super::project::{Dirs, Project};
use super::restored::RestoredDirs;
use super::status::{EntryStatus, entry_status, local_change};
use crate::base::error::{Error, Result, nearest};
use crate::model::lockfile::deps::print;
use crate::model::lockfile::tree;
use crate::model::lockfile::tree::{Digests, WitDirectory};
use crate::system::fs;
use crate::system::fs::Change;

/// Brings directories and lock file to what the manifest says. What is locked
/// and unchanged is not fetched again.
pub fn lock(project: &Project, context: &LockContext<'_>) -> Result<()> {
    recover(project, context);
    let run = LockRun::new(project, context, Freshness::Locked)?;
    let desired = run.desired_without_fetch()?;
    if desired.is_some_and(|desired| !run.differs(&desired)) {
        run.report_unknown_dirs();
        return Ok(());
    }
    lock_exclusively(project, context, Freshness::Locked)
}

/// Fetches everything again, whatever is locked or cached.
pub fn update(project: &Project, context: &LockContext<'_>) -> Result<()> {
    recover(project, context);
    lock_exclusively(project, context, Freshness::Newest)
}

/// Fetches and writes what has changed, one run at a time.
fn lock_exclusively(
    project: &Project,
    context: &LockContext<'_>,
    freshness: Freshness,
) -> Result<()> {
    let _guard = wait_for_cache(context);
    fs::retry_if_changed(|| {
        // Another run may have done it meanwhile.
        let run = LockRun::new(project, context, freshness)?;
        run.refuse_if_locked()?;
        let desired = run.desired()?;
        run.apply(&desired)
    })
}

/// Finishes what a killed run had begun, and removes what it left behind.
fn recover(project: &Project, context: &LockContext<'_>) {
    let mut dirs = vec![fs::parent(&project.lock), fs::parent(&project.deps)];
    dirs.push(&project.deps);
    dirs.dedup();
    for recovered in dirs.into_iter().flat_map(fs::recover) {
        let text = recovered.text(|path| project.display_path(path));
        context.listener.status(recovered.verb(), text);
    }
    fs::remove_leftovers(Archives::new(&context.cache).dir());
}

/// Waits until no other run uses the cache, and keeps others waiting.
fn wait_for_cache(context: &LockContext<'_>) -> Option<fs::Lock> {
    let lock_file = Archives::new(&context.cache).lock_file();
    fs::lock(&lock_file, || {
        let text = format!("while accessing the cache `{}`", context.cache.display());
        context.listener.status("Blocking", text);
    })
}

/// What differs from manifest and lock file, a sentence each, in the order of
/// names. Nothing is written but archives into the cache, and those only to
/// learn whether they have the digests that the manifest gives.
pub fn check(project: &Project, context: &LockContext<'_>) -> Result<Vec<String>> {
    let strict = || -> Result<LockRun<'_>> {
        let run = LockRun::new(project, context, Freshness::Locked)?;
        Ok(LockRun {
            strict: true,
            ..run
        })
    };
    let mut run = strict()?;
    let mut found = Vec::new();
    for status in run.statuses.values() {
        if let EntryStatus::Modified(reason) | EntryStatus::Unlocked(reason) = status
            && !found.contains(reason)
        {
            found.push(reason.clone());
        }
    }
    if found.is_empty() {
        let desired = match run.desired_without_fetch()? {
            Some(desired) => desired,
            None => {
                let _guard = wait_for_cache(context);
                // Another run may have fetched it meanwhile.
                run = strict()?;
                run.desired()?
            }
        };
        found = run.differences(&desired);
    }
    let lock = project.display_path(&project.lock);
    if !run.present.has_lock {
        found.insert(0, format!("`{lock}` does not exist"));
    }
    Ok(found)
}

/// The entries whose directories are missing or not as they were locked, a
/// sentence each. Only the project is read, no source, and nothing is written.
pub fn drift(project: &Project) -> Result<Vec<String>> {
    let present = Present::read(project)?;
    let ids = project.manifest.entries.keys();
    let mut found = Vec::new();
    for status in ids.filter_map(|id| local_change(project, &present, id)) {
        if let EntryStatus::Modified(reason) | EntryStatus::Unlocked(reason) = status
            && !found.contains(&reason)
        {
            found.push(reason);
        }
    }
    Ok(found)
}

/// The tar stream that the digests of a directory are made from, after
/// [`lock`]. `id` is an entry, or a directory that came with one.
pub fn tar(project: &Project, context: &LockContext<'_>, id: &str) -> Result<Vec<u8>> {
    lock(project, context)?;
    let present = Present::read(project)?;
    let ids = present.lock.entries.keys().map(String::as_str);
    match present.lock.entries.contains_key(id) {
        true => Ok(tree::tar(
            &directories::read(&project.dir(id))?.unwrap_or_default(),
        )),
        false => {
            let shown = project.display_path(&project.lock);
            let error = Error::input(format!("`{shown}` has no entry `{id}`"));
            let all: Vec<String> = ids.clone().map(|id| format!("`{id}`")).collect();
            Err(match (nearest(id, ids), all.is_empty()) {
                (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
                (None, false) => error.hint(format!("the entries are {}", all.join(", "))),
                (None, true) => error.hint("add an entry to the manifest"),
            })
        }
    }
}

/// Directories that nothing requires any more.
#[derive(Default)]
struct ObsoleteDirs<'a> {
    /// Those that are as they were locked, which are removed.
    removed: Vec<&'a str>,
    /// Those that were changed, which are kept.
    kept: Vec<&'a str>,
}

/// One run over a project, with the status of its entries before any change.
struct LockRun<'a> {
    project: &'a Project,
    context: &'a LockContext<'a>,
    freshness: Freshness,
    present: Present,
    statuses: Dirs<EntryStatus>,
    /// Whether unverified archives must be verified, even without the network.
    strict: bool,
}

impl<'a> LockRun<'a> {
    fn new(
        project: &'a Project,
        context: &'a LockContext<'a>,
        freshness: Freshness,
    ) -> Result<Self> {
        let present = Present::read(project)?;
        let archives = Archives::new(&context.cache);
        let ids = project.manifest.entries.keys();
        let restored = RestoredDirs::new(project, &present, &archives)?;
        let status = |id: &String| {
            let status = entry_status(project, &present, id, &archives, &restored);
            (id.clone(), status)
        };
        Ok(LockRun {
            statuses: ids.map(status).collect(),
            strict: context.rules.locked,
            project,
            context,
            freshness,
            present,
        })
    }

    /// The entries whose source has to be read.
    fn stale_entries(&self) -> BTreeSet<&str> {
        let newest = self.freshness == Freshness::Newest;
        let is_stale = |status: &EntryStatus| match status {
            EntryStatus::Current => newest,
            EntryStatus::Unverified => newest || self.strict || !self.context.rules.offline,
            EntryStatus::Mismatched
            | EntryStatus::Path
            | EntryStatus::Modified(_)
            | EntryStatus::Unlocked(_) => true,
        };
        let stale = self.statuses.iter().filter(|(_, s)| is_stale(s));
        stale.map(|(id, _)| id.as_str()).collect()
    }

    /// The desired state, if no source but directories has to be read for it.
    fn desired_without_fetch(&self) -> Result<Option<DesiredState>> {
        let needs_fetch = |id: &&str| self.statuses[*id] != EntryStatus::Path;
        match self.stale_entries().iter().any(needs_fetch) {
            true => Ok(None),
            false => self.desired().map(Some),
        }
    }

    fn desired(&self) -> Result<DesiredState> {
        let stale = self.stale_entries();
        for (id, status) in &self.statuses {
            if *status == EntryStatus::Unverified && !stale.contains(id.as_str()) {
                self.context.listener.warn(format!(
                    "whether the archive of `{id}` has the digest in the manifest cannot be checked without the network"
                ));
            }
        }
        let pinned = self.project.manifest.entries.keys().cloned().collect();
        let fetcher = Fetcher {
            project: self.project,
            context: self.context,
            present: &self.present,
            freshness: self.freshness,
            archives: Archives::new(&self.context.cache),
            pinned,
        };
        let fetched = fetcher.fetch(&stale)?;
        desired_state(self.project, &self.present, &fetched)
    }

    /// Fails before anything is fetched if the lock file would have to change.
    fn refuse_if_locked(&self) -> Result<()> {
        let unlocked = |status: &EntryStatus| matches!(status, EntryStatus::Unlocked(_));
        match self.context.rules.locked && self.statuses.values().any(unlocked) {
            true => Err(self.locked_error()),
            false => Ok(()),
        }
    }

    fn locked_error(&self) -> Error {
        Error::input(format!(
            "the lock file {} needs to be updated but --locked was passed to prevent this",
            self.project.display_path(&self.project.lock)
        ))
        .hint("run the command without `--locked` or `--frozen`")
    }

    /// The directories to write. One that has the desired content already counts
    /// as ours, whoever put it there.
    fn to_write<'g>(&self, desired: &'g DesiredState) -> Vec<(&'g str, &'g WitDirectory)> {
        let differs = |id: &&String| {
            let digests = &desired.lock.entries[*id].digests;
            let unknown = || directories::read(&self.project.dir(id)).ok().flatten();
            match self.present.dirs.get(*id) {
                Some(found) => found != digests,
                // Only the desired state names it.
                None => unknown().is_none_or(|dir| Digests::of(&dir) != *digests),
            }
        };
        let ids = desired.lock.entries.keys().filter(differs);
        ids.filter_map(|id| Some((id.as_str(), desired.content.get(id)?)))
            .collect()
    }

    /// The directories that nothing requires any more.
    fn to_remove(&self, desired: &DesiredState) -> Result<ObsoleteDirs<'_>> {
        let mut obsolete = ObsoleteDirs::default();
        for (id, locked) in &self.present.lock.entries {
            let Some(digests) = self.present.dirs.get(id) else {
                continue;
            };
            if desired.lock.entries.contains_key(id) {
                continue;
            }
            let unchanged =
                *digests == locked.digests && directories::is_ours_alone(&self.project.dir(id))?;
            match unchanged {
                true => obsolete.removed.push(id),
                false => obsolete.kept.push(id),
            }
        }
        Ok(obsolete)
    }

    fn differs(&self, desired: &DesiredState) -> bool {
        let lock_differs = !self.present.has_lock || self.present.lock != desired.lock;
        lock_differs || !self.to_write(desired).is_empty()
    }

    /// What differs from the desired state, a sentence each.
    fn differences(&self, desired: &DesiredState) -> Vec<String> {
        let lock = self.project.display_path(&self.project.lock);
        let mut found = Vec::new();
        for (id, entry) in &desired.lock.entries {
            match self.present.lock.entries.get(id) {
                None => found.push(format!("`{id}` is not locked")),
                Some(locked) if locked.request != entry.request => {
                    found.push(format!("`{id}` is locked with another source"));
                }
                Some(locked) if locked != entry => {
                    found.push(format!("`{id}` does not match `{lock}`"));
                }
                Some(_) if self.present.dirs.get(id) != Some(&entry.digests) => {
                    found.push(match self.present.dirs.contains_key(id) {
                        true => format!("the directory `{id}` does not match the lock file"),
                        false => format!("the directory `{id}` does not exist"),
                    });
                }
                Some(_) => {}
            }
        }
        for id in self.present.lock.entries.keys() {
            if !desired.lock.entries.contains_key(id) {
                found.push(format!("`{id}` is locked, but no entry requires it"));
            }
        }
        found
    }

    /// Writes the lock file and directories, and reports what changed.
    fn apply(&self, desired: &DesiredState) -> Result<()> {
        let lock_differs = !self.present.has_lock || self.present.lock != desired.lock;
        if lock_differs && self.context.rules.locked {
            return Err(self.locked_error());
        }
        let write = self.to_write(desired);
        for (id, _) in &write {
            self.refuse_unknown_dir(id)?;
        }
        let obsolete = self.to_remove(desired)?;
        let mut change = Change::new();
        let deps = &self.project.deps;
        directories::replace(&mut change, deps, &write, &obsolete.removed)?;
        if lock_differs {
            let old = self.present.text.as_deref();
            change.write_text(&self.project.lock, old, &print(&desired.lock));
        }
        change.commit()?;
        self.report_written(desired, &write);
        let listener = self.context.listener;
        for id in obsolete.removed {
            listener.status("Removing", self.project.display_path(&self.project.dir(id)));
        }
        for id in obsolete.kept {
            let shown = self.project.display_path(&self.project.dir(id));
            listener.warn(format!(
                "`{shown}` is no longer required, but was kept since it has been changed"
            ));
        }
        self.report_unknown_dirs();
        Ok(())
    }

    /// A directory that the lock file does not know is not replaced.
    fn refuse_unknown_dir(&self, id: &str) -> Result<()> {
        let at = self.project.dir(id);
        let exists = fs::exists(&at) || fs::is_link(&at);
        if self.present.lock.entries.contains_key(id) || !exists {
            return Ok(());
        }
        let (shown, lock) = (
            self.project.display_path(&at),
            self.project.display_path(&self.project.lock),
        );
        Err(Error::input(format!(
            "`{shown}` already exists, but has other content than `{id}` and is not in `{lock}`"
        ))
        .hint(format!(
            "remove or rename it; to use it for `{id}`, move it elsewhere and set its `path` in the manifest"
        )))
    }

    fn report_written(&self, desired: &DesiredState, written: &[(&str, &WitDirectory)]) {
        for (id, _) in written {
            let verb = match self.present.lock.entries.get(*id) {
                None => "Adding",
                Some(locked) if locked.digests == desired.lock.entries[*id].digests => "Restoring",
                Some(_) => "Updating",
            };
            let shown = self.project.display_path(&self.project.dir(id));
            let text = match self.project.manifest.entries.get(*id) {
                Some(entry) => format!("{shown} ({})", describe_source(&entry.source)),
                None => shown,
            };
            self.context.listener.status(verb, text);
        }
    }

    /// Reports what neither manifest nor lock file names.
    fn report_unknown_dirs(&self) {
        let known = |name: &str| {
            self.project.manifest.entries.contains_key(name)
                || self.present.lock.entries.contains_key(name)
        };
        let all = match fs::is_dir(&self.project.deps) {
            true => fs::list(&self.project.deps).unwrap_or_default(),
            false => return,
        };
        for path in all {
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(known) {
                let shown = self.project.display_path(&path);
                let text = format!("{shown}, which is not from the manifest");
                self.context.listener.detail("Keeping", text);
            }
        }
    }
}
