//! The kind of a wasm file.

use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

/// The kind of a wasm file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmKind {
    /// A component in binary form.
    Component,
    /// A core module with a world, in a custom section whose name starts with
    /// `component-type`.
    Guest,
    /// Any other core module.
    Module,
}

/// The kind of a file, by the headers of its sections; `None` if it is not wasm.
pub fn kind(bytes: &[u8]) -> Option<WasmKind> {
    let mut kind = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::Version { encoding, .. } => match encoding {
                Encoding::Component => return Some(WasmKind::Component),
                Encoding::Module => kind = Some(WasmKind::Module),
            },
            Payload::CustomSection(section) if section.name().starts_with("component-type") => {
                return Some(WasmKind::Guest);
            }
            _ => {}
        }
    }
    kind
}

/// Whether a component exports only types, as a WIT package in its binary form
/// does. It reads the sections only and does not validate.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let wat = |text: &str| wat::parse_str(text).unwrap();
        assert_eq!(kind(&wat("(module)")), Some(WasmKind::Module));
        assert_eq!(kind(&wat("(component)")), Some(WasmKind::Component));
        let guest = wat("(module (@custom \"component-type:x\" \"\"))");
        assert_eq!(kind(&guest), Some(WasmKind::Guest));
        assert_eq!(kind(b"text"), None);
        assert_eq!(kind(b""), None);
    }
}
