//! References without a version: `include wasi:cli/command` takes the version
//! of `wasi:cli` that is at hand.

use wit_parser::{IndexMap, PackageName};

use super::diagnose::Texts;
use super::load::{Group, Rank};
use crate::advice::{Error, Result};

/// Gives every reference to another package that has no version the version
/// of the strongest source that has the package. A package that itself has no
/// version is referred to as it is.
pub(super) fn complete_versions(groups: &mut [Group], texts: &Texts) -> Result<()> {
    let known: Vec<(Rank, PackageName)> = groups
        .iter()
        .flat_map(|group| group.packages().map(|p| (group.rank, p.name.clone())))
        .collect();
    for group in groups {
        for package in group.packages_mut() {
            let user = package.name.clone();
            let unversioned = |name: &PackageName| {
                name.version.is_none() && !known.iter().any(|(_, known)| known == name)
            };
            if !package.foreign_deps.keys().any(unversioned) {
                continue;
            }
            let mut completed = IndexMap::default();
            for (name, items) in std::mem::take(&mut package.foreign_deps) {
                let name = match unversioned(&name) {
                    true => choose(&known, name, &user, texts)?,
                    false => name,
                };
                if completed.contains_key(&name) {
                    return Err(Error::input(format!(
                        "the package `{user}` refers to `{name}` both with and without its version"
                    ))
                    .hint(format!("write `@{}` in all places", version(&name))));
                }
                completed.insert(name, items);
            }
            package.foreign_deps = completed;
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

/// The version of `wanted` to take; `wanted` itself where there is none, for
/// the error that then follows.
fn choose(
    known: &[(Rank, PackageName)],
    wanted: PackageName,
    user: &PackageName,
    texts: &Texts,
) -> Result<PackageName> {
    let found: Vec<_> = known
        .iter()
        .filter(|(_, k)| k.namespace == wanted.namespace && k.name == wanted.name)
        .collect();
    let Some(strongest) = found.iter().map(|(rank, _)| *rank).min() else {
        return Ok(wanted);
    };
    let mut best = found.iter().filter(|(rank, _)| *rank == strongest);
    match (best.next(), best.next()) {
        (Some((_, one)), None) => Ok(one.clone()),
        _ => {
            let versions: Vec<String> = found.iter().map(|(_, k)| format!("`{k}`")).collect();
            let error = Error::input(format!(
                "the package `{user}` refers to `{wanted}` without a version, and there are several"
            ))
            .because(format!("known are {}", versions.join(", ")))
            .hint(format!("write the version, as in `{}`", found[0].1));
            Err(match texts.find(&wanted.to_string()) {
                Some(excerpt) => error.at(excerpt),
                None => error,
            })
        }
    }
}
