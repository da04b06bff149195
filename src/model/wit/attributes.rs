//! The world without attributes, which bindings embed.
//!
//! A component model name may carry attributes (`implements`, `external-id`).
//! The component linker of Rust 1.95 for wasm32-wasip2 cannot read them, so the
//! world embedded in a module has none; what needs them is added to the
//! finished component.

use std::collections::HashMap;

use wit_parser::{
    InterfaceId, Resolve, TypeId, TypeOwner, World as WitWorld, WorldId, WorldItem, WorldKey,
};

use super::walk;

/// Removes every `external-id`, and makes each interface that is imported or
/// exported under a plain name an inline copy of it, which needs no
/// `implements`.
pub fn without_attributes(resolve: &mut Resolve, world: WorldId) {
    for (_, ty) in resolve.types.iter_mut() {
        ty.external_id = None;
    }
    for (_, interface) in resolve.interfaces.iter_mut() {
        for function in interface.functions.values_mut() {
            function.external_id = None;
        }
    }
    for (_, world) in resolve.worlds.iter_mut() {
        for item in world.imports.values_mut().chain(world.exports.values_mut()) {
            match item {
                WorldItem::Interface { external_id, .. } => *external_id = None,
                WorldItem::Function(function) => function.external_id = None,
                WorldItem::Type { .. } => {}
            }
        }
    }
    let labelled = |world: &WitWorld, resolve: &Resolve| -> Vec<(WorldKey, InterfaceId)> {
        let items = world.imports.iter().chain(&world.exports);
        items
            .filter_map(|(key, item)| match (key, item) {
                (WorldKey::Name(_), WorldItem::Interface { id, .. })
                    if resolve.interfaces[*id].name.is_some() =>
                {
                    Some((key.clone(), *id))
                }
                _ => None,
            })
            .collect()
    };
    for (key, id) in labelled(&resolve.worlds[world], resolve) {
        let copy = inline_copy(resolve, id);
        let world = &mut resolve.worlds[world];
        for items in [&mut world.imports, &mut world.exports] {
            if let Some(WorldItem::Interface { id: place, .. }) = items.get_mut(&key)
                && *place == id
            {
                *place = copy;
            }
        }
    }
}

/// A copy of an interface that has no name of its own, with copies of the
/// types it defines.
fn inline_copy(resolve: &mut Resolve, id: InterfaceId) -> InterfaceId {
    let mut copy = resolve.interfaces[id].clone();
    copy.name = None;
    copy.clone_of = Some(id);
    let new = resolve.interfaces.next_id();
    let mut copier = TypeCopier {
        resolve,
        owners: (TypeOwner::Interface(id), TypeOwner::Interface(new)),
        copies: HashMap::new(),
    };
    for ty in copy.types.values_mut() {
        copier.type_id(ty);
    }
    for function in copy.functions.values_mut() {
        walk::of_function(function, &mut |id| copier.type_id(id));
    }
    resolve.interfaces.alloc(copy)
}

/// Copies the types of one interface for another.
struct TypeCopier<'a> {
    resolve: &'a mut Resolve,
    owners: (TypeOwner, TypeOwner),
    copies: HashMap<TypeId, TypeId>,
}

impl TypeCopier<'_> {
    fn type_id(&mut self, id: &mut TypeId) {
        let (from, to) = self.owners;
        let owner = self.resolve.types[*id].owner;
        if owner != from && owner != TypeOwner::None {
            return;
        }
        if let Some(copy) = self.copies.get(id) {
            *id = *copy;
            return;
        }
        let mut definition = self.resolve.types[*id].clone();
        if owner == from {
            definition.owner = to;
        }
        walk::of_kind(&mut definition.kind, &mut |id| self.type_id(id));
        let copy = self.resolve.types.alloc(definition);
        self.copies.insert(*id, copy);
        *id = copy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_labelled_interface_becomes_an_inline_one_and_ids_go() {
        let mut resolve = Resolve::default();
        let package = resolve
            .push_source(
                "a.wit",
                "package a:b;
                 interface c { resource r { m: func(); } f: func(x: borrow<r>) -> r; }
                 world w { @external-id(\"oci://somewhere\") import c; import one: c; export two: c; }",
            )
            .unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        without_attributes(&mut resolve, world);
        let encoded = wit_component::metadata::encode(
            &resolve,
            world,
            wit_component::StringEncoding::UTF8,
            None,
            false,
        )
        .unwrap();
        #[cfg(feature = "cli")]
        wasmparser::Validator::new().validate_all(&encoded).unwrap();
        let text = String::from_utf8_lossy(&encoded).into_owned();
        assert!(!text.contains("oci://somewhere"));
        let names: Vec<_> = resolve.worlds[world].imports.keys().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let WorldItem::Interface { id, .. } =
            &resolve.worlds[world].imports[&WorldKey::Name("one".into())]
        else {
            panic!("not an interface")
        };
        assert!(resolve.interfaces[*id].name.is_none());
        assert_eq!(resolve.interfaces[*id].functions.len(), 2);
    }
}
