//! The proposals that a component uses and that no adopted standard contains: WASI
//! 0.3.1 and earlier do not have them, and readers may not support them.

use wasmparser::{Parser, Validator, WasmFeatures};

/// Proposals that are not adopted, with the name of the feature they add.
const PROPOSALS: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::CM_ERROR_CONTEXT, "error contexts"),
    (WasmFeatures::CM_FIXED_LENGTH_LISTS, "lists of fixed length"),
    (WasmFeatures::CM_THREADING, "threads"),
];

/// The names of the proposals that are not adopted and that a component, or a WIT
/// package in its binary form, needs. Empty for bytes that are not valid at all.
pub fn unadopted(bytes: &[u8]) -> Vec<&'static str> {
    let all = PROPOSALS
        .iter()
        .fold(WasmFeatures::default(), |all, (proposal, _)| {
            all | *proposal
        })
        | WasmFeatures::CM_ASYNC_STACKFUL;
    if !is_valid(bytes, all) {
        return Vec::new();
    }
    let needed = PROPOSALS
        .iter()
        .filter(|(proposal, _)| !is_valid(bytes, all - *proposal));
    needed.map(|(_, words)| *words).collect()
}

/// Whether a component is valid with these features, except for function bodies.
fn is_valid(bytes: &[u8], features: WasmFeatures) -> bool {
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    parser.parse_all(bytes).all(|payload| {
        // Function bodies are not validated: they are most of the work.
        payload.is_ok_and(|payload| validator.payload(&payload).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_adopted_is_named_and_nothing_else() {
        let found = |text: &str| unadopted(&wat::parse_str(text).unwrap());
        assert_eq!(
            found(
                "(component (type (instance (export \"f\" (func (param \"x\" error-context))))))"
            ),
            ["error contexts"]
        );
        assert_eq!(
            found("(component (import \"f\" (func (param \"x\" (list u8 4)))))"),
            ["lists of fixed length"]
        );
        assert!(
            found("(component (import \"f\" (func (param \"x\" (map u8 string)))))").is_empty()
        );
        assert!(unadopted(b"text").is_empty());
    }
}
