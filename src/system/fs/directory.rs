//! Directories: listed, made and removed.

#[cfg(feature = "cli")]
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::{fs, io};

#[cfg(feature = "cli")]
use super::path::{is_dir, is_link};
use crate::base::error::{Error, Result};

/// The entries of a directory, sorted by name.
pub fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e: io::Error| Error::io("read the directory", dir, &e);
    let mut entries = fs::read_dir(dir)
        .map_err(failed)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}

/// The files in a directory and below, sorted; of a file, or of a link to
/// anything, the path itself.
#[cfg(feature = "cli")]
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if is_link(path) || !is_dir(path) {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in list(path)? {
        files.extend(files_below(&entry)?);
    }
    Ok(files)
}

/// Makes a directory with its parents.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| Error::io("create the directory", path, &e))
}

/// Makes a directory with its parents. Those that are new may be listed by
/// nobody but their owner.
pub fn create_private_dir(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    let created = builder.create(path);
    created.map_err(|e| Error::io("create the directory", path, &e))
}

/// Removes a directory with all that is in it; one that is not there is no
/// error.
#[cfg(feature = "cli")]
pub fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != IoKind::NotFound => Err(Error::io("remove", path, &e)),
        _ => Ok(()),
    }
}

/// Removes a directory if nothing is in it; otherwise it stays.
#[cfg(feature = "cli")]
pub fn remove_empty_dir(path: &Path) {
    // The system refuses it where something is.
    let _ = fs::remove_dir(path);
}
