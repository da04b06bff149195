//! Entries added to and removed from the tables of dependencies.

use toml_edit::{Array, InlineTable, Item, Table, TableLike, Value};

use super::document::ManifestEdit;
use super::tables::{table_or, unexpected};
use crate::base::error::{Error, Result};

/// The tables of dependencies of all manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyTable {
    /// `[package.metadata.component.dependencies]`, the table of components.
    Component,
    /// `[package.metadata.component.dev-dependencies]`, the table of components for tests.
    Dev,
    /// `[package.metadata.component.target.dependencies]`, the table of WIT packages.
    Target,
    /// `[workspace.metadata.component.dependencies]`, which members inherit from.
    Workspace,
    /// `[overrides]` of a `wkg.toml`.
    Overrides,
    /// `[dependencies]` of a `wit.toml`.
    Wit,
    /// All of a `deps.toml`.
    Deps,
}

impl DependencyTable {
    /// The name of the table in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            DependencyTable::Component => "package.metadata.component.dependencies",
            DependencyTable::Dev => "package.metadata.component.dev-dependencies",
            DependencyTable::Target => "package.metadata.component.target.dependencies",
            DependencyTable::Workspace => "workspace.metadata.component.dependencies",
            DependencyTable::Overrides => "overrides",
            DependencyTable::Wit => "dependencies",
            DependencyTable::Deps => "",
        }
    }

    /// The tables around it, and its own key, where it is not the whole file.
    fn path(self) -> (Vec<&'static str>, Option<&'static str>) {
        match self.name().rsplit_once('.') {
            Some((parents, key)) => (parents.split('.').collect(), Some(key)),
            None => (
                Vec::new(),
                Some(self.name()).filter(|name| !name.is_empty()),
            ),
        }
    }
}

/// The content of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyEntry {
    /// The package, where the entry's key is not its name.
    pub package: Option<String>,
    /// The version requirement of the entry.
    pub version: Option<String>,
    /// The name of the registry.
    pub registry: Option<String>,
    /// A path instead of a registry.
    pub path: Option<String>,
    /// An OCI artifact instead of a version in a registry.
    pub oci: Option<String>,
    /// What a component may import from outside; everything if none.
    pub allow: Option<Vec<String>>,
}

impl DependencyEntry {
    fn value(&self, which: DependencyTable) -> Value {
        let fields = [
            ("package", &self.package),
            ("version", &self.version),
            ("registry", &self.registry),
            ("path", &self.path),
            ("oci", &self.oci),
        ];
        let given: Vec<_> = fields
            .iter()
            .filter_map(|(key, value)| Some((*key, value.as_ref()?)))
            .collect();
        match (given.as_slice(), &self.allow) {
            ([("path", path)], _) if which == DependencyTable::Deps => Value::from(path.as_str()),
            ([("version", version)], None) if which != DependencyTable::Overrides => {
                Value::from(version.as_str())
            }
            (_, allow) => {
                let mut table = InlineTable::new();
                for (key, value) in given {
                    table.insert(key, value.as_str().into());
                }
                if let Some(words) = allow {
                    let words: Array = words.iter().map(String::as_str).collect();
                    table.insert("allow", Value::Array(words));
                }
                Value::InlineTable(table)
            }
        }
    }

    /// Gives an entry of a manifest this source; whether that changes it. A requirement and a
    /// registry beside the path of a dependency say where it is published, and so stay
    /// beside another path.
    fn replace_source(&self, old: &mut Item, which: DependencyTable) -> bool {
        let before = old.to_string();
        if let Some(short) = old.as_value_mut().filter(|value| value.is_str()) {
            let new = self.value(which);
            if new.as_str().is_none() || new.as_str() != short.as_str() {
                let decor = short.decor().clone();
                *short = new;
                *short.decor_mut() = decor;
            }
        } else if let Some(table) = old.as_table_like_mut() {
            let published = self.path.is_some() && table.contains_key("path");
            let kept = |new: &Option<String>| published && new.is_none();
            set(table, "package", self.package.as_deref());
            if !kept(&self.version) {
                set(table, "version", self.version.as_deref());
            }
            if !kept(&self.registry) {
                set(table, "registry", self.registry.as_deref());
            }
            set(table, "path", self.path.as_deref());
            set(table, "oci", self.oci.as_deref());
            table.remove("workspace");
            if let Some(words) = &self.allow {
                let words: Array = words.iter().map(String::as_str).collect();
                let words = Value::Array(words);
                let is_there = |item: &Item| item.to_string().trim() == words.to_string();
                if !table.get("allow").is_some_and(is_there) {
                    table.insert("allow", Item::Value(words));
                }
            }
        }
        let is_changed = old.to_string() != before;
        if let Some(table) = old.as_inline_table_mut().filter(|_| is_changed) {
            table.fmt();
        }
        is_changed
    }
}

/// Sets a text in the table of an entry, or removes it.
fn set(table: &mut dyn TableLike, key: &str, text: Option<&str>) {
    match (text, table.get_mut(key).and_then(Item::as_value_mut)) {
        (None, _) => drop(table.remove(key)),
        (Some(text), None) => drop(table.insert(key, Item::Value(text.into()))),
        (Some(text), Some(old)) if old.as_str() != Some(text) => {
            let decor = old.decor().clone();
            *old = text.into();
            *old.decor_mut() = decor;
        }
        _ => {}
    }
}

/// What [`ManifestEdit::add_dependency`] did to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryChange {
    /// There was none with this key.
    Added,
    /// It said something else before.
    Changed,
    /// It says the same as before.
    Unchanged,
}

impl ManifestEdit {
    /// Adds an entry, or changes the one that has the key: its source becomes the given one,
    /// and what else it says stays.
    pub fn add_dependency(
        &mut self,
        which: DependencyTable,
        key: &str,
        entry: &DependencyEntry,
    ) -> Result<EntryChange> {
        let path = self.path.clone();
        let mut implicit = Table::new();
        implicit.set_implicit(true);
        let (parents, name) = which.path();
        let mut parent: &mut dyn TableLike = self.document.as_table_mut();
        for inner in parents {
            if inner == "target" && parent.get(inner).is_some_and(Item::is_str) {
                return Err(Error::input(format!(
                    "cannot add dependency `{key}` to a registry package target"
                ))
                .hint("the target is a package from a registry, which includes its dependencies"));
            }
            parent = table_or(parent, inner, Item::Table(implicit.clone()), &path)?;
        }
        let table = match name {
            Some(name) => table_or(parent, name, Item::Table(Table::new()), &path)?,
            None => parent,
        };
        match table.get_mut(key) {
            None => {
                table.insert(key, Item::Value(entry.value(which)));
                Ok(EntryChange::Added)
            }
            Some(old) => Ok(match entry.replace_source(old, which) {
                true => EntryChange::Changed,
                false => EntryChange::Unchanged,
            }),
        }
    }

    /// Removes an entry; whether it was there. The table of the target goes
    /// with its last entry: as long as it is there, everything the WIT names
    /// must be in it.
    pub fn remove_dependency(&mut self, which: DependencyTable, key: &str) -> Result<bool> {
        let path = self.path.clone();
        let mut parent = self.document.as_item_mut();
        let (parents, last) = which.path();
        for part in parents {
            match parent.get_mut(part).filter(|inner| !inner.is_none()) {
                Some(inner) => parent = inner,
                None => return Ok(false),
            }
        }
        let found = match last {
            Some(last) => parent.get_mut(last).filter(|inner| !inner.is_none()),
            None => Some(&mut *parent),
        };
        let Some(item) = found else {
            return Ok(false);
        };
        let table = item
            .as_table_like_mut()
            .ok_or_else(|| unexpected(&path, which.name(), "a table"))?;
        let removed = table.remove(key).is_some();
        let empty = table.is_empty() && which == DependencyTable::Target;
        if let Some(last) = last.filter(|_| removed && empty) {
            let parent = parent.as_table_like_mut();
            parent.and_then(|parent| parent.remove(last));
        }
        Ok(removed)
    }

    /// Puts lines of comment above an entry that was added.
    pub fn comment_dependency(&mut self, which: DependencyTable, key: &str, lines: &str) {
        let (parents, last) = which.path();
        let mut item = Some(self.document.as_item_mut());
        for part in parents.into_iter().chain(last) {
            item = item.and_then(|item| item.get_mut(part));
        }
        let table = item.and_then(Item::as_table_like_mut);
        if let Some(mut key) = table.and_then(|table| table.key_mut(key)) {
            key.leaf_decor_mut().set_prefix(lines);
        }
    }

    /// Gives an entry another requirement; whether it is there and has one.
    pub fn set_requirement(&mut self, which: DependencyTable, key: &str, version: &str) -> bool {
        let (parents, last) = which.path();
        let mut entry = Some(self.document.as_item_mut());
        for part in parents.into_iter().chain(last).chain([key]) {
            entry = entry.and_then(|entry| entry.get_mut(part));
        }
        let entry = match entry {
            Some(entry) if entry.is_str() => Some(entry),
            other => other.and_then(|entry| entry.get_mut("version")),
        };
        let Some(value) = entry.and_then(Item::as_value_mut) else {
            return false;
        };
        let decor = value.decor().clone();
        *value = Value::from(version);
        *value.decor_mut() = decor;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn entry(version: &str) -> DependencyEntry {
        DependencyEntry {
            package: None,
            version: Some(version.to_owned()),
            registry: None,
            path: None,
            oci: None,
            allow: None,
        }
    }

    const TEXT: &str = "[package]\nname = \"x\" # a comment\n\n[package.metadata.component]\npackage = \"a:x\"\n\n[package.metadata.component.dependencies]\n\"b:c\" = \"1\" # kept\n\n[dependencies]\n";

    #[test]
    fn an_entry_goes_to_its_table_and_nothing_else_changes() {
        let mut edit = ManifestEdit::new(Path::new("Cargo.toml"), TEXT).unwrap();
        edit.add_dependency(DependencyTable::Component, "d:e", &entry("2"))
            .unwrap();
        let expected = TEXT.replace("# kept\n", "# kept\n\"d:e\" = \"2\"\n");
        assert_eq!(edit.text(), expected);
        assert!(
            edit.remove_dependency(DependencyTable::Component, "d:e")
                .unwrap()
        );
        assert!(
            !edit
                .remove_dependency(DependencyTable::Component, "d:e")
                .unwrap()
        );
        assert!(
            !edit
                .remove_dependency(DependencyTable::Target, "d:e")
                .unwrap()
        );
        assert_eq!(edit.text(), TEXT);
    }

    #[test]
    fn an_entry_for_tests_has_a_table_of_its_own() {
        let mut edit = ManifestEdit::new(Path::new("Cargo.toml"), TEXT).unwrap();
        let mock = DependencyEntry {
            version: None,
            path: Some("../mock".to_owned()),
            ..entry("1")
        };
        // The key may be that of a dependency.
        edit.add_dependency(DependencyTable::Dev, "b:c", &mock)
            .unwrap();
        let added =
            "[package.metadata.component.dev-dependencies]\n\"b:c\" = { path = \"../mock\" }\n";
        assert!(edit.text().contains(added), "{}", edit.text());
        assert!(edit.remove_dependency(DependencyTable::Dev, "b:c").unwrap());
        assert!(!edit.text().contains("mock") && edit.text().contains("\"b:c\" = \"1\""));
    }

    #[test]
    fn a_table_that_is_missing_is_made_and_the_longer_forms_are_tables() {
        let mut edit = ManifestEdit::new(Path::new("Cargo.toml"), TEXT).unwrap();
        let renamed = DependencyEntry {
            package: Some("w:x".to_owned()),
            registry: Some("mine".to_owned()),
            ..entry("0.2")
        };
        edit.add_dependency(DependencyTable::Target, "d:e", &renamed)
            .unwrap();
        let added = "[package.metadata.component.target.dependencies]\n\"d:e\" = { package = \"w:x\", version = \"0.2\", registry = \"mine\" }\n";
        assert!(edit.text().contains(added), "{}", edit.text());
    }

    /// The entry `b:c` after another source was given to it, and what that changed.
    fn changed(old: &str, entry: &DependencyEntry) -> (String, EntryChange) {
        let head = "[package.metadata.component.dependencies]\n";
        let text = format!("{head}\"b:c\" = {old} # kept\n");
        let mut edit = ManifestEdit::new(Path::new("Cargo.toml"), &text).unwrap();
        let table = DependencyTable::Component;
        let change = edit.add_dependency(table, "b:c", entry).unwrap();
        let text = edit.text();
        let new = text.strip_prefix(head).unwrap().strip_prefix("\"b:c\" = ");
        let new = new.unwrap().strip_suffix(" # kept\n").unwrap();
        assert_eq!(change == EntryChange::Unchanged, new == old, "{new}");
        // Once more, it changes nothing.
        let again = edit.add_dependency(table, "b:c", entry).unwrap();
        assert_eq!(again, EntryChange::Unchanged);
        assert_eq!(edit.text(), text);
        (new.to_owned(), change)
    }

    #[test]
    fn the_source_of_an_entry_is_replaced_and_the_rest_of_it_stays() {
        let path = DependencyEntry {
            version: None,
            path: Some("../c".to_owned()),
            ..entry("")
        };
        let mirror = DependencyEntry {
            registry: Some("mirror".to_owned()),
            ..entry("2")
        };
        let limited = DependencyEntry {
            allow: Some(vec!["clocks".to_owned()]),
            ..entry("1")
        };
        for (old, entry, new) in [
            ("\"1\"", &entry("1"), "\"1\""),
            ("\"1\"", &entry("2"), "\"2\""),
            ("\"1\"", &path, "{ path = \"../c\" }"),
            (
                "\"1\"",
                &mirror,
                "{ version = \"2\", registry = \"mirror\" }",
            ),
            ("{ path = \"../b\" }", &entry("2"), "{ version = \"2\" }"),
            (
                "{ path = \"../b\", version = \"1\" }",
                &path,
                "{ path = \"../c\", version = \"1\" }",
            ),
            (
                "{version = \"1\", deny = [\"files\"]}",
                &path,
                "{ deny = [\"files\"], path = \"../c\" }",
            ),
            (
                "{ version = \"1\", registry = \"other\", allow = [] }",
                &entry("2"),
                "{ version = \"2\", allow = [] }",
            ),
            ("{version=\"1\"}", &entry("1"), "{version=\"1\"}"),
            ("{ oci = \"h/r:1\" }", &entry("1"), "{ version = \"1\" }"),
            ("{ workspace = true }", &entry("1"), "{ version = \"1\" }"),
            (
                "\"1\"",
                &limited,
                "{ version = \"1\", allow = [\"clocks\"] }",
            ),
        ] {
            assert_eq!(changed(old, entry).0, new, "{old}");
        }
    }

    #[test]
    fn an_entry_that_is_a_table_of_its_own_stays_one() {
        let text = "[package.metadata.component.dependencies.\"b:c\"]\n# why\npath = \"../b\" # here\ndeny = []\n";
        let mut edit = ManifestEdit::new(Path::new("Cargo.toml"), text).unwrap();
        let path = DependencyEntry {
            version: None,
            path: Some("../c".to_owned()),
            ..entry("")
        };
        let change = edit.add_dependency(DependencyTable::Component, "b:c", &path);
        assert_eq!(change.unwrap(), EntryChange::Changed);
        assert_eq!(edit.text(), text.replace("../b", "../c"));
    }

    #[test]
    fn a_target_from_a_registry_takes_no_entry() {
        let text = TEXT.replace("package = \"a:x\"", "target = \"a:b@1\"");
        let mut edit = ManifestEdit::new(Path::new("Cargo.toml"), &text).unwrap();
        let error = edit.add_dependency(DependencyTable::Target, "d:e", &entry("2"));
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("registry package target")
        );
    }

    #[test]
    fn the_manifests_of_wit_have_tables_too() {
        let wkg = Path::new("wkg.toml");
        let mut edit = ManifestEdit::new(wkg, "# mine\n[metadata] # kept\n").unwrap();
        edit.add_dependency(DependencyTable::Overrides, "a:b", &entry("0.2"))
            .unwrap();
        let added = "# mine\n[metadata] # kept\n\n[overrides]\n\"a:b\" = { version = \"0.2\" }\n";
        assert_eq!(edit.text(), added);
        assert!(edit.set_requirement(DependencyTable::Overrides, "a:b", "0.3"));
        assert_eq!(edit.text(), added.replace("0.2", "0.3"));
        assert!(!edit.set_requirement(DependencyTable::Overrides, "a:c", "0.3"));
        let removed = edit.remove_dependency(DependencyTable::Overrides, "a:b");
        assert!(removed.unwrap());

        let text = "version = \"1.0.0\"\n[dependencies]\n\"a:b\" = \"1\" # one\n";
        let mut edit = ManifestEdit::new(Path::new("wit.toml"), text).unwrap();
        assert!(edit.set_requirement(DependencyTable::Wit, "a:b", "2"));
        assert_eq!(edit.text(), text.replace("\"1\" #", "\"2\" #"));
    }
}
