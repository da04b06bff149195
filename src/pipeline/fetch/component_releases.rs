//! Releases of components that a manifest names or that hints of components point
//! to.

use semver::VersionReq;

use super::component_origins::{origin_of_artifact, requirement_of};
use super::component_versions::ResolvedTree;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::hint::{HintLocation, HintRelease, KnownHint};
use crate::model::lockfile;
use crate::model::manifest::Manifest;
use crate::model::url_protocol::UrlProtocol;
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::reference::artifact_reference;
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::manifests::named_registries;
use crate::system::registry::public::{Reach, is_internal_host};

/// A release of a component.
#[derive(Clone, Debug)]
pub(crate) struct ComponentRelease {
    /// The release, with its file in the cache.
    pub found: Fetched,
    /// The location at which others find it; `None` where that depends on their
    /// configuration.
    pub source: Option<String>,
    /// The requirement of the manifest; `None` for an artifact.
    pub requirement: Option<VersionReq>,
    /// The address of the registry, which tells packages of one name apart.
    pub origin: Option<String>,
}

/// The address of the repository that an artifact's label in a lock file refers to.
fn artifact_origin(label: &str) -> Option<String> {
    let (origin, _) = origin_of_artifact(&artifact_reference(Some(label))?)?;
    Some(origin.address)
}

impl WorldResolver<'_> {
    /// The releases of the components that a manifest depends on, by the key of
    /// their entry. The locations at which others find them are locked as well.
    pub fn component_releases<'m>(
        &mut self,
        manifest: &'m Manifest,
        tree: &ResolvedTree,
    ) -> Result<Vec<(&'m str, ComponentRelease)>> {
        let mut releases = Vec::new();
        let named = named_registries(manifest);
        for key in manifest.dependencies.keys() {
            let Some((ResolvedRequest { requirement, found }, origin)) = tree.entry(key) else {
                continue;
            };
            let origin = origin.map(|origin| origin.address.clone());
            // A reference is locked as it stands, and says where it leads.
            let registry = requirement.source.registry.as_deref();
            let label = registry.filter(|name| artifact_reference(Some(name)).is_some());
            let release = match label {
                Some(label) => ComponentRelease {
                    found,
                    source: Some(label.to_owned()),
                    requirement: None,
                    origin: artifact_origin(label),
                },
                None => {
                    let source = match self.session().source_of(&requirement, &found.digest) {
                        Some(source) => Some(source),
                        None => self.packages()?.url(&requirement, &named, &found.version)?,
                    };
                    if source.is_some() {
                        let locked = found.to_locked(&requirement, source.clone());
                        self.session_mut().insert(locked);
                    }
                    ComponentRelease {
                        found,
                        source,
                        requirement: Some(requirement.version_req),
                        origin,
                    }
                }
            };
            releases.push((key.as_str(), release));
        }
        Ok(releases)
    }

    /// Fetches and locks the component that a hint of the component `by` points to.
    pub fn hinted(&mut self, manifest: &Manifest, known: &KnownHint, by: &str) -> Result<Fetched> {
        if !self.may_follow(known) {
            return Err(
                Error::input("the hint has no digest").hint(
                    "ask the publisher to build it again, or use `--trust-unpinned` to accept whatever the hint points to now",
                ),
            );
        }
        let reach = self.check_host(manifest, known)?;
        self.fetch_hinted(manifest, known, by, reach)
    }

    /// Refuses a hint to a host that only the user may choose; returns the addresses
    /// that the hint may point to.
    pub fn check_host(&mut self, manifest: &Manifest, known: &KnownHint) -> Result<Reach> {
        let named = named_registries(manifest).hosts();
        match &known.location {
            HintLocation::Oci { host, .. } => self.refuse_internal_host(host, &named)?,
            HintLocation::Url { protocol, host, .. } => {
                self.refuse_unnamed(protocol, host, &named)?
            }
            HintLocation::Package { .. } => {}
        }
        Ok(Reach::Public { also: named })
    }

    /// As [`WorldResolver::hinted`], for a hint that was allowed to use some
    /// addresses.
    pub fn fetch_hinted(
        &mut self,
        manifest: &Manifest,
        known: &KnownHint,
        by: &str,
        reach: Reach,
    ) -> Result<Fetched> {
        let by = format!("the component `{by}`");
        let Some(requirement) = requirement_of(&known.location, by.clone()) else {
            let requested = RequestedArtifact::of_hint(known, by, reach)?;
            let mut found = self.artifacts(&[requested])?;
            return found
                .pop()
                .ok_or_else(|| Error::input("nothing was fetched"));
        };
        let mut found = self.fetch(manifest, &[requirement])?;
        found
            .pop()
            .ok_or_else(|| Error::input("nothing was fetched"))
    }

    /// Whether a hint may be followed: it has a digest, is locked, or the user
    /// trusts hints without a digest.
    pub fn may_follow(&self, known: &KnownHint) -> bool {
        known.digest.is_some()
            || self.unpinned == Unpinned::Follow
            || self.locked_digest(known).is_some()
    }

    /// The locked digest of the component that a hint names.
    pub fn locked_digest(&self, known: &KnownHint) -> Option<&ContentDigest> {
        let bare = KnownHint {
            digest: None,
            requirement: None,
            item: None,
            ..known.clone()
        };
        let is = |entry: &&lockfile::Locked| match &known.location {
            HintLocation::Package { package, release } => {
                entry.package == *package
                    && entry.registry.is_none()
                    && match release {
                        HintRelease::Any => entry.requirement == VersionReq::STAR,
                        HintRelease::Exact(version) => entry.version == *version,
                        HintRelease::Range(range) => entry.requirement == *range,
                    }
            }
            HintLocation::Oci { .. } => entry.registry.as_deref() == Some(&bare.to_string()),
            HintLocation::Url {
                protocol,
                host,
                package,
                version,
            } => {
                entry.package == *package
                    && entry.registry.as_deref() == Some(&protocol.address(host))
                    && entry.version == *version
            }
        };
        self.lock()
            .entries()
            .iter()
            .find(is)
            .map(|entry| &entry.digest)
    }

    /// Refuses a host whose name is on this machine or its network, unless the user
    /// or the manifest names it; `named` are the manifest's hosts. Addresses of
    /// other hosts are checked on connection.
    fn refuse_internal_host(&mut self, host: &str, named: &[String]) -> Result<()> {
        match is_internal_host(host) && !self.is_named(host, named)? {
            true => Err(Error::input(format!(
                "`{host}` is on this machine or its network, where hints of components from elsewhere may not point"
            ))
            .hint(hint_to_allow(host, "oci"))),
            false => Ok(()),
        }
    }

    /// Refuses a registry by URL that neither the user nor the manifest names. Its
    /// client opens connections by itself, so that internal addresses could not be
    /// refused later.
    fn refuse_unnamed(
        &mut self,
        protocol: &UrlProtocol,
        host: &str,
        named: &[String],
    ) -> Result<()> {
        if self.is_named(host, named)? {
            return Ok(());
        }
        let where_it_is = match is_internal_host(host) {
            true => "is on this machine or its network".to_owned(),
            false => format!(
                "is a {} registry that your configuration does not name",
                protocol.title
            ),
        };
        Err(Error::input(format!(
            "`{host}` {where_it_is}, where hints of components from elsewhere may not point"
        ))
        .hint(hint_to_allow(host, protocol.name)))
    }

    fn is_named(&mut self, host: &str, named: &[String]) -> Result<bool> {
        let in_manifest = named.iter().any(|one| one.eq_ignore_ascii_case(host));
        Ok(in_manifest || self.packages()?.names_host(host))
    }
}

/// The hint that tells the user how to allow a host.
fn hint_to_allow(host: &str, protocol: &str) -> String {
    format!(
        "if you trust it, add it to your own configuration: `cargo component config set 'registry.\"{host}\".type' {protocol}`"
    )
}
