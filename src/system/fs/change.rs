//! Files and directories that change together: all of them or none, even where
//! the run that changes them is killed in between.
//!
//! New content is made in a staging directory, a temporary one beside what it
//! replaces. Then a journal is written there: what goes where, and what was there
//! before. Only then is anything put in its place, by an exchange where the
//! system can do that, so that nobody sees the place empty. A run that finds a
//! journal whose owner has ended finishes the change, or rolls it back where
//! somebody has changed the files since: see [`recover`](super::recovery::recover).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::destination::resolve_links;
use super::directory::create_dir;
use super::directory_lock::lock_directories_of;
use super::journal::{Journal, RenameFn, RunError, Step, system_rename};
use super::path::parent;
use super::state::{ABSENT, of_bytes, state};
use super::temporary::TemporaryDir;
use super::write::{refuse_read_only, write_atomic};
use crate::base::error::{Error, ErrorKind, Result};

/// Files and directories that are to change together.
#[derive(Debug, Default)]
pub struct Change {
    staging: Option<TemporaryDir>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    step: Step,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A file with these bytes.
    File(Vec<u8>),
    /// The directory that was made in the staging directory.
    Dir,
    /// Nothing: the file or directory is removed.
    Removed,
}

impl Change {
    /// A change of nothing, to be added to.
    pub fn new() -> Self {
        Change::default()
    }

    /// Whether the change has no part yet.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds that a file gets the text `new`. Its text must still be `old` at the
    /// commit; `None` is no file.
    pub fn write_text(&mut self, path: &Path, old: Option<&str>, new: &str) {
        if old != Some(new) {
            let before = old.map_or(ABSENT.to_owned(), |old| of_bytes(old.as_bytes()));
            self.add(path, before, Content::File(new.into()));
        }
    }

    /// Adds that a file is removed. Its text must still be `old` at the commit.
    pub fn remove_text(&mut self, path: &Path, old: &str) {
        self.add(path, of_bytes(old.as_bytes()), Content::Removed);
    }

    /// Adds that a directory is replaced by a new one, and returns the path at
    /// which to fill that; it is empty. The old one must still hold at the commit
    /// what it holds now.
    pub fn replace_dir(&mut self, path: &Path) -> Result<PathBuf> {
        let failed = |e: io::Error| Error::io("read the directory", path, &e);
        let path = resolve_links(path);
        let before = state(&path).map_err(failed)?;
        self.add(&path, before, Content::Dir);
        let staging = self.staging()?;
        let number = self.parts.len() - 1;
        let new = self.parts[number].step.new_content(&staging);
        create_dir(&new)?;
        Ok(new)
    }

    /// Adds that a directory is removed. It must still hold at the commit what it
    /// holds now.
    pub fn remove_dir(&mut self, path: &Path) -> Result<()> {
        let failed = |e: io::Error| Error::io("read the directory", path, &e);
        let before = state(path).map_err(failed)?;
        if before != ABSENT {
            self.add(path, before, Content::Removed);
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, before: String, content: Content) {
        let step = Step {
            number: self.parts.len(),
            target: resolve_links(path),
            before,
            after: ABSENT.to_owned(),
        };
        self.parts.push(Part { step, content });
    }

    /// Puts the staging directory beside `path`, not beside the first part. It
    /// has to be on the same file system as every directory of the change.
    pub fn stage_beside(&mut self, path: &Path) -> Result<()> {
        if self.staging.is_none() {
            let dir = parent(path);
            create_dir(dir)?;
            self.staging = Some(TemporaryDir::new(dir)?);
        }
        Ok(())
    }

    /// The path of the staging directory.
    fn staging(&mut self) -> Result<PathBuf> {
        if let Some(first) = self.parts.first() {
            self.stage_beside(&first.step.target.clone())?;
        }
        let staging = self.staging.as_ref();
        Ok(staging
            .map(|staging| staging.path().to_owned())
            .unwrap_or_default())
    }

    /// Makes the whole change, or fails and changes nothing.
    ///
    /// An error of the kind [`ErrorKind::Changed`] says that a file or directory
    /// is not what it was when it was added to the change: see
    /// [`retry_if_changed`].
    pub fn commit(self) -> Result<()> {
        self.commit_by(&system_rename)
    }

    fn commit_by(mut self, rename: RenameFn<'_>) -> Result<()> {
        let targets: Vec<PathBuf> = self.parts.iter().map(|p| p.step.target.clone()).collect();
        let targets: Vec<&Path> = targets.iter().map(PathBuf::as_path).collect();
        let _locks = lock_directories_of(&targets, || {});
        for Part { step, .. } in &self.parts {
            let failed = |e: io::Error| Error::io("read", &step.target, &e);
            if state(&step.target).map_err(failed)? != step.before {
                return Err(Error::changed(&step.target));
            }
        }
        if let [Part { step, content }] = self.parts.as_slice()
            && let Content::File(bytes) = content
        {
            return write_atomic(&step.target, bytes);
        }
        self.prepare()?;
        let steps = self.parts.into_iter().map(|part| part.step);
        let steps: Vec<Step> = steps.filter(|step| step.before != step.after).collect();
        let (Some(staging), false) = (self.staging, steps.is_empty()) else {
            return Ok(());
        };
        let journal = Journal::write(staging.path(), steps)?;
        let Err(RunError {
            error,
            not_restored,
        }) = journal.run(rename)
        else {
            // Whoever finds the directory from now on may remove it.
            return journal.close();
        };
        let Some(target) = not_restored else {
            journal.close()?;
            return Err(error);
        };
        let staging = staging.keep();
        Err(error.hint(format!(
            "the previous content of `{}` is in `{}`; the next run restores it",
            target.display(),
            staging.display()
        )))
    }

    /// Stages the new content of the files, and notes the state that every part
    /// will have.
    fn prepare(&mut self) -> Result<()> {
        let staging = self.staging()?;
        for Part { step, content } in &mut self.parts {
            let new = step.new_content(&staging);
            match content {
                Content::Removed => continue,
                Content::Dir => {}
                Content::File(bytes) => {
                    create_dir(parent(&step.target))?;
                    let failed = |e: io::Error| Error::io("write", &step.target, &e);
                    fs::write(&new, bytes).map_err(failed)?;
                    if let Ok(old) = fs::metadata(&step.target) {
                        refuse_read_only(&step.target, &old)?;
                        fs::set_permissions(&new, old.permissions()).map_err(failed)?;
                    }
                }
            }
            step.after = state(&new).map_err(|e| Error::io("read", &new, &e))?;
        }
        Ok(())
    }
}

/// Repeats `attempt` as long as it fails with [`ErrorKind::Changed`]: somebody
/// changed a file that it had read. Somebody makes progress each time, so it ends;
/// after 100 times the error is returned.
pub fn retry_if_changed<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 0..100 {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Changed => {}
            done => return done,
        }
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::super::directory::list;
    use super::super::journal::{Recovery, RenameMode};
    use super::super::read::{read_text, read_text_if_exists};
    use super::super::recovery::recover;
    use super::*;

    /// A directory with `deps` and a lock file, and the change that brings both
    /// from `old` to `new`.
    fn project() -> (tempfile::TempDir, Change) {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        for (path, text) in [
            ("wit/deps/a/p.wit", "old"),
            ("wit/deps/mine", "mine"),
            ("lock", "old"),
        ] {
            write_atomic(&at(path), text.as_bytes()).unwrap();
        }
        let mut change = Change::new();
        let new = change.replace_dir(&at("wit/deps")).unwrap();
        write_atomic(&new.join("a/p.wit"), b"new").unwrap();
        write_atomic(&new.join("mine"), b"mine").unwrap();
        change.write_text(&at("lock"), Some("old"), "new");
        change.write_text(&at("fresh"), None, "new");
        (dir, change)
    }

    /// Asserts that everything has its old or its new content, and that nothing
    /// else is there.
    #[track_caller]
    fn assert_is(dir: &Path, what: &str) {
        let text = |path: &str| read_text_if_exists(&dir.join(path)).unwrap();
        assert_eq!(text("wit/deps/a/p.wit").as_deref(), Some(what));
        assert_eq!(text("wit/deps/mine").as_deref(), Some("mine"));
        assert_eq!(text("lock").as_deref(), Some(what));
        assert_eq!(text("fresh").is_some(), what == "new");
        assert_eq!(list(&dir.join("wit")).unwrap().len(), 1);
    }

    fn no_exchange(mode: RenameMode, from: &Path, to: &Path) -> io::Result<()> {
        match mode {
            RenameMode::Exchange => Err(io::ErrorKind::Unsupported.into()),
            RenameMode::Move => system_rename(mode, from, to),
        }
    }

    #[test]
    fn all_changes_or_nothing_does() {
        let renames: [RenameFn<'_>; 2] = [&system_rename, &no_exchange];
        for rename in renames {
            let (dir, change) = project();
            change.commit_by(rename).unwrap();
            assert_is(dir.path(), "new");
            // The calls fail one after the other.
            for failing in 0..4 {
                let (dir, change) = project();
                let count = std::cell::Cell::new(0);
                let fail = |mode: RenameMode, from: &Path, to: &Path| {
                    count.set(count.get() + 1);
                    match count.get() == failing + 1 {
                        true => Err(io::ErrorKind::PermissionDenied.into()),
                        false => rename(mode, from, to),
                    }
                };
                let error = change.commit_by(&fail).unwrap_err();
                assert_is(dir.path(), "old");
                assert!(error.advice().is_none(), "{error}");
            }
        }
    }

    #[test]
    fn what_somebody_else_changed_is_kept() {
        for path in ["lock", "wit/deps/mine", "fresh"] {
            let (dir, change) = project();
            write_atomic(&dir.path().join(path), b"other").unwrap();
            let error = change.commit().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
            assert_eq!(read_text(&dir.path().join(path)).unwrap(), "other");
        }
    }

    /// Interrupts a change as a kill does: after so many calls every call fails.
    fn killed_after(calls: usize, rename: RenameFn<'_>) -> (tempfile::TempDir, bool) {
        let (dir, change) = project();
        let count = std::cell::Cell::new(0);
        let until = |mode: RenameMode, from: &Path, to: &Path| match count.get() < calls {
            true => {
                let done = rename(mode, from, to);
                count.set(count.get() + usize::from(done.is_ok()));
                done
            }
            false => Err(io::ErrorKind::Interrupted.into()),
        };
        let ended = change.commit_by(&until).is_ok();
        (dir, ended)
    }

    #[test]
    fn a_change_that_broke_off_is_finished_or_taken_back() {
        let renames: [RenameFn<'_>; 2] = [&system_rename, &no_exchange];
        for rename in renames {
            for calls in 0.. {
                let (dir, ended) = killed_after(calls, rename);
                if ended {
                    assert!(calls >= 3, "{calls}");
                    break;
                }
                // Nothing could be moved back either, so that the journal is there.
                let recovered = recover(&dir.path().join("wit"));
                match recovered.as_slice() {
                    [one] => assert_eq!(one.outcome, Recovery::Finished, "{calls}"),
                    // It could be taken back at once.
                    [] => {
                        assert_is(dir.path(), "old");
                        continue;
                    }
                    _ => panic!("{recovered:?}"),
                }
                assert_is(dir.path(), "new");
            }
        }
    }

    #[test]
    fn a_change_that_broke_off_gives_way_to_whoever_changed_the_files_since() {
        for calls in 1..3 {
            let (dir, _) = killed_after(calls, &system_rename);
            write_atomic(&dir.path().join("lock"), b"mine").unwrap();
            let recovered = recover(&dir.path().join("wit"));
            assert_eq!(recovered.len(), 1, "{calls}");
            assert_eq!(recovered[0].outcome, Recovery::RolledBack);
            assert_eq!(read_text(&dir.path().join("lock")).unwrap(), "mine");
            assert_eq!(
                read_text(&dir.path().join("wit/deps/a/p.wit")).unwrap(),
                "old"
            );
            assert_eq!(
                read_text(&dir.path().join("wit/deps/mine")).unwrap(),
                "mine"
            );
            assert_eq!(list(&dir.path().join("wit")).unwrap().len(), 1);
        }
    }
}
