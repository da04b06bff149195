//! The packages of WIT that a world needs. BrokenSource packages that it does not need
//! are ignored.

use std::collections::BTreeSet;
use std::path::PathBuf;

use wit_parser::{PackageName, UnresolvedPackage};

use super::entry::TextFile;
use super::group::{Group, Rank};
use crate::base::error::{Error, Result};

/// Files of a package that could not be parsed.
pub(super) struct BrokenSource {
    /// The packages they seem to be of, `namespace:name`; none where no header was
    /// found.
    names: BTreeSet<String>,
    /// The directory or file they are from.
    path: PathBuf,
    error: Error,
}

impl BrokenSource {
    pub fn new(path: PathBuf, files: &[TextFile], error: Error) -> Self {
        let names = files.iter().flat_map(|file| headers(&file.text)).collect();
        BrokenSource { names, path, error }
    }

    fn is_of(&self, name: &PackageName) -> bool {
        self.names.is_empty() || self.names.contains(&plain(name))
    }
}

/// The names behind `package` at the start of lines.
fn headers(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("package ")?;
        let end = rest.find([';', '@', '{', ' ']).unwrap_or(rest.len());
        Some(rest[..end].replace('%', ""))
    })
}

fn plain(name: &PackageName) -> String {
    format!("{}:{}", name.namespace, name.name)
}

/// Fails with the error of broken files that the world needs: those of a package
/// that a needed package refers to and no other source has.
pub(super) fn refuse_broken(groups: &[Group], broken: Vec<BrokenSource>) -> Result<()> {
    if broken.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<String> = groups
        .iter()
        .flat_map(Group::packages)
        .map(|package| plain(&package.name))
        .collect();
    let needed = groups.iter().zip(are_needed(groups));
    let needed = needed.filter(|(_, needed)| *needed);
    let named = needed.flat_map(|(group, _)| group.packages());
    let missing: Vec<&PackageName> = named
        .flat_map(|package| package.foreign_deps.keys())
        .filter(|name| !known.contains(&plain(name)))
        .collect();
    let mut broken: Vec<BrokenSource> = broken
        .into_iter()
        .filter(|broken| missing.iter().any(|name| broken.is_of(name)))
        .collect();
    broken.sort_by(|a, b| a.path.cmp(&b.path));
    match broken.into_iter().next() {
        Some(broken) => Err(broken.error),
        None => Ok(()),
    }
}

/// The groups with packages that the project's own WIT refers to, directly or
/// through others, in their order.
pub(super) fn needed(groups: Vec<Group>) -> Vec<Group> {
    let needed = are_needed(&groups);
    let all = groups.into_iter().zip(needed);
    all.filter(|(_, needed)| *needed)
        .map(|(group, _)| group)
        .collect()
}

/// Whether each of the groups is needed.
fn are_needed(groups: &[Group]) -> Vec<bool> {
    let name = |package: &UnresolvedPackage| plain(&package.name);
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut needed: Vec<bool> = groups.iter().map(|g| g.rank <= Rank::Override).collect();
    loop {
        for (group, _) in groups.iter().zip(&needed).filter(|(_, needed)| **needed) {
            let named = group.packages().flat_map(|p| p.foreign_deps.keys());
            names.extend(named.map(plain));
        }
        let mut changed = false;
        for (group, needed) in groups.iter().zip(&mut needed).filter(|(_, n)| !**n) {
            *needed = group.packages().any(|p| names.contains(&name(p)));
            changed |= *needed;
        }
        if !changed {
            return needed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_from_what_cannot_be_parsed() {
        let of = |text: &str| headers(text).collect::<Vec<_>>();
        assert_eq!(of("// a\npackage a:b@1.0.0;\nx y z"), ["a:b"]);
        assert_eq!(of("  package %use:c {\n}\npackage d:e;"), ["use:c", "d:e"]);
        assert_eq!(of("packages are here"), [""; 0]);
    }
}
