//! Decoding a component, or a WIT package in its binary form.

use std::borrow::Cow;

use wit_component::DecodedWasm;

use super::kind::{WasmKind, kind};
use super::names;
use crate::base::error::{Error, Result, guarded};
use crate::model::wit;
use crate::model::wit::types::TypedComponent;

/// Decodes a component, or a WIT package in its binary form. Imports that have
/// names of version 0.21.1 of this tool get those that [`names::with_current_names`] gives
/// them.
pub fn decode(bytes: &[u8]) -> Result<DecodedWasm> {
    let modern = match kind(bytes) {
        Some(WasmKind::Component) => names::with_current_names(bytes)?,
        // The decoder reports the error.
        _ => Cow::Borrowed(bytes),
    };
    wit::decode(&modern).map_err(|e| e.into_error("the file is truncated"))
}

/// The types of the imports and exports of a component, after its names were
/// converted to the current format. An error if the component is not valid.
pub(super) fn types(bytes: &[u8]) -> Result<TypedComponent> {
    let failed = |cause: String| {
        Error::input("the file is truncated")
            .with_cause(cause)
            .hint("check that the file is a complete and valid component")
    };
    let modern = match kind(bytes) {
        Some(WasmKind::Component) => names::with_current_names(bytes)?,
        // The validator reports the error.
        _ => Cow::Borrowed(bytes),
    };
    let typed = guarded("wasmparser", || wit::types::typed(&modern));
    typed.and_then(|typed| typed).map_err(failed)
}

/// Whether a component is a WIT package in binary form. An error if it is
/// neither that nor a valid component.
pub fn is_wit_package(bytes: &[u8]) -> Result<bool> {
    Ok(types(bytes)?.is_wit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::kind::has_only_types;

    #[test]
    fn a_package_of_wit_has_only_types() {
        let mut resolve = wit_parser::Resolve::default();
        let text = "package a:b; interface i { f: func(); } world w { import i; }";
        let package = resolve.push_source("a.wit", text).unwrap();
        let wit = wit_component::encode(&resolve, package, false).unwrap();
        assert!(has_only_types(&wit) && is_wit_package(&wit).unwrap());
        for component in [
            "(component)",
            "(component (instance $i) (export \"i\" (instance $i)))",
        ] {
            assert!(!has_only_types(&wat::parse_str(component).unwrap()));
        }
    }
}
