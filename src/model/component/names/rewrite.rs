//! Writing the bytes of names into the sections of a component.

use std::borrow::Cow;
use std::convert::Infallible;

use wasm_encoder::reencode::{
    Error as ReencodeError, Reencode, ReencodeComponent, RoundtripReencoder, component_utils,
};
use wasm_encoder::{
    ComponentExportSection, ComponentExternName, ComponentImportSection, ComponentSection as _,
    ComponentSectionId, ComponentTypeSection, InstanceType, RawSection,
};
use wasmparser::{ComponentTypeDeclaration, InstanceTypeDeclaration, Payload};

use super::name::{Name, Side};
use crate::base::error::{Error, Result};
use crate::model::component::sections::{MAX_DEPTH, sections};

type Reencoded<T> = Result<T, ReencodeError<Infallible>>;
type Edit<'e> = dyn FnMut(Side, &wasmparser::ComponentExternName<'_>) -> Option<Name> + 'e;

fn failed(e: ReencodeError<Infallible>) -> Error {
    Error::input("failed to rewrite the names of the component").with_cause(e)
}

/// The component with the names at its root replaced by those that `edit`
/// returns; a name for which it returns none stays.
pub(crate) fn rewrite_root(component: &[u8], edit: &mut Edit<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(component.len());
    for section in sections(component) {
        let section = section?;
        if !renamed(&section.payload, edit, &mut out).map_err(failed)? {
            out.extend_from_slice(section.raw);
        }
    }
    Ok(out)
}

/// Writes a section of imports or exports if one of its names changes; returns
/// whether it did.
fn renamed(payload: &Payload<'_>, edit: &mut Edit<'_>, out: &mut Vec<u8>) -> Reencoded<bool> {
    let mut changed = false;
    let mut edited = |side, name: wasmparser::ComponentExternName<'_>| match edit(side, &name) {
        Some(name) => {
            changed = true;
            ComponentExternName {
                name: Cow::Owned(name.name),
                implements: name.implements.map(Cow::Owned),
                external_id: name.external_id.map(Cow::Owned),
                version_suffix: None,
            }
        }
        None => owned(name),
    };
    match payload {
        Payload::ComponentImportSection(section) => {
            let mut imports = ComponentImportSection::new();
            for import in section.clone() {
                let import = import?;
                let ty = RoundtripReencoder.component_type_ref(import.ty)?;
                imports.import(edited(Side::Import, import.name), ty);
            }
            if changed {
                imports.append_to_component(out);
            }
        }
        Payload::ComponentExportSection(section) => {
            let mut exports = ComponentExportSection::new();
            for export in section.clone() {
                let export = export?;
                let ty = export.ty;
                let ty = ty.map(|ty| RoundtripReencoder.component_type_ref(ty));
                let name = edited(Side::Export, export.name);
                exports.export(name, export.kind.into(), export.index, ty.transpose()?);
            }
            if changed {
                exports.append_to_component(out);
            }
        }
        _ => {}
    }
    Ok(changed)
}

fn owned(name: wasmparser::ComponentExternName<'_>) -> ComponentExternName<'static> {
    let owned = |text: Option<&str>| text.map(|text| Cow::Owned(text.to_owned()));
    ComponentExternName {
        name: Cow::Owned(name.name.to_owned()),
        implements: owned(name.implements),
        external_id: owned(name.external_id),
        version_suffix: owned(name.version_suffix),
    }
}

/// The component without attributes on any name, at any depth.
pub(crate) fn stripped(component: &[u8]) -> Result<Vec<u8>> {
    without(component, 0)
}

fn without(component: &[u8], depth: usize) -> Result<Vec<u8>> {
    if depth > MAX_DEPTH {
        return Err(Error::input("failed to rewrite the names of the component")
            .with_cause(format!("components are nested more than {MAX_DEPTH} deep")));
    }
    let mut out = Vec::with_capacity(component.len());
    let mut plain = |_: Side, name: &wasmparser::ComponentExternName<'_>| {
        let full = match depth {
            0 => name.full_name(),
            // Its instantiation uses the name without the version suffix.
            _ => name.name.into(),
        };
        has_attributes(name).then(|| Name::plain(full))
    };
    for section in sections(component) {
        let section = section?;
        match (&section.payload, section.nested) {
            (Payload::ComponentSection { .. }, Some(nested)) => {
                let data = without(nested, depth + 1)?;
                if data != nested {
                    let id = ComponentSectionId::Component.into();
                    RawSection { id, data: &data }.append_to_component(&mut out);
                    continue;
                }
            }
            (Payload::ComponentTypeSection(types), _) => {
                let mut encoder = PlainTypes { changed: false };
                let mut encoded = ComponentTypeSection::new();
                encoder
                    .parse_component_type_section(&mut encoded, types.clone())
                    .map_err(failed)?;
                if encoder.changed {
                    encoded.append_to_component(&mut out);
                    continue;
                }
            }
            (payload, _) => {
                if renamed(payload, &mut plain, &mut out).map_err(failed)? {
                    continue;
                }
            }
        }
        out.extend_from_slice(section.raw);
    }
    Ok(out)
}

fn has_attributes(name: &wasmparser::ComponentExternName<'_>) -> bool {
    name.implements.is_some() || name.external_id.is_some() || name.version_suffix.is_some()
}

/// Re-encodes types without attributes on their names.
struct PlainTypes {
    changed: bool,
}

impl PlainTypes {
    fn plain<'a>(
        &mut self,
        name: wasmparser::ComponentExternName<'a>,
    ) -> wasmparser::ComponentExternName<'a> {
        self.changed |= has_attributes(&name);
        wasmparser::ComponentExternName {
            name: name.name,
            implements: None,
            external_id: None,
            version_suffix: None,
        }
    }
}

impl Reencode for PlainTypes {
    type Error = Infallible;
}

impl ReencodeComponent for PlainTypes {
    fn parse_component_instance_type_declaration(
        &mut self,
        ty: &mut InstanceType,
        declaration: InstanceTypeDeclaration<'_>,
    ) -> Reencoded<()> {
        let declaration = match declaration {
            InstanceTypeDeclaration::Export { name, ty } => InstanceTypeDeclaration::Export {
                name: self.plain(name),
                ty,
            },
            other => other,
        };
        component_utils::parse_component_instance_type_declaration(self, ty, declaration)
    }

    fn parse_component_type_declaration(
        &mut self,
        ty: &mut wasm_encoder::ComponentType,
        declaration: ComponentTypeDeclaration<'_>,
    ) -> Reencoded<()> {
        let declaration = match declaration {
            ComponentTypeDeclaration::Export { name, ty } => ComponentTypeDeclaration::Export {
                name: self.plain(name),
                ty,
            },
            ComponentTypeDeclaration::Import(import) => {
                ComponentTypeDeclaration::Import(wasmparser::ComponentImport {
                    name: self.plain(import.name),
                    ty: import.ty,
                })
            }
            other => other,
        };
        component_utils::parse_component_type_declaration(self, ty, declaration)
    }
}
