//! The versions of packages that registries list.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::requirement::PackageSource;
use super::track::on_one_track;
use crate::base::package::PackageRef;

/// A version that a registry lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVersion {
    /// The version of the release.
    pub version: Version,
    /// Whether it was withdrawn; then it is chosen only if it is locked.
    pub yanked: bool,
}

/// The registry that was asked for the versions of a package, as errors describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRegistry {
    /// The place of the package in it: an address without credentials.
    pub location: String,
    /// The setting or option that selects the registry.
    pub chosen_by: String,
    /// A package of the registry with a similar name, where it does not have this one.
    pub similar: Option<PackageRef>,
}

/// The version lists known so far; that of a package which no registry has is
/// empty. Single versions may be known to exist without a list.
#[derive(Clone, Debug, Default)]
pub struct VersionCatalog {
    versions: BTreeMap<PackageSource, Vec<ListedVersion>>,
    single: BTreeMap<PackageSource, BTreeSet<Version>>,
    precise: BTreeMap<PackageSource, Version>,
    asked: BTreeMap<PackageSource, AskedRegistry>,
}

impl VersionCatalog {
    /// Adds the version list of a package.
    pub fn insert(&mut self, source: PackageSource, versions: Vec<ListedVersion>) {
        self.versions.insert(source, versions);
    }

    /// Sets the registry that gave the version list of a package.
    pub fn set_asked(&mut self, source: PackageSource, asked: AskedRegistry) {
        self.asked.insert(source, asked);
    }

    /// The registry that gave the version list of a package, if it is known.
    pub fn asked(&self, source: &PackageSource) -> Option<&AskedRegistry> {
        self.asked.get(source)
    }

    /// Adds a version that exists, of a package whose list need not be known.
    pub fn insert_single(&mut self, source: PackageSource, version: Version) {
        self.single.entry(source).or_default().insert(version);
    }

    /// Whether a version was added by [`VersionCatalog::insert_single`].
    pub(super) fn has_single(&self, source: &PackageSource, version: &Version) -> bool {
        let versions = self.single.get(source);
        versions.is_some_and(|versions| versions.contains(version))
    }

    /// The versions of a package, if they are known.
    pub fn versions(&self, source: &PackageSource) -> Option<&[ListedVersion]> {
        self.versions.get(source).map(Vec::as_slice)
    }

    /// Excludes all other versions that are on the track of this one from being
    /// chosen.
    pub fn set_precise(&mut self, source: PackageSource, version: Version) {
        self.precise.insert(source, version);
    }

    /// The version that was given to [`VersionCatalog::set_precise`].
    pub fn precise(&self, source: &PackageSource) -> Option<&Version> {
        self.precise.get(source)
    }

    /// Whether the version is excluded by a precise one on its track.
    pub(super) fn is_excluded(&self, source: &PackageSource, version: &Version) -> bool {
        let precise = self.precise(source);
        precise.is_some_and(|p| p != version && on_one_track(p, version))
    }
}
