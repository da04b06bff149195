//! What the bytes of a package offer to a search: a description, and the imports and
//! exports of its worlds.

use wit_parser::{IndexMap, WorldItem, WorldKey};

use crate::base::error::Result;
use crate::model::component::description::Description;
use crate::model::component::names::with_current_names;
use crate::model::component::{Surface, WasmKind, decode, is_wit_package, kind, surface};

/// The description in the metadata of a file, or else the documentation of a WIT package;
/// `None` if it has neither, or cannot be read.
pub fn description(bytes: &[u8]) -> Option<String> {
    let metadata = Description::of(bytes).ok()?.metadata;
    let mut found = metadata
        .into_iter()
        .filter(|(name, _)| *name == "description");
    if let Some((_, text)) = found.next() {
        return Some(text);
    }
    if !is_wit_package(bytes).unwrap_or(false) {
        return None;
    }
    let decoded = decode(bytes).ok()?;
    let package = &decoded.resolve().packages[decoded.package()];
    package.docs.contents.clone()
}

/// The imports and exports of a component, or of each world of a WIT package; none for a
/// core module.
///
/// # Errors
///
/// If the bytes are damaged, or are not WebAssembly.
pub fn surfaces(bytes: &[u8]) -> Result<Vec<Surface>> {
    if kind(bytes) != Some(WasmKind::Component) {
        return Ok(Vec::new());
    }
    if !is_wit_package(bytes)? {
        return Ok(vec![surface(&with_current_names(bytes)?)?]);
    }
    let decoded = decode(bytes)?;
    let resolve = decoded.resolve();
    let worlds = resolve.packages[decoded.package()].worlds.values();
    let names = |items: &IndexMap<WorldKey, WorldItem>| {
        let keys = items.keys();
        keys.map(|key| resolve.name_world_key(key)).collect()
    };
    Ok(worlds
        .map(|world| Surface {
            imports: names(&resolve.worlds[*world].imports),
            exports: names(&resolve.worlds[*world].exports),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wit(text: &str) -> Vec<u8> {
        let mut resolve = wit_parser::Resolve::default();
        let id = resolve.push_source("x.wit", text).unwrap();
        wit_component::encode(&resolve, id, false).unwrap()
    }

    #[test]
    fn a_component_has_one_surface_and_wit_one_for_each_world() {
        let component = wat::parse_str(
            "(component (import \"a:b/i@1.0.0\" (instance $i)) (export \"a:b/j@1.0.0\" (instance $i))
               (@custom \"description\" \"Made by hand\"))",
        )
        .unwrap();
        let found = surfaces(&component).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].imports, ["a:b/i@1.0.0"]);
        assert_eq!(found[0].exports, ["a:b/j@1.0.0"]);
        assert_eq!(description(&component).as_deref(), Some("Made by hand"));
        let package = wit(
            "/// Shapes and areas.\npackage a:b@1.0.0; interface i { f: func(); }
             world one { import i; } world two { export i; export run: func(); }",
        );
        let found = surfaces(&package).unwrap();
        assert_eq!(found[0].imports, ["a:b/i@1.0.0"]);
        assert_eq!(found[1].exports, ["run", "a:b/i@1.0.0"]);
        assert_eq!(description(&package).as_deref(), Some("Shapes and areas."));
    }

    #[test]
    fn other_files_offer_nothing() {
        let module = wat::parse_str("(module)").unwrap();
        assert_eq!(surfaces(&module).unwrap(), []);
        for bytes in [&module[..], b"text", b"\0asm\x0d\0\x01\0\x07\xff"] {
            assert_eq!(description(bytes), None);
        }
        assert!(surfaces(b"\0asm\x0d\0\x01\0\x07\xff").is_err());
    }
}
