//! A lock file as data: the entries, how they are found, added and compared.

use semver::{Version, VersionReq};

use crate::base::package::{ContentDigest, PackageRef};
use crate::model::capabilities::HostImports;

/// A lock file: entries in no particular order, no two for the same package,
/// registry and requirement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockfile {
    pub(super) entries: Vec<Locked>,
}

/// A requirement and the release it was resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The package that is required.
    pub package: PackageRef,
    /// The name of the registry in the requirement; none for the default one.
    pub registry: Option<String>,
    /// The version requirement, as the manifest has it.
    pub requirement: VersionReq,
    /// The version it was resolved to.
    pub version: Version,
    /// The digest of the release's bytes.
    pub digest: ContentDigest,
    /// The location of a component in the form of its hint, so that a build
    /// without network writes the same hint. An optional key of the file.
    pub source: Option<String>,
    /// The address that a manifest gives the registry; none where the
    /// configuration decides, and in lock files of older versions. An optional
    /// key of the file, which never holds an absolute path.
    pub address: Option<String>,
    /// What a component imports from outside; none for packages of WIT, and in lock
    /// files of older versions. An optional key of the file.
    pub imports: Option<HostImports>,
}

impl Locked {
    /// Whether both resolve the same requirement, whatever their addresses.
    pub(super) fn has_same_requirement(&self, other: &Locked) -> bool {
        self.package == other.package
            && self.registry == other.registry
            && self.requirement == other.requirement
    }

    /// Whether both resolve the same requirement, with the same address.
    pub(super) fn has_same_requirement_and_address(&self, other: &Locked) -> bool {
        self.has_same_requirement(other) && self.address == other.address
    }

    /// Whether both have the same version and the same digest.
    fn is_same_release(&self, other: &Locked) -> bool {
        (&self.version, &self.digest) == (&other.version, &other.digest)
    }
}

impl Lockfile {
    /// All entries, in the order of the file or of insertion.
    pub fn entries(&self) -> &[Locked] {
        &self.entries
    }

    /// The entry of a requirement. `registry` is the name of the registry and
    /// `address` the address that a manifest gives it; both have to equal those
    /// of the entry. Without an address, entries that have one count as well if
    /// they all are the same release.
    pub fn find(
        &self,
        package: &PackageRef,
        registry: Option<&str>,
        address: Option<&str>,
        requirement: &VersionReq,
    ) -> Option<&Locked> {
        let requirement = requirement.to_string();
        let matches = |entry: &&Locked| {
            entry.package == *package
                && entry.registry.as_deref() == registry
                && entry.requirement.to_string() == requirement
        };
        let index = self.index_of(matches, address)?;
        self.entries.get(index)
    }

    /// The index of the entry with this address among those that match.
    fn index_of(&self, matches: impl Fn(&&Locked) -> bool, address: Option<&str>) -> Option<usize> {
        let matching = || self.entries.iter().enumerate().filter(|(_, e)| matches(e));
        let exact = matching().find(|(_, entry)| entry.address.as_deref() == address);
        if exact.is_some() || address.is_some() {
            return exact.map(|(index, _)| index);
        }
        let (index, first) = matching().next()?;
        matching()
            .all(|(_, entry)| entry.is_same_release(first))
            .then_some(index)
    }

    fn position(&self, entry: &Locked) -> Option<usize> {
        self.index_of(
            |old| old.has_same_requirement(entry),
            entry.address.as_deref(),
        )
    }

    /// Adds an entry, or replaces the one of the same requirement. If the new
    /// entry has no address, that of the replaced one stays, and so do the imports of
    /// the same content.
    pub fn insert(&mut self, mut entry: Locked) {
        match self.position(&entry) {
            Some(index) => {
                let old = &mut self.entries[index];
                entry.address = entry.address.or_else(|| old.address.take());
                if entry.digest == old.digest {
                    entry.imports = entry.imports.or_else(|| old.imports.take());
                }
                *old = entry;
            }
            None => self.entries.push(entry),
        }
    }

    /// Adds an entry, unless there is one of the same requirement.
    pub fn insert_missing(&mut self, entry: Locked) {
        let same = |old: &Locked| match entry.address {
            Some(_) => old.has_same_requirement_and_address(&entry),
            None => old.has_same_requirement(&entry),
        };
        if !self.entries.iter().any(same) {
            self.entries.push(entry);
        }
    }

    /// Gives entries without an address the one that `address` returns for the
    /// package and the name of its registry.
    pub fn fill_addresses(
        &mut self,
        mut address: impl FnMut(&PackageRef, Option<&str>) -> Option<String>,
    ) {
        for index in 0..self.entries.len() {
            let entry = &self.entries[index];
            if entry.address.is_none()
                && let Some(address) = address(&entry.package, entry.registry.as_deref())
                && !self.entries.iter().any(|other| {
                    other.has_same_requirement(entry) && other.address.as_ref() == Some(&address)
                })
            {
                self.entries[index].address = Some(address);
            }
        }
    }

    /// Records what the component with a digest imports.
    pub fn record_imports(&mut self, digest: &ContentDigest, imports: &HostImports) {
        let entries = self.entries.iter_mut();
        for entry in entries.filter(|entry| entry.digest == *digest) {
            entry.imports = Some(imports.clone());
        }
    }

    /// What the locked releases of a package import, all together; none if there are
    /// none, or if it is not recorded of all.
    pub fn imports_of(&self, package: &PackageRef) -> Option<HostImports> {
        let mut of_package = self.entries.iter().filter(|e| e.package == *package);
        let mut all = of_package.next()?.imports.clone()?;
        for entry in of_package {
            all.extend(entry.imports.as_ref()?);
        }
        Some(all)
    }

    /// Whether the imports that the other lock file records are recorded here.
    pub fn has_imports_of(&self, other: &Lockfile) -> bool {
        let is_here = |entry: &Locked| {
            let same =
                |own: &&Locked| own.has_same_requirement(entry) && own.is_same_release(entry);
            let mut own = self.entries.iter().filter(same);
            entry.imports.is_none() || own.any(|own| own.imports == entry.imports)
        };
        other.entries.iter().all(is_here)
    }

    /// Whether the other has the same entries, perhaps without some addresses and
    /// imports.
    pub fn adds_nothing_to(&self, other: &Lockfile) -> bool {
        let same = |(new, old): (&Locked, &Locked)| {
            let address = old.address.clone().or_else(|| new.address.clone());
            let imports = old.imports.clone().or_else(|| new.imports.clone());
            let old = Locked {
                address,
                imports,
                ..old.clone()
            };
            *new == old
        };
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(same)
    }

    /// The same with every package in the default registry: `wkg.lock` has the
    /// name that a registry was resolved to, not that of the requirement.
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

    /// Removes all entries but those for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Locked) -> bool) {
        self.entries.retain(keep);
    }
}
