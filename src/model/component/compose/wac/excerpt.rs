//! Excerpts of documents, for errors.

use std::ops::Range;

use crate::base::error::Excerpt;
use crate::model::wit::TextFile;

/// The excerpt for a byte range of a document.
pub fn excerpt(file: &TextFile, range: Range<usize>) -> Excerpt {
    Excerpt::new(&file.path, file.text.clone(), range)
}
