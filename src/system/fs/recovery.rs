//! Recovery from killed runs, with which a run begins: their changes are finished
//! or rolled back, and what else they left is removed.

use std::path::{Path, PathBuf};

use super::directory_lock::lock_directories_of;
use super::journal::{Journal, Recovery};
use super::temporary::{lock_if_orphaned, remove_leftover, temporaries};

/// A change that was interrupted, and what became of it.
#[derive(Clone, Debug)]
pub struct RecoveredChange {
    /// The paths that the change was to replace.
    pub paths: Vec<PathBuf>,
    /// Whether the change was finished or rolled back.
    pub outcome: Recovery,
    /// The staging directory, where it had to stay since somebody else has
    /// changed what the change was to replace.
    pub staging: Option<PathBuf>,
}

impl RecoveredChange {
    /// The verb of the status line, `Finishing` or `Taking back`.
    pub fn verb(&self) -> &'static str {
        match self.outcome {
            Recovery::Finished => "Finishing",
            Recovery::RolledBack => "Reverting",
        }
    }

    /// The text of the status line; `display` makes the text of a path.
    pub fn text(&self, display: impl Fn(&Path) -> String) -> String {
        let paths: Vec<String> = self
            .paths
            .iter()
            .map(|p| format!("`{}`", display(p)))
            .collect();
        let staging = self
            .staging
            .as_ref()
            .map(|path| format!("; files that have changed since are in `{}`", display(path)));
        format!(
            "the change of {} that an interrupted run had started{}",
            paths.join(", "),
            staging.unwrap_or_default()
        )
    }
}

/// Finishes the interrupted changes in a directory or rolls them back, and
/// removes what else killed runs left there. What cannot be recovered stays for a
/// later run.
pub fn recover(dir: &Path) -> Vec<RecoveredChange> {
    let mut all = Vec::new();
    for staging in temporaries(dir) {
        // Locked until it is recovered, so that no other run does the same.
        let Some(lock) = lock_if_orphaned(&staging) else {
            continue;
        };
        let Some(journal) = Journal::read(&staging) else {
            remove_leftover(&staging, lock);
            continue;
        };
        let paths = journal.paths();
        let _locks = lock_directories_of(&paths, || {});
        let Ok(outcome) = journal.recover() else {
            continue;
        };
        let known = journal.holds_only_own_content().unwrap_or_default();
        let closed = journal.close().is_ok();
        all.push(RecoveredChange {
            paths: paths.into_iter().map(Path::to_owned).collect(),
            outcome,
            staging: (!known).then(|| staging.clone()),
        });
        if known && closed {
            remove_leftover(&staging, lock);
        }
    }
    all
}
