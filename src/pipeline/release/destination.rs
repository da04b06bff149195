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
                "publishing `{package}` needs the network, which must not be used"
            ))
            .with_cause(format!("it goes to the registry `{}`", route.name))
            .hint("leave out `--offline` and `--frozen`"));
        }
        let registry = self.registries.open(&route)?;
        let existing = registry
            .release(package, version)
            .map_err(|e| e.with_cause(format!("the registry is set in {}", route.chosen_by)))?;
        if existing.is_some() && self.existing == ExistingRelease::Refuse {
            return Err(
                Error::input(format!("`{package}@{version}` is already published"))
                    .with_cause(format!("it is in {}", registry.location(package)))
                    .hint("raise the version, or leave it as it is with `--skip-existing`"),
            );
        }
        Ok((registry, existing.is_some()))
    }
}
