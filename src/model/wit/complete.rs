//! References without a version: `include wasi:cli/command` takes the version
//! of `wasi:cli` that is at hand.

use wit_parser::{IndexMap, PackageName};

use super::diagnose::{SourceTexts, at};
use super::group::{Group, Rank};
use super::request::{PinnedVersion, effective_name};
use crate::base::error::{Error, Result};

/// Gives every reference to another package that has no version the version
/// that was `chosen`, or else that of the strongest source that has the
/// package. A package that itself has no version is referred to as it is. A
/// version that is `pinned` gets the one that was decided on.
pub(super) fn complete_versions(
    groups: &mut [Group],
    chosen: &[PackageName],
    pinned: &[PinnedVersion],
    texts: &SourceTexts,
) -> Result<()> {
    let known: Vec<(Rank, PackageName)> = groups
        .iter()
        .flat_map(|group| group.packages().map(|p| (group.rank, p.name.clone())))
        .collect();
    let unversioned = |name: &PackageName| {
        name.version.is_none() && !known.iter().any(|(_, known)| known == name)
    };
    for group in groups {
        let mut completed = Vec::new();
        for package in group.packages() {
            let mut deps = IndexMap::default();
            for (name, items) in &package.foreign_deps {
                let full = match unversioned(name) {
                    true => choose(&known, chosen, name)
                        .map_err(|e| at(e, texts.reference(group, name)))?,
                    false => effective_name(pinned, name),
                };
                if deps.insert(full.clone(), items.clone()).is_some() {
                    let ways = match package.foreign_deps.keys().any(unversioned) {
                        true => "both with and without its version",
                        false => "by several versions that are all replaced by this one",
                    };
                    let error = Error::input(format!(
                        "the package `{}` refers to `{full}` {ways}",
                        package.name
                    ))
                    .hint(format!("use `@{}` everywhere", version(&full)));
                    return Err(at(error, texts.reference(group, name)));
                }
            }
            completed.push(deps);
        }
        for (package, deps) in group.packages_mut().zip(completed) {
            package.foreign_deps = deps;
        }
    }
    Ok(())
}

fn version(name: &PackageName) -> String {
    name.version
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The name with the version to use; the name itself where there is none, for
/// the error that then follows.
fn choose(
    known: &[(Rank, PackageName)],
    chosen: &[PackageName],
    reference: &PackageName,
) -> Result<PackageName> {
    let same =
        |name: &PackageName| name.namespace == reference.namespace && name.name == reference.name;
    let found: Vec<_> = known.iter().filter(|(_, name)| same(name)).collect();
    let Some(strongest) = found.iter().map(|(rank, _)| *rank).min() else {
        return Ok(reference.clone());
    };
    if strongest > Rank::Override
        && let Some(name) = chosen.iter().find(|name| same(name))
    {
        return Ok(name.clone());
    }
    let mut best = found.iter().filter(|(rank, _)| *rank == strongest);
    match (best.next(), best.next()) {
        (Some((_, name)), None) => Ok(name.clone()),
        _ => {
            let versions: Vec<String> = found.iter().map(|(_, k)| format!("`{k}`")).collect();
            Err(Error::input(format!(
                "`{reference}` is used without a version, but there are several versions"
            ))
            .with_cause(format!("the known versions are {}", versions.join(", ")))
            .hint(format!("add the version, as in `{}`", found[0].1)))
        }
    }
}
