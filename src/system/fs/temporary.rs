//! Temporary files and directories, and what is left of them where the run that
//! made them was killed.
//!
//! Whoever makes one holds its lock, which the system releases when the process
//! ends, however it ends. One that can be locked has no owner any more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::attempts::rename;
use super::reserved_names::{JOURNAL, TEMPORARY, VENDORED};
#[cfg(feature = "lock")]
use crate::base::error::{Error, Result};

/// A temporary file in a directory, whose handle holds its lock.
pub(super) fn temporary_file_in(
    builder: &tempfile::Builder<'_, '_>,
    dir: &Path,
) -> io::Result<tempfile::NamedTempFile> {
    remove_leftovers_once(dir);
    loop {
        // Otherwise what the file becomes would count as temporary.
        #[cfg(windows)]
        let file = builder.make_in(dir, |path| fs::File::create_new(path))?;
        #[cfg(not(windows))]
        let file = builder.tempfile_in(dir)?;
        if lock_new(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
}

/// A temporary directory in another one, with the handle that holds its lock;
/// no handle where directories cannot be locked.
pub(super) fn temporary_dir_in(dir: &Path) -> io::Result<(tempfile::TempDir, Option<fs::File>)> {
    remove_leftovers_once(dir);
    loop {
        let dir = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(dir)?;
        match open_dir(dir.path(), true) {
            Ok(handle) if lock_new(&handle, dir.path()) => return Ok((dir, Some(handle))),
            Ok(_) => {}
            // Another run has removed it as a leftover.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return Ok((dir, None)),
        }
    }
}

/// Locks a file or directory that was just made, and returns whether it is still
/// there: another run may have removed it as a leftover before it had a lock.
fn lock_new(file: &fs::File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => path.exists(),
        Err(fs::TryLockError::WouldBlock) => false,
        // Where nothing can be locked, nothing counts as a leftover.
        Err(fs::TryLockError::Error(_)) => true,
    }
}

/// The lock of a temporary file or directory whose owner has ended; `None`
/// while it runs, or where that cannot be found out.
pub(super) fn lock_if_orphaned(path: &Path) -> Option<fs::File> {
    let file = match path.is_dir() {
        true => open_dir(path, false),
        false => fs::File::open(path),
    };
    let file = file.ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Opens what is locked of a temporary directory. That is a file in it where the system cannot lock
/// a directory; until somebody has made that file, the directory counts as owned.
#[cfg(unix)]
fn open_dir(dir: &Path, _is_new: bool) -> io::Result<fs::File> {
    fs::File::open(dir)
}

#[cfg(not(unix))]
fn open_dir(dir: &Path, is_new: bool) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create_new(is_new);
    options.open(dir.join(super::reserved_names::OWNER))
}

/// Gives a temporary file its final name; a file that had that name is replaced.
///
/// On Windows the handle, and with it the lock, is given up before, since nobody else could read
/// a locked file.
pub(super) fn persist(file: tempfile::NamedTempFile, to: &Path) -> io::Result<()> {
    if cfg!(not(windows)) {
        file.persist(to)?;
        return Ok(());
    }
    let mut temporary = file.into_temp_path();
    rename(&temporary, to)?;
    temporary.disable_cleanup(true);
    Ok(())
}

/// Gives a temporary file its final name, unless there is a file of that name.
#[cfg(feature = "cli")]
pub(super) fn persist_new(file: tempfile::NamedTempFile, to: &Path) -> io::Result<()> {
    if cfg!(windows) {
        // It is unlocked anyway when the handle is closed, but that is later.
        let _ = file.as_file().unlock();
    }
    file.persist_noclobber(to)?;
    Ok(())
}

/// Whether a name is one that temporary files and directories of this tool get.
fn is_temporary_name(name: &str) -> bool {
    let random = name.strip_prefix(TEMPORARY);
    random.is_some_and(|random| {
        name != VENDORED && random.len() == 6 && random.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// The temporary files and directories in a directory whose owners have
/// ended.
#[cfg(feature = "lock")]
pub fn leftovers(dir: &Path) -> Vec<PathBuf> {
    let all = temporaries(dir).into_iter();
    all.filter(|path| lock_if_orphaned(path).is_some())
        .collect()
}

/// The temporary files and directories in a directory, sorted.
pub(super) fn temporaries(dir: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_temporary_name));
    named.map(|entry| entry.path()).collect()
}

/// Removes what killed runs left in a directory, except changes that were under
/// way. What cannot be removed stays.
pub fn remove_leftovers(dir: &Path) {
    for path in temporaries(dir) {
        if let Some(lock) = lock_if_orphaned(&path) {
            remove_leftover(&path, lock);
        }
    }
}

/// Removes a leftover whose lock is held.
pub(super) fn remove_leftover(path: &Path, lock: fs::File) {
    // The file may be in the directory, and what is open stays there on Windows.
    let _lock = Some(lock).filter(|_| cfg!(not(windows)));
    if !path.is_dir() {
        let _ = fs::remove_file(path);
        return;
    }
    // What a change moved out of the way is the user's until the change is
    // finished; earlier versions wrote no journal of it.
    let replaced = path.join("old");
    let is_empty = |dir: &Path| fs::read_dir(dir).is_ok_and(|mut all| all.next().is_none());
    if !path.join(JOURNAL).exists() && (!replaced.exists() || is_empty(&replaced)) {
        let _ = fs::remove_dir_all(path);
    }
}

/// As [`remove_leftovers`], but at most once for each directory in a process.
fn remove_leftovers_once(dir: &Path) {
    static DONE: LazyLock<Mutex<BTreeSet<PathBuf>>> = LazyLock::new(Mutex::default);
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if done.insert(dir.to_owned()) {
        drop(done);
        remove_leftovers(dir);
    }
}

/// A directory that is removed with what is in it when this is dropped.
#[cfg(feature = "lock")]
#[derive(Debug)]
pub struct TemporaryDir {
    // Before the directory, since it may be a file in it.
    _lock: Option<fs::File>,
    dir: tempfile::TempDir,
}

#[cfg(feature = "lock")]
impl TemporaryDir {
    /// Makes a temporary directory in `dir`.
    pub fn new(dir: &Path) -> Result<Self> {
        let (dir, lock) =
            temporary_dir_in(dir).map_err(|e| Error::io("write to the directory", dir, &e))?;
        Ok(TemporaryDir { dir, _lock: lock })
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Stops the removal of the directory, and returns its path.
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_owner_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let own =
            temporary_file_in(tempfile::Builder::new().prefix(TEMPORARY), dir.path()).unwrap();
        let (own_dir, _lock) = temporary_dir_in(dir.path()).unwrap();
        fs::write(at(".cargo-component-abc123"), "left").unwrap();
        fs::create_dir_all(at(".cargo-component-def456/new")).unwrap();
        fs::create_dir_all(at(".cargo-component-ghi789/old/mine")).unwrap();
        #[cfg(not(unix))]
        for left in [".cargo-component-def456", ".cargo-component-ghi789"] {
            open_dir(&at(left), true).unwrap();
        }
        for mine in [VENDORED, ".cargo-component-notes", "mine"] {
            fs::write(at(mine), "mine").unwrap();
        }
        remove_leftovers(dir.path());
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 6, "{left:?}");
        left.retain(|e| {
            e.as_ref()
                .is_ok_and(|e| is_temporary_name(e.file_name().to_str().unwrap()))
        });
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(own.path().exists() && own_dir.path().exists());
        assert!(at(".cargo-component-ghi789/old/mine").exists());
    }
}
