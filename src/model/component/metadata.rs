//! Metadata of a component in the custom sections that `wasm-metadata` defines: its
//! name, origin and authors.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wasm_metadata::{AddMetadata, AddMetadataField, Licenses};

use crate::base::error::{Error, Result};

/// The metadata, taken from Cargo.toml and the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The name of the crate.
    pub name: String,
    /// The value of `package.version`.
    pub version: Option<String>,
    /// The values of `package.authors`, joined by `,`.
    pub authors: Option<String>,
    /// The value of `package.description`.
    pub description: Option<String>,
    /// The value of `package.license`, in any format that cargo accepts.
    pub licenses: Option<String>,
    /// The value of `package.repository`.
    pub source: Option<String>,
    /// The value of `package.homepage`.
    pub homepage: Option<String>,
    /// The revision in the repository.
    pub revision: Option<String>,
}

/// Adds the sections to a component. Values that the sections cannot hold (a
/// licence that is not an SPDX expression, a homepage that is not a URL) are left
/// out; their names are returned.
pub fn add(component: &[u8], metadata: &Metadata) -> Result<(Vec<u8>, Vec<&'static str>)> {
    add_with(component, metadata, &["Rust"])
}

/// Adds the sections to a WIT package, as [`add`] does to a component.
pub fn add_to_wit(package: &[u8], metadata: &Metadata) -> Result<(Vec<u8>, Vec<&'static str>)> {
    add_with(package, metadata, &[])
}

fn add_with(
    component: &[u8],
    metadata: &Metadata,
    languages: &[&str],
) -> Result<(Vec<u8>, Vec<&'static str>)> {
    let mut left_out = Vec::new();
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(metadata.name.clone());
    let languages = languages
        .iter()
        .map(|name| (name.to_string(), String::new()));
    add.language = languages.collect();
    add.processed_by = vec![(
        env!("CARGO_PKG_NAME").to_owned(),
        env!("CARGO_PKG_VERSION").to_owned(),
    )];
    let licenses = metadata.licenses.as_deref().map(spdx);
    add.authors = field("authors", metadata.authors.as_deref(), &mut left_out);
    add.description = field(
        "description",
        metadata.description.as_deref(),
        &mut left_out,
    );
    add.licenses = field::<Licenses>("license", licenses.as_deref(), &mut left_out);
    add.source = field("repository", metadata.source.as_deref(), &mut left_out);
    add.homepage = field("homepage", metadata.homepage.as_deref(), &mut left_out);
    add.revision = field("revision", metadata.revision.as_deref(), &mut left_out);
    add.version = field("version", metadata.version.as_deref(), &mut left_out);
    let bytes = add.to_wasm(component).map_err(|e| {
        Error::input("failed to add metadata to the component").with_cause(format!("{e:#}"))
    })?;
    Ok((bytes, left_out))
}

/// Converts the older format of cargo, `MIT/Apache-2.0`, to an SPDX expression.
fn spdx(license: &str) -> String {
    license
        .split('/')
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" OR ")
}

fn field<T: FromStr + Clone + std::fmt::Debug>(
    name: &'static str,
    value: Option<&str>,
    left_out: &mut Vec<&'static str>,
) -> AddMetadataField<T> {
    let Some(value) = value else {
        return AddMetadataField::Keep;
    };
    match value.parse() {
        Ok(value) => AddMetadataField::Set(value),
        Err(_) => {
            left_out.push(name);
            AddMetadataField::Keep
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_licence_cargo_takes_is_taken() {
        let component = wat::parse_str("(component)").unwrap();
        let with = |licenses: &str| {
            let metadata = Metadata {
                name: "x".to_owned(),
                licenses: Some(licenses.to_owned()),
                ..Metadata::default()
            };
            let (bytes, left_out) = add(&component, &metadata).unwrap();
            let payload = wasm_metadata::Payload::from_binary(&bytes).unwrap();
            let found = payload
                .metadata()
                .licenses
                .as_ref()
                .map(ToString::to_string);
            (found, left_out)
        };
        assert_eq!(
            with("MIT/Apache-2.0"),
            (Some("MIT OR Apache-2.0".to_owned()), vec![])
        );
        let llvm = "Apache-2.0 WITH LLVM-exception";
        assert_eq!(with(llvm), (Some(llvm.to_owned()), vec![]));
        assert_eq!(with("my own"), (None, vec!["license"]));
    }

    #[test]
    fn name_producers_and_facts_are_there() {
        let component = wat::parse_str("(component)").unwrap();
        let metadata = Metadata {
            name: "hello".to_owned(),
            version: Some("1.2.3".to_owned()),
            authors: Some("A,B".to_owned()),
            source: Some("https://example.com/r".to_owned()),
            ..Metadata::default()
        };
        let (bytes, left_out) = add(&component, &metadata).unwrap();
        assert!(left_out.is_empty());
        let payload = wasm_metadata::Payload::from_binary(&bytes).unwrap();
        let found = payload.metadata();
        assert_eq!(found.name.as_deref(), Some("hello"));
        assert_eq!(found.version.as_ref().unwrap().to_string(), "1.2.3");
        assert_eq!(found.authors.as_ref().unwrap().to_string(), "A,B");
        let producers = found.producers.as_ref().unwrap();
        let tools = producers.get("processed-by").unwrap();
        assert_eq!(
            tools.get("cargo-component").unwrap(),
            env!("CARGO_PKG_VERSION")
        );
        assert!(producers.get("language").unwrap().get("Rust").is_some());
    }
}
