//! A component of a plan, validated and parsed.

use std::borrow::Cow;

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, Parser, ValidPayload, Validator, WasmFeatures};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId};

use super::library::call_library;
use super::plan::Node;
use crate::base::error::{Error, Result};
use crate::model::component::kind::{WasmKind, kind};
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::model::component::sections;
use crate::model::component::validation::validate;
use crate::model::wit;

/// A component of a plan with its imports and exports.
pub(super) struct ParsedComponent<'a> {
    /// The name for messages.
    pub name: &'a str,
    /// The bytes with names in their current format, including attributes.
    pub bytes: Cow<'a, [u8]>,
    /// The imports at its root.
    pub imports: Vec<RootItem>,
    /// The exports at its root.
    pub exports: Vec<RootItem>,
    /// The number of modules and components in it, including itself.
    pub size: usize,
}

/// One import or export at the root of a component.
#[derive(Clone, Debug)]
pub(super) struct RootItem {
    /// The name with its attributes.
    pub name: Name,
    /// The kind of item.
    pub kind: ItemKind,
    /// The names of the functions of an instance.
    pub functions: Vec<String>,
}

/// The kind of an import or export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemKind {
    Instance,
    Function,
    Type,
    Other,
}

impl ItemKind {
    /// The kind with its article, for messages.
    pub fn words(self) -> &'static str {
        match self {
            ItemKind::Instance => "an interface",
            ItemKind::Function => "a function",
            ItemKind::Type => "a type",
            ItemKind::Other => "a module, component or value",
        }
    }
}

/// The features that components may use: the default ones, and proposals of the
/// component model that are not enabled by default.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_ERROR_CONTEXT
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
}

/// Parses a component and validates it, except for the code of its functions.
pub(super) fn parse<'n>(node: &'n Node<'_>) -> Result<ParsedComponent<'n>> {
    let failed = || format!("failed to link `{}`", node.name);
    match kind(&node.bytes) {
        Some(WasmKind::Component) => {}
        Some(WasmKind::Guest | WasmKind::Module) => {
            return Err(Error::input(failed())
                .with_cause("it is a core module, not a component")
                .hint("build it with `cargo component build`"));
        }
        None => {
            return Err(Error::input(failed())
                .with_cause("it is not a wasm file")
                .hint("give a component in binary form"));
        }
    }
    let bytes = names::with_current_names(&node.bytes).map_err(|e| e.context(failed()))?;
    let types = call_library("wasmparser", "validate", &node.name, || types_of(&bytes))?;
    let types = types.and_then(|types| types.ok_or_else(|| "it is truncated".to_owned()));
    let types = types.map_err(|e| invalid(&node.name, &e))?;
    let items = |names: Vec<Name>, import: bool| {
        let item = |name| item(&types, name, import);
        names.into_iter().map(item).collect::<Vec<_>>()
    };
    Ok(ParsedComponent {
        name: &node.name,
        imports: items(names::imports(&bytes)?, true),
        exports: items(names::exports(&bytes)?, false),
        size: sections::count(&bytes),
        bytes,
    })
}

/// The types of a component. Validates everything but the code of functions,
/// which is most of the work and is done once, for the composition.
fn types_of(bytes: &[u8]) -> Result<Option<Types>, String> {
    let text = |e: BinaryReaderError| e.to_string();
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(text)?;
        if let ValidPayload::End(found) = validator.payload(&payload).map_err(text)? {
            // The outermost component ends last.
            types = Some(found);
        }
    }
    Ok(types)
}

/// Validates a component with the code of its functions: a composition may be
/// invalid because one of its components is.
pub(super) fn check_code(name: &str, bytes: &[u8]) -> Result<()> {
    let valid = call_library("wasmparser", "validate", name, || {
        validate(bytes, features())
    })?;
    valid.map_err(|e| invalid(name, &e.to_string()))
}

fn invalid(name: &str, e: &str) -> Error {
    Error::input(format!("failed to link `{name}`"))
        .with_cause(format!("it is not a valid component: {e}"))
        .hint("build it again with a current toolchain")
}

fn item(types: &Types, name: Name, import: bool) -> RootItem {
    let types = types.as_ref();
    let found = match import {
        true => types.component_item_for_import(&name.name),
        false => types.component_item_for_export(&name.name),
    };
    let mut functions = Vec::new();
    let kind = match found.map(|item| item.ty) {
        Some(ComponentEntityType::Instance(id)) => {
            let exports = types[id].exports.iter();
            let function = |ty| matches!(ty, ComponentEntityType::Func(_));
            functions.extend(
                exports
                    .filter(|(_, item)| function(item.ty))
                    .map(|(name, _)| name.clone()),
            );
            ItemKind::Instance
        }
        Some(ComponentEntityType::Func(_)) => ItemKind::Function,
        Some(ComponentEntityType::Type { .. }) => ItemKind::Type,
        _ => ItemKind::Other,
    };
    RootItem {
        name,
        kind,
        functions,
    }
}

impl ParsedComponent<'_> {
    /// The import with this name.
    pub fn import(&self, name: &str) -> Option<&RootItem> {
        self.imports.iter().find(|item| item.name.name == name)
    }

    /// The world of the component, decoded.
    pub fn decoded(&self) -> Result<(Resolve, WorldId)> {
        decoded(self.name, &self.bytes)
    }
}

/// The world of a component, decoded; `name` is for messages.
pub(super) fn decoded(name: &str, bytes: &[u8]) -> Result<(Resolve, WorldId)> {
    let failed = || format!("failed to read the world of `{name}`");
    match wit::decode(bytes).map_err(|e| e.into_error(failed()))? {
        DecodedWasm::Component(resolve, world) => Ok((resolve, world)),
        DecodedWasm::WitPackage(..) => {
            Err(Error::input(failed()).with_cause("it is a WIT package"))
        }
    }
}
