//! The manifest `wit.toml`, as the `wit` CLI 0.16 has it.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use semver::Version;

use super::dependency::Dependency;
use super::file::ManifestFile;
use super::read::parse;
use super::read_dependencies::dependencies;
use super::section::WorkspaceManifest;
use super::table::Table;
use super::wkg::PackageMetadata;
use crate::base::error::Result;

/// A `wit.toml`. The `.wit` files lie beside it.
#[derive(Clone, Debug)]
pub struct WitManifest {
    /// The file it was read from.
    pub file: ManifestFile,
    /// The version to publish under.
    pub version: Version,
    /// The packages the WIT names, by key.
    pub dependencies: BTreeMap<String, Dependency>,
    /// What the package declares about itself.
    pub about: PackageMetadata,
}

/// Reads a `wit.toml`. Keys it does not know are left alone, as the `wit` CLI
/// does. Paths come out absolute if the file's is.
pub fn read(file: ManifestFile) -> Result<WitManifest> {
    let document = parse(&file)?;
    let table = Table::root(&file, "wit.toml", document.as_table());
    let Some(version) = table.string("version")? else {
        return Err(file
            .error(0..0, "`wit.toml` lacks `version`")
            .hint("add `version = \"0.1.0\"`"));
    };
    let version = Version::from_str(&version).map_err(|e| {
        table
            .error("version", format!("invalid version `{version}`"))
            .with_cause(e)
            .hint("use a full version, such as `0.1.0`")
    })?;
    let entries = table.table("dependencies")?;
    let entries = entries.map(|table| dependencies(&table, &WorkspaceManifest::default()));
    let authors = table.strings("authors")?;
    let about = PackageMetadata {
        authors: authors.map(|authors| authors.join(",")),
        description: table.string("description")?,
        licenses: table.string("license")?,
        source: table.string("repository")?,
        homepage: table.string("homepage")?,
        revision: None,
    };
    Ok(WitManifest {
        version,
        dependencies: entries.transpose()?.unwrap_or_default(),
        about,
        file: file.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::DependencySource;

    fn parsed(text: &str) -> Result<WitManifest> {
        read(ManifestFile::new("/p/wit.toml", text))
    }

    #[test]
    fn every_key_is_read() {
        let manifest = parsed(
            r#"
version = "0.1.0"
authors = ["A", "B"]
license = "MIT"
other = 1
[dependencies]
"wasi:io" = "0.2.3"
"a:b" = { path = "../b" }
[registries]
x = "https://example.com"
"#,
        )
        .unwrap();
        assert_eq!(manifest.version, Version::new(0, 1, 0));
        assert_eq!(manifest.about.authors.as_deref(), Some("A,B"));
        let DependencySource::Path { path, .. } = &manifest.dependencies["a:b"].source else {
            panic!("{manifest:?}")
        };
        assert_eq!(path, "/b");
        assert!(manifest.dependencies.contains_key("wasi:io"));
    }

    #[test]
    fn a_version_is_needed() {
        for (text, found) in [
            ("", "lacks `version`"),
            ("version = \"1\"", "invalid version"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
            assert!(error.advice().is_some());
        }
    }
}
