//! The differences between two lock files.

use semver::Version;

use super::entries::{Locked, Lockfile};
use crate::base::package::PackageRef;
use crate::model::capabilities::HostImports;

/// One difference between two lock files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockChange {
    /// A version was added that was not locked before.
    Added(PackageRef, Version),
    /// A version was removed that was locked before.
    Removed(PackageRef, Version),
    /// A requirement was resolved to another version: the old and the new one.
    Updated(PackageRef, Version, Version),
    /// A version has another digest than before.
    Replaced(PackageRef, Version),
}

/// The differences from `old` to `new`, by package.
pub fn diff(old: &Lockfile, new: &Lockfile) -> Vec<LockChange> {
    let mut new: Vec<&Locked> = new.entries().iter().collect();
    let mut changes = Vec::new();
    for before in old.entries() {
        // An entry without an address may have been given one.
        let same = |after: &&Locked| after.has_same_requirement_and_address(before);
        let exact = new.iter().position(same);
        let position = exact.or_else(|| {
            let without_address = |after: &&Locked| {
                let either = before.address.is_none() || after.address.is_none();
                either && after.has_same_requirement(before)
            };
            new.iter().position(without_address)
        });
        let (package, version) = (before.package.clone(), before.version.clone());
        changes.push(match position.map(|index| new.remove(index)) {
            None => LockChange::Removed(package, version),
            Some(after) if after.version != version => {
                LockChange::Updated(package, version, after.version.clone())
            }
            Some(after) if after.digest != before.digest => LockChange::Replaced(package, version),
            Some(_) => continue,
        });
    }
    let added = new.into_iter();
    changes.extend(added.map(|e| LockChange::Added(e.package.clone(), e.version.clone())));
    changes.sort_by(|a, b| a.package().cmp(b.package()));
    changes
}

impl LockChange {
    /// The release that is locked after the change; none where one was removed.
    pub fn release(&self) -> Option<(&PackageRef, &Version)> {
        match self {
            LockChange::Removed(..) => None,
            LockChange::Added(package, version)
            | LockChange::Updated(package, _, version)
            | LockChange::Replaced(package, version) => Some((package, version)),
        }
    }

    /// The package of the changed entry.
    pub fn package(&self) -> &PackageRef {
        match self {
            LockChange::Added(package, _)
            | LockChange::Removed(package, _)
            | LockChange::Updated(package, ..)
            | LockChange::Replaced(package, _) => package,
        }
    }
}

/// What a release imports that a lock file did not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportChange {
    /// The package of the release.
    pub package: PackageRef,
    /// The version of the release.
    pub version: Version,
    /// What the locked releases of the package imported before; none if there were none,
    /// or if that is not known.
    pub before: Option<HostImports>,
    /// What the release imports.
    pub now: HostImports,
}

/// What the components of `new` import that are not in `old`, by package.
pub fn import_changes(old: &Lockfile, new: &Lockfile) -> Vec<ImportChange> {
    let mut changes: Vec<ImportChange> = Vec::new();
    for entry in new.entries() {
        let same = |e: &Locked| e.package == entry.package && e.digest == entry.digest;
        let is_locked = old.entries().iter().any(same);
        let Some(now) = entry.imports.clone().filter(|_| !is_locked) else {
            continue;
        };
        let change = ImportChange {
            package: entry.package.clone(),
            version: entry.version.clone(),
            before: old.imports_of(&entry.package),
            now,
        };
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    changes.sort_by(|a, b| a.package.cmp(&b.package));
    changes
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
                imports: None,
            });
        }
        lockfile
    }

    #[test]
    fn every_difference_is_listed_once() {
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
                LockChange::Updated(package("a:b"), version("1.0.0"), version("1.1.0")),
                LockChange::Removed(package("a:c"), version("1.0.0")),
                LockChange::Added(package("a:d"), version("1.0.0")),
                LockChange::Replaced(package("a:e"), version("1.0.0")),
            ]
        );
        assert!(diff(&new, &new).is_empty());
    }
}
