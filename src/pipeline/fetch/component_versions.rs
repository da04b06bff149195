//! The releases that were chosen for a tree of components.

use std::collections::BTreeMap;

use super::component_origins::versions_of;
use crate::model::component::hint::{HintLocation, KnownHint};
use crate::model::resolver::components::{ComponentRequirement, Origin, Release, Solution};
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::worlds::ResolvedRequest;

/// A release with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct FetchedRelease {
    /// The name that messages use for it.
    pub name: String,
    /// The release, with its file in the cache.
    pub fetched: Fetched,
}

/// The releases that a tree of components is made of.
#[derive(Debug, Default)]
pub(crate) struct ResolvedTree {
    pub(crate) solution: Solution,
    pub(crate) found: BTreeMap<Release, FetchedRelease>,
    /// The origins of hints, by their location without the version.
    pub(crate) origins: BTreeMap<String, Origin>,
    /// The requirements of the manifest's entries, by key.
    pub(crate) entries: BTreeMap<String, ComponentRequirement>,
    /// The entries that are artifacts without a version, by key.
    pub(crate) artifacts: BTreeMap<String, ResolvedRequest>,
}

impl ResolvedTree {
    /// The resolved requirement of an entry, and the origin of the release.
    pub fn entry(&self, key: &str) -> Option<(ResolvedRequest, Option<&Origin>)> {
        if let Some(resolved) = self.artifacts.get(key) {
            return Some((resolved.clone(), None));
        }
        let need = self.entries.get(key)?;
        let (origin, found) = self.of(
            need.origin.clone(),
            &need.requirement.version_req.to_string(),
        )?;
        let resolved = ResolvedRequest {
            requirement: need.requirement.clone(),
            found: found.fetched.clone(),
        };
        Some((resolved, Some(origin)))
    }

    /// The release that a hint was resolved to; `None` if the hint was not part of
    /// the resolution.
    pub(crate) fn answer(&self, known: &KnownHint) -> Option<(&Origin, &FetchedRelease)> {
        let origin = self.origins.get(&without_version(&known.location))?;
        self.of(origin.clone(), &versions_of(known).1.to_string())
    }

    pub(crate) fn of(
        &self,
        origin: Origin,
        requirement: &str,
    ) -> Option<(&Origin, &FetchedRelease)> {
        let key = (origin, requirement.to_owned());
        let version = self.solution.answers.get(&key)?;
        let ((origin, _), found) = self.found.get_key_value(&(key.0, version.clone()))?;
        Some((origin, found))
    }
}

/// A location without the version or tag of the release.
pub(crate) fn without_version(place: &HintLocation) -> String {
    match place {
        HintLocation::Oci {
            host, repository, ..
        } => format!("oci://{host}/{repository}"),
        HintLocation::Url {
            protocol,
            host,
            package,
            ..
        } => format!("{}/{package}", protocol.address(host)),
        HintLocation::Package { package, .. } => format!("wasm-pkg:{package}"),
    }
}
