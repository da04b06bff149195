//! Requirements that nothing answers, told in words.

use semver::Version;

use super::components::Need;
use super::{Listed, Wanted};
use crate::base::error::Error;

/// How many versions are listed at most.
const SHOWN: usize = 8;

/// What several ask of a package does not go together: `need` is the one that
/// came too late.
pub(super) fn several<'n>(
    need: &'n Need,
    others: impl Iterator<Item = &'n Need>,
    precise: Option<&Version>,
) -> Error {
    let name = &need.origin.name;
    let chain = |need: &Need| {
        let by = need.chain.join(" -> ");
        format!("{by} -> {name} {}", need.wanted.requirement)
    };
    let mut chains: Vec<String> = Vec::new();
    for one in others.chain([need]).map(chain) {
        if !chains.contains(&one) {
            chains.push(one);
        }
    }
    let error = Error::input(format!(
        "no release of `{name}` meets all requirements of the components to link"
    ));
    let error = chains
        .into_iter()
        .fold(need.wanted.place(error), |error, chain| {
            error.because(chain)
        });
    match precise {
        Some(precise) => error
            .because(format!("`--precise` requires `{precise}`"))
            .hint("use another version with `--precise`, or change the requirement"),
        None => error.hint(
            "change a requirement in Cargo.toml, or use another release of a package that requires it",
        ),
    }
}

/// No version fits. `precise` is the one that the command line chose.
pub(super) fn unanswered(wanted: &Wanted, versions: &[Listed], precise: Option<&Version>) -> Error {
    let package = &wanted.source.package;
    let fits = |listed: &&Listed| !listed.yanked && wanted.requirement.matches(&listed.version);
    if let (Some(precise), Some(other)) = (precise, versions.iter().find(fits)) {
        let error = Error::input(format!(
            "package `{package}` cannot be `{precise}`: the version requirement `{}` does not allow it",
            wanted.requirement
        ));
        return asked(error, wanted).hint(format!(
            "change the requirement, or remove `--precise`: `{}` matches",
            other.version
        ));
    }
    let place = match &wanted.source.registry {
        Some(registry) => format!("registry `{registry}`"),
        None => "its registry".to_owned(),
    };
    if versions.is_empty() {
        return asked(
            Error::input(format!("package `{package}` was not found in {place}")),
            wanted,
        )
        .hint("check the name, and the registry that is configured for its namespace");
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
    let error = error.because(format!(
        "the available releases are {}{more}",
        names.join(", ")
    ));
    let near = sorted.iter().find(|listed| !listed.yanked);
    match near {
        Some(near) => error.hint(format!("require one of them, as in `{}`", near.version)),
        None => error,
    }
}

/// Nothing may be fetched, and the lock file has no answer.
pub(super) fn not_locked(wanted: &Wanted) -> Error {
    asked(
        Error::input(format!(
            "package `{}` with version requirement `{}` is not locked, and network access is disabled",
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
