//! Which export of which dependency becomes which import.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{InterfaceId, PackageName, TypeOwner, WorldItem, WorldKey};

use super::import::{Import, ImportedItem, PlannedItem};
use super::reach::Reach;
use super::read::{Offer, package_name, track};
use super::{labels, satisfied};
use crate::base::error::Result;
use crate::model::wit::World;

/// The imports of all dependencies, with what their names depend on.
pub(super) struct Plan {
    /// The imports of the dependencies.
    pub imports: Vec<Import>,
    /// The offer that provides the interface of a track under its own name.
    pub providers: BTreeMap<String, usize>,
    /// The package, with the version, that an interface is imported from where
    /// the target does not have it.
    pub packages: BTreeMap<String, PackageName>,
    /// What the user should know, one sentence each.
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
    let mut satisfied = satisfied::satisfied_imports(target, offers);
    let mut planned: Vec<Vec<PlannedItem>> = offers
        .iter()
        .map(|offer| items(offer, &|id| shared.contains(&offer.track(id))))
        .collect();
    for (at, items) in planned.iter_mut().enumerate() {
        items.retain(|planned| !satisfied.has(&offers[at], at, &planned.item));
    }
    let reached: Vec<Vec<Reach<'_>>> = offers
        .iter()
        .zip(&planned)
        .map(|(offer, items)| {
            let items = items.iter();
            items.map(|planned| reach(offer, &planned.item)).collect()
        })
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
        if let [offer] = offers[..] {
            plan.providers.insert(track.clone(), offer);
        }
    }
    let reserved = labels::ReservedNames::new(
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
    let mut names = labels::names(offers, &planned, &reserved)?.into_iter();
    for (at, (offer, items)) in offers.iter().zip(planned).enumerate() {
        for (planned, reach) in items.into_iter().zip(&reached[at]) {
            plan.refuse_foreign_resources(offers, at, &planned, reach)?;
            let PlannedItem { item, labelled } = planned;
            for interface in &reach.interfaces {
                plan.version(offer, *interface);
            }
            if let ImportedItem::Interface(id) = item {
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

/// The parts of a dependency that can be imported.
fn items(offer: &Offer<'_>, shared: &dyn Fn(InterfaceId) -> bool) -> Vec<PlannedItem> {
    let planned = |item, labelled| PlannedItem { item, labelled };
    let mut items = Vec::new();
    if offer.root {
        items.push(planned(ImportedItem::Root, true));
    }
    for (name, id) in &offer.inline {
        items.push(planned(ImportedItem::Inline(name.clone(), *id), true));
    }
    for id in &offer.interfaces {
        items.push(planned(ImportedItem::Interface(*id), shared(*id)));
    }
    items
}

/// The interfaces and resources that an import uses.
fn reach<'a>(offer: &'a Offer<'_>, item: &ImportedItem) -> Reach<'a> {
    let mut reach = Reach::new(&offer.resolve);
    match item {
        ImportedItem::Inline(_, id) | ImportedItem::Interface(id) => reach.interface(*id),
        ImportedItem::Root | ImportedItem::Function => {
            let exports = offer.resolve.worlds[offer.world].exports.values();
            for export in exports {
                if let WorldItem::Function(function) = export {
                    reach.function(function);
                }
            }
        }
    }
    if let ImportedItem::Inline(_, id) | ImportedItem::Interface(id) = item {
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
    /// Makes the version of an interface the one to import, if it is the highest so
    /// far.
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
        at: usize,
        planned: &PlannedItem,
        reach: &Reach<'_>,
    ) -> Result<()> {
        let PlannedItem { item, labelled } = planned;
        let offer = &offers[at];
        let resolve = &offer.resolve;
        let (own, name) = match item {
            ImportedItem::Interface(id) => (Some(*id), resolve.id_of(*id).unwrap_or_default()),
            ImportedItem::Inline(name, id) => (Some(*id), name.clone()),
            ImportedItem::Root | ImportedItem::Function => {
                (None, "the functions at its root".to_owned())
            }
        };
        for resource in &reach.resources {
            let TypeOwner::Interface(owner) = resolve.types[*resource].owner else {
                continue;
            };
            let track = offer.track(owner);
            if Some(owner) == own || offer.exported(&track) != Some(owner) {
                continue;
            }
            let copied = *labelled && matches!(item, ImportedItem::Interface(_));
            if !copied && self.providers.get(&track) == Some(&at) {
                continue;
            }
            let other = resolve.id_of(owner).unwrap_or_default();
            let resource = resolve.types[*resource].name.as_deref().unwrap_or_default();
            let importer = match item {
                ImportedItem::Root | ImportedItem::Function => name,
                _ => format!("`{name}`"),
            };
            let mut several = Vec::new();
            for other in offers {
                if other.exported(&track).is_some()
                    || own.is_some_and(|id| other.exported(&offer.track(id)).is_some())
                {
                    several.push(format!("`{}`", other.dependency.key));
                }
            }
            let several = several.join(" and ");
            return Err(offer
                .error(format!(
                    "{importer} uses the resource `{resource}` of `{other}`, and the dependencies {several} export the same interfaces: a world cannot express which resource is meant"
                ))
                .hint(format!("keep only one of the dependencies {several}")));
        }
        Ok(())
    }
}
