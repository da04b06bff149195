//! Names of WIT for which the generator would write an identifier that means
//! something else where it stands: a local of its own, a keyword, another
//! type.
//!
//! Such a name gets a suffix before code is generated, and the identifiers with
//! the suffix are replaced in the code by the final ones. Callers see the usual
//! identifier of the name wherever that is possible; elsewhere one with `_`
//! behind it, as the generator has it for keywords. The world that the code
//! embeds is encoded again, from the original names.

use std::collections::BTreeSet;

use wit_parser::{InterfaceId, Resolve, TypeDefKind, TypeId, WorldId, WorldItem, WorldKey};

use super::placeholder_builder::{ExtraTypeNames, PlaceholderBuilder};
use super::placeholders::Placeholders;

/// Inserts placeholders into the resolve, for what `world` imports and exports.
/// `code` is the code that was generated before, if names of types were found to
/// mean something else in it.
pub(super) fn insert_placeholders(
    resolve: &mut Resolve,
    world: WorldId,
    extra: ExtraTypeNames,
    code: Option<&str>,
) -> Placeholders {
    let before = nameable(resolve, world);
    let mut builder = PlaceholderBuilder {
        placeholders: Placeholders {
            suffix: suffix(resolve),
            ..Placeholders::default()
        },
        imported: interfaces(resolve, world, true),
        exported: interfaces(resolve, world, false),
        extra,
        code,
    };
    builder.members(resolve);
    let all: BTreeSet<InterfaceId> = builder.imported.union(&builder.exported).copied().collect();
    for id in all {
        builder.interface_types(resolve, id);
        builder.interface_functions(resolve, id);
        builder.interface_name(resolve, id);
    }
    builder.root(resolve, world);
    let mut placeholders = builder.placeholders;
    let after = nameable(resolve, world);
    let pairs = before.into_iter().zip(after);
    placeholders.settings = pairs.filter(|(before, after)| before != after).collect();
    placeholders
}

/// A suffix that occurs in no name, nor in text that is copied to the code.
fn suffix(resolve: &Resolve) -> String {
    let mut suffix = "witname".to_owned();
    let mut texts = BTreeSet::new();
    for (_, interface) in resolve.interfaces.iter() {
        texts.extend(interface.name.as_deref());
        for function in interface.functions.values() {
            texts.insert(&function.name);
            texts.extend(function.params.iter().map(|param| param.name.as_str()));
        }
    }
    for (_, ty) in resolve.types.iter() {
        texts.extend(ty.name.as_deref());
        match &ty.kind {
            TypeDefKind::Record(of) => texts.extend(of.fields.iter().map(|f| f.name.as_str())),
            TypeDefKind::Flags(of) => texts.extend(of.flags.iter().map(|f| f.name.as_str())),
            TypeDefKind::Variant(of) => texts.extend(of.cases.iter().map(|c| c.name.as_str())),
            TypeDefKind::Enum(of) => {
                texts.extend(of.cases.iter().map(|case| case.name.as_str()));
                texts.extend(of.cases.iter().filter_map(|c| c.docs.contents.as_deref()));
            }
            _ => {}
        }
    }
    for (_, world) in resolve.worlds.iter() {
        let keys = world.imports.keys().chain(world.exports.keys());
        texts.extend(keys.filter_map(|key| match key {
            WorldKey::Name(name) => Some(name.as_str()),
            WorldKey::Interface(_) => None,
        }));
    }
    while texts
        .iter()
        .any(|text| text.to_ascii_lowercase().contains(&suffix))
    {
        suffix.push('x');
    }
    suffix
}

/// The interfaces that a world imports, or exports.
fn interfaces(resolve: &Resolve, world: WorldId, imports: bool) -> BTreeSet<InterfaceId> {
    let world = &resolve.worlds[world];
    let items = match imports {
        true => &world.imports,
        false => &world.exports,
    };
    let interface = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    };
    items.values().filter_map(interface).collect()
}

/// The names that settings may have, always in the same order: interfaces, types,
/// members of types, functions.
fn nameable(resolve: &Resolve, world: WorldId) -> Vec<String> {
    let world = &resolve.worlds[world];
    let mut names = Vec::new();
    let member = |names: &mut Vec<String>, ty: TypeId, name: &str| match &resolve.types[ty].kind {
        TypeDefKind::Record(of) => {
            names.extend(of.fields.iter().map(|f| format!("{name}.{}", f.name)));
        }
        TypeDefKind::Variant(of) => {
            names.extend(of.cases.iter().map(|c| format!("{name}.{}", c.name)));
        }
        TypeDefKind::Enum(of) => {
            names.extend(of.cases.iter().map(|c| format!("{name}.{}", c.name)));
        }
        _ => {}
    };
    for (key, item) in world.imports.iter().chain(&world.exports) {
        match item {
            WorldItem::Interface { id, .. } => {
                let interface = resolve.name_world_key(key);
                for (name, ty) in &resolve.interfaces[*id].types {
                    let full = format!("{interface}/{name}");
                    member(&mut names, *ty, &full);
                    names.extend([format!("{interface}#{name}"), name.clone(), full]);
                }
                for function in resolve.interfaces[*id].functions.values() {
                    names.push(format!("{interface}#{}", function.name));
                    names.push(function.name.clone());
                }
                names.push(interface);
            }
            WorldItem::Type { id, .. } => {
                let name = resolve.name_world_key(key);
                let full = format!("{}/{name}", world.name);
                member(&mut names, *id, &full);
                names.extend([full, name]);
            }
            WorldItem::Function(function) => names.push(function.name.clone()),
        }
    }
    names
}
