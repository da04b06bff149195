//! The journal of a change that is under way, and its steps: each puts one new
//! thing in the place of an old one, and can be taken back.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::state::{ABSENT, state};
use super::{JOURNAL, parent};
use crate::base::error::{Error, Result};

/// One thing that is replaced; its new and its old content lie aside by its
/// number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Tells it from the others.
    pub number: usize,
    /// What is replaced.
    pub to: PathBuf,
    /// The state it was in.
    pub before: String,
    /// The state it is to be in.
    pub after: String,
}

/// How something gets another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The other name becomes one of it, and whatever file had that is gone.
    Move,
    /// The two change names.
    Exchange,
}

/// What renames; the system, or what a test puts in its place.
pub(super) type Rename<'r> = &'r dyn Fn(How, &Path, &Path) -> io::Result<()>;

/// Renames.
pub(super) fn system(how: How, from: &Path, to: &Path) -> io::Result<()> {
    match how {
        How::Move => fs::rename(from, to),
        How::Exchange => exchange(from, to),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What is true of a step of a change that broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The new thing is in its place.
    Done,
    /// The old one is there, or aside with nothing in its place, and the new
    /// one is ready.
    Open,
    /// Neither: somebody else was there.
    Lost,
}

impl Step {
    /// Where the new thing is made.
    pub fn fresh(&self, aside: &Path) -> PathBuf {
        aside.join(format!("new-{}", self.number))
    }

    fn old(&self, aside: &Path) -> PathBuf {
        aside.join(format!("old-{}", self.number))
    }

    /// Puts the new thing in its place, where the old one is or nothing.
    fn run(&self, aside: &Path, by: Rename<'_>) -> io::Result<()> {
        let (new, old) = (self.fresh(aside), self.old(aside));
        let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
        if self.after == ABSENT {
            return by(How::Move, &self.to, &old);
        }
        if !is_there(&self.to) {
            return moved(&new, &self.to, by);
        }
        match by(How::Exchange, &new, &self.to) {
            Ok(()) => by(How::Move, &new, &old),
            Err(e) if !is_unknown(&e) => Err(e),
            Err(_) if is_file(&self.to) && is_file(&new) => {
                fs::copy(&self.to, &old)?;
                moved(&new, &self.to, by)
            }
            Err(_) => {
                by(How::Move, &self.to, &old)?;
                by(How::Move, &new, &self.to)
            }
        }
    }

    /// Puts the old thing back, if it is not where it was.
    fn undo(&self, aside: &Path, by: Rename<'_>) -> io::Result<()> {
        let (new, old) = (self.fresh(aside), self.old(aside));
        let there = state(&self.to)?;
        // It may have broken off right behind an exchange.
        let mut replaced = None;
        for path in [new.clone(), old] {
            let found = state(&path)?;
            if found != ABSENT && found != self.after {
                replaced = Some(path);
            }
        }
        let Some(old) = replaced else {
            return match self.before == ABSENT && there == self.after {
                true => moved(&self.to, &new, by),
                false => Ok(()),
            };
        };
        if there == self.before {
            return Ok(());
        }
        if there == ABSENT {
            return moved(&old, &self.to, by);
        }
        match by(How::Exchange, &old, &self.to) {
            Err(e) if !is_unknown(&e) => Err(e),
            Err(_) if is_file(&self.to) && is_file(&old) => moved(&old, &self.to, by),
            Err(_) => {
                by(How::Move, &self.to, &new)?;
                by(How::Move, &old, &self.to)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether what was replaced is what was to be replaced.
    fn replaced_right(&self, aside: &Path) -> io::Result<bool> {
        Ok(state(&self.old(aside))? == self.before)
    }

    fn standing(&self, aside: &Path) -> io::Result<Standing> {
        let there = state(&self.to)?;
        if there == self.after {
            return Ok(Standing::Done);
        }
        let ready = self.after == ABSENT || state(&self.fresh(aside))? == self.after;
        let untouched =
            there == self.before || (there == ABSENT && state(&self.old(aside))? == self.before);
        Ok(match ready && untouched {
            true => Standing::Open,
            false => Standing::Lost,
        })
    }
}

/// Whether the system, or this file system, knows no exchange.
fn is_unknown(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, InvalidInput, Unsupported};
    matches!(error.kind(), CrossesDevices | InvalidInput | Unsupported)
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// Moves a file or directory; a file also to another file system.
fn moved(from: &Path, to: &Path, by: Rename<'_>) -> io::Result<()> {
    match by(How::Move, from, to) {
        Err(e) if e.kind() == io::ErrorKind::CrossesDevices && is_file(from) => {
            let mut copy = super::leftover::file_in(
                tempfile::Builder::new().prefix(super::TEMPORARY),
                parent(to),
            )?;
            io::copy(&mut fs::File::open(from)?, copy.as_file_mut())?;
            copy.as_file()
                .set_permissions(fs::metadata(from)?.permissions())?;
            copy.persist(to).map_err(|e| e.error)?;
            fs::remove_file(from)
        }
        done => done,
    }
}

/// The name of a journal whose change is over.
const DONE: &str = "done";

/// The steps of a change, as they are written down in the directory where its
/// new things are made.
#[derive(Debug)]
pub(super) struct Journal {
    aside: PathBuf,
    steps: Vec<Step>,
}

/// How a change that broke off was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is new.
    Finished,
    /// All is as it was before, but for what somebody else changed since.
    TakenBack,
}

impl Journal {
    /// Writes down the steps of a change whose new things are ready.
    pub fn write(aside: &Path, steps: Vec<Step>) -> Result<Self> {
        let path = aside.join(JOURNAL);
        let failed = |e: io::Error| Error::io("write", &path, &e);
        let mut bytes = b"1".to_vec();
        for step in &steps {
            for field in [&step.number.to_string(), &step.before, &step.after] {
                bytes.push(0);
                bytes.extend(field.as_bytes());
            }
            bytes.push(0);
            bytes.extend(
                std::path::absolute(&step.to)
                    .map_err(failed)?
                    .as_os_str()
                    .as_encoded_bytes(),
            );
        }
        let draft = aside.join("draft");
        fs::write(&draft, bytes).map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)?;
        Ok(Journal {
            aside: aside.to_owned(),
            steps,
        })
    }

    /// Reads one; `None` if there is none, or it cannot be read.
    pub fn read(aside: &Path) -> Option<Self> {
        let bytes = fs::read(aside.join(JOURNAL)).ok()?;
        let mut fields = bytes.split(|byte| *byte == 0);
        if fields.next()? != b"1" {
            return None;
        }
        let fields: Vec<&[u8]> = fields.collect();
        let text = |field: &[u8]| String::from_utf8(field.to_vec()).ok();
        let step = |fields: &[&[u8]]| {
            Some(Step {
                number: text(fields.first()?)?.parse().ok()?,
                before: text(fields.get(1)?)?,
                after: text(fields.get(2)?)?,
                to: path(fields.get(3)?)?,
            })
        };
        let steps = fields.chunks(4).map(step).collect::<Option<Vec<_>>>()?;
        Some(Journal {
            aside: aside.to_owned(),
            steps,
        })
    }

    /// What is replaced.
    pub fn paths(&self) -> Vec<&Path> {
        self.steps.iter().map(|step| step.to.as_path()).collect()
    }

    /// Takes every step, or with an error none; beside it what could not even
    /// be put back.
    pub fn run(&self, by: Rename<'_>) -> Result<(), (Error, Option<PathBuf>)> {
        for (number, step) in self.steps.iter().enumerate() {
            let failed = |e: io::Error| Error::io("replace", &step.to, &e);
            let done = step.run(&self.aside, by).map_err(failed);
            // Somebody may have written in the last moment.
            let right = done.and_then(|()| match step.replaced_right(&self.aside) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Error::changed(&step.to)),
                Err(e) => Err(failed(e)),
            });
            let Err(error) = right else { continue };
            for step in self.steps[..=number].iter().rev() {
                if step.undo(&self.aside, by).is_err() {
                    return Err((error, Some(step.to.clone())));
                }
            }
            return Err((error, None));
        }
        Ok(())
    }

    /// Finishes a change that broke off, or takes it back.
    pub fn settle(&self) -> io::Result<Outcome> {
        let mut standings = Vec::new();
        for step in &self.steps {
            standings.push((step, step.standing(&self.aside)?));
        }
        if standings
            .iter()
            .all(|(_, standing)| *standing != Standing::Lost)
        {
            for (step, standing) in standings {
                if standing == Standing::Open {
                    step.run(&self.aside, &system)?;
                }
            }
            return Ok(Outcome::Finished);
        }
        for (step, standing) in standings.into_iter().rev() {
            if standing != Standing::Lost {
                step.undo(&self.aside, &system)?;
            }
        }
        Ok(Outcome::TakenBack)
    }

    /// Whether nothing lies aside but what the change put or took there.
    pub fn is_all_known(&self) -> io::Result<bool> {
        for step in &self.steps {
            for path in [step.fresh(&self.aside), step.old(&self.aside)] {
                let found = state(&path)?;
                if ![ABSENT, &*step.before, &*step.after].contains(&&*found) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// From now on nothing of the change is needed any more.
    pub fn close(&self) -> Result<()> {
        let path = self.aside.join(JOURNAL);
        let closed = fs::rename(&path, self.aside.join(DONE));
        closed.map_err(|e| Error::io("write", &path, &e))
    }
}

/// A path by the bytes it was written with.
#[cfg(unix)]
fn path(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(PathBuf::from(OsString::from_vec(bytes.to_vec())))
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> Option<PathBuf> {
    Some(PathBuf::from(OsString::from(
        String::from_utf8(bytes.to_vec()).ok()?,
    )))
}
