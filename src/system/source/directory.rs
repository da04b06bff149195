//! Directories and files as sources of WIT: what wit-parser would read from a
//! path is read here, so that parsing stays pure.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Excerpt, Result};
use crate::model::wit::{Entry, Sources, TextFile, WasmFile};
use crate::system::fs;

/// Reads a directory of WIT with its `deps`, one `.wit` file, or one wasm
/// file.
///
/// `deps` may hold directories, `.wit` files and wasm-encoded packages;
/// anything else in it is ignored.
pub fn read(path: &Path) -> Result<Sources> {
    if !fs::exists(path) {
        return Err(
            Error::input(format!("the WIT path `{}` does not exist", path.display()))
                .hint("create it, or correct `path` in Cargo.toml"),
        );
    }
    let main = entry(path)?;
    let deps = read_packages(&path.join("deps"))?;
    Ok(Sources { main, deps })
}

/// Whether a directory has `.wit` files.
pub fn has_wit(dir: &Path) -> bool {
    let is_wit = |path: &PathBuf| path.extension().is_some_and(|e| e == "wit");
    fs::list(dir).is_ok_and(|entries| entries.iter().any(is_wit))
}

/// Reads a directory of packages; none where it is not there.
pub fn read_packages(dir: &Path) -> Result<Vec<Entry>> {
    if !fs::is_dir(dir) {
        return Ok(Vec::new());
    }
    fs::list(dir)?
        .into_iter()
        .filter(|path| fs::is_dir(path) || has_extension(path, &["wit", "wasm", "wat"]))
        .map(|path| entry(&path))
        .collect()
}

fn entry(path: &Path) -> Result<Entry> {
    if fs::is_dir(path) {
        let files = fs::list(path)?
            .into_iter()
            .filter(|path| has_extension(path, &["wit"]) && !fs::is_dir(path))
            .map(text)
            .collect::<Result<_>>()?;
        return Ok(Entry::Text {
            path: path.to_owned(),
            files,
        });
    }
    let bytes = fs::read(path)?;
    if has_extension(path, &["wat"]) {
        return Err(Error::input(format!(
            "`{}` is WebAssembly in text format, which cannot be read as WIT",
            path.display()
        ))
        .hint("convert it to a `.wasm` file, for example with `wasm-tools parse`"));
    }
    if bytes.starts_with(b"\0asm") {
        return Ok(Entry::Wasm(WasmFile::new(path, bytes)));
    }
    Ok(Entry::Text {
        path: path.to_owned(),
        files: vec![utf8(path.to_owned(), bytes)?],
    })
}

fn text(path: PathBuf) -> Result<TextFile> {
    let bytes = fs::read(&path)?;
    utf8(path, bytes)
}

fn utf8(path: PathBuf, bytes: Vec<u8>) -> Result<TextFile> {
    String::from_utf8(bytes)
        .map(|text| TextFile {
            path: path.clone(),
            text,
        })
        .map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            let bytes = e.as_bytes();
            // The text before the place is the same in both.
            let text = String::from_utf8_lossy(bytes).into_owned();
            let width = text[at..].chars().next().map_or(0, char::len_utf8);
            Error::input(format!("the WIT file `{}` is not UTF-8", path.display()))
                .with_cause(format!("it contains the invalid byte 0x{:02x}", bytes[at]))
                .at(Excerpt::new(path, text, at..at + width))
                .hint("save it as UTF-8")
        })
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| extensions.contains(&e))
}

/// Every path whose change can change what [`read`] gives: the directories
/// and the files of these sources.
pub fn watched_paths(path: &Path, sources: &Sources) -> Vec<PathBuf> {
    let mut paths = vec![path.to_owned()];
    if fs::is_dir(&path.join("deps")) {
        paths.push(path.join("deps"));
    }
    for entry in std::iter::once(&sources.main).chain(&sources.deps) {
        match entry {
            Entry::Text { path, files } => {
                paths.push(path.clone());
                paths.extend(files.iter().map(|file| file.path.clone()));
            }
            Entry::Wasm(file) => paths.push(file.path.clone()),
        }
    }
    paths.sort();
    paths.dedup();
    paths
}
