//! Binary files as sources of WIT.

use std::path::Path;

use wit_component::DecodedWasm;
use wit_parser::{PackageId, Resolve};

use super::entry::WasmFile;
use crate::base::error::{Error, Result};

fn unread(path: &Path) -> String {
    format!("failed to read the WIT package in `{}`", path.display())
}

/// The error for a file whose content cannot be used as WIT.
pub(super) fn undecodable(path: &Path, cause: &str) -> Error {
    Error::input(unread(path)).with_cause(cause)
}

/// The content of a binary package or component.
pub(super) struct Decoded<'f> {
    /// All packages that are in the file.
    pub resolve: &'f Resolve,
    /// The package, or that of the component's world.
    pub package: PackageId,
    /// Whether it is a component, of which only the WIT is used.
    pub is_component: bool,
}

/// Decodes a binary package or component.
pub(super) fn decode(file: &WasmFile) -> Result<Decoded<'_>> {
    let WasmFile { path, bytes, .. } = file;
    // The magic number and the version are followed by the layer.
    if bytes.get(6..8) != Some(&[1, 0]) {
        return Err(undecodable(path, "it is not a component")
            .hint("only WIT packages in binary form and components contain WIT"));
    }
    match file.decoded().map_err(|e| e.into_error(unread(path)))? {
        DecodedWasm::WitPackage(resolve, package) => Ok(Decoded {
            resolve,
            package: *package,
            is_component: false,
        }),
        DecodedWasm::Component(resolve, world) => {
            let package = resolve.worlds[*world].package;
            let package = package.ok_or_else(|| undecodable(path, "its world has no package"))?;
            Ok(Decoded {
                resolve,
                package,
                is_component: true,
            })
        }
    }
}
