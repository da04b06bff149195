//! The verbs: `lock`, `check`, `update` and `tar`.

use std::collections::BTreeSet;

use super::archives::Archives;
use super::fetch::{Bringer, Freshness};
use super::plan::{Goals, goals, place};
use super::restored::Regained;
use super::status::{Present, Standing};
use super::{Dirs, Project, Surroundings, directories};
use crate::base::error::{Error, Result, nearest};
use crate::model::lockfile::deps::print;
use crate::model::lockfile::tree;
use crate::model::lockfile::tree::{Digests, Dir};
use crate::system::fs;
use crate::system::fs::Change;

/// Brings directories and lock file to what the manifest says. What is locked
/// and as it was is not looked at again.
pub fn lock(project: &Project, around: &Surroundings<'_>) -> Result<()> {
    settle(project, around);
    let plan = Plan::new(project, around, Freshness::Locked)?;
    if plan.settled()?.is_some_and(|goals| !plan.differs(&goals)) {
        plan.tell_of_strangers();
        return Ok(());
    }
    anew(project, around, Freshness::Locked)
}

/// Asks for everything again, whatever is locked or kept.
pub fn update(project: &Project, around: &Surroundings<'_>) -> Result<()> {
    settle(project, around);
    anew(project, around, Freshness::Newest)
}

/// Does the work, one run at a time.
fn anew(project: &Project, around: &Surroundings<'_>, freshness: Freshness) -> Result<()> {
    let _held = hold(around);
    fs::again(|| {
        // Another run may have done it meanwhile.
        let plan = Plan::new(project, around, freshness)?;
        plan.refuse_if_locked()?;
        let goals = plan.goals()?;
        plan.apply(&goals)
    })
}

/// Finishes what a run that was killed had begun, and removes what it left.
fn settle(project: &Project, around: &Surroundings<'_>) {
    let mut dirs = vec![fs::parent(&project.lock), fs::parent(&project.deps)];
    dirs.push(&project.deps);
    dirs.dedup();
    for settled in dirs.into_iter().flat_map(fs::settle) {
        let text = settled.text(|path| project.shown(path));
        around.listener.status(settled.verb(), text);
    }
    fs::clean(Archives::new(&around.cache).dir());
}

/// Waits until no other run uses the cache, and keeps others waiting.
fn hold(around: &Surroundings<'_>) -> Option<fs::Lock> {
    let guard = Archives::new(&around.cache).lock_file();
    fs::lock(&guard, || {
        let text = format!("while accessing the cache `{}`", around.cache.display());
        around.listener.status("Blocking", text);
    })
}

/// What is not as manifest and lock file say, a sentence each, in the order of
/// names. Nothing is written but archives into the cache, and those only to
/// learn whether they have the digests that the manifest gives.
pub fn check(project: &Project, around: &Surroundings<'_>) -> Result<Vec<String>> {
    let strict = || -> Result<Plan<'_>> {
        let plan = Plan::new(project, around, Freshness::Locked)?;
        Ok(Plan {
            strict: true,
            ..plan
        })
    };
    let mut plan = strict()?;
    let mut found = Vec::new();
    for standing in plan.standings.values() {
        if let Standing::Touched(why) | Standing::Unlocked(why) = standing
            && !found.contains(why)
        {
            found.push(why.clone());
        }
    }
    if found.is_empty() {
        let goals = match plan.settled()? {
            Some(goals) => goals,
            None => {
                let _held = hold(around);
                // Another run may have fetched it meanwhile.
                plan = strict()?;
                plan.goals()?
            }
        };
        found = plan.differences(&goals);
    }
    let lock = project.shown(&project.lock);
    if !plan.present.has_lock {
        found.insert(0, format!("`{lock}` does not exist"));
    }
    Ok(found)
}

/// Which entries have directories that are not there or not as they were
/// locked, a sentence each. Nothing but the project is looked at, no source
/// either, and nothing is written.
pub fn drift(project: &Project) -> Result<Vec<String>> {
    let present = Present::read(project)?;
    let ids = project.manifest.entries.keys();
    let mut found = Vec::new();
    for changed in ids.filter_map(|id| present.changed(project, id)) {
        if let Standing::Touched(why) | Standing::Unlocked(why) = changed
            && !found.contains(&why)
        {
            found.push(why);
        }
    }
    Ok(found)
}

/// The stream that the digests of a directory are made from, after
/// [`lock`]. `id` is an entry, or came with one.
pub fn tar(project: &Project, around: &Surroundings<'_>, id: &str) -> Result<Vec<u8>> {
    lock(project, around)?;
    let present = Present::read(project)?;
    let ids = present.lock.entries.keys().map(String::as_str);
    match present.lock.entries.contains_key(id) {
        true => Ok(tree::tar(
            &directories::read(&project.dir(id))?.unwrap_or_default(),
        )),
        false => {
            let shown = project.shown(&project.lock);
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

/// How everything stands, before anything is done.
struct Plan<'a> {
    project: &'a Project,
    around: &'a Surroundings<'a>,
    freshness: Freshness,
    present: Present,
    standings: Dirs<Standing>,
    /// Whether what is not known must be learnt, with or without the network.
    strict: bool,
}

impl<'a> Plan<'a> {
    fn new(
        project: &'a Project,
        around: &'a Surroundings<'a>,
        freshness: Freshness,
    ) -> Result<Self> {
        let present = Present::read(project)?;
        let archives = Archives::new(&around.cache);
        let ids = project.manifest.entries.keys();
        let regained = Regained::new(project, &present, &archives)?;
        let known = (&archives, &regained);
        let standing = |id: &String| (id.clone(), present.standing(project, id, known));
        Ok(Plan {
            standings: ids.map(standing).collect(),
            strict: around.rules.locked,
            project,
            around,
            freshness,
            present,
        })
    }

    /// The entries that have to be looked at.
    fn due(&self) -> BTreeSet<&str> {
        let is_due = |standing: &Standing| match standing {
            Standing::Current => self.freshness == Freshness::Newest,
            Standing::Unverified => {
                let newest = self.freshness == Freshness::Newest;
                newest || self.strict || !self.around.rules.offline
            }
            Standing::Other | Standing::Path | Standing::Touched(_) | Standing::Unlocked(_) => true,
        };
        let due = self.standings.iter().filter(|(_, s)| is_due(s));
        due.map(|(id, _)| id.as_str()).collect()
    }

    /// What is to be, if directories are all there is to look at.
    fn settled(&self) -> Result<Option<Goals>> {
        let fetches = |id: &&str| self.standings[*id] != Standing::Path;
        match self.due().iter().any(fetches) {
            true => Ok(None),
            false => self.goals().map(Some),
        }
    }

    fn goals(&self) -> Result<Goals> {
        for (id, standing) in &self.standings {
            if *standing == Standing::Unverified && !self.due().contains(id.as_str()) {
                self.around.listener.warn(format!(
                    "whether the archive of `{id}` has the digest in the manifest cannot be checked without the network"
                ));
            }
        }
        let pinned = self.project.manifest.entries.keys().cloned().collect();
        let bringer = Bringer {
            project: self.project,
            around: self.around,
            present: &self.present,
            freshness: self.freshness,
            archives: Archives::new(&self.around.cache),
            pinned,
        };
        let brought = bringer.bring(&self.due())?;
        goals(self.project, &self.present, &brought)
    }

    /// Says early that the lock file would have to change.
    fn refuse_if_locked(&self) -> Result<()> {
        let unlocked = |standing: &Standing| matches!(standing, Standing::Unlocked(_));
        match self.around.rules.locked && self.standings.values().any(unlocked) {
            true => Err(self.must_not_change()),
            false => Ok(()),
        }
    }

    fn must_not_change(&self) -> Error {
        Error::input(format!(
            "the lock file {} needs to be updated but --locked was passed to prevent this",
            self.project.shown(&self.project.lock)
        ))
        .hint("run the command without `--locked` or `--frozen`")
    }

    /// The directories to be written. One that is as it is to be is taken for
    /// ours, whoever put it there.
    fn to_write<'g>(&self, goals: &'g Goals) -> Vec<(&'g str, &'g Dir)> {
        let differs = |id: &&String| {
            let digests = &goals.lock.entries[*id].digests;
            let unknown = || directories::read(&self.project.dir(id)).ok().flatten();
            match self.present.dirs.get(*id) {
                Some(found) => found != digests,
                // Nothing but what is to be names it.
                None => unknown().is_none_or(|dir| Digests::of(&dir) != *digests),
            }
        };
        let ids = goals.lock.entries.keys().filter(differs);
        ids.filter_map(|id| Some((id.as_str(), goals.content.get(id)?)))
            .collect()
    }

    /// The directories that nothing asks for any more: those that are as they
    /// were locked, and the others, which are kept.
    fn to_remove(&self, goals: &Goals) -> Result<(Vec<&str>, Vec<&str>)> {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for (id, locked) in &self.present.lock.entries {
            let Some(digests) = self.present.dirs.get(id) else {
                continue;
            };
            if goals.lock.entries.contains_key(id) {
                continue;
            }
            let ours =
                *digests == locked.digests && directories::is_ours_alone(&self.project.dir(id))?;
            if ours { &mut gone } else { &mut kept }.push(id.as_str());
        }
        Ok((gone, kept))
    }

    fn differs(&self, goals: &Goals) -> bool {
        let lock_differs = !self.present.has_lock || self.present.lock != goals.lock;
        lock_differs || !self.to_write(goals).is_empty()
    }

    /// What is not as it is to be, a sentence each.
    fn differences(&self, goals: &Goals) -> Vec<String> {
        let lock = self.project.shown(&self.project.lock);
        let mut found = Vec::new();
        for (id, entry) in &goals.lock.entries {
            match self.present.lock.entries.get(id) {
                None => found.push(format!("`{id}` is not locked")),
                Some(locked) if locked.asked != entry.asked => {
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
            if !goals.lock.entries.contains_key(id) {
                found.push(format!("`{id}` is locked, but no entry requires it"));
            }
        }
        found
    }

    /// Brings it about.
    fn apply(&self, goals: &Goals) -> Result<()> {
        let lock_differs = !self.present.has_lock || self.present.lock != goals.lock;
        if lock_differs && self.around.rules.locked {
            return Err(self.must_not_change());
        }
        let write = self.to_write(goals);
        for (id, _) in &write {
            self.refuse_strangers(id)?;
        }
        let (gone, kept) = self.to_remove(goals)?;
        let mut change = Change::new();
        directories::replace(&mut change, &self.project.deps, (&write, &gone))?;
        if lock_differs {
            let old = self.present.text.as_deref();
            change.text(&self.project.lock, old, &print(&goals.lock));
        }
        change.commit()?;
        self.tell(goals, &write);
        let listener = self.around.listener;
        for id in gone {
            listener.status("Removing", self.project.shown(&self.project.dir(id)));
        }
        for id in kept {
            let shown = self.project.shown(&self.project.dir(id));
            listener.warn(format!(
                "`{shown}` is no longer required, but was kept since it has been changed"
            ));
        }
        self.tell_of_strangers();
        Ok(())
    }

    /// A directory that the lock file does not know is not replaced.
    fn refuse_strangers(&self, id: &str) -> Result<()> {
        let at = self.project.dir(id);
        let is_there = fs::exists(&at) || fs::is_link(&at);
        if self.present.lock.entries.contains_key(id) || !is_there {
            return Ok(());
        }
        let (shown, lock) = (
            self.project.shown(&at),
            self.project.shown(&self.project.lock),
        );
        Err(Error::input(format!(
            "`{shown}` already exists, but has other content than `{id}` and is not in `{lock}`"
        ))
        .hint(format!(
            "remove or rename it; to use it for `{id}`, move it elsewhere and set its `path` in the manifest"
        )))
    }

    fn tell(&self, goals: &Goals, written: &[(&str, &Dir)]) {
        for (id, _) in written {
            let verb = match self.present.lock.entries.get(*id) {
                None => "Adding",
                Some(locked) if locked.digests == goals.lock.entries[*id].digests => "Restoring",
                Some(_) => "Updating",
            };
            let shown = self.project.shown(&self.project.dir(id));
            let text = match self.project.manifest.entries.get(*id) {
                Some(entry) => format!("{shown} ({})", place(&entry.source)),
                None => shown,
            };
            self.around.listener.status(verb, text);
        }
    }

    /// Names what is in the directory and known to nobody.
    fn tell_of_strangers(&self) {
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
                let shown = self.project.shown(&path);
                let text = format!("{shown}, which is not from the manifest");
                self.around.listener.detail("Keeping", text);
            }
        }
    }
}
