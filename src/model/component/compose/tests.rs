//! Compositions of components made for the purpose: from WIT, with functions
//! that trap, or by hand, where a value matters.

mod errors;
mod labels;
#[cfg(feature = "runtime")]
mod property;
pub(in crate::model::component::compose) mod random;
mod rejects;
mod roots;
mod shapes;
#[cfg(feature = "runtime")]
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, WorldItem};

use super::*;
use crate::base::error::{Error, Result};
use crate::model::component::attributes;
use crate::model::component::attributes::{Attributes, RootAttributes};

/// A component for the world `w` of some WIT, which imports all that the world
/// does and whose functions trap.
fn component(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mut text = String::from("(module\n");
    let signature = |variant, function: &Function| {
        let signature = resolve.wasm_signature(variant, function);
        let types = |types: &[WasmType]| {
            let word = |ty: &WasmType| match ty {
                WasmType::I64 | WasmType::PointerOrI64 => "i64",
                WasmType::F32 => "f32",
                WasmType::F64 => "f64",
                _ => "i32",
            };
            types.iter().map(word).collect::<Vec<_>>().join(" ")
        };
        let (params, results) = (types(&signature.params), types(&signature.results));
        format!("(param {params}) (result {results})")
    };
    for (key, item) in &resolve.worlds[world].imports {
        let module = resolve.name_world_key(key);
        let mut import = |module: &str, function: &Function| {
            let signature = signature(AbiVariant::GuestImport, function);
            let name = &function.name;
            let _ = writeln!(text, "(import \"{module}\" \"{name}\" (func {signature}))");
        };
        match item {
            WorldItem::Interface { id, .. } => {
                let functions = resolve.interfaces[*id].functions.values();
                functions.for_each(|function| import(&module, function));
            }
            WorldItem::Function(function) => import("$root", function),
            WorldItem::Type { .. } => {}
        }
    }
    for (key, item) in &resolve.worlds[world].exports {
        let interface = resolve.name_world_key(key);
        let mut export = |interface: Option<&str>, function: &Function| {
            let signature = signature(AbiVariant::GuestExport, function);
            let name = function.legacy_core_export_name(interface);
            let _ = writeln!(text, "(func (export \"{name}\") {signature} unreachable)");
        };
        match item {
            WorldItem::Interface { id, .. } => {
                let functions = resolve.interfaces[*id].functions.values();
                functions.for_each(|function| export(Some(&interface), function));
            }
            WorldItem::Function(function) => export(None, function),
            WorldItem::Type { .. } => {}
        }
    }
    text.push_str(
        "(memory (export \"memory\") 0)\n(func (export \"cabi_realloc\") \
         (param i32 i32 i32 i32) (result i32) unreachable))",
    );
    let mut module = wat(&text);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// The component with hints on its imports.
fn hinted(component: &[u8], hints: &[(&str, &str)]) -> Vec<u8> {
    let hint = |(import, hint): &(&str, &str)| {
        let attributes = Attributes {
            implements: None,
            external_id: Some((*hint).to_owned()),
        };
        ((*import).to_owned(), attributes)
    };
    let attributes = RootAttributes {
        imports: hints.iter().map(hint).collect(),
        exports: BTreeMap::new(),
    };
    attributes::add(component, &attributes).unwrap()
}

/// A node with links: import and node, with the export behind a `#` if one is
/// named.
fn node(name: &str, bytes: &[u8], links: &[(&str, usize)]) -> Node<'static> {
    let link = |(import, node): &(&str, usize)| {
        let (import, item) = match import.split_once('#') {
            Some((import, item)) => (import, Some(item.to_owned())),
            None => (*import, None),
        };
        (import.to_owned(), Link { node: *node, item })
    };
    Node {
        name: name.to_owned(),
        bytes: bytes.to_vec().into(),
        links: links.iter().map(link).collect(),
        keep: BTreeSet::new(),
    }
}

/// Links nodes, of which the first is the root.
fn linked(nodes: Vec<Node<'_>>) -> Result<Linked> {
    let linked = link(&Plan { nodes, root: 0 })?;
    wasmparser::Validator::new()
        .validate_all(&linked.bytes)
        .unwrap();
    let decoded = wit_component::decode(&linked.bytes).unwrap();
    assert!(matches!(decoded, wit_component::DecodedWasm::Component(..)));
    Ok(linked)
}

/// The open imports with their hints, and the names of the exports.
fn names_of(linked: &Linked) -> (Vec<String>, Vec<String>) {
    let open = linked.open.iter().map(|name| match &name.external_id {
        Some(hint) => format!("{} <- {hint}", name.name),
        None => name.name.clone(),
    });
    let exports = crate::model::component::names::exports(&linked.bytes).unwrap();
    (
        open.collect(),
        exports.into_iter().map(|name| name.name).collect(),
    )
}

/// The text of an error with causes and hint.
fn error_text(error: &Error) -> String {
    format!("{error:?}")
}

/// Compares a text with a file of this folder.
#[track_caller]
pub(super) fn golden(file: &str, text: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("src/model/component/compose");
    crate::golden::assert(&folder.join(file), text);
}
