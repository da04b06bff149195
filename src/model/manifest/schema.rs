//! The JSON Schema of the tables, and their reference in Markdown, both made
//! from [`keys`].

use serde_json::{Map, Value, json};

use super::entry_keys::{ARTIFACT, DEPENDENCY};
use super::keys;
use super::keys::{Key, ValueKind};

/// Two labels joined by a colon, see [`crate::base::package::PackageRef`].
const PACKAGE: &str = "^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*:[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$";
/// The name of a package, or a label.
const DEPENDENCY_NAME: &str =
    "^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*(:[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*)?$";
/// A target in the form `namespace:name[/world]@requirement`.
const TARGET: &str = "^[a-z0-9-]+:[a-z0-9-]+(/[A-Za-z0-9-]+)?@.+$";
/// A scheme and something behind it.
const URL: &str = "^[A-Za-z][A-Za-z0-9+.-]*:/*[^/]";

/// A schema of Cargo.toml (draft 2020-12) for our two tables and nothing else,
/// which are `#/$defs/package` and `#/$defs/workspace`.
pub fn schema() -> Value {
    let section = |name: &str| {
        json!({
            "type": "object",
            "properties": { "metadata": {
                "type": "object",
                "properties": { "component": { "$ref": format!("#/$defs/{name}") } },
            } },
        })
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The tables of `cargo component` in Cargo.toml",
        "type": "object",
        "properties": {
            "package": section("package"),
            "workspace": section("workspace"),
        },
        "$defs": {
            "package": with(table(keys::COMPONENT), "package", "pattern", json!(PACKAGE)),
            "workspace": table(keys::WORKSPACE),
            "target": target(),
            "dependency": dependency(),
            "artifact": artifact(),
            "registry": registry(),
            "bindings": table(keys::BINDINGS),
            "capabilities": table(keys::CAPABILITIES),
            "wasi": wasi(),
        },
    })
}

/// A table with these keys and no others.
fn table(keys: &[Key]) -> Value {
    let properties: Map<_, _> = keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// The schema of one key, with its text and default.
fn property(key: &Key) -> Value {
    let mut schema = value(key.kind);
    schema["description"] = json!(key.about);
    match key.default {
        "" => {}
        "true" | "false" | "[]" | "{}" => {
            schema["default"] = key.default.parse().unwrap_or_default();
        }
        text => schema["default"] = json!(text.trim_matches('"')),
    }
    schema
}

fn value(kind: ValueKind) -> Value {
    let strings = json!({ "type": "array", "items": { "type": "string" } });
    let named = |values: Value| json!({ "type": "object", "additionalProperties": values });
    match kind {
        ValueKind::String | ValueKind::Path => json!({ "type": "string" }),
        ValueKind::Bool => json!({ "type": "boolean" }),
        ValueKind::Strings => strings,
        ValueKind::StringTable => named(json!({ "type": "string" })),
        ValueKind::StringsTable => named(json!({ "anyOf": [{ "type": "string" }, strings] })),
        ValueKind::Word(words) => json!({ "type": "string", "enum": words }),
        ValueKind::BoolOrStrings => json!({ "anyOf": [{ "type": "boolean" }, strings] }),
        ValueKind::Registries => named(json!({ "$ref": "#/$defs/registry" })),
        ValueKind::StringOrTable(_) => json!({ "$ref": "#/$defs/target" }),
        ValueKind::Table(name, _) => json!({ "$ref": format!("#/$defs/{name}") }),
        ValueKind::WordOrTable(..) => json!({ "$ref": "#/$defs/wasi" }),
        ValueKind::Dependencies | ValueKind::Artifacts => {
            let definition = match kind {
                ValueKind::Artifacts => "#/$defs/artifact",
                _ => "#/$defs/dependency",
            };
            let mut schema = named(json!({ "$ref": definition }));
            schema["propertyNames"] = json!({ "pattern": DEPENDENCY_NAME });
            schema
        }
    }
}

/// The schema with another constraint on the property `key`.
fn with(mut schema: Value, key: &str, word: &str, value: Value) -> Value {
    schema["properties"][key][word] = value;
    schema
}

fn target() -> Value {
    let mut schema = with(table(keys::TARGET), "package", "pattern", json!(PACKAGE));
    schema["dependentRequired"] = json!({
        "package": ["version"],
        "version": ["package"],
        "registry": ["package"],
    });
    let no_wit = json!({ "path": false, "dependencies": { "maxProperties": 0 } });
    let mut no_package = no_wit.clone();
    no_package["package"] = json!(false);
    schema["dependentSchemas"] = json!({
        "package": { "properties": no_wit },
        "oci": { "properties": no_package },
    });
    json!({ "anyOf": [{ "type": "string", "pattern": TARGET }, schema] })
}

fn dependency() -> Value {
    let mut schema = with(table(DEPENDENCY), "package", "pattern", json!(PACKAGE));
    schema["properties"]["workspace"]["const"] = json!(true);
    schema["anyOf"] = json!([
        { "required": ["version"] },
        { "required": ["path"] },
        { "required": ["oci"] },
        { "required": ["workspace"] },
    ]);
    schema["dependentRequired"] = json!({ "registry": ["version"] });
    schema["dependentSchemas"] = json!({
        "workspace": { "maxProperties": 1 },
        "package": { "anyOf": [{ "required": ["version"] }, { "required": ["oci"] }] },
        "oci": { "properties": { "version": false, "registry": false, "path": false } },
    });
    json!({ "anyOf": [{ "type": "string" }, schema] })
}

fn artifact() -> Value {
    let mut schema = with(table(ARTIFACT), "package", "pattern", json!(PACKAGE));
    schema["anyOf"] = json!([
        { "required": ["version"] },
        { "required": ["path"] },
        { "required": ["oci"] },
    ]);
    schema["dependentRequired"] = json!({ "registry": ["version"] });
    schema["dependentSchemas"] = json!({
        "package": { "anyOf": [{ "required": ["version"] }, { "required": ["oci"] }] },
        "oci": { "properties": { "version": false, "registry": false, "path": false } },
    });
    json!({ "anyOf": [{ "type": "string" }, schema] })
}

fn registry() -> Value {
    let mut schema = with(table(keys::REGISTRY), "url", "pattern", json!(URL));
    schema["required"] = json!(["url"]);
    json!({ "anyOf": [{ "type": "string", "pattern": URL }, schema] })
}

fn wasi() -> Value {
    let mut schema = table(keys::WASI);
    schema["required"] = json!(["mode"]);
    json!({ "anyOf": [value(ValueKind::Word(keys::WASI_MODES)), schema] })
}

/// The tables as chapters of the reference.
pub fn markdown() -> String {
    let mut text = String::new();
    for (title, keys) in [
        ("`[package.metadata.component]`", keys::COMPONENT),
        ("`target`", keys::TARGET),
        (
            "An entry of `dependencies`, `dev-dependencies` or `target.dependencies`",
            DEPENDENCY,
        ),
        ("An entry of `artifacts`", ARTIFACT),
        ("An entry of `registries`", keys::REGISTRY),
        ("`wasi`", keys::WASI),
        ("`bindings`", keys::BINDINGS),
        ("`[workspace.metadata.component]`", keys::WORKSPACE),
        (
            "`capabilities` of `[workspace.metadata.component]`",
            keys::CAPABILITIES,
        ),
    ] {
        text.push_str(&format!(
            "### {title}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
        ));
        for key in keys {
            let default = match key.default {
                "" => String::new(),
                default => format!("`{default}`"),
            };
            let row = format!(
                "| `{}` | {} | {default} | {} |\n",
                key.name,
                kind(key.kind),
                key.about
            );
            text.push_str(&row);
        }
        text.push('\n');
    }
    text
}

fn kind(kind: ValueKind) -> String {
    match kind {
        ValueKind::String => "string".to_owned(),
        ValueKind::Path => "path".to_owned(),
        ValueKind::Bool => "`true` or `false`".to_owned(),
        ValueKind::Strings => "list of strings".to_owned(),
        ValueKind::StringTable => "table of strings".to_owned(),
        ValueKind::StringsTable => "table of strings or lists of them".to_owned(),
        ValueKind::Word(words) => quoted(words).join(", "),
        ValueKind::WordOrTable(words, _) => format!("{} or table", quoted(words).join(", ")),
        ValueKind::BoolOrStrings => "`true`, `false` or list of strings".to_owned(),
        ValueKind::Registries => "table of URLs".to_owned(),
        ValueKind::StringOrTable(_) => "string or table".to_owned(),
        ValueKind::Table(..) => "table".to_owned(),
        ValueKind::Dependencies => "table of dependencies".to_owned(),
        ValueKind::Artifacts => "table of components".to_owned(),
    }
}

/// The words as code, with the quotes of TOML.
fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("`\"{word}\"`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the keys a definition has.
    fn names(schema: &Value, definition: &str) -> Vec<String> {
        let schema = &schema["$defs"][definition];
        let table = match schema["anyOf"].as_array() {
            Some(any) => any.last().unwrap(),
            None => schema,
        };
        assert_eq!(table["additionalProperties"], json!(false), "{definition}");
        let properties = table["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    }

    #[test]
    fn every_key_is_in_the_schema() {
        let schema = schema();
        for (definition, keys) in [
            ("package", keys::COMPONENT),
            ("workspace", keys::WORKSPACE),
            ("target", keys::TARGET),
            ("dependency", DEPENDENCY),
            ("artifact", ARTIFACT),
            ("registry", keys::REGISTRY),
            ("bindings", keys::BINDINGS),
            ("capabilities", keys::CAPABILITIES),
            ("wasi", keys::WASI),
        ] {
            let expected: Vec<_> = keys.iter().map(|key| key.name).collect();
            assert_eq!(names(&schema, definition), expected);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(map) => {
                    found.extend(map.get("$ref").and_then(Value::as_str));
                    map.values().for_each(|value| references(value, found));
                }
                Value::Array(all) => all.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let schema = schema();
        let mut found = Vec::new();
        references(&schema, &mut found);
        assert!(found.len() >= 9, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn defaults_have_the_type_of_their_key() {
        let schema = schema();
        let bindings = &schema["$defs"]["bindings"]["properties"];
        assert_eq!(bindings["format"]["default"], json!(true));
        assert_eq!(bindings["derives"]["default"], json!([]));
        assert_eq!(bindings["ownership"]["default"], json!("owning"));
        assert_eq!(bindings["skip"]["items"]["type"], "string");
        assert_eq!(bindings["export_prefix"].get("default"), None);
    }
}
