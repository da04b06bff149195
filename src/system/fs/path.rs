//! Questions about paths, none of which reads the content of a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};

/// The directory that `path` lies in; `.` for a bare name.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Whether there is a file, a directory or anything else at `path`.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether `path` is a directory.
pub fn is_dir(path: &Path) -> bool {
    path.is_dir()
}

/// Whether `path` itself is a link, wherever it leads.
#[cfg(feature = "lock")]
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Whether the owner of a file may execute it; nobody may where there is no
/// such right.
#[cfg(feature = "lock")]
pub fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The length in bytes and the modification time in nanoseconds since 1970,
/// which tell one state of a file from another without reading it. `None` where there
/// is no file.
pub fn stamp(path: &Path) -> Option<(u64, u128)> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.len(), nanoseconds(meta.modified().ok()?)))
}

/// The modification time that a file gets now, in nanoseconds since 1970. It is that of a
/// new file, since the clock of files may be behind the system's.
pub fn clock() -> u128 {
    let new = tempfile::tempfile().and_then(|file| file.metadata()?.modified());
    let time = new.unwrap_or_else(|_| std::time::SystemTime::now());
    nanoseconds(time)
}

/// A time in nanoseconds since 1970.
fn nanoseconds(time: std::time::SystemTime) -> u128 {
    time.duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_nanos())
}

/// The absolute path without links and dots; the file must exist. On Windows it is one that
/// other programs take too: it begins with `\\?\` only where it has to.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    #[cfg(windows)]
    let found = dunce::canonicalize(path);
    #[cfg(not(windows))]
    let found = fs::canonicalize(path);
    found.map_err(|e| Error::io("find", path, &e))
}

/// The path in a URL `file://<path>`. On Windows a slash stands before the drive, which is none of
/// the path's.
#[cfg(feature = "cli")]
pub fn path_of_url(path: &str) -> &str {
    match path.strip_prefix('/').filter(|path| has_drive(path)) {
        Some(path) => path,
        None => path,
    }
}

/// Whether a path begins with a drive and its root, as on Windows.
#[cfg(feature = "cli")]
pub fn has_drive(path: &str) -> bool {
    let rooted = |rest: &[u8]| matches!(rest, [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic());
    cfg!(windows) && rooted(path.as_bytes())
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_slash_before_the_drive() {
        let expected = match cfg!(windows) {
            true => "C:/w/r",
            false => "/C:/w/r",
        };
        assert_eq!(path_of_url("/C:/w/r"), expected);
        assert_eq!(path_of_url("/w/r"), "/w/r");
        assert!(!has_drive("a:5000") && !has_drive("ab:/r"));
    }
}
