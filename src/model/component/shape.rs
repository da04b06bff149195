//! What a component is to those that are linked with it.

use wasmparser::Payload;

use super::sections::{MAX_DEPTH, sections};
use crate::base::error::Result;
use crate::base::package::{ContentDigest, Digester};

/// A digest of a valid component without the content of its core modules and without custom
/// sections. Two components with the same digest can be linked with the same others: what
/// they import and export, and of which types, is in the sections that are left.
pub fn shape(component: &[u8]) -> Result<ContentDigest> {
    shape_at(component, 0)
}

fn shape_at(component: &[u8], depth: usize) -> Result<ContentDigest> {
    let mut digester = Digester::default();
    for section in sections(component) {
        let section = section?;
        match (&section.payload, section.nested) {
            (Payload::CustomSection(_), _) => {}
            (Payload::ModuleSection { .. }, _) => digester.update(&section.raw[..1]),
            (_, Some(nested)) if depth < MAX_DEPTH => {
                digester.update(&section.raw[..1]);
                digester.update(shape_at(nested, depth + 1)?.hex().as_bytes());
            }
            _ => digester.update(section.raw),
        }
    }
    Ok(digester.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_no_part_in_the_shape_but_imports_and_exports_have() {
        let shape = |text: &str| shape(&wat::parse_str(text).unwrap()).unwrap();
        let with = |import: &str, code: &str, custom: &str| {
            let module = format!("(core module (func (result i32) i32.const {code}))");
            shape(&format!(
                "(component (import \"{import}\" (func)) {module} (component {module})
                 (@custom \"{custom}\" \"\"))"
            ))
        };
        let one = with("f", "7", "a");
        assert_eq!(one, with("f", "800000", "b"));
        assert_ne!(one, with("g", "7", "a"));
        assert_ne!(shape("(component)"), shape("(component (core module))"));
        assert_ne!(
            shape("(component (component))"),
            shape("(component (component (type u8)))")
        );
        let typed = |ty: &str| {
            shape(&format!(
                "(component (import \"f\" (func (param \"a\" {ty}))))"
            ))
        };
        assert_ne!(typed("u8"), typed("u16"));
    }
}
