//! The section of a module that holds its world, in generated code.

use std::fmt::Write as _;

use wit_component::StringEncoding;
use wit_parser::{Resolve, World as WitWorld, WorldId};

use super::restore::quoted;
use crate::base::error::{Error, Result};

/// The start of each static that holds such a section.
const STATIC: &str = "__WIT_BINDGEN_COMPONENT_TYPE";

/// The end of the name of the section of the export macro, which has the exports
/// too where the other section has only the imports.
const OF_MACRO: &str = ":imports and exports";

/// Generated code with its sections replaced by those for this world.
pub(super) fn replace_sections(
    code: &str,
    resolve: &Resolve,
    world: WorldId,
    generator: &str,
) -> Result<String> {
    let whole = encode(resolve, world, generator)?;
    let has_macro = code.contains(OF_MACRO);
    let imports = match has_macro {
        true => {
            let mut copy = resolve.clone();
            let own = &resolve.worlds[world];
            let world = copy.worlds.alloc(WitWorld {
                exports: Default::default(),
                name: format!("{}-with-all-of-its-exports-removed", own.name),
                ..own.clone()
            });
            encode(&copy, world, generator)?
        }
        false => whole.clone(),
    };
    let mut replaced = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(STATIC) {
        let (before, from) = rest.split_at(at);
        let section = match before.rfind("link_section") {
            Some(name) if before[name..].contains(OF_MACRO) => &whole,
            _ => &imports,
        };
        let (Some(length), Some(end), Some(text)) =
            (from.find(';'), from.find(']'), from.find("b\""))
        else {
            break;
        };
        let text = text + 1;
        let after = text + quoted(&from[text..]);
        let _ = write!(
            replaced,
            "{before}{} {}{}{}",
            &from[..=length],
            section.len(),
            &from[end..text],
            literal(section)
        );
        rest = &from[after..];
    }
    replaced.push_str(rest);
    Ok(replaced)
}

/// The section, as the generator encodes it.
fn encode(resolve: &Resolve, world: WorldId, generator: &str) -> Result<Vec<u8>> {
    let mut producers = wasm_metadata::Producers::empty();
    producers.add("processed-by", "wit-bindgen-rust", generator);
    wit_component::metadata::encode(
        resolve,
        world,
        StringEncoding::UTF8,
        Some(&producers),
        false,
    )
    .map_err(|e| Error::input("failed to encode the world").with_cause(format!("{e:#}")))
}

/// The bytes as the text of a Rust literal, in quotes.
fn literal(bytes: &[u8]) -> String {
    let mut literal = String::from("\"\\\n");
    let mut width = 0;
    for byte in bytes {
        if width >= 80 {
            literal.push_str("\\\n");
            width = 0;
        }
        let before = literal.len();
        match byte {
            b'\\' => literal.push_str("\\\\"),
            b'"' => literal.push_str("\\\""),
            byte if byte.is_ascii_graphic() => literal.push(char::from(*byte)),
            0 => literal.push_str("\\0"),
            byte => {
                let _ = write!(literal, "\\x{byte:02x}");
            }
        }
        width += literal.len() - before;
    }
    literal.push('"');
    literal
}
