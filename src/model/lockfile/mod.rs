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

use crate::base::package::{ContentDigest, PackageRef};

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
    /// The address that a manifest gives the registry; none where the
    /// configuration decides, and in lock files of old. An optional key of the
    /// file, which never holds an absolute path.
    pub address: Option<String>,
}

impl Locked {
    /// Whether both answer the same, wherever they are from.
    fn answers_as(&self, other: &Locked) -> bool {
        self.package == other.package
            && self.registry == other.registry
            && self.requirement == other.requirement
    }

    /// Whether both answer the same.
    fn is_of_same(&self, other: &Locked) -> bool {
        self.answers_as(other) && self.address == other.address
    }

    /// Whether both are the same bytes of the same version.
    fn is_same_release(&self, other: &Locked) -> bool {
        (&self.version, &self.digest) == (&other.version, &other.digest)
    }
}

impl Lockfile {
    /// All entries.
    pub fn entries(&self) -> &[Locked] {
        &self.entries
    }

    /// The answer to a requirement; a registry is its name and the address that
    /// a manifest gives it. Both must be the same, and none is not the same as
    /// some. Where the configuration stands in the place of addresses that are
    /// locked, they have to agree.
    pub fn find(
        &self,
        package: &PackageRef,
        (registry, address): (Option<&str>, Option<&str>),
        requirement: &VersionReq,
    ) -> Option<&Locked> {
        let wanted = requirement.to_string();
        let fits = |entry: &&Locked| {
            entry.package == *package
                && entry.registry.as_deref() == registry
                && entry.requirement.to_string() == wanted
        };
        let at = self.only(fits, address)?;
        self.entries.get(at)
    }

    /// The place of the entry with this address among those that fit.
    fn only(&self, fits: impl Fn(&&Locked) -> bool, address: Option<&str>) -> Option<usize> {
        let fitting = || self.entries.iter().enumerate().filter(|(_, e)| fits(e));
        let exact = fitting().find(|(_, entry)| entry.address.as_deref() == address);
        if exact.is_some() || address.is_some() {
            return exact.map(|(at, _)| at);
        }
        let (at, first) = fitting().next()?;
        fitting()
            .all(|(_, entry)| entry.is_same_release(first))
            .then_some(at)
    }

    fn position(&self, entry: &Locked) -> Option<usize> {
        self.only(|old| old.answers_as(entry), entry.address.as_deref())
    }

    /// Adds an entry, in the place of the one that answered the same. An
    /// address that is locked stays where the configuration decides.
    pub fn insert(&mut self, mut entry: Locked) {
        match self.position(&entry) {
            Some(at) => {
                let old = &mut self.entries[at];
                entry.address = entry.address.or_else(|| old.address.take());
                *old = entry;
            }
            None => self.entries.push(entry),
        }
    }

    /// Adds an entry, unless there is one that answers the same.
    pub fn insert_missing(&mut self, entry: Locked) {
        let same = |old: &Locked| match entry.address {
            Some(_) => old.is_of_same(&entry),
            None => old.answers_as(&entry),
        };
        if !self.entries.iter().any(same) {
            self.entries.push(entry);
        }
    }

    /// Gives entries without an address the one that `address` has for the
    /// registry of the package.
    pub fn complete(
        &mut self,
        mut address: impl FnMut(&PackageRef, Option<&str>) -> Option<String>,
    ) {
        for at in 0..self.entries.len() {
            let entry = &self.entries[at];
            if entry.address.is_none()
                && let Some(address) = address(&entry.package, entry.registry.as_deref())
                && !self.entries.iter().any(|other| {
                    other.answers_as(entry) && other.address.as_ref() == Some(&address)
                })
            {
                self.entries[at].address = Some(address);
            }
        }
    }

    /// Whether the other says the same, or the same without some addresses.
    pub fn adds_nothing_to(&self, other: &Lockfile) -> bool {
        let same = |(new, old): (&Locked, &Locked)| {
            let address = old.address.clone().or_else(|| new.address.clone());
            let old = Locked {
                address,
                ..old.clone()
            };
            *new == old
        };
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(same)
    }

    /// The same with every package in the default registry: `wkg.lock` has the
    /// name a registry was resolved to, not the one that was asked for.
    pub fn without_registries(self) -> Self {
        let mut lockfile = Lockfile::default();
        for entry in self.entries {
            lockfile.insert(Locked {
                registry: None,
                address: None,
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
