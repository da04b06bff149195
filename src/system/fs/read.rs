//! Reading files, as a whole or in parts.

use std::fs;
#[cfg(feature = "lock")]
use std::io;
use std::io::ErrorKind as IoKind;
#[cfg(feature = "cli")]
use std::io::{Read as _, Seek as _};
use std::path::Path;

use crate::base::error::{Error, Result};

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    #[cfg(test)]
    super::read_log::note_read(path);
    fs::read(path).map_err(|e| Error::io("read", path, &e))
}

/// Opens a file to read it in parts.
#[cfg(feature = "lock")]
pub fn open(path: &Path) -> Result<impl io::Read + use<>> {
    #[cfg(test)]
    super::read_log::note_read(path);
    fs::File::open(path).map_err(|e| Error::io("read", path, &e))
}

/// Reads a whole file that must be UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    #[cfg(test)]
    super::read_log::note_read(path);
    fs::read_to_string(path).map_err(|e| Error::io("read", path, &e))
}

/// Reads a whole UTF-8 file, or `None` where there is no such file.
pub fn read_text_if_exists(path: &Path) -> Result<Option<String>> {
    #[cfg(test)]
    super::read_log::note_read(path);
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), IoKind::NotFound | IoKind::NotADirectory) => Ok(None),
        Err(e) => Err(Error::io("read", path, &e)),
    }
}

/// Whether a file has this text, whose lines end with `\n`. Those of the file may end with `\r\n`:
/// git can be told to write text so on Windows.
#[cfg(feature = "cli")]
pub fn has_text(path: &Path, text: &str) -> bool {
    let is_same = |found: &str| found == text || found.replace("\r\n", "\n") == text;
    read_text_if_exists(path).is_ok_and(|found| found.as_deref().is_some_and(is_same))
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

/// The number of bytes of a file.
#[cfg(feature = "cli")]
pub fn size(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(|e| Error::io("read", path, &e))?;
    Ok(metadata.len())
}

/// The digest of the bytes of a file, and their number.
#[cfg(feature = "cli")]
pub fn digest(path: &Path) -> Result<(crate::base::package::ContentDigest, u64)> {
    let failed = |e: io::Error| Error::io("read", path, &e);
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut digest = crate::base::package::Digester::default();
    let size = io::copy(&mut file, &mut digest).map_err(failed)?;
    Ok((digest.finish(), size))
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_whatever_ends_its_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert!(!has_text(&path, ""));
        for (written, expected) in [("a\nb\n", true), ("a\r\nb\r\n", true), ("a\rb\n", false)] {
            fs::write(&path, written).unwrap();
            assert_eq!(has_text(&path, "a\nb\n"), expected, "{written:?}");
        }
    }
}
