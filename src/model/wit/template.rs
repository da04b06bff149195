//! The files a new component starts with.

use heck::ToKebabCase as _;

use crate::base::error::{Error, Result};
use crate::base::package::is_label;

/// `src/main.rs` of a new command.
pub const COMMAND: &str = "\
fn main() {
    println!(\"Hello, world!\");
}
";

/// `src/lib.rs` of a new library: implements the world of [`hello_world`].
pub const LIBRARY: &str = "\
#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::Guest;

struct Component;

impl Guest for Component {
    fn hello_world() -> String {
        \"Hello, World!\".to_string()
    }
}

bindings::export!(Component with_types_in bindings);
";

/// Those lines of [`LIBRARY`] that make any library implement a world: the
/// module of the bindings, and the export.
pub fn joining_lines() -> impl Iterator<Item = &'static str> {
    let module = LIBRARY.lines().take_while(|line| !line.is_empty());
    module.chain(LIBRARY.lines().last())
}

/// The name of a new component; `Display` gives `<namespace>:<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentName {
    namespace: String,
    name: String,
}

impl ComponentName {
    /// Turns both parts into kebab case.
    pub fn new(namespace: &str, name: &str) -> Result<Self> {
        let label = |part: &str, text: &str| {
            let label = text.to_kebab_case();
            if is_label(&label) {
                return Ok(label);
            }
            Err(Error::input(format!(
                "component {part} `{text}` is not a legal WIT identifier"
            ))
            .hint(format!(
                "set another {part} with `--{part}`: letters and digits, each word starting with a letter"
            )))
        };
        Ok(ComponentName {
            namespace: label("namespace", namespace)?,
            name: label("name", name)?,
        })
    }
}

impl ComponentName {
    /// The name for a crate's, which may have words that no name of WIT has: one
    /// that starts with a digit joins the word before it.
    pub fn of_crate(namespace: &str, name: &str) -> Result<Self> {
        let mut label = String::new();
        for word in name.to_kebab_case().split('-') {
            let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
            let digit = word.starts_with(|c: char| c.is_ascii_digit());
            match (label.is_empty(), digit) {
                (_, _) if word.is_empty() => {}
                (true, true) => label.push('c'),
                (false, false) => label.push('-'),
                (true, false) | (false, true) => {}
            }
            label.push_str(&word);
        }
        if label.is_empty() {
            label.push_str("component");
        }
        ComponentName::new(namespace, &label)
    }
}

impl ComponentName {
    /// The namespace and the name, without the `%` that WIT puts before keywords.
    pub(super) fn parts(&self) -> [&str; 2] {
        [&self.namespace, &self.name]
    }
}

impl std::fmt::Display for ComponentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

/// `wit/world.wit` of a new library.
pub fn hello_world(package: &ComponentName) -> String {
    world(package, "", "The world that the component implements.")
}

/// `wit/world.wit` of a new package of WIT.
pub fn hello_package(package: &ComponentName) -> String {
    world(
        package,
        "@0.1.0",
        "The imports and exports of the component.",
    )
}

fn world(package: &ComponentName, version: &str, about: &str) -> String {
    let namespace = escaped(&package.namespace);
    let name = escaped(&package.name);
    format!(
        "\
package {namespace}:{name}{version};

/// {about}
world example {{
    /// Says hello.
    export hello-world: func() -> string;
}}
"
    )
}

/// The label as it is written in WIT: a keyword needs a `%`. The parser decides,
/// because only it knows all keywords.
pub(super) fn escaped(label: &str) -> String {
    let text = format!("package {label}:{label};");
    match wit_parser::UnresolvedPackageGroup::parse("name.wit", &text) {
        Ok(_) => label.to_owned(),
        Err(_) => format!("%{label}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_kebab_case() {
        for (name, expected) in [
            ("foo", "a-b:foo"),
            ("foo_bar", "a-b:foo-bar"),
            ("FooBar2", "a-b:foo-bar2"),
        ] {
            let name = ComponentName::new("a_b", name).unwrap();
            assert_eq!(name.to_string(), expected);
        }
        let error = ComponentName::new("a", "123").unwrap_err();
        assert_eq!(
            error.message(),
            "component name `123` is not a legal WIT identifier"
        );
        let error = ComponentName::new("", "a").unwrap_err();
        assert!(error.message().starts_with("component namespace ``"));
    }

    #[test]
    fn every_name_of_a_crate_gives_one_of_wit() {
        for (name, expected) in [
            ("my_crate", "c:my-crate"),
            ("rust-case-08", "c:rust-case08"),
            ("crate-2-3d", "c:crate23d"),
            ("_1", "c:c1"),
            ("__", "c:component"),
        ] {
            let found = ComponentName::of_crate("c", name).unwrap();
            assert_eq!(found.to_string(), expected);
        }
    }

    #[test]
    fn every_name_gives_a_world_that_parses() {
        for name in [
            "foo",
            "interface",
            "world",
            "string",
            "async",
            "map",
            "package",
        ] {
            let package = ComponentName::new(name, name).unwrap();
            let text = hello_world(&package);
            let mut resolve = wit_parser::Resolve::default();
            let id = resolve.push_str("world.wit", &text).unwrap();
            assert_eq!(resolve.packages[id].name.to_string(), package.to_string());
            assert_eq!(text.contains('%'), name != "foo", "{text}");
            let text = hello_package(&package);
            let id = resolve.push_str("package.wit", &text).unwrap();
            assert_eq!(
                resolve.packages[id].name.to_string(),
                format!("{package}@0.1.0")
            );
        }
    }
}
