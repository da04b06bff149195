//! The extended world and what is known about its imports.

use std::collections::BTreeSet;

use wit_parser::{
    IndexMap, Interface, InterfaceId, PackageId, Resolve, TypeOwner, World as WitWorld, WorldId,
    WorldItem, WorldKey,
};

use super::aliases;
use super::graft::{Context, Graft, Source, StandsFor};
use super::plan::{Import, Item, Plan};
use super::read::{Offer, package_name};
use super::{Bound, BoundImport, FollowedImport};
use crate::base::error::{Error, Result, guarded};
use crate::model::wit::World;
use crate::model::wit::circle::circle;

/// Makes the world that was planned.
pub(super) fn build(target: World, offers: &[Offer<'_>], plan: Plan) -> Result<Bound> {
    let mut graft = Graft::new(&target, offers, &plan);
    let world = copy_target(&mut graft, &target)?;
    let mut added = Vec::new();
    for import in &plan.imports {
        added.push(add(&mut graft, world, &offers[import.offer], import)?);
    }
    let stands_for = std::mem::take(&mut graft.stands_for);
    let mut resolve = graft.resolve;
    refuse_circles(&resolve, world)?;
    let failed = || {
        let name = target.name();
        Error::input(format!(
            "failed to import the dependencies into the world `{name}`"
        ))
    };
    guarded("wit-parser", || resolve.merge(Resolve::default()))
        .map_err(|cause| failed().because(cause))?
        .map_err(|cause| failed().because(format!("{cause:#}")))?;

    let mut bound = Vec::new();
    let mut modules = Vec::new();
    for (import, key) in plan.imports.iter().zip(added) {
        let offer = &offers[import.offer];
        bound.push(BoundImport {
            name: resolve.name_world_key(&key),
            dependency: offer.index,
            item: match &import.item {
                Item::Inline(name, _) => Some(name.clone()),
                Item::Root | Item::Function | Item::Interface(_) => None,
            },
            implements: match (&import.item, &import.name) {
                (Item::Interface(id), Some(_)) => offer.resolve.id_of(*id),
                _ => None,
            },
        });
        modules.push((import, key));
    }
    let aliases = aliases::of(&resolve, offers, &modules);
    let mut notes = plan.notes;
    let followed = follow((&resolve, world), offers, (&stands_for, &bound), &mut notes);
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
fn copy_target(graft: &mut Graft<'_>, target: &World) -> Result<WorldId> {
    let declared = &target.resolve.worlds[target.id];
    let package = declared.package.map(|id| {
        let name = target.resolve.packages[id].name.clone();
        graft.package(&name)
    });
    let world = graft.resolve.worlds.alloc(WitWorld {
        imports: Default::default(),
        exports: Default::default(),
        package,
        includes: Vec::new(),
        ..declared.clone()
    });
    if let Some(package) = package {
        let worlds = &mut graft.resolve.packages[package].worlds;
        worlds.insert(declared.name.clone(), world);
    }
    let mut cx = Context::owned(
        Source::Target,
        TypeOwner::World(target.id),
        TypeOwner::World(world),
    );
    let imports = copy_items(graft, &mut cx, package, (&declared.imports, false))?;
    let exports = copy_items(graft, &mut cx, package, (&declared.exports, true))?;
    graft.resolve.worlds[world].imports = imports;
    graft.resolve.worlds[world].exports = exports;
    Ok(world)
}

fn copy_items(
    graft: &mut Graft<'_>,
    cx: &mut Context,
    package: Option<PackageId>,
    (items, exported): (&IndexMap<WorldKey, WorldItem>, bool),
) -> Result<IndexMap<WorldKey, WorldItem>> {
    let mut copies = IndexMap::default();
    for (key, item) in items {
        let mut key = key.clone();
        let item = match item {
            WorldItem::Function(function) => WorldItem::Function(graft.function(cx, function)?),
            WorldItem::Type { id, span } => WorldItem::Type {
                id: graft.ty(cx, *id)?,
                span: *span,
            },
            WorldItem::Interface { id, .. } => {
                let copy = match graft.source(Source::Target).interfaces[*id].name.is_some() {
                    true => {
                        let copy = graft.whole(Source::Target, *id)?;
                        *graft.of_target.entry(copy).or_default() |= exported;
                        copy
                    }
                    false => inline(graft, Source::Target, *id, package)?,
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
    graft: &mut Graft<'_>,
    source: Source,
    id: InterfaceId,
    package: Option<PackageId>,
) -> Result<InterfaceId> {
    let from = graft.source(source).interfaces[id].clone();
    let copy = graft.resolve.interfaces.alloc(Interface {
        name: None,
        types: Default::default(),
        functions: Default::default(),
        package,
        clone_of: None,
        ..from.clone()
    });
    let owners = (TypeOwner::Interface(id), TypeOwner::Interface(copy));
    let mut cx = Context::owned(source, owners.0, owners.1);
    for (name, ty) in from.types {
        let ty = graft.ty(&mut cx, ty)?;
        graft.resolve.interfaces[copy].types.insert(name, ty);
    }
    for (name, function) in from.functions {
        let function = graft.function(&mut cx, &function)?;
        let functions = &mut graft.resolve.interfaces[copy].functions;
        functions.insert(name, function);
    }
    Ok(copy)
}

/// The functions at the root of a dependency, with the types of its world that
/// they name, as an interface without a name.
fn root(
    graft: &mut Graft<'_>,
    at: usize,
    offer: &Offer<'_>,
    world: WorldId,
) -> Result<InterfaceId> {
    let package = graft.resolve.worlds[world].package;
    let copy = graft.resolve.interfaces.alloc(Interface {
        name: None,
        types: Default::default(),
        functions: Default::default(),
        docs: Default::default(),
        stability: Default::default(),
        package,
        span: Default::default(),
        clone_of: None,
    });
    let owner = TypeOwner::Interface(copy);
    let mut cx = Context::owned(Source::Offer(at), TypeOwner::World(offer.world), owner);
    let mut functions = IndexMap::default();
    let exports = offer.resolve.worlds[offer.world].exports.values();
    for item in exports {
        if let WorldItem::Function(function) = item {
            let function = graft.function(&mut cx, function)?;
            functions.insert(function.name.clone(), function);
        }
    }
    let types = graft.resolve.types.iter();
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
    let interface = &mut graft.resolve.interfaces[copy];
    interface.functions = functions;
    interface.types = types;
    Ok(copy)
}

/// Adds one import.
fn add(
    graft: &mut Graft<'_>,
    world: WorldId,
    offer: &Offer<'_>,
    import: &Import,
) -> Result<WorldKey> {
    if let (true, Some(name)) = (import.of_target, &import.name) {
        return Ok(WorldKey::Name(name.clone()));
    }
    let source = Source::Offer(import.offer);
    let package = graft.resolve.worlds[world].package;
    let (key, id) = match (&import.item, &import.name) {
        (Item::Interface(id), None) => {
            let copy = graft.interface(source, *id)?;
            match graft.of_target.contains_key(&copy) {
                true => graft.satisfied(import.offer, *id, copy)?,
                false => {
                    graft.whole(source, *id)?;
                }
            }
            (WorldKey::Interface(copy), copy)
        }
        (Item::Root | Item::Function, name) => {
            let name = name.clone().unwrap_or_default();
            let copy = root(graft, import.offer, offer, world)?;
            (WorldKey::Name(name), copy)
        }
        (Item::Inline(_, id) | Item::Interface(id), name) => {
            let name = name.clone().unwrap_or_default();
            (WorldKey::Name(name), inline(graft, source, *id, package)?)
        }
    };
    let imports = &mut graft.resolve.worlds[world].imports;
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

/// The hints of dependencies for interfaces that none of them provides.
fn follow(
    (resolve, world): (&Resolve, WorldId),
    offers: &[Offer<'_>],
    (stands_for, bound): (&StandsFor, &[BoundImport]),
    notes: &mut Vec<String>,
) -> Vec<FollowedImport> {
    let mut followed = Vec::new();
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
        for (at, theirs) in stands_for.get(id).into_iter().flatten() {
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
    followed
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
            .because(format!(
                "the world is in the package `{}`, whose interfaces its dependencies use",
                resolve.packages[id].name
            ))
            .hint("move the world into a package of its own"),
        None => error
            .because("the dependencies were built for different versions of them")
            .hint("use versions of the dependencies that were built for the same packages"),
    })
}
