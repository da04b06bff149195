//! A component that answers imports of another one: all of its functions trap, with a name
//! that says which one was called, but those that an empty host answers.

use std::collections::BTreeSet;

use wit_component::{DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{
    Function, LiftLowerAbi, LiveTypes, ManglingAndAbi, Resolve, TypeOwner, WasmExport,
    WasmExportKind, WorldId, WorldItem, WorldKey,
};

use super::answer::{Answer, of_preview2};
use super::function::CoreFunction;
use super::stub::Stub;
use crate::base::error::{Error, Result, guarded};
use crate::model::component::encode::encode_with;
use crate::model::component::names::with_current_names;
use crate::model::manifest::{KeptWasi, Randomness, WasiPolicy};
use crate::model::wit;

/// The end of the name of a function that traps, since the component has a stub for it.
pub const STUBBED: &str = " was called, for which the component has only a stub";

/// The host whose answers stubs give.
const EMPTY_HOST: WasiPolicy = WasiPolicy {
    kept: KeptWasi::Nothing,
    randomness: Randomness::Trap,
};

/// Where the result of a function lies that returns nothing: zeros.
const ZEROS: i32 = 8;

/// A component that exports imports of the component called `of`, by their names. What the
/// types of these need besides is imported.
///
/// # Errors
///
/// If the bytes are no component, or an import names types of the world itself.
pub fn stub_of(of: &str, component: &[u8], names: &BTreeSet<&str>) -> Result<Vec<u8>> {
    let failed = || format!("failed to make a stub for imports of `{of}`");
    let component = with_current_names(component).map_err(|e| e.context(failed()))?;
    let decoded = wit::decode(&component).map_err(|e| e.into_error(failed()))?;
    let DecodedWasm::Component(mut resolve, world) = decoded else {
        return Err(Error::input(failed()).with_cause("it is a WIT package"));
    };
    let world_types = exported(&mut resolve, world, names).map_err(|e| e.context(failed()))?;
    if let Some(function) = world_types {
        return Err(Error::input(failed())
            .with_cause(format!(
                "the function `{function}` has types that are declared in the world itself"
            ))
            .hint("remove it from `stub`"));
    }
    let mut stub = Stub::alone();
    for (key, item) in &resolve.worlds[world].exports {
        match item {
            WorldItem::Interface { id, .. } => {
                for function in resolve.interfaces[*id].functions.values() {
                    add(&mut stub, &resolve, Some(key), function);
                }
            }
            WorldItem::Function(function) => add(&mut stub, &resolve, None, function),
            WorldItem::Type { .. } => {}
        }
    }
    let mut module = stub.finish(None);
    let embed = |module: &mut Vec<u8>| {
        embed_component_metadata(module, &resolve, world, StringEncoding::UTF8, false)
    };
    embed(&mut module).map_err(|e| Error::input(failed()).with_cause(format!("{e:#}")))?;
    encode_with::<&[u8]>(&module, &[]).map_err(|e| e.context(failed()))
}

/// Turns the named imports of a world into its exports, and removes everything else but
/// what their types need. Returns a function that cannot be exported, if there is one.
fn exported(
    resolve: &mut Resolve,
    world: WorldId,
    names: &BTreeSet<&str>,
) -> Result<Option<String>> {
    let imports = &resolve.worlds[world].imports;
    let is_named = |(key, item): &(&WorldKey, &WorldItem)| {
        let is_type = matches!(item, WorldItem::Type { .. });
        !is_type && names.contains(&*resolve.name_world_key(key))
    };
    let named = imports.iter().filter(is_named);
    let keys: Vec<WorldKey> = named.map(|(key, _)| key.clone()).collect();
    for key in &keys {
        if let WorldItem::Function(function) = &imports[key]
            && has_world_types(resolve, function)
        {
            return Ok(Some(function.name.clone()));
        }
    }
    let imports = &mut resolve.worlds[world].imports;
    imports.retain(|key, _| keys.contains(key));
    for item in imports.values_mut() {
        if let WorldItem::Interface { external_id, .. } = item {
            *external_id = None;
        }
    }
    // Nothing names the types of the world any longer, which is an error while they belong
    // to it. As imports of the stub they would need the interfaces that they come from.
    for (_, ty) in resolve.types.iter_mut() {
        if ty.owner == TypeOwner::World(world) {
            ty.owner = TypeOwner::None;
        }
    }
    let moved = guarded("wit-parser", || resolve.exportize(world, None, None));
    match moved {
        Ok(Ok(())) => Ok(None),
        Ok(Err(e)) => Err(Error::input(format!("{e:#}"))),
        Err(panic) => Err(Error::input(panic)),
    }
}

/// Whether a function has a type that is declared in a world, directly or inside others.
fn has_world_types(resolve: &Resolve, function: &Function) -> bool {
    let mut types = LiveTypes::default();
    types.add_func(resolve, function);
    let is_of_world = |id| matches!(resolve.types[id].owner, TypeOwner::World(_));
    types.iter().any(is_of_world)
}

/// Adds a function of an interface, or of the world, to a stub.
fn add(stub: &mut Stub, resolve: &Resolve, interface: Option<&WorldKey>, function: &Function) {
    let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
    let values = |types: &[WasmType]| types.iter().map(|ty| value(*ty)).collect();
    let export = WasmExport::Func {
        interface,
        func: function,
        kind: WasmExportKind::Normal,
    };
    let core = CoreFunction {
        module: String::new(),
        name: resolve.wasm_export_name(ManglingAndAbi::Legacy(LiftLowerAbi::Sync), export),
        params: values(&signature.params),
        results: values(&signature.results),
    };
    let interface = interface.map(|key| resolve.name_world_key(key));
    let (name, shown) = match &interface {
        Some(interface) => {
            let (name, _) = interface.split_once('@').unwrap_or((interface, ""));
            (name, format!("{interface}#{}", function.name))
        }
        None => ("", function.name.clone()),
    };
    let answer = of_preview2(name, &function.name, EMPTY_HOST, false);
    match answer {
        // An empty list, or `none`.
        Answer::Stores(stores) if signature.retptr && stores.iter().all(|s| s.pointer == 0) => {
            stub.export(&core, &shown, Some(ZEROS));
        }
        _ => stub.export(&core, &format!("{shown}{STUBBED}"), None),
    }
}

fn value(ty: WasmType) -> wasm_encoder::ValType {
    use wasm_encoder::ValType;
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}
