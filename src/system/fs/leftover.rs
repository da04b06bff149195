//! Temporary files and directories, and what is left of them where the run that
//! made them was killed.
//!
//! Who makes one holds its lock, which the system gives up when the process
//! ends, however it ends. What can be locked has no owner any more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::{TEMPORARY, VENDORED};
#[cfg(feature = "lock")]
use crate::base::error::{Error, Result};

/// A temporary file in a directory, which keeps its lock.
pub(super) fn file_in(
    builder: &tempfile::Builder<'_, '_>,
    dir: &Path,
) -> io::Result<tempfile::NamedTempFile> {
    clean_once(dir);
    loop {
        let file = builder.tempfile_in(dir)?;
        if is_kept(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
}

/// A temporary directory in another one, with the handle that keeps its lock;
/// no handle where directories cannot be locked.
pub(super) fn dir_in(dir: &Path) -> io::Result<(tempfile::TempDir, Option<fs::File>)> {
    clean_once(dir);
    loop {
        let made = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(dir)?;
        match fs::File::open(made.path()) {
            Ok(handle) if is_kept(&handle, made.path()) => return Ok((made, Some(handle))),
            Ok(_) => {}
            // Another run has taken it for a leftover.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return Ok((made, None)),
        }
    }
}

/// Locks what was just made; whether it is there still, since another run may
/// have taken it for a leftover before it had a lock.
fn is_kept(file: &fs::File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => path.exists(),
        Err(fs::TryLockError::WouldBlock) => false,
        // Where nothing can be locked, nothing is taken for a leftover.
        Err(fs::TryLockError::Error(_)) => true,
    }
}

/// The lock of a temporary file or directory whose owner is gone; `None` while
/// it is there, or cannot be known.
pub(super) fn orphaned(path: &Path) -> Option<fs::File> {
    let file = fs::File::open(path).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Whether a name is one that temporary files and directories get.
fn is_name(name: &str) -> bool {
    let random = name.strip_prefix(TEMPORARY);
    random.is_some_and(|random| {
        name != VENDORED && random.len() == 6 && random.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// The temporary files and directories in a directory whose owners are gone.
#[cfg(feature = "lock")]
pub fn leftovers(dir: &Path) -> Vec<PathBuf> {
    let all = temporaries(dir).into_iter();
    all.filter(|path| orphaned(path).is_some()).collect()
}

/// The temporary files and directories in a directory, sorted.
pub(super) fn temporaries(dir: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_name));
    named.map(|entry| entry.path()).collect()
}

/// Removes what is left of killed runs in a directory, but for changes that
/// were under way. What cannot be removed stays.
pub fn clean(dir: &Path) {
    for path in temporaries(dir) {
        if let Some(_lock) = orphaned(&path) {
            remove(&path);
        }
    }
}

/// Removes a leftover whose lock is held.
pub(super) fn remove(path: &Path) {
    if !path.is_dir() {
        let _ = fs::remove_file(path);
        return;
    }
    // What a change put aside is the user's until it is finished; earlier
    // versions kept no journal of it.
    let aside = path.join("old");
    let is_empty = |dir: &Path| fs::read_dir(dir).is_ok_and(|mut all| all.next().is_none());
    if !path.join(super::JOURNAL).exists() && (!aside.exists() || is_empty(&aside)) {
        let _ = fs::remove_dir_all(path);
    }
}

/// As [`clean`], once for each directory in the life of the process.
fn clean_once(dir: &Path) {
    static CLEANED: LazyLock<Mutex<BTreeSet<PathBuf>>> = LazyLock::new(Mutex::default);
    let mut cleaned = CLEANED.lock().unwrap_or_else(PoisonError::into_inner);
    if cleaned.insert(dir.to_owned()) {
        drop(cleaned);
        clean(dir);
    }
}

/// A directory that is removed with what is in it when this is dropped.
#[cfg(feature = "lock")]
#[derive(Debug)]
pub struct Temporary {
    dir: tempfile::TempDir,
    _lock: Option<fs::File>,
}

#[cfg(feature = "lock")]
impl Temporary {
    /// One in `dir`.
    pub fn new(dir: &Path) -> Result<Self> {
        let (dir, lock) = dir_in(dir).map_err(|e| Error::io("write to the directory", dir, &e))?;
        Ok(Temporary { dir, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where it is and stays.
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_owner_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let own = file_in(tempfile::Builder::new().prefix(TEMPORARY), dir.path()).unwrap();
        let (own_dir, _lock) = dir_in(dir.path()).unwrap();
        fs::write(at(".cargo-component-abc123"), "left").unwrap();
        fs::create_dir_all(at(".cargo-component-def456/new")).unwrap();
        fs::create_dir_all(at(".cargo-component-ghi789/old/mine")).unwrap();
        for mine in [VENDORED, ".cargo-component-notes", "mine"] {
            fs::write(at(mine), "mine").unwrap();
        }
        clean(dir.path());
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 6, "{left:?}");
        left.retain(|e| {
            e.as_ref()
                .is_ok_and(|e| is_name(e.file_name().to_str().unwrap()))
        });
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(own.path().exists() && own_dir.path().exists());
        assert!(at(".cargo-component-ghi789/old/mine").exists());
    }
}
