//! Artifacts of an OCI registry by their references, without a package's name,
//! and the login to such a registry.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::{Reference, Secret};
use crate::base::error::Result;
use crate::base::package::ContentDigest;
use crate::base::progress::Progress;

/// What a reference stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The digest of the manifest, by which the artifact can be referred to.
    pub manifest: ContentDigest,
    /// The digest of the WebAssembly in it.
    pub content: ContentDigest,
    /// The number of its bytes.
    pub size: u64,
    /// The annotations of the manifest, by their whole names.
    pub annotations: BTreeMap<String, String>,
}

/// What became of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where it stands, or stood; `None` if there was none to forget.
    pub place: Option<String>,
    /// What the user should know besides.
    pub notes: Vec<String>,
}

/// One host of artifacts.
pub trait Artifacts: Send + Sync {
    /// The host, with a port where it is not the usual one.
    fn host(&self) -> &str;

    /// What a reference of this host stands for; `None` if it is not there.
    fn find(&self, reference: &Reference) -> Result<Option<Found>>;

    /// Writes the bytes with this digest and, where it is known, size, of the
    /// repository of a reference, to `to`, as they come. They are not checked
    /// here.
    fn read(
        &self,
        reference: &Reference,
        content: (&ContentDigest, Option<u64>),
        to: &mut dyn Write,
    ) -> Result<()>;

    /// Pushes a file of WebAssembly, watched by somebody, under a tag, whatever that was before, with
    /// annotations by their whole names; the digest of the manifest.
    fn push(
        &self,
        reference: &Reference,
        content: (&Path, &dyn Progress),
        annotations: &BTreeMap<String, String>,
    ) -> Result<ContentDigest>;

    /// Checks a login with the registry and keeps it where docker or podman
    /// would.
    fn log_in(&self, user: &str, password: &Secret) -> Result<Kept>;

    /// Forgets the login that [`Artifacts::log_in`] would replace.
    fn log_out(&self) -> Result<Kept>;
}
