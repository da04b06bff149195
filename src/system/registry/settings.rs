//! The configuration as keys and values, for people: the effective values, each
//! with the layer that sets it, and changes of one file.

use toml_edit::{DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

use super::config::{Mapping, Metadata, parse};
use super::layers::{Layer, Layers, check_committed};
use crate::base::error::{Error, Result, nearest};
use crate::model::manifest::ManifestFile;

/// One value of the configuration.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The parts of its key.
    pub key: Vec<String>,
    /// The value; of what may be a secret only [`HIDDEN`].
    pub value: Value,
    /// The layer that sets it.
    pub layer: Layer,
}

/// The text that replaces values that may be secrets.
pub const HIDDEN: &str = "…";

/// The keys of protocols whose values are no secrets. Others are hidden, also
/// those not known here.
const PUBLIC_KEYS: [&str; 5] = [
    "root",
    "protocol",
    "accept_invalid_certificates",
    "extra_root_certificates",
    "config_file",
];

impl std::fmt::Display for Setting {
    /// A line of TOML.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {}", display_key(&self.key), self.value)
    }
}

/// A key as it is written, with quotes where they are needed.
pub fn display_key(key: &[String]) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|part| Key::new(part).display_repr().into_owned())
        .collect();
    parts.join(".")
}

/// The parts of a key as the user writes it.
pub fn read_key(text: &str) -> Result<Vec<String>> {
    let parts = Key::parse(text).map_err(|_| {
        Error::usage(format!("invalid key `{text}`")).hint(
            "put parts with characters other than letters, digits, `-` and `_` in quotes, as in 'package_registry_overrides.\"ns:name\"'",
        )
    })?;
    Ok(parts.iter().map(|part| part.get().to_owned()).collect())
}

/// Every effective value, sorted by key.
pub fn effective_settings(layers: &Layers) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for (layer, config) in layers.all() {
        let mut add = |key: &[&str], value: Value| {
            let key: Vec<String> = key.iter().map(|part| (*part).to_owned()).collect();
            if !settings.iter().any(|known| known.key == key) {
                settings.push(Setting {
                    key,
                    value,
                    layer: layer.clone(),
                });
            }
        };
        if let Some(name) = &config.default_registry {
            add(&["default_registry"], name.value.as_str().into());
        }
        for (namespace, entry) in &config.namespaces {
            add(&["namespace_registries", namespace], mapping(&entry.value));
        }
        for (package, entry) in &config.packages {
            let package = package.to_string();
            add(
                &["package_registry_overrides", &package],
                mapping(&entry.value),
            );
        }
        for (name, entry) in &config.registries {
            let access = &entry.value;
            if let Some(default) = &access.default {
                add(&["registry", name, "default"], default.as_str().into());
            }
            if let Some(url) = &access.index {
                add(&["registry", name, "index", "url"], url.as_str().into());
            }
            for (protocol, values) in &access.protocols {
                for (key, item) in values.iter() {
                    let value = match (key.as_str(), item.as_str()) {
                        ("root", Some(root)) => access.base.join(root).display().to_string().into(),
                        _ => display_value(key, item),
                    };
                    add(&["registry", name, protocol, key], value);
                }
            }
        }
    }
    settings.sort_by(|a, b| a.key.cmp(&b.key));
    settings
}

/// The values under a key; an error if there are none.
pub fn settings_below<'s>(settings: &'s [Setting], key: &[String]) -> Result<Vec<&'s Setting>> {
    let found: Vec<&Setting> = settings
        .iter()
        .filter(|setting| setting.key.starts_with(key))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let requested = display_key(key);
    let known: Vec<String> = settings.iter().map(|s| display_key(&s.key)).collect();
    let error = Error::input(format!("`{requested}` is not configured"));
    Err(
        match nearest(&requested, known.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("run `cargo component config list` to see all settings"),
        },
    )
}

fn display_value(key: &str, item: &Item) -> Value {
    let value = match PUBLIC_KEYS.contains(&key) {
        true => item.clone().into_value().ok(),
        false => None,
    };
    let mut value = value.unwrap_or_else(|| HIDDEN.into());
    value.decor_mut().clear();
    value
}

fn mapping(mapping: &Mapping) -> Value {
    let Some(metadata) = &mapping.metadata else {
        return mapping.registry.as_str().into();
    };
    let mut table = InlineTable::new();
    table.insert("registry", mapping.registry.as_str().into());
    table.insert("metadata", self::metadata(metadata).into());
    table.into()
}

fn metadata(metadata: &Metadata) -> InlineTable {
    let table = |entries: &[(&str, &Option<String>)]| {
        let mut table = InlineTable::new();
        for (key, value) in entries {
            if let Some(value) = value {
                table.insert(*key, value.as_str().into());
            }
        }
        table
    };
    let mut all = table(&[("preferredProtocol", &metadata.preferred_protocol)]);
    let oci = table(&[
        ("registry", &metadata.oci_registry),
        ("namespacePrefix", &metadata.oci_namespace_prefix),
    ]);
    if !oci.is_empty() {
        all.insert("oci", oci.into());
    }
    for (protocol, url) in &metadata.urls {
        let mut entry = InlineTable::new();
        entry.insert("url", url.as_str().into());
        all.insert(*protocol, entry.into());
    }
    all
}

/// The owner of the file that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigOwner {
    /// The file of the user.
    User,
    /// One of the project, where nothing private may be.
    Project,
}

/// The text of a file with a value set; everything else of it stays. Where the
/// result would be no configuration, or not one for a file of `owner`, an error
/// that does not show the value.
pub fn set(file: &ManifestFile, key: &[String], value: &str, owner: ConfigOwner) -> Result<String> {
    // An error that was there before is reported with its place.
    parse(file)?;
    let mut document: DocumentMut = file.text.parse().map_err(|e: toml_edit::TomlError| {
        Error::input("failed to read it").with_cause(e.message())
    })?;
    let value = read_value(value)?;
    insert(document.as_table_mut(), key, value)?;
    let text = document.to_string();
    let new = ManifestFile::new(&file.path, &text);
    parse(&new)
        .and_then(|config| match owner {
            ConfigOwner::User => Ok(()),
            ConfigOwner::Project => check_committed(&new, &config),
        })
        .map_err(|e| without_excerpt(&e))?;
    Ok(text)
}

/// The error without the text it points at, which the user has not written,
/// and which may hold secrets.
fn without_excerpt(error: &Error) -> Error {
    let bare = Error::new(error.kind(), error.message());
    let bare = error.causes().iter().fold(bare, Error::with_cause);
    match error.advice() {
        Some(hint) => bare.hint(hint),
        None => bare,
    }
}

/// Tables, arrays and truth values are read as TOML, all else is text.
fn read_value(text: &str) -> Result<Value> {
    let is_toml = text.starts_with(['{', '[']) || matches!(text, "true" | "false");
    if !is_toml {
        return Ok(text.into());
    }
    text.parse().map_err(|_| {
        Error::usage("the value is invalid").hint(
            "use a table as in '{ registry = \"name\", metadata = { … } }'; text needs no quotes",
        )
    })
}

fn insert(top: &mut dyn TableLike, key: &[String], mut value: Value) -> Result<()> {
    let (last, above) = key
        .split_last()
        .ok_or_else(|| Error::usage("the key is empty"))?;
    let mut table = top;
    let mut inline = false;
    for part in above {
        let item = table.entry(part).or_insert_with(|| match inline {
            true => Item::Value(InlineTable::new().into()),
            false => {
                let mut new = Table::new();
                new.set_implicit(true);
                Item::Table(new)
            }
        });
        inline = item.is_inline_table();
        table = item.as_table_like_mut().ok_or_else(|| {
            Error::input(format!(
                "`{}` cannot be set, since `{part}` is not a table",
                display_key(key)
            ))
            .hint("edit the file")
        })?;
    }
    match table.get_mut(last).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            table.insert(last, Item::Value(value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, key: &str, value: &str, owner: ConfigOwner) -> Result<String> {
        let file = ManifestFile::new("config.toml", text);
        set(&file, &read_key(key)?, value, owner)
    }

    #[test]
    fn one_value_changes_and_the_rest_stays() {
        let text = "# mine\ndefault_registry = \"a.example\" # old\n\n[namespace_registries]\n# of a\na = \"x\"\n";
        let text = edited(text, "default_registry", "b.example", ConfigOwner::User).unwrap();
        let text = edited(&text, "namespace_registries.b", "y", ConfigOwner::User).unwrap();
        let key = "package_registry_overrides.\"b:c\"";
        let text = edited(&text, key, "z", ConfigOwner::User).unwrap();
        let text = edited(&text, "registry.z.local.root", "/dir", ConfigOwner::User).unwrap();
        assert_eq!(
            text,
            "# mine\ndefault_registry = \"b.example\" # old\n\n[namespace_registries]\n# of a\na = \"x\"\nb = \"y\"\n\n\
             [package_registry_overrides]\n\"b:c\" = \"z\"\n\n[registry.z.local]\nroot = \"/dir\"\n"
        );
        assert_eq!(edited(&text, key, "z", ConfigOwner::User).unwrap(), text);
    }

    #[test]
    fn tables_within_a_line_stay_there() {
        let text = "registry = { z = { local = { root = \"/a\" } } }\n";
        let text = edited(text, "registry.y.oci.protocol", "https", ConfigOwner::User).unwrap();
        let text = edited(&text, "registry.z.local.root", "/b", ConfigOwner::User).unwrap();
        let config = parse(&ManifestFile::new("config.toml", &text)).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let root = &config.registries["z"].value.protocols["local"]["root"];
        assert_eq!(root.as_str(), Some("/b"));
        assert!(config.registries.contains_key("y"));
    }

    #[test]
    fn an_invalid_result_is_refused_without_showing_the_value() {
        for (key, value, owner, message) in [
            (
                "nonsense",
                "secret",
                ConfigOwner::User,
                "unknown key `nonsense`",
            ),
            (
                "registry.x.oci",
                "secret",
                ConfigOwner::User,
                "must be a table",
            ),
            (
                "default_registry",
                "https://x",
                ConfigOwner::User,
                "invalid registry",
            ),
            (
                "namespace_registries.A",
                "secret",
                ConfigOwner::User,
                "invalid namespace",
            ),
            (
                "namespace_registries.a",
                "{ secret",
                ConfigOwner::User,
                "is invalid",
            ),
            (
                "default_registry.x",
                "secret",
                ConfigOwner::User,
                "is not a table",
            ),
            (
                "registry.x.oci.auth",
                "secret",
                ConfigOwner::Project,
                "cannot be set in a file of the project",
            ),
            (
                "registry.x.oci.protocol",
                "http",
                ConfigOwner::Project,
                "plain http",
            ),
        ] {
            let text = "default_registry = \"a\"\n";
            let error = edited(text, key, value, owner).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
            assert!(error.excerpt().is_none());
        }
        assert!(read_key("a:b").is_err());
    }
}
