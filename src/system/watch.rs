//! The one door to the notifications of the system about files that change.
//!
//! A [`Watcher`] collects them for a moment and hands them over in batches. Whether a file
//! really has another content is for its user to find out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::fs;
use crate::base::error::{Error, ErrorKind, Result};

/// A batch ends when nothing has changed for so long.
const QUIET: Duration = Duration::from_millis(100);
/// How long a batch may become if something changes all the time.
const LONGEST: Duration = Duration::from_secs(2);

/// What changed since the batch before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The files and directories that were created, written, renamed or removed.
    pub paths: BTreeSet<PathBuf>,
    /// Whether the system has lost changes, so that there may be more than these.
    pub incomplete: bool,
}

/// The directories that are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchScope {
    /// Directories with all that is below them, except what [`is_left_out`] and `excluded`.
    pub trees: BTreeSet<PathBuf>,
    /// Directories of which only the entries are watched.
    pub directories: BTreeSet<PathBuf>,
    /// Files and directories that are left out of the trees.
    pub excluded: BTreeSet<PathBuf>,
}

impl WatchScope {
    /// The directories to watch, each with whether all below it is watched, too. The
    /// directories in a tree are watched one by one, so that those that are left out, such
    /// as the target directory, cost nothing.
    fn watches(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let mut watches = Vec::new();
        for tree in &self.trees {
            watches.push((tree.clone(), RecursiveMode::NonRecursive));
            let entries = fs::list(tree).unwrap_or_default().into_iter();
            let below = entries.filter(|entry| {
                let is_excluded = self.excluded.iter().any(|path| entry.starts_with(path));
                fs::is_dir(entry) && !is_excluded && !is_left_out(entry)
            });
            watches.extend(below.map(|dir| (dir, RecursiveMode::Recursive)));
        }
        let directories = self.directories.difference(&self.trees);
        watches.extend(directories.map(|dir| (dir.clone(), RecursiveMode::NonRecursive)));
        watches
    }
}

/// Whether a file or directory in a tree is left out: a hidden one, such as `.git`, a file
/// that an editor writes for itself, and a directory of caches, which every target directory
/// of cargo is by its `CACHEDIR.TAG`.
pub fn is_left_out(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_editor = name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
        || [".swp", ".swx", ".tmp"]
            .iter()
            .any(|end| name.ends_with(end));
    name.starts_with('.') || of_editor || fs::exists(&path.join("CACHEDIR.TAG"))
}

/// Watches directories until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    system: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Watcher {
    /// A watcher that calls `on_change` with each batch, in a thread of its own. It watches
    /// nothing before [`Watcher::watch`].
    pub fn start(on_change: impl Fn(Changes) + Send + 'static) -> Result<Self> {
        let (sender, received) = mpsc::channel();
        let on_event = move |event| {
            if let Some(changes) = changes_of(event) {
                // Nobody receives it once the thread has ended.
                let _ = sender.send(changes);
            }
        };
        let system = notify::recommended_watcher(on_event)
            .map_err(|e| failed("failed to watch files for changes", &e))?;
        let thread = std::thread::Builder::new().name("changes".to_owned());
        thread
            .spawn(move || collect(&received, QUIET, LONGEST, &on_change))
            .map_err(|e| Error::unsupported("failed to watch files for changes").with_cause(e))?;
        Ok(Watcher {
            system,
            watched: BTreeSet::new(),
        })
    }

    /// Watches what is in the scope and is not watched yet. `changed` are the paths of the
    /// last batch: a directory among them may be another one of the same name.
    pub fn watch(&mut self, scope: &WatchScope, changed: &BTreeSet<PathBuf>) -> Result<()> {
        self.watched.retain(|dir| !changed.contains(dir));
        for (dir, mode) in scope.watches() {
            if self.watched.contains(&dir) || !fs::is_dir(&dir) {
                continue;
            }
            match self.system.watch(&dir, mode) {
                Ok(()) => drop(self.watched.insert(dir)),
                // It has just been removed.
                Err(_) if !fs::exists(&dir) => {}
                Err(e) => {
                    let text = format!("failed to watch `{}` for changes", dir.display());
                    return Err(failed(&text, &e));
                }
            }
        }
        Ok(())
    }
}

/// The error for what the system does not watch.
fn failed(text: &str, cause: &notify::Error) -> Error {
    let error = Error::new(ErrorKind::Io, text).with_cause(cause);
    match cause.kind {
        notify::ErrorKind::MaxFilesWatch => {
            error.hint("raise the limit of the system, on Linux `fs.inotify.max_user_watches`")
        }
        _ => error,
    }
}

/// What an event of the system says about changes; `None` if a file was only read.
fn changes_of(event: notify::Result<Event>) -> Option<Changes> {
    let Ok(event) = event else {
        return Some(Changes {
            incomplete: true,
            ..Changes::default()
        });
    };
    let incomplete = event.need_rescan();
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Other => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
    };
    (is_change || incomplete).then(|| Changes {
        paths: event.paths.into_iter().collect(),
        incomplete,
    })
}

/// Joins changes to batches until the sender is dropped. A batch ends after a time without
/// changes, or when it has become too long.
fn collect(
    received: &mpsc::Receiver<Changes>,
    quiet: Duration,
    longest: Duration,
    on_change: &dyn Fn(Changes),
) {
    while let Ok(mut batch) = received.recv() {
        let start = Instant::now();
        let left = || quiet.min(longest.saturating_sub(start.elapsed()));
        while let Ok(more) = received.recv_timeout(left()) {
            batch.paths.extend(more.paths);
            batch.incomplete |= more.incomplete;
            if start.elapsed() >= longest {
                break;
            }
        }
        on_change(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(path: &str) -> Changes {
        Changes {
            paths: BTreeSet::from([PathBuf::from(path)]),
            incomplete: false,
        }
    }

    #[test]
    fn many_changes_become_one_batch() {
        let (sender, received) = mpsc::channel();
        for path in ["a", "b", "a"] {
            sender.send(changes(path)).unwrap();
        }
        drop(sender);
        let (batches, collected) = mpsc::channel();
        let on_change = |batch: Changes| batches.send(batch.paths.len()).unwrap();
        collect(&received, Duration::MAX, Duration::MAX, &on_change);
        drop(batches);
        assert_eq!(collected.iter().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_batch_ends_although_the_changes_do_not() {
        let (sender, received) = mpsc::channel();
        for path in ["a", "b", "c"] {
            sender.send(changes(path)).unwrap();
        }
        drop(sender);
        let (batches, collected) = mpsc::channel();
        let on_change = |batch: Changes| batches.send(batch.paths.len()).unwrap();
        collect(&received, Duration::MAX, Duration::ZERO, &on_change);
        drop(batches);
        assert!(collected.iter().count() > 1);
    }

    #[test]
    fn what_is_left_out_is_not_watched() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for file in ["src/lib.rs", ".git/HEAD", "built/CACHEDIR.TAG", "out/x"] {
            let path = root.join(file);
            fs::create_dir(fs::parent(&path)).unwrap();
            fs::write_atomic(&path, b"").unwrap();
        }
        let scope = WatchScope {
            trees: BTreeSet::from([root.to_owned()]),
            directories: BTreeSet::from([root.to_owned()]),
            excluded: BTreeSet::from([root.join("out")]),
        };
        assert_eq!(
            scope.watches(),
            [
                (root.to_owned(), RecursiveMode::NonRecursive),
                (root.join("src"), RecursiveMode::Recursive),
            ]
        );
        for name in ["lib.rs~", "#lib.rs#", ".lib.rs.swp", "x.tmp"] {
            assert!(is_left_out(&root.join(name)), "{name}");
        }
        assert!(!is_left_out(&root.join("lib.rs")));
    }

    #[test]
    #[cfg_attr(windows, ignore = "wine does not tell of all changes")]
    fn a_directory_that_is_made_again_is_watched_again() {
        let dir = tempfile::tempdir().unwrap();
        let (root, sub) = (dir.path().to_owned(), dir.path().join("sub"));
        let file = sub.join("file");
        let (batches, received) = mpsc::channel();
        let mut watcher = Watcher::start(move |changes| {
            let _ = batches.send(changes);
        })
        .unwrap();
        let scope = WatchScope {
            trees: BTreeSet::from([root]),
            ..WatchScope::default()
        };
        watcher.watch(&scope, &BTreeSet::new()).unwrap();
        let until = |path: &Path| {
            let mut paths = received.iter().map(|changes: Changes| changes.paths);
            paths.find(|paths| paths.contains(path)).unwrap()
        };
        for _ in 0..2 {
            fs::create_dir(&sub).unwrap();
            let created = until(&sub);
            watcher.watch(&scope, &created).unwrap();
            fs::write_atomic(&file, b"text").unwrap();
            until(&file);
            fs::remove_all(&sub).unwrap();
            until(&sub);
        }
    }
}
