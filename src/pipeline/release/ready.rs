//! A release before it is published.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use semver::Version;

use crate::base::package::{ContentDigest, PackageRef};
use crate::system::registry::Registry;

/// A release that is ready to be published.
pub(crate) struct ReadyRelease {
    /// The word for it in messages, such as `component`.
    pub noun: &'static str,
    pub package: PackageRef,
    pub version: Version,
    pub file: PathBuf,
    pub digest: ContentDigest,
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
    pub registry: Arc<dyn Registry>,
    /// Whether the registry has the version already, which then stays.
    pub published: bool,
    /// The file or directory it was built from, for messages.
    pub built_from: PathBuf,
}
