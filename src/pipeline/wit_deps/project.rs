//! A manifest with its lock file and the directory they are about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::lockfile::deps::{DepsLock, parse};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::deps::{DepsManifest, invalid_dir_name, read, without_secrets};
use crate::system::fs;

/// A manifest with its lock file and the directory they are about.
#[derive(Clone, Debug)]
pub struct Project {
    /// The manifest, read and checked.
    pub manifest: DepsManifest,
    /// The lock file, which need not exist.
    pub lock: PathBuf,
    /// The directory of the packages, which need not exist.
    pub deps: PathBuf,
    /// Paths below this directory are displayed relative to it.
    pub display_base: PathBuf,
}

impl Project {
    /// Reads the manifest of a project from disk.
    pub fn read(
        manifest: impl Into<PathBuf>,
        lock: impl Into<PathBuf>,
        deps: impl Into<PathBuf>,
    ) -> Result<Self> {
        let manifest = manifest.into();
        let text = fs::read_text(&manifest).map_err(|e| {
            let message = format!("failed to read the manifest `{}`", manifest.display());
            e.context(message).hint("create it, or give another path")
        })?;
        Project::new(ManifestFile::new(manifest, &text), lock, deps)
    }

    /// A project whose manifest was read already.
    pub fn new(
        manifest: ManifestFile,
        lock: impl Into<PathBuf>,
        deps: impl Into<PathBuf>,
    ) -> Result<Self> {
        Ok(Project {
            manifest: read(manifest)?,
            lock: lock.into(),
            deps: deps.into(),
            display_base: PathBuf::new(),
        })
    }

    /// Parses the text of the lock file and checks the names in it.
    pub(super) fn parse_lock(&self, text: &str) -> Result<DepsLock> {
        let lock = parse(&self.lock, text).map_err(|e| e.map_excerpt_text(without_secrets))?;
        // Directories are removed by these names.
        let mut names = lock
            .entries
            .iter()
            .flat_map(|(id, entry)| entry.deps.iter().chain([id]));
        match names.find_map(|name| Some((name, invalid_dir_name(name)?))) {
            Some((name, why)) => Err(Error::input(format!(
                "`{name}` in `{}` cannot be the name of a directory: {why}",
                self.display_path(&self.lock)
            ))
            .hint("correct it, or delete the file to create it again")),
            None => {
                drop(names);
                Ok(lock)
            }
        }
    }

    /// A path as messages show it, relative to the base where it is below.
    pub(super) fn display_path(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.display_base).unwrap_or(path);
        below.display().to_string()
    }

    /// The directory of an entry below `deps`.
    pub(super) fn dir(&self, id: &str) -> PathBuf {
        self.deps.join(id)
    }

    /// An error about an entry, with its place in the manifest.
    pub(super) fn entry_error(&self, id: &str, error: Error) -> Error {
        let entry = self.manifest.entries.get(id);
        let at = entry.map(|entry| self.manifest.file.excerpt(entry.span.clone()));
        let error = error.context(format!("failed to lock `{id}`"));
        match at {
            Some(at) => error.at(at),
            None => error,
        }
    }
}

/// Values by the name of an entry or directory of the lock file.
pub(super) type Dirs<T> = BTreeMap<String, T>;
