//! A manifest as it was read.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::{Error, Excerpt};

/// A Cargo.toml as it was read: where, and the text errors point into.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// Its path, as it is shown in errors.
    pub path: PathBuf,
    /// Its whole text.
    pub text: Arc<str>,
}

impl ManifestFile {
    /// A file with its text.
    pub fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        ManifestFile {
            path: path.into(),
            text: Arc::from(text),
        }
    }

    /// The directory that relative paths in the file start from.
    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Points at a byte range of the file.
    pub fn excerpt(&self, span: Range<usize>) -> Excerpt {
        Excerpt::new(&self.path, &*self.text, span)
    }

    /// An error about a byte range of the file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        Error::input(message).at(self.excerpt(span))
    }
}
