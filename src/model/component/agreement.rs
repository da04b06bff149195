//! Checking that the worlds of one core module agree.
//!
//! Every crate with generated bindings has their world in a custom section, and the
//! linker collects the sections. The encoder merges the worlds by name and uses the
//! types of the first. Code that was generated for other types of the same name
//! would then exchange wrong bytes with its counterpart, without any error.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wasmparser::{Parser, Payload};
use wit_component::metadata;
use wit_parser::{InterfaceId, Resolve, WorldItem};

use crate::base::error::{Error, Result, guarded};
use crate::model::wit::compare::{Comparison, Difference};

/// The prefix of the names of custom sections with a world.
const SECTION: &str = "component-type";

/// A world for which code in a module was generated.
struct Generated {
    /// The name of the world, `namespace:package/world`.
    name: String,
    /// The types of the world.
    resolve: Resolve,
    /// The interfaces it imports or exports, by their names with the version cut to
    /// its track.
    interfaces: BTreeMap<String, InterfaceId>,
}

/// Fails if two worlds of a core module have different types or functions under
/// one name of one interface. Bytes that are not a module are not an error here.
pub(super) fn check_agreement(module: &[u8]) -> Result<()> {
    let mut worlds: Vec<Generated> = Vec::new();
    let sections = sections(module);
    if sections.len() < 2 {
        return Ok(());
    }
    for (name, data) in sections {
        let decoded = guarded("wit-component", || decode(name, data));
        // The encoder reads the section again and reports the error.
        let Ok(Some(world)) = decoded else { continue };
        for other in &worlds {
            compare(other, &world)?;
        }
        worlds.push(world);
    }
    Ok(())
}

/// The names and contents of the sections with worlds.
fn sections(module: &[u8]) -> Vec<(&str, &[u8])> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload {
            Ok(Payload::CustomSection(section)) if section.name().starts_with(SECTION) => {
                sections.push((section.name(), section.data()));
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    sections
}

/// The world of one section, decoded as if it were the only one of a module.
fn decode(name: &str, data: &[u8]) -> Option<Generated> {
    let mut alone = wasm_encoder::Module::new();
    alone.section(&wasm_encoder::CustomSection {
        name: name.into(),
        data: Cow::Borrowed(data),
    });
    let (_, bindings) = metadata::decode(&alone.finish()).ok()?;
    let resolve = bindings.resolve;
    let world = &resolve.worlds[bindings.world];
    let items = world.imports.iter().chain(&world.exports);
    let interfaces = items.filter_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } => Some((resolve.name_canonicalized_world_key(key), *id)),
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    });
    let interfaces = interfaces.collect();
    // The decoder merges the world into an empty world of its own.
    let own = resolve.worlds.iter().find_map(|(id, world)| {
        let package = &resolve.packages[world.package?].name;
        let name = format!("{}:{}/{}", package.namespace, package.name, world.name);
        (id != bindings.world).then_some(name)
    });
    Some(Generated {
        name: own.unwrap_or_else(|| name.to_owned()),
        interfaces,
        resolve,
    })
}

fn compare(left: &Generated, right: &Generated) -> Result<()> {
    let mut comparison = Comparison::new(&left.resolve, &right.resolve);
    for (name, id) in &left.interfaces {
        let Some(other) = right.interfaces.get(name) else {
            continue;
        };
        if let Err(difference) = comparison.common(*id, *other) {
            let shown = left.resolve.id_of(*id);
            let interface = shown.as_deref().unwrap_or(name);
            return Err(disagreement(left, right, interface, &difference));
        }
    }
    Ok(())
}

fn disagreement(
    left: &Generated,
    right: &Generated,
    interface: &str,
    difference: &Difference,
) -> Error {
    let Difference {
        place,
        left: ours,
        right: theirs,
    } = difference;
    let theirs = theirs.as_deref().unwrap_or("nothing");
    Error::input("the bindings linked into the module were generated from different versions of the same WIT")
        .with_cause(format!(
            "for the interface `{interface}`, in {}, the world `{}` has {ours}, and the world `{}` has {theirs}",
            place.join(", "), left.name, right.name
        ))
        .hint(format!(
            "generate both from the same WIT: compare the copies of `{interface}` in the crates of the two worlds"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wit_component::StringEncoding;

    fn module(worlds: &[&str]) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        for (at, text) in worlds.iter().enumerate() {
            let mut resolve = Resolve::default();
            let package = resolve.push_source("w.wit", text).unwrap();
            let world = resolve.select_world(&[package], None).unwrap();
            let data = metadata::encode(&resolve, world, StringEncoding::UTF8, None, false);
            module.section(&wasm_encoder::CustomSection {
                name: format!("component-type:{at}").into(),
                data: Cow::Owned(data.unwrap()),
            });
        }
        module.finish()
    }

    fn world(name: &str, version: &str, body: &str) -> String {
        format!(
            "package a:{name}; world {name} {{ import h:d/pen@{version}; }}
             package h:d@{version} {{ interface pen {{ {body} }} }}"
        )
    }

    #[test]
    fn worlds_that_differ_in_one_type_are_refused_with_both_names() {
        let one = world(
            "app",
            "1.0.0",
            "record point { y: u32, x: u32 } f: func(p: point);",
        );
        let two = world(
            "sdk",
            "1.0.0",
            "record point { x: u32, y: u32 } f: func(p: point);",
        );
        let error = check_agreement(&module(&[&one, &two])).unwrap_err();
        let text = error.to_string();
        for part in [
            "h:d/pen@1.0.0",
            "type `point`",
            "a:app/app",
            "a:sdk/sdk",
            "`y`, `x`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(error.advice().is_some());
        // Versions on one track are united, too.
        let newer = world(
            "sdk",
            "1.2.0",
            "record point { x: u32, y: u32 } f: func(p: point);",
        );
        assert!(check_agreement(&module(&[&one, &newer])).is_err());
        let other = world(
            "sdk",
            "2.0.0",
            "record point { x: u32, y: u32 } f: func(p: point);",
        );
        assert!(check_agreement(&module(&[&one, &other])).is_ok());
    }

    #[test]
    fn worlds_that_each_use_a_part_agree() {
        let one = world("app", "1.0.0", "f: func(a: u32) -> string; g: func();");
        let two = world(
            "sdk",
            "1.0.0",
            "type t = u32; f: func(b: t) -> string; h: func();",
        );
        assert!(check_agreement(&module(&[&one, &two])).is_ok());
        assert!(check_agreement(&module(&[&one, &one])).is_ok());
        assert!(check_agreement(b"nothing of the kind").is_ok());
    }
}
