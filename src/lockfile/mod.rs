//! Lock files: which version of which package a requirement was answered by.
//!
//! [`parse`] reads `Cargo-component.lock` of cargo-component 0.21.1, `wkg.lock`
//! and `wit.lock` (formats of version 1), in whatever order their entries are;
//! [`print_as`] writes them, sorted as their readers expect.

pub mod deps;
mod diff;
mod format;
pub mod tree;

use semver::{Version, VersionReq};

use crate::package::{ContentDigest, PackageRef};

pub use diff::{Change, diff};
pub use format::{Form, parse, print, print_as};

/// A lock file: entries in no particular order, no two for the same package,
/// registry and requirement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockfile {
    entries: Vec<Locked>,
}

/// One answered requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The package.
    pub package: PackageRef,
    /// The registry asked for by name; none for the default one.
    pub registry: Option<String>,
    /// What was asked.
    pub requirement: VersionReq,
    /// What answers it.
    pub version: Version,
    /// The digest of the release's bytes.
    pub digest: ContentDigest,
    /// Where others find a component, as its hint says it; kept so that a
    /// build without network says the same. An optional key of the file.
    pub source: Option<String>,
}

impl Locked {
    /// Whether both answer the same.
    fn is_of_same(&self, other: &Locked) -> bool {
        self.package == other.package
            && self.registry == other.registry
            && self.requirement == other.requirement
    }
}

impl Lockfile {
    /// All entries.
    pub fn entries(&self) -> &[Locked] {
        &self.entries
    }

    /// The answer to a requirement. Registries must be the same; none is not
    /// the same as a named one.
    pub fn find(
        &self,
        package: &PackageRef,
        registry: Option<&str>,
        requirement: &VersionReq,
    ) -> Option<&Locked> {
        let wanted = requirement.to_string();
        self.entries.iter().find(|entry| {
            entry.package == *package
                && entry.registry.as_deref() == registry
                && entry.requirement.to_string() == wanted
        })
    }

    /// Adds an entry, in the place of the one that answered the same.
    pub fn insert(&mut self, entry: Locked) {
        match self.entries.iter_mut().find(|old| old.is_of_same(&entry)) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
    }

    /// Adds an entry, unless there is one that answers the same.
    pub fn insert_missing(&mut self, entry: Locked) {
        if !self.entries.iter().any(|old| old.is_of_same(&entry)) {
            self.entries.push(entry);
        }
    }

    /// The same with every package in the default registry: `wkg.lock` has the
    /// name a registry was resolved to, not the one that was asked for.
    pub fn without_registries(self) -> Self {
        let mut lockfile = Lockfile::default();
        for entry in self.entries {
            lockfile.insert(Locked {
                registry: None,
                ..entry
            });
        }
        lockfile
    }

    /// Keeps the entries that `keep` says yes to.
    pub fn retain(&mut self, keep: impl FnMut(&Locked) -> bool) {
        self.entries.retain(keep);
    }
}
