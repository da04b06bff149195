//! A component that another one depends on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use semver::Version;

use crate::base::package::PackageRef;

/// A component whose exports are to be imported.
#[derive(Clone, Debug)]
pub struct ComponentDependency {
    /// Its key in the manifest's table; keys differ.
    pub key: String,
    /// The package it is, where that is known.
    pub package: Option<PackageRef>,
    /// The version of that package.
    pub version: Option<Version>,
    /// The label its imports are named by: the key, if it is a plain label.
    pub label: Option<String>,
    /// The component. Its names are those of today's component model: the
    /// `unlocked-dep=<…>` of 0.21.1 has to be rewritten before.
    pub bytes: Vec<u8>,
    /// The file it was read from, for messages; none where there is none.
    pub file: Option<PathBuf>,
    /// The hints the component itself has, by the name of its import with the
    /// whole version.
    pub hints_of_imports: BTreeMap<String, String>,
}
