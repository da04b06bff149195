//! What a file of WebAssembly says about itself in custom sections, and where the components
//! are that it was built for.

use std::collections::BTreeMap;

use super::hint::Hint;
use super::kind::{WasmKind, kind};
use super::names;
use super::signatures::{Signatures, signatures};
use crate::base::error::{Error, Result};

/// The facts in the custom sections of a file, and the hints of its imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The names and values of `wasm-metadata`: `name`, `version`, `description`, `license`,
    /// `authors`, `source`, `homepage`, `revision`; those that the file has, in this order.
    pub metadata: Vec<(&'static str, String)>,
    /// The fields of the section `producers`, such as `language`; each with names and versions.
    pub producers: BTreeMap<String, Vec<(String, String)>>,
    /// Each import with a hint, and the text of the hint without secrets.
    pub hints: Vec<(String, String)>,
    /// The signatures of the file, not those of modules in it.
    pub signatures: Signatures,
}

impl Description {
    /// Reads the sections of a component, a module or a WIT package in binary form.
    ///
    /// # Errors
    ///
    /// If the bytes are not WebAssembly, or a section is damaged.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        let payload = wasm_metadata::Payload::from_binary(bytes).map_err(|e| {
            Error::input("failed to read the metadata of the file").with_cause(format!("{e:#}"))
        })?;
        let found = payload.metadata();
        let facts = [
            ("name", found.name.clone()),
            ("version", text(&found.version)),
            ("description", text(&found.description)),
            ("license", text(&found.licenses)),
            ("authors", text(&found.authors)),
            ("source", text(&found.source)),
            ("homepage", text(&found.homepage)),
            ("revision", text(&found.revision)),
        ];
        let facts = facts.into_iter();
        let mut producers = BTreeMap::new();
        for (field, values) in found
            .producers
            .iter()
            .flat_map(|producers| producers.iter())
        {
            let values = values.iter();
            let values = values.map(|(name, version)| (name.clone(), version.clone()));
            producers.insert(field.clone(), values.collect());
        }
        Ok(Description {
            metadata: facts
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            producers,
            hints: hints(bytes)?,
            signatures: signatures(bytes)?,
        })
    }
}

fn text(value: &Option<impl ToString>) -> Option<String> {
    value.as_ref().map(ToString::to_string)
}

fn hints(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    if kind(bytes) != Some(WasmKind::Component) {
        return Ok(Vec::new());
    }
    let hints = names::imports(bytes)?.into_iter().filter_map(|import| {
        let hint = Hint::parse(import.external_id.as_deref()?);
        Some((import.name, hint.to_string()))
    });
    Ok(hints.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::metadata::{Metadata, add};

    #[test]
    fn metadata_producers_and_hints_are_read() {
        let component = wat::parse_str(
            r#"(component
                 (import "regex" (external-id "wasm-pkg:my-org:regex@1.0.0") (instance))
                 (import "other" (external-id "https://user:secret@example.com/x") (instance))
                 (import "open" (instance)))"#,
        )
        .unwrap();
        let metadata = Metadata {
            name: "hello".to_owned(),
            description: Some("Says hello".to_owned()),
            licenses: Some("MIT".to_owned()),
            ..Metadata::default()
        };
        let (bytes, _) = add(&component, &metadata).unwrap();
        let found = Description::of(&bytes).unwrap();
        assert_eq!(
            found.metadata,
            [
                ("name", "hello".to_owned()),
                ("description", "Says hello".to_owned()),
                ("license", "MIT".to_owned()),
            ]
        );
        let tools = &found.producers["processed-by"];
        assert!(tools.iter().any(|(name, _)| name == "cargo-component"));
        assert_eq!(found.hints.len(), 2);
        assert_eq!(
            found.hints[0],
            ("regex".to_owned(), "wasm-pkg:my-org:regex@1.0.0".to_owned())
        );
        assert!(!found.hints[1].1.contains("secret"), "{:?}", found.hints);
        let module = wat::parse_str("(module)").unwrap();
        assert_eq!(Description::of(&module).unwrap(), Description::default());
        assert!(Description::of(b"text").is_err());
    }
}
