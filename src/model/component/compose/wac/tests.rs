use super::*;
use crate::base::error::Result;
use crate::model::component::compose::graph::Edge;
use crate::model::component::compose::{Linked, Node};
use crate::model::component::names;
use crate::model::wit::TextFile;

fn document(text: &str) -> TextFile {
    TextFile {
        path: "main.wac".into(),
        text: text.to_owned(),
    }
}

fn component(name: &str, text: &str) -> Node<'static> {
    Node {
        name: name.to_owned(),
        bytes: wat::parse_str(text).unwrap().into(),
        ..Node::default()
    }
}

/// Composes a document of components by the name they are referred to.
fn composed(text: &str, nodes: &[Node<'_>]) -> Result<Linked> {
    let file = document(text);
    let packages = references(&file)?.into_iter().map(|reference| {
        let node = nodes.iter().find(|node| node.name == reference.name);
        let node = node.unwrap_or_else(|| panic!("`{reference}` is not given"));
        (reference, node.clone())
    });
    compose(&file, &packages.collect::<Vec<_>>())
}

/// A component with an interface of a resource and what makes one.
const MAKER: &str = r#"(component
    (type $r' (resource (rep i32)))
    (core func $new (canon resource.new $r'))
    (core module $m
      (import "a" "new" (func $new (param i32) (result i32)))
      (func (export "make") (result i32) (call $new (i32.const 7))))
    (core instance $i (instantiate $m (with "a" (instance (export "new" (func $new))))))
    (component $c
      (import "import-type-r" (type $r (sub resource)))
      (import "import-func-make" (func $make (result (own $r))))
      (export $r2 "r" (type $r))
      (export "make" (func $make) (func (result (own $r2)))))
    (func $make (result (own $r')) (canon lift (core func $i "make")))
    (instance $out (instantiate $c
      (with "import-type-r" (type $r'))
      (with "import-func-make" (func $make))))
    (export "a:b/things" (instance $out)))"#;

/// A component that imports and exports an interface of a resource.
const TAKER: &str = r#"(component
    (import "a:b/things" (instance $things
      (export "r" (type $r (sub resource)))
      (export "make" (func (result (own $r))))))
    (alias export $things "r" (type $r))
    (import "a:b/takes" (instance
      (alias outer 1 $r (type $r))
      (export "r" (type $r2 (eq $r)))
      (export "take" (func (param "it" (own $r2)))))))"#;

#[test]
fn every_place_that_names_a_package_is_found() {
    let text = "package demo:main@1.0.0 targets t:worlds/app@0.1.0;
        import a: a:one/i;
        import b: interface { use a:two/types.{t}; };
        import c: demo:main/own;
        interface own { use a:three/types@3.0.0-rc.1.{t}; }
        world w {
            use a:four/types.{t};
            import a:five/i;
            export x: interface { use a:six/types.{t}; };
            include a:seven/w;
        }
        let x = new a:eight { y: new a:nine { z: (new a:ten {}).a }, ... };
        export new a:one { ...x }...;";
    let names: Vec<String> = references(&document(text))
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        names,
        [
            "t:worlds@0.1.0",
            "a:one",
            "a:two",
            "a:three@3.0.0-rc.1",
            "a:four",
            "a:five",
            "a:six",
            "a:seven",
            "a:eight",
            "a:nine",
            "a:ten"
        ]
    );
    let first = &references(&document(text)).unwrap()[1];
    assert_eq!(&text[first.range.clone()], "a:one");
}

#[test]
fn one_instance_may_be_used_twice_and_one_component_instantiated_twice() {
    let leaf = component(
        "t:leaf",
        r#"(component (core module $m (func (export "f")))
             (core instance $i (instantiate $m))
             (func (export "f") (canon lift (core func $i "f"))))"#,
    );
    let two = component(
        "t:two",
        r#"(component (import "a" (func)) (import "b" (func $b)) (export "g" (func $b)))"#,
    );
    let text = "package t:main;
        let one = new t:leaf {};
        let other = new t:leaf {};
        let two = new t:two { a: one.f, b: other.f };
        let third = new t:two { a: one.f, b: one.f };
        export two.g; export third.g as h;";
    let linked = composed(text, &[leaf, two]).unwrap();
    let names: Vec<_> = linked.graph.components.iter().map(|c| &c.name).collect();
    assert_eq!(
        names,
        [
            "t:main",
            "t:leaf (one)",
            "t:leaf (other)",
            "t:two (two)",
            "t:two (third)"
        ]
    );
    let edge = |from, import: &str, to, export: &str| Edge {
        from,
        to,
        import: import.to_owned(),
        export: Some(export.to_owned()),
        implied: false,
    };
    assert_eq!(
        linked.graph.links,
        [
            edge(0, "g", 3, "g"),
            edge(0, "h", 4, "g"),
            edge(3, "a", 1, "f"),
            edge(3, "b", 2, "f"),
            edge(4, "a", 1, "f"),
            edge(4, "b", 1, "f"),
        ]
    );
    assert_eq!(linked.open, []);
}

#[test]
fn a_resource_of_another_instance_is_told_in_words() {
    let nodes = [component("t:maker", MAKER), component("t:taker", TAKER)];
    let text = "package t:main;
        let maker = new t:maker {};
        let taker = new t:taker { ...maker, ... };";
    // What takes the resource would have to be made with that of the maker.
    let error = composed(text, &nodes).unwrap_err();
    assert_eq!(
        error.causes(),
        [
            "type mismatch for import `a:b/takes`",
            "type mismatch in instance export `r`",
            "its resource belongs to another instance"
        ]
    );
    // With all of it open, it fits.
    let text = "package t:main; let taker = new t:taker { ... };";
    assert_eq!(composed(text, &nodes).unwrap().open.len(), 2);
}

#[test]
fn a_component_with_broken_code_is_named() {
    let nodes = [
        component("t:good", "(component)"),
        component("t:bad", "(component (core module (func (result i32))))"),
    ];
    let text = "package t:main; let a = new t:good {}; let b = new t:bad {};";
    let error = composed(text, &nodes).unwrap_err();
    assert_eq!(error.message(), "failed to link `t:bad`");
}

#[test]
fn attributes_stay_on_what_keeps_its_name() {
    let node = component(
        "t:app",
        r#"(component
             (import "one" (implements "a:b/c@1.0.0") (external-id "wasm-pkg:x:y")
               (instance $one (export "f" (func))))
             (import "a:b/d@1.0.0" (external-id "wasm-pkg:x:z") (instance (export "f" (func))))
             (alias export $one "f" (func $f))
             (export "go" (external-id "out") (func $f)))"#,
    );
    let text = "package t:main; let app = new t:app { ... }; export app.go;";
    let linked = composed(text, std::slice::from_ref(&node)).unwrap();
    assert_eq!(linked.open, names::imports(&node.bytes).unwrap());
    assert_eq!(
        names::exports(&linked.bytes).unwrap(),
        names::exports(&node.bytes).unwrap()
    );
    let shown = String::from_utf8_lossy(&linked.bytes).into_owned();
    assert_eq!(shown.matches("wasm-pkg:x:y").count(), 1);
}

#[test]
fn no_text_makes_the_library_panic_unnoticed() {
    let text = "package t:main@1.0.0 targets a:b/c;
        /** doc */ import x as \"y\": func(a: list<tuple<u8, option<string>>>) -> result<_, u8>;
        interface i { resource r { constructor(); f: static func(); } type t = borrow<r>; }
        world w { import i; export \u{e4}: func(); }
        type z = u32; record q { z: z } variant v { a(z), b } flags g { h } enum e { j }
        let a = new a:b { x, ...y, \"z\": (a.b)[\"c\"], ... };
        export a... ; export a.b as c;";
    for (at, _) in text.char_indices() {
        let _ = references(&document(&text[..at]));
        let _ = compose(&document(&text[..at]), &[]);
        let without = format!(
            "{}{}",
            &text[..at],
            &text[at..].chars().skip(1).collect::<String>()
        );
        let _ = compose(&document(&without), &[]);
    }
    // A type has no node of its own: the library gives up on it.
    for text in [
        "package t:main; interface i { type t = u32; } export i as x;",
        "package t:main; world w { } let a = w; export a...;",
    ] {
        let _ = compose(&document(text), &[]);
    }
}

#[test]
fn brackets_may_stand_in_each_other_but_not_without_end() {
    let nested = |depth: usize| {
        let (open, close) = ("list<".repeat(depth), ">".repeat(depth));
        format!("package t:main; type t = {open}u8{close};")
    };
    assert!(compose(&document(&nested(90)), &[]).is_ok());
    let error = compose(&document(&nested(100_000)), &[]).unwrap_err();
    assert_eq!(error.message(), "brackets are nested too deep");
}
