//! A release or artifact that the command line names, located in its registry and
//! fetched into the cache.

use std::path::PathBuf;
use std::sync::Arc;

use super::access::{Access, LocatedRelease, Subject};
use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::system::registry::{Artifacts, FoundArtifact, Reference};

/// A release or artifact that was located in its registry.
pub(crate) enum LocatedSubject<'s> {
    Package(&'s PackageRef, Box<LocatedRelease>),
    Artifact(&'s Reference, FoundArtifact, Arc<dyn Artifacts>),
}

impl<'s> LocatedSubject<'s> {
    pub fn find(access: &Access<'_>, subject: &'s Subject) -> Result<Self> {
        Ok(match subject {
            Subject::Package(package, pick) => {
                LocatedSubject::Package(package, Box::new(access.locate(package, pick)?))
            }
            Subject::Reference(reference) => {
                let (found, artifacts) = access.find(reference)?;
                LocatedSubject::Artifact(reference, found, artifacts)
            }
        })
    }

    /// The default file name for it, without an extension.
    pub fn stem(&self) -> String {
        match self {
            LocatedSubject::Package(package, found) => {
                let (namespace, name) = (package.namespace(), package.name());
                format!("{namespace}_{name}@{}", found.release.version)
            }
            LocatedSubject::Artifact(reference, ..) => reference.repository.replace('/', "_"),
        }
    }

    pub fn display_name(&self) -> String {
        match self {
            LocatedSubject::Package(package, found) => {
                format!("{package}@{}", found.release.version)
            }
            LocatedSubject::Artifact(reference, ..) => reference.to_string(),
        }
    }

    pub fn digest(&self) -> &ContentDigest {
        match self {
            LocatedSubject::Package(_, found) => &found.release.digest,
            LocatedSubject::Artifact(_, found, _) => &found.content,
        }
    }

    /// Fetches it into the cache, and returns the path of its file.
    pub fn fetch(&self, access: &Access<'_>) -> Result<PathBuf> {
        match self {
            LocatedSubject::Package(package, found) => access.cache.get_or_fetch(
                &*found.registry,
                package,
                &found.release,
                &*access.download_progress(found.release.size),
            ),
            LocatedSubject::Artifact(reference, found, artifacts) => {
                access.fetch_artifact(reference, found, &**artifacts)
            }
        }
    }
}

/// The display name of a release or artifact, and its file in the cache. If network
/// access is disabled, a release that was fetched before is used.
pub(crate) fn fetch_subject(access: &Access<'_>, subject: &Subject) -> Result<(String, PathBuf)> {
    if let Subject::Package(package, pick) = subject
        && let Some((version, file)) = access.cached(package, pick)?
    {
        return Ok((format!("{package}@{version}"), file));
    }
    let source = LocatedSubject::find(access, subject)?;
    let file = source.fetch(access)?;
    if let LocatedSubject::Package(package, found) = &source {
        let (version, digest) = (&found.release.version, &found.release.digest);
        let address = found.route.backend.to_string();
        access
            .cache
            .record_origin(package, version, digest, &address)?;
    }
    Ok((source.display_name(), file))
}
