//! What a file or directory is, as a word that can be written down and compared.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::base::package::Digester;

/// The state of what is not there.
pub(super) const ABSENT: &str = "-";

/// The state of a file with these bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    let mut digester = Digester::default();
    digester.update(bytes);
    format!("file {}", digester.finish())
}

/// The state of whatever is at a path: of a file by its bytes, of a link by
/// where it leads, of a directory by everything in it and below.
pub(super) fn state(path: &Path) -> io::Result<String> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(ABSENT.to_owned());
        }
        Err(e) => return Err(e),
    };
    if meta.is_symlink() {
        return Ok(format!("link {}", fs::read_link(path)?.display()));
    }
    let mut digester = Digester::default();
    if meta.is_dir() {
        let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
        let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        for entry in entries {
            let name = entry.file_name().unwrap_or_default();
            write!(digester, "{}\0{}\0", name.display(), state(&entry)?)?;
        }
        return Ok(format!("directory {}", digester.finish()));
    }
    if !meta.is_file() {
        return Ok("neither a file nor a directory".to_owned());
    }
    io::copy(&mut fs::File::open(path)?, &mut digester)?;
    Ok(format!("file {}", digester.finish()))
}
