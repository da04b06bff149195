//! Types of the component model in WIT syntax, for messages.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentItem, ComponentValType,
    ResourceId,
};
use wasmparser::types::TypesRef;

use crate::model::wit::types::TypedComponent;

/// The types of one component or world.
pub struct Side<'a> {
    /// The types of the validator.
    pub types: TypesRef<'a>,
    /// The names of types, for messages.
    names: HashMap<ComponentAnyTypeId, String>,
}

impl<'a> Side<'a> {
    /// The types of a component, with their names in it.
    pub fn new(typed: &'a TypedComponent) -> Self {
        let mut side = Side {
            types: typed.types.as_ref(),
            names: HashMap::new(),
        };
        for (name, item) in typed.imports.iter().chain(&typed.exports) {
            side.name(name, item);
            if let ComponentEntityType::Instance(id) = item.ty {
                let types = side.types;
                let exports = &types[id].exports;
                exports
                    .iter()
                    .for_each(|(name, item)| side.name(name, item));
            }
        }
        side
    }

    fn name(&mut self, name: &str, item: &ComponentItem) {
        if let ComponentEntityType::Type { created, .. } = item.ty {
            self.names.insert(created, name.to_owned());
        }
    }
}

/// Resolves an alias of a primitive type to the primitive type.
pub fn plain(side: &Side<'_>, ty: ComponentValType) -> ComponentValType {
    match ty {
        ComponentValType::Type(id) => match &side.types[id] {
            ComponentDefinedType::Primitive(primitive) => ComponentValType::Primitive(*primitive),
            _ => ty,
        },
        ComponentValType::Primitive(_) => ty,
    }
}

/// A type that has a name, for messages.
pub fn any_kind(side: &Side<'_>, ty: ComponentAnyTypeId) -> String {
    match ty {
        ComponentAnyTypeId::Resource(_) => "resource".to_owned(),
        ComponentAnyTypeId::Defined(id) => words(side, ComponentValType::Type(id), 0),
        ComponentAnyTypeId::Func(_) => "function".to_owned(),
        ComponentAnyTypeId::Instance(_) => "interface".to_owned(),
        ComponentAnyTypeId::Component(_) => "component".to_owned(),
    }
}

/// The depth to which a type without a name is written.
const DEPTH: usize = 4;

/// A type in WIT syntax; one that has a name by its kind and name.
pub fn words(side: &Side<'_>, ty: ComponentValType, depth: usize) -> String {
    use ComponentDefinedType as D;
    let id = match plain(side, ty) {
        ComponentValType::Primitive(primitive) => return primitive.to_string(),
        ComponentValType::Type(id) => id,
    };
    if depth == DEPTH {
        return "…".to_owned();
    }
    let of = |ty: &ComponentValType| words(side, *ty, depth + 1);
    let maybe = |ty: &Option<ComponentValType>| ty.as_ref().map_or("_".to_owned(), of);
    let resource = |id: ResourceId| {
        let same = |ty: &&ComponentAnyTypeId| matches!(ty, ComponentAnyTypeId::Resource(other) if other.resource() == id);
        let names = side.names.keys().filter(same).map(|ty| &side.names[ty]);
        names
            .min()
            .cloned()
            .unwrap_or_else(|| "resource".to_owned())
    };
    let name = side.names.get(&ComponentAnyTypeId::Defined(id));
    let named = |kind: &str| match name {
        Some(name) => format!("{kind} {name}"),
        None => kind.to_owned(),
    };
    match &side.types[id] {
        D::Primitive(primitive) => primitive.to_string(),
        D::Record(_) => named("record"),
        D::Variant(_) => named("variant"),
        D::Enum(_) => named("enum"),
        D::Flags(_) => named("flags"),
        D::Tuple(tuple) => {
            let types: Vec<_> = tuple.types.iter().map(of).collect();
            format!("tuple<{}>", types.join(", "))
        }
        D::Option { ty, .. } => format!("option<{}>", of(ty)),
        D::List { element, .. } => format!("list<{}>", of(element)),
        D::FixedLengthList {
            element, length, ..
        } => format!("list<{}, {length}>", of(element)),
        D::Map { key, value, .. } => format!("map<{}, {}>", of(key), of(value)),
        D::Result { ok, err, .. } => format!("result<{}, {}>", maybe(ok), maybe(err)),
        D::Future { ty, .. } => format!("future<{}>", maybe(ty)),
        D::Stream { ty, .. } => format!("stream<{}>", maybe(ty)),
        D::Own(id) => format!("own<{}>", resource(id.resource())),
        D::Borrow(id) => format!("borrow<{}>", resource(id.resource())),
    }
}
