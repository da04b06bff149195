//! New `wit.toml` files, and one turned into a `wkg.toml` with its comments.

use std::fmt::Write as _;
use std::path::Path;

use toml_edit::{Decor, DocumentMut, Item, RawString, Table, TableLike, Value};

use crate::base::error::{Error, Result};
use crate::model::manifest::wit_toml::WitManifest;
use crate::model::manifest::{DependencySource, ManifestFile, wkg};

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

/// A `wkg.toml` made from a `wit.toml`, and what it cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedManifest {
    /// The text of the `wkg.toml`.
    pub text: String,
    /// Keys without a counterpart, which are comments in the text.
    pub commented: Vec<String>,
    /// Packages with the registry that they come from.
    pub registries: Vec<(String, String)>,
}

/// The keys of `wit.toml` that describe the package, with those of `[metadata]`
/// of a `wkg.toml`.
const METADATA: &[(&str, &str)] = &[
    ("authors", "authors"),
    ("description", "description"),
    ("license", "licenses"),
    ("homepage", "homepage"),
    ("repository", "source"),
];

/// Turns a `wit.toml` into a `wkg.toml`, whose path is for errors. Fails if one
/// of the dependencies cannot be expressed there.
pub fn to_wkg(manifest: &WitManifest, to: &Path) -> Result<ConvertedManifest> {
    let document: DocumentMut = manifest
        .file
        .text
        .parse()
        .map_err(|e: toml_edit::TomlError| {
            let message = format!("failed to parse `{}`", manifest.file.path.display());
            Error::input(message).with_cause(e.message())
        })?;
    let mut converted = ConvertedManifest {
        text: String::new(),
        commented: Vec::new(),
        registries: Vec::new(),
    };
    let mut rest = DocumentMut::new();
    let mut metadata = String::new();
    for (key, item) in document.iter() {
        let comments = leading(document.as_table(), key, item);
        let known = METADATA.iter().find(|(old, _)| *old == key);
        match (key, known) {
            // It moves into the WIT.
            ("version", _) => converted.text.push_str(comments.trim_start_matches('\n')),
            ("dependencies", _) => {}
            (_, Some((_, name))) => {
                let value = match (key, &manifest.about.authors, item.as_value()) {
                    ("authors", Some(authors), _) => Value::from(authors.as_str()),
                    (_, _, Some(value)) => value.clone().decorated("", ""),
                    _ => continue,
                };
                let value = value.to_string();
                let _ = writeln!(metadata, "{comments}{name} = {value}{}", trailing(item));
            }
            _ => {
                converted.commented.push(key.to_owned());
                rest.insert(key, item.clone());
            }
        }
    }
    if !metadata.is_empty() {
        start_table(&mut converted.text, "\n", "metadata");
        converted.text.push_str(&metadata);
    }
    overrides(&document, manifest, &mut converted)?;
    if !converted.commented.is_empty() {
        let lines = rest.to_string();
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        converted.text.push_str("\n# Other keys of `wit.toml`:\n");
        for line in lines {
            let line = line.trim_start_matches(['#', ' ']);
            let _ = writeln!(converted.text, "# {line}");
        }
    }
    converted
        .text
        .push_str(document.trailing().as_str().unwrap_or_default());
    // The result must be a valid `wkg.toml`.
    wkg::read(ManifestFile::new(to, &converted.text))?;
    Ok(converted)
}

/// Writes the dependencies as `[overrides]`.
fn overrides(
    document: &DocumentMut,
    manifest: &WitManifest,
    converted: &mut ConvertedManifest,
) -> Result<()> {
    let Some(item) = document.get("dependencies") else {
        return Ok(());
    };
    let Some(table) = item.as_table_like().filter(|table| !table.is_empty()) else {
        return Ok(());
    };
    let comments = leading(document.as_table(), "dependencies", item);
    start_table(&mut converted.text, comments.as_str(), "overrides");
    for (key, item) in table.iter() {
        let Some(dependency) = manifest.dependencies.get(key) else {
            continue;
        };
        let refused = |what: &str| {
            let message = format!("`wkg.toml` cannot express {what} of the dependency `{key}`");
            Err(Error::input(message).at(dependency.file.excerpt(dependency.span.clone())))
        };
        let Some(package) = &dependency.package else {
            return refused("the package");
        };
        let text = |name: &str| item.get(name).and_then(Item::as_str).or(item.as_str());
        let (name, value) = match &dependency.source {
            DependencySource::Path {
                requirement: None, ..
            } => ("path", text("path")),
            DependencySource::Registry { registry, .. } => {
                let registry = registry.iter().cloned();
                let named = registry.map(|registry| (package.to_string(), registry));
                converted.registries.extend(named);
                ("version", text("version"))
            }
            DependencySource::Path { .. } => return refused("both path and version"),
            DependencySource::Oci { .. } => return refused("the OCI artifact"),
        };
        let value = Value::from(value.unwrap_or_default());
        let _ = writeln!(
            converted.text,
            "{}\"{package}\" = {{ {name} = {value} }}{}",
            leading(table, key, item),
            trailing(item)
        );
    }
    Ok(())
}

/// Starts a table, with an empty line before it unless it is the first.
fn start_table(text: &mut String, comments: &str, name: &str) {
    let comments = comments.trim_start_matches('\n');
    let gap = match text.is_empty() {
        true => "",
        false => "\n",
    };
    let _ = writeln!(text, "{gap}{comments}[{name}]");
}

/// The comments above an entry.
fn leading(table: &dyn TableLike, key: &str, item: &Item) -> String {
    let decor: Option<&Decor> = match item {
        Item::Table(table) => Some(table.decor()),
        _ => table.key(key).map(|key| key.leaf_decor()),
    };
    let raw = decor.and_then(Decor::prefix).and_then(RawString::as_str);
    let text = raw.unwrap_or_default();
    match text.contains('#') {
        true => text.to_owned(),
        false => String::new(),
    }
}

/// The comment behind an entry.
fn trailing(item: &Item) -> &str {
    let decor = item.as_value().map(Value::decor);
    let raw = decor.and_then(Decor::suffix).and_then(RawString::as_str);
    raw.filter(|text| text.contains('#'))
        .map(str::trim_end)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::wit_toml;

    fn converted(text: &str) -> Result<ConvertedManifest> {
        let file = ManifestFile::new("wit.toml", text);
        to_wkg(&wit_toml::read(file)?, Path::new("wkg.toml"))
    }

    #[test]
    fn everything_is_said_again_with_its_comments() {
        let text = r#"# ours
version = "0.1.0"
# who
authors = ["A", "B"] # both
license = "MIT"
categories = ["x"] # many

# what it needs
[dependencies]
# streams
"wasi:io" = "0.2.3" # pinned
"a:b" = { path = "../b" }
c = { package = "d:e", version = "=1.0.0", registry = "r" }

[registries]
r = "https://example.com"
# the end
"#;
        let expected = r#"# ours

[metadata]
# who
authors = "A,B" # both
licenses = "MIT"

# what it needs
[overrides]
# streams
"wasi:io" = { version = "0.2.3" } # pinned
"a:b" = { path = "../b" }
"d:e" = { version = "=1.0.0" }

# Other keys of `wit.toml`:
# categories = ["x"] # many
# [registries]
# r = "https://example.com"
# the end
"#;
        let converted = converted(text).unwrap();
        assert_eq!(converted.text, expected);
        assert_eq!(converted.commented, ["categories", "registries"]);
        assert_eq!(converted.registries, [("d:e".into(), "r".into())]);
    }

    #[test]
    fn little_becomes_little() {
        let of = |text: &str| converted(text).unwrap().text;
        assert_eq!(of("version = \"0.1.0\"\n"), "");
        assert_eq!(
            of("version = \"0.1.0\"\n[dependencies.\"a:b\"]\nversion = \"1\"\n"),
            "[overrides]\n\"a:b\" = { version = \"1\" }\n"
        );
        assert_eq!(of("version = \"0.1.0\"\n[dependencies]\n"), "");
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for entry in [
            "x = { path = \"x\" }",
            "\"a:b\" = { path = \"x\", version = \"1\" }",
            "x = { oci = \"example.com/a:1\" }",
        ] {
            let text = format!("version = \"0.1.0\"\n[dependencies]\n{entry}\n");
            let error = converted(&text).unwrap_err();
            assert!(
                error.message().starts_with("`wkg.toml` cannot express"),
                "{error}"
            );
            assert!(error.excerpt().is_some());
        }
    }
}
