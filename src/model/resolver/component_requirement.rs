//! A requirement on the package of a component.

use semver::Version;

use super::requirement::Requirement;

/// A package in one registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The name of the package.
    pub name: String,
    /// The address of its registry, or of its repository.
    pub address: String,
}

/// A release of a package: its origin and version.
pub type Release = (Origin, Version);

/// A requirement on the package of a component, made by the root or by a hint.
#[derive(Clone, Debug)]
pub struct ComponentRequirement {
    /// The package that is required.
    pub origin: Origin,
    /// The requirement on the version, with its place.
    pub requirement: Requirement,
    /// The chain of those who require it, the outermost first: the root, then
    /// releases. The search fills it in for the requirements of releases.
    pub chain: Vec<String>,
    /// The version that the hint names, if it is a hint.
    pub hinted_version: Option<Version>,
}
