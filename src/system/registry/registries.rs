//! The registries of one project, each opened once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::artifacts::Artifacts;
use super::interface::Registry;
use super::layers::Layers;
use super::routes;
use super::routes::{ManifestRegistries, Route};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;

/// Opens the registry at the end of a route.
pub type Opener = dyn Fn(&Route) -> Result<Arc<dyn Registry>> + Send + Sync;

/// Opens the registry at the end of a route for its artifacts.
pub type ArtifactsOpener = dyn Fn(&Route) -> Result<Arc<dyn Artifacts>> + Send + Sync;

/// The registries of one project: its configuration, and those opened so far.
pub struct Registries<'a> {
    layers: Layers,
    open: &'a Opener,
    artifacts: &'a ArtifactsOpener,
    opened: Mutex<BTreeMap<String, Arc<dyn Registry>>>,
}

impl<'a> Registries<'a> {
    /// The registries these layers configure.
    pub fn new(layers: Layers, open: &'a Opener, artifacts: &'a ArtifactsOpener) -> Self {
        Registries {
            layers,
            open,
            artifacts,
            opened: Mutex::default(),
        }
    }

    /// The layers of configuration.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// The route to the registry a package is in; nothing is opened.
    pub fn route(
        &self,
        package: &PackageRef,
        requested: Option<&str>,
        manifest: &ManifestRegistries,
    ) -> Result<Route> {
        routes::route(package, requested, manifest, &self.layers)
    }

    /// The same registries, after the command line named a host, with a port
    /// where it is not the usual one.
    pub fn with_host(mut self, host: &str) -> Self {
        self.layers = self.layers.with_host(host);
        self
    }

    /// The registry at the end of a route; each is opened once. It is an
    /// error if a project leads a name elsewhere that the user gave a login to.
    pub fn open(&self, route: &Route) -> Result<Arc<dyn Registry>> {
        let key = format!("{:?}", route.backend);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = opened.get(&key) {
            return Ok(registry.clone());
        }
        let outcome = route.backend.check().and_then(|()| (self.open)(route));
        let registry = outcome.map_err(|e| with_origin(e, route))?;
        opened.insert(key, registry.clone());
        Ok(registry)
    }

    /// The registry at the end of a route, for its artifacts.
    pub fn artifacts(&self, route: &Route) -> Result<Arc<dyn Artifacts>> {
        let opened = route.backend.check().and_then(|()| (self.artifacts)(route));
        opened.map_err(|e| with_origin(e, route))
    }
}

/// The error with the place that names the registry.
fn with_origin(error: Error, route: &Route) -> Error {
    error.with_cause(format!(
        "the registry `{}` is set in {}",
        route.name, route.chosen_by
    ))
}
