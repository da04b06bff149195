//! Edits that make a package a component.

use toml_edit::{Array, InlineTable, Item, Table, Value};

use super::document::ManifestEdit;
use super::tables::{add_missing, last_table, table, table_or, unexpected};
use crate::base::error::Result;

/// The content of a new `[package.metadata.component]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentTable {
    /// The name the component is published under, `<namespace>:<name>`.
    pub package: String,
    /// The world to implement; `None` is the only world in `wit`.
    pub target: Option<TargetEntry>,
    /// The part of WASI that the component may import.
    pub wasi: WasiEntry,
}

/// The part of WASI that a component may import besides what its world has, as
/// `[package.metadata.component]` says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WasiEntry {
    /// All that its code uses.
    #[default]
    All,
    /// What the built-in adapter for HTTP proxies imports: `proxy = true`.
    Proxy,
    /// Nothing at all of it: `wasi = "none"`.
    None,
    /// What standard error needs: `wasi = "stderr"`.
    Stderr,
}

/// The value of `target` in `[package.metadata.component]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetEntry {
    /// A world of a registry package.
    Registry {
        /// The package, in the form `<namespace>:<name>`.
        package: String,
        /// The world; `None` where the package has only one.
        world: Option<String>,
        /// The versions that will do.
        requirement: String,
        /// The name of the registry; `None` for the one the configuration has.
        registry: Option<String>,
    },
    /// A world of a local directory or file.
    Local {
        /// The path from the directory of the manifest, with `/` between names.
        path: String,
        /// The world; `None` where the package has only one.
        world: Option<String>,
    },
}

/// A dependency on a crate without its default features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrateDependency<'a> {
    /// The name of the crate.
    pub name: &'a str,
    /// The version that is required.
    pub version: &'a str,
    /// The features that are needed.
    pub features: &'a [&'a str],
}

impl ManifestEdit {
    /// Makes the library a `cdylib`, which components are built from.
    /// Where no crate type is set it becomes exactly `crate_types`.
    pub fn crate_types(&mut self, crate_types: &[&str]) -> Result<()> {
        let path = self.path.clone();
        // It goes below `[package]`, where people look for it.
        let mut new = Table::new();
        let package = self.document.get("package").and_then(Item::as_table);
        new.set_position(package.and_then(Table::position));
        let document = self.document.as_table_mut();
        let library = table_or(document, "lib", Item::Table(new), &path)?;
        // Cargo also reads the old spelling.
        let key = match library.contains_key("crate_type") {
            true => "crate_type",
            false => "crate-type",
        };
        match library.get_mut(key) {
            None => {
                let types: Array = crate_types.iter().copied().collect();
                library.insert(key, toml_edit::value(types));
            }
            Some(item) => {
                let types = item
                    .as_array_mut()
                    .ok_or_else(|| unexpected(&path, "lib.crate-type", "an array"))?;
                add_missing(types, &["cdylib"]);
            }
        }
        Ok(())
    }

    /// Adds `[package.metadata.component]` and its empty `dependencies`.
    /// Keys that exist are kept.
    pub fn component(&mut self, settings: &ComponentTable) -> Result<()> {
        let path = self.path.clone();
        let package = table(self.document.as_table_mut(), "package", &path)?;
        let metadata = match package.contains_key("metadata") {
            true => table(package, "metadata", &path)?,
            false => {
                // The header `[package.metadata]` would be empty.
                let mut metadata = Table::new();
                metadata.set_implicit(true);
                table_or(package, "metadata", Item::Table(metadata), &path)?
            }
        };
        let component = table_or(metadata, "component", last_table(), &path)?;
        let mut set = |key: &str, value: Value| {
            if !component.contains_key(key) {
                component.insert(key, Item::Value(value));
            }
        };
        set("package", settings.package.as_str().into());
        if let Some(target) = &settings.target {
            set("target", target.value());
        }
        match settings.wasi {
            WasiEntry::All => {}
            WasiEntry::Proxy => set("proxy", true.into()),
            WasiEntry::None => set("wasi", "none".into()),
            WasiEntry::Stderr => set("wasi", "stderr".into()),
        }
        if !component.contains_key("dependencies") {
            table_or(component, "dependencies", last_table(), &path)?;
        }
        Ok(())
    }

    /// Adds a dependency, or the features that the present one lacks.
    /// The version is left then; the one that is there is the result if it does
    /// not admit the table_entry one.
    pub fn dependency(&mut self, dependency: &CrateDependency<'_>) -> Result<Option<String>> {
        let path = self.path.clone();
        let dependencies = table(self.document.as_table_mut(), "dependencies", &path)?;
        let Some(present) = dependencies.get_mut(dependency.name) else {
            let mut entry = InlineTable::new();
            entry.insert("version", dependency.version.into());
            entry.insert("default-features", false.into());
            let features: Array = dependency.features.iter().copied().collect();
            entry.insert("features", features.into());
            dependencies.insert(dependency.name, toml_edit::value(entry));
            return Ok(None);
        };
        let different = |version: &Item| {
            let version = version.as_str()?;
            let admits = || {
                let required = dependency.version.parse().ok()?;
                let present: semver::VersionReq = version.parse().ok()?;
                Some(present.matches(&required))
            };
            (admits() != Some(true)).then(|| version.to_owned())
        };
        // A plain version has the default features, which include all of these.
        if present.is_str() {
            return Ok(different(present));
        }
        let name = format!("dependencies.{}", dependency.name);
        let entry = present
            .as_table_like_mut()
            .ok_or_else(|| unexpected(&path, &name, "a version or a table"))?;
        let version = entry.get("version").and_then(different);
        let defaults = ["default-features", "default_features"]
            .iter()
            .find_map(|key| entry.get(key)?.as_bool());
        if defaults == Some(false) {
            let features = entry
                .entry("features")
                .or_insert(toml_edit::value(Array::new()));
            let features = features
                .as_array_mut()
                .ok_or_else(|| unexpected(&path, &format!("{name}.features"), "an array"))?;
            add_missing(features, dependency.features);
        }
        Ok(version)
    }
}

impl TargetEntry {
    fn value(&self) -> Value {
        match self {
            TargetEntry::Registry {
                package,
                world,
                requirement,
                registry: None,
            } => match world {
                Some(world) => format!("{package}/{world}@{requirement}").into(),
                None => format!("{package}@{requirement}").into(),
            },
            TargetEntry::Registry {
                package,
                world,
                requirement,
                registry: Some(registry),
            } => {
                let mut entry = InlineTable::new();
                entry.insert("package", package.as_str().into());
                entry.insert("version", requirement.as_str().into());
                if let Some(world) = world {
                    entry.insert("world", world.as_str().into());
                }
                entry.insert("registry", registry.as_str().into());
                entry.into()
            }
            TargetEntry::Local { path, world } => {
                let mut entry = InlineTable::new();
                entry.insert("path", path.as_str().into());
                if let Some(world) = world {
                    entry.insert("world", world.as_str().into());
                }
                entry.into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn edit(text: &str, edits: impl Fn(&mut ManifestEdit)) -> String {
        let mut manifest = ManifestEdit::new(Path::new("Cargo.toml"), text).unwrap();
        edits(&mut manifest);
        let once = manifest.text();
        let mut manifest = ManifestEdit::new(Path::new("Cargo.toml"), &once).unwrap();
        edits(&mut manifest);
        assert_eq!(manifest.text(), once, "not idempotent");
        once
    }

    fn table() -> ComponentTable {
        ComponentTable {
            package: "component:a".into(),
            target: None,
            wasi: WasiEntry::All,
        }
    }

    const DEPENDENCY: CrateDependency<'_> = CrateDependency {
        name: "wit-bindgen",
        version: "0.63.0",
        features: &["realloc", "std"],
    };

    #[test]
    fn a_new_manifest_becomes_a_component() {
        let text = edit(
            "[package]\nname = \"a\"\nversion = \"0.1.0\"\n\n[dependencies]\n",
            |manifest| {
                manifest.crate_types(&["cdylib"]).unwrap();
                assert_eq!(manifest.dependency(&DEPENDENCY).unwrap(), None);
                let proxy = ComponentTable {
                    wasi: WasiEntry::Proxy,
                    ..table()
                };
                manifest.component(&proxy).unwrap();
            },
        );
        let expected = r#"[package]
name = "a"
version = "0.1.0"

[lib]
crate-type = ["cdylib"]

[dependencies]
wit-bindgen = { version = "0.63.0", default-features = false, features = ["realloc", "std"] }

[package.metadata.component]
package = "component:a"
proxy = true

[package.metadata.component.dependencies]
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_there_is_kept() {
        let before = r#"# mine
[package]
name = "a" # a name
metadata.component = { package = "my:own" }

[dependencies] # crates
wit-bindgen = { version = "0.40", default-features = false, features = ["macros"] }
[lib]
crate-type = ["rlib"]
"#;
        let text = edit(before, |manifest| {
            manifest.crate_types(&["cdylib"]).unwrap();
            let other = manifest.dependency(&DEPENDENCY).unwrap();
            assert_eq!(other.as_deref(), Some("0.40"));
            manifest.component(&table()).unwrap();
        });
        for kept in [
            "# mine\n",
            "name = \"a\" # a name\n",
            "package = \"my:own\"",
            "[dependencies] # crates\n",
            "\"macros\", \"realloc\", \"std\"",
            "crate-type = [\"rlib\", \"cdylib\"]",
        ] {
            assert!(text.contains(kept), "{kept} in\n{text}");
        }
        assert!(!text.contains("component:a"), "{text}");
    }

    #[test]
    fn a_dependency_with_default_features_needs_no_more() {
        // Whatever admits the wanted version will do.
        for version in [
            "\"0.63.0\"",
            "{ version = \"0.63.0\" }",
            "\"0.63\"",
            "\">=0.60, <1\"",
        ] {
            let before = format!("[dependencies]\nwit-bindgen = {version}\n");
            let text = edit(&before, |manifest| {
                assert_eq!(manifest.dependency(&DEPENDENCY).unwrap(), None);
            });
            assert_eq!(text, before);
        }
    }

    #[test]
    fn a_binary_with_the_name_of_the_library_is_found() {
        let package = "[package]\nname = \"my-app\"\n";
        let main = [("my-app".to_owned(), "src/main.rs")];
        let clash = |more: &str, inferred: &[(String, &str)]| {
            let text = format!("{package}{more}");
            let manifest = ManifestEdit::new(Path::new("Cargo.toml"), &text).unwrap();
            manifest.clashing_binary(inferred)
        };
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(clash("", &[]), None);
        assert_eq!(clash("", &main), named("my-app"));
        assert_eq!(clash("[lib]\nname = \"my_lib\"\n", &main), None);
        assert_eq!(clash("autobins = false\n", &main), None);
        let bin = "[[bin]]\nname = \"other\"\npath = \"src/main.rs\"\n";
        assert_eq!(clash(bin, &main), None);
        assert_eq!(clash("[[bin]]\nname = \"my_app\"\n", &[]), named("my_app"));
    }

    #[test]
    fn targets_are_written_in_their_short_form() {
        for (target, expected) in [
            (
                TargetEntry::Registry {
                    package: "a:b".into(),
                    world: Some("c".into()),
                    requirement: "1.0.0".into(),
                    registry: None,
                },
                "target = \"a:b/c@1.0.0\"\n",
            ),
            (
                TargetEntry::Local {
                    path: "../wit".into(),
                    world: None,
                },
                "target = { path = \"../wit\" }\n",
            ),
            (
                TargetEntry::Local {
                    path: "wit".into(),
                    world: Some("w".into()),
                },
                "target = { path = \"wit\", world = \"w\" }\n",
            ),
        ] {
            let wanted_table = ComponentTable {
                target: Some(target),
                ..table()
            };
            let text = edit("[package]\nname = \"a\"\n", |manifest| {
                manifest.component(&wanted_table).unwrap();
                assert!(manifest.has_target());
            });
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn a_broken_manifest_is_shown_where_it_breaks() {
        let error = ManifestEdit::new(Path::new("Cargo.toml"), "a = \n").unwrap_err();
        assert_eq!(error.message(), "failed to parse `Cargo.toml`");
        assert!(error.excerpt().is_some());
        let mut manifest = ManifestEdit::new(Path::new("Cargo.toml"), "lib = 1\n").unwrap();
        let error = manifest.crate_types(&["cdylib"]).unwrap_err();
        assert_eq!(error.message(), "`lib` in `Cargo.toml` is not a table");
    }
}
