//! Requirements that nothing answers, told in words.

use super::{Listed, Wanted};
use crate::advice::Error;

/// How many versions are listed at most.
const SHOWN: usize = 8;

/// No version fits.
pub(super) fn unanswered(wanted: &Wanted, versions: &[Listed]) -> Error {
    let package = &wanted.source.package;
    let place = match &wanted.source.registry {
        Some(registry) => format!("registry `{registry}`"),
        None => "its registry".to_owned(),
    };
    if versions.is_empty() {
        return asked(
            Error::input(format!("package `{package}` was not found in {place}")),
            wanted,
        )
        .hint("check the name, and that the registry you mean is configured for its namespace");
    }
    let requirement = &wanted.requirement;
    let error = asked(
        Error::input(format!(
            "package `{package}` has no release matching version requirement `{requirement}` in {place}"
        )),
        wanted,
    );
    let mut sorted: Vec<&Listed> = versions.iter().collect();
    sorted.sort_by(|a, b| b.version.cmp(&a.version));
    let more = sorted.len().saturating_sub(SHOWN);
    let names: Vec<String> = sorted
        .iter()
        .take(SHOWN)
        .map(|listed| shown(listed))
        .collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} older"),
    };
    let error = error.because(format!("there are {}{more}", names.join(", ")));
    let near = sorted.iter().find(|listed| !listed.yanked);
    match near {
        Some(near) => error.hint(format!("ask for one of them, as in `{}`", near.version)),
        None => error,
    }
}

/// Nothing may be fetched, and the lock file has no answer.
pub(super) fn not_locked(wanted: &Wanted) -> Error {
    asked(
        Error::input(format!(
            "package `{}` with version requirement `{}` is not locked, and the network must not be used",
            wanted.source.package, wanted.requirement
        )),
        wanted,
    )
    .hint("run the command once without `--offline`")
}

fn asked(error: Error, wanted: &Wanted) -> Error {
    let error = wanted.place(error);
    match wanted.by.is_empty() {
        true => error,
        false => error.because(format!("required by {}", wanted.by.join(" -> "))),
    }
}

fn shown(listed: &Listed) -> String {
    match listed.yanked {
        true => format!("{} (withdrawn)", listed.version),
        false => listed.version.to_string(),
    }
}
