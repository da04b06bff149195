//! The seam between what needs packages and the backends that have them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use semver::Version;

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::resolver::ListedVersion;

/// A published version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version of the release.
    pub version: Version,
    /// The digest of its bytes.
    pub digest: ContentDigest,
    /// The number of its bytes, if the registry gives it.
    pub size: Option<u64>,
}

/// A release that will be published.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    /// The name of the package.
    pub package: &'a PackageRef,
    /// The version of the release.
    pub version: &'a Version,
    /// The file with its bytes.
    pub content: &'a Path,
    /// The digest of the bytes.
    pub digest: &'a ContentDigest,
    /// Facts for registries that keep some, by the names of OCI's annotations
    /// without their prefix: `description`, `licenses`, ….
    pub annotations: &'a BTreeMap<String, String>,
    /// The progress that the transfer is reported to.
    pub progress: &'a dyn Progress,
}

/// The names of the packages in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageList {
    /// All of them, in no order.
    Names(Vec<PackageRef>),
    /// The registry does not list them, for this reason, a fragment.
    Unlisted(String),
}

/// The annotation with the description of a package, by its whole name.
const DESCRIPTION: &str = "org.opencontainers.image.description";

/// A place where releases are listed, read and published.
pub trait Registry: Send + Sync {
    /// Where the package is, for messages: an address without credentials.
    fn location(&self, package: &PackageRef) -> String;

    /// Where others find a release, as a hint gives it: a URL such as
    /// `oci://…`; `None` for what is found by configuration only. No request
    /// is sent.
    fn url(&self, _package: &PackageRef, _version: &Version) -> Option<String> {
        None
    }

    /// Whether a version may have been withdrawn although its release is there, so
    /// that only the list of versions says which of them may be chosen.
    fn withdraws(&self) -> bool {
        true
    }

    /// All versions of a package, in no order; `None` if the registry has no
    /// such package, or does not distinguish that from one it gives no access to.
    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>>;

    /// The names of all packages. An error if the registry cannot be reached; one that
    /// refuses to list them, as many do, says so.
    fn packages(&self) -> Result<PackageList> {
        Ok(PackageList::Unlisted(
            "it has no operation for that".to_owned(),
        ))
    }

    /// One version of a package; `None` if it is not there.
    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>>;

    /// Writes the bytes of a release to `to`. They are not checked here: the
    /// caller holds them against the digest.
    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()>;

    /// The facts kept with a version, by their whole names; none where the
    /// registry keeps none.
    fn annotations(
        &self,
        _package: &PackageRef,
        _version: &Version,
    ) -> Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }

    /// The description of a version, as far as it is known without a download; `None` if
    /// there is none.
    fn description(&self, package: &PackageRef, version: &Version) -> Result<Option<String>> {
        Ok(self.annotations(package, version)?.remove(DESCRIPTION))
    }

    /// Publishes a version that must not be there yet.
    fn publish(&self, publication: &Publication<'_>) -> Result<()>;

    /// Withdraws a version, which is there. Most registries cannot do that: the error then
    /// says what to do instead.
    fn yank(&self, package: &PackageRef, version: &Version) -> Result<()> {
        Err(Error::unsupported(format!(
            "`{package}@{version}` cannot be withdrawn, since its registry has no such operation"
        ))
        .with_cause(format!("its registry is {}", self.location(package)))
        .hint("publish a corrected version with a higher number: new requirements get that one"))
    }
}
