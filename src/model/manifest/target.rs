//! The world that a component implements.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use semver::VersionReq;

use super::dependency::Dependency;
use crate::base::package::PackageRef;

/// Where the world comes from.
#[derive(Clone, Debug)]
pub enum Target {
    /// A package of a registry.
    Registry(RegistryTarget),
    /// An artifact of an OCI registry.
    Oci(OciTarget),
    /// WIT of this project.
    Local(LocalTarget),
}

/// A world in a package of a registry.
#[derive(Clone, Debug)]
pub struct RegistryTarget {
    /// The package that has the world.
    pub package: PackageRef,
    /// The world; none means the package's only one.
    pub world: Option<String>,
    /// The versions that are accepted.
    pub requirement: VersionReq,
    /// The name of the registry, where one is named.
    pub registry: Option<String>,
    /// The byte range in the manifest.
    pub span: Range<usize>,
}

/// A world in an artifact of an OCI registry.
#[derive(Clone, Debug)]
pub struct OciTarget {
    /// The artifact, as it is written.
    pub reference: String,
    /// The world; none means the package's only one.
    pub world: Option<String>,
    /// The byte range in the manifest.
    pub span: Range<usize>,
}

/// A world in a directory or file.
#[derive(Clone, Debug, Default)]
pub struct LocalTarget {
    /// The directory or file; `None` means `wit` beside the manifest, if that
    /// exists.
    pub path: Option<PathBuf>,
    /// The world; none means the package's only one.
    pub world: Option<String>,
    /// The packages the WIT names, if the table is there.
    pub dependencies: Option<BTreeMap<String, Dependency>>,
    /// Where the manifest names the path or world; empty if it does not.
    pub span: Range<usize>,
}
