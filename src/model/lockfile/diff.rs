//! What a new lock file changes.

use semver::Version;

use super::{Locked, Lockfile};
use crate::base::package::PackageRef;

/// One difference between two lock files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A version that was not locked.
    Added(PackageRef, Version),
    /// A version that is locked no more.
    Removed(PackageRef, Version),
    /// Another version for the same requirement.
    Updated(PackageRef, Version, Version),
    /// The same version with other bytes.
    Replaced(PackageRef, Version),
}

/// The differences from `old` to `new`, by package.
pub fn diff(old: &Lockfile, new: &Lockfile) -> Vec<Change> {
    let mut new: Vec<&Locked> = new.entries().iter().collect();
    let mut changes = Vec::new();
    for before in old.entries() {
        // What was locked without an address may have got one.
        let same = |after: &&Locked| after.is_of_same(before);
        let exact = new.iter().position(same);
        let place = exact.or_else(|| {
            let gained = |after: &&Locked| {
                let either = before.address.is_none() || after.address.is_none();
                either && after.answers_as(before)
            };
            new.iter().position(gained)
        });
        let (package, version) = (before.package.clone(), before.version.clone());
        changes.push(match place.map(|at| new.remove(at)) {
            None => Change::Removed(package, version),
            Some(after) if after.version != version => {
                Change::Updated(package, version, after.version.clone())
            }
            Some(after) if after.digest != before.digest => Change::Replaced(package, version),
            Some(_) => continue,
        });
    }
    let added = new.into_iter();
    changes.extend(added.map(|e| Change::Added(e.package.clone(), e.version.clone())));
    changes.sort_by(|a, b| a.package().cmp(b.package()));
    changes
}

impl Change {
    /// The package.
    pub fn package(&self) -> &PackageRef {
        match self {
            Change::Added(package, _)
            | Change::Removed(package, _)
            | Change::Updated(package, ..)
            | Change::Replaced(package, _) => package,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::package::ContentDigest;

    fn lockfile(entries: &[(&str, &str, &str)]) -> Lockfile {
        let mut lockfile = Lockfile::default();
        for (package, requirement, version) in entries {
            lockfile.insert(Locked {
                package: package.parse().unwrap(),
                registry: None,
                requirement: requirement.parse().unwrap(),
                version: version.trim_end_matches('!').parse().unwrap(),
                digest: ContentDigest::of(version.as_bytes()),
                source: None,
                address: None,
            });
        }
        lockfile
    }

    #[test]
    fn every_difference_is_told_once() {
        let old = lockfile(&[
            ("a:a", "1", "1.0.0"),
            ("a:b", "1", "1.0.0"),
            ("a:c", "1", "1.0.0"),
            ("a:e", "1", "1.0.0"),
        ]);
        let new = lockfile(&[
            ("a:a", "1", "1.0.0"),
            ("a:b", "1", "1.1.0"),
            ("a:d", "1", "1.0.0"),
            ("a:e", "1", "1.0.0!"),
        ]);
        let version = |v: &str| v.parse::<Version>().unwrap();
        let package = |p: &str| p.parse::<PackageRef>().unwrap();
        assert_eq!(
            diff(&old, &new),
            [
                Change::Updated(package("a:b"), version("1.0.0"), version("1.1.0")),
                Change::Removed(package("a:c"), version("1.0.0")),
                Change::Added(package("a:d"), version("1.0.0")),
                Change::Replaced(package("a:e"), version("1.0.0")),
            ]
        );
        assert!(diff(&new, &new).is_empty());
    }
}
