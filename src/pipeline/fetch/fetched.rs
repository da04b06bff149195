//! A package of a registry that was fetched into the cache.

use std::path::PathBuf;

use semver::Version;
use wit_parser::PackageName;

use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::outline::{Outline, outline};
use crate::model::lockfile::Locked;
use crate::model::resolver::Requirement;
use crate::model::wit::{Entry, WasmFile};
use crate::system::fs;

/// A package whose bytes are on disk.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub package: PackageRef,
    pub version: Version,
    pub digest: ContentDigest,
    /// The file with its bytes, which have the digest.
    pub file: PathBuf,
}

impl Fetched {
    /// The name it has in WIT, which may be without a version.
    pub fn name(&self) -> Result<PackageName> {
        let version = match outline(&fs::read(&self.file)?)? {
            Outline::Wit { version, .. } => version,
            _ => Some(self.version.clone()),
        };
        Ok(PackageName {
            namespace: self.package.namespace().to_owned(),
            name: self.package.name().to_owned(),
            version,
        })
    }

    /// The entry of the lock file for it as the answer of a requirement; `source` is the
    /// location at which others find it.
    pub fn to_locked(&self, requirement: &Requirement, source: Option<String>) -> Locked {
        Locked {
            package: requirement.source.package.clone(),
            registry: requirement.source.registry.clone(),
            requirement: requirement.version_req.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            source,
            address: requirement.source.address.clone(),
            imports: None,
        }
    }

    /// The package as a source of WIT, displayed by its name.
    pub fn entry(&self) -> Result<Entry> {
        let name = format!("{}@{}", self.package, self.version);
        Ok(Entry::Wasm(WasmFile::new(name, fs::read(&self.file)?)))
    }
}
