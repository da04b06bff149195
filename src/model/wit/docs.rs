//! The doc comments of a component's WIT, in a custom section of the component.
//!
//! The binary form of a component has names and types, but no documentation. The section
//! `component-docs` keeps it, so that the bindings of whoever depends on the component have
//! it, too. It is ours; a reader that does not know it ignores it.
//!
//! The section is an object in JSON, from the path of each item that has documentation to
//! the text of its comment. A path is empty for the world, and otherwise the name of an
//! import or export; the name of a function or type in it follows behind `#`, and that of a
//! field or case of a type behind a dot: `a:b/shapes@1.0.0#point.x`. What is directly in the
//! world has no name before `#`. Interfaces of WASI are left out, since every tool has them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::Payload;
use wit_parser::{
    Docs, InterfaceId, Resolve, TypeDefKind, TypeId, World as WitWorld, WorldId, WorldItem,
    WorldKey,
};

use crate::model::component::sections::{Section, sections};

/// The name of the section.
const SECTION: &str = "component-docs";

/// The documentation of what a world exports and imports, by the paths of the items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ComponentDocs(BTreeMap<String, String>);

impl ComponentDocs {
    /// The documentation of a world.
    pub fn of(resolve: &Resolve, world: WorldId) -> Self {
        let mut found = BTreeMap::new();
        // Visiting is for writing, too.
        each(&mut resolve.clone(), world, &mut |path, docs| {
            if let Some(text) = &docs.contents {
                found.insert(path, text.replace("\r\n", "\n"));
            }
        });
        ComponentDocs(found)
    }

    /// The documentation in a component; empty if its section cannot be read, or if it has
    /// none.
    pub fn read(component: &[u8]) -> Self {
        sections(component)
            .flatten()
            .find_map(|section| serde_json::from_slice(data(&section)?).ok())
            .unwrap_or_default()
    }

    /// Gives the items of a decoded component their documentation, where they have none.
    /// What is there of others, or is no text for a comment, is ignored.
    pub fn give_to(&self, resolve: &mut Resolve, world: WorldId) {
        if self.0.is_empty() {
            return;
        }
        each(resolve, world, &mut |path, docs| {
            let text = self.0.get(&path).filter(|text| is_writable(text));
            if let (None, Some(text)) = (&docs.contents, text) {
                docs.contents = Some(text.clone());
            }
        });
    }

    /// Adds the section to a component with these imports and exports, without what
    /// describes others. Nothing is added where nothing is left.
    pub fn add_to(&self, component: &mut Vec<u8>, names: &[&[String]]) {
        let is_there = |path: &str| {
            let (owner, _) = path.split_once('#').unwrap_or((path, ""));
            owner.is_empty() || names.iter().any(|names| names.iter().any(|n| n == owner))
        };
        let left = self.0.iter().filter(|(path, _)| is_there(path));
        let left: BTreeMap<&String, &String> = left.collect();
        if left.is_empty() {
            return;
        }
        // A map of texts is always JSON.
        let Ok(data) = serde_json::to_vec(&left) else {
            return;
        };
        let section = CustomSection {
            name: SECTION.into(),
            data: Cow::Owned(data),
        };
        section.append_to(component);
    }
}

/// The component without the section, which describes no linked component that it is in.
pub fn without_docs(component: Vec<u8>) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut found = false;
    for section in sections(&component) {
        let Ok(section) = section else {
            // Whoever reads it says what is wrong with it.
            return component;
        };
        match data(&section) {
            Some(_) => found = true,
            None => rest.push(section.raw),
        }
    }
    match found {
        true => rest.concat(),
        false => component,
    }
}

/// The data of a section if it is ours.
fn data<'a>(section: &Section<'a>) -> Option<&'a [u8]> {
    match &section.payload {
        Payload::CustomSection(custom) if custom.name() == SECTION => Some(custom.data()),
        _ => None,
    }
}

/// Whether a text can be a comment in WIT and Rust: it has no characters that are not
/// shown as what they are.
fn is_writable(text: &str) -> bool {
    !text.chars().any(|c| match c {
        '\n' | '\t' => false,
        // The direction of text, and what Unicode advises against.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{149}' | '\u{673}' | '\u{f77}' | '\u{f79}' => true,
        '\u{17a3}' | '\u{17a4}' | '\u{17b4}' | '\u{17b5}' => true,
        c => c.is_control(),
    })
}

/// Passes each item of a world that others may see to `visit`, with its path.
fn each(resolve: &mut Resolve, world: WorldId, visit: &mut dyn FnMut(String, &mut Docs)) {
    let mut interfaces: BTreeMap<String, InterfaceId> = BTreeMap::new();
    let mut types: Vec<TypeId> = Vec::new();
    let WitWorld {
        imports, exports, ..
    } = &resolve.worlds[world];
    for (key, item) in imports.iter().chain(exports) {
        match (key, item) {
            (_, WorldItem::Type { id, .. }) => types.push(*id),
            (_, WorldItem::Interface { id, .. }) => {
                let name = resolve.name_world_key(key);
                // What is imported under a plain name stays with the component.
                let is_seen = matches!(key, WorldKey::Interface(_)) || exports.contains_key(key);
                if is_seen && !name.starts_with("wasi:") {
                    interfaces.insert(name, *id);
                }
            }
            (_, WorldItem::Function(_)) => {}
        }
    }
    for id in types {
        each_of_type(resolve, "", id, visit);
    }
    let world = &mut resolve.worlds[world];
    visit(String::new(), &mut world.docs);
    for item in world.exports.values_mut() {
        if let WorldItem::Function(function) = item {
            visit(format!("#{}", function.name), &mut function.docs);
        }
    }
    for (path, id) in interfaces {
        let interface = &mut resolve.interfaces[id];
        visit(path.clone(), &mut interface.docs);
        for (name, function) in &mut interface.functions {
            visit(format!("{path}#{name}"), &mut function.docs);
        }
        let types: Vec<TypeId> = interface.types.values().copied().collect();
        for id in types {
            each_of_type(resolve, &path, id, visit);
        }
    }
}

/// Passes a type, and its fields or cases, to `visit`; `owner` is the path of what it is in.
fn each_of_type(
    resolve: &mut Resolve,
    owner: &str,
    id: TypeId,
    visit: &mut dyn FnMut(String, &mut Docs),
) {
    let ty = &mut resolve.types[id];
    let path = format!("{owner}#{}", ty.name.as_deref().unwrap_or_default());
    visit(path.clone(), &mut ty.docs);
    let mut member = |name: &str, docs: &mut Docs| visit(format!("{path}.{name}"), docs);
    match &mut ty.kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter_mut();
            fields.for_each(|field| member(&field.name, &mut field.docs));
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.flags.iter_mut();
            flags.for_each(|flag| member(&flag.name, &mut flag.docs));
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter_mut();
            cases.for_each(|case| member(&case.name, &mut case.docs));
        }
        TypeDefKind::Enum(kind) => {
            let cases = kind.cases.iter_mut();
            cases.for_each(|case| member(&case.name, &mut case.docs));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::surface;
    use crate::model::wit::decode;

    const WIT: &str = "package a:b@1.0.0;
        /// Of WASI.
        interface ignored { f: func(); }
        /// Shapes.
        interface shapes {
          /// A point.
          record point {
            /// To the right.
            x: u32,
          }
          /// A pen.
          resource pen {
            /// Draws.
            draw: func(to: point);
          }
          /// Colours.
          enum colour {
            /// Red.
            red,
          }
          /// What is drawn with.
          variant tool {
            /// With ink.
            ink(colour),
          }
          flags style {
            /// Fat.
            bold,
          }
        }
        /// The whole.
        world w {
          /// A pair.
          record pair { a: u8 }
          /// Not seen by others.
          import log: func(text: string);
          export shapes;
          export inner: interface {
            /// Tries.
            try: func() -> u32;
          }
          /// Swaps.
          export swap: func(x: pair) -> pair;
        }";

    /// A component of a world, and the world's documentation.
    fn component(wit: &str) -> (Vec<u8>, ComponentDocs) {
        use wit_component::{ComponentEncoder, StringEncoding, dummy_module};
        let mut resolve = Resolve::default();
        let package = resolve.push_source("w.wit", wit).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let mut module = dummy_module(&resolve, world, wit_parser::ManglingAndAbi::Standard32);
        let utf8 = StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
        let mut encoder = ComponentEncoder::default();
        let component = encoder.module(&module).unwrap().encode().unwrap();
        (component, ComponentDocs::of(&resolve, world))
    }

    /// The documentation that reading a component finds.
    fn decoded(bytes: &[u8]) -> ComponentDocs {
        let wit_component::DecodedWasm::Component(resolve, world) = decode(bytes).unwrap() else {
            panic!("no component")
        };
        ComponentDocs::of(&resolve, world)
    }

    fn with(component: &[u8], docs: &ComponentDocs) -> Vec<u8> {
        let found = surface(component).unwrap();
        let mut bytes = component.to_vec();
        docs.add_to(&mut bytes, &[&found.imports, &found.exports]);
        wasmparser::Validator::new().validate_all(&bytes).unwrap();
        bytes
    }

    #[test]
    fn a_component_has_the_documentation_of_its_world() {
        let (plain, docs) = component(WIT);
        let shapes = "a:b/shapes@1.0.0";
        let expected = [
            ("", "The whole."),
            ("#pair", "A pair."),
            ("#swap", "Swaps."),
            (shapes, "Shapes."),
            (&format!("{shapes}#[method]pen.draw"), "Draws."),
            (&format!("{shapes}#colour"), "Colours."),
            (&format!("{shapes}#colour.red"), "Red."),
            (&format!("{shapes}#pen"), "A pen."),
            (&format!("{shapes}#point"), "A point."),
            (&format!("{shapes}#point.x"), "To the right."),
            (&format!("{shapes}#style.bold"), "Fat."),
            (&format!("{shapes}#tool"), "What is drawn with."),
            (&format!("{shapes}#tool.ink"), "With ink."),
            ("inner#try", "Tries."),
        ];
        let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(docs, ComponentDocs(expected.into()));
        let full = with(&plain, &docs);
        assert_eq!(ComponentDocs::read(&full), docs);
        assert_eq!(decoded(&full), docs);
        assert_eq!(decoded(&plain), ComponentDocs::default());
        assert_eq!(without_docs(full.clone()), plain);
        assert_eq!(without_docs(plain.clone()), plain);
        // A part of another component is not read.
        let mut outer = wasm_encoder::Component::new();
        outer.section(&wasm_encoder::RawSection {
            id: wasm_encoder::ComponentSectionId::Component.into(),
            data: &full,
        });
        assert_eq!(
            ComponentDocs::read(&outer.finish()),
            ComponentDocs::default()
        );
    }

    #[test]
    fn what_is_not_there_or_no_comment_is_ignored() {
        let (plain, _) = component(WIT);
        let texts = [
            ("#swap", "Before\u{202e}after."),
            ("a:b/shapes@1.0.0", "Carriage\rreturn."),
            ("a:b/shapes@1.0.0#point", "Still a point."),
            ("a:b/shapes@1.0.0#missing.field", "Nothing."),
            ("#missing", "Nothing."),
            ("missing", "Left out."),
        ];
        let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let full = with(&plain, &ComponentDocs(texts.into()));
        assert!(!String::from_utf8_lossy(&full).contains("Left out."));
        let point = (
            "a:b/shapes@1.0.0#point".to_owned(),
            "Still a point.".to_owned(),
        );
        assert_eq!(decoded(&full), ComponentDocs([point].into()));
        for data in [&b""[..], b"[]", b"{\"#swap\": 1}", b"\xff{}"] {
            let mut bytes = plain.clone();
            let section = CustomSection {
                name: SECTION.into(),
                data: data.into(),
            };
            section.append_to(&mut bytes);
            assert_eq!(decoded(&bytes), ComponentDocs::default());
        }
        let (_, docs) = component("package a:b; world w { export f: func(); }");
        assert_eq!(with(&plain, &docs), plain);
    }
}
