//! What a new lock file changes.

use std::collections::BTreeMap;

use semver::Version;

use super::{Locked, Lockfile};
use crate::package::PackageRef;

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
    let by_key = |lockfile: &Lockfile| -> BTreeMap<_, Locked> {
        let entries = lockfile.entries().iter();
        entries
            .map(|e| {
                let key = (
                    e.package.clone(),
                    e.registry.clone(),
                    e.requirement.to_string(),
                );
                (key, e.clone())
            })
            .collect()
    };
    let (old, mut new) = (by_key(old), by_key(new));
    let mut changes = Vec::new();
    for (key, before) in old {
        changes.push(match new.remove(&key) {
            None => Change::Removed(before.package, before.version),
            Some(after) if after.version != before.version => {
                Change::Updated(before.package, before.version, after.version)
            }
            Some(after) if after.digest != before.digest => {
                Change::Replaced(before.package, before.version)
            }
            Some(_) => continue,
        });
    }
    changes.extend(
        new.into_values()
            .map(|e| Change::Added(e.package, e.version)),
    );
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
    use crate::package::ContentDigest;

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
