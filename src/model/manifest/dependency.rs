//! Dependencies on components and on packages of WIT.

use std::ops::Range;
use std::path::PathBuf;

use semver::VersionReq;

use super::file::ManifestFile;
use crate::base::package::PackageRef;
use crate::model::capabilities::CapabilityRules;

/// One entry of a table of dependencies.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The package; `None` where only a path and a label are given.
    pub package: Option<PackageRef>,
    /// Where it comes from.
    pub source: DependencySource,
    /// What a component may do, with everything that it is linked with.
    pub capabilities: CapabilityRules,
    /// The manifest that has the entry, for errors.
    pub file: ManifestFile,
    /// The byte range of the entry in that file.
    pub span: Range<usize>,
}

impl Dependency {
    /// The entry as one of `dev-dependencies`. There the key of an entry with a path says
    /// what it stands for, which a component of another package may do.
    #[cfg(feature = "bindings")]
    pub(super) fn for_tests(mut self) -> Self {
        if matches!(self.source, DependencySource::Path { .. }) {
            self.package = None;
        }
        self
    }
}

/// Where a dependency comes from.
#[derive(Clone, Debug)]
pub enum DependencySource {
    /// A registry: the one named, or the one the configuration has for the
    /// package.
    Registry {
        /// The versions that are accepted.
        requirement: VersionReq,
        /// The name of the registry, where one is named.
        registry: Option<String>,
    },
    /// An artifact of an OCI registry.
    Oci {
        /// The artifact, as it is written.
        reference: String,
    },
    /// A file or directory; once published, the release that
    /// `requirement` names.
    Path {
        /// The file or directory.
        path: PathBuf,
        /// The versions that are accepted once published.
        requirement: Option<VersionReq>,
        /// The registry it is published to.
        registry: Option<String>,
    },
}
