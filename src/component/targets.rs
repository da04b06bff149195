//! Whether a component fits a world that it was perhaps not made for.

use wit_component::DecodedWasm;
use wit_parser::{Resolve, TypeDefKind, WorldId, WorldItem, WorldKey};

use super::{decode, names};
use crate::advice::{Error, Result};
use crate::wit::compare::{Comparison, Difference};

/// Why a component does not fit a world, one sentence each; none if it does.
///
/// It fits if the world offers everything it imports and it exports everything
/// the world asks for, of the same structure and in compatible versions.
pub fn misfits(component: &[u8], (resolve, world): (&Resolve, WorldId)) -> Result<Vec<String>> {
    let failed = "failed to read the world of the component";
    let modern = names::modern(component)?;
    let (own, own_world) = match decode(&modern)? {
        DecodedWasm::Component(own, world) => (own, world),
        DecodedWasm::WitPackage(..) => {
            return Err(Error::input(failed).because("it is a WIT package"));
        }
    };
    let (left, right) = (&own.worlds[own_world], &resolve.worlds[world]);
    let attributes = names::imports(&modern)?;
    let mut told = Vec::new();
    let mut needs = Comparison::new(&own, resolve);
    for (key, item) in &left.imports {
        let name = own.name_world_key(key);
        let canonical = own.name_canonicalized_world_key(key);
        let offered = find((resolve, &right.imports), &canonical);
        if offered.is_none() && is_definition(&own, item) {
            continue;
        }
        let Some(offered) = offered else {
            let hinted = |import: &&names::Name| import.name == name;
            let hint = attributes.iter().find(hinted).map(|i| &i.external_id);
            told.push(match hint {
                Some(Some(_)) => format!(
                    "it imports `{name}`, which the world does not offer; its hint says where that comes from"
                ),
                _ => format!("it imports `{name}`, which the world does not offer"),
            });
            continue;
        };
        if let Err(difference) = needs.item(&name, item, Some(offered)) {
            let Difference { left, right, .. } = &*difference;
            told.push(match right {
                Some(right) => format!(
                    "of its imports, {}the component has {left}, the world {right}",
                    place(&difference)
                ),
                None => format!(
                    "of its imports, {}the world has no {left}",
                    place(&difference)
                ),
            });
        }
    }
    let mut gives = Comparison::new(resolve, &own);
    for (key, item) in &right.exports {
        let name = resolve.name_world_key(key);
        let canonical = resolve.name_canonicalized_world_key(key);
        let Some(given) = find((&own, &left.exports), &canonical) else {
            told.push(format!(
                "it does not export `{name}`, which the world asks for"
            ));
            continue;
        };
        if let Err(difference) = gives.item(&name, item, Some(given)) {
            let Difference { left, right, .. } = &*difference;
            told.push(match right {
                Some(right) => format!(
                    "of its exports, {}the component has {right}, the world {left}",
                    place(&difference)
                ),
                None => format!(
                    "of its exports, {}the component has no {left}",
                    place(&difference)
                ),
            });
        }
    }
    Ok(told)
}

fn find<'a>(
    (resolve, items): (
        &Resolve,
        impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
    ),
    canonical: &str,
) -> Option<&'a WorldItem> {
    let same =
        |(key, _): &(&WorldKey, &WorldItem)| resolve.name_canonicalized_world_key(key) == canonical;
    items.into_iter().find(same).map(|(_, item)| item)
}

/// Whether an import only gives a type a name, which asks nothing of a world.
fn is_definition(resolve: &Resolve, item: &WorldItem) -> bool {
    match item {
        WorldItem::Type { id, .. } => !matches!(resolve.types[*id].kind, TypeDefKind::Resource),
        WorldItem::Interface { .. } | WorldItem::Function(_) => false,
    }
}

fn place(difference: &Difference) -> String {
    match difference.place.is_empty() {
        true => String::new(),
        false => format!("in {}: ", difference.place.join(", ")),
    }
}
