//! The `wasm.toml` of a directory, with its lock file.

use std::path::Path;

use crate::base::error::Result;
use crate::model::lockfile::wasm_lock;
use crate::model::lockfile::wasm_lock::WASM_LOCK;
use crate::model::manifest::ManifestFile;
use crate::model::manifest::wasm_toml;
use crate::model::manifest::wasm_toml::{WASM_TOML, WasmManifest};
use crate::system::fs;

/// Reads the `wasm.toml` of a directory; `None` if there is none.
pub(crate) fn read(dir: &Path) -> Result<Option<WasmManifest>> {
    let path = dir.join(WASM_TOML);
    let Some(text) = fs::read_text_if_exists(&path)? else {
        return Ok(None);
    };
    let lock_file = dir.join(WASM_LOCK);
    let lock = fs::read_text_if_exists(&lock_file)?;
    let lock = lock.map(|text| wasm_lock::parse(&lock_file, &text));
    let lock = lock.transpose()?.unwrap_or_default();
    wasm_toml::read(ManifestFile::new(path, &text), &lock).map(Some)
}
