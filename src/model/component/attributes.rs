//! Adding the attributes `implements` and `external-id` to a finished component.
//!
//! The world embedded in a module has none, see
//! [`crate::model::wit::without_attributes`]; the names at the root of the component
//! get those of the declared world here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wit_parser::{IndexMap, WorldItem, WorldKey};

use super::names;
use super::names::{Name, Side};
use crate::base::error::Result;
use crate::model::wit::World;

/// The attributes of one import or export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// The interface that an import or export under a plain name implements.
    pub implements: Option<String>,
    /// The identifier given by `@external-id`.
    pub external_id: Option<String>,
}

/// The attributes at the root of a component, by name; names without attributes
/// are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootAttributes {
    /// The attributes of the imports.
    pub imports: BTreeMap<String, Attributes>,
    /// The attributes of the exports.
    pub exports: BTreeMap<String, Attributes>,
}

impl RootAttributes {
    /// The attributes that the world declares.
    pub fn of(world: &World) -> Self {
        let of = |items: &IndexMap<WorldKey, WorldItem>| {
            let attributes = |(key, item): (&WorldKey, &WorldItem)| {
                let implements = world.resolve.implements_interface(key, item);
                let attributes = Attributes {
                    implements: implements.and_then(|id| world.resolve.id_of(id)),
                    external_id: world.resolve.external_id_value(key, item),
                };
                let name = world.resolve.name_world_key(key);
                (attributes != Attributes::default()).then_some((name, attributes))
            };
            items.iter().filter_map(attributes).collect()
        };
        let declared = &world.resolve.worlds[world.id];
        RootAttributes {
            imports: of(&declared.imports),
            exports: of(&declared.exports),
        }
    }

    /// Whether no name has attributes.
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty() && self.exports.is_empty()
    }
}

/// The component with the attributes added to the names at its root; all other
/// sections stay byte for byte the same.
pub fn add(component: &[u8], attributes: &RootAttributes) -> Result<Vec<u8>> {
    if attributes.is_empty() {
        return Ok(component.to_vec());
    }
    let added = names::rewrite_root(component, &mut |side, name| {
        let attributes = match side {
            Side::Import => &attributes.imports,
            Side::Export => &attributes.exports,
        };
        let Attributes {
            implements,
            external_id,
        } = attributes.get(name.name)?.clone();
        Some(Name {
            name: name.name.to_owned(),
            implements: implements.or_else(|| name.implements.map(str::to_owned)),
            external_id: external_id.or_else(|| name.external_id.map(str::to_owned)),
        })
    });
    added.map_err(|e| e.context("failed to add attributes to the component"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_go_to_the_root_names_and_nothing_else_changes() {
        let bytes = wat::parse_str(
            r#"(component
                 (import "one" (instance))
                 (component (import "one" (instance)))
                 (core module (memory 1))
                 (export "two" (instance 0)))"#,
        )
        .unwrap();
        let attribute = Attributes {
            implements: Some("a:b/c@1.0.0".to_owned()),
            external_id: Some("oci://x".to_owned()),
        };
        let attributes = RootAttributes {
            imports: [("one".to_owned(), attribute)].into(),
            exports: BTreeMap::new(),
        };
        let added = add(&bytes, &attributes).unwrap();
        wasmparser::Validator::new().validate_all(&added).unwrap();
        let text = String::from_utf8_lossy(&added).into_owned();
        assert_eq!(text.matches("oci://x").count(), 1);
        assert_eq!(
            crate::model::component::surface(&added).unwrap().imports,
            ["one"]
        );
        assert_eq!(names::without_attributes(&added).unwrap(), bytes);
        let nothing = add(&bytes, &RootAttributes::default()).unwrap();
        assert_eq!(nothing, bytes);
    }
}
