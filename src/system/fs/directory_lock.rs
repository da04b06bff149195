//! Locks of directories. Whoever reads a file, changes its text and writes it
//! back holds the lock of the file's directory meanwhile, so that of two runs
//! neither undoes what the other did.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use super::destination::resolve_links;
use super::path::parent;

/// The locks of some directories, released when this is dropped.
#[derive(Debug)]
pub struct DirectoryLocks {
    _locks: Vec<Rc<fs::File>>,
}

thread_local! {
    /// The locks that this thread holds, so that it does not wait for itself.
    static HELD_HERE: RefCell<BTreeMap<PathBuf, Weak<fs::File>>> = RefCell::default();
}

/// Locks the directories in which `files` lie, after waiting for whoever holds
/// a lock of one; `waiting` is called once before that. Directories that are
/// not there are created. One that cannot be locked is left out.
///
/// The holder takes no other lock meanwhile, except those of directories further
/// in: otherwise two runs may wait for each other.
pub fn lock_directories_of(files: &[&Path], waiting: impl FnOnce()) -> DirectoryLocks {
    let dirs = files.iter().filter_map(|file| {
        let file = resolve_links(file);
        let dir = parent(&file);
        fs::create_dir_all(dir).ok()?;
        fs::canonicalize(dir).ok()
    });
    // One order for all, in which a directory comes before those in it.
    let dirs: std::collections::BTreeSet<PathBuf> = dirs.collect();
    let mut waiting = Some(waiting);
    let mut locks = Vec::new();
    for dir in dirs {
        let held = HELD_HERE.with_borrow(|held| held.get(&dir).and_then(Weak::upgrade));
        let lock = held.or_else(|| {
            let lock = Rc::new(lock_directory(&dir, || {
                if let Some(waiting) = waiting.take() {
                    waiting();
                }
            })?);
            HELD_HERE.with_borrow_mut(|held| held.insert(dir, Rc::downgrade(&lock)));
            Some(lock)
        });
        locks.extend(lock);
    }
    DirectoryLocks { _locks: locks }
}

fn lock_directory(dir: &Path, waiting: impl FnOnce()) -> Option<fs::File> {
    let file = open_for_lock(dir)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            waiting();
            file.lock().ok()?;
        }
        Err(fs::TryLockError::Error(_)) => return None,
    }
    Some(file)
}

#[cfg(unix)]
fn open_for_lock(dir: &Path) -> Option<fs::File> {
    fs::File::open(dir).ok()
}

/// A directory cannot be locked here: a file with a name made from its path is.
#[cfg(not(unix))]
fn open_for_lock(dir: &Path) -> Option<fs::File> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    dir.hash(&mut hasher);
    let locks = tempfile::env::temp_dir().join("cargo-component-locks");
    fs::create_dir_all(&locks).ok()?;
    let file = locks.join(format!("{:x}", hasher.finish()));
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true).open(file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn another_waits_and_the_same_thread_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        let first = lock_directories_of(&[&file], || panic!("nobody holds it"));
        let again =
            lock_directories_of(&[&file, &dir.path().join("in/g")], || panic!("it is ours"));
        let (send, waits) = channel();
        let thread = std::thread::spawn({
            let file = file.clone();
            move || {
                let _held = lock_directories_of(&[&file], || send.send(()).unwrap());
                fs::read_to_string(&file).unwrap()
            }
        });
        waits.recv().unwrap();
        drop(first);
        fs::write(&file, "written by the first").unwrap();
        drop(again);
        assert_eq!(thread.join().unwrap(), "written by the first");
    }
}
