//! A lock file during one run: what it had, what was chosen, and what has to be
//! written in the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::lock_update::LockUpdate;
use super::packages::must_not_change;
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::capabilities::HostImports;
use crate::model::lockfile;
use crate::model::lockfile::{Locked, Lockfile};
use crate::model::resolver::Requirement;
use crate::system::cargo::config::LockMode;
use crate::system::fs;
use crate::system::fs::Change;

/// The lock file's name, in the root of the workspace.
pub const LOCK_FILE: &str = "Cargo-component.lock";

/// The entries of a lock file that a run starts from, and those that it chose.
#[derive(Debug)]
pub(crate) struct LockSession {
    path: PathBuf,
    mode: LockMode,
    lock: Lockfile,
    /// The same as it was before anything was chosen in this run.
    before: Lockfile,
    /// The entries that answered a request in this run.
    used: Lockfile,
    /// The lock file as it was read.
    read: Lockfile,
    /// What the components that were read in this run import, by their digests.
    imports: BTreeMap<ContentDigest, HostImports>,
    /// The text that the lock file was read from.
    text: Option<String>,
    origin: Origin,
}

/// Where the entries that a run starts from come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// There is no workspace, and so no lock file.
    NoWorkspace,
    /// The lock file of the workspace.
    LockFile,
    /// The same, without entries that are chosen anew.
    ChosenAnew,
}

/// The text of our lock file in the root of a workspace, and what is locked:
/// by it, or else by the lock file of `wkg`.
fn read_lock(root: &Path) -> Result<(Option<String>, Lockfile)> {
    let path = root.join(LOCK_FILE);
    let text = fs::read_text_if_exists(&path)?;
    if let Some(ours) = &text {
        let lock = lockfile::parse(&path, ours)?;
        return Ok((text, lock));
    }
    let other = root.join("wkg.lock");
    let lock = match fs::read_text_if_exists(&other)? {
        Some(text) => lockfile::parse(&other, &text)?.without_registries(),
        None => Lockfile::default(),
    };
    Ok((None, lock))
}

impl LockSession {
    /// Reads the lock file in the root of a workspace: ours, or else that of
    /// `wkg`.
    pub fn read(root: &Path, mode: LockMode) -> Result<Self> {
        let (text, lock) = read_lock(root)?;
        Ok(LockSession {
            path: root.join(LOCK_FILE),
            mode,
            before: lock.clone(),
            read: lock.clone(),
            lock,
            used: Lockfile::default(),
            imports: BTreeMap::new(),
            text,
            origin: Origin::LockFile,
        })
    }

    /// A session without a workspace: there is no lock file, so that `--locked`
    /// has nothing to refuse.
    pub fn without_workspace(dir: &Path, mode: LockMode) -> Self {
        LockSession {
            path: dir.join(LOCK_FILE),
            mode: match mode.is_offline() {
                true => LockMode::Offline,
                false => LockMode::Update,
            },
            lock: Lockfile::default(),
            before: Lockfile::default(),
            used: Lockfile::default(),
            read: Lockfile::default(),
            imports: BTreeMap::new(),
            text: None,
            origin: Origin::NoWorkspace,
        }
    }

    /// Whether there is a workspace, and so a lock file.
    pub fn has_workspace(&self) -> bool {
        self.origin != Origin::NoWorkspace
    }

    /// The path of the lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the lock file, where requests without a locked answer are
    /// refused.
    pub fn locked_path(&self) -> Option<PathBuf> {
        self.refuses_unlocked().then(|| self.path.clone())
    }

    /// How lock files and the network may be used.
    pub fn mode(&self) -> LockMode {
        self.mode
    }

    /// The lock file as it is now.
    pub fn lock(&self) -> &Lockfile {
        &self.lock
    }

    /// The lock file as it was before anything was chosen in this run.
    pub fn before(&self) -> &Lockfile {
        &self.before
    }

    /// The lock file as it was read, whatever was forgotten since.
    pub fn as_read(&self) -> &Lockfile {
        &self.read
    }

    /// The entries that answered a request in this run.
    pub fn used(&self) -> &Lockfile {
        &self.used
    }

    /// Starts a new round of requests: none was answered yet.
    pub fn clear_used(&mut self) {
        self.used = Lockfile::default();
    }

    /// Whether a request without a locked answer is refused. It is not where
    /// entries were forgotten to be chosen anew.
    pub fn refuses_unlocked(&self) -> bool {
        self.mode.is_locked() && self.origin != Origin::ChosenAnew
    }

    /// Notes the answer of a request.
    pub fn insert(&mut self, mut locked: Locked) {
        if let Some(imports) = self.imports.get(&locked.digest) {
            locked.imports = Some(imports.clone());
        }
        self.used.insert(locked.clone());
        self.lock.insert(locked);
    }

    /// Records what the component with a digest imports.
    ///
    /// # Errors
    ///
    /// If the lock file must not change, but says something else.
    pub fn record_imports(&mut self, digest: &ContentDigest, imports: &HostImports) -> Result<()> {
        if self.mode.is_locked() {
            let mut entries = self.read.entries().iter();
            let differing = entries.find(|entry| {
                let recorded = entry.imports.as_ref();
                entry.digest == *digest && recorded.is_some_and(|recorded| recorded != imports)
            });
            if let Some(entry) = differing {
                return Err(self.imports_differ(entry, imports));
            }
        }
        self.lock.record_imports(digest, imports);
        self.used.record_imports(digest, imports);
        self.imports.insert(digest.clone(), imports.clone());
        Ok(())
    }

    fn imports_differ(&self, entry: &Locked, imports: &HostImports) -> Error {
        let Locked {
            package, version, ..
        } = entry;
        let recorded = entry.imports.clone().unwrap_or_default();
        let mut error = Error::input(format!(
            "the lock file `{}` does not have the imports of {package} {version}, but --locked was passed to keep it",
            self.path.display()
        ));
        for (names, what) in [
            (imports.without(&recorded), "the component imports"),
            (recorded.without(imports), "only the lock file has"),
        ] {
            if !names.is_empty() {
                let names: Vec<&str> = names.iter().collect();
                error = error.with_cause(format!("{what} {}", names.join(", ")));
            }
        }
        error.hint("the file was edited: review what the component imports, and run the command without `--locked`")
    }

    /// Where a locked component is found, by its entry of the lock file.
    pub fn source_of(&self, requirement: &Requirement, digest: &ContentDigest) -> Option<String> {
        let entry = requirement
            .source
            .locked(&self.lock, &requirement.version_req)?;
        entry.source.clone().filter(|_| entry.digest == *digest)
    }

    /// Forgets some entries, which are chosen anew.
    pub fn forget(&mut self, is_forgotten: impl Fn(&Locked) -> bool) {
        self.lock.retain(|entry| !is_forgotten(entry));
        self.before = self.lock.clone();
        self.origin = Origin::ChosenAnew;
    }

    /// Whether entries of an old lock file lack the addresses of their registries.
    pub fn lacks_addresses(&self) -> bool {
        let mut entries = self.lock.entries().iter();
        entries.any(|entry| entry.address.is_none())
    }

    /// Gives the entries of an old lock file the addresses of their registries,
    /// as far as `address` knows them, and drops those that `is_kept` refuses.
    pub fn complete(
        &mut self,
        address: impl Fn(&PackageRef, Option<&str>) -> Option<String>,
        is_kept: impl Fn(&Locked) -> bool,
    ) {
        self.lock.fill_addresses(address);
        self.lock.retain(is_kept);
        self.before = self.lock.clone();
    }

    /// Writes another lock file in the place of this one, if that is still the
    /// one that was read.
    pub fn replace(&mut self, lock: &Lockfile) -> Result<()> {
        let mut change = Change::new();
        change.write_text(&self.path, self.text.as_deref(), &lockfile::print(lock));
        change.commit()
    }

    /// What has to be written if anything was added to the lock file; an error
    /// if it must not change.
    pub fn finish(self) -> Result<Option<LockUpdate>> {
        let text = lockfile::print(&self.lock);
        let unchanged = self.lock.entries().is_empty() || self.text.as_deref() == Some(&text);
        if !self.has_workspace() || unchanged {
            return Ok(None);
        }
        // What the lock file of wkg says is no reason to have one of ours: where
        // nothing was asked for, all is left to cargo and wkg.
        if self.text.is_none() && self.used.entries().is_empty() {
            return Ok(None);
        }
        let same = |old: &String| {
            let old = lockfile::parse(&self.path, old);
            old.is_ok_and(|old| self.lock.adds_nothing_to(&old))
        };
        if self.text.as_ref().is_some_and(same) {
            return Ok(None);
        }
        if self.mode.is_locked() {
            return Err(must_not_change(&self.path));
        }
        Ok(Some(LockUpdate::new(self.path, self.lock, self.text)))
    }
}
