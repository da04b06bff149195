//! Which packages of WIT a world needs. What lies beside it and is broken
//! stops nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use wit_parser::{PackageName, UnresolvedPackage};

use super::entry::TextFile;
use super::group::{Group, Rank};
use crate::base::error::{Error, Result};

/// Files of a package that could not be parsed.
pub(super) struct Broken {
    /// The packages they seem to be of, `namespace:name`; none where nothing
    /// says so.
    names: BTreeSet<String>,
    /// Where they lie.
    path: PathBuf,
    error: Error,
}

impl Broken {
    pub fn new(path: PathBuf, files: &[TextFile], error: Error) -> Self {
        let names = files.iter().flat_map(|file| headers(&file.text)).collect();
        Broken { names, path, error }
    }

    fn is_of(&self, name: &PackageName) -> bool {
        self.names.is_empty() || self.names.contains(&plain(name))
    }
}

/// The names behind `package` at the start of a line.
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

/// Fails with the error of broken files that the world needs: those of a
/// package that something it needs names, and nothing else has.
pub(super) fn refuse_broken(groups: &[Group], broken: Vec<Broken>) -> Result<()> {
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
    let mut broken: Vec<Broken> = broken
        .into_iter()
        .filter(|broken| missing.iter().any(|name| broken.is_of(name)))
        .collect();
    broken.sort_by(|a, b| a.path.cmp(&b.path));
    match broken.into_iter().next() {
        Some(broken) => Err(broken.error),
        None => Ok(()),
    }
}

/// The groups with a package that the project's own WIT names, or what it
/// names does; in their order.
pub(super) fn needed(groups: Vec<Group>) -> Vec<Group> {
    let taken = are_needed(&groups);
    let all = groups.into_iter().zip(taken);
    all.filter(|(_, taken)| *taken)
        .map(|(group, _)| group)
        .collect()
}

/// Whether each of the groups is needed.
fn are_needed(groups: &[Group]) -> Vec<bool> {
    let name = |package: &UnresolvedPackage| plain(&package.name);
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut taken: Vec<bool> = groups.iter().map(|g| g.rank <= Rank::Override).collect();
    loop {
        for (group, _) in groups.iter().zip(&taken).filter(|(_, taken)| **taken) {
            let named = group.packages().flat_map(|p| p.foreign_deps.keys());
            names.extend(named.map(plain));
        }
        let mut changed = false;
        for (group, taken) in groups.iter().zip(&mut taken).filter(|(_, taken)| !**taken) {
            *taken = group.packages().any(|p| names.contains(&name(p)));
            changed |= *taken;
        }
        if !changed {
            return taken;
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
