//! A reference of a document to a package.

use std::fmt;
use std::ops::Range;

use semver::Version;
use wac_graph::types::BorrowedPackageKey;

/// A reference of a document to a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageReference {
    /// The name `namespace:name` of the package, perhaps with more parts.
    pub name: String,
    /// The version of the package, if the document has one.
    pub version: Option<Version>,
    /// The bytes of the document where the package is first named.
    pub range: Range<usize>,
}

impl fmt::Display for PackageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl PackageReference {
    pub(super) fn key(&self) -> BorrowedPackageKey<'_> {
        BorrowedPackageKey::from_name_and_version(&self.name, self.version.as_ref())
    }
}
