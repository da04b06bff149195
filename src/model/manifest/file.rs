//! A manifest as it was read.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::{Error, Excerpt};

/// A manifest as it was read: its path, and the text that errors point into.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// The path, as errors display it.
    pub path: PathBuf,
    /// The whole text of the file.
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

    /// The excerpt of a byte range of the file.
    pub fn excerpt(&self, span: Range<usize>) -> Excerpt {
        Excerpt::new(&self.path, &*self.text, span)
    }

    /// An error about a byte range of the file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        Error::input(message).at(self.excerpt(span))
    }
}
