//! The Rust paths that cargo-component 0.21.1 gave to imports of dependencies,
//! so that sources written for it compile with the bindings of today.

use std::collections::BTreeMap;

use heck::ToSnakeCase as _;
use syn::Item as RustItem;
use syn::ext::IdentExt as _;
use wit_bindgen_core::name_package_module;
use wit_bindgen_rust::to_rust_ident;
use wit_parser::{Resolve, WorldKey};

use super::import::{Import, ImportedItem};
use super::read::Offer;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::wit::restore::escape_gen;

/// A second path to a module of the bindings. Both are below the root of the
/// bindings and have no `r#`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alias {
    /// The path of 0.21.1.
    pub path: Vec<String>,
    /// The path of the module in the bindings.
    pub target: Vec<String>,
}

/// The aliases for all imports of dependencies whose key is their package, as
/// all keys of 0.21.1 were.
pub(super) fn of(
    resolve: &Resolve,
    offers: &[Offer<'_>],
    imports: &[(&Import, WorldKey)],
) -> Vec<Alias> {
    let mut aliases = Vec::new();
    let mut add = |path: Vec<String>, target: Vec<String>| {
        if path != target {
            aliases.push(Alias { path, target });
        }
    };
    for (import, key) in imports {
        let offer = &offers[import.offer];
        let Some(package) = key_of_0_21(offer) else {
            continue;
        };
        let (namespace, name) = modules(package);
        let path = match &import.item {
            ImportedItem::Root => vec![to_rust_ident(&format!(
                "{}-{}",
                package.namespace(),
                package.name()
            ))],
            ImportedItem::Inline(export, _) => vec![namespace, name, to_rust_ident(export)],
            // It is no module.
            ImportedItem::Function => continue,
            ImportedItem::Interface(id) => {
                let id = offer.resolve.id_of(*id).unwrap_or_default();
                let unversioned = id.split('@').next().unwrap_or_default();
                let flat = unversioned.replace([':', '/'], "-");
                vec![namespace, name, to_rust_ident(&flat)]
            }
        };
        add(path, module_path(resolve, key));
    }
    for package in offers.iter().filter_map(key_of_0_21) {
        let (namespace, module) = modules(package);
        for (id, known) in resolve.packages.iter() {
            let name = &known.name;
            let is_own = name.namespace == package.namespace() && name.name == package.name();
            // 0.21.1 had it beside the dependency's own package, without version.
            if let Some(version) = &name.version
                && is_own
            {
                let version = version.to_string().replace(['.', '-', '+'], "_");
                let versioned = format!("{module}{}", version.to_snake_case());
                add(
                    vec![namespace.clone(), versioned],
                    vec![namespace.clone(), name_package_module(resolve, id)],
                );
            }
        }
    }
    aliases.sort();
    aliases.dedup();
    aliases
}

fn key_of_0_21<'a>(offer: &Offer<'a>) -> Option<&'a PackageRef> {
    let dependency = offer.dependency;
    let package = dependency.package.as_ref()?;
    (package.to_string() == dependency.key).then_some(package)
}

fn modules(package: &PackageRef) -> (String, String) {
    let namespace = to_rust_ident(package.namespace());
    (namespace, package.name().to_snake_case())
}

/// The module that the generator makes for an import.
fn module_path(resolve: &Resolve, key: &WorldKey) -> Vec<String> {
    match key {
        WorldKey::Name(name) => vec![to_rust_ident(name)],
        WorldKey::Interface(id) => {
            let interface = &resolve.interfaces[*id];
            let mut path = Vec::new();
            if let Some(package) = interface.package {
                path.push(to_rust_ident(&resolve.packages[package].name.namespace));
                path.push(name_package_module(resolve, package));
            }
            path.extend(interface.name.as_deref().map(to_rust_ident));
            path
        }
    }
}

/// Puts the aliases into generated bindings; the notes say which were left out
/// because something else has their name. An alias of a module that was not
/// generated is left out too.
pub fn insert(bindings: &str, aliases: &[Alias]) -> Result<(String, Vec<String>)> {
    let file = syn::parse_file(bindings)
        .map_err(|e| Error::input("failed to read the generated bindings").with_cause(e))?;
    let mut root = AliasModule::default();
    for alias in aliases {
        if content(&file.items, &alias.target).is_some() {
            root.add(&alias.path, &alias.target);
        }
    }
    let mut insertions = Insertions::default();
    insertions.fill(&file.items, &root, bindings.len());
    let mut text = bindings.to_owned();
    insertions.texts.sort();
    for (at, added) in insertions.texts.iter().rev() {
        text.insert_str(*at, &escape_gen(added));
    }
    Ok((text, insertions.notes))
}

/// The items of the module at this path, if there is one.
fn content<'a>(items: &'a [RustItem], path: &[String]) -> Option<&'a [RustItem]> {
    let Some((first, rest)) = path.split_first() else {
        return Some(items);
    };
    let (_, items) = module(items, first)?;
    content(items, rest)
}

/// The module of this name: where its content starts, and what that is.
fn module<'a>(items: &'a [RustItem], name: &str) -> Option<(usize, &'a [RustItem])> {
    items.iter().find_map(|item| match item {
        RustItem::Mod(module) if module.ident.unraw() == name => {
            let (brace, items) = module.content.as_ref()?;
            Some((brace.span.open().byte_range().end, items.as_slice()))
        }
        _ => None,
    })
}

/// Whether something in the module has this name among modules and types.
fn has(items: &[RustItem], name: &str) -> bool {
    fn used(tree: &syn::UseTree, name: &str) -> bool {
        match tree {
            syn::UseTree::Path(path) => used(&path.tree, name),
            syn::UseTree::Name(used) => used.ident.unraw() == name,
            syn::UseTree::Rename(used) => used.rename.unraw() == name,
            syn::UseTree::Group(group) => group.items.iter().any(|tree| used(tree, name)),
            syn::UseTree::Glob(_) => false,
        }
    }
    items.iter().any(|item| match item {
        RustItem::Mod(module) => module.ident.unraw() == name,
        RustItem::Use(item) => used(&item.tree, name),
        _ => false,
    })
}

/// A module with aliases in it or below it.
#[derive(Default)]
struct AliasModule {
    aliases: BTreeMap<String, Vec<String>>,
    modules: BTreeMap<String, AliasModule>,
}

impl AliasModule {
    fn add(&mut self, path: &[String], target: &[String]) {
        match path {
            [] => {}
            [name] => {
                self.aliases.insert(name.clone(), target.to_vec());
            }
            [module, rest @ ..] => self
                .modules
                .entry(module.clone())
                .or_default()
                .add(rest, target),
        }
    }
}

const ATTRIBUTES: &str = "#[doc(hidden)]\n#[allow(unused_imports)]\n";

/// The texts to insert, each with its byte offset.
#[derive(Default)]
struct Insertions {
    texts: Vec<(usize, String)>,
    notes: Vec<String>,
    path: Vec<String>,
}

impl Insertions {
    /// Adds the aliases of a module to the one there is, whose content starts at
    /// byte `at`.
    fn fill(&mut self, items: &[RustItem], node: &AliasModule, at: usize) {
        let mut text = String::new();
        for (name, target) in &node.aliases {
            let is_used = node.modules.contains_key(name) || has(items, name);
            match is_used {
                true => self.notes.push(format!(
                    "`{}` in the bindings differs from what cargo-component 0.21.1 generated under this name: use `{}`",
                    [&self.path[..], std::slice::from_ref(name)].concat().join("::"),
                    target.join("::")
                )),
                false => text.push_str(&alias(name, target, self.path.len())),
            }
        }
        for (name, below) in &node.modules {
            match module(items, name) {
                Some((at, items)) => {
                    self.path.push(name.clone());
                    self.fill(items, below, at);
                    self.path.pop();
                }
                None => text.push_str(&new_module(name, below, self.path.len() + 1)),
            }
        }
        if !text.is_empty() {
            let text = match self.path.is_empty() {
                true => text,
                false => format!("\n{}", text.trim_end()),
            };
            self.texts.push((at, text));
        }
    }
}

/// An alias in a module at this depth below the root.
fn alias(name: &str, target: &[String], depth: usize) -> String {
    let root = match depth {
        0 => "self::".to_owned(),
        depth => "super::".repeat(depth),
    };
    let path = target.join("::");
    format!("{ATTRIBUTES}pub use {root}{path} as {name};\n")
}

/// A new module with its aliases, at this depth.
fn new_module(name: &str, node: &AliasModule, depth: usize) -> String {
    let mut text = format!("{ATTRIBUTES}pub mod {name} {{\n");
    for (name, target) in &node.aliases {
        text.push_str(&alias(name, target, depth));
    }
    for (name, below) in &node.modules {
        text.push_str(&new_module(name, below, depth + 1));
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(list: &[(&str, &str)]) -> Vec<Alias> {
        let path = |path: &str| path.split("::").map(str::to_owned).collect();
        let alias = |(from, to): &(&str, &str)| Alias {
            path: path(from),
            target: path(to),
        };
        list.iter().map(alias).collect()
    }

    /// Whether this is a crate without errors.
    #[allow(clippy::disallowed_methods, reason = "a test starts rustc itself")]
    fn compiles(source: &str) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lib.rs");
        std::fs::write(&file, source).unwrap();
        let output = std::process::Command::new("rustc")
            .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
            .args(["-D", "warnings", "--out-dir"])
            .args([dir.path(), &file])
            .output();
        output.unwrap().status.success()
    }

    #[test]
    fn old_paths_lead_to_the_modules_there_are() {
        let bindings = "
#[rustfmt::skip]
pub mod a { pub mod b { pub mod c { pub fn f() { \"}{ mod a {\"; } } } }
pub mod dep_c { pub fn g() {} }
/// pub mod ns {
pub mod ns {
    pub mod name { pub mod types { pub type T = u8; } }
}
pub mod r#gen { pub fn h() {} }
";
        let aliases = aliases(&[
            ("ns_name", "dep_c"),
            ("ns::name::a_b_c", "a::b::c"),
            ("ns::name::baz", "dep_c"),
            ("ns::name1_2_3", "ns::name"),
            ("new::deep::gen", "gen"),
            ("new::lost", "not::there"),
        ]);
        let (source, notes) = insert(bindings, &aliases).unwrap();
        assert_eq!(notes, [""; 0]);
        assert!(!source.contains("lost"));
        let user = "
pub mod user {
    pub fn all() -> crate::bindings::ns::name1_2_3::types::T {
        crate::bindings::ns_name::g();
        crate::bindings::ns::name::a_b_c::f();
        crate::bindings::ns::name::baz::g();
        crate::bindings::new::deep::r#gen::h();
        0
    }
}
";
        let program = |bindings: &str| format!("pub mod bindings {{ {bindings} }}\n{user}");
        assert!(compiles(&program(&source)), "{source}");
        assert!(!compiles(&program(bindings)));
    }

    #[test]
    fn an_alias_whose_name_is_taken_is_left_out_and_told() {
        let bindings = "pub mod a { pub mod b {} use super::c as d; }\npub mod c {}\n";
        let aliases = aliases(&[("a::b", "c"), ("a::d", "c"), ("a::e", "c")]);
        let (source, notes) = insert(bindings, &aliases).unwrap();
        assert_eq!(source.matches("pub use").count(), 1);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("`a::b` in the bindings"), "{notes:?}");
        assert_eq!(
            insert(bindings, &[]).unwrap(),
            (bindings.to_owned(), Vec::new())
        );
    }
}
