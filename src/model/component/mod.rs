//! Components: telling wasm files apart, encoding a core module as a
//! component, its metadata, and what it imports and exports.

pub mod adopted;
mod agreement;
pub mod attributes;
pub mod check;
pub mod compatible;
pub mod compose;
pub mod debug;
pub mod encode;
pub mod hint;
pub mod metadata;
pub mod names;
pub mod outline;
mod sections;
mod subtype;
pub mod targets;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};
use wit_component::DecodedWasm;

use crate::base::error::{Error, Result, guarded};
use crate::model::wit;
use crate::model::wit::types::Typed;

/// What a wasm file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A component.
    Component,
    /// A core module that says which world it is for: it has a custom section
    /// whose name starts with `component-type`.
    Guest,
    /// Any other core module.
    Module,
}

/// Looks at the start of each section; `None` for what is not wasm.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    let mut kind = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::Version { encoding, .. } => match encoding {
                Encoding::Component => return Some(Kind::Component),
                Encoding::Module => kind = Some(Kind::Module),
            },
            Payload::CustomSection(section) if section.name().starts_with("component-type") => {
                return Some(Kind::Guest);
            }
            _ => {}
        }
    }
    kind
}

/// The names a component imports and exports at its root, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surface {
    /// What it needs.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
}

/// Reads the names at the root of a component.
pub fn surface(bytes: &[u8]) -> Result<Surface> {
    let failed =
        |e: wasmparser::BinaryReaderError| Error::input("failed to read the component").because(e);
    let mut surface = Surface::default();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(failed)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    surface
                        .imports
                        .push(import.map_err(failed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    surface
                        .exports
                        .push(export.map_err(failed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(surface)
}

/// Decodes a component, or a WIT package in its binary form. Imports that have
/// names of version 0.21.1 of this tool get those that [`names::modern`] gives
/// them.
pub fn decode(bytes: &[u8]) -> Result<DecodedWasm> {
    let modern = match kind(bytes) {
        Some(Kind::Component) => names::modern(bytes)?,
        // The decoder says what is wrong with it.
        _ => Cow::Borrowed(bytes),
    };
    wit::decode(&modern).map_err(|e| e.told("failed to read the component"))
}

/// Whether a component exports types and nothing else, as a WIT package in its
/// binary form does. Looks at sections only.
pub fn has_only_types(bytes: &[u8]) -> bool {
    let mut exported = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ComponentExportSection(section)) => {
                for export in section {
                    match export {
                        Ok(export) if export.kind == ComponentExternalKind::Type => exported += 1,
                        _ => return false,
                    }
                }
            }
            Ok(
                Payload::ModuleSection { .. }
                | Payload::ComponentSection { .. }
                | Payload::ComponentImportSection(_)
                | Payload::ComponentInstanceSection(_),
            )
            | Err(_) => return false,
            Ok(_) => {}
        }
    }
    exported > 0
}

/// The types of what a component imports and exports; its names are made those
/// of today first. An error if it is not valid.
pub(crate) fn types(bytes: &[u8]) -> Result<Typed> {
    let failed = |cause: String| {
        Error::input("failed to read the component")
            .because(cause)
            .hint("check that the file is a complete and valid component")
    };
    let modern = match kind(bytes) {
        Some(Kind::Component) => names::modern(bytes)?,
        // The validator says what is wrong with it.
        _ => Cow::Borrowed(bytes),
    };
    let typed = guarded("wasmparser", || wit::types::typed(&modern));
    typed.and_then(|typed| typed).map_err(failed)
}

/// Whether a component is a WIT package in binary form. An error if it is
/// neither that nor a valid component.
pub fn is_wit_package(bytes: &[u8]) -> Result<bool> {
    Ok(types(bytes)?.is_wit())
}

/// The functions a core module, or each core module inside a component,
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

/// The names a core module, or each core module inside a component, exports.
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
    fn kinds_are_told_apart() {
        let wat = |text: &str| wat::parse_str(text).unwrap();
        assert_eq!(kind(&wat("(module)")), Some(Kind::Module));
        assert_eq!(kind(&wat("(component)")), Some(Kind::Component));
        let guest = wat("(module (@custom \"component-type:x\" \"\"))");
        assert_eq!(kind(&guest), Some(Kind::Guest));
        assert_eq!(kind(b"text"), None);
        assert_eq!(kind(b""), None);
    }

    #[test]
    fn a_package_of_wit_has_only_types() {
        let mut resolve = wit_parser::Resolve::default();
        let text = "package a:b; interface i { f: func(); } world w { import i; }";
        let package = resolve.push_source("a.wit", text).unwrap();
        let wit = wit_component::encode(&resolve, package, false).unwrap();
        assert!(has_only_types(&wit) && is_wit_package(&wit).unwrap());
        for component in [
            "(component)",
            "(component (instance $i) (export \"i\" (instance $i)))",
        ] {
            assert!(!has_only_types(&wat::parse_str(component).unwrap()));
        }
    }

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
