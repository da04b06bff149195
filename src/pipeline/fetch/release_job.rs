//! Finding one release in its registry, and fetching it into the cache.

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::resolver::{ChosenVersion, Requirement};
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::look_up::PackageRegistry;
use crate::system::registry::cache::Cache;
use crate::system::registry::{Registry, Release};

/// A package that has to be fetched.
pub(super) struct ReleaseJob<'r> {
    /// The requirement that errors name.
    pub requirement: &'r Requirement,
    /// The release, where it was found already.
    pub release: Option<Release>,
    /// The version that was chosen for the requirement.
    pub chosen: ChosenVersion,
    /// The registry that has the package.
    pub registry_entry: PackageRegistry,
}

/// A package that has to be fetched unless its content is in the cache.
pub(super) struct FoundRelease<'r> {
    requirement: &'r Requirement,
    /// The release in the registry.
    pub release: Release,
    registry_entry: PackageRegistry,
}

impl<'r> ReleaseJob<'r> {
    /// Finds the release, which must be the one that is locked.
    pub fn locate(self) -> Result<FoundRelease<'r>> {
        let ReleaseJob {
            requirement,
            release,
            chosen,
            registry_entry,
        } = self;
        let (package, registry) = (&requirement.source.package, &*registry_entry.registry);
        let release = match release {
            Some(release) => Some(release),
            None => registry
                .release(package, &chosen.version)
                .map_err(|e| requirement.explain(registry_entry.explain(e)))?,
        };
        let Some(release) = release else {
            let error = release_not_found(requirement, &chosen, registry);
            return Err(registry_entry.explain(error));
        };
        if let Some(locked) = &chosen.locked_digest
            && *locked != release.digest
        {
            return Err(replaced(package, &release, locked, registry));
        }
        Ok(FoundRelease {
            requirement,
            release,
            registry_entry,
        })
    }
}

impl FoundRelease<'_> {
    /// The release with its file in the cache, and the record of where it is from.
    pub fn fetch(self, cache: &Cache, progress: &dyn Progress) -> Result<Fetched> {
        let FoundRelease {
            requirement,
            release,
            registry_entry,
        } = self;
        let package = &requirement.source.package;
        let is_there = cache.get(&release.digest).is_some();
        let file = cache
            .content(&*registry_entry.registry, package, &release, progress)
            .map_err(|e| requirement.explain(e))?;
        let (version, digest) = (&release.version, &release.digest);
        cache.record_origin(package, version, digest, &registry_entry.address)?;
        if !is_there {
            progress.item();
        }
        Ok(Fetched {
            package: package.clone(),
            version: release.version,
            digest: release.digest,
            file,
        })
    }
}

fn release_not_found(
    requirement: &Requirement,
    chosen: &ChosenVersion,
    registry: &dyn Registry,
) -> Error {
    let package = &requirement.source.package;
    Error::input(format!(
        "package `{package}@{}` does not exist any more",
        chosen.version
    ))
    .with_cause(format!("its registry is {}", registry.location(package)))
    .hint("run `cargo component update` to select another version")
}

fn replaced(
    package: &PackageRef,
    release: &Release,
    locked: &ContentDigest,
    registry: &dyn Registry,
) -> Error {
    Error::input(format!(
        "component registry package `{package}` (v`{}`) has digest `{}` but the lock file specifies digest `{locked}`",
        release.version, release.digest
    ))
    .with_cause(format!("its registry is {}", registry.location(package)))
    .hint("the release was replaced: find out why, then run `cargo component update` to accept it")
}
