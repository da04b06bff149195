//! The imports of a component that no other component answers.

use super::hint::Hint;
use super::names::{self, Name};
use crate::base::error::Result;
use crate::model::capabilities::HostImports;

/// What a component imports from outside, by its bytes alone: imports whose hints lead to
/// other components are not among them.
///
/// # Errors
///
/// If the bytes are no component.
pub fn host_imports(component: &[u8]) -> Result<HostImports> {
    Ok(unhinted(&names::imports(component)?))
}

/// As [`host_imports`], for imports that were read.
pub fn unhinted(imports: &[Name]) -> HostImports {
    let is_answered = |import: &Name| {
        let hint = import.external_id.as_deref().map(Hint::parse);
        hint.is_some_and(|hint| hint.known().is_some())
    };
    open(imports, is_answered)
}

/// The imports without those that are answered.
pub fn open(imports: &[Name], is_answered: impl Fn(&Name) -> bool) -> HostImports {
    let open = imports.iter().filter(|import| !is_answered(import));
    HostImports::of(open.map(|import| import.interface().unwrap_or(&import.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hint_leads_to_is_not_from_outside() {
        let component = wat::parse_str(
            r#"(component
                 (import "wasi:clocks/wall-clock@0.2.3" (instance))
                 (import "wasi:io/streams@0.2.3" (instance))
                 (import "files" (implements "my-org:zip/files@1.0.0") (instance))
                 (import "my-org:a/b@1.0.0" (external-id "somewhere else") (instance))
                 (import "regex" (external-id "wasm-pkg:my-org:regex@1.0.0") (instance))
                 (import "log" (func)))"#,
        )
        .unwrap();
        let imports = host_imports(&component).unwrap();
        assert_eq!(
            imports.iter().collect::<Vec<_>>(),
            [
                "log",
                "my-org:a/b",
                "my-org:zip/files",
                "wasi:clocks/wall-clock"
            ]
        );
        assert!(host_imports(b"text").is_err());
    }
}
