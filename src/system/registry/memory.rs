//! A registry in memory, for tests.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use semver::Version;

use super::interface::{PackageList, Publication, Registry, Release};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::resolver::ListedVersion;
use crate::system::fs;

type Releases = BTreeMap<(PackageRef, Version), (Vec<u8>, bool)>;

/// Releases in memory, and the requests for them.
#[derive(Debug, Default)]
pub struct MemoryRegistry {
    releases: Mutex<Releases>,
    requests: Mutex<Vec<String>>,
}

impl MemoryRegistry {
    /// Adds a release with these bytes.
    pub fn insert(&self, package: PackageRef, version: Version, content: impl Into<Vec<u8>>) {
        self.releases()
            .insert((package, version), (content.into(), false));
    }

    /// Withdraws a release that is there.
    pub fn yank(&self, package: &PackageRef, version: &Version) {
        if let Some(release) = self.releases().get_mut(&(package.clone(), version.clone())) {
            release.1 = true;
        }
    }

    /// The requests so far, in words.
    pub fn requests(&self) -> Vec<String> {
        unpoisoned(self.requests.lock()).clone()
    }

    fn releases(&self) -> MutexGuard<'_, Releases> {
        unpoisoned(self.releases.lock())
    }

    fn log_request(&self, request: String) {
        unpoisoned(self.requests.lock()).push(request);
    }
}

/// The content of a lock whose last holder may have panicked.
fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}

impl Registry for MemoryRegistry {
    fn location(&self, _package: &PackageRef) -> String {
        "the registry in memory".to_owned()
    }

    fn withdraws(&self) -> bool {
        self.releases().values().any(|(_, yanked)| *yanked)
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>> {
        self.log_request(format!("versions {package}"));
        let releases = self.releases();
        let listed: Vec<ListedVersion> = releases
            .iter()
            .filter(|((name, _), _)| name == package)
            .map(|((_, version), (_, yanked))| ListedVersion {
                version: version.clone(),
                yanked: *yanked,
            })
            .collect();
        Ok((!listed.is_empty()).then_some(listed))
    }

    fn packages(&self) -> Result<PackageList> {
        let releases = self.releases();
        let names = releases.keys().map(|(name, _)| name.clone());
        Ok(PackageList::Names(names.collect()))
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        self.log_request(format!("release {package}@{version}"));
        let releases = self.releases();
        let content = releases.get(&(package.clone(), version.clone()));
        Ok(content.map(|(bytes, _)| Release {
            version: version.clone(),
            digest: ContentDigest::of(bytes),
            size: Some(bytes.len() as u64),
        }))
    }

    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()> {
        self.log_request(format!("fetch {package}@{}", release.version));
        let releases = self.releases();
        match releases.get(&(package.clone(), release.version.clone())) {
            Some((bytes, _)) => to
                .write_all(bytes)
                .map_err(|e| Error::input("failed to write the package").with_cause(e)),
            None => Err(Error::input(format!(
                "`{package}@{}` does not exist",
                release.version
            ))),
        }
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        let bytes = fs::read(publication.content)?;
        self.insert(
            publication.package.clone(),
            publication.version.clone(),
            bytes,
        );
        Ok(())
    }

    fn yank(&self, package: &PackageRef, version: &Version) -> Result<()> {
        MemoryRegistry::yank(self, package, version);
        Ok(())
    }
}
