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
