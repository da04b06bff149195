//! What of the component model a component uses that no adopted standard has: WASI
//! 0.3.1 and the releases before it do without, and so may whoever reads it.

use wasmparser::{Parser, Validator, WasmFeatures};

/// Proposals that are not adopted, with the words for what they bring.
const PROPOSALS: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::CM_ERROR_CONTEXT, "error contexts"),
    (WasmFeatures::CM_FIXED_LENGTH_LISTS, "lists of fixed length"),
    (WasmFeatures::CM_THREADING, "threads"),
];

/// The proposals that a component, or a WIT package in its binary form, needs and
/// that are not adopted, in words. None for bytes that are not valid at all.
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

/// Whether a component is valid with these features, its functions' code aside.
fn is_valid(bytes: &[u8], features: WasmFeatures) -> bool {
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    parser.parse_all(bytes).all(|payload| {
        // The bodies of functions come back unread: they are most of the work.
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
