//! Where packages come from and go to: the seam [`Registry`], the
//! configuration that says which registry a package is in, and the backends.
//!
//! Backends block; who needs several answers asks from several threads.

pub mod address;
pub mod artifacts;
pub mod cache;
pub mod config;
mod hosts;
pub mod layers;
pub mod local;
mod locator;
pub mod memory;
pub mod oci;
pub mod public;
pub mod routes;
pub mod settings;
pub mod stored;
#[cfg(feature = "warg")]
pub mod warg;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use semver::Version;

use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::resolver::ListedVersion;

pub use artifacts::{Artifacts, Found, Kept};
pub use oci::reference::Reference;

/// A password or token; it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// One published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// The digest of its bytes.
    pub digest: ContentDigest,
    /// Their number, if the registry says so.
    pub size: Option<u64>,
}

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    /// The package.
    pub package: &'a PackageRef,
    /// The version.
    pub version: &'a Version,
    /// The file with its bytes.
    pub content: &'a Path,
    /// The digest of the bytes.
    pub digest: &'a ContentDigest,
    /// Facts for registries that keep some, by the names of OCI's annotations
    /// without their prefix: `description`, `licenses`, ….
    pub annotations: &'a BTreeMap<String, String>,
    /// Who watches the transfer.
    pub progress: &'a dyn Progress,
}

/// A place where releases are listed, read and published.
pub trait Registry: Send + Sync {
    /// Where the package is, as it is shown: an address without credentials.
    fn location(&self, package: &PackageRef) -> String;

    /// Where others find a release, as a hint says it: `oci://…` or
    /// `warg://…`; `None` for what is found by configuration only. Nothing is
    /// asked.
    fn url(&self, _package: &PackageRef, _version: &Version) -> Option<String> {
        None
    }

    /// All versions of a package, in no order; `None` if the registry has no
    /// such package, or does not tell that from one it gives no access to.
    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>>;

    /// One version of a package; `None` if it is not there.
    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>>;

    /// Writes the bytes of a release to `to`. They are not checked here: the
    /// caller holds them against the digest.
    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()>;

    /// The facts kept with a version, by their whole names; none where the
    /// registry keeps none.
    fn annotations(
        &self,
        _package: &PackageRef,
        _version: &Version,
    ) -> Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }

    /// Publishes a version that must not be there yet.
    fn publish(&self, publication: &Publication<'_>) -> Result<()>;
}

/// Opens the registry at the end of a route.
pub type Opener = dyn Fn(&routes::Route) -> Result<Arc<dyn Registry>> + Send + Sync;

/// Opens the registry at the end of a route for its artifacts.
pub type ArtifactsOpener = dyn Fn(&routes::Route) -> Result<Arc<dyn Artifacts>> + Send + Sync;

/// The registries of one project: its configuration, and those opened so far.
pub struct Registries<'a> {
    layers: layers::Layers,
    open: &'a Opener,
    artifacts: &'a ArtifactsOpener,
    opened: Mutex<BTreeMap<String, Arc<dyn Registry>>>,
}

impl<'a> Registries<'a> {
    /// The registries these layers configure.
    pub fn new(layers: layers::Layers, open: &'a Opener, artifacts: &'a ArtifactsOpener) -> Self {
        Registries {
            layers,
            open,
            artifacts,
            opened: Mutex::default(),
        }
    }

    /// The configuration.
    pub fn layers(&self) -> &layers::Layers {
        &self.layers
    }

    /// The way to the registry a package is in; nothing is opened.
    pub fn route(
        &self,
        package: &PackageRef,
        asked: Option<&str>,
        named: &routes::Named,
    ) -> Result<routes::Route> {
        routes::route(package, asked, named, &self.layers)
    }

    /// The same, where the command line names a host, with a port where it is
    /// not the usual one.
    pub fn naming(mut self, host: &str) -> Self {
        self.layers = self.layers.naming(host);
        self
    }

    /// The registry at the end of a route; each is opened once. A project may
    /// not lead a name astray that the user gave a login to.
    pub fn open(&self, route: &routes::Route) -> Result<Arc<dyn Registry>> {
        let key = format!("{:?}", route.backend);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = opened.get(&key) {
            return Ok(registry.clone());
        }
        let opened_now = route.backend.check().and_then(|()| (self.open)(route));
        let registry = opened_now.map_err(|e| {
            e.with_cause(format!(
                "the registry `{}` is set in {}",
                route.name, route.because
            ))
        })?;
        opened.insert(key, registry.clone());
        Ok(registry)
    }

    /// The registry at the end of a route, for its artifacts.
    pub fn artifacts(&self, route: &routes::Route) -> Result<Arc<dyn Artifacts>> {
        let opened = route.backend.check().and_then(|()| (self.artifacts)(route));
        opened.map_err(|e| {
            e.with_cause(format!(
                "the registry `{}` is set in {}",
                route.name, route.because
            ))
        })
    }
}
