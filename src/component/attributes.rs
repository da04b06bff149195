//! Attributes (`implements`, `external-id`) added to a finished component.
//!
//! The world embedded in a module carries none, see
//! [`crate::wit::without_attributes`]; the names at the root of the component
//! get those of the declared world here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use wasm_encoder::reencode::{Error as ReencodeError, ReencodeComponent as _, RoundtripReencoder};
use wasm_encoder::{
    Component, ComponentExportSection, ComponentExternName, ComponentImportSection, RawSection,
};
use wasmparser::{Parser, Payload};
use wit_parser::{IndexMap, WorldItem, WorldKey};

use crate::advice::{Error, Result};
use crate::wit::World;

/// The attributes of one import or export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// The interface an import or export under a plain name implements.
    pub implements: Option<String>,
    /// The identifier given by `@external-id`.
    pub external_id: Option<String>,
}

/// The attributes at the root of a component, by name; only names that have
/// some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootAttributes {
    /// Those of imports.
    pub imports: BTreeMap<String, Attributes>,
    /// Those of exports.
    pub exports: BTreeMap<String, Attributes>,
}

impl RootAttributes {
    /// What the world declares.
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

    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty() && self.exports.is_empty()
    }
}

/// The component with the attributes added to the names at its root; every
/// other section stays as it is, byte for byte.
pub fn add(component: &[u8], attributes: &RootAttributes) -> Result<Vec<u8>> {
    if attributes.is_empty() {
        return Ok(component.to_vec());
    }
    rewrite(component, Some(attributes))
        .map_err(|e| Error::input("failed to add attributes to the component").because(e))
}

/// The component without attributes on the names at its root, for tools that
/// cannot read them.
pub fn strip(component: &[u8]) -> Result<Vec<u8>> {
    rewrite(component, None)
        .map_err(|e| Error::input("failed to remove attributes from the component").because(e))
}

/// Rewrites the names at the root: with these attributes added, or without
/// any.
fn rewrite(
    bytes: &[u8],
    attributes: Option<&RootAttributes>,
) -> Result<Vec<u8>, ReencodeError<Infallible>> {
    let mut component = Component::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::End(_) = payload {
            depth -= 1;
            continue;
        }
        if depth <= 0
            && let Some((id, range)) = payload.as_section()
        {
            match &payload {
                Payload::ComponentImportSection(section) => {
                    component.section(&imports(section.clone(), attributes.map(|a| &a.imports))?);
                }
                Payload::ComponentExportSection(section) => {
                    component.section(&exports(section.clone(), attributes.map(|a| &a.exports))?);
                }
                _ => {
                    component.section(&RawSection {
                        id,
                        data: &bytes[range.start as usize..range.end as usize],
                    });
                }
            }
        }
        if matches!(
            payload,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. }
        ) {
            depth += 1;
        }
    }
    Ok(component.finish())
}

fn named<'a>(
    name: wasmparser::ComponentExternName<'a>,
    attributes: Option<&'a BTreeMap<String, Attributes>>,
) -> ComponentExternName<'a> {
    let plain = name.name;
    let Some(attributes) = attributes else {
        return ComponentExternName::from(plain);
    };
    let mut name = ComponentExternName::from(name);
    if let Some(attributes) = attributes.get(plain) {
        let owned = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        name.implements = owned(&attributes.implements).or(name.implements);
        name.external_id = owned(&attributes.external_id).or(name.external_id);
    }
    name
}

fn imports(
    section: wasmparser::ComponentImportSectionReader<'_>,
    attributes: Option<&BTreeMap<String, Attributes>>,
) -> Result<ComponentImportSection, ReencodeError<Infallible>> {
    let mut imports = ComponentImportSection::new();
    for import in section {
        let import = import?;
        let ty = RoundtripReencoder.component_type_ref(import.ty)?;
        imports.import(named(import.name, attributes), ty);
    }
    Ok(imports)
}

fn exports(
    section: wasmparser::ComponentExportSectionReader<'_>,
    attributes: Option<&BTreeMap<String, Attributes>>,
) -> Result<ComponentExportSection, ReencodeError<Infallible>> {
    let mut exports = ComponentExportSection::new();
    for export in section {
        let export = export?;
        let ty = export
            .ty
            .map(|ty| RoundtripReencoder.component_type_ref(ty))
            .transpose()?;
        exports.export(
            named(export.name, attributes),
            export.kind.into(),
            export.index,
            ty,
        );
    }
    Ok(exports)
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
        assert_eq!(crate::component::surface(&added).unwrap().imports, ["one"]);
        assert_eq!(strip(&added).unwrap(), bytes);
        let nothing = add(&bytes, &RootAttributes::default()).unwrap();
        assert_eq!(nothing, bytes);
    }
}
