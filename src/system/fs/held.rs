//! Who reads a file, changes what it read and writes it back holds the lock of
//! the file's directory, so that of two runs that do so neither undoes what the
//! other did.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use super::{behind_links, parent};

/// Keeps others from changing files, until it is dropped.
#[derive(Debug)]
pub struct Held {
    _locks: Vec<Rc<fs::File>>,
}

thread_local! {
    /// What this thread holds, so that it does not wait for itself.
    static OWN: RefCell<BTreeMap<PathBuf, Weak<fs::File>>> = RefCell::default();
}

/// Waits until nobody else changes files that lie in the directories of
/// `files`, and keeps others waiting; `waiting` is told once if another does.
/// Directories that are not there are made. Where they cannot be locked,
/// nothing is held.
///
/// Who holds them takes no other lock meanwhile but more of these, of
/// directories further in: otherwise two runs may wait for each other.
pub fn hold(files: &[&Path], waiting: impl FnOnce()) -> Held {
    let dirs = files.iter().filter_map(|file| {
        let file = behind_links(file);
        let dir = parent(&file);
        fs::create_dir_all(dir).ok()?;
        fs::canonicalize(dir).ok()
    });
    // One order for all, in which a directory comes before those in it.
    let dirs: std::collections::BTreeSet<PathBuf> = dirs.collect();
    let mut waiting = Some(waiting);
    let mut locks = Vec::new();
    for dir in dirs {
        let own = OWN.with_borrow(|own| own.get(&dir).and_then(Weak::upgrade));
        let lock = own.or_else(|| {
            let lock = Rc::new(locked(&dir, || {
                if let Some(waiting) = waiting.take() {
                    waiting();
                }
            })?);
            OWN.with_borrow_mut(|own| own.insert(dir, Rc::downgrade(&lock)));
            Some(lock)
        });
        locks.extend(lock);
    }
    Held { _locks: locks }
}

fn locked(dir: &Path, waiting: impl FnOnce()) -> Option<fs::File> {
    let file = handle(dir)?;
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
fn handle(dir: &Path) -> Option<fs::File> {
    fs::File::open(dir).ok()
}

/// A directory cannot be locked: a file that is named after it stands for it.
#[cfg(not(unix))]
fn handle(dir: &Path) -> Option<fs::File> {
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
        let first = hold(&[&file], || panic!("nobody holds it"));
        let again = hold(&[&file, &dir.path().join("in/g")], || panic!("it is ours"));
        let (send, told) = channel();
        let thread = std::thread::spawn({
            let file = file.clone();
            move || {
                let _held = hold(&[&file], || send.send(()).unwrap());
                fs::read_to_string(&file).unwrap()
            }
        });
        told.recv().unwrap();
        drop(first);
        fs::write(&file, "written by the first").unwrap();
        drop(again);
        assert_eq!(thread.join().unwrap(), "written by the first");
    }
}
