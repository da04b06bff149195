//! What a run does first about those that were killed: it finishes their
//! changes or takes them back, and removes what else they left.

use std::path::{Path, PathBuf};

use super::hold;
use super::journal::{Journal, Outcome};
use super::leftover::{orphaned, remove, temporaries};

/// A change that broke off, and what became of it.
#[derive(Clone, Debug)]
pub struct Settled {
    /// What it was about.
    pub paths: Vec<PathBuf>,
    /// How it ended.
    pub outcome: Outcome,
    /// What of it had to stay beside, since somebody else changed it.
    pub stays: Option<PathBuf>,
}

impl Settled {
    /// What was done, in one word.
    pub fn verb(&self) -> &'static str {
        match self.outcome {
            Outcome::Finished => "Finishing",
            Outcome::TakenBack => "Reverting",
        }
    }

    /// What it was done to, and why; `shown` is how a path is shown.
    pub fn text(&self, shown: impl Fn(&Path) -> String) -> String {
        let paths: Vec<String> = self
            .paths
            .iter()
            .map(|p| format!("`{}`", shown(p)))
            .collect();
        let stays = self
            .stays
            .as_ref()
            .map(|path| format!("; files that have changed since are in `{}`", shown(path)));
        format!(
            "the change of {} that an interrupted run had started{}",
            paths.join(", "),
            stays.unwrap_or_default()
        )
    }
}

/// Settles the changes that broke off in a directory, and removes what else
/// killed runs left there. What cannot be settled stays for a later run.
pub fn settle(dir: &Path) -> Vec<Settled> {
    let mut all = Vec::new();
    for aside in temporaries(dir) {
        // Held until it is settled, so that no other run does the same.
        let Some(_lock) = orphaned(&aside) else {
            continue;
        };
        let Some(journal) = Journal::read(&aside) else {
            remove(&aside);
            continue;
        };
        let paths = journal.paths();
        let _held = hold(&paths, || {});
        let Ok(outcome) = journal.settle() else {
            continue;
        };
        let known = journal.is_all_known().unwrap_or_default();
        let closed = journal.close().is_ok();
        all.push(Settled {
            paths: paths.into_iter().map(Path::to_owned).collect(),
            outcome,
            stays: (!known).then(|| aside.clone()),
        });
        if known && closed {
            remove(&aside);
        }
    }
    all
}
