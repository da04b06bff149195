//! Single steps on a file or directory, each as the system takes it.

use std::io::{ErrorKind as IoKind, Write as _};
use std::path::Path;
use std::{fs, io};

use super::directory::list;
use crate::base::error::{Error, Result};

/// Writes a file, which must not be there yet.
#[cfg(feature = "lock")]
pub fn write_new(path: &Path, content: &[u8], executable: bool) -> Result<()> {
    let failed = |e: io::Error| Error::io("write", path, &e);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if executable { 0o777 } else { 0o666 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(content).map_err(failed)
}

/// Gives a file or directory another name on the same file system.
#[cfg(feature = "lock")]
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    super::attempts::rename(from, to).map_err(|e| Error::io("write", to, &e))
}

/// Removes a file; one that is not there is no error.
#[cfg(feature = "lock")]
pub fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != IoKind::NotFound => Err(Error::io("remove", path, &e)),
        _ => Ok(()),
    }
}

/// Copies a file or a directory with all that is in it; a link is copied as a
/// link.
#[cfg(feature = "lock")]
pub fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::io("copy", from, &e);
    let meta = fs::symlink_metadata(from).map_err(failed)?;
    if meta.is_dir() {
        fs::create_dir_all(to).map_err(failed)?;
        for entry in list(from)? {
            copy_all(&entry, &to.join(entry.file_name().unwrap_or_default()))?;
        }
        return Ok(());
    }
    #[cfg(unix)]
    if meta.is_symlink() {
        let target = fs::read_link(from).map_err(failed)?;
        return std::os::unix::fs::symlink(target, to).map_err(failed);
    }
    fs::copy(from, to).map_err(failed)?;
    Ok(())
}
