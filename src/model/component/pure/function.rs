//! The functions that a core module imports, with their types.

use wasm_encoder::ValType;
use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
use wasmparser::{Parser, Payload, TypeRef};

/// A function that a core module imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CoreFunction {
    /// The module that it is imported from.
    pub module: String,
    /// Its name in that module.
    pub name: String,
    /// The types of its parameters.
    pub params: Vec<ValType>,
    /// The types of its results.
    pub results: Vec<ValType>,
}

/// The functions that a core module imports, each once; those with types that no function
/// of WASI has are left out.
pub(super) fn imported_functions(module: &[u8]) -> Vec<CoreFunction> {
    let mut types = Vec::new();
    let mut found: Vec<CoreFunction> = Vec::new();
    for payload in Parser::new(0).parse_all(module).flatten() {
        match payload {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().flatten());
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports().flatten() {
                    let TypeRef::Func(ty) = import.ty else {
                        continue;
                    };
                    let known =
                        |f: &CoreFunction| f.module == import.module && f.name == import.name;
                    let (Some(ty), false) = (types.get(ty as usize), found.iter().any(known))
                    else {
                        continue;
                    };
                    let (Some(params), Some(results)) = (values(ty.params()), values(ty.results()))
                    else {
                        continue;
                    };
                    found.push(CoreFunction {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        params,
                        results,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

fn values(types: &[wasmparser::ValType]) -> Option<Vec<ValType>> {
    let value = |ty: &wasmparser::ValType| RoundtripReencoder.val_type(*ty).ok();
    types.iter().map(value).collect()
}
