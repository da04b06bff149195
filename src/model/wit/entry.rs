//! The files that WIT is read from.

use std::path::{Path, PathBuf};

/// One file of WIT text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its path, as it is shown in errors.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// The source of one package (and the packages nested in it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// WIT text: the files of a directory, or one file.
    Text {
        /// The directory or file.
        path: PathBuf,
        /// The files; a directory may have none.
        files: Vec<TextFile>,
    },
    /// A wasm file: a WIT package in its binary form, or a component, which
    /// counts by its WIT.
    Wasm {
        /// The file.
        path: PathBuf,
        /// Its content.
        bytes: Vec<u8>,
    },
}

impl Entry {
    /// The directory or file.
    pub fn path(&self) -> &Path {
        match self {
            Entry::Text { path, .. } | Entry::Wasm { path, .. } => path,
        }
    }
}

/// A directory or file of WIT, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// What was read first.
    pub main: Entry,
    /// The entries of its `deps` directory.
    pub deps: Vec<Entry>,
}
