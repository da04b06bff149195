//! Which export of which dependency becomes which import.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{InterfaceId, PackageName, TypeOwner, WorldItem, WorldKey};

use super::reach::Reach;
use super::read::{Offer, package_name, track};
use super::{labels, own};
use crate::base::error::Result;
use crate::model::wit::World;

/// What of a dependency is imported.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// The functions at its root.
    Root,
    /// An export under a plain name.
    Inline(String, InterfaceId),
    /// An export under the name of an interface.
    Interface(InterfaceId),
    /// One function at its root.
    Function,
}

/// One import.
pub(super) struct Import {
    /// The place of the dependency among the offers.
    pub offer: usize,
    /// What of it.
    pub item: Item,
    /// The plain name it gets; `None` is the name of the interface.
    pub name: Option<String>,
    /// Whether the target world has the import itself, under its plain name.
    pub of_target: bool,
}

/// All imports.
pub(super) struct Plan {
    /// The imports, by offer.
    pub imports: Vec<Import>,
    /// The offer that provides the interface of a track under its own name.
    pub providers: BTreeMap<String, usize>,
    /// The package, with the version, that an interface is imported from where
    /// the target does not have it.
    pub packages: BTreeMap<String, PackageName>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Decides what is imported, and under which name.
pub(super) fn plan(target: &World, offers: &[Offer<'_>]) -> Result<Plan> {
    let exporters = exporters(offers);
    let shared: BTreeSet<&String> = exporters
        .iter()
        .filter(|(_, offers)| offers.len() > 1)
        .map(|(track, _)| track)
        .collect();
    let mut satisfied = own::satisfied(target, offers);
    let mut wanted: Vec<Vec<(Item, bool)>> = offers
        .iter()
        .map(|offer| items(offer, &|id| shared.contains(&offer.track(id))))
        .collect();
    for (at, items) in wanted.iter_mut().enumerate() {
        items.retain(|(item, _)| !satisfied.has(&offers[at], at, item));
    }
    let reached: Vec<Vec<Reach<'_>>> = offers
        .iter()
        .zip(&wanted)
        .map(|(offer, items)| items.iter().map(|(item, _)| reach(offer, item)).collect())
        .collect();

    let mut plan = Plan {
        imports: Vec::new(),
        providers: BTreeMap::new(),
        packages: BTreeMap::new(),
        notes: notes(target, offers, &exporters),
    };
    plan.notes.append(&mut satisfied.notes);
    plan.imports.extend(satisfied.into_imports());
    for (track, offers) in &exporters {
        if let [one] = offers[..] {
            plan.providers.insert(track.clone(), one);
        }
    }
    let taken = labels::Taken::new(
        target,
        offers.iter().zip(&reached).flat_map(|(offer, reached)| {
            let interfaces = reached.iter().flat_map(|reach| &reach.interfaces);
            let own = offer.interfaces.iter().filter(|id| {
                let track = offer.track(**id);
                !shared.contains(&track)
            });
            let named = interfaces.chain(own);
            named.filter_map(|id| package_name(&offer.resolve, *id))
        }),
    );
    let mut names = labels::names(offers, &wanted, &taken)?.into_iter();
    for (at, (offer, items)) in offers.iter().zip(wanted).enumerate() {
        for ((item, labelled), reach) in items.into_iter().zip(&reached[at]) {
            plan.refuse_foreign_resources(offers, (at, &item, labelled), reach)?;
            for interface in &reach.interfaces {
                plan.version(offer, *interface);
            }
            if let Item::Interface(id) = item {
                plan.version(offer, id);
            }
            plan.imports.push(Import {
                offer: at,
                item,
                name: labelled.then(|| names.next()).flatten(),
                of_target: false,
            });
        }
    }
    for (track, provider) in &plan.providers {
        let offer = &offers[*provider];
        let interface = offer.exported(track);
        if let Some(name) = interface.and_then(|id| package_name(&offer.resolve, id)) {
            plan.packages.insert(track.clone(), name.clone());
        }
    }
    Ok(plan)
}

/// The offers that export an interface of each track.
fn exporters(offers: &[Offer<'_>]) -> BTreeMap<String, Vec<usize>> {
    let mut exporters: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, offer) in offers.iter().enumerate() {
        for interface in &offer.interfaces {
            exporters
                .entry(offer.track(*interface))
                .or_default()
                .push(at);
        }
    }
    exporters
}

/// What a dependency has, each with whether it is imported under a plain name.
fn items(offer: &Offer<'_>, shared: &dyn Fn(InterfaceId) -> bool) -> Vec<(Item, bool)> {
    let mut items = Vec::new();
    if offer.root {
        items.push((Item::Root, true));
    }
    for (name, id) in &offer.inline {
        items.push((Item::Inline(name.clone(), *id), true));
    }
    for id in &offer.interfaces {
        items.push((Item::Interface(*id), shared(*id)));
    }
    items
}

/// What an import takes from interfaces.
fn reach<'a>(offer: &'a Offer<'_>, item: &Item) -> Reach<'a> {
    let mut reach = Reach::new(&offer.resolve);
    match item {
        Item::Inline(_, id) | Item::Interface(id) => reach.interface(*id),
        Item::Root | Item::Function => {
            let exports = offer.resolve.worlds[offer.world].exports.values();
            for export in exports {
                if let WorldItem::Function(function) = export {
                    reach.function(function);
                }
            }
        }
    }
    if let Item::Inline(_, id) | Item::Interface(id) = item {
        reach.interfaces.remove(id);
    }
    reach
}

fn notes(
    target: &World,
    offers: &[Offer<'_>],
    exporters: &BTreeMap<String, Vec<usize>>,
) -> Vec<String> {
    let imports = target.resolve.worlds[target.id].imports.keys();
    let several = imports.filter_map(|key| match key {
        WorldKey::Interface(id) => {
            let several = exporters.get(&track(&target.resolve, *id))?;
            let name = target.resolve.id_of(*id)?;
            let keys = several
                .iter()
                .map(|at| format!("`{}`", offers[*at].dependency.key));
            let keys: Vec<_> = keys.collect();
            (keys.len() > 1).then(|| {
                format!(
                    "the dependencies {} export `{name}`: each is imported under its own name, and the world's own import stays open",
                    keys.join(", ")
                )
            })
        }
        WorldKey::Name(_) => None,
    });
    let read = offers.iter().flat_map(|offer| offer.notes.iter().cloned());
    read.chain(several).collect()
}

impl Plan {
    /// Makes the version of an interface the one to import, if it is the
    /// highest seen.
    fn version(&mut self, offer: &Offer<'_>, interface: InterfaceId) {
        let Some(name) = package_name(&offer.resolve, interface) else {
            return;
        };
        let known = self
            .packages
            .entry(offer.track(interface))
            .or_insert_with(|| name.clone());
        if known.version < name.version {
            *known = name.clone();
        }
    }

    /// Refuses an import that needs a resource of another interface of the same
    /// dependency which is not imported from it under its own name: WIT cannot
    /// say that the two belong together.
    fn refuse_foreign_resources(
        &self,
        offers: &[Offer<'_>],
        (at, item, labelled): (usize, &Item, bool),
        reach: &Reach<'_>,
    ) -> Result<()> {
        let offer = &offers[at];
        let resolve = &offer.resolve;
        let (own, name) = match item {
            Item::Interface(id) => (Some(*id), resolve.id_of(*id).unwrap_or_default()),
            Item::Inline(name, id) => (Some(*id), name.clone()),
            Item::Root | Item::Function => (None, "the functions at its root".to_owned()),
        };
        for resource in &reach.resources {
            let TypeOwner::Interface(owner) = resolve.types[*resource].owner else {
                continue;
            };
            let track = offer.track(owner);
            if Some(owner) == own || offer.exported(&track) != Some(owner) {
                continue;
            }
            let copied = labelled && matches!(item, Item::Interface(_));
            if !copied && self.providers.get(&track) == Some(&at) {
                continue;
            }
            let other = resolve.id_of(owner).unwrap_or_default();
            let resource = resolve.types[*resource].name.as_deref().unwrap_or_default();
            let shown = match item {
                Item::Root | Item::Function => name,
                _ => format!("`{name}`"),
            };
            let mut several = Vec::new();
            for one in offers {
                if one.exported(&track).is_some()
                    || own.is_some_and(|id| one.exported(&offer.track(id)).is_some())
                {
                    several.push(format!("`{}`", one.dependency.key));
                }
            }
            let several = several.join(" and ");
            return Err(offer
                .error(format!(
                    "{shown} uses the resource `{resource}` of `{other}`, and the dependencies {several} export the same interfaces: a world cannot express which resource is meant"
                ))
                .hint(format!("keep only one of the dependencies {several}")));
        }
        Ok(())
    }
}
