//! The first implementation of a world, as Rust source.
//!
//! What has to be implemented is read from the generated bindings, not from
//! the world: their `Guest` traits already say every name, type and version
//! the way the Rust compiler will compare them, for whatever WIT knows today
//! or later. A signature is moved out of the module it was written in by
//! putting that module's name before what the module defines.

use std::collections::BTreeSet;

use quote::{format_ident, quote};
use syn::visit_mut::{self, VisitMut};

use super::bindings::WIT_BINDGEN_VERSION;
use crate::base::error::{Error, Result};

/// The version of the crate `wit-bindgen` that the generated bindings are
/// made for: that of the generator, wit-bindgen-rust.
pub const WIT_BINDGEN: &str = WIT_BINDGEN_VERSION;

/// The type that implements the world.
const COMPONENT: &str = "Component";

/// Names that an import must not hide in the file: the module of the
/// bindings, the crates its paths start with and the primitive types.
const RESERVED: &[&str] = &[
    "alloc",
    "bindings",
    "bool",
    "char",
    "core",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "std",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
    "wit_bindgen",
];

/// The source of a `src/lib.rs` beside `src/bindings.rs` that implements every
/// export of the bound world with a body of `unimplemented!()`.
///
/// `bindings` is what wit-bindgen-rust generated. The source compiles without
/// edits; it is formatted, and ends with a line end. A world without exports
/// gives a file that only declares the bindings.
pub fn implementation(bindings: &str) -> Result<String> {
    let file = syn::parse_file(bindings)
        .map_err(|e| Error::input("failed to parse the generated bindings").with_cause(e))?;
    let mut interfaces = Vec::new();
    collect_interfaces(&file.items, &mut Vec::new(), &mut interfaces)?;
    // Functions of the world itself come first, as in the bindings.
    let aliases = aliases(&interfaces);
    let mut parts = vec!["#[allow(warnings)]\n#[rustfmt::skip]\nmod bindings;\n".to_owned()];
    let imports: String = interfaces
        .iter()
        .zip(&aliases)
        .filter_map(|(interface, alias)| interface.import(alias))
        .collect();
    if !imports.is_empty() {
        parts.push(imports);
    }
    // The macro is also there for interfaces of nothing but types.
    let export = export_macro(&file.items).filter(|_| !interfaces.is_empty());
    if export.is_some() {
        parts.push(format!("struct {COMPONENT};\n"));
    }
    let mut types = BTreeSet::new();
    for (interface, alias) in interfaces.iter().zip(&aliases) {
        parts.extend(interface.implement(alias, &mut types)?);
    }
    if let Some(export) = export {
        parts.push(format!(
            "bindings::{export}!({COMPONENT} with_types_in bindings);\n"
        ));
    }
    Ok(parts.join("\n"))
}

/// The features of the crate `wit-bindgen` that these bindings need beyond
/// `realloc`, `std` and `bitflags`.
pub fn features(bindings: &str) -> &'static [&'static str] {
    if bindings.contains("::async_support::") {
        &["async"]
    } else {
        &[]
    }
}

/// A module of the bindings with something to implement; the root is one.
struct Interface<'a> {
    /// The modules it lies in, with its own name last; empty for the root.
    path: Vec<String>,
    /// Everything the module defines.
    names: BTreeSet<String>,
    guest: &'a syn::ItemTrait,
    /// Each resource with the trait of its functions.
    resources: Vec<(&'a syn::Ident, &'a syn::ItemTrait)>,
}

impl Interface<'_> {
    /// The line that makes the module known as `alias`.
    fn import(&self, alias: &str) -> Option<String> {
        let last = self.path.last()?;
        let path = self.path.join("::");
        Some(if last == alias {
            format!("use bindings::{path};\n")
        } else {
            format!("use bindings::{path} as {alias};\n")
        })
    }

    /// The items that implement the module; `types` are the names of the structs so
    /// far.
    fn implement(&self, alias: &str, types: &mut BTreeSet<String>) -> Result<Vec<String>> {
        let module = format_ident!("{alias}");
        let component = format_ident!("{COMPONENT}");
        let mut parts = Vec::new();
        let mut associated = Vec::new();
        for (resource, functions) in &self.resources {
            let ty = format_ident!("{}", resource_type(alias, &resource.to_string(), types));
            let name = &functions.ident;
            let methods = self.methods(functions, alias);
            associated.push(quote!(type #resource = #ty;));
            parts.push(format!("struct {ty};\n"));
            parts.push(print(quote!(impl #module::#name for #ty { #(#methods)* }))?);
        }
        let name = &self.guest.ident;
        let methods = self.methods(self.guest, alias);
        let guest = print(quote! {
            impl #module::#name for #component { #(#associated)* #(#methods)* }
        })?;
        parts.insert(0, guest);
        Ok(parts)
    }

    /// Every function that the trait leaves to the implementation.
    fn methods(&self, functions: &syn::ItemTrait, alias: &str) -> Vec<proc_macro2::TokenStream> {
        let required = functions.items.iter().filter_map(|item| match item {
            syn::TraitItem::Fn(function) if function.default.is_none() => Some(&function.sig),
            _ => None,
        });
        required
            .map(|sig| {
                let mut sig = sig.clone();
                // A bound on `Self` is only for those who use the trait.
                sig.generics.where_clause = None;
                for input in &mut sig.inputs {
                    if let syn::FnArg::Typed(input) = input
                        && let syn::Pat::Ident(name) = &mut *input.pat
                    {
                        name.ident = format_ident!("_{}", name.ident);
                    }
                }
                if let syn::ReturnType::Type(_, ty) = &sig.output
                    && matches!(&**ty, syn::Type::Tuple(unit) if unit.elems.is_empty())
                {
                    sig.output = syn::ReturnType::Default;
                }
                let mut qualify = PathQualifier {
                    interface: self,
                    alias,
                };
                qualify.visit_signature_mut(&mut sig);
                quote!(#sig { unimplemented!() })
            })
            .collect()
    }
}

/// Rewrites paths so that they mean outside of a module of the bindings what
/// they mean in it.
struct PathQualifier<'a> {
    interface: &'a Interface<'a>,
    alias: &'a str,
}

impl VisitMut for PathQualifier<'_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        if shorten(path) {
            return;
        }
        let Some(first) = path.segments.first().map(|s| s.ident.to_string()) else {
            return;
        };
        if path.leading_colon.is_some() || first == "Self" || first == "crate" {
            return;
        }
        let supers = path.segments.iter().filter(|s| s.ident == "super").count();
        let rest: Vec<_> = path.segments.iter().skip(supers).cloned().collect();
        // The bindings' own names for what the standard library's prelude has.
        let runtime = rest.first().is_some_and(|s| s.ident == "_rt");
        let mut segments = Vec::new();
        let skipped = if runtime {
            1
        } else if supers > 0 {
            let depth = self.interface.path.len().saturating_sub(supers);
            segments.push("bindings");
            segments.extend(self.interface.path[..depth].iter().map(String::as_str));
            0
        } else if self.interface.names.contains(&first) {
            segments.push(self.alias);
            0
        } else {
            return;
        };
        let segments = segments.into_iter().map(|name| {
            let ident = format_ident!("{name}");
            syn::PathSegment::from(ident)
        });
        path.segments = segments.chain(rest.into_iter().skip(skipped)).collect();
    }
}

/// Shortens a path that bindings spell out as a precaution: to the names of the
/// prelude, and those at the root of the crate `wit-bindgen`. Whether it did.
fn shorten(path: &mut syn::Path) -> bool {
    let names: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let dropped = match (path.leading_colon.is_some(), names.as_slice()) {
        (true, ["core", "option", "Option"] | ["core", "result", "Result"]) => 0..2,
        (
            false,
            [
                "wit_bindgen",
                "rt",
                "async_support",
                "FutureReader" | "StreamReader",
            ],
        ) => 1..3,
        _ => return false,
    };
    path.leading_colon = None;
    let segments = path.segments.iter().enumerate();
    path.segments = segments
        .filter(|(index, _)| !dropped.contains(index))
        .map(|(_, segment)| segment.clone())
        .collect();
    true
}

/// Finds the modules with a trait `Guest`, the outer before the inner.
fn collect_interfaces<'a>(
    items: &'a [syn::Item],
    path: &mut Vec<String>,
    found: &mut Vec<Interface<'a>>,
) -> Result<()> {
    let traits = || {
        items.iter().filter_map(|item| match item {
            syn::Item::Trait(item) => Some(item),
            _ => None,
        })
    };
    if let Some(guest) = traits().find(|item| item.ident == "Guest") {
        let mut resources = Vec::new();
        for item in &guest.items {
            let syn::TraitItem::Type(resource) = item else {
                continue;
            };
            let bound = resource.bounds.iter().find_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) => bound.path.get_ident(),
                _ => None,
            });
            let functions = bound
                .and_then(|bound| traits().find(|item| item.ident == *bound))
                .ok_or_else(|| {
                    let path = path.join("::");
                    let name = &resource.ident;
                    Error::input(format!(
                        "the generated bindings have no trait for the resource `{path}::{name}`"
                    ))
                })?;
            resources.push((&resource.ident, functions));
        }
        found.push(Interface {
            path: path.clone(),
            names: names(items),
            guest,
            resources,
        });
    }
    for item in items {
        if let syn::Item::Mod(module) = item
            && let Some((_, items)) = &module.content
        {
            path.push(module.ident.to_string());
            collect_interfaces(items, path, found)?;
            path.pop();
        }
    }
    Ok(())
}

/// What the items define in the namespace of types.
fn names(items: &[syn::Item]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in items {
        let name = match item {
            syn::Item::Enum(item) => &item.ident,
            syn::Item::Mod(item) => &item.ident,
            syn::Item::Struct(item) => &item.ident,
            syn::Item::Trait(item) => &item.ident,
            syn::Item::Type(item) => &item.ident,
            // Flags are declared inside a macro: `struct Name: repr { .. }`.
            syn::Item::Macro(item) => {
                let mut tokens = item.mac.tokens.clone().into_iter();
                let found = tokens
                    .by_ref()
                    .any(|t| matches!(&t, proc_macro2::TokenTree::Ident(i) if i == "struct"));
                if let (true, Some(name)) = (found, tokens.next()) {
                    names.insert(name.to_string());
                }
                continue;
            }
            _ => continue,
        };
        names.insert(name.to_string());
    }
    names
}

/// A name for each module, as short as can be: its own if no other has the
/// same, else with the modules round it.
fn aliases(interfaces: &[Interface<'_>]) -> Vec<String> {
    let suffix = |interface: &Interface<'_>, length: usize| {
        let start = interface.path.len().saturating_sub(length);
        interface.path[start..].join("_")
    };
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|&name| name.to_owned()).collect();
    let mut aliases = Vec::new();
    for interface in interfaces {
        if interface.path.is_empty() {
            aliases.push("bindings".to_owned());
            continue;
        }
        let lengths = 1..=interface.path.len();
        let alias = lengths
            .map(|length| (length, suffix(interface, length)))
            .find(|(length, name)| {
                let same = interfaces.iter().filter(|i| suffix(i, *length) == *name);
                !taken.contains(name) && same.count() == 1
            })
            .map(|(_, name)| name);
        let alias = alias.unwrap_or_else(|| unused_name(&interface.path.join("_"), &taken));
        taken.insert(alias.clone());
        aliases.push(alias);
    }
    aliases
}

/// A name for the struct behind a resource; it becomes one of `types`.
fn resource_type(alias: &str, resource: &str, types: &mut BTreeSet<String>) -> String {
    let plain = format!("My{resource}");
    let name = if types.contains(&plain) {
        let words = alias.split('_').map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        });
        unused_name(&format!("My{}{resource}", words.collect::<String>()), types)
    } else {
        plain
    };
    types.insert(name.clone());
    name
}

/// The name itself, or the name with the first number that makes it unique.
fn unused_name(name: &str, taken: &BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while taken.contains(&candidate) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

/// The name of the macro that exports an implementation, if there is one: the
/// bindings rename it from `__export_<world>_impl`.
fn export_macro(items: &[syn::Item]) -> Option<String> {
    items.iter().find_map(|item| match item {
        syn::Item::Use(item) => match &item.tree {
            syn::UseTree::Rename(rename) => {
                let ident = rename.ident.to_string();
                let known = ident.starts_with("__export_") && ident.ends_with("_impl");
                known.then(|| rename.rename.to_string())
            }
            _ => None,
        },
        _ => None,
    })
}

/// One item, formatted, with a blank line between its functions.
fn print(item: proc_macro2::TokenStream) -> Result<String> {
    let file = syn::parse2(item)
        .map_err(|e| Error::input("failed to write the implementation").with_cause(e))?;
    let text = prettyplease::unparse(&file);
    let mut spaced = String::with_capacity(text.len());
    let mut previous = "";
    for line in text.lines() {
        let starts = line.starts_with("    fn ") || line.starts_with("    async fn ");
        if starts && (previous == "    }" || previous.starts_with("    type ")) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    Ok(spaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The implementation of the only world in this WIT.
    fn implement(wit: &str) -> String {
        use wit_bindgen_core::WorldGenerator as _;
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("test.wit", wit).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let mut files = wit_bindgen_core::Files::default();
        let options = wit_bindgen_rust::Opts {
            generate_all: true,
            runtime_path: Some("wit_bindgen::rt".to_owned()),
            ..Default::default()
        };
        let mut generator = options.build();
        generator.generate(&mut resolve, world, &mut files).unwrap();
        let (_, bindings) = files.iter().next().unwrap();
        implementation(std::str::from_utf8(bindings).unwrap()).unwrap()
    }

    #[test]
    fn the_runtime_is_of_the_version_of_the_generator() {
        let lock = include_str!("../../../Cargo.lock");
        let expected = format!("name = \"wit-bindgen-rust\"\nversion = \"{WIT_BINDGEN}\"\n");
        assert!(lock.replace('\r', "").contains(&expected));
    }

    #[test]
    fn functions_of_the_world() {
        let text = implement(
            "package a:b;
            interface i { record r { x: u8 } }
            world w {
                use i.{r};
                import i;
                export f: func(a: list<string>, self: option<r>) -> result<r, tuple<u8>>;
                export g: async func(c: stream<u8>) -> future;
            }",
        );
        let expected = "\
#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

struct Component;

impl bindings::Guest for Component {
    fn f(_a: Vec<String>, _self_: Option<bindings::R>) -> Result<bindings::R, (u8,)> {
        unimplemented!()
    }

    async fn g(_c: wit_bindgen::StreamReader<u8>) -> wit_bindgen::FutureReader<()> {
        unimplemented!()
    }
}

bindings::export!(Component with_types_in bindings);
";
        assert_eq!(text, expected);
    }

    #[test]
    fn resources_of_an_interface() {
        let text = implement(
            "package a:b@1.2.3;
            interface i {
                resource r {
                    constructor() -> result<r, string>;
                    m: func(other: borrow<r>) -> r;
                    s: static func();
                }
                resource bare;
            }
            world w { export i; }",
        );
        let expected = "\
use bindings::exports::a::b::i;

struct Component;

impl i::Guest for Component {
    type R = MyR;
    type Bare = MyBare;
}

struct MyR;

impl i::GuestR for MyR {
    fn new() -> Result<Self, String> {
        unimplemented!()
    }

    fn m(&self, _other: i::RBorrow<'_>) -> i::R {
        unimplemented!()
    }

    fn s() {
        unimplemented!()
    }
}

struct MyBare;

impl i::GuestBare for MyBare {}
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn interfaces_of_one_name() {
        let text = implement(
            "package a:b;
            interface i {
                flags fl { x }
                resource r;
                f: func(x: fl);
            }
            world w {
                export i;
                export %u8: interface { f: func(); }
                export c:d/i;
            }
            package c:d { interface i { resource r; g: func(x: own<r>); } }",
        );
        for expected in [
            "use bindings::exports::a::b::i as b_i;\n",
            "use bindings::exports::c::d::i as d_i;\n",
            "use bindings::exports::u8 as exports_u8;\n",
            "fn f(_x: b_i::Fl) {",
            "fn g(_x: d_i::R) {",
            "type R = MyR;",
            "type R = MyDIR;",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }

    #[test]
    fn types_of_another_interface_at_the_world() {
        // Bound as it may come: a path through the modules, or out of one.
        let text = implementation(
            "mod exports { mod a { mod i {
                use super::super::super::_rt;
                pub trait Guest { fn f(x: super::super::super::b::T, y: _rt::String) -> Own; }
                pub enum Own {}
            } } }
            mod b {}
            pub trait Guest { fn g(x: exports::a::i::Own) -> core::primitive::u8; }
            pub(crate) use __export_w_impl as export;",
        )
        .unwrap();
        for expected in [
            "fn f(_x: bindings::b::T, _y: String) -> i::Own {",
            "fn g(_x: bindings::exports::a::i::Own) -> core::primitive::u8 {",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }

    #[test]
    fn a_world_without_exported_functions_only_declares_bindings() {
        for world in [
            "world w {}",
            "interface i { type t = u8; } world w { export i; }",
        ] {
            let text = implement(&format!("package a:b; {world}"));
            assert_eq!(
                text,
                "#[allow(warnings)]\n#[rustfmt::skip]\nmod bindings;\n"
            );
        }
    }

    #[test]
    fn what_is_no_rust_is_refused() {
        assert!(implementation("oh no").is_err());
        let error = implementation("trait Guest { type R: GuestR; }").unwrap_err();
        assert!(error.message().contains("no trait for the resource"));
    }

    #[test]
    fn asynchronous_bindings_need_a_feature() {
        assert_eq!(features("x::async_support::y"), ["async"]);
        assert!(features("").is_empty());
    }
}
