//! A component of a plan, validated and parsed.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmparser::WasmFeatures;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId};

use super::library::call_library;
use super::plan::Node;
use crate::base::error::{Error, Result};
use crate::base::parallel;
use crate::model::component::kind::{WasmKind, kind};
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::model::component::sections;
use crate::model::component::validation::{Code, validate_leaving_code};
use crate::model::wit;

/// A component of a plan with its imports and exports.
pub(super) struct ParsedComponent<'a> {
    /// The name for messages.
    pub name: &'a str,
    /// The bytes with names in their current format, including attributes.
    pub bytes: &'a [u8],
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

/// The bytes of a component with names in their current format; an error for a node that is
/// no component.
pub(super) fn component_bytes<'n>(node: &'n Node<'_>) -> Result<Cow<'n, [u8]>> {
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
    names::with_current_names(&node.bytes).map_err(|e| e.context(failed()))
}

/// Parses a component and validates it, except for the code of its functions. That is
/// returned; [`beside_validation`] validates it, which is most of the work.
pub(super) fn parse<'a>(
    name: &'a str,
    bytes: &'a [u8],
) -> Result<(ParsedComponent<'a>, Vec<Code<'a>>)> {
    let valid = call_library("wasmparser", "validate", name, || {
        validate_leaving_code(bytes, features())
    })?;
    let (types, code) = valid.map_err(|e| invalid(name, e))?;
    let types = types.ok_or_else(|| invalid(name, "it is truncated"))?;
    let items = |names: Vec<Name>, import: bool| {
        let item = |name| item(&types, name, import);
        names.into_iter().map(item).collect::<Vec<_>>()
    };
    let parsed = ParsedComponent {
        name,
        imports: items(names::imports(bytes)?, true),
        exports: items(names::exports(bytes)?, false),
        size: sections::count(bytes),
        bytes,
    };
    Ok((parsed, code))
}

/// Does `main`, and validates the code of components, which have these names: if it is much,
/// other threads do so at the same time.
///
/// # Errors
///
/// Those of `main`, or else that the first of the components is not valid.
pub(super) fn beside_validation<T>(
    code: Vec<(&str, Code<'_>)>,
    main: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let size = code.iter().map(|(_, code)| code.size()).sum();
    // Then nobody needs to know whether the code is valid.
    let failed = AtomicBool::new(false);
    let validate = |(name, code): (&str, Code<'_>)| {
        if failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let valid = call_library("wasmparser", "validate", name, || code.validate())?;
        valid.map_err(|e| invalid(name, e))
    };
    let main = || {
        let result = main();
        failed.store(result.is_err(), Ordering::Relaxed);
        result
    };
    let (validated, result) = parallel::compute_beside(size, code, validate, main);
    let result = result?;
    validated.into_iter().collect::<Result<()>>()?;
    Ok(result)
}

fn invalid(name: &str, e: impl Display) -> Error {
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
        decoded(self.name, self.bytes)
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
