//! The files that WIT is read from.

use std::path::{Path, PathBuf};

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
    Wasm {
        /// The path of the file.
        path: PathBuf,
        /// The content of the file.
        bytes: Vec<u8>,
    },
}

impl Entry {
    /// The path of the directory or file.
    pub fn path(&self) -> &Path {
        match self {
            Entry::Text { path, .. } | Entry::Wasm { path, .. } => path,
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
