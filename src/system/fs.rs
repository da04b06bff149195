//! The one door to the file system.
//!
//! Every error names its path. Writes that matter go to a temporary file
//! beside the destination, which a rename then replaces.

#[cfg(feature = "lock")]
mod change;
mod destination;
#[cfg(feature = "lock")]
mod held;
#[cfg(feature = "lock")]
mod journal;
mod leftover;
#[cfg(feature = "lock")]
mod settle;
#[cfg(feature = "lock")]
mod state;
#[cfg(feature = "lock")]
mod times;

use std::io::{BufWriter, ErrorKind as IoKind, Write};
#[cfg(feature = "cli")]
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::base::error::{Error, Result};

#[cfg(feature = "lock")]
pub use change::{Change, again};
pub use destination::is_special;
use destination::{Destination, write_into};
#[cfg(feature = "lock")]
pub use destination::{is_regular, remove_irregular};
#[cfg(feature = "lock")]
pub use held::{Held, hold};
#[cfg(feature = "lock")]
pub use journal::Outcome;
pub use leftover::clean;
#[cfg(feature = "lock")]
pub use leftover::{Temporary, leftovers};
#[cfg(feature = "lock")]
pub use settle::{Settled, settle};
#[cfg(feature = "lock")]
pub use times::{make_no_newer, modified};

/// What names of temporary files start with.
pub const TEMPORARY: &str = ".cargo-component-";

/// The list of what was vendored into a directory, which stays there.
pub const VENDORED: &str = ".cargo-component-vendor";

/// The journal of a change, in its temporary directory.
const JOURNAL: &str = "journal";

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| Error::io("read", path, &e))
}

/// Opens a file to read it in parts.
#[cfg(feature = "lock")]
pub fn open(path: &Path) -> Result<impl io::Read + use<>> {
    fs::File::open(path).map_err(|e| Error::io("read", path, &e))
}

/// Reads a whole file that must be UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::io("read", path, &e))
}

/// Reads a whole UTF-8 file, or `None` where there is no such file.
pub fn read_text_if_exists(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), IoKind::NotFound | IoKind::NotADirectory) => Ok(None),
        Err(e) => Err(Error::io("read", path, &e)),
    }
}

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

/// As [`write_atomic`], with what `content` writes; an error of its leaves the
/// file as it was.
pub fn write_atomic_with(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    write_as(path, Readers::All, content)
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
    /// The owner.
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
    let mut making = fs::DirBuilder::new();
    making.recursive(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::DirBuilderExt as _;
        making.mode(0o700);
    }
    making
        .create(dir)
        .map_err(|e| Error::io("create the directory", dir, &e))?;
    let old = fs::metadata(path).ok();
    if let Some(old) = &old {
        refuse_read_only(path, old)?;
    }
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
    let mut file = leftover::file_in(&builder, dir).map_err(failed)?;
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
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// A rename would replace a file that its owner wants to stay as it is.
fn refuse_read_only(path: &Path, old: &fs::Metadata) -> Result<()> {
    match old.permissions().readonly() {
        true => Err(
            Error::io("write", path, &io::Error::from(IoKind::PermissionDenied))
                .hint(format!("make `{}` writable", path.display())),
        ),
        false => Ok(()),
    }
}

/// What a link points at in the end, also where that is not there; anything
/// else is itself.
#[cfg(feature = "lock")]
fn behind_links(path: &Path) -> PathBuf {
    Destination::of(path).into_path()
}

/// Copies a file to where [`write_atomic`] would put it.
#[cfg(feature = "cli")]
pub fn copy_atomic(from: &Path, to: &Path) -> Result<()> {
    write_atomic_with(to, |out| copy_to(from, out))
}

/// As [`copy_atomic`], where nothing is there yet; whether it was so. Of several
/// that do so at once one succeeds.
#[cfg(feature = "cli")]
pub fn copy_new(from: &Path, to: &Path) -> Result<bool> {
    let failed = |e: io::Error| Error::io("write", to, &e);
    let dir = parent(to);
    create_dir(dir)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = leftover::file_in(&builder, dir).map_err(failed)?;
    copy_to(from, file.as_file_mut())?;
    match file.persist_noclobber(to) {
        Ok(_) => Ok(true),
        Err(e) if e.error.kind() == IoKind::AlreadyExists => Ok(false),
        Err(e) => Err(failed(e.error)),
    }
}

/// Copies a file into a writer.
#[cfg(feature = "cli")]
pub fn copy_to(from: &Path, mut to: &mut dyn Write) -> Result<()> {
    let mut file = fs::File::open(from).map_err(|e| Error::io("read", from, &e))?;
    io::copy(&mut file, &mut to).map_err(|e| Error::io("copy", from, &e))?;
    Ok(())
}

/// The number of bytes of a file.
#[cfg(feature = "cli")]
pub fn size(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(|e| Error::io("read", path, &e))?;
    Ok(metadata.len())
}

/// Up to `length` bytes of a file from `offset` on; fewer only at its end.
#[cfg(feature = "cli")]
pub fn read_part(path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
    let failed = |e: io::Error| Error::io("read", path, &e);
    let mut file = fs::File::open(path).map_err(failed)?;
    file.seek(io::SeekFrom::Start(offset)).map_err(failed)?;
    let mut part = Vec::with_capacity(length);
    file.take(length as u64)
        .read_to_end(&mut part)
        .map_err(failed)?;
    Ok(part)
}

/// The digest of a file's bytes, and their number.
#[cfg(feature = "cli")]
pub fn digest(path: &Path) -> Result<(crate::base::package::ContentDigest, u64)> {
    let failed = |e: io::Error| Error::io("read", path, &e);
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut digest = crate::base::package::Digester::default();
    let size = io::copy(&mut file, &mut digest).map_err(failed)?;
    Ok((digest.finish(), size))
}

/// Writes `content` if the file holds anything else; whether it wrote.
pub fn write_if_changed(path: &Path, content: &[u8]) -> Result<bool> {
    // A pipe would be waited for, and a device may never end.
    if !is_special(path) && fs::read(path).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    write_atomic(path, content)?;
    Ok(true)
}

/// Makes `to` name the file `from`: a hard link beside `to`, renamed over it,
/// or a copy where links do not work. Whatever `to` was is left untouched as
/// an inode, so that another name of it keeps its content.
pub fn link_over(from: &Path, to: &Path) -> Result<()> {
    let failed = |e: io::Error| Error::io("write", to, &e);
    let (dir, _lock) = leftover::dir_in(parent(to)).map_err(failed)?;
    let aside = dir.path().join("link");
    if fs::hard_link(from, &aside).is_err() {
        fs::copy(from, &aside).map_err(failed)?;
    }
    fs::rename(&aside, to).map_err(failed)
}

/// A file that no second one can hold the lock of, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: fs::File,
}

/// Locks a file, which is made if need be; `waiting` is told if another holds
/// it. `None` where locks or the file cannot be had: they only spare two runs
/// some work and confusion.
pub fn lock(path: &Path, waiting: impl FnOnce()) -> Option<Lock> {
    fs::create_dir_all(parent(path)).ok()?;
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).append(true).open(path).ok()?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            waiting();
            file.lock().ok()?;
        }
        Err(fs::TryLockError::Error(_)) => return None,
    }
    Some(Lock { _file: file })
}

/// As [`lock`], but without waiting: `None` while another holds it.
#[cfg(feature = "cli")]
pub fn lock_if_free(path: &Path) -> Result<Option<Lock>> {
    let failed = |e: io::Error| Error::io("lock", path, &e);
    fs::create_dir_all(parent(path)).map_err(failed)?;
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).append(true).open(path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) => Err(failed(e)),
    }
}

/// The directory a file lies in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Whether something is there, of whatever kind.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether `path` is a directory.
pub fn is_dir(path: &Path) -> bool {
    path.is_dir()
}

/// What tells one state of a file from another without reading it: length in
/// bytes and modification time in nanoseconds since 1970. `None` where there
/// is no file.
pub fn stamp(path: &Path) -> Option<(u64, u128)> {
    let meta = fs::metadata(path).ok()?;
    let time = meta.modified().ok()?;
    let nanos = time
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_nanos());
    Some((meta.len(), nanos))
}

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

/// Writes a file that is not there yet.
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
    fs::rename(from, to).map_err(|e| Error::io("write", to, &e))
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

/// The files in a directory and below, sorted; a file is itself, and so is a
/// link to whatever it is.
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

/// Removes a directory with all that is in it; one that is not there is no
/// error.
#[cfg(feature = "cli")]
pub fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != IoKind::NotFound => Err(Error::io("remove", path, &e)),
        _ => Ok(()),
    }
}

/// Removes a directory if nothing is in it.
#[cfg(feature = "cli")]
pub fn remove_empty_dir(path: &Path) {
    // The system refuses it where something is.
    let _ = fs::remove_dir(path);
}

/// Makes a directory with its parents, which nobody but the owner may list as
/// far as they are new.
#[cfg(feature = "cli")]
pub fn create_private_dir(path: &Path) -> Result<()> {
    let mut making = fs::DirBuilder::new();
    making.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        making.mode(0o700);
    }
    let made = making.create(path);
    made.map_err(|e| Error::io("create the directory", path, &e))
}

/// Makes a directory with its parents.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| Error::io("create the directory", path, &e))
}

/// The absolute path without links and dots; the file must exist.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|e| Error::io("find", path, &e))
}

#[cfg(test)]
mod tests {
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
        let [kept, deps, out] = ["kept", "deps", "out"].map(|n| dir.path().join(n));
        fs::write(&kept, "component").unwrap();
        fs::write(&deps, "module").unwrap();
        fs::hard_link(&deps, &out).unwrap();
        link_over(&kept, &out).unwrap();
        assert_eq!(read_text(&out).unwrap(), "component");
        assert_eq!(read_text(&deps).unwrap(), "module");
        assert_eq!(list(dir.path()).unwrap().len(), 3);
    }

    #[test]
    fn a_lock_is_held_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/lock");
        let first = lock(&path, || panic!("nobody holds it")).unwrap();
        let second = std::thread::spawn({
            let path = path.clone();
            let (send, told) = std::sync::mpsc::channel();
            let thread = move || lock(&path, || send.send(()).unwrap()).is_some();
            let thread = std::thread::spawn(thread);
            told.recv().unwrap();
            move || thread.join().unwrap()
        });
        #[cfg(feature = "cli")]
        assert!(lock_if_free(&path).unwrap().is_none());
        drop(first);
        assert!(second.join().unwrap());
        #[cfg(feature = "cli")]
        assert!(lock_if_free(&path).unwrap().is_some());
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
