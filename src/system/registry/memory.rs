//! A registry in memory, for tests.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use semver::Version;

use super::{Publication, Registry, Release};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::resolver::Listed;
use crate::system::fs;

type Releases = BTreeMap<(PackageRef, Version), (Vec<u8>, bool)>;

/// Releases in memory, and how often it was asked.
#[derive(Debug, Default)]
pub struct Memory {
    releases: Mutex<Releases>,
    requests: Mutex<Vec<String>>,
}

impl Memory {
    /// Adds a release.
    pub fn insert(&self, package: PackageRef, version: Version, content: impl Into<Vec<u8>>) {
        self.releases()
            .insert((package, version), (content.into(), false));
    }

    /// Withdraws a release.
    pub fn yank(&self, package: &PackageRef, version: &Version) {
        if let Some(release) = self.releases().get_mut(&(package.clone(), version.clone())) {
            release.1 = true;
        }
    }

    /// What it was asked so far, one entry a request.
    pub fn requests(&self) -> Vec<String> {
        unpoisoned(self.requests.lock()).clone()
    }

    fn releases(&self) -> MutexGuard<'_, Releases> {
        unpoisoned(self.releases.lock())
    }

    fn note(&self, request: String) {
        unpoisoned(self.requests.lock()).push(request);
    }
}

/// The content of a lock whose last holder may have panicked.
fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}

impl Registry for Memory {
    fn location(&self, _package: &PackageRef) -> String {
        "the registry in memory".to_owned()
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<Listed>>> {
        self.note(format!("versions {package}"));
        let releases = self.releases();
        let listed: Vec<Listed> = releases
            .iter()
            .filter(|((name, _), _)| name == package)
            .map(|((_, version), (_, yanked))| Listed {
                version: version.clone(),
                yanked: *yanked,
            })
            .collect();
        Ok((!listed.is_empty()).then_some(listed))
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        self.note(format!("release {package}@{version}"));
        let releases = self.releases();
        let content = releases.get(&(package.clone(), version.clone()));
        Ok(content.map(|(bytes, _)| Release {
            version: version.clone(),
            digest: ContentDigest::of(bytes),
            size: Some(bytes.len() as u64),
        }))
    }

    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()> {
        self.note(format!("fetch {package}@{}", release.version));
        let releases = self.releases();
        match releases.get(&(package.clone(), release.version.clone())) {
            Some((bytes, _)) => to
                .write_all(bytes)
                .map_err(|e| Error::input("failed to write the package").because(e)),
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
}
