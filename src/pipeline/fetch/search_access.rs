//! Access to everything that a search asks: the registries of configuration and manifest,
//! the indexes, and the cache.

use std::collections::BTreeSet;
use std::path::PathBuf;

use semver::Version;

use super::access::{Access, VersionSelection};
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::search::found::DependencyPlace;
use crate::system::registry::search_routes::{SearchRoute, index_routes, search_routes};
use crate::system::registry::stored::StoredFiles;
use crate::system::registry::{IndexRoute, Registries, routes};

/// The registries and indexes that a search asks.
pub(crate) struct SearchTargets {
    pub registries: Vec<SearchRoute>,
    pub indexes: Vec<IndexRoute>,
}

/// A package of which the cache has a version.
pub(crate) struct CachedPackage {
    pub package: PackageRef,
    pub version: Version,
    pub file: PathBuf,
}

impl<'a> Access<'a> {
    /// The registries and indexes that are configured, or the one that the command line names.
    ///
    /// # Errors
    ///
    /// If the one of the command line is not configured, or a setting is wrong.
    pub fn search_targets(&self) -> Result<SearchTargets> {
        let layers = self.registries.layers();
        let indexes = index_routes(layers);
        let Some(name) = self.registry_option.as_deref() else {
            return Ok(SearchTargets {
                registries: search_routes(&self.named, layers)?,
                indexes,
            });
        };
        let route = match name {
            "default" => routes::default_registry(&self.named, layers)?,
            _ => routes::registry(name, &self.named, layers)?,
        };
        let known = layers.registry_names().into_iter();
        let known = known.chain(self.named.registries.keys().map(String::as_str));
        let known: Vec<String> = known.map(str::to_owned).collect();
        let index_names = indexes.iter().map(|index| index.name.clone());
        let known = [known, index_names.collect()].concat();
        let indexes: Vec<_> = indexes
            .into_iter()
            .filter(|index| index.name == name)
            .collect();
        // The name of an index has the form of that of a host.
        let route = route.filter(|_| indexes.is_empty());
        if route.is_none() && indexes.is_empty() {
            let error = Error::input(format!("the registry `{name}` is not configured"));
            let near = nearest(name, known.iter().map(String::as_str));
            return Err(match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => {
                    error.hint("give the address of a registry, such as `oci://ghcr.io/my-org`")
                }
            });
        }
        let registries = route.map(|mut route| {
            route.chosen_by = "`--registry`".to_owned();
            SearchRoute {
                route,
                name: Some(name.to_owned()),
                packages: Vec::new(),
            }
        });
        Ok(SearchTargets {
            registries: registries.into_iter().collect(),
            indexes,
        })
    }

    /// The registries, which may be opened from any thread.
    pub fn registries(&self) -> &Registries<'a> {
        &self.registries
    }

    /// How an entry of a manifest leads to a package in a registry; `None` if it cannot,
    /// since the configuration leads the package elsewhere.
    pub fn place(&self, package: &PackageRef, target: &SearchRoute) -> Option<DependencyPlace> {
        let address = target.route.backend.to_string();
        let route = self.registries.route(package, None, &self.named);
        match route.is_ok_and(|route| route.backend.to_string() == address) {
            true => Some(DependencyPlace::Configured),
            false => target.name.clone().map(DependencyPlace::Registry),
        }
    }

    /// How an entry of a manifest leads to a release that an index found: its version alone
    /// suffices where the registry of the configuration has it at the same reference.
    pub fn place_of_artifact(
        &self,
        package: &PackageRef,
        version: Option<&Version>,
        reference: &str,
    ) -> DependencyPlace {
        let route = self.registries.route(package, None, &self.named).ok();
        let registry = route.and_then(|route| self.registries.open(&route).ok());
        let url = registry.and_then(|registry| registry.url(package, version?));
        match url.is_some_and(|url| url == format!("oci://{reference}")) {
            true => DependencyPlace::Configured,
            false => DependencyPlace::Artifact(reference.to_owned()),
        }
    }

    /// The packages of registries that need the network, as far as the cache has them; none
    /// unless network access is disabled.
    pub fn cached_packages(&self) -> Result<Vec<CachedPackage>> {
        if !self.is_offline() {
            return Ok(Vec::new());
        }
        let records = StoredFiles::read(&self.cache)?.records.into_iter();
        let packages: BTreeSet<PackageRef> = records.map(|record| record.package).collect();
        let cached = |package: PackageRef| {
            // What no registry is configured for cannot be depended on.
            let found = self.cached(&package, &VersionSelection::Newest).ok()??;
            Some(CachedPackage {
                package,
                version: found.0,
                file: found.1,
            })
        };
        Ok(packages.into_iter().filter_map(cached).collect())
    }
}
