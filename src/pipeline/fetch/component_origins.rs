//! The package and registry that a manifest entry, a hint, or an entry of the lock
//! file refers to.

use semver::{Version, VersionReq};

use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::component::hint::{Hint, HintLocation, HintReference, HintRelease, KnownHint};
use crate::model::lockfile::Locked;
use crate::model::manifest::Manifest;
use crate::model::resolver::compatible_from;
use crate::model::resolver::components::Origin;
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::url_protocol::UrlProtocol;
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::reference::artifact_reference;
use crate::pipeline::fetch::requirement::exactly;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::manifests::named_registries;
use crate::system::registry::Reference as Artifact;
use crate::system::registry::oci::reference::{package_of, tag, version};
use crate::system::registry::public::Reach;

/// The origin of the packages in a repository of an OCI registry.
pub(crate) fn origin_of_repository(host: &str, repository: &str) -> Origin {
    Origin {
        name: package_of(host, repository).to_string(),
        address: format!("oci://{host}/{repository}"),
    }
}

/// The origin and version of a hint's location, if that is one of several releases:
/// of a package in a registry, or a version tag of a repository.
pub(crate) fn origin_of_location(place: &HintLocation) -> Option<(Origin, Version)> {
    match place {
        HintLocation::Oci {
            host,
            repository,
            reference: HintReference::Tag(tag),
        } => Some((origin_of_repository(host, repository), version(tag)?)),
        HintLocation::Url {
            protocol,
            host,
            package,
            version,
        } => {
            let origin = Origin {
                name: package.to_string(),
                address: protocol.address(host),
            };
            Some((origin, version.clone()))
        }
        HintLocation::Oci { .. } | HintLocation::Package { .. } => None,
    }
}

/// The repository and version of an artifact that a manifest names.
pub(crate) fn origin_of_artifact(artifact: &Artifact) -> Option<(Origin, Version)> {
    let origin = origin_of_repository(&artifact.host, &artifact.repository);
    Some((origin, artifact.version()?))
}

/// The version that a hint names, and the requirement that releases for it have to
/// satisfy.
pub(crate) fn versions_of(known: &KnownHint) -> (Option<Version>, VersionReq) {
    let (named, range) = match &known.location {
        HintLocation::Package { release, .. } => match release {
            HintRelease::Any => (None, VersionReq::STAR),
            HintRelease::Exact(version) => (Some(version.clone()), compatible_from(version)),
            HintRelease::Range(range) => (None, range.clone()),
        },
        place => match origin_of_location(place) {
            Some((_, version)) => (Some(version.clone()), compatible_from(&version)),
            None => (None, VersionReq::STAR),
        },
    };
    (named, known.requirement.clone().unwrap_or(range))
}

/// The requirement of a hint on the releases of a package, which `by` names; `None` for an
/// artifact.
pub(crate) fn requirement_of(place: &HintLocation, by: String) -> Option<Requirement> {
    let (package, registry, version_req) = match place {
        HintLocation::Oci { .. } => return None,
        HintLocation::Url {
            protocol,
            host,
            package,
            version,
        } => (package, Some(protocol.address(host)), exactly(version)),
        HintLocation::Package { package, release } => {
            let version_req = match release {
                HintRelease::Any => VersionReq::STAR,
                HintRelease::Exact(version) => exactly(version),
                HintRelease::Range(range) => range.clone(),
            };
            (package, None, version_req)
        }
    };
    Some(Requirement {
        source: PackageSource {
            package: package.clone(),
            registry,
            address: None,
        },
        version_req,
        required_by: vec![by],
        excerpt: None,
    })
}

/// The same hint for another release of its package.
pub(crate) fn hint_at_version(known: &KnownHint, at: &Version) -> Result<KnownHint> {
    let mut known = known.clone();
    let (named, _) = versions_of(&known);
    if named.as_ref() != Some(at) {
        known.digest = None;
    }
    match &mut known.location {
        HintLocation::Oci { reference, .. } => *reference = HintReference::Tag(tag(at)?),
        HintLocation::Url { version, .. } => *version = at.clone(),
        HintLocation::Package { release, .. } => {
            // A range is locked as it stands.
            if named.is_some() {
                *release = HintRelease::Exact(at.clone());
            }
        }
    }
    Ok(known)
}

/// Whether an entry of the lock file belongs to an origin; `source` is the package's
/// source in its registry.
pub(crate) fn is_entry_of(entry: &Locked, origin: &Origin, source: Option<&PackageSource>) -> bool {
    let is_source = source.is_some_and(|source| {
        (&entry.package, &entry.registry, &entry.address)
            == (&source.package, &source.registry, &source.address)
    });
    if let Some(artifact) = artifact_reference(entry.registry.as_deref()) {
        return origin_of_artifact(&artifact).is_some_and(|(of, _)| of == *origin);
    }
    let is_url = UrlProtocol::of_address(&origin.address).is_some()
        && entry.registry.as_ref() == Some(&origin.address)
        && entry.package.to_string() == origin.name;
    let place = entry.source.as_deref().and_then(location_of_hint);
    let place = place.and_then(|place| origin_of_location(&place));
    is_source || is_url || place.is_some_and(|(of, _)| of == *origin)
}

impl WorldResolver<'_> {
    /// The origin of a package, from the lock file or the configuration. A host is
    /// not queried if the lock file has its address, or network access is disabled.
    pub(crate) fn origin(
        &mut self,
        manifest: &Manifest,
        requirement: &Requirement,
    ) -> Result<Origin> {
        let source = &requirement.source;
        let same = |entry: &&Locked| {
            (&entry.package, &entry.registry, &entry.address)
                == (&source.package, &source.registry, &source.address)
        };
        let entries = self.lock().entries().iter().filter(same);
        let places = entries.filter_map(|entry| entry.source.as_deref());
        if let Some((origin, _)) = places
            .filter_map(location_of_hint)
            .find_map(|p| origin_of_location(&p))
        {
            return Ok(origin);
        }
        let named = named_registries(manifest);
        let packages = self.packages()?;
        let route = packages.route(source, &named)?;
        let url = match route.backend.is_local() {
            true => None,
            false => packages.url(requirement, &named, &Version::new(0, 0, 0))?,
        };
        let place = url.as_deref().and_then(location_of_hint);
        let place = place.and_then(|place| origin_of_location(&place));
        Ok(place.map_or_else(
            || Origin {
                name: source.package.to_string(),
                address: route.backend.to_string(),
            },
            |(origin, _)| origin,
        ))
    }

    /// The versions of a package that were locked before this run; `source` is the
    /// package's source in its registry.
    pub(crate) fn locked_versions(
        &self,
        origin: &Origin,
        source: Option<&PackageSource>,
    ) -> Vec<Version> {
        let entries = self.session().before().entries().iter();
        let entries = entries.filter(|entry| is_entry_of(entry, origin, source));
        entries.map(|entry| entry.version.clone()).collect()
    }

    /// The entry of the lock file for the release that a hint, which names it, was
    /// resolved to, and the matching requirement.
    pub(crate) fn pin(
        &mut self,
        manifest: &Manifest,
        known: &KnownHint,
        found: &Fetched,
    ) -> Result<(Locked, Requirement)> {
        let by = "the hint of a component".to_owned();
        let Some(requirement) = requirement_of(&known.location, by.clone()) else {
            let requirement = RequestedArtifact::of_hint(known, by, Reach::Anywhere)?;
            let label = requirement.label();
            let old = self.lock().entries().iter();
            let mut old = old.filter(|old| old.registry.as_ref() == Some(&label));
            let old = old.find(|old| old.digest == found.digest).cloned();
            let found = Fetched {
                package: requirement.reference().package(),
                ..found.clone()
            };
            let locked = old.unwrap_or_else(|| requirement.to_locked(&found));
            return Ok((locked, requirement.to_requirement(&found)));
        };
        let mut requirement = self.addressed(manifest, &[requirement])?;
        let requirement = requirement.remove(0);
        let source = self.session().source_of(&requirement, &found.digest);
        Ok((found.to_locked(&requirement, source), requirement))
    }

    /// The source of a hinted package in the user's own configuration; `None` if
    /// that has no registry for it, or another one.
    pub(crate) fn configured(
        &mut self,
        manifest: &Manifest,
        origin: &Origin,
    ) -> Result<Option<PackageSource>> {
        let Ok(package) = origin.name.parse::<PackageRef>() else {
            return Ok(None);
        };
        let requirement = Requirement {
            source: PackageSource {
                package,
                registry: None,
                address: None,
            },
            version_req: VersionReq::STAR,
            required_by: Vec::new(),
            excerpt: None,
        };
        let mut requirement = self.addressed(manifest, &[requirement])?;
        let requirement = requirement.remove(0);
        let named = named_registries(manifest);
        if !self.packages()?.has_route(&requirement, &named) {
            return Ok(None);
        }
        let own = self.origin(manifest, &requirement)?;
        Ok((own == *origin).then_some(requirement.source))
    }
}

/// The location that the text of a hint names.
pub(crate) fn location_of_hint(text: &str) -> Option<HintLocation> {
    Hint::parse(text)
        .known()
        .map(|known| known.location.clone())
}
