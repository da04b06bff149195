//! The packages that a search found, as lines and as JSON.

use semver::Version;
use serde_json::{Value, json};
use toml_edit::{InlineTable, Key, Value as TomlValue};

use super::query::Rank;
use crate::base::package::PackageRef;
use crate::model::component::Surface;

/// How an entry of a manifest names the place of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyPlace {
    /// The version suffices: the configuration leads to the registry.
    Configured,
    /// The entry needs the name or address of the registry.
    Registry(String),
    /// The entry needs the OCI reference of the artifact.
    Artifact(String),
}

/// A package that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPackage {
    /// The name of the package.
    pub package: PackageRef,
    /// The newest version; `None` where the tag of an artifact is not a version.
    pub version: Option<Version>,
    /// The description, as whoever published the package wrote it.
    pub description: Option<String>,
    /// Where the words of the query were found.
    pub rank: Rank,
    /// How an entry of a manifest names the place of the package.
    pub place: DependencyPlace,
    /// The name of the registry or index that lists it.
    pub registry: String,
    /// The address of the package, without credentials.
    pub location: String,
    /// The imports and exports by which it was selected, where the query has some.
    pub surface: Option<Surface>,
}

/// The columns of a description where names are short: the description of a longer name is
/// cut at [`LEAST`].
const WIDTH: usize = 128;

/// The least number of columns that a description gets.
const LEAST: usize = 80;

impl FoundPackage {
    /// The entry of a manifest for the package: `"ns:name" = "1.2.0"`, or a table.
    pub fn entry(&self) -> String {
        let version = self.version.as_ref().map(ToString::to_string);
        let mut table = InlineTable::new();
        let value: TomlValue = match (&self.place, version) {
            (DependencyPlace::Configured, version) => version.unwrap_or("*".to_owned()).into(),
            (DependencyPlace::Registry(name), version) => {
                table.insert("version", version.unwrap_or("*".to_owned()).into());
                table.insert("registry", name.as_str().into());
                table.into()
            }
            (DependencyPlace::Artifact(reference), _) => {
                table.insert("oci", reference.as_str().into());
                table.into()
            }
        };
        let name = self.package.to_string();
        format!("{} = {value}", Key::new(name).display_repr())
    }

    fn json(&self) -> Value {
        let mut value = json!({
            "package": self.package.to_string(),
            "version": self.version.as_ref().map(ToString::to_string),
            "description": self.description,
            "registry": self.registry,
            "location": self.location,
            "dependency": self.entry(),
        });
        if let Some(surface) = &self.surface {
            value["imports"] = json!(surface.imports);
            value["exports"] = json!(surface.exports);
        }
        value
    }
}

/// The packages as cargo prints crates: a line each, an entry of a manifest and, where there
/// is one, the beginning of its description as a comment. The comments are below each other.
pub fn lines(found: &[FoundPackage]) -> Vec<String> {
    let entries: Vec<String> = found.iter().map(FoundPackage::entry).collect();
    let widths = entries.iter().map(|entry| entry.chars().count());
    let margin = widths.max().unwrap_or(0) + 4;
    let columns = LEAST.max(WIDTH.saturating_sub(margin));
    let line = |(package, entry): (&FoundPackage, String)| {
        let description = package.description.as_deref().unwrap_or_default();
        match on_one_line(description, columns) {
            text if text.is_empty() => entry,
            text => format!("{entry:<margin$}# {text}"),
        }
    };
    found.iter().zip(entries).map(line).collect()
}

/// The packages as an array of JSON.
pub fn json(found: &[FoundPackage]) -> Value {
    found.iter().map(FoundPackage::json).collect()
}

/// Text of others on one line of at most so many characters, without characters that a
/// terminal would take for commands or that would change the order of others.
fn on_one_line(text: &str, columns: usize) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = text
        .chars()
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.chars().count() > columns {
        true => line.chars().take(columns - 1).chain(['…']).collect(),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, description: &str, place: DependencyPlace) -> FoundPackage {
        FoundPackage {
            package: name.parse().unwrap(),
            version: Some(Version::new(1, 2, 0)),
            description: Some(description.to_owned()).filter(|text| !text.is_empty()),
            rank: Rank::Name,
            place,
            registry: "here".to_owned(),
            location: "/registry/fancy/regex".to_owned(),
            surface: None,
        }
    }

    #[test]
    fn lines_are_entries_of_a_manifest() {
        let found = [
            package("fancy:regex", "Matches text", DependencyPlace::Configured),
            package("a:b", "", DependencyPlace::Registry("mirror".to_owned())),
            package(
                "my-org:c",
                "Another",
                DependencyPlace::Artifact("ghcr.io/x/y:v1".to_owned()),
            ),
        ];
        let lines = lines(&found);
        let regex = format!("{:<54}# Matches text", "\"fancy:regex\" = \"1.2.0\"");
        let artifact = "\"my-org:c\" = { oci = \"ghcr.io/x/y:v1\" }";
        let artifact = format!("{artifact:<54}# Another");
        let mirrored = "\"a:b\" = { version = \"1.2.0\", registry = \"mirror\" }";
        assert_eq!(lines, [&*regex, mirrored, &*artifact]);
        let table: toml_edit::DocumentMut = lines.join("\n").parse().unwrap();
        assert_eq!(table["fancy:regex"].as_str(), Some("1.2.0"));
        assert_eq!(table["a:b"]["registry"].as_str(), Some("mirror"));
        assert_eq!(table["my-org:c"]["oci"].as_str(), Some("ghcr.io/x/y:v1"));
    }

    #[test]
    fn a_description_is_one_plain_line_of_limited_length() {
        let text = "\u{1b}[31mred\u{1b}[0m\nand \u{202e}more\u{9b}1m \u{7}";
        let line = on_one_line(text, 80);
        assert_eq!(line, "[31mred [0m and more 1m");
        let long = "ä".repeat(200);
        let found = [package("a:b", &long, DependencyPlace::Configured)];
        let line = lines(&found).remove(0);
        assert!(line.ends_with("ä…"), "{line}");
        assert!(line.chars().count() <= WIDTH + 2, "{line}");
        assert_eq!(json(&found)[0]["description"], long);
    }
}
