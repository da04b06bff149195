//! The journal of a change that is under way, and its steps: each puts one new
//! file or directory in the place of an old one, and can be rolled back.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::attempts;
use super::path::parent;
use super::reserved_names::{JOURNAL, TEMPORARY};
use super::state::{ABSENT, state};
use super::temporary::{persist, temporary_file_in};
use crate::base::error::{Error, Result};

/// One file or directory that is replaced. Its new and its old content lie in
/// the staging directory under names made from its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The number that tells it from the other steps.
    pub number: usize,
    /// The path whose content is replaced.
    pub target: PathBuf,
    /// The state of the path before the step.
    pub before: String,
    /// The state of the path after the step.
    pub after: String,
}

/// How a file or directory gets another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RenameMode {
    /// It takes the other name; a file that had that name is removed.
    Move,
    /// The two exchange their names.
    Exchange,
}

/// The function that renames: that of the system, or one of a test.
pub(super) type RenameFn<'r> = &'r dyn Fn(RenameMode, &Path, &Path) -> io::Result<()>;

/// Renames with the calls of the system.
pub(super) fn system_rename(mode: RenameMode, from: &Path, to: &Path) -> io::Result<()> {
    match mode {
        RenameMode::Move => attempts::rename(from, to),
        RenameMode::Exchange => exchange(from, to),
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

/// How far a step got before its change was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepStatus {
    /// The new content is in its place.
    Done,
    /// The old content is in its place, or staged with nothing in its place, and
    /// the new content is ready.
    Pending,
    /// Somebody else has changed the path since.
    Conflict,
}

impl Step {
    /// The path in the staging directory at which the new content is made.
    pub fn new_content(&self, staging: &Path) -> PathBuf {
        staging.join(format!("new-{}", self.number))
    }

    fn old_content(&self, staging: &Path) -> PathBuf {
        staging.join(format!("old-{}", self.number))
    }

    /// Puts the new content in its place, where the old content is or nothing.
    fn run(&self, staging: &Path, rename: RenameFn<'_>) -> io::Result<()> {
        let (new, old) = (self.new_content(staging), self.old_content(staging));
        let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
        if self.after == ABSENT {
            return rename(RenameMode::Move, &self.target, &old);
        }
        if !is_there(&self.target) {
            return move_to(&new, &self.target, rename);
        }
        match rename(RenameMode::Exchange, &new, &self.target) {
            Ok(()) => rename(RenameMode::Move, &new, &old),
            Err(e) if !is_unsupported(&e) => Err(e),
            Err(_) if is_file(&self.target) && is_file(&new) => {
                fs::copy(&self.target, &old)?;
                move_to(&new, &self.target, rename)
            }
            Err(_) => {
                rename(RenameMode::Move, &self.target, &old)?;
                rename(RenameMode::Move, &new, &self.target)
            }
        }
    }

    /// Puts the old content back, if it is not where it was.
    fn undo(&self, staging: &Path, rename: RenameFn<'_>) -> io::Result<()> {
        let (new, old) = (self.new_content(staging), self.old_content(staging));
        let current = state(&self.target)?;
        // The run may have been killed right after an exchange.
        let mut replaced = None;
        for path in [new.clone(), old] {
            let found = state(&path)?;
            if found != ABSENT && found != self.after {
                replaced = Some(path);
            }
        }
        let Some(old) = replaced else {
            return match self.before == ABSENT && current == self.after {
                true => move_to(&self.target, &new, rename),
                false => Ok(()),
            };
        };
        if current == self.before {
            return Ok(());
        }
        if current == ABSENT {
            return move_to(&old, &self.target, rename);
        }
        match rename(RenameMode::Exchange, &old, &self.target) {
            Err(e) if !is_unsupported(&e) => Err(e),
            Err(_) if is_file(&self.target) && is_file(&old) => move_to(&old, &self.target, rename),
            Err(_) => {
                rename(RenameMode::Move, &self.target, &new)?;
                rename(RenameMode::Move, &old, &self.target)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether the content that was replaced is the expected one.
    fn replaced_expected(&self, staging: &Path) -> io::Result<bool> {
        Ok(state(&self.old_content(staging))? == self.before)
    }

    fn status(&self, staging: &Path) -> io::Result<StepStatus> {
        let current = state(&self.target)?;
        if current == self.after {
            return Ok(StepStatus::Done);
        }
        let ready = self.after == ABSENT || state(&self.new_content(staging))? == self.after;
        let untouched = current == self.before
            || (current == ABSENT && state(&self.old_content(staging))? == self.before);
        Ok(match ready && untouched {
            true => StepStatus::Pending,
            false => StepStatus::Conflict,
        })
    }
}

/// Whether the system, or this file system, cannot exchange two names.
fn is_unsupported(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, InvalidInput, Unsupported};
    matches!(error.kind(), CrossesDevices | InvalidInput | Unsupported)
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// Moves a file or directory; a file even to another file system.
fn move_to(from: &Path, to: &Path, rename: RenameFn<'_>) -> io::Result<()> {
    match rename(RenameMode::Move, from, to) {
        Err(e) if e.kind() == io::ErrorKind::CrossesDevices && is_file(from) => {
            let mut copy =
                temporary_file_in(tempfile::Builder::new().prefix(TEMPORARY), parent(to))?;
            io::copy(&mut fs::File::open(from)?, copy.as_file_mut())?;
            copy.as_file()
                .set_permissions(fs::metadata(from)?.permissions())?;
            persist(copy, to)?;
            fs::remove_file(from)
        }
        done => done,
    }
}

/// The name of a journal whose change has ended.
const DONE: &str = "done";

/// Why a change was not made.
#[derive(Debug)]
pub(super) struct RunError {
    /// The error of the step that failed.
    pub error: Error,
    /// A path whose old content could not be put back, if there is one.
    pub not_restored: Option<PathBuf>,
}

/// The steps of a change, as they are written down in its staging directory.
#[derive(Debug)]
pub(super) struct Journal {
    staging: PathBuf,
    steps: Vec<Step>,
}

/// RenameMode a change that broke off was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Every path has its new content.
    Finished,
    /// Every path has its old content, except those that somebody else changed
    /// since.
    RolledBack,
}

impl Journal {
    /// Writes down the steps of a change whose new content is ready.
    pub fn write(staging: &Path, steps: Vec<Step>) -> Result<Self> {
        let path = staging.join(JOURNAL);
        let failed = |e: io::Error| Error::io("write", &path, &e);
        let mut bytes = b"1".to_vec();
        for step in &steps {
            for field in [&step.number.to_string(), &step.before, &step.after] {
                bytes.push(0);
                bytes.extend(field.as_bytes());
            }
            bytes.push(0);
            bytes.extend(
                std::path::absolute(&step.target)
                    .map_err(failed)?
                    .as_os_str()
                    .as_encoded_bytes(),
            );
        }
        let draft = staging.join("draft");
        fs::write(&draft, bytes).map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)?;
        Ok(Journal {
            staging: staging.to_owned(),
            steps,
        })
    }

    /// Reads the journal of a staging directory; `None` if there is none, or it
    /// cannot be read.
    pub fn read(staging: &Path) -> Option<Self> {
        let bytes = fs::read(staging.join(JOURNAL)).ok()?;
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
                target: path(fields.get(3)?)?,
            })
        };
        let steps = fields.chunks(4).map(step).collect::<Option<Vec<_>>>()?;
        Some(Journal {
            staging: staging.to_owned(),
            steps,
        })
    }

    /// The paths whose content is replaced.
    pub fn paths(&self) -> Vec<&Path> {
        self.steps
            .iter()
            .map(|step| step.target.as_path())
            .collect()
    }

    /// Takes every step, or none and returns the error.
    pub fn run(&self, rename: RenameFn<'_>) -> Result<(), RunError> {
        for (number, step) in self.steps.iter().enumerate() {
            let failed = |e: io::Error| Error::io("replace", &step.target, &e);
            let done = step.run(&self.staging, rename).map_err(failed);
            // Somebody may have written just before.
            let checked = done.and_then(|()| match step.replaced_expected(&self.staging) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Error::changed(&step.target)),
                Err(e) => Err(failed(e)),
            });
            let Err(error) = checked else { continue };
            for step in self.steps[..=number].iter().rev() {
                if step.undo(&self.staging, rename).is_err() {
                    return Err(RunError {
                        error,
                        not_restored: Some(step.target.clone()),
                    });
                }
            }
            return Err(RunError {
                error,
                not_restored: None,
            });
        }
        Ok(())
    }

    /// Finishes an interrupted change, or rolls it back.
    pub fn recover(&self) -> io::Result<Recovery> {
        let mut statuses = Vec::new();
        for step in &self.steps {
            statuses.push((step, step.status(&self.staging)?));
        }
        if statuses
            .iter()
            .all(|(_, status)| *status != StepStatus::Conflict)
        {
            for (step, status) in statuses {
                if status == StepStatus::Pending {
                    step.run(&self.staging, &system_rename)?;
                }
            }
            return Ok(Recovery::Finished);
        }
        for (step, status) in statuses.into_iter().rev() {
            if status != StepStatus::Conflict {
                step.undo(&self.staging, &system_rename)?;
            }
        }
        Ok(Recovery::RolledBack)
    }

    /// Whether the staging directory holds nothing but old and new content of
    /// the change.
    pub fn holds_only_own_content(&self) -> io::Result<bool> {
        for step in &self.steps {
            for path in [
                step.new_content(&self.staging),
                step.old_content(&self.staging),
            ] {
                let found = state(&path)?;
                if ![ABSENT, &*step.before, &*step.after].contains(&&*found) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Marks the change as ended: nothing in the staging directory is needed any
    /// more.
    pub fn close(&self) -> Result<()> {
        let path = self.staging.join(JOURNAL);
        let closed = fs::rename(&path, self.staging.join(DONE));
        closed.map_err(|e| Error::io("write", &path, &e))
    }
}

/// The path that these bytes of a journal stand for.
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
