//! Writing files so that nobody sees one half written.

#[cfg(feature = "cli")]
use std::borrow::Cow;
use std::io::{BufWriter, ErrorKind as IoKind, Write};
use std::path::Path;
use std::{fs, io};

use super::attempts;
use super::destination::{Destination, is_special, write_into};
use super::directory::{create_dir, create_private_dir};
use super::path::parent;
use super::reserved_names::TEMPORARY;
#[cfg(feature = "cli")]
use super::temporary::persist_new;
use super::temporary::{persist, temporary_dir_in, temporary_file_in};
use crate::base::error::{Error, Result};
#[cfg(feature = "cli")]
use crate::base::package::{ContentDigest, Digester};

/// Replaces the content of `path`, or leaves it as it was. A device or a pipe
/// stays what it is: the content is written into it.
///
/// The new file keeps the permissions of the old one; a new one gets those a
/// plain `create` gives. Missing parent directories are made. A link stays one:
/// what it points at is replaced.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<()> {
    write_atomic_with(path, |to| {
        to.write_all(content)
            .map_err(|e| Error::io("write", path, &e))
    })
}

/// As [`write_atomic`], with the bytes that `content` writes. If `content`
/// fails, the file stays as it was.
pub fn write_atomic_with(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    write_as(path, Readers::All, content)
}

/// As [`write_atomic`], with content in pieces; returns the digest of them all.
#[cfg(feature = "cli")]
pub fn write_pieces(path: &Path, pieces: &[Cow<'_, [u8]>]) -> Result<ContentDigest> {
    let mut digester = Digester::default();
    write_atomic_with(path, |to| {
        for piece in pieces {
            digester.update(piece);
            to.write_all(piece)
                .map_err(|e| Error::io("write", path, &e))?;
        }
        Ok(())
    })?;
    Ok(digester.finish())
}

/// As [`write_atomic`], for a file with secrets: nobody but its owner may read
/// it, nor list a directory that has to be made for it.
#[cfg(feature = "cli")]
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    write_as(path, Readers::Owner, |to| {
        to.write_all(content)
            .map_err(|e| Error::io("write", path, &e))
    })
}

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    /// Whoever the file's directory lets in, as with a plain `create`.
    All,
    /// Nobody but the owner of the file.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    Owner,
}

fn write_as(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let failed = |e: io::Error| Error::io("write", path, &e);
    let path = &match Destination::of(path) {
        Destination::WriteInto(path) => return write_into(&path, content),
        Destination::Replace(path) => path,
    };
    let dir = parent(path);
    match readers {
        Readers::All => create_dir(dir)?,
        Readers::Owner => create_private_dir(dir)?,
    }
    let old = fs::metadata(path).ok();
    if let Some(old) = &old {
        refuse_read_only(path, old)?;
    }
    let mut file = temporary_file(dir, readers).map_err(failed)?;
    let mut buffered = BufWriter::new(file.as_file_mut());
    content(&mut buffered)?;
    buffered.flush().map_err(failed)?;
    drop(buffered);
    if let Some(old) = old
        && readers == Readers::All
    {
        file.as_file()
            .set_permissions(old.permissions())
            .map_err(failed)?;
    }
    persist(file, path).map_err(failed)
}

/// A new temporary file in a directory that `readers` may read.
fn temporary_file(dir: &Path, readers: Readers) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        // The default of a temporary file is 0600; most results are no secret.
        use std::os::unix::fs::PermissionsExt as _;
        if readers == Readers::All {
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
    }
    #[cfg(not(unix))]
    let _ = readers;
    temporary_file_in(&builder, dir)
}

/// Fails for a read-only file: a rename would replace what its owner wants to
/// stay as it is.
pub(super) fn refuse_read_only(path: &Path, old: &fs::Metadata) -> Result<()> {
    match old.permissions().readonly() {
        true => Err(
            Error::io("write", path, &io::Error::from(IoKind::PermissionDenied))
                .hint(format!("make `{}` writable", path.display())),
        ),
        false => Ok(()),
    }
}

/// Writes `content` if the file holds anything else, and returns whether it wrote.
pub fn write_if_changed(path: &Path, content: &[u8]) -> Result<bool> {
    // A pipe would be waited for, and a device may never end.
    if !is_special(path) && fs::read(path).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    write_atomic(path, content)?;
    Ok(true)
}

/// Makes `to` name the file `from`, with a hard link that is renamed over it, or a copy where
/// links do not work. Whatever `to` named before is not written to, so that its other hard links
/// keep their content.
///
/// The link is made beside `from`, whose directory nobody else may use at the time.
pub fn link_over(from: &Path, to: &Path) -> Result<()> {
    let mut staged = from.to_owned().into_os_string();
    staged.push(".link");
    let staged = Path::new(&staged);
    let linked = fs::hard_link(from, staged).or_else(|e| match e.kind() {
        // A killed run left it.
        IoKind::AlreadyExists => fs::remove_file(staged).and_then(|()| fs::hard_link(from, staged)),
        _ => Err(e),
    });
    let renamed = linked.and_then(|()| attempts::rename(staged, to));
    // Of two names of one file, a rename leaves both.
    let _ = fs::remove_file(staged);
    match renamed {
        Ok(()) => Ok(()),
        Err(_) => copy_over(from, to),
    }
}

/// As [`link_over`], where `to` may be on another file system, or one without hard links.
fn copy_over(from: &Path, to: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::io("write", to, &e);
    let (dir, _lock) = temporary_dir_in(parent(to)).map_err(failed)?;
    let staged = dir.path().join("link");
    if fs::hard_link(from, &staged).is_err() {
        fs::copy(from, &staged).map_err(failed)?;
    }
    attempts::rename(&staged, to).map_err(failed)
}

/// Copies a file to where [`write_atomic`] would put it.
#[cfg(feature = "cli")]
pub fn copy_atomic(from: &Path, to: &Path) -> Result<()> {
    write_atomic_with(to, |out| copy_to(from, out))
}

/// As [`copy_atomic`], but never replaces a file; returns whether it copied. Of
/// several runs that do so at the same time exactly one succeeds.
#[cfg(feature = "cli")]
pub fn copy_new(from: &Path, to: &Path) -> Result<bool> {
    let failed = |e: io::Error| Error::io("write", to, &e);
    let dir = parent(to);
    create_dir(dir)?;
    let mut file = temporary_file(dir, Readers::All).map_err(failed)?;
    copy_to(from, file.as_file_mut())?;
    match persist_new(file, to) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == IoKind::AlreadyExists => Ok(false),
        Err(e) => Err(failed(e)),
    }
}

/// Copies a file into a writer.
#[cfg(feature = "cli")]
pub fn copy_to(from: &Path, mut to: &mut dyn Write) -> Result<()> {
    let mut file = fs::File::open(from).map_err(|e| Error::io("read", from, &e))?;
    io::copy(&mut file, &mut to).map_err(|e| Error::io("copy", from, &e))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::directory::list;
    use super::super::read::read_text;
    use super::*;

    #[test]
    fn an_unchanged_file_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.txt");
        assert!(write_if_changed(&path, b"x").unwrap());
        assert!(!write_if_changed(&path, b"x").unwrap());
        assert!(write_if_changed(&path, b"y").unwrap());
        assert_eq!(list(path.parent().unwrap()).unwrap(), [path]);
    }

    #[test]
    fn linking_over_leaves_the_other_name_of_the_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let [cached, deps, out] = ["cached", "deps", "out"].map(|n| dir.path().join(n));
        fs::write(&cached, "component").unwrap();
        fs::write(&deps, "module").unwrap();
        fs::hard_link(&deps, &out).unwrap();
        // The second time, both are the same file; and a killed run may leave its link.
        fs::write(dir.path().join("cached.link"), "left").unwrap();
        for over in [link_over, link_over, copy_over] {
            over(&cached, &out).unwrap();
            assert_eq!(read_text(&out).unwrap(), "component");
            assert_eq!(read_text(&deps).unwrap(), "module");
            assert_eq!(list(dir.path()).unwrap().len(), 3);
        }
    }

    #[cfg(feature = "cli")]
    #[test]
    fn pieces_become_one_file_whose_digest_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let pieces: Vec<Cow<'_, [u8]>> =
            vec![b"one".into(), vec![b'x'; 100_000].into(), b"".into()];
        let digest = write_pieces(&path, &pieces).unwrap();
        assert_eq!(fs::read(&path).unwrap(), pieces.concat());
        assert_eq!(digest, ContentDigest::of(&pieces.concat()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let [link, real] = ["link", "real"].map(|n| dir.path().join(n));
        std::os::unix::fs::symlink("real", &link).unwrap();
        for text in ["new", "newer"] {
            write_atomic(&link, text.as_bytes()).unwrap();
            assert_eq!(read_text(&real).unwrap(), text);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
    }

    #[test]
    fn a_read_only_file_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        assert!(write_atomic(&path, b"new").is_err());
        assert_eq!(read_text(&path).unwrap(), "old");
    }
}
