//! The types of a component's imports and exports, as the validator has them.
//! Every valid component has them, whether or not WIT can express it.

use std::collections::BTreeMap;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// The imports and exports of a component, by name and in order, with their
/// types; none for a core module.
pub struct TypedComponent {
    /// The types that the items refer to.
    pub types: Types,
    /// The imports of the component.
    pub imports: Vec<(String, ComponentItem)>,
    /// The exports of the component.
    pub exports: Vec<(String, ComponentItem)>,
}

/// Validates bytes, but for the code of functions, and reads their types. The
/// error is a fragment for a cause, in words of the validator.
pub fn typed(bytes: &[u8]) -> Result<TypedComponent, String> {
    let message = |e: BinaryReaderError| e.to_string();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut depth = 0;
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(message)?;
        match &payload {
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.clone() {
                    imports.push(import.map_err(message)?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.clone() {
                    exports.push(export.map_err(message)?.name.name);
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
        if let ValidPayload::End(types) = validator.payload(&payload).map_err(message)?
            && depth < 0
        {
            let item =
                |name: &str, item: Option<&ComponentItem>| Some((name.to_owned(), item?.clone()));
            let imported = |name: &&str| item(name, types.component_item_for_import(name));
            let exported = |name: &&str| item(name, types.component_item_for_export(name));
            return Ok(TypedComponent {
                imports: imports.iter().filter_map(imported).collect(),
                exports: exports.iter().filter_map(exported).collect(),
                types,
            });
        }
    }
    Err("it is truncated".to_owned())
}

impl TypedComponent {
    /// Whether it is WIT in its binary form: it exports component types, each
    /// of which stands for an interface or a world, and nothing else.
    pub fn is_wit(&self) -> bool {
        self.imports.is_empty()
            && !self.exports.is_empty()
            && self
                .exports
                .iter()
                .all(|(name, item)| self.is_wit_item(name, item))
    }

    fn is_wit_item(&self, name: &str, item: &ComponentItem) -> bool {
        let ComponentEntityType::Type {
            created: ComponentAnyTypeId::Component(id),
            ..
        } = item.ty
        else {
            return false;
        };
        // The first encoding has one export, `namespace:package/wit`, for all.
        let whole = name.split('@').next().is_some_and(|n| n.ends_with("/wit"));
        let mut items = self.types[id].exports.iter();
        let only = (items.next(), items.next());
        whole
            || matches!(only, (Some((name, item)), None) if name.contains('/') && matches!(
                item.ty,
                ComponentEntityType::Instance(_) | ComponentEntityType::Component(_)
            ))
    }

    /// The first thing in it that WIT cannot express, if there is any: a fragment
    /// of a sentence that starts with "its …".
    pub fn beyond_wit(&self) -> Option<String> {
        let mut owners = BTreeMap::new();
        let imports = self.imports.iter().map(|import| ("import", import));
        let exports = self.exports.iter().map(|export| ("export", export));
        for (side, (name, item)) in imports.chain(exports) {
            let what = format!("{side} `{name}`");
            let found = match (item.ty, unusual(&item.ty)) {
                (_, Some(kind)) => Some(format!("its {what} is {kind}")),
                (ComponentEntityType::Instance(id), _) => {
                    let exports = &self.types[id].exports;
                    let items: Vec<_> =
                        exports.iter().map(|(name, item)| (&**name, item)).collect();
                    beyond_interface(&what, &items, &mut owners)
                }
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// The import or export that defined each named type, in words.
type Owners = BTreeMap<ComponentAnyTypeId, String>;

/// The first thing in an instance that no interface of WIT can have. The types of
/// the instance are added to `owners`.
fn beyond_interface(
    what: &str,
    items: &[(&str, &ComponentItem)],
    owners: &mut Owners,
) -> Option<String> {
    let before = owners.clone();
    for (name, item) in items {
        if let Some(kind) = unusual(&item.ty) {
            return Some(format!("its {what} contains {kind}, `{name}`"));
        }
        let ComponentEntityType::Type { created, .. } = item.ty else {
            continue;
        };
        if let Some(first) = owners.insert(created, what.to_owned()) {
            let kind = match created {
                ComponentAnyTypeId::Resource(_) => "resource",
                _ => "type",
            };
            return Some(format!(
                "its {what} re-exports the {kind} `{name}` of its {first}"
            ));
        }
    }
    items.iter().find_map(|(function, _)| {
        let resource = resource_of(function)?;
        let (_, item) = items.iter().find(|(name, _)| *name == resource)?;
        let owner = owner(item, &before)?;
        Some(format!(
            "its {what} has the function `{function}` of a resource that its {owner} defines"
        ))
    })
}

/// The kind of an item that no WIT has; `None` for any other.
fn unusual(item: &ComponentEntityType) -> Option<&'static str> {
    match item {
        ComponentEntityType::Module(_) => Some("a core module"),
        ComponentEntityType::Component(_) => Some("a component"),
        ComponentEntityType::Value(_) => Some("a value"),
        ComponentEntityType::Type { created, .. } => match created {
            ComponentAnyTypeId::Component(_) => Some("the type of a component"),
            ComponentAnyTypeId::Instance(_) => Some("the type of an instance"),
            ComponentAnyTypeId::Func(_) => Some("the type of a function"),
            ComponentAnyTypeId::Resource(_) | ComponentAnyTypeId::Defined(_) => None,
        },
        ComponentEntityType::Func(_) | ComponentEntityType::Instance(_) => None,
    }
}

/// The resource in the name of a function, `[method]resource.function`.
fn resource_of(function: &str) -> Option<&str> {
    let (_, name) = function.strip_prefix('[')?.split_once(']')?;
    Some(name.split('.').next().unwrap_or(name))
}

/// The import or export that defined the resource an item renames.
fn owner<'n>(item: &ComponentItem, owners: &'n Owners) -> Option<&'n String> {
    let ComponentEntityType::Type {
        created: ComponentAnyTypeId::Resource(id),
        ..
    } = item.ty
    else {
        return None;
    };
    let same = |other: &&ComponentAnyTypeId| matches!(other, ComponentAnyTypeId::Resource(other) if other.resource() == id.resource());
    owners.keys().find(same).map(|id| &owners[id])
}
