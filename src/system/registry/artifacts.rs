//! Artifacts of an OCI registry by their references, without a package's name,
//! and the login to such a registry.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::oci::reference::Reference;
use super::secret::Secret;
use crate::base::error::Result;
use crate::base::package::ContentDigest;
use crate::base::progress::Progress;

/// The artifact that a reference stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundArtifact {
    /// The digest of the manifest, by which the artifact can be referred to.
    pub manifest: ContentDigest,
    /// The digest of the WebAssembly in it.
    pub content: ContentDigest,
    /// The number of its bytes.
    pub size: u64,
    /// The annotations of the manifest, by their whole names.
    pub annotations: BTreeMap<String, String>,
}

/// The outcome of logging in or out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginOutcome {
    /// The place the login is in, or was in; `None` if there was none to remove.
    pub place: Option<String>,
    /// Messages for the user besides.
    pub notes: Vec<String>,
}

/// A host of OCI artifacts.
pub trait Artifacts: Send + Sync {
    /// The host, with a port where it is not the usual one.
    fn host(&self) -> &str;

    /// The artifact of a reference of this host; `None` if it is not there.
    fn find(&self, reference: &Reference) -> Result<Option<FoundArtifact>>;

    /// Writes the bytes with this digest and, where it is known, size, of the
    /// repository of a reference, to `to`, as they come. They are not checked
    /// here.
    fn read(
        &self,
        reference: &Reference,
        digest: &ContentDigest,
        size: Option<u64>,
        to: &mut dyn Write,
    ) -> Result<()>;

    /// Pushes a file of WebAssembly under a tag, whatever that was before, with
    /// annotations by their whole names, and reports to `progress`. Returns the
    /// digest of the manifest.
    fn push(
        &self,
        reference: &Reference,
        content: &Path,
        annotations: &BTreeMap<String, String>,
        progress: &dyn Progress,
    ) -> Result<ContentDigest>;

    /// Checks a login with the registry and stores it where docker or podman
    /// would.
    fn log_in(&self, user: &str, password: &Secret) -> Result<LoginOutcome>;

    /// Forgets the login that [`Artifacts::log_in`] would replace.
    fn log_out(&self) -> Result<LoginOutcome>;
}
