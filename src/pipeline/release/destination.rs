//! The registry that a release is published to.

use std::sync::Arc;

use semver::Version;

use super::options::ExistingRelease;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::system::registry::routes::ManifestRegistries;
use crate::system::registry::{Registries, Registry};

/// The registries that releases are published to.
pub(crate) struct Destination<'a> {
    pub registries: &'a Registries<'a>,
    /// The registry of the command line.
    pub requested: Option<&'a str>,
    /// Whether the network must not be used.
    pub offline: bool,
    /// What is done with versions that are published already.
    pub existing: ExistingRelease,
}

impl Destination<'_> {
    /// The registry of a package, and whether it has the version already.
    pub fn open_registry(
        &self,
        package: &PackageRef,
        version: &Version,
        named: &ManifestRegistries,
    ) -> Result<(Arc<dyn Registry>, bool)> {
        let route = self.registries.route(package, self.requested, named)?;
        if self.offline && !route.backend.is_local() {
            return Err(Error::input(format!(
                "publishing `{package}` needs network access, which is disabled"
            ))
            .with_cause(format!(
                "it would be published to the registry `{}`",
                route.name
            ))
            .hint("remove `--offline` or `--frozen`"));
        }
        let registry = self.registries.open(&route)?;
        let existing = registry
            .release(package, version)
            .map_err(|e| e.with_cause(format!("the registry is set in {}", route.chosen_by)))?;
        if existing.is_some() && self.existing == ExistingRelease::Refuse {
            return Err(
                Error::input(format!("`{package}@{version}` is already published"))
                    .with_cause(format!("its registry is {}", registry.location(package)))
                    .hint("increase the version, or skip it with `--skip-existing`"),
            );
        }
        Ok((registry, existing.is_some()))
    }
}
