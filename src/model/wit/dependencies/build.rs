//! Building the extended world, with what is known about its imports.

use std::collections::BTreeSet;

use wit_parser::{
    IndexMap, Interface, InterfaceId, PackageId, Resolve, TypeOwner, World as WitWorld, WorldId,
    WorldItem, WorldKey,
};

use super::aliases;
use super::bound::{Bound, BoundImport, FollowedImport};
use super::builder::{CopyContext, CopySource, Counterparts, WorldBuilder};
use super::import::{Import, ImportedItem};
use super::plan::Plan;
use super::read::{Offer, package_name};
use crate::base::error::{Error, Result, guarded};
use crate::model::wit::World;
use crate::model::wit::circle::circle;

/// Builds the world that was planned.
pub(super) fn build(target: World, offers: &[Offer<'_>], plan: Plan) -> Result<Bound> {
    let mut builder = WorldBuilder::new(&target, offers, &plan);
    let world = copy_target(&mut builder, &target)?;
    let mut added = Vec::new();
    for import in &plan.imports {
        added.push(add(&mut builder, world, &offers[import.offer], import)?);
    }
    let counterparts = std::mem::take(&mut builder.counterparts);
    let mut resolve = builder.resolve;
    refuse_circles(&resolve, world)?;
    let failed = || {
        let name = target.name();
        Error::input(format!(
            "failed to import the dependencies into the world `{name}`"
        ))
    };
    guarded("wit-parser", || resolve.merge(Resolve::default()))
        .map_err(|cause| failed().with_cause(cause))?
        .map_err(|cause| failed().with_cause(format!("{cause:#}")))?;

    let mut bound = Vec::new();
    let mut modules = Vec::new();
    for (import, key) in plan.imports.iter().zip(added) {
        let offer = &offers[import.offer];
        bound.push(BoundImport {
            name: resolve.name_world_key(&key),
            dependency: offer.index,
            item: match &import.item {
                ImportedItem::Inline(name, _) => Some(name.clone()),
                ImportedItem::Root | ImportedItem::Function | ImportedItem::Interface(_) => None,
            },
            implements: match (&import.item, &import.name) {
                (ImportedItem::Interface(id), Some(_)) => offer.resolve.id_of(*id),
                _ => None,
            },
        });
        modules.push((import, key));
    }
    let aliases = aliases::of(&resolve, offers, &modules);
    let (followed, followed_notes) = follow(&resolve, world, offers, &counterparts, &bound);
    let mut notes = plan.notes;
    notes.extend(followed_notes);
    bound.sort();
    Ok(Bound {
        world: World {
            resolve,
            id: world,
            notes: target.notes,
            parts: target.parts,
        },
        bound,
        followed,
        aliases,
        notes,
    })
}

/// Copies the target world with all it uses.
fn copy_target(builder: &mut WorldBuilder<'_>, target: &World) -> Result<WorldId> {
    let declared = &target.resolve.worlds[target.id];
    let package = declared.package.map(|id| {
        let name = target.resolve.packages[id].name.clone();
        builder.package(&name)
    });
    let world = builder.resolve.worlds.alloc(WitWorld {
        imports: Default::default(),
        exports: Default::default(),
        package,
        includes: Vec::new(),
        ..declared.clone()
    });
    if let Some(package) = package {
        let worlds = &mut builder.resolve.packages[package].worlds;
        worlds.insert(declared.name.clone(), world);
    }
    let mut cx = CopyContext::owned(
        CopySource::Target,
        TypeOwner::World(target.id),
        TypeOwner::World(world),
    );
    let imports = copy_items(builder, &mut cx, package, &declared.imports, false)?;
    let exports = copy_items(builder, &mut cx, package, &declared.exports, true)?;
    builder.resolve.worlds[world].imports = imports;
    builder.resolve.worlds[world].exports = exports;
    Ok(world)
}

fn copy_items(
    builder: &mut WorldBuilder<'_>,
    cx: &mut CopyContext,
    package: Option<PackageId>,
    items: &IndexMap<WorldKey, WorldItem>,
    exported: bool,
) -> Result<IndexMap<WorldKey, WorldItem>> {
    let mut copies = IndexMap::default();
    for (key, item) in items {
        let mut key = key.clone();
        let item = match item {
            WorldItem::Function(function) => WorldItem::Function(builder.function(cx, function)?),
            WorldItem::Type { id, span } => WorldItem::Type {
                id: builder.ty(cx, *id)?,
                span: *span,
            },
            WorldItem::Interface { id, .. } => {
                let copy = match builder.source(CopySource::Target).interfaces[*id]
                    .name
                    .is_some()
                {
                    true => {
                        let copy = builder.copy_interface(CopySource::Target, *id)?;
                        *builder.of_target.entry(copy).or_default() |= exported;
                        copy
                    }
                    false => inline(builder, CopySource::Target, *id, package)?,
                };
                if let WorldKey::Interface(_) = key {
                    key = WorldKey::Interface(copy);
                }
                let mut item = item.clone();
                if let WorldItem::Interface { id, .. } = &mut item {
                    *id = copy;
                }
                item
            }
        };
        copies.insert(key, item);
    }
    Ok(copies)
}

/// A copy of an interface that has no name of its own.
fn inline(
    builder: &mut WorldBuilder<'_>,
    source: CopySource,
    id: InterfaceId,
    package: Option<PackageId>,
) -> Result<InterfaceId> {
    let from = builder.source(source).interfaces[id].clone();
    let copy = builder.resolve.interfaces.alloc(Interface {
        name: None,
        types: Default::default(),
        functions: Default::default(),
        package,
        clone_of: None,
        ..from.clone()
    });
    let owners = (TypeOwner::Interface(id), TypeOwner::Interface(copy));
    let mut cx = CopyContext::owned(source, owners.0, owners.1);
    for (name, ty) in from.types {
        let ty = builder.ty(&mut cx, ty)?;
        builder.resolve.interfaces[copy].types.insert(name, ty);
    }
    for (name, function) in from.functions {
        let function = builder.function(&mut cx, &function)?;
        let functions = &mut builder.resolve.interfaces[copy].functions;
        functions.insert(name, function);
    }
    Ok(copy)
}

/// The functions at the root of a dependency, with the types of its world that
/// they name, as an interface without a name.
fn root(
    builder: &mut WorldBuilder<'_>,
    at: usize,
    offer: &Offer<'_>,
    world: WorldId,
) -> Result<InterfaceId> {
    let package = builder.resolve.worlds[world].package;
    let copy = builder.resolve.interfaces.alloc(Interface {
        name: None,
        types: Default::default(),
        functions: Default::default(),
        docs: offer.resolve.worlds[offer.world].docs.clone(),
        stability: Default::default(),
        package,
        span: Default::default(),
        clone_of: None,
    });
    let owner = TypeOwner::Interface(copy);
    let mut cx = CopyContext::owned(CopySource::Offer(at), TypeOwner::World(offer.world), owner);
    let mut functions = IndexMap::default();
    let exports = offer.resolve.worlds[offer.world].exports.values();
    for item in exports {
        if let WorldItem::Function(function) = item {
            let function = builder.function(&mut cx, function)?;
            functions.insert(function.name.clone(), function);
        }
    }
    let types = builder.resolve.types.iter();
    let types = types.filter(|(_, ty)| ty.owner == owner);
    let types: IndexMap<_, _> = types
        .filter_map(|(id, ty)| Some((ty.name.clone()?, id)))
        .collect();
    if let Some(name) = functions.keys().find(|name| types.contains_key(*name)) {
        return Err(offer
            .error(format!(
                "its root has both a function and a type with the name `{name}`"
            ))
            .hint("rename one of them in the dependency"));
    }
    let interface = &mut builder.resolve.interfaces[copy];
    interface.functions = functions;
    interface.types = types;
    Ok(copy)
}

/// Adds an import to the world; its key there.
fn add(
    builder: &mut WorldBuilder<'_>,
    world: WorldId,
    offer: &Offer<'_>,
    import: &Import,
) -> Result<WorldKey> {
    if let (true, Some(name)) = (import.of_target, &import.name) {
        return Ok(WorldKey::Name(name.clone()));
    }
    let source = CopySource::Offer(import.offer);
    let package = builder.resolve.worlds[world].package;
    let (key, id) = match (&import.item, &import.name) {
        (ImportedItem::Interface(id), None) => {
            let copy = builder.interface(source, *id)?;
            match builder.of_target.contains_key(&copy) {
                true => builder.satisfied(import.offer, *id, copy)?,
                false => {
                    builder.copy_interface(source, *id)?;
                }
            }
            (WorldKey::Interface(copy), copy)
        }
        (ImportedItem::Root | ImportedItem::Function, name) => {
            let name = name.clone().unwrap_or_default();
            let copy = root(builder, import.offer, offer, world)?;
            (WorldKey::Name(name), copy)
        }
        (ImportedItem::Inline(_, id) | ImportedItem::Interface(id), name) => {
            let name = name.clone().unwrap_or_default();
            (WorldKey::Name(name), inline(builder, source, *id, package)?)
        }
    };
    let imports = &mut builder.resolve.worlds[world].imports;
    imports
        .entry(key.clone())
        .or_insert_with(|| WorldItem::Interface {
            id,
            stability: Default::default(),
            external_id: None,
            docs: Default::default(),
            span: Default::default(),
        });
    Ok(key)
}

/// The hints of dependencies for interfaces that none of them provides, and what
/// the user should know of them.
fn follow(
    resolve: &Resolve,
    world: WorldId,
    offers: &[Offer<'_>],
    counterparts: &Counterparts,
    bound: &[BoundImport],
) -> (Vec<FollowedImport>, Vec<String>) {
    let mut followed = Vec::new();
    let mut notes = Vec::new();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldKey::Interface(id) = key else {
            continue;
        };
        let name = resolve.name_world_key(key);
        let declared = matches!(
            item,
            WorldItem::Interface {
                external_id: Some(_),
                ..
            }
        );
        if declared || bound.iter().any(|bound| bound.name == name) {
            continue;
        }
        let mut hints = Vec::new();
        for (at, theirs) in counterparts.get(id).into_iter().flatten() {
            let offer = &offers[*at];
            let theirs_name = offer.resolve.id_of(*theirs).unwrap_or_default();
            if let Some(hint) = offer.dependency.hints_of_imports.get(&theirs_name) {
                let package = package_name(&offer.resolve, *theirs);
                let version = package.and_then(|package| package.version.clone());
                hints.push((version, hint, *at));
            }
        }
        // Of several the latest version, which the others are compatible with.
        hints.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let different: BTreeSet<_> = hints.iter().map(|(_, hint, _)| *hint).collect();
        let Some(best) = hints.last().map(|(_, hint, _)| *hint) else {
            continue;
        };
        // Of several dependencies with this hint the first one.
        let having = hints.iter().filter(|(_, hint, _)| *hint == best);
        let first = having.map(|(.., at)| *at).min();
        if different.len() > 1 {
            notes.push(format!(
                "the dependencies link `{name}` to different components; the world's own import of it is linked to `{best}`"
            ));
        }
        followed.push(FollowedImport {
            name,
            dependency: offers[first.unwrap_or_default()].index,
            hint: best.clone(),
        });
    }
    followed.sort();
    (followed, notes)
}

/// Refuses packages that would refer to each other in a circle, which WIT does
/// not have: versions of one may come from different dependencies, and a
/// dependency may use the package that the world itself is in.
fn refuse_circles(resolve: &Resolve, world: WorldId) -> Result<()> {
    let packages = resolve.packages.iter();
    let refers = packages.map(|(id, _)| (id, resolve.package_direct_deps(id).collect()));
    let ids = circle(refers.collect());
    if ids.is_empty() {
        return Ok(());
    }
    let names = ids.iter().map(|id| &resolve.packages[*id].name);
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let error = Error::input(format!(
        "the packages {} would refer to each other in a cycle",
        names.join(", ")
    ));
    let own = resolve.worlds[world].package;
    let own = own.filter(|id| ids.contains(id));
    Err(match own {
        Some(id) => error
            .with_cause(format!(
                "the world is in the package `{}`, whose interfaces its dependencies use",
                resolve.packages[id].name
            ))
            .hint("move the world into a package of its own"),
        None => error
            .with_cause("the dependencies were built for different versions of them")
            .hint("use versions of the dependencies that were built for the same packages"),
    })
}
