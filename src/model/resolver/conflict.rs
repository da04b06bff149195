//! The errors for requirements that no version matches.

use semver::Version;

use super::catalog::{AskedRegistry, ListedVersion};
use super::component_requirement::ComponentRequirement;
use super::requirement::Requirement;
use crate::base::error::Error;

/// The highest number of versions that a message lists.
const MAX_LISTED: usize = 8;

/// The requirements of several on one package exclude each other; `need` is the
/// one that was handled last.
pub(super) fn several<'n>(
    need: &'n ComponentRequirement,
    others: impl Iterator<Item = &'n ComponentRequirement>,
    precise: Option<&Version>,
) -> Error {
    let name = &need.origin.name;
    let chain = |need: &ComponentRequirement| {
        let chain = need.chain.join(" -> ");
        format!("{chain} -> {name} {}", need.requirement.version_req)
    };
    let mut chains: Vec<String> = Vec::new();
    for chain in others.chain([need]).map(chain) {
        if !chains.contains(&chain) {
            chains.push(chain);
        }
    }
    let error = Error::input(format!(
        "no release of `{name}` meets all requirements of the components to link"
    ));
    let error = chains
        .into_iter()
        .fold(need.requirement.point_at(error), |error, chain| {
            error.with_cause(chain)
        });
    match precise {
        Some(precise) => error
            .with_cause(format!("`--precise` requires `{precise}`"))
            .hint("use another version with `--precise`, or change the requirement"),
        None => error.hint(
            "change a requirement in Cargo.toml, or use another release of a package that requires it",
        ),
    }
}

/// No version matches. `precise` is the one that the command line chose, and `asked` the
/// registry that has the versions.
pub(super) fn no_match(
    requirement: &Requirement,
    versions: &[ListedVersion],
    precise: Option<&Version>,
    asked: Option<&AskedRegistry>,
) -> Error {
    let package = &requirement.source.package;
    let version_req = &requirement.version_req;
    let matches = |listed: &&ListedVersion| !listed.yanked && version_req.matches(&listed.version);
    if let (Some(precise), Some(other)) = (precise, versions.iter().find(matches)) {
        let error = Error::input(format!(
            "package `{package}` cannot be `{precise}`: the version requirement `{version_req}` does not allow it"
        ));
        return with_requirer(error, requirement).hint(format!(
            "change the requirement, or remove `--precise`: `{}` matches",
            other.version
        ));
    }
    let place = match &requirement.source.registry {
        Some(registry) => format!("registry `{registry}`"),
        None => "its registry".to_owned(),
    };
    let problem = match versions.is_empty() {
        true => format!("package `{package}` was not found in {place}"),
        false => format!(
            "package `{package}` has no release matching version requirement `{version_req}` in {place}"
        ),
    };
    let error = with_registry(with_requirer(Error::input(problem), requirement), asked);
    if versions.is_empty() {
        return error.hint(match asked.and_then(|asked| asked.similar.as_ref()) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => {
                "check the name, and the registry that is configured for its namespace".to_owned()
            }
        });
    }
    let mut sorted: Vec<&ListedVersion> = versions.iter().collect();
    sorted.sort_by(|a, b| b.version.cmp(&a.version));
    let more = sorted.len().saturating_sub(MAX_LISTED);
    let names: Vec<String> = sorted
        .iter()
        .take(MAX_LISTED)
        .map(|listed| version_text(listed))
        .collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} older"),
    };
    let error = error.with_cause(format!(
        "the available releases are {}{more}",
        names.join(", ")
    ));
    let newest = sorted.iter().find(|listed| !listed.yanked);
    match newest {
        Some(newest) => error.hint(format!("require one of them, as in `{}`", newest.version)),
        None => error,
    }
}

/// The network must not be used, and the requirement is not in the lock file.
pub(super) fn not_locked(requirement: &Requirement) -> Error {
    with_requirer(
        Error::input(format!(
            "package `{}` with version requirement `{}` is not locked, and network access is disabled",
            requirement.source.package, requirement.version_req
        )),
        requirement,
    )
    .hint("run the command once without `--offline`")
}

fn with_requirer(error: Error, requirement: &Requirement) -> Error {
    let error = requirement.point_at(error);
    match requirement.required_by.is_empty() {
        true => error,
        false => error.with_cause(format!(
            "required by {}",
            requirement.required_by.join(" -> ")
        )),
    }
}

fn with_registry(error: Error, asked: Option<&AskedRegistry>) -> Error {
    match asked {
        None => error,
        Some(asked) => error
            .with_cause(format!("its registry is {}", asked.location))
            .with_cause(format!("the registry is set in {}", asked.chosen_by)),
    }
}

fn version_text(listed: &ListedVersion) -> String {
    match listed.yanked {
        true => format!("{} (withdrawn)", listed.version),
        false => listed.version.to_string(),
    }
}
