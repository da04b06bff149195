//! A component of a plan, validated and read.

use std::borrow::Cow;

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, Parser, ValidPayload, Validator, WasmFeatures};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId};

use super::{Node, guarded};
use crate::base::error::{Error, Result};
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::model::component::{Kind, kind, sections};
use crate::model::wit;

/// One component.
pub(super) struct Part<'a> {
    /// What it is called in messages.
    pub name: &'a str,
    /// Its bytes with names of today, attributes included.
    pub bytes: Cow<'a, [u8]>,
    /// What it imports.
    pub imports: Vec<Item>,
    /// What it exports.
    pub exports: Vec<Item>,
    /// The modules and components in it, itself counted.
    pub size: usize,
}

/// One import or export.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub sort: Sort,
    /// The functions of an instance.
    pub functions: Vec<String>,
}

/// What an import or export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Instance,
    Function,
    Type,
    Other,
}

impl Sort {
    /// What it is called in messages.
    pub fn words(self) -> &'static str {
        match self {
            Sort::Instance => "an interface",
            Sort::Function => "a function",
            Sort::Type => "a type",
            Sort::Other => "a module, component or value",
        }
    }
}

/// What components may use: the usual, and what of the component model is not
/// usual yet.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_ERROR_CONTEXT
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
}

/// Checks and reads a component, without the code of its functions.
pub(super) fn read(node: &Node) -> Result<Part<'_>> {
    let failed = || format!("failed to link `{}`", node.name);
    match kind(&node.bytes) {
        Some(Kind::Component) => {}
        Some(Kind::Guest | Kind::Module) => {
            return Err(Error::input(failed())
                .because("it is a core module, not a component")
                .hint("build it with `cargo component build`"));
        }
        None => {
            return Err(Error::input(failed())
                .because("it is not a wasm file")
                .hint("give a component in binary form"));
        }
    }
    let bytes = names::modern(&node.bytes).map_err(|e| e.context(failed()))?;
    let types = guarded("wasmparser", ("validate", &node.name), || shape(&bytes))?;
    let types = types.and_then(|types| types.ok_or_else(|| "it is truncated".to_owned()));
    let types = types.map_err(|e| invalid(&node.name, &e))?;
    let items = |names: Vec<Name>, import: bool| {
        let item = |name| item(&types, name, import);
        names.into_iter().map(item).collect::<Vec<_>>()
    };
    Ok(Part {
        name: &node.name,
        imports: items(names::imports(&bytes)?, true),
        exports: items(names::exports(&bytes)?, false),
        size: sections::count(&bytes),
        bytes,
    })
}

/// Checks everything but the code of functions, which is checked once, in the
/// composition: that is most of the work.
fn shape(bytes: &[u8]) -> Result<Option<Types>, String> {
    let told = |e: BinaryReaderError| e.to_string();
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(told)?;
        if let ValidPayload::End(found) = validator.payload(&payload).map_err(told)? {
            // The outermost ends last.
            types = Some(found);
        }
    }
    Ok(types)
}

/// Checks a component with the code of its functions: a composition of parts
/// that is not valid may be so because a part is not.
pub(super) fn check_code(name: &str, bytes: &[u8]) -> Result<()> {
    let valid = guarded("wasmparser", ("validate", name), || {
        Validator::new_with_features(features()).validate_all(bytes)
    })?;
    valid.map(drop).map_err(|e| invalid(name, &e.to_string()))
}

fn invalid(name: &str, e: &str) -> Error {
    Error::input(format!("failed to link `{name}`"))
        .because(format!("it is not a valid component: {e}"))
        .hint("build it again with a current toolchain")
}

fn item(types: &Types, name: Name, import: bool) -> Item {
    let types = types.as_ref();
    let found = match import {
        true => types.component_item_for_import(&name.name),
        false => types.component_item_for_export(&name.name),
    };
    let mut functions = Vec::new();
    let sort = match found.map(|item| item.ty) {
        Some(ComponentEntityType::Instance(id)) => {
            let exports = types[id].exports.iter();
            let function = |ty| matches!(ty, ComponentEntityType::Func(_));
            functions.extend(
                exports
                    .filter(|(_, item)| function(item.ty))
                    .map(|(name, _)| name.clone()),
            );
            Sort::Instance
        }
        Some(ComponentEntityType::Func(_)) => Sort::Function,
        Some(ComponentEntityType::Type { .. }) => Sort::Type,
        _ => Sort::Other,
    };
    Item {
        name,
        sort,
        functions,
    }
}

impl Part<'_> {
    /// The import of this name.
    pub fn import(&self, name: &str) -> Option<&Item> {
        self.imports.iter().find(|item| item.name.name == name)
    }

    /// Its world.
    pub fn decoded(&self) -> Result<(Resolve, WorldId)> {
        decoded(self.name, &self.bytes)
    }
}

/// The world of a component.
pub(super) fn decoded(name: &str, bytes: &[u8]) -> Result<(Resolve, WorldId)> {
    let failed = || format!("failed to read the world of `{name}`");
    match wit::decode(bytes).map_err(|e| e.told(failed()))? {
        DecodedWasm::Component(resolve, world) => Ok((resolve, world)),
        DecodedWasm::WitPackage(..) => Err(Error::input(failed()).because("it is a WIT package")),
    }
}
