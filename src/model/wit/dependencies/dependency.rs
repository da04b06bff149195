//! A component that another one depends on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use semver::Version;

use crate::base::package::PackageRef;

/// A component whose exports are to be imported.
#[derive(Clone, Debug)]
pub struct ComponentDependency {
    /// The key in the manifest's table, which is unique.
    pub key: String,
    /// The package of the component, where that is known.
    pub package: Option<PackageRef>,
    /// The version of the package.
    pub version: Option<Version>,
    /// The label that names its imports: the key, if that is a plain label.
    pub label: Option<String>,
    /// The component, with names of the current component model: names
    /// `unlocked-dep=<…>` of 0.21.1 have been rewritten.
    pub bytes: Vec<u8>,
    /// The file it was read from, for messages; none where there is none.
    pub file: Option<PathBuf>,
    /// The hints in the component itself, by the name of its import with the whole
    /// version.
    pub hints_of_imports: BTreeMap<String, String>,
}
