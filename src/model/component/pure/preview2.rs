//! Doing without WASI 0.2 and later, as `wasm32-wasip2` has it: the component that the
//! linker made is taken apart, and its main module becomes a component again.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::Payload;
use wit_component::{DecodedWasm, StringEncoding, embed_component_metadata};

use super::answer::of_preview2;
use super::body::Outside;
use super::function::{CoreFunction, imported_functions};
use super::preview1::adapter;
use super::stub::Stub;
use crate::base::error::{Error, Result};
use crate::model::component::check::track;
use crate::model::component::core_exports;
use crate::model::component::decode;
use crate::model::component::encode::{ADAPTED, encode_with};
use crate::model::component::sections::sections;
use crate::model::manifest::{KeptWasi, WasiPolicy};

/// The imports of a component that `policy` keeps although its world does not have them,
/// each with its version cut to its track.
pub fn kept_imports(policy: WasiPolicy) -> BTreeSet<String> {
    let kept: &[&str] = match policy.kept {
        KeptWasi::Nothing => &[],
        KeptWasi::Stderr => &["cli/stderr", "io/error", "io/poll", "io/streams"],
    };
    kept.iter().map(|name| format!("wasi:{name}@0.2")).collect()
}

/// The component without its imports of WASI that are not among `declared`, whose names
/// have their versions cut to their tracks. `None` if it has none of these. Standard error
/// cannot be kept: the code writes to streams of the host, and nobody tells them apart.
pub fn without_wasi(
    component: &[u8],
    declared: &BTreeSet<String>,
    policy: WasiPolicy,
) -> Result<Option<Vec<u8>>> {
    let failed = || Error::input("failed to read the component that the linker made");
    let main = main_module(component)?.ok_or_else(failed)?;
    let mut interfaces: BTreeMap<String, Vec<CoreFunction>> = BTreeMap::new();
    for function in imported_functions(main) {
        let of_wasi = function.module.starts_with("wasi:");
        if function.module == ADAPTED || (of_wasi && !declared.contains(&track(&function.module))) {
            let functions = interfaces.entry(function.module.clone()).or_default();
            functions.push(function);
        }
    }
    if interfaces.is_empty() {
        return Ok(None);
    }
    let mut names = interfaces.keys();
    let no_streams = names.any(|name| name.starts_with("wasi:io/streams@"));
    let realloc = core_exports(main).iter().any(|name| name == "cabi_realloc");
    let mut stubs = Vec::new();
    for (interface, functions) in &interfaces {
        let stub = if interface == ADAPTED {
            adapter(main, policy)?
        } else {
            let (name, _) = interface.split_once('@').unwrap_or((interface, ""));
            let mut stub = Stub::new(&Outside {
                stderr: None,
                realloc,
            });
            for function in functions {
                let answer = of_preview2(name, &function.name, policy, no_streams);
                let shown = format!("{interface}#{}", function.name);
                stub.answer(function, &shown, answer);
            }
            stub.finish(None)
        };
        stubs.push((interface.as_str(), stub));
    }
    let DecodedWasm::Component(resolve, world) = decode(component)? else {
        return Err(failed());
    };
    let mut module = main.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .map_err(|e| failed().with_cause(format!("{e:#}")))?;
    encode_with(&module, &stubs).map(Some)
}

/// The module of a component that has the code of the user: the linker puts it first.
fn main_module(component: &[u8]) -> Result<Option<&[u8]>> {
    for section in sections(component) {
        let section = section?;
        if let (Payload::ModuleSection { .. }, Some(module)) = (&section.payload, section.nested) {
            return Ok(Some(module));
        }
    }
    Ok(None)
}
