//! Wrapping a component so that the types at its root are exports.
//!
//! Functions at the root of a world use types at its root, and a component
//! imports these. A component that imports it as one instance needs the types
//! from the same instance as the functions. The wrapper has the same types,
//! exports them, and passes them to the component inside it.

use std::collections::HashMap;

use wasm_encoder::reencode::{ReencodeComponent as _, RoundtripReencoder};
use wasm_encoder::{
    Alias, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentImportSection, ComponentInstanceSection, ComponentSection, ComponentSectionId,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, PrimitiveValType, RawSection,
    TypeBounds,
};
use wasmparser::{ComponentAlias, ComponentOuterAliasKind, Payload};
use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner,
    WorldId, WorldItem, WorldKey,
};

use super::parsed::decoded;
use crate::base::error::{Error, Result};
use crate::model::component::sections::sections;

/// The wrapper of a component without attributes; `name` is for messages.
pub(super) fn lifted(name: &str, component: &[u8]) -> Result<Vec<u8>> {
    let failed = |cause: String| {
        Error::unsupported(format!(
            "failed to link the functions at the root of `{name}`"
        ))
        .with_cause(cause)
        .hint("move them into an interface of the world")
    };
    let (resolve, world) = decoded(name, component)?;
    let mut wrapper = Wrapper::new(&resolve, world);
    wrapper.imports(component).map_err(failed)?;
    wrapper.instance(component);
    wrapper.exports(component).map_err(failed)?;
    Ok(wrapper.out)
}

/// The number of items of each kind, which is the index of the next one.
#[derive(Default)]
struct Counts([u32; 6]);

impl Counts {
    fn next(&mut self, kind: ComponentExportKind) -> u32 {
        let count = &mut self.0[match kind {
            ComponentExportKind::Module => 0,
            ComponentExportKind::Func => 1,
            ComponentExportKind::Value => 2,
            ComponentExportKind::Type => 3,
            ComponentExportKind::Instance => 4,
            ComponentExportKind::Component => 5,
        }];
        *count += 1;
        *count - 1
    }
}

struct Wrapper<'a> {
    resolve: &'a Resolve,
    world: WorldId,
    out: Vec<u8>,
    counts: Counts,
    /// The arguments for the imports of the component inside.
    arguments: Vec<(String, ComponentExportKind, u32)>,
    /// The indexes of the imported interfaces, by name.
    instances: HashMap<String, u32>,
    /// The indexes of the types at the root, by name.
    types: HashMap<String, u32>,
    /// The indexes of all types that were encoded so far.
    encoded: HashMap<TypeId, u32>,
    instance: u32,
}

impl<'a> Wrapper<'a> {
    fn new(resolve: &'a Resolve, world: WorldId) -> Self {
        Wrapper {
            resolve,
            world,
            out: wasm_encoder::Component::HEADER.to_vec(),
            counts: Counts::default(),
            arguments: Vec::new(),
            instances: HashMap::new(),
            types: HashMap::new(),
            encoded: HashMap::new(),
            instance: 0,
        }
    }

    fn section(&mut self, section: &impl ComponentSection) {
        section.append_to_component(&mut self.out);
    }

    /// Copies the sections before the first definition; imported types are exported
    /// instead, which gives them the same index.
    fn imports(&mut self, component: &[u8]) -> Result<(), String> {
        let mut leading = true;
        for section in sections(component) {
            let section = section.map_err(|e| e.to_string())?;
            match &section.payload {
                Payload::Version { .. } | Payload::CustomSection(_) => continue,
                Payload::ComponentImportSection(imports) if leading => {
                    for import in imports.clone() {
                        let import = import.map_err(|e| e.to_string())?;
                        self.import(import.name.name, import.ty)?;
                    }
                    continue;
                }
                Payload::ComponentImportSection(_) => {
                    return Err("it has imports after definitions".to_owned());
                }
                Payload::ComponentTypeSection(types) if leading => {
                    for _ in 0..types.count() {
                        self.counts.next(ComponentExportKind::Type);
                    }
                }
                Payload::ComponentAliasSection(aliases) if leading => {
                    // After these, the names are those of its own definitions.
                    let kinds: Option<Vec<_>> = aliases
                        .clone()
                        .into_iter()
                        .map(|alias| alias.ok().and_then(aliased))
                        .collect();
                    match kinds {
                        Some(kinds) => kinds.into_iter().for_each(|kind| {
                            self.counts.next(kind);
                        }),
                        None => {
                            leading = false;
                            continue;
                        }
                    }
                }
                Payload::CoreTypeSection(_) if leading => {}
                _ => {
                    leading = false;
                    continue;
                }
            }
            if leading {
                self.out.extend_from_slice(section.raw);
            }
        }
        Ok(())
    }

    fn import(&mut self, name: &str, ty: wasmparser::ComponentTypeRef) -> Result<(), String> {
        let ty = RoundtripReencoder.component_type_ref(ty);
        let ty = ty.map_err(|e| e.to_string())?;
        match ty {
            ComponentTypeRef::Type(TypeBounds::SubResource) => {
                return Err(format!("its root has the resource `{name}`"));
            }
            ComponentTypeRef::Type(TypeBounds::Eq(index)) => {
                let mut exports = ComponentExportSection::new();
                exports.export(name, ComponentExportKind::Type, index, None);
                self.section(&exports);
            }
            ty => {
                let mut imports = ComponentImportSection::new();
                imports.import(name, ty);
                self.section(&imports);
            }
        }
        let index = self.counts.next(ty.kind());
        match ty.kind() {
            ComponentExportKind::Type => self.types.insert(name.to_owned(), index),
            ComponentExportKind::Instance => self.instances.insert(name.to_owned(), index),
            _ => None,
        };
        self.arguments.push((name.to_owned(), ty.kind(), index));
        Ok(())
    }

    /// Adds the component itself, instantiated with all its imports.
    fn instance(&mut self, component: &[u8]) {
        let id = ComponentSectionId::Component.into();
        self.section(&RawSection {
            id,
            data: component,
        });
        let index = self.counts.next(ComponentExportKind::Component);
        let mut instances = ComponentInstanceSection::new();
        let arguments = std::mem::take(&mut self.arguments);
        instances.instantiate(index, arguments);
        self.section(&instances);
        self.instance = self.counts.next(ComponentExportKind::Instance);
    }

    /// Adds all exports of the component, types first.
    fn exports(&mut self, component: &[u8]) -> Result<(), String> {
        let mut exports = Vec::new();
        for section in sections(component) {
            let section = section.map_err(|e| e.to_string())?;
            if let Payload::ComponentExportSection(section) = section.payload {
                for export in section {
                    let export = export.map_err(|e| e.to_string())?;
                    let kind = ComponentExportKind::from(export.kind);
                    exports.push((export.name.name.to_owned(), kind));
                }
            }
        }
        exports.sort_by_key(|(_, kind)| *kind != ComponentExportKind::Type);
        for (name, kind) in exports {
            if self.types.contains_key(&name) {
                if kind == ComponentExportKind::Type {
                    continue;
                }
                return Err(format!(
                    "its root has both a type and {kind:?} with the name `{name}`"
                )
                .replace("Func", "a function")
                .replace("Instance", "an interface"));
            }
            let index = self.alias(self.instance, kind, &name);
            let ty = match kind {
                ComponentExportKind::Func => Some(ComponentTypeRef::Func(self.function(&name)?)),
                _ => None,
            };
            let mut section = ComponentExportSection::new();
            section.export(name.as_str(), kind, index, ty);
            self.section(&section);
            let index = self.counts.next(kind);
            if kind == ComponentExportKind::Type {
                self.types.insert(name, index);
            }
        }
        Ok(())
    }

    fn alias(&mut self, instance: u32, kind: ComponentExportKind, name: &str) -> u32 {
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::InstanceExport {
            instance,
            kind,
            name,
        });
        self.section(&aliases);
        self.counts.next(kind)
    }

    /// The type of an exported function, over the exported types.
    fn function(&mut self, name: &str) -> Result<u32, String> {
        let key = WorldKey::Name(name.to_owned());
        let resolve = self.resolve;
        let Some(WorldItem::Function(function)) = resolve.worlds[self.world].exports.get(&key)
        else {
            return Err(format!("its world does not contain the type of `{name}`"));
        };
        let Function {
            params,
            result,
            kind,
            ..
        } = function;
        let mut encoded = Vec::with_capacity(params.len());
        for param in params {
            encoded.push((param.name.as_str(), self.value(&param.ty)?));
        }
        let result = result.as_ref().map(|ty| self.value(ty)).transpose()?;
        let mut types = ComponentTypeSection::new();
        types
            .function()
            .async_(matches!(kind, FunctionKind::AsyncFreestanding))
            .params(encoded)
            .result(result);
        self.section(&types);
        Ok(self.counts.next(ComponentExportKind::Type))
    }

    fn value(&mut self, ty: &Type) -> Result<ComponentValType, String> {
        use PrimitiveValType as P;
        Ok(ComponentValType::Primitive(match ty {
            Type::Bool => P::Bool,
            Type::U8 => P::U8,
            Type::U16 => P::U16,
            Type::U32 => P::U32,
            Type::U64 => P::U64,
            Type::S8 => P::S8,
            Type::S16 => P::S16,
            Type::S32 => P::S32,
            Type::S64 => P::S64,
            Type::F32 => P::F32,
            Type::F64 => P::F64,
            Type::Char => P::Char,
            Type::String => P::String,
            Type::ErrorContext => P::ErrorContext,
            Type::Id(id) => return self.index(*id).map(ComponentValType::Type),
        }))
    }

    fn maybe(&mut self, ty: &Option<Type>) -> Result<Option<ComponentValType>, String> {
        ty.as_ref().map(|ty| self.value(ty)).transpose()
    }

    /// The index of a type: one at the root, one of an interface, or a new one for
    /// a type without a name.
    fn index(&mut self, id: TypeId) -> Result<u32, String> {
        if let Some(index) = self.encoded.get(&id) {
            return Ok(*index);
        }
        let definition = &self.resolve.types[id];
        let index = match (&definition.name, definition.owner) {
            (Some(name), TypeOwner::World(_)) => *self
                .types
                .get(name)
                .ok_or_else(|| format!("its root does not contain the type `{name}`"))?,
            (Some(name), TypeOwner::Interface(owner)) => {
                let instance = self.imported(owner)?;
                self.alias(instance, ComponentExportKind::Type, name)
            }
            _ => self.anonymous(id)?,
        };
        self.encoded.insert(id, index);
        Ok(index)
    }

    /// The index of the instance of an imported interface.
    fn imported(&self, interface: InterfaceId) -> Result<u32, String> {
        let name = self.resolve.id_of(interface).unwrap_or_default();
        let index = self.instances.get(&name).copied();
        index.ok_or_else(|| format!("it does not import the interface `{name}` of a type"))
    }

    fn anonymous(&mut self, id: TypeId) -> Result<u32, String> {
        use TypeDefKind as K;
        let kind = self.resolve.types[id].kind.clone();
        let mut types = ComponentTypeSection::new();
        match &kind {
            K::Type(Type::Id(id)) => return self.index(*id),
            K::Type(ty) => {
                if let ComponentValType::Primitive(ty) = self.value(ty)? {
                    types.defined_type().primitive(ty);
                }
            }
            K::List(ty) => {
                let ty = self.value(ty)?;
                types.defined_type().list(ty);
            }
            K::FixedLengthList(ty, length) => {
                let ty = self.value(ty)?;
                types.defined_type().fixed_length_list(ty, *length);
            }
            K::Map(key, value) => {
                let (key, value) = (self.value(key)?, self.value(value)?);
                types.defined_type().map(key, value);
            }
            K::Option(ty) => {
                let ty = self.value(ty)?;
                types.defined_type().option(ty);
            }
            K::Tuple(tuple) => {
                let values = tuple.types.iter().map(|ty| self.value(ty));
                let values: Vec<_> = values.collect::<Result<_, _>>()?;
                types.defined_type().tuple(values);
            }
            K::Result(result) => {
                let (ok, err) = (self.maybe(&result.ok)?, self.maybe(&result.err)?);
                types.defined_type().result(ok, err);
            }
            K::Future(ty) => {
                let ty = self.maybe(ty)?;
                types.defined_type().future(ty);
            }
            K::Stream(ty) => {
                let ty = self.maybe(ty)?;
                types.defined_type().stream(ty);
            }
            K::Handle(Handle::Own(resource)) => {
                let resource = self.index(*resource)?;
                types.defined_type().own(resource);
            }
            K::Handle(Handle::Borrow(resource)) => {
                let resource = self.index(*resource)?;
                types.defined_type().borrow(resource);
            }
            other => return Err(format!("it contains a {} without a name", other.as_str())),
        }
        self.section(&types);
        Ok(self.counts.next(ComponentExportKind::Type))
    }
}

/// The kind of item that an alias refers to; none for items of core instances.
fn aliased(alias: ComponentAlias<'_>) -> Option<ComponentExportKind> {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => Some(kind.into()),
        ComponentAlias::Outer { kind, .. } => match kind {
            ComponentOuterAliasKind::Type => Some(ComponentExportKind::Type),
            ComponentOuterAliasKind::CoreModule => Some(ComponentExportKind::Module),
            ComponentOuterAliasKind::Component => Some(ComponentExportKind::Component),
            ComponentOuterAliasKind::CoreType => None,
        },
        ComponentAlias::CoreInstanceExport { .. } => None,
    }
}
