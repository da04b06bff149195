//! Each folder of `tests/dependencies` is a target world (`target.wit`, or
//! none), its dependencies (all other `.wit`) and, in `expected.txt`, the world
//! that comes out or what is said against it.
//!
//! A dependency's file says in comments which entry of the table it is:
//! `// key:`, `// package:`, and `// hint:` with an import and its hint.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use wit_component::{
    ComponentEncoder, StringEncoding, WitPrinter, dummy_module, embed_component_metadata,
};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, PackageId, Resolve, WorldId, WorldItem};

use super::aliases::insert;
use super::{Bound, ComponentDependency, bind};
use crate::base::error::Error;
use crate::base::package::{PackageRef, is_label};
use crate::golden;
use crate::model::manifest::BindingsSettings;
use crate::model::wit::bindings::generate;
use crate::model::wit::runtime::Runtime;
use crate::model::wit::{World, without_attributes};

fn parsed(text: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve.push_source("case.wit", text).unwrap();
    let worlds = &resolve.packages[package].worlds;
    let world = worlds.get("app").or_else(|| worlds.values().next());
    let world = *world.unwrap();
    (resolve, world)
}

/// The world of this WIT.
pub(super) fn world(text: &str) -> World {
    let (resolve, id) = parsed(text);
    World {
        resolve,
        id,
        notes: Vec::new(),
        parts: Vec::new(),
    }
}

/// A component that implements a world and uses all it imports.
fn implemented(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let functions = resolve.worlds[world].imports.values();
    let interfaces = functions.chain(resolve.worlds[world].exports.values());
    let is_async = interfaces.flat_map(|item| match item {
        WorldItem::Function(function) => vec![function.kind.is_async()],
        WorldItem::Interface { id, .. } => {
            let functions = resolve.interfaces[*id].functions.values();
            functions.map(|function| function.kind.is_async()).collect()
        }
        WorldItem::Type { .. } => Vec::new(),
    });
    let abi = match is_async.into_iter().any(|is_async| is_async) {
        true => LiftLowerAbi::AsyncCallback,
        false => LiftLowerAbi::Sync,
    };
    let mut module = dummy_module(resolve, world, ManglingAndAbi::Legacy(abi));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true).module(&module).unwrap();
    encoder.encode().unwrap()
}

/// A component for the world of this WIT.
pub(super) fn component(text: &str) -> Vec<u8> {
    let (resolve, world) = parsed(text);
    implemented(&resolve, world)
}

/// The entry of the table with this key; a plain label has its package in
/// `package`.
pub(super) fn entry(key: &str, package: Option<&str>, bytes: Vec<u8>) -> ComponentDependency {
    let package = package.unwrap_or(key);
    let (name, version) = package.split_once('@').unwrap_or((package, ""));
    ComponentDependency {
        key: key.to_owned(),
        package: name.parse::<PackageRef>().ok(),
        version: version.parse().ok(),
        label: is_label(key).then(|| key.to_owned()),
        bytes,
        file: None,
        hints_of_imports: Default::default(),
    }
}

/// A dependency from a file of a case.
fn read(path: &Path) -> ComponentDependency {
    let text = fs::read_to_string(path).unwrap();
    let said = |what: &str| {
        let lines = text.lines();
        let said = lines.filter_map(|line| line.strip_prefix(&format!("// {what}: ")));
        said.map(str::to_owned).collect::<Vec<_>>()
    };
    let keys = said("key");
    let mut entry = entry(
        &keys[0],
        said("package").first().map(String::as_str),
        component(&text),
    );
    for hint in said("hint") {
        let (import, hint) = hint.split_once(' ').unwrap();
        let hints = &mut entry.hints_of_imports;
        hints.insert(import.to_owned(), hint.to_owned());
    }
    entry
}

/// What comes out, with the keys of the dependencies instead of their places.
fn told(result: &Result<Bound, Error>, dependencies: &[ComponentDependency]) -> String {
    let bound = match result {
        Ok(bound) => bound,
        Err(error) => return format!("{error:?}\n"),
    };
    let key = |at: usize| &dependencies[at].key;
    let mut text = wit(&bound.world);
    for import in &bound.bound {
        write!(text, "\n{} <- {}", import.name, key(import.dependency)).unwrap();
        if let Some(item) = &import.item {
            write!(text, " #{item}").unwrap();
        }
        if let Some(implements) = &import.implements {
            write!(text, " implements {implements}").unwrap();
        }
    }
    for import in &bound.followed {
        let key = key(import.dependency);
        write!(text, "\n{} follows {key}: {}", import.name, import.hint).unwrap();
    }
    for alias in &bound.aliases {
        let (path, target) = (alias.path.join("::"), alias.target.join("::"));
        write!(text, "\nalias {path} = {target}").unwrap();
    }
    for note in &bound.notes {
        write!(text, "\nnote: {note}").unwrap();
    }
    text.push('\n');
    text
}

/// The WIT of a world and all it uses.
fn wit(world: &World) -> String {
    let package = world.resolve.worlds[world.id].package.unwrap();
    let packages = world.resolve.packages.iter();
    let used = |package: &wit_parser::Package| !package.interfaces.is_empty();
    let mut nested: Vec<PackageId> = packages
        .filter(|(id, other)| *id != package && used(other))
        .map(|(id, _)| id)
        .collect();
    nested.sort_by_key(|id| world.resolve.packages[*id].name.to_string());
    let mut printer = WitPrinter::default();
    printer.print(&world.resolve, package, &nested).unwrap();
    printer.output.to_string()
}

fn bindings(world: &World) -> String {
    generate(world, &BindingsSettings::default(), Runtime::default()).unwrap()
}

/// Everything that must hold of a bound world, whatever the case.
fn check(target: Option<&World>, result: &Bound) {
    let world = &result.world;
    world.resolve.assert_valid();
    let imports = &world.resolve.worlds[world.id].imports;
    let names: BTreeSet<String> = imports
        .keys()
        .map(|key| world.resolve.name_world_key(key))
        .collect();
    for import in &result.bound {
        assert!(names.contains(&import.name), "{import:?}");
    }
    for import in &result.followed {
        assert!(names.contains(&import.name), "{import:?}");
    }
    if let Some(target) = target {
        let before = &target.resolve.worlds[target.id];
        for key in before.imports.keys() {
            let name = target.resolve.name_world_key(key);
            assert!(names.contains(&name), "{name} is gone");
        }
        assert_eq!(
            exports(target),
            exports(world),
            "what is exported has changed"
        );
    }

    // The encoder merges compatible imports without a word: all that have
    // functions have to be in a component that calls them.
    let (mut resolve, id) = (world.resolve.clone(), world.id);
    without_attributes(&mut resolve, id);
    let bytes = implemented(&resolve, id);
    let wit_component::DecodedWasm::Component(decoded, root) =
        wit_component::decode(&bytes).unwrap()
    else {
        panic!("no component")
    };
    let finished = &decoded.worlds[root].imports;
    let finished: BTreeSet<String> = finished
        .keys()
        .map(|key| decoded.name_world_key(key))
        .collect();
    for (key, item) in imports {
        if let WorldItem::Interface { id, .. } = item
            && !world.resolve.interfaces[*id].functions.is_empty()
        {
            let name = world.resolve.name_world_key(key);
            assert!(finished.contains(&name), "{name} is not in {finished:?}");
        }
    }
    assert!(!String::from_utf8_lossy(&bytes).contains("oci://"));

    let source = bindings(world);
    let (source, _) = insert(&source, &result.aliases).unwrap();
    let file = syn::parse_file(&source).unwrap();
    let mut modules = BTreeSet::new();
    for item in file.items {
        if let syn::Item::Mod(module) = item {
            assert!(modules.insert(module.ident.to_string()), "{}", module.ident);
        }
    }
}

/// The functions the world exports.
fn exports(world: &World) -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    for (key, item) in &world.resolve.worlds[world.id].exports {
        let name = world.resolve.name_world_key(key);
        match item {
            WorldItem::Interface { id, .. } => {
                let interface = &world.resolve.interfaces[*id];
                functions.extend(interface.functions.keys().map(|f| format!("{name}#{f}")));
            }
            _ => {
                functions.insert(name);
            }
        }
    }
    functions
}

/// All orders of a list.
fn orders<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = list.split_first() else {
        return vec![Vec::new()];
    };
    let mut orders = Vec::new();
    for order in self::orders(rest) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, first.clone());
            orders.push(order);
        }
    }
    orders
}

#[test]
fn each_case_comes_out_as_it_is_written_down() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dependencies");
    let mut names: Vec<_> = cases.read_dir().unwrap().map(|e| e.unwrap()).collect();
    names.sort_by_key(fs::DirEntry::file_name);
    assert!(names.len() > 20);
    let mut failures = Vec::new();
    for case in names {
        let dir = case.path();
        let failed = std::panic::catch_unwind(|| try_case(&dir)).unwrap_or_else(|_| {
            // The panic has said what.
            Some("it panicked".to_owned())
        });
        failures.extend(failed.map(|what| format!("{}: {what}", dir.display())));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is wrong with a case, if anything.
fn try_case(dir: &Path) -> Option<String> {
    let files = dir.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "wit"))
        .filter(|path| !path.ends_with("target.wit"))
        .collect();
    files.sort();
    let dependencies: Vec<_> = files.iter().map(|path| read(path)).collect();
    let target = fs::read_to_string(dir.join("target.wit")).ok();
    let target = target.map(|text| world(&text));
    let result = bind(target.clone(), &dependencies);
    let said = told(&result, &dependencies);
    if let Ok(bound) = &result {
        check(target.as_ref(), bound);
    }
    for order in orders(&dependencies) {
        let other = bind(target.clone(), &order);
        assert_eq!(told(&other, &order), said);
        if let (Ok(one), Ok(other)) = (&result, &other) {
            assert_eq!(bindings(&one.world), bindings(&other.world));
        }
    }
    golden::check(&dir.join("expected.txt"), &said).err()
}

const REGEX: &str =
    "package fancy:regex; world regex { export find: func(text: string) -> option<u32>; }";

fn refused(bytes: Vec<u8>) -> String {
    let error = bind(None, &[entry("fancy:regex", None, bytes)]).unwrap_err();
    assert!(error.message().contains("`fancy:regex`"), "{error:?}");
    format!("{error:?}")
}

#[test]
fn what_is_no_component_is_refused_with_the_place_it_belongs_to() {
    let (resolve, world) = parsed("package a:b@1.0.0; interface i {} world w { import i; }");
    let package = resolve.worlds[world].package.unwrap();
    let package = wit_component::encode(&resolve, package, false).unwrap();
    let said = refused(package);
    assert!(said.contains("the WIT package `a:b@1.0.0`"), "{said}");
    assert!(said.contains("target.dependencies]`"), "{said}");
    let said = refused(wat::parse_str("(module)").unwrap());
    assert!(said.contains("core module"), "{said}");
    for bytes in [&b""[..], b"text", b"\0asm", b"\0asm\x0d\0\x01\0\xff"] {
        refused(bytes.to_vec());
    }
    // Valid, but nothing a world could have.
    let odd = wat::parse_str("(component (core module $m) (export \"m\" (core module $m)))");
    refused(odd.unwrap());
}

#[test]
fn a_broken_component_is_an_error_and_no_panic() {
    let whole = component(
        "package a:b@1.0.0;
         interface types { record r { x: list<u8> } resource res { m: func(); } }
         interface api { use types.{r, res}; f: func(x: r) -> own<res>; }
         world w { import types; use types.{r}; export api; export g: func(x: r); }",
    );
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0x15;
        for bytes in [&broken[..], &whole[..at]] {
            refused += usize::from(bind(None, &[entry("a:b", None, bytes.to_vec())]).is_err());
        }
    }
    std::panic::set_hook(hook);
    assert!(refused > whole.len(), "only {refused} were refused");
}

#[test]
fn names_with_a_version_suffix_are_read_as_the_whole_version() {
    let (resolve, world) = parsed(
        "package a:b@1.2.3;
         interface types { resource r; }
         interface api { use types.{r}; f: func(x: borrow<r>); }
         world w { import types; export api; }",
    );
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(&resolve, world, abi);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.emit_canonical_names(true).module(&module);
    let bytes = encoder.unwrap().encode().unwrap();
    let names = wasmparser::Parser::new(0).parse_all(&bytes);
    let name = names.filter_map(|payload| match payload.unwrap() {
        wasmparser::Payload::ComponentImportSection(section) => {
            let import = section.into_iter().next()?.unwrap();
            Some((import.name.name, import.name.version_suffix))
        }
        _ => None,
    });
    assert_eq!(name.take(1).next(), Some(("a:b/types@1", Some(".2.3"))));
    let bound = bind(None, &[entry("a:b", None, bytes)]).unwrap();
    assert_eq!(bound.bound[0].name, "a:b/api@1.2.3");
    assert!(wit(&bound.world).contains("import a:b/types@1.2.3;"));
}

#[test]
fn nothing_of_the_attributes_of_a_dependency_gets_into_the_world() {
    let bytes = component(
        "package a:b;
         interface i { @external-id(\"oci://type\") record r { x: u8 } f: func() -> r; }
         world w {
           @external-id(\"oci://import\") import i;
           @external-id(\"oci://export\") export i;
           @external-id(\"oci://label\") export one: i;
           @external-id(\"oci://function\") export f: func();
         }",
    );
    assert!(String::from_utf8_lossy(&bytes).contains("oci://export"));
    let bound = bind(None, &[entry("a:b", None, bytes)]).unwrap();
    let text = wit(&bound.world);
    assert!(!text.contains("external-id"), "{text}");
    let world = &bound.world.resolve.worlds[bound.world.id];
    for (key, item) in &world.imports {
        let resolve = &bound.world.resolve;
        assert_eq!(resolve.implements_interface(key, item), None);
    }
}

#[test]
fn without_dependencies_the_bindings_stay_as_they_are() {
    let target = world(
        "package my:app@1.0.0;
         /// An interface.
         interface shapes {
           use geo:geo/types@0.3.0.{point as spot};
           /// A pen.
           resource pen { constructor(at: spot); /// Draws.
             draw: async func() -> result<list<spot>, string>; }
           flags style { bold, thin }
         }
         world basic { import log: func(text: string); import three: shapes; }
         /// The world.
         world app {
           include basic;
           use shapes.{style};
           type size = u32;
           resource store { get: func(key: string) -> option<list<u8>>; }
           record pair { a: size, b: style }
           import one: shapes;
           import two: interface { use geo:geo/types@0.3.0.{point}; f: func(x: point); }
           import geo:geo/types@0.3.1;
           export shapes;
           export swap: func(x: pair) -> tuple<pair, store>;
         }
         package geo:geo@0.3.0 { interface types { record point { x: u32 } } }
         package geo:geo@0.3.1 { interface types { record point { x: u64 } far: func() -> point; } }",
    );
    let bound = bind(Some(target.clone()), &[]).unwrap();
    bound.world.resolve.assert_valid();
    assert_eq!(bindings(&bound.world), bindings(&target));
    assert_eq!(bound.world.name(), "my:app/app@1.0.0");
}

#[test]
fn modules_of_the_target_keep_their_names() {
    // The package of another version is known, but not in the world.
    let target = world(
        "package my:app;
         world app { import a:b/i@1.0.0; }
         package a:b@1.0.0 { interface i { f: func(); } }
         package a:b@2.0.0 { interface i { f: func(); } }",
    );
    let dependency = entry("fancy:regex", None, component(REGEX));
    let bound = bind(Some(target.clone()), &[dependency]).unwrap();
    assert!(bindings(&target).contains("pub mod b1_0_0"));
    assert!(bindings(&bound.world).contains("pub mod b1_0_0"));
}

#[test]
fn the_example_of_the_design_has_its_modules() {
    let transcoder =
        "package fancy:transcoder; world w { export to-utf8: func(bytes: list<u8>) -> string; }";
    let dependencies = [
        entry("regex", Some("fancy-components:regex"), component(REGEX)),
        entry("fancy-components:transcoder", None, component(transcoder)),
    ];
    let bound = bind(None, &dependencies).unwrap();
    let source = bindings(&bound.world);
    let (source, notes) = insert(&source, &bound.aliases).unwrap();
    assert_eq!(notes, [""; 0]);
    let file = syn::parse_file(&source).unwrap();
    let module = |name: &str| {
        file.items.iter().find_map(|item| match item {
            syn::Item::Mod(module) if module.ident == name => module.content.as_ref(),
            _ => None,
        })
    };
    let has = |name: &str, function: &str| {
        module(name)
            .unwrap()
            .1
            .iter()
            .any(|item| matches!(item, syn::Item::Fn(item) if item.sig.ident == function))
    };
    assert!(has("regex", "find"));
    assert!(has("transcoder", "to_utf8"));
    assert!(source.contains("pub use self::transcoder as fancy_components_transcoder;"));
}
