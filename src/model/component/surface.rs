//! The names that components and core modules import and export.

use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

use super::sections::sections;
use crate::base::error::{Error, Result};

/// The names that a component imports and exports at its root, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surface {
    /// The names of the imports.
    pub imports: Vec<String>,
    /// The names of the exports.
    pub exports: Vec<String>,
}

/// Reads the names at the root of a component, and skips what is nested in it.
pub fn surface(bytes: &[u8]) -> Result<Surface> {
    let failed =
        |e: wasmparser::BinaryReaderError| Error::input("the file is truncated").with_cause(e);
    let mut surface = Surface::default();
    for section in sections(bytes) {
        match section?.payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let name = import.map_err(failed)?.name.name;
                    surface.imports.push(name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let name = export.map_err(failed)?.name.name;
                    surface.exports.push(name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(surface)
}

/// The functions that a core module, or each core module inside a component,
/// imports: pairs of module and name.
pub fn core_imports(bytes: &[u8]) -> Vec<(String, String)> {
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(bytes).flatten() {
        if let Payload::ImportSection(section) = payload {
            for import in section.into_imports().flatten() {
                imports.push((import.module.to_owned(), import.name.to_owned()));
            }
        }
    }
    imports
}

/// The names that a core module, or each core module inside a component, exports.
pub fn core_exports(bytes: &[u8]) -> Vec<String> {
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(bytes).flatten() {
        if let Payload::ExportSection(section) = payload {
            exports.extend(section.into_iter().flatten().map(|e| e.name.to_owned()));
        }
    }
    exports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_counts_as_surface() {
        let bytes = wat::parse_str(
            r#"(component
                 (import "a:b/c@1.0.0" (instance))
                 (component (import "inner" (func)))
                 (core module (import "m" "f" (func)))
                 (export "out" (instance 0)))"#,
        )
        .unwrap();
        let surface = surface(&bytes).unwrap();
        assert_eq!(surface.imports, ["a:b/c@1.0.0"]);
        assert_eq!(surface.exports, ["out"]);
        assert_eq!(core_imports(&bytes), [("m".to_owned(), "f".to_owned())]);
    }
}
