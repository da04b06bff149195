//! Edits of a `Cargo.toml` that make a package a component, and of the tables
//! of dependencies of any manifest.
//!
//! Comments and order of the document stay, what is set already stays as it
//! is, and an edit made twice changes nothing the second time.

mod dependencies;
mod migration;
pub mod wit_toml;

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::base::error::{Error, Excerpt, Result};

pub use dependencies::{DependencyEntry, DependencyTable};
pub use migration::Replaced;

/// What `[package.metadata.component]` is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentTable {
    /// The name the component is published under, `<namespace>:<name>`.
    pub package: String,
    /// The world to implement; `None` is the only world in `wit`.
    pub target: Option<TargetEntry>,
    /// Whether the built-in adapter for HTTP proxies is used.
    pub proxy: bool,
}

/// The value of `target` in `[package.metadata.component]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetEntry {
    /// A world of a registry package.
    Registry {
        /// `<ns>:<pkg>`.
        package: String,
        /// `None` where the package has only one world.
        world: Option<String>,
        /// The versions that will do.
        requirement: String,
        /// The name of the registry; `None` for the one the configuration has.
        registry: Option<String>,
    },
    /// A world of a local directory or file.
    Local {
        /// Relative to the directory of the manifest, with `/` between names.
        path: String,
        /// `None` where the package has only one world.
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

/// A `Cargo.toml`, `wkg.toml` or `wit.toml` that is being edited.
#[derive(Debug)]
pub struct ManifestEdit {
    path: PathBuf,
    document: DocumentMut,
}

impl ManifestEdit {
    /// Starts with `text`, the content of `path`.
    pub fn new(path: &Path, text: &str) -> Result<Self> {
        let document = text.parse().map_err(|e: toml_edit::TomlError| {
            let message = format!("failed to parse `{}`", path.display());
            let error = Error::input(message).with_cause(e.message());
            match e.span() {
                Some(span) => error.at(Excerpt::new(path, text, span)),
                None => error,
            }
        })?;
        Ok(ManifestEdit {
            path: path.to_owned(),
            document,
        })
    }

    /// The document as it is now.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// The name of the package; `None` for a workspace without one.
    pub fn package_name(&self) -> Option<&str> {
        self.document.get("package")?.get("name")?.as_str()
    }

    /// The edition of the package; one that is inherited is taken to be 2021.
    pub fn edition(&self) -> &str {
        let edition = || self.document.get("package")?.get("edition");
        match edition() {
            None => "2015",
            Some(edition) => edition.as_str().unwrap_or("2021"),
        }
    }

    /// Where the source of the library is said to be, relative to the manifest.
    pub fn library_path(&self) -> Option<&str> {
        self.document.get("lib")?.get("path")?.as_str()
    }

    /// Whether there is a table `[lib]`.
    pub fn declares_library(&self) -> bool {
        self.document.contains_key("lib")
    }

    /// The binary whose file would be that of the library as well, since both
    /// have the same name. `inferred` are the names of binaries without an
    /// entry, with their files relative to the manifest.
    pub fn clashing_binary(&self, inferred: &[(String, &str)]) -> Option<String> {
        let name = || self.document.get("lib")?.get("name")?.as_str();
        // Cargo names the files of both with underscores.
        let plain = |name: &str| name.replace('-', "_");
        let library = plain(name().or_else(|| self.package_name())?);
        let entries = self.document.get("bin").and_then(Item::as_array_of_tables);
        let text = |table: &Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let declared = || entries.into_iter().flatten();
        let claimed = |file: &str| declared().any(|bin| text(bin, "path").as_deref() == Some(file));
        let package = self.document.get("package");
        let inferring = package.and_then(|package| package.get("autobins")?.as_bool());
        let found = inferred
            .iter()
            .filter(|(_, file)| inferring != Some(false) && !claimed(file))
            .map(|(name, _)| name.clone());
        let mut all = declared().filter_map(|bin| text(bin, "name")).chain(found);
        all.find(|name| plain(name) == library)
    }

    /// Whether `[package.metadata.component]` names a target.
    pub fn has_target(&self) -> bool {
        let component = || {
            let package = self.document.get("package")?;
            package.get("metadata")?.get("component")?.get("target")
        };
        component().is_some()
    }

    /// Makes the library a `cdylib`, which is what a component is made of.
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
    /// Keys that are there are kept.
    pub fn component(&mut self, wanted: &ComponentTable) -> Result<()> {
        let path = self.path.clone();
        let package = table(self.document.as_table_mut(), "package", &path)?;
        let metadata = match package.contains_key("metadata") {
            true => table(package, "metadata", &path)?,
            false => {
                // The header `[package.metadata]` would say nothing.
                let mut metadata = Table::new();
                metadata.set_implicit(true);
                table_or(package, "metadata", Item::Table(metadata), &path)?
            }
        };
        let component = table_or(metadata, "component", last(), &path)?;
        let mut set = |key: &str, value: Value| {
            if !component.contains_key(key) {
                component.insert(key, Item::Value(value));
            }
        };
        set("package", wanted.package.as_str().into());
        if let Some(target) = &wanted.target {
            set("target", target.value());
        }
        if wanted.proxy {
            set("proxy", true.into());
        }
        if !component.contains_key("dependencies") {
            table_or(component, "dependencies", last(), &path)?;
        }
        Ok(())
    }

    /// Adds a dependency, or features that it lacks where it is there already.
    /// The version is left then; the one that is there is the result if it does
    /// not admit the wanted one.
    pub fn dependency(&mut self, wanted: &CrateDependency<'_>) -> Result<Option<String>> {
        let path = self.path.clone();
        let dependencies = table(self.document.as_table_mut(), "dependencies", &path)?;
        let Some(present) = dependencies.get_mut(wanted.name) else {
            let mut entry = InlineTable::new();
            entry.insert("version", wanted.version.into());
            entry.insert("default-features", false.into());
            let features: Array = wanted.features.iter().copied().collect();
            entry.insert("features", features.into());
            dependencies.insert(wanted.name, toml_edit::value(entry));
            return Ok(None);
        };
        let different = |version: &Item| {
            let version = version.as_str()?;
            let admits = || {
                let wanted = wanted.version.parse().ok()?;
                let asked: semver::VersionReq = version.parse().ok()?;
                Some(asked.matches(&wanted))
            };
            (admits() != Some(true)).then(|| version.to_owned())
        };
        // A plain version has the default features, which are all we need.
        if present.is_str() {
            return Ok(different(present));
        }
        let name = format!("dependencies.{}", wanted.name);
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
            add_missing(features, wanted.features);
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

/// The text of a new `wit.toml`, as the `wit` CLI writes it.
pub fn wit_manifest(registry: Option<&str>) -> String {
    let mut document = DocumentMut::new();
    document["version"] = toml_edit::value("0.1.0");
    if let Some(registry) = registry {
        let mut registries = Table::new();
        registries.insert("default", toml_edit::value(registry));
        document["registries"] = Item::Table(registries);
    }
    document.to_string()
}

/// A table with a header at the end of the document.
fn last() -> Item {
    let mut table = Table::new();
    table.set_position(Some(isize::MAX));
    Item::Table(table)
}

/// The table under `key`, made if it is not there.
fn table<'a>(
    parent: &'a mut dyn TableLike,
    key: &str,
    path: &Path,
) -> Result<&'a mut dyn TableLike> {
    table_or(parent, key, toml_edit::table(), path)
}

/// The table under `key`, `new` if it is not there.
fn table_or<'a>(
    parent: &'a mut dyn TableLike,
    key: &str,
    new: Item,
    path: &Path,
) -> Result<&'a mut dyn TableLike> {
    let item = parent.entry(key).or_insert(new);
    item.as_table_like_mut()
        .ok_or_else(|| unexpected(path, key, "a table"))
}

fn unexpected(path: &Path, key: &str, wanted: &str) -> Error {
    Error::input(format!("`{key}` in `{}` is not {wanted}", path.display()))
}

/// Adds to the array the strings it lacks.
fn add_missing(array: &mut Array, wanted: &[&str]) {
    for text in wanted {
        if !array.iter().any(|value| value.as_str() == Some(text)) {
            array.push(*text);
        }
    }
}

#[cfg(test)]
mod tests {
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
            proxy: false,
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
                    proxy: true,
                    ..table()
                };
                manifest.component(&proxy).unwrap();
            },
        );
        let wanted = r#"[package]
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
        assert_eq!(text, wanted);
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
        for (target, wanted) in [
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
            assert!(text.contains(wanted), "{text}");
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
