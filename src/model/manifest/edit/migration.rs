//! Edits that bring the `Cargo.toml` of another tool to this layout.

use toml_edit::{Array, InlineTable, Item, Key, TableLike, Value};

use super::component::CrateDependency;
use super::document::ManifestEdit;
use super::tables::{add_missing, last_table, table_or, unexpected};
use crate::base::error::Result;
use crate::model::manifest::keys::BINDINGS;

/// The outcome of [`ManifestEdit::replace_dependency`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplaceOutcome {
    /// The manifest does not have the old crate.
    Absent,
    /// The new one is in its place; with the requirement that it had already, if
    /// that does not admit the new version.
    Replaced(Option<String>),
    /// Nothing was changed, for this reason.
    Unchanged(&'static str),
}

impl ManifestEdit {
    /// Puts a dependency in the place of another one and keeps the comments of that
    /// place. Tables of targets count, those of tests and build scripts do not.
    pub fn replace_dependency(
        &mut self,
        old: &str,
        new: &CrateDependency<'_>,
    ) -> Result<ReplaceOutcome> {
        if self.is_named_by_a_feature(old) {
            return Ok(ReplaceOutcome::Unchanged(
                "a feature of the package refers to it",
            ));
        }
        let mut tables: Vec<Vec<String>> = vec![vec!["dependencies".to_owned()]];
        let targets = self.document.get("target").and_then(Item::as_table_like);
        for (target, _) in targets.into_iter().flat_map(TableLike::iter) {
            tables.push(vec!["target".into(), target.into(), "dependencies".into()]);
        }
        tables.retain(|path| self.at(path).is_some_and(|table| table.contains_key(old)));
        if tables.is_empty() {
            return Ok(ReplaceOutcome::Absent);
        }
        for path in &tables {
            let entry = self.at(path).and_then(|table| table.get(old));
            if let Some(reason) = entry.and_then(refusal_reason) {
                return Ok(ReplaceOutcome::Unchanged(reason));
            }
        }
        let mut different = None;
        for path in tables {
            let has = |table: &dyn TableLike| table.contains_key(new.name);
            if !self.at(&path).is_some_and(has) {
                self.at_mut(&path)
                    .into_iter()
                    .for_each(|t| replace_entry(t, old, new));
                continue;
            }
            if let Some(table) = self.at_mut(&path) {
                table.remove(old);
            }
            if path.len() == 1 {
                different = self.dependency(new)?;
            }
        }
        Ok(ReplaceOutcome::Replaced(different))
    }

    /// Removes unknown keys of `[package.metadata.component.bindings]`, which
    /// cargo-component 0.21.1 ignored; their names.
    pub fn drop_unknown_bindings(&mut self) -> Vec<String> {
        let path = ["package", "metadata", "component", "bindings"].map(str::to_owned);
        let Some(table) = self.at_mut(&path) else {
            return Vec::new();
        };
        let known = |key: &str| BINDINGS.iter().any(|known| known.name == key);
        let unknown = table.iter().map(|(key, _)| key.to_owned());
        let unknown: Vec<String> = unknown.filter(|key| !known(key)).collect();
        for key in &unknown {
            table.remove(key);
        }
        unknown
    }

    /// Adds features of the WIT that `[package.metadata.component]` does not have
    /// yet; nothing without that table.
    pub fn features(&mut self, features: &[String]) -> Result<()> {
        if features.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        let component = ["package", "metadata", "component"].map(str::to_owned);
        let Some(component) = self.at_mut(&component) else {
            return Ok(());
        };
        let bindings = table_or(component, "bindings", last_table(), &path)?;
        let array = bindings
            .entry("features")
            .or_insert(toml_edit::value(Array::new()));
        let array = array
            .as_array_mut()
            .ok_or_else(|| unexpected(&path, "bindings.features", "an array"))?;
        let features: Vec<&str> = features.iter().map(String::as_str).collect();
        add_missing(array, &features);
        Ok(())
    }

    /// Whether `[workspace.dependencies]` has an entry.
    pub fn shares_dependency(&self, name: &str) -> bool {
        let path = ["workspace", "dependencies"].map(str::to_owned);
        self.at(&path).is_some_and(|table| table.contains_key(name))
    }

    /// Whether a feature of the package names a dependency.
    fn is_named_by_a_feature(&self, name: &str) -> bool {
        let features = self.document.get("features").and_then(Item::as_table_like);
        let lists = features.into_iter().flat_map(TableLike::iter);
        let mut words = lists.filter_map(|(_, list)| list.as_array()).flatten();
        words.any(|word| {
            let word = word.as_str().unwrap_or_default();
            let word = word.strip_prefix("dep:").unwrap_or(word);
            let word = word.split('/').next().unwrap_or(word);
            word.trim_end_matches('?') == name
        })
    }

    fn at(&self, path: &[String]) -> Option<&dyn TableLike> {
        let mut item = self.document.as_item();
        for key in path {
            item = item.get(key)?;
        }
        item.as_table_like()
    }

    fn at_mut(&mut self, path: &[String]) -> Option<&mut dyn TableLike> {
        let mut item = self.document.as_item_mut();
        for key in path {
            item = item.get_mut(key)?;
        }
        item.as_table_like_mut()
    }
}

/// Why an entry is not one that can be replaced.
fn refusal_reason(entry: &Item) -> Option<&'static str> {
    let entry = entry.as_table_like()?;
    let optional = entry.get("optional").and_then(Item::as_bool);
    let elsewhere = ["path", "git", "registry", "package"];
    match elsewhere.iter().any(|key| entry.contains_key(key)) {
        _ if optional == Some(true) => Some("it is optional"),
        true => Some("it does not come from crates.io under its own name"),
        false => None,
    }
}

/// Puts the new crate in the place of the old one.
fn replace_entry(table: &mut dyn TableLike, old: &str, new: &CrateDependency<'_>) {
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for name in names {
        let (key, item) = (table.key(&name).cloned(), table.remove(&name));
        let (Some(mut key), Some(mut item)) = (key, item) else {
            continue;
        };
        if name == old {
            let mut renamed = Key::new(new.name);
            *renamed.leaf_decor_mut() = match dotted(&item) {
                // The comments before the line belong to its last key.
                Some((last, _)) => last.leaf_decor().clone(),
                None => key.leaf_decor().clone(),
            };
            key = renamed;
            item = entry(item, new);
        }
        // Taken out and put back in order, every entry stays where it was.
        table.entry_format(&key).or_insert(item);
    }
}

/// The entry of the new crate, with the feature `async` if the old one had it.
fn entry(old: Item, new: &CrateDependency<'_>) -> Item {
    let mut features: Array = new.features.iter().copied().collect();
    let old_features = old.get("features").and_then(Item::as_array);
    let is_async = |feature: &Value| feature.as_str() == Some("async");
    if old_features.is_some_and(|features| features.iter().any(is_async)) {
        add_missing(&mut features, &["async"]);
    }
    match old {
        Item::Table(mut table) if !table.is_dotted() => {
            table.remove("workspace");
            table.insert("version", toml_edit::value(new.version));
            table.insert("default-features", toml_edit::value(false));
            table.insert("features", toml_edit::value(features));
            Item::Table(table)
        }
        old => {
            let mut entry = InlineTable::new();
            entry.insert("version", new.version.into());
            entry.insert("default-features", false.into());
            entry.insert("features", features.into());
            let mut value = Value::InlineTable(entry);
            let present = dotted(&old).map_or(&old, |(_, value)| value);
            if let Some(present) = present.as_value() {
                *value.decor_mut() = present.decor().clone();
            }
            Item::Value(value)
        }
    }
}

/// The last key and the value of an entry in the form `name.key = value`.
fn dotted(entry: &Item) -> Option<(&Key, &Item)> {
    let table = entry.as_table().filter(|table| table.is_dotted())?;
    let (key, _) = table.iter().next()?;
    table.get_key_value(key)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const WANTED: CrateDependency<'_> = CrateDependency {
        name: "wit-bindgen",
        version: "0.63.0",
        features: &["realloc"],
    };

    fn edit(text: &str) -> ManifestEdit {
        ManifestEdit::new(Path::new("Cargo.toml"), text).unwrap()
    }

    fn replaced(text: &str) -> (ReplaceOutcome, String) {
        let mut manifest = edit(text);
        let found = manifest.replace_dependency("wit-bindgen-rt", &WANTED);
        (found.unwrap(), manifest.text())
    }

    const NEW: &str = "wit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }";

    #[test]
    fn the_new_crate_stands_where_the_old_one_did() {
        let (found, text) = replaced(
            "[dependencies]\na = \"1\"\n# the runtime\nwit-bindgen-rt = { version = \"0.44.0\", features = [\"bitflags\"] } # here\nz = \"1\" # z\n",
        );
        assert_eq!(found, ReplaceOutcome::Replaced(None));
        let new =
            format!("[dependencies]\na = \"1\"\n# the runtime\n{NEW} # here\nz = \"1\" # z\n");
        assert_eq!(text, new);
        assert_eq!(replaced(&text), (ReplaceOutcome::Absent, text.clone()));
    }

    #[test]
    fn every_form_of_an_entry_is_replaced() {
        for (text, new) in [
            ("[dependencies]\nwit-bindgen-rt = \"0.44\"\n", NEW),
            (
                "[dependencies]\n# it\nwit-bindgen-rt.workspace = true # here\nz = \"1\"\n",
                "[dependencies]\n# it\nNEW # here\nz = \"1\"\n",
            ),
            (
                "[dependencies]\nwit-bindgen-rt = { workspace = true }\n",
                NEW,
            ),
            (
                "[target.'cfg(target_os = \"wasi\")'.dependencies]\nwit-bindgen-rt = \"0.44\"\n",
                NEW,
            ),
            (
                "[dependencies.wit-bindgen-rt] # it\nversion = \"0.44.0\"\nfeatures = [\"async\"]\n[lib]\n",
                "[dependencies.wit-bindgen] # it\nversion = \"0.63.0\"\nfeatures = [\"realloc\", \"async\"]\ndefault-features = false\n[lib]\n",
            ),
        ] {
            let (found, text) = replaced(text);
            assert_eq!(found, ReplaceOutcome::Replaced(None));
            let new = &new.replace("NEW", NEW);
            assert!(text.contains(new) && !text.contains("bindgen-rt"), "{text}");
        }
        let (found, text) = replaced(
            "[dependencies]\nwit-bindgen-rt = \"0.44\"\nwit-bindgen = { version = \"0.40\", default-features = false }\n",
        );
        assert_eq!(found, ReplaceOutcome::Replaced(Some("0.40".into())));
        assert!(
            !text.contains("bindgen-rt") && text.contains("[\"realloc\"]"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_plain_is_kept() {
        for text in [
            "[dependencies]\nwit-bindgen-rt = { version = \"0.44\", optional = true }\n",
            "[dependencies]\nwit-bindgen-rt = { path = \"../rt\" }\n",
            "[dependencies]\nwit-bindgen-rt = \"0.44\"\n[features]\na = [\"wit-bindgen-rt/async\"]\n",
        ] {
            let (found, after) = replaced(text);
            assert!(matches!(found, ReplaceOutcome::Unchanged(_)), "{found:?}");
            assert_eq!(after, text);
        }
        let tests = "[dev-dependencies]\nwit-bindgen-rt = \"0.44\"\n";
        assert_eq!(replaced(tests), (ReplaceOutcome::Absent, tests.to_owned()));
    }

    #[test]
    fn keys_that_mean_nothing_go_and_features_come() {
        let mut manifest = edit(
            "[package.metadata.component.bindings]\n# mine\nderives = [\"A\"]\nderive = 1\nfeatures = [\"a\"]\n",
        );
        assert_eq!(manifest.drop_unknown_bindings(), ["derive"]);
        manifest.features(&["a".into(), "b".into()]).unwrap();
        assert_eq!(
            manifest.text(),
            "[package.metadata.component.bindings]\n# mine\nderives = [\"A\"]\nfeatures = [\"a\", \"b\"]\n"
        );
    }
}
