//! The digests that a manifest gives for an archive.

use url::Url;

use crate::base::error::Error;
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::DepsSource;
use crate::system::source::download::display_url;

/// The digests that an archive must have, in lower-case hex, as far as the
/// manifest gives them.
#[derive(Clone, Copy)]
pub struct Checksums<'a> {
    sha256: Option<&'a str>,
    sha512: Option<&'a str>,
}

impl<'a> Checksums<'a> {
    /// The digests that an entry gives; none for what is no archive.
    pub fn of(source: &'a DepsSource) -> Self {
        match source {
            DepsSource::Archive { sha256, sha512, .. } => Checksums {
                sha256: sha256.as_deref(),
                sha512: sha512.as_deref(),
            },
            _ => Checksums {
                sha256: None,
                sha512: None,
            },
        }
    }

    /// Whether the manifest gives no digest at all.
    pub fn is_empty(&self) -> bool {
        self.sha256.is_none() && self.sha512.is_none()
    }

    /// Whether an archive with these digests is the one that is required.
    pub fn match_digests(&self, found: &Digests) -> bool {
        self.sha256
            .is_none_or(|text| found.sha256.to_string() == text)
            && self
                .sha512
                .is_none_or(|text| found.sha512.to_string() == text)
    }

    /// The error about an archive that has other digests.
    pub fn mismatch(&self, url: &Url, found: &Digests) -> Error {
        let found256 = found.sha256.to_string();
        let (name, found, expected) = match self.sha256.filter(|expected| found256 != *expected) {
            Some(expected) => ("sha256", found256.clone(), expected),
            None => (
                "sha512",
                found.sha512.to_string(),
                self.sha512.unwrap_or_default(),
            ),
        };
        Error::input(format!("{name} hash mismatch for `{}`", display_url(url)))
            .with_cause(format!("got: {found}"))
            .with_cause(format!("expected: {expected}"))
            .hint(format!(
                "if the archive is correct, set `{name}` to its digest"
            ))
    }
}
