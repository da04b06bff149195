//! Imports that the target world has under plain names and a dependency exports:
//! the world's author declared them, so that nothing is added for them.

use std::collections::BTreeMap;

use wit_parser::{WorldItem, WorldKey};

use super::import::{Import, ImportedItem};
use super::labels::preferred_label;
use super::read::Offer;
use crate::model::wit::World;
use crate::model::wit::compare::{Compared, Comparison, Difference};

/// The exports of dependencies that answer imports of the target world itself.
pub(super) struct SatisfiedImports {
    /// For each offer, the parts that answer an import, with the import's name.
    pub imports: Vec<Vec<(ImportedItem, String)>>,
    /// Why an export does not answer the import of its name, a sentence each.
    pub notes: Vec<String>,
}

impl SatisfiedImports {
    /// The imports of the target world that are answered.
    pub fn into_imports(self) -> impl Iterator<Item = Import> {
        self.imports
            .into_iter()
            .enumerate()
            .flat_map(|(offer, done)| {
                done.into_iter().map(move |(item, name)| Import {
                    offer,
                    item,
                    name: Some(name),
                    of_target: true,
                })
            })
    }

    /// Whether all of an item of the offer at this index answers imports already.
    pub fn has(&self, offer: &Offer<'_>, at: usize, item: &ImportedItem) -> bool {
        let done = &self.imports[at];
        match item {
            ImportedItem::Inline(_, id) => done
                .iter()
                .any(|(other, _)| matches!(other, ImportedItem::Inline(_, other) if other == id)),
            ImportedItem::Root => {
                let functions = offer.functions();
                let mut functions = functions.into_iter();
                done.iter()
                    .any(|(other, _)| matches!(other, ImportedItem::Root))
                    || functions.all(|function| {
                        let is = |(other, name): &(ImportedItem, String)| {
                            matches!(other, ImportedItem::Function) && name == function
                        };
                        done.iter().any(is)
                    })
            }
            ImportedItem::Interface(_) | ImportedItem::Function => false,
        }
    }
}

/// Finds the imports of the target world that exactly one dependency answers: a
/// function or an inline interface of the same name, or, for an inline interface
/// that is called like the dependency, the functions at its root.
pub(super) fn satisfied_imports(target: &World, offers: &[Offer<'_>]) -> SatisfiedImports {
    let mut satisfied = SatisfiedImports {
        imports: vec![Vec::new(); offers.len()],
        notes: Vec::new(),
    };
    let world = &target.resolve.worlds[target.id];
    for (key, import) in &world.imports {
        let WorldKey::Name(name) = key else { continue };
        let mut fitting = Vec::new();
        let mut misfits = BTreeMap::new();
        for (at, offer) in offers.iter().enumerate() {
            match answer(target, name, import, offer) {
                Some((item, Ok(()))) => fitting.push((at, item)),
                Some((_, Err(difference))) => drop(misfits.insert(at, difference)),
                None => {}
            }
        }
        if let [(at, _)] = fitting[..]
            && let Some((_, item)) = fitting.pop()
        {
            satisfied.imports[at].push((item, name.clone()));
        } else if fitting.len() > 1 {
            let keys: Vec<_> = fitting
                .iter()
                .map(|(at, _)| format!("`{}`", offers[*at].dependency.key))
                .collect();
            satisfied.notes.push(format!(
                "the dependencies {} all export `{name}`, which the world imports; that import stays open",
                keys.join(", ")
            ));
        } else {
            let notes = misfits.iter().map(|(at, difference)| {
                let key = &offers[*at].dependency.key;
                misfit(name, key, difference)
            });
            satisfied.notes.extend(notes);
        }
    }
    satisfied
}

/// The part of a dependency that an import of this name refers to, and whether
/// it fits.
fn answer(
    target: &World,
    name: &str,
    import: &WorldItem,
    offer: &Offer<'_>,
) -> Option<(ImportedItem, Compared)> {
    let exports = &offer.resolve.worlds[offer.world].exports;
    let mut comparison = Comparison::new(&target.resolve, &offer.resolve);
    let export = exports.get(&WorldKey::Name(name.to_owned()));
    match (import, export) {
        (WorldItem::Function(own), Some(WorldItem::Function(other))) => {
            Some((ImportedItem::Function, comparison.functions(own, other)))
        }
        (WorldItem::Interface { id, .. }, Some(WorldItem::Interface { id: other, .. })) => {
            let item = ImportedItem::Inline(name.to_owned(), *other);
            Some((item, comparison.interfaces(*id, *other)))
        }
        (WorldItem::Interface { id, .. }, _)
            if offer.root && preferred_label(offer).as_deref() == Some(name) =>
        {
            let own = &target.resolve.interfaces[*id];
            let compared = own.functions.iter().try_for_each(|(name, function)| {
                match exports.get(&WorldKey::Name(name.clone())) {
                    Some(WorldItem::Function(other)) => comparison.functions(function, other),
                    _ => Err(Difference::lacking(format!("function `{name}`"))),
                }
            });
            Some((ImportedItem::Root, compared))
        }
        _ => None,
    }
}

fn misfit(name: &str, key: &str, difference: &Difference) -> String {
    let place = match difference.place.is_empty() {
        true => String::new(),
        false => format!("in {}, ", difference.place.join(", ")),
    };
    let theirs = match &difference.right {
        Some(right) => format!("the dependency {right}"),
        None => "the dependency does not".to_owned(),
    };
    format!(
        "the dependency `{key}` does not satisfy the world's import `{name}`: {place}the world has {}, and {theirs}",
        difference.left
    )
}
