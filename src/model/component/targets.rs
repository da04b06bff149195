//! Whether a component can be used as one of a given world.

use std::fmt::Write as _;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wit_parser::{Resolve, WorldId};

use super::compose::compatible;
use super::decode::types;
use super::subtype::{Subtyping, kind, of_world};
use crate::base::error::{Error, Result};
use crate::model::wit::compare::Difference;

/// The reasons why a component does not match a world, one sentence each; empty
/// if it matches.
///
/// It matches if the world has all imports of the component and the component
/// has all exports of the world, with the same structure and in compatible
/// versions. Types are compared and not WIT, which cannot express some valid
/// components.
pub fn mismatches(component: &[u8], resolve: &Resolve, world: WorldId) -> Result<Vec<String>> {
    let own = types(component)?;
    if own.is_wit() {
        return Err(Error::input("it is a WIT package, not a component")
            .hint("give a component, as built by `cargo component build`"));
    }
    let world = of_world(resolve, world)?;
    let mut reasons = Vec::new();
    let mut imports = Subtyping::new(&own, &world);
    for (name, item) in &own.imports {
        let name = item.full_name(name);
        let offered = find(&name, &world.imports);
        if offered.is_none() && is_definition(item) {
            continue;
        }
        let Some(offered) = offered else {
            reasons.push(missing_import(&name, item));
            continue;
        };
        if let Err(difference) = imports.item(&name, item, Some(offered)) {
            let mut text = format!("in its imports, {}", place(&difference));
            let Difference { left, right, .. } = &*difference;
            let _ = match right {
                Some(right) => write!(text, "the component has {left}, but the world has {right}"),
                None => write!(text, "the world has no {left}"),
            };
            reasons.push(text);
        }
    }
    let mut exports = imports.reversed(&world.imports);
    for (name, item) in &world.exports {
        let name = item.full_name(name);
        let Some(given) = find(&name, &own.exports) else {
            reasons.push(format!(
                "it does not export `{name}`, which the world requires"
            ));
            continue;
        };
        if let Err(difference) = exports.item(&name, item, Some(given)) {
            let mut text = format!("in its exports, {}", place(&difference));
            let Difference { left, right, .. } = &*difference;
            let _ = match right {
                Some(right) => write!(text, "the component has {right}, but the world has {left}"),
                None => write!(text, "the component has no {left}"),
            };
            reasons.push(text);
        }
    }
    Ok(reasons)
}

/// The reason for an import that the world does not have.
fn missing_import(name: &str, item: &ComponentItem) -> String {
    let is_wit = !matches!(
        item.ty,
        ComponentEntityType::Module(_)
            | ComponentEntityType::Component(_)
            | ComponentEntityType::Value(_)
    );
    let what = match is_wit {
        true => String::new(),
        false => format!("the {} ", kind(&item.ty)),
    };
    match (&item.external_id, is_wit) {
        (Some(_), _) => format!(
            "it imports {what}`{name}`, which the world does not provide; the import has a hint"
        ),
        (None, true) => format!("it imports `{name}`, which the world does not provide"),
        (None, false) => format!("it imports {what}`{name}`, which no WIT world can provide"),
    }
}

/// The item with this name, or one with a compatible version.
pub(super) fn find<'a>(
    name: &str,
    items: &'a [(String, ComponentItem)],
) -> Option<&'a ComponentItem> {
    let exact = items
        .iter()
        .find(|(other, item)| item.full_name(other) == name);
    let near = || {
        let mut items = items.iter();
        items.find(|(other, item)| compatible(&item.full_name(other), name))
    };
    exact.or_else(near).map(|(_, item)| item)
}

/// Whether an import only names a type, which the world need not have.
fn is_definition(item: &ComponentItem) -> bool {
    matches!(
        item.ty,
        ComponentEntityType::Type {
            created: ComponentAnyTypeId::Defined(_),
            ..
        }
    )
}

fn place(difference: &Difference) -> String {
    match difference.place.is_empty() {
        true => String::new(),
        false => format!("in {}: ", difference.place.join(", ")),
    }
}

#[cfg(test)]
mod tests;
