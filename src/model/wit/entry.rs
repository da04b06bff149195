//! The files that WIT is read from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use wit_component::DecodedWasm;

use super::decode::{Undecodable, decode};

/// One file of WIT text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// The path, as errors display it.
    pub path: PathBuf,
    /// The content of the file.
    pub text: String,
}

/// The source of one package (and the packages nested in it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// WIT text: the files of a directory, or one file.
    Text {
        /// The directory or file.
        path: PathBuf,
        /// The files, of which a directory may have none.
        files: Vec<TextFile>,
    },
    /// A wasm file: a WIT package in its binary form, or a component, of which only
    /// the WIT is used.
    Wasm(WasmFile),
}

/// A wasm file with WIT in it, which is decoded once: it is asked for its content
/// whenever the packages around it change.
#[derive(Clone)]
pub struct WasmFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// The decoded content, which copies of this value share.
    decoded: Arc<OnceLock<Result<DecodedWasm, Undecodable>>>,
}

impl WasmFile {
    /// A file with these bytes; `path` is how errors display it.
    pub fn new(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        WasmFile {
            path: path.into(),
            bytes,
            decoded: Arc::default(),
        }
    }

    /// What [`decode`] gives for the bytes.
    pub fn decoded(&self) -> Result<&DecodedWasm, Undecodable> {
        let decoded = self.decoded.get_or_init(|| decode(&self.bytes));
        decoded.as_ref().map_err(Clone::clone)
    }
}

impl PartialEq for WasmFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.bytes) == (&other.path, &other.bytes)
    }
}

impl Eq for WasmFile {}

impl fmt::Debug for WasmFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, {} bytes", self.path.display(), self.bytes.len())
    }
}

impl Entry {
    /// The path of the directory or file.
    pub fn path(&self) -> &Path {
        match self {
            Entry::Text { path, .. } => path,
            Entry::Wasm(file) => &file.path,
        }
    }
}

/// A directory or file of WIT with its dependencies, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The directory or file itself.
    pub main: Entry,
    /// The entries of its `deps` directory.
    pub deps: Vec<Entry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_file_share_what_was_decoded() {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_source("a.wit", "package a:b; interface i {}");
        let bytes = wit_component::encode(&resolve, package.unwrap(), false).unwrap();
        let file = WasmFile::new("a.wasm", bytes.clone());
        let copy = file.clone();
        let first = copy.decoded().unwrap();
        assert!(std::ptr::eq(first, file.decoded().unwrap()));
        // Another file of that name is another one.
        let other = WasmFile::new("a.wasm", bytes[..20].to_vec());
        assert!(other != file && copy == file);
        assert!(other.decoded().is_err());
    }
}
