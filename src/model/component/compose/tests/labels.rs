//! Labels: imports under plain names, and what they implement.

use super::*;

const ONE: &str = "package i:i@1.2.0 { interface api { f: func(); } }";

fn provider() -> Vec<u8> {
    component(&format!(
        "package p:p; world w {{ export i:i/api@1.2.0; }} {ONE}"
    ))
}

#[test]
fn two_components_provide_one_interface_under_two_labels() {
    let a = component(&format!(
        "package a:a; world w {{ import one: i:i/api@1.2.0; import two: i:i/api@1.2.0; export run: func(); }} {ONE}"
    ));
    let imports = crate::model::component::names::imports(&a).unwrap();
    assert_eq!(imports[0].implements.as_deref(), Some("i:i/api@1.2.0"));
    let made = linked(vec![
        node("a", &a, &[("one", 1), ("two", 2)]),
        node("p", &provider(), &[]),
        node("q", &provider(), &[]),
    ])
    .unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
    let ends: Vec<_> = made
        .graph
        .links
        .iter()
        .map(|link| (link.import.as_str(), link.to))
        .collect();
    assert_eq!(ends.len(), 2);
    assert_ne!(ends[0].1, ends[1].1);
    // Neither the root nor what is nested says `implements` any more.
    for side in [
        crate::model::component::names::imports,
        crate::model::component::names::exports,
    ] {
        assert!(
            side(&made.bytes)
                .unwrap()
                .iter()
                .all(|name| name.implements.is_none())
        );
    }
    assert_eq!(
        crate::model::component::names::without_attributes(&made.bytes).unwrap(),
        made.bytes
    );
}

#[test]
fn an_open_import_gets_no_interface_from_one_that_shares_its_type() {
    let shared = "(component (type (instance)) (import \"b:c/d\" (instance (type 0))) (import \"x\" (instance (type 0))))";
    let provider = "(component (instance $e) (export \"b:c/d\" (instance $e)))";
    let [shared, provider] = [shared, provider].map(|text| wat::parse_str(text).unwrap());
    let made = linked(vec![
        node("a", &shared, &[("b:c/d", 1)]),
        node("p", &provider, &[]),
    ]);
    assert_eq!(
        made.unwrap().open,
        [crate::model::component::names::Name::plain("x")]
    );
}

#[test]
fn a_label_that_stays_open_keeps_what_it_implements() {
    let a = component(&format!(
        "package a:a; world w {{ import one: i:i/api@1.2.0; import two: i:i/api@1.2.0; export run: func(); }} {ONE}"
    ));
    let a = hinted(&a, &[("two", "wasm-pkg:p:p")]);
    let made = linked(vec![
        node("a", &a, &[("one", 1)]),
        node("p", &provider(), &[]),
    ])
    .unwrap();
    let [open] = &made.open[..] else {
        panic!("{:?}", made.open);
    };
    assert_eq!(open.name, "two");
    assert_eq!(open.implements.as_deref(), Some("i:i/api@1.2.0"));
    assert_eq!(open.external_id.as_deref(), Some("wasm-pkg:p:p"));
}

#[test]
fn exports_keep_what_they_implement() {
    let wit = format!(
        "package a:a; world w {{ import d: interface {{ g: func(); }} export mine: i:i/api@1.2.0; }} {ONE}"
    );
    let d = component("package d:d; world w { export g: func(); }");
    let made = linked(vec![
        node("a", &component(&wit), &[("d", 1)]),
        node("d", &d, &[]),
    ])
    .unwrap();
    let exports = crate::model::component::names::exports(&made.bytes).unwrap();
    assert_eq!(exports[0].implements.as_deref(), Some("i:i/api@1.2.0"));
}

#[test]
fn equal_labels_of_two_components_are_kept_apart_with_their_hints() {
    let with_store = |package: &str, body: &str, function: &str| {
        component(&format!(
            "package {package}; interface api {{ f: func(); }}
             world w {{ import store: interface {{ {body} }} {function} export api; }}"
        ))
    };
    let a = component(
        "package a:a; world w { import store: interface { get: func() -> u32; }
           import b:b/api; import c:c/api; export run: func(); }
         package b:b { interface api { f: func(); } }
         package c:c { interface api { f: func(); } }",
    );
    let a = hinted(&a, &[("store", "wasm-pkg:s:a")]);
    let b = with_store("b:b", "get: func() -> string;", "import log: func();");
    let b = hinted(&b, &[("store", "wasm-pkg:s:b")]);
    let c = with_store("c:c", "set: func();", "import log: func(level: u8);");
    let c = hinted(&c, &[("store", "wasm-pkg:s:c")]);
    let made = linked(vec![
        node("a:a@1.0.0", &a, &[("b:b/api", 1), ("c:c/api", 2)]),
        node("b:b@1.0.0", &b, &[]),
        node("some/dir/c.wasm", &c, &[]),
    ])
    .unwrap();
    let mut open = names_of(&made).0;
    open.sort();
    assert_eq!(
        open,
        [
            "b-log",
            "b-store <- wasm-pkg:s:b",
            "c-store <- wasm-pkg:s:c",
            "log",
            "store <- wasm-pkg:s:a"
        ]
    );
}

#[test]
fn an_export_under_a_label_answers_for_the_interface_it_implements() {
    let p = component(&format!(
        "package p:p; world w {{ export mine: i:i/api@1.2.0; }} {ONE}"
    ));
    let a = component(&format!(
        "package a:a; world w {{ import i:i/api@1.2.0; export run: func(); }} {ONE}"
    ));
    let links = [("i:i/api@1.2.0", 1)];
    let made = linked(vec![node("a", &a, &links), node("p", &p, &[])]).unwrap();
    assert_eq!(made.graph.links[0].export.as_deref(), Some("mine"));
}

#[test]
fn the_fragment_of_a_hint_names_the_export() {
    let d = component(
        "package d:d; world w { export baz: interface { f: func(); } export bar: interface { f: func(); } }",
    );
    let a = component(
        "package a:a; world w { import d-baz: interface { f: func(); } export run: func(); }",
    );
    let made = linked(vec![node("a", &a, &[("d-baz#baz", 1)]), node("d", &d, &[])]).unwrap();
    assert_eq!(made.graph.links[0].export.as_deref(), Some("baz"));
    // Without one, nothing tells which.
    let error = linked(vec![node("a", &a, &[("d-baz", 1)]), node("d", &d, &[])]).unwrap_err();
    assert!(error_text(&error).contains("nothing in `d` satisfies the import `d-baz` of `a`"));
}

#[test]
fn components_of_the_old_tool_are_read_and_linked() {
    let old = |import: &str, function: &str| {
        wat(&format!(
            r#"(component (import "{import}" (instance $i (export "{function}" (func))))
                 (alias export $i "{function}" (func $f)) (export "run" (func $f)))"#
        ))
    };
    let d = component(
        "package fancy:geo@0.3.1; interface api { f: func(); }
         world w { export g: func(); export api; export baz: interface { h: func(); } }",
    );
    for (import, label, function, export) in [
        (
            "unlocked-dep=<fancy:geo@{>=0.3.0 <0.4.0}>",
            "fancy-geo",
            "g",
            None,
        ),
        (
            "unlocked-dep=<fancy:geo/baz@{>=0.3.0 <0.4.0}>",
            "fancy-geo-baz",
            "h",
            Some("baz"),
        ),
        (
            "unlocked-dep=<fancy:geo/fancy-geo-api>",
            "fancy-geo-fancy-geo-api",
            "f",
            Some("fancy:geo/api@0.3.1"),
        ),
    ] {
        let a = old(import, function);
        let [name] = &crate::model::component::names::imports(&a).unwrap()[..] else {
            panic!("{import}");
        };
        assert_eq!(name.name, label);
        let hint = crate::model::component::hint::Hint::parse(name.external_id.as_deref().unwrap());
        let item = hint.known().unwrap().item.clone();
        let mut root = node("a", &a, &[(label, 1)]);
        root.links.get_mut(label).unwrap().item = item;
        let made = linked(vec![root, node("geo", &d, &[])]).unwrap();
        assert_eq!(made.graph.links[0].export.as_deref(), export, "{import}");
        assert_eq!(names_of(&made), (vec![], vec!["run".to_owned()]));
        // And they stay readable when they are not linked.
        let made = linked(vec![node("a", &a, &[])]).unwrap();
        assert!(
            made.open[0]
                .external_id
                .as_deref()
                .unwrap()
                .starts_with("wasm-pkg:fancy:geo")
        );
    }
}

#[test]
fn versions_split_into_name_and_suffix_are_made_whole() {
    let a = wat(
        r#"(component (import "v:v/i@1" (version-suffix ".2.3") (instance $i (export "f" (func))))
             (alias export $i "f" (func $f)) (export "run" (func $f)))"#,
    );
    let d = component("package v:v@1.3.0; interface i { f: func(); } world w { export i; }");
    let made = linked(vec![
        node("a", &a, &[("v:v/i@1.2.3", 1)]),
        node("v", &d, &[]),
    ])
    .unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
    let made = linked(vec![node("a", &a, &[])]).unwrap();
    assert_eq!(names_of(&made).0, ["v:v/i@1.2.3"]);
}
