//! Where a write to a path has to go.
//!
//! A regular file is replaced as a whole. A device, a pipe or a socket cannot be:
//! a rename would remove it and put a file in its place, so the content is written
//! into it instead.

use std::fs;
use std::io::{self, Seek as _, Write};
use std::path::{Path, PathBuf};

#[cfg(feature = "lock")]
use super::file::remove_file;
use super::path::parent;
use crate::base::error::{Error, Result};

/// How the content of a path is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// A new file is renamed over this path, which no link hides any more.
    Replace(PathBuf),
    /// The content is appended to what this path opens: a device, a pipe, or a
    /// file that a process has open, such as `/dev/stdout`.
    WriteInto(PathBuf),
}

impl Destination {
    /// The destination behind `path`, which need not exist.
    pub(super) fn of(path: &Path) -> Self {
        let mut target = path.to_owned();
        // As many as Linux follows; the system refuses what remains.
        for _ in 0..40 {
            if cfg!(unix) && target.starts_with("/proc") {
                return Destination::WriteInto(path.to_owned());
            }
            match fs::read_link(&target) {
                Ok(to) => target = parent(&target).join(to),
                Err(_) => break,
            }
        }
        match is_special(&target) {
            true => Destination::WriteInto(path.to_owned()),
            false => Destination::Replace(target),
        }
    }
}

/// The path that a link leads to in the end, even if nothing is there; any other
/// path itself.
#[cfg(feature = "lock")]
pub(super) fn resolve_links(path: &Path) -> PathBuf {
    match Destination::of(path) {
        Destination::Replace(path) | Destination::WriteInto(path) => path,
    }
}

/// Whether standard output or standard error of this process go to the file, as when the
/// user redirects them. On systems other than Unix it is not known, and no file is.
#[cfg(feature = "cli")]
pub fn is_printed_to(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{fstat, stat};
        use std::os::fd::{AsFd as _, BorrowedFd};

        let Ok(file) = stat(path) else {
            return false;
        };
        let is_it = |stream: BorrowedFd<'_>| {
            fstat(stream).is_ok_and(|to| (to.st_dev, to.st_ino) == (file.st_dev, file.st_ino))
        };
        is_it(io::stdout().as_fd()) || is_it(io::stderr().as_fd())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Whether `path` leads to something that is neither a file nor a directory: a
/// device, a pipe, a socket.
pub fn is_special(path: &Path) -> bool {
    is_device_name(path) || fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Whether Windows takes `path` for a device, such as `NUL`, of which it tells nothing else.
fn is_device_name(path: &Path) -> bool {
    let absolute = || std::path::absolute(path);
    cfg!(windows)
        && absolute().is_ok_and(|path| {
            let path = path.as_os_str().as_encoded_bytes();
            path.starts_with(br"\\.\")
        })
}

/// Whether `path` itself, not what it may link to, is a regular file.
#[cfg(feature = "lock")]
pub fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// Removes a link, a device or a pipe at `path`, so that the next write makes a
/// file there instead of following it. A file or a directory stays.
#[cfg(feature = "lock")]
pub fn remove_irregular(path: &Path) -> Result<()> {
    let irregular = fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
    match irregular {
        true => remove_file(path),
        false => Ok(()),
    }
}

/// Appends what `content` writes to the file or device at `path`, once all of it
/// is written: nobody reads the beginning of something that fails later.
pub(super) fn write_into(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let failed = |e: io::Error| Error::io("write to", path, &e);
    let mut buffer = io::BufWriter::new(tempfile::tempfile().map_err(failed)?);
    content(&mut buffer)?;
    let mut buffer = buffer.into_inner().map_err(|e| failed(e.into_error()))?;
    buffer.rewind().map_err(failed)?;
    // Without `truncate` and with `append`, since a process may have written to it.
    let file = fs::OpenOptions::new().append(true).open(path);
    io::copy(&mut buffer, &mut file.map_err(failed)?).map_err(failed)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_written_into_and_a_file_behind_links_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), b"old").unwrap();
        for (link, to) in [("a", "file"), ("b", "a"), ("null", "/dev/null")] {
            std::os::unix::fs::symlink(to, at(link)).unwrap();
        }
        let replaced = |path: PathBuf| Destination::Replace(path);
        assert_eq!(Destination::of(&at("b")), replaced(at("file")));
        assert_eq!(Destination::of(&at("missing")), replaced(at("missing")));
        for special in [at("null"), "/dev/null".into(), "/dev/stdout".into()] {
            let into = Destination::WriteInto(special.clone());
            assert_eq!(Destination::of(&special), into);
        }
    }

    #[test]
    fn what_fails_midway_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, b"before").unwrap();
        let failing = write_into(&path, |to| {
            to.write_all(b"half").unwrap();
            Err(Error::input("no more"))
        });
        assert!(failing.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"before");
        write_into(&path, |to| {
            to.write_all(b" and after").unwrap();
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before and after");
    }
}
