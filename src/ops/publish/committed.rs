//! What is published has to be in git, where the packages are in a repository.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;

/// What is done with changes that are not committed to git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UncommittedChanges {
    /// They are an error.
    Refuse,
    /// They are published as they are, whatever git says.
    Allow,
}

/// The number of files that the error names.
const MAX_LISTED: usize = 10;

/// Refuses changes below the directories of packages that are not committed, and files that
/// git does not know and does not ignore. `excluded` are directories in them that
/// belong to others. A directory in no repository is accepted, and so is any if there
/// is no git.
pub(super) fn refuse_uncommitted(
    ctx: &Context,
    dirs: &[PathBuf],
    excluded: &[PathBuf],
) -> Result<()> {
    let mut changed: Vec<String> = Vec::new();
    for dir in dirs.iter().filter(|dir| is_in_repository(dir)) {
        let files = uncommitted(ctx, dir, excluded).into_iter();
        changed.extend(
            files
                .filter(|file| !changed.contains(file))
                .collect::<Vec<_>>(),
        );
    }
    if changed.is_empty() {
        return Ok(());
    }
    let (files, contain) = match changed.len() {
        1 => ("1 file".to_owned(), "contains"),
        many => (format!("{many} files"), "contain"),
    };
    let listed: Vec<String> = changed
        .iter()
        .take(MAX_LISTED)
        .map(|file| format!("`{file}`"))
        .collect();
    let more = match changed.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(Error::input(format!(
        "{files} in the working directory {contain} changes that were not yet committed into git"
    ))
    .with_cause(format!("changed: {}{more}", listed.join(", ")))
    .hint("commit the changes, or publish them anyway with `--allow-dirty`"))
}

fn is_in_repository(dir: &Path) -> bool {
    dir.ancestors().any(|dir| fs::exists(&dir.join(".git")))
}

/// The changed files below a directory, as git names them; none where git fails.
fn uncommitted(ctx: &Context, dir: &Path, excluded: &[PathBuf]) -> Vec<String> {
    let mut command = Invocation::new("git")
        // It writes nothing, and starts no program that the repository names.
        .args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-C"])
        .arg(dir)
        .args(["status", "--porcelain", "-z", "--no-renames"])
        .args(["--untracked-files=all", "--", "."]);
    for other in excluded {
        if let Ok(inner) = other.strip_prefix(dir)
            && !inner.as_os_str().is_empty()
        {
            command = command.arg(format!(":(exclude){}", inner.display()));
        }
    }
    match ctx.exec.output(&command) {
        Ok(output) if output.code == 0 => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            // Two letters for what changed, a space, and the path.
            let files = text.split('\0').filter_map(|line| line.get(3..));
            files.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
