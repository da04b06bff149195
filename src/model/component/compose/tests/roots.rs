//! Functions and types at the root of a component.

use super::*;

/// The world of a component as WIT.
fn wit(bytes: &[u8]) -> String {
    let decoded = wit_component::decode(bytes).unwrap();
    let mut printer = wit_component::WitPrinter::default();
    printer
        .print(decoded.resolve(), decoded.package(), &[])
        .unwrap();
    printer.output.to_string()
}

const GEO: &str = "record pair { a: u32, b: list<string> }
     variant shape { dot, line(pair), many(list<pair>) }
     enum color { red, green }
     flags marks { x, y }
     sum: func(p: pair) -> u32;
     draw: func(s: shape, c: option<tuple<u8, color>>) -> result<pair, marks>;
     flow: func(s: stream<pair>, m: map<string, pair>) -> future<shape>;
     wait: func() -> future;
     use-one: func(h: borrow<handle>, o: option<handle>) -> list<list<u8>>;
     many: async func(p: pair) -> list<pair>;";

fn geo() -> Vec<u8> {
    let exports: String = GEO
        .lines()
        .map(|line| match line.contains("func(") {
            true => format!("export {line}\n"),
            false => format!("{line}\n"),
        })
        .collect();
    component(&format!(
        "package g:g; world w {{ use r:r/res.{{handle}}; {exports} }}
         package r:r {{ interface res {{ resource handle {{ get: func() -> u8; }} }} }}"
    ))
}

fn caller() -> Vec<u8> {
    component(&format!(
        "package a:a; world w {{ import geo: interface {{ use r:r/res.{{handle}}; {GEO} }}
           export run: func(); }}
         package r:r {{ interface res {{ resource handle {{ get: func() -> u8; }} }} }}"
    ))
}

#[test]
fn a_root_without_types_is_the_argument_itself() {
    let d =
        component("package d:d; world w { export f: func(s: string) -> u32; export g: func(); }");
    let a = component(
        "package a:a; world w { import d: interface { f: func(s: string) -> u32; } export run: func(); }",
    );
    let made = linked(vec![node("a", &a, &[("d", 1)]), node("d", &d, &[])]).unwrap();
    assert_eq!(made.graph.links[0].export, None);
    assert_eq!(names_of(&made).0.len(), 0);
}

#[test]
fn types_at_a_root_become_exports_when_it_is_lifted() {
    let geo = geo();
    let plain = crate::model::component::names::without_attributes(&geo).unwrap();
    let lifted = lift::lifted("geo", &plain).unwrap();
    wasmparser::Validator::new().validate_all(&lifted).unwrap();
    golden("tests/geo.wit", &wit(&geo));
    // The instance it makes, as an export of its own.
    let mut graph = wac_graph::CompositionGraph::new();
    let types = graph.types_mut();
    let package = wac_graph::types::Package::from_bytes("geo", None, lifted, types).unwrap();
    let id = graph.register_package(package).unwrap();
    let instance = graph.instantiate(id);
    graph.export(instance, "geo").unwrap();
    let shown = graph.encode(wac_graph::EncodeOptions::default()).unwrap();
    golden("tests/geo-lifted.wit", &wit(&shown));
}

#[test]
fn functions_with_types_at_a_root_are_linked() {
    let made = linked(vec![
        node("a", &caller(), &[("geo", 1)]),
        node("geo", &geo(), &[]),
    ])
    .unwrap();
    let (open, exports) = names_of(&made);
    assert_eq!(
        (open, exports),
        (vec!["r:r/res".to_owned()], vec!["run".to_owned()])
    );
    assert_eq!(made.graph.links[0].export, None);
}

#[test]
fn a_resource_in_a_root_function_is_that_of_its_interface() {
    let res = component(
        "package r:r; interface res { resource handle { get: func() -> u8; } } world w { export res; }",
    );
    let made = linked(vec![
        node("a", &caller(), &[("geo", 1)]),
        node("geo", &geo(), &[("r:r/res", 2)]),
        node("res", &res, &[]),
    ])
    .unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
    let implied = made.graph.links.iter().filter(|link| link.implied).count();
    assert_eq!(implied, 1);
}

#[test]
fn the_root_of_a_composition_keeps_its_types_as_imports() {
    let root = component(
        "package a:a; world w { record pair { a: u32 } import d: interface { f: func(); }
           export sum: func(p: pair) -> u32; }",
    );
    let d = component("package d:d; world w { export f: func(); }");
    let made = linked(vec![node("a", &root, &[("d", 1)]), node("d", &d, &[])]).unwrap();
    let (open, exports) = names_of(&made);
    assert_eq!(
        (open, exports),
        (vec!["pair".to_owned()], vec!["sum".to_owned()])
    );
}

#[test]
fn a_composition_with_root_types_is_lifted_like_any_component() {
    let root = component(
        "package g:g; world w { record pair { a: u32 } import d: interface { f: func(); }
           export sum: func(p: pair) -> u32; }",
    );
    let d = component("package d:d; world w { export f: func(); }");
    let made = linked(vec![node("g", &root, &[("d", 1)]), node("d", &d, &[])]).unwrap();
    let a = component(
        "package a:a; world w { import g: interface { record pair { a: u32 } sum: func(p: pair) -> u32; }
           export run: func(); }",
    );
    let made = linked(vec![
        node("a", &a, &[("g", 1)]),
        node("g", &made.bytes, &[]),
    ])
    .unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
}

#[test]
fn a_root_and_an_interface_of_one_component_are_one_instance() {
    let d = component(
        "package d:d; interface api { f: func(); }
         world w { record pair { a: u32 } export sum: func(p: pair) -> u32; export api; }",
    );
    let a = component(
        "package a:a; world w { import d: interface { record pair { a: u32 } sum: func(p: pair) -> u32; }
           import d:d/api; export run: func(); }
         package d:d { interface api { f: func(); } }",
    );
    let links = [("d", 1), ("d:d/api", 1)];
    let made = linked(vec![node("a", &a, &links), node("d", &d, &[])]).unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
    assert_eq!(made.graph.components.len(), 2);
}

#[test]
fn a_resource_at_a_root_is_refused_with_the_reason() {
    let d = wat(r#"(component (import "r" (type $r (sub resource)))
             (import "f" (func $f (param "r" (borrow $r)))) (export "g" (func $f)))"#);
    let a = wat(
        r#"(component (import "d" (instance (export "r" (type (sub resource)))
             (export "g" (func (param "r" (borrow 0)))))))"#,
    );
    let error =
        error_text(&linked(vec![node("a", &a, &[("d", 1)]), node("d", &d, &[])]).unwrap_err());
    assert!(error.contains("its root has the resource `r`"), "{error}");
}

const TYPES: &str =
    "package g:g { interface types { record p { x: u32 } resource r; f: func(); } }";

#[test]
fn root_functions_of_the_root_take_types_from_a_linked_interface() {
    let g = component(&format!(
        "package p:p; world w {{ export g:g/types; }} {TYPES}"
    ));
    for (ty, used) in [("p", "p"), ("r", "borrow<r>")] {
        let a = component(&format!(
            "package a:a; world w {{ use g:g/types.{{{ty}}}; import g:g/types;
               export f: func(x: {used}); }} {TYPES}"
        ));
        let links = [("g:g/types", 1)];
        let made = linked(vec![node("a", &a, &links), node("g", &g, &[])]).unwrap();
        let (open, exports) = names_of(&made);
        assert_eq!(
            (open, exports),
            (vec![], vec!["g:g/types".to_owned(), "f".to_owned()]),
            "{ty}"
        );
    }
}
