//! A requirement on a package of a registry, and where it comes from.

use semver::VersionReq;

use crate::base::error::{Error, Excerpt};
use crate::base::package::PackageRef;
use crate::model::lockfile::{Locked, Lockfile};

/// A package in the registry that a requirement names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageSource {
    /// The name of the package.
    pub package: PackageRef,
    /// The name of the registry in the requirement; none for the one that the
    /// configuration maps the package to.
    pub registry: Option<String>,
    /// The address that a manifest gives this registry, in the form of lock files;
    /// none where the configuration decides. Members of a workspace may give one
    /// name different addresses.
    pub address: Option<String>,
}

impl PackageSource {
    /// The entry of a lock file for a requirement on this package.
    pub fn locked<'l>(
        &self,
        lockfile: &'l Lockfile,
        requirement: &VersionReq,
    ) -> Option<&'l Locked> {
        let (registry, address) = (self.registry.as_deref(), self.address.as_deref());
        lockfile.find(&self.package, registry, address, requirement)
    }
}

/// A requirement on the version of a package, and who has it.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The required package and its registry.
    pub source: PackageSource,
    /// The versions that match.
    pub version_req: VersionReq,
    /// The chain of those who require it, the outermost first: a manifest, then
    /// packages.
    pub required_by: Vec<String>,
    /// The place of the requirement in its file, if it has one.
    pub excerpt: Option<Excerpt>,
}

impl Requirement {
    /// Adds to an error about this package who requires it.
    pub fn explain(&self, error: Error) -> Error {
        let PackageSource { package, .. } = &self.source;
        let requirement = &self.version_req;
        self.point_at(error.with_cause(format!(
            "the package `{package}` (`{requirement}`) is required by {}",
            self.required_by.join(" -> ")
        )))
    }

    /// Adds the place of this requirement to an error about it.
    pub(super) fn point_at(&self, error: Error) -> Error {
        match &self.excerpt {
            Some(excerpt) => error.at(excerpt.clone()),
            None => error,
        }
    }
}
