//! The manifest `wasm.toml` of the `component` CLI, as its crate `component-manifest` 0.3 has it.
//!
//! An entry names an image in an OCI registry, or versions of a package that the index of the CLI
//! knows. Where the lock file has the image, it is that one, by its digest.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr as _;

use semver::{Version, VersionReq};

use super::dependency::{Dependency, DependencySource};
use super::file::ManifestFile;
use super::read::parse;
use super::table::Table;
use super::wkg::PackageMetadata;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::capabilities::CapabilityRules;
use crate::model::lockfile::wasm_lock::{InstalledPackage, WasmLock};

/// The name of the manifest.
pub const WASM_TOML: &str = "wasm.toml";

/// A `wasm.toml` that was read.
#[derive(Clone, Debug)]
pub struct WasmManifest {
    /// The file it was read from.
    pub file: ManifestFile,
    /// What the package is published as, if the manifest has `[package]`.
    pub package: Option<WasmPackage>,
    /// The components, by key.
    pub components: BTreeMap<String, Dependency>,
    /// The packages of WIT, by key.
    pub interfaces: BTreeMap<String, Dependency>,
    /// The keys of entries with `permissions`, which only the CLI applies.
    pub restricted: Vec<String>,
}

/// The `[package]` of a `wasm.toml`.
#[derive(Clone, Debug)]
pub struct WasmPackage {
    /// The name to publish under.
    pub name: PackageRef,
    /// The version to publish under; the WIT itself has none.
    pub version: Version,
    /// The directory of the WIT, if it is set; absolute if the path of the file is.
    pub wit: Option<PathBuf>,
    /// The host and the repository to publish to, if they are set.
    pub destination: Option<String>,
    /// What the package declares about itself.
    pub about: PackageMetadata,
}

/// Reads a `wasm.toml` with its lock file. Keys it does not know are left alone, as the CLI does.
///
/// # Errors
///
/// If a key has the wrong type, or if an entry with a registry allows several versions and the
/// lock file has none of them: the versions of an image cannot be chosen from.
pub fn read(file: ManifestFile, lock: &WasmLock) -> Result<WasmManifest> {
    let document = parse(&file)?;
    let root = Table::root(&file, WASM_TOML, document.as_table());
    let mut manifest = WasmManifest {
        package: root
            .table("package")?
            .map(|table| package(&table))
            .transpose()?,
        components: BTreeMap::new(),
        interfaces: BTreeMap::new(),
        restricted: Vec::new(),
        file: file.clone(),
    };
    if let Some(dependencies) = root.table("dependencies")? {
        refuse_other_tables(&dependencies)?;
        if let Some(table) = dependencies.table("components")? {
            manifest.components = entries(&table, &lock.components)?;
            manifest.restricted = restricted(&table)?;
        }
        if let Some(table) = dependencies.table("interfaces")? {
            manifest.interfaces = entries(&table, &lock.interfaces)?;
        }
    }
    Ok(manifest)
}

/// An error for an entry right in `[dependencies]`, where old versions of the CLI had them.
fn refuse_other_tables(table: &Table<'_>) -> Result<()> {
    let known = ["components", "interfaces"];
    let mut others = table.entries().filter(|(key, _)| !known.contains(key));
    others.next().map_or(Ok(()), |(key, _)| {
        let message = format!("`{key}` is neither a component nor an interface");
        Err(table
            .error(key, message)
            .hint("move it to `[dependencies.components]` or `[dependencies.interfaces]`"))
    })
}

fn package(table: &Table<'_>) -> Result<WasmPackage> {
    let name = required(table, "name")?;
    let version = required(table, "version")?;
    let at = |error: Error, key: &str| error.at(table.file.excerpt(table.entry_span(key)));
    let authors = table.strings("authors")?;
    Ok(WasmPackage {
        name: PackageRef::from_str(&name).map_err(|e| at(e, "name"))?,
        version: Version::from_str(&version).map_err(|e| {
            table
                .error("version", format!("invalid version `{version}`"))
                .with_cause(e)
                .hint("use a full version, such as `0.1.0`")
        })?,
        wit: table.path("wit")?,
        destination: table.string("registry_ref")?,
        about: PackageMetadata {
            authors: authors.map(|authors| authors.join(",")),
            description: table.string("description")?,
            licenses: table.string("license")?,
            source: table.string("source")?,
            homepage: table.string("homepage")?,
            revision: None,
        },
    })
}

fn required(table: &Table<'_>, key: &str) -> Result<String> {
    table.string(key)?.ok_or_else(|| {
        let message = format!("missing field `{key}` in `{}`", table.name);
        let error = table.file.error(table.span(), message);
        error.hint(format!("add `{key} = \"…\"`"))
    })
}

/// The keys of components with `permissions`.
fn restricted(table: &Table<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (key, item) in table.entries().filter(|(_, item)| !item.is_str()) {
        if item.is_table_like()
            && table
                .table(key)?
                .is_some_and(|entry| entry.has("permissions"))
        {
            found.push(key.to_owned());
        }
    }
    Ok(found)
}

fn entries(table: &Table<'_>, lock: &[InstalledPackage]) -> Result<BTreeMap<String, Dependency>> {
    let read = |(key, item): (&str, &toml_edit::Item)| {
        // The CLI keeps the version with which a package was requested.
        let name = key.split('@').next().unwrap_or(key);
        let source = match item.as_str() {
            Some(text) => short_source(table, key, text, lock)?,
            None => {
                let entry = table.table_or(key, "a version or a table").map_err(|e| {
                    e.hint("use a version, such as `\"0.2\"`, or a table with `registry`, `namespace`, `package` and `version`")
                })?;
                let entry = entry.ok_or_else(|| table.type_error(key, "a version or a table"))?;
                image_source(&entry, lock)?
            }
        };
        let package = PackageRef::from_str(name).ok();
        if package.is_none() && matches!(source, DependencySource::Registry { .. }) {
            let message = format!("`{key}` in `{}` is not the name of a package", table.name);
            return Err(table
                .error(key, message)
                .hint("use `namespace:name`, or set `registry`, `namespace` and `package`"));
        }
        let dependency = Dependency {
            package,
            source,
            capabilities: CapabilityRules::default(),
            file: table.file.clone(),
            span: table.entry_span(key),
        };
        Ok((name.to_owned(), dependency))
    };
    table.entries().map(read).collect()
}

/// The source of an entry that is a string: versions of the package that is its key, or the
/// reference of an image.
fn short_source(
    table: &Table<'_>,
    key: &str,
    text: &str,
    lock: &[InstalledPackage],
) -> Result<DependencySource> {
    if text.contains('/') {
        let (repository, tag) = match text.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (text, None),
        };
        let is = |known: &&InstalledPackage| {
            known.repository == repository && tag.is_none_or(|tag| known.tag == tag)
        };
        let reference = match lock.iter().find(is) {
            Some(known) if !text.contains('@') => known.reference(),
            _ => text.to_owned(),
        };
        return Ok(DependencySource::Oci { reference });
    }
    let requirement = requirement(text).map_err(|error| invalid(table, key, text, error))?;
    let name = key.split('@').next();
    let is = |known: &&InstalledPackage| {
        Some(known.name.as_str()) == name && allows(&requirement, known)
    };
    Ok(match lock.iter().find(is) {
        Some(known) => DependencySource::Oci {
            reference: known.reference(),
        },
        None => DependencySource::Registry {
            requirement,
            registry: None,
        },
    })
}

/// The source of an entry that is a table: an image.
fn image_source(entry: &Table<'_>, lock: &[InstalledPackage]) -> Result<DependencySource> {
    let parts = ["registry", "namespace", "package"].map(|key| required(entry, key));
    let [registry, namespace, package] = parts;
    let repository = format!("{}/{}/{}", registry?, namespace?, package?);
    let text = required(entry, "version")?;
    let requirement =
        requirement(&text).map_err(|error| invalid(entry, "version", &text, error))?;
    let mut known = lock.iter().filter(|known| known.repository == repository);
    let same_tag = known.clone().find(|known| known.tag == text);
    if let Some(known) = same_tag.or_else(|| known.find(|known| allows(&requirement, known))) {
        return Ok(DependencySource::Oci {
            reference: known.reference(),
        });
    }
    let is_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match text.chars().all(is_tag) {
        true if text.is_empty() => Ok(DependencySource::Oci {
            reference: repository,
        }),
        true => Ok(DependencySource::Oci {
            reference: format!("{repository}:{text}"),
        }),
        false => Err(entry
            .error(
                "version",
                format!("the version of `{repository}` is open, and `wasm.lock.toml` has none"),
            )
            .hint("run `component install`, or set one version, such as `1.2.3`")),
    }
}

/// The versions that a text allows: a requirement as in cargo; nothing and `latest` allow all.
fn requirement(text: &str) -> Result<VersionReq, semver::Error> {
    match text {
        "" | "latest" => Ok(VersionReq::STAR),
        _ => text.parse(),
    }
}

fn invalid(table: &Table<'_>, key: &str, text: &str, error: semver::Error) -> Error {
    table
        .error(
            key,
            format!("invalid version requirement `{text}` in `{}`", table.name),
        )
        .with_cause(error)
        .hint("use cargo's syntax, such as `1.2` or `=1.2.3`")
}

fn allows(requirement: &VersionReq, known: &InstalledPackage) -> bool {
    match Version::from_str(&known.tag) {
        Ok(version) => requirement.matches(&version),
        Err(_) => *requirement == VersionReq::STAR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:168f88965ab730b6fb4db185ff2597f1659ce92331b2cdfcd7104aab09a98c81";

    fn lock() -> WasmLock {
        let known = |name: &str, tag: &str, repository: &str| InstalledPackage {
            name: name.to_owned(),
            tag: tag.to_owned(),
            repository: repository.to_owned(),
            digest: Some(DIGEST.parse().unwrap()),
        };
        WasmLock {
            components: vec![known("demo:app", "latest", "a.example/demo/app")],
            interfaces: vec![
                known("demo:io", "0.2.3", "a.example/demo/io"),
                known("demo:net", "1.4.0", "a.example/demo/net"),
            ],
        }
    }

    fn parsed(text: &str) -> Result<WasmManifest> {
        read(ManifestFile::new("/p/wasm.toml", text), &lock())
    }

    /// What an entry of interfaces leads to: a requirement, or a reference without the digest.
    fn source(entry: &str) -> String {
        let text = format!("[dependencies.interfaces]\n{entry}\n");
        let manifest = parsed(&text).unwrap();
        let dependency = manifest.interfaces.into_values().next().unwrap();
        match dependency.source {
            DependencySource::Registry { requirement, .. } => requirement.to_string(),
            DependencySource::Oci { reference } => {
                reference.replace(&format!("@{DIGEST}"), " (locked)")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_entry_is_what_is_locked_or_what_it_says() {
        for (entry, found) in [
            (
                "\"demo:io\" = \"0.2.0\"",
                "a.example/demo/io:0.2.3 (locked)",
            ),
            (
                "\"demo:io\" = \"latest\"",
                "a.example/demo/io:0.2.3 (locked)",
            ),
            (
                "\"demo:io@0.2.3\" = \"0.2.3\"",
                "a.example/demo/io:0.2.3 (locked)",
            ),
            ("\"demo:io\" = \"0.3\"", "^0.3"),
            ("\"demo:other\" = \"\"", "*"),
            (
                "\"demo:net\" = \"a.example/demo/net:1.4.0\"",
                "a.example/demo/net:1.4.0 (locked)",
            ),
            (
                "\"demo:net\" = \"a.example/demo/net:1.5.0\"",
                "a.example/demo/net:1.5.0",
            ),
            (
                "x = { registry = \"a.example\", namespace = \"demo\", package = \"net\", version = \">=1, <2\" }",
                "a.example/demo/net:1.4.0 (locked)",
            ),
            (
                "x = { registry = \"b.example\", namespace = \"demo\", package = \"net\", version = \"1.4.0\" }",
                "b.example/demo/net:1.4.0",
            ),
        ] {
            assert_eq!(source(entry), found, "{entry}");
        }
    }

    #[test]
    fn components_and_the_package_are_read() {
        let manifest = parsed(
            r#"
[package]
name = "demo:mine"
version = "0.1.0"
registry_ref = "a.example/demo/mine"
kind = "interface"
wit = "api"
authors = ["A", "B"]
license = "MIT"

[dependencies.components."demo:app"]
registry = "a.example"
namespace = "demo"
package = "app"
version = "latest"
permissions = { inherit_network = true }

[dependencies.components]
tool = "a.example/tools/tool:1"
"#,
        )
        .unwrap();
        let package = manifest.package.unwrap();
        assert_eq!(package.name.to_string(), "demo:mine");
        assert_eq!(package.version, Version::new(0, 1, 0));
        assert_eq!(package.wit.unwrap(), PathBuf::from("/p/api"));
        assert_eq!(package.about.authors.as_deref(), Some("A,B"));
        assert_eq!(manifest.restricted, ["demo:app"]);
        assert_eq!(manifest.components["tool"].package, None);
        let DependencySource::Oci { reference } = &manifest.components["demo:app"].source else {
            panic!("no image");
        };
        assert_eq!(*reference, format!("a.example/demo/app:latest@{DIGEST}"));
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (text, found) in [
            ("[package]\nname = \"a:b\"", "missing field `version`"),
            ("[package]\nname = \"a\"\nversion = \"1.0.0\"", "`a`"),
            (
                "[dependencies]\n\"a:b\" = \"1\"",
                "neither a component nor an interface",
            ),
            (
                "[dependencies.interfaces]\n\"a:b\" = 1",
                "a version or a table",
            ),
            (
                "[dependencies.interfaces]\n\"a:b\" = \"one\"",
                "invalid version requirement `one`",
            ),
            (
                "[dependencies.interfaces]\na = \"1\"",
                "is not the name of a package",
            ),
            (
                "[dependencies.interfaces]\n\"a:b\" = {}",
                "missing field `registry`",
            ),
            (
                "[dependencies.interfaces]\n\"a:b\" = { registry = \"r.example\", namespace = \"a\", package = \"b\", version = \">=1\" }",
                "is open, and `wasm.lock.toml` has none",
            ),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.to_string().contains(found), "{text}: {error}");
            assert!(error.excerpt().is_some(), "{text}");
            assert!(error.advice().is_some(), "{text}");
        }
    }
}
