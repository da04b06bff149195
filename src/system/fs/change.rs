//! Files and directories that change together: all of them or none, even where
//! the run that changes them is killed in between.
//!
//! What is new is made aside, in a temporary directory beside what it is to
//! replace. Then a journal there says what is to go where, and what was there
//! before. Only then is anything put in its place, by an exchange where the
//! system can do that, so that nobody sees the place empty. A run that finds a
//! journal whose owner is gone finishes the change, or takes it back where
//! somebody has changed the files since: see [`settle`](super::settle).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::hold;
use super::journal::{Journal, Rename, Step, system};
use super::leftover::Temporary;
use super::state::{ABSENT, of_bytes, state};
use super::{behind_links, parent, write_atomic};
use crate::base::error::{Error, ErrorKind, Result};

/// Files and directories that are to change together.
#[derive(Debug, Default)]
pub struct Change {
    aside: Option<Temporary>,
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
    /// The directory that was made aside.
    Dir,
    /// Nothing.
    Gone,
}

impl Change {
    /// Nothing changes yet.
    pub fn new() -> Self {
        Change::default()
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// A file is to have this text, if it still has the text `old` by then;
    /// none is no file.
    pub fn text(&mut self, path: &Path, old: Option<&str>, new: &str) {
        if old != Some(new) {
            let before = old.map_or(ABSENT.to_owned(), |old| of_bytes(old.as_bytes()));
            self.part(path, before, Content::File(new.into()));
        }
    }

    /// A file is to go, if it still has the text `old` by then.
    pub fn remove_text(&mut self, path: &Path, old: &str) {
        self.part(path, of_bytes(old.as_bytes()), Content::Gone);
    }

    /// A directory is to be replaced by the empty one whose path this is, once
    /// that is filled; what the old one holds now is to be the same by then.
    pub fn dir(&mut self, path: &Path) -> Result<PathBuf> {
        let failed = |e: io::Error| Error::io("read the directory", path, &e);
        let path = behind_links(path);
        let before = state(&path).map_err(failed)?;
        self.part(&path, before, Content::Dir);
        let aside = self.aside()?;
        let number = self.parts.len() - 1;
        let new = self.parts[number].step.fresh(&aside);
        super::create_dir(&new)?;
        Ok(new)
    }

    /// A directory is to go with everything that it holds now.
    pub fn remove_dir(&mut self, path: &Path) -> Result<()> {
        let failed = |e: io::Error| Error::io("read the directory", path, &e);
        let before = state(path).map_err(failed)?;
        if before != ABSENT {
            self.part(path, before, Content::Gone);
        }
        Ok(())
    }

    fn part(&mut self, path: &Path, before: String, content: Content) {
        let step = Step {
            number: self.parts.len(),
            to: behind_links(path),
            before,
            after: ABSENT.to_owned(),
        };
        self.parts.push(Part { step, content });
    }

    /// What is made aside is to lie beside this, and not beside what is named
    /// first. It has to be on the same file system as every directory.
    pub fn beside(&mut self, path: &Path) -> Result<()> {
        if self.aside.is_none() {
            let dir = parent(path);
            super::create_dir(dir)?;
            self.aside = Some(Temporary::new(dir)?);
        }
        Ok(())
    }

    /// The temporary directory.
    fn aside(&mut self) -> Result<PathBuf> {
        if let Some(first) = self.parts.first() {
            self.beside(&first.step.to.clone())?;
        }
        let aside = self.aside.as_ref();
        Ok(aside
            .map(|aside| aside.path().to_owned())
            .unwrap_or_default())
    }

    /// Brings it about: everything, or with an error nothing.
    ///
    /// An error of the kind [`ErrorKind::Changed`] says that a file or directory
    /// is not what it was when the change was thought out: see
    /// [`again`](super::again).
    pub fn commit(self) -> Result<()> {
        self.commit_by(&system)
    }

    fn commit_by(mut self, by: Rename<'_>) -> Result<()> {
        let targets: Vec<PathBuf> = self.parts.iter().map(|p| p.step.to.clone()).collect();
        let targets: Vec<&Path> = targets.iter().map(PathBuf::as_path).collect();
        let _held = hold(&targets, || {});
        for Part { step, .. } in &self.parts {
            let failed = |e: io::Error| Error::io("read", &step.to, &e);
            if state(&step.to).map_err(failed)? != step.before {
                return Err(Error::changed(&step.to));
            }
        }
        if let [Part { step, content }] = self.parts.as_slice()
            && let Content::File(bytes) = content
        {
            return write_atomic(&step.to, bytes);
        }
        self.prepare()?;
        let steps = self.parts.into_iter().map(|part| part.step);
        let steps: Vec<Step> = steps.filter(|step| step.before != step.after).collect();
        let (Some(aside), false) = (self.aside, steps.is_empty()) else {
            return Ok(());
        };
        let journal = Journal::write(aside.path(), steps)?;
        let Err((error, stuck)) = journal.run(by) else {
            // Whoever finds the directory from now on may remove it.
            return journal.close();
        };
        let Some(to) = stuck else {
            journal.close()?;
            return Err(error);
        };
        let place = aside.keep();
        Err(error.hint(format!(
            "the previous content of `{}` is in `{}`; the next run restores it",
            to.display(),
            place.display()
        )))
    }

    /// Makes aside what is not there yet, and notes what everything is to be.
    fn prepare(&mut self) -> Result<()> {
        let aside = self.aside()?;
        for Part { step, content } in &mut self.parts {
            let new = step.fresh(&aside);
            match content {
                Content::Gone => continue,
                Content::Dir => {}
                Content::File(bytes) => {
                    super::create_dir(parent(&step.to))?;
                    let failed = |e: io::Error| Error::io("write", &step.to, &e);
                    fs::write(&new, bytes).map_err(failed)?;
                    if let Ok(old) = fs::metadata(&step.to) {
                        super::refuse_read_only(&step.to, &old)?;
                        fs::set_permissions(&new, old.permissions()).map_err(failed)?;
                    }
                }
            }
            step.after = state(&new).map_err(|e| Error::io("read", &new, &e))?;
        }
        Ok(())
    }
}

/// Does something over again as long as it fails because somebody changed a
/// file that it had read, which is an error of the kind
/// [`ErrorKind::Changed`]. Each time somebody got on, so that it ends; whoever
/// never gets a turn gives up.
pub fn again<T>(mut doing: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 0..100 {
        match doing() {
            Err(error) if error.kind() == ErrorKind::Changed => {}
            done => return done,
        }
    }
    doing()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fs::journal::How;
    use crate::system::fs::{Outcome, list, read_text, read_text_if_exists, settle};

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
        let new = change.dir(&at("wit/deps")).unwrap();
        write_atomic(&new.join("a/p.wit"), b"new").unwrap();
        write_atomic(&new.join("mine"), b"mine").unwrap();
        change.text(&at("lock"), Some("old"), "new");
        change.text(&at("fresh"), None, "new");
        (dir, change)
    }

    /// That everything is as it was before, or as it is to be, and nothing else
    /// is there.
    #[track_caller]
    fn assert_is(dir: &Path, what: &str) {
        let text = |path: &str| read_text_if_exists(&dir.join(path)).unwrap();
        assert_eq!(text("wit/deps/a/p.wit").as_deref(), Some(what));
        assert_eq!(text("wit/deps/mine").as_deref(), Some("mine"));
        assert_eq!(text("lock").as_deref(), Some(what));
        assert_eq!(text("fresh").is_some(), what == "new");
        assert_eq!(list(&dir.join("wit")).unwrap().len(), 1);
    }

    fn no_exchange(how: How, from: &Path, to: &Path) -> io::Result<()> {
        match how {
            How::Exchange => Err(io::ErrorKind::Unsupported.into()),
            How::Move => system(how, from, to),
        }
    }

    #[test]
    fn all_changes_or_nothing_does() {
        let ways: [Rename<'_>; 2] = [&system, &no_exchange];
        for by in ways {
            let (dir, change) = project();
            change.commit_by(by).unwrap();
            assert_is(dir.path(), "new");
            // The calls fail one after the other.
            for failing in 0..4 {
                let (dir, change) = project();
                let count = std::cell::Cell::new(0);
                let fail = |how: How, from: &Path, to: &Path| {
                    count.set(count.get() + 1);
                    match count.get() == failing + 1 {
                        true => Err(io::ErrorKind::PermissionDenied.into()),
                        false => by(how, from, to),
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

    /// Ends the process's part in a change without a word to anybody, as a kill
    /// does: after so many calls nothing happens any more.
    fn killed_after(calls: usize, by: Rename<'_>) -> (tempfile::TempDir, bool) {
        let (dir, change) = project();
        let count = std::cell::Cell::new(0);
        let until = |how: How, from: &Path, to: &Path| match count.get() < calls {
            true => {
                let done = by(how, from, to);
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
        let ways: [Rename<'_>; 2] = [&system, &no_exchange];
        for by in ways {
            for calls in 0.. {
                let (dir, ended) = killed_after(calls, by);
                if ended {
                    assert!(calls >= 3, "{calls}");
                    break;
                }
                // Nothing could be moved back either, so that the journal is there.
                let settled = settle(&dir.path().join("wit"));
                match settled.as_slice() {
                    [one] => assert_eq!(one.outcome, Outcome::Finished, "{calls}"),
                    // It could be taken back at once.
                    [] => {
                        assert_is(dir.path(), "old");
                        continue;
                    }
                    _ => panic!("{settled:?}"),
                }
                assert_is(dir.path(), "new");
            }
        }
    }

    #[test]
    fn a_change_that_broke_off_gives_way_to_whoever_changed_the_files_since() {
        for calls in 1..3 {
            let (dir, _) = killed_after(calls, &system);
            write_atomic(&dir.path().join("lock"), b"mine").unwrap();
            let settled = settle(&dir.path().join("wit"));
            assert_eq!(settled.len(), 1, "{calls}");
            assert_eq!(settled[0].outcome, Outcome::TakenBack);
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
