//! Files that at most one run holds the lock of.

use std::fs;
#[cfg(feature = "cli")]
use std::io;
use std::path::Path;

use super::path::parent;
#[cfg(feature = "cli")]
use crate::base::error::{Error, Result};

/// The exclusive lock of a file, released when this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: fs::File,
}

/// Locks a file, which is created if it is not there; `waiting` is called if
/// another process holds the lock. `None` where the file cannot be created or
/// locked: the lock only spares two runs doing the same work.
pub fn lock(path: &Path, waiting: impl FnOnce()) -> Option<Lock> {
    fs::create_dir_all(parent(path)).ok()?;
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).append(true).open(path).ok()?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            waiting();
            file.lock().ok()?;
        }
        Err(fs::TryLockError::Error(_)) => return None,
    }
    Some(Lock { _file: file })
}

/// As [`lock`], but without waiting: `None` while another holds it.
#[cfg(feature = "cli")]
pub fn lock_if_free(path: &Path) -> Result<Option<Lock>> {
    let failed = |e: io::Error| Error::io("lock", path, &e);
    fs::create_dir_all(parent(path)).map_err(failed)?;
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).append(true).open(path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) => Err(failed(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/lock");
        let first = lock(&path, || panic!("nobody holds it")).unwrap();
        let second = std::thread::spawn({
            let path = path.clone();
            let (send, waits) = std::sync::mpsc::channel();
            let thread = move || lock(&path, || send.send(()).unwrap()).is_some();
            let thread = std::thread::spawn(thread);
            waits.recv().unwrap();
            move || thread.join().unwrap()
        });
        #[cfg(feature = "cli")]
        assert!(lock_if_free(&path).unwrap().is_none());
        drop(first);
        assert!(second.join().unwrap());
        #[cfg(feature = "cli")]
        assert!(lock_if_free(&path).unwrap().is_some());
    }
}
