//! The shapes compositions have: chains, diamonds, versions, middleware.

use super::*;

const D_RES: &str =
    "package d:d { interface res { resource r { constructor(); get: func() -> u32; } } }";

#[test]
fn an_interface_is_linked_by_name_and_nothing_of_the_hint_is_left() {
    let d =
        component("package d:d; interface i { f: func(s: string) -> u32; } world w { export i; }");
    let a = component(
        "package a:a; world w { import d:d/i; import x:y/z; export run: func(); }
         package d:d { interface i { f: func(s: string) -> u32; } }
         package x:y { interface z { z: func(); } }",
    );
    let a = hinted(
        &a,
        &[("d:d/i", "wasm-pkg:d:d"), ("x:y/z", "wasm-pkg:x:y@1.0.0")],
    );
    let made = linked(vec![node("a", &a, &[("d:d/i", 1)]), node("d", &d, &[])]).unwrap();
    let (open, exports) = names_of(&made);
    assert_eq!(open, ["x:y/z <- wasm-pkg:x:y@1.0.0"]);
    assert_eq!(exports, ["run"]);
    // The hint of the open import stands at the root alone, that of the linked
    // one nowhere.
    let text = String::from_utf8_lossy(&made.bytes).into_owned();
    assert_eq!(text.matches("wasm-pkg:x:y@1.0.0").count(), 1);
    assert_eq!(text.matches("wasm-pkg:d:d").count(), 0);
}

#[test]
fn what_is_linked_in_part_can_be_linked_again() {
    let d = component("package d:d; interface i { f: func(); } world w { export i; }");
    let wit = "package a:a; world w { import d:d/i; import e:e/i; export run: func(); }
         package d:d { interface i { f: func(); } }
         package e:e { interface i { f: func(); } }";
    let a = hinted(&component(wit), &[("e:e/i", "wasm-pkg:e:e")]);
    let half = linked(vec![node("a", &a, &[("d:d/i", 1)]), node("d", &d, &[])]).unwrap();
    assert_eq!(names_of(&half).0, ["e:e/i <- wasm-pkg:e:e"]);
    let e = component("package e:e; interface i { f: func(); } world w { export i; }");
    let whole = linked(vec![
        node("half", &half.bytes, &[("e:e/i", 1)]),
        node("e", &e, &[]),
    ]);
    let (open, exports) = names_of(&whole.unwrap());
    assert_eq!((open.len(), exports), (0, vec!["run".to_owned()]));
}

/// `a` needs `b` and `c`, which need `d`; a resource of `d` passes between all.
fn diamond() -> Vec<Node<'static>> {
    let b = component(&format!(
        "package b:b; interface api {{ use d:d/res.{{r}}; make: func() -> r; }}
         world w {{ import d:d/res; export api; }} {D_RES}"
    ));
    let c = component(&format!(
        "package c:c; interface api {{ use d:d/res.{{r}}; take: func(r: borrow<r>) -> u32; }}
         world w {{ import d:d/res; export api; }} {D_RES}"
    ));
    let a = component(&format!(
        "package a:a; world w {{ import b:b/api; import c:c/api; export run: func(); }}
         package b:b {{ interface api {{ use d:d/res.{{r}}; make: func() -> r; }} }}
         package c:c {{ interface api {{ use d:d/res.{{r}}; take: func(r: borrow<r>) -> u32; }} }}
         {D_RES}"
    ));
    let d = component(
        "package d:d; interface res { resource r { constructor(); get: func() -> u32; } }
         world w { export res; }",
    );
    vec![
        node("a", &a, &[("b:b/api", 1), ("c:c/api", 2)]),
        node("b", &b, &[("d:d/res", 3)]),
        node("c", &c, &[("d:d/res", 3)]),
        node("d", &d, &[]),
    ]
}

#[test]
fn a_diamond_has_one_bottom_and_imports_without_a_hint_follow() {
    let made = linked(diamond()).unwrap();
    assert_eq!(names_of(&made), (vec![], vec!["run".to_owned()]));
    let names: Vec<_> = made
        .graph
        .components
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(names, ["a", "c", "b", "d"]);
    let implied: Vec<_> = made
        .graph
        .links
        .iter()
        .filter(|link| link.implied)
        .collect();
    let [link] = &implied[..] else {
        panic!("{implied:?}");
    };
    assert_eq!(
        (link.from, link.to, link.import.as_str()),
        (0, 3, "d:d/res")
    );
    // The same each time.
    assert_eq!(linked(diamond()).unwrap().bytes, made.bytes);
}

#[test]
fn two_bottoms_of_a_diamond_are_an_error_that_names_both() {
    let mut nodes = diamond();
    nodes.push(node("other-d", &nodes[3].bytes.clone(), &[]));
    nodes[2].links.get_mut("d:d/res").unwrap().node = 4;
    let error = error_text(&linked(nodes).unwrap_err());
    for part in [
        "`d:d/res` of `a`",
        "`b` is linked to `d`",
        "`c` to `other-d`",
        "--with d:d/res=",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_import_with_a_hint_of_its_own_does_not_follow() {
    let mut nodes = diamond();
    let hint = [("d:d/res", "wasm-pkg:d:d@1.0.0")];
    nodes[0].bytes = hinted(&nodes[0].bytes, &hint).into();
    let error = error_text(&linked(nodes).unwrap_err());
    // Its resource would not be that of the others.
    for part in [
        "resources of `d:d/res`",
        "`a` gets them from outside",
        "from `d`",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!error.contains("ResourceId"), "{error}");
}

#[test]
fn a_resource_of_the_linked_component_itself_is_followed() {
    let provider = component(
        "package d:d; interface res { resource r; } interface api { use res.{r}; f: func() -> r; }
         world w { export res; export api; }",
    );
    let a = component(
        "package a:a; world w { import d:d/api; export run: func(); }
         package d:d { interface res { resource r; } interface api { use res.{r}; f: func() -> r; } }",
    );
    let made = linked(vec![
        node("a", &a, &[("d:d/api", 1)]),
        node("d", &provider, &[]),
    ])
    .unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
}

#[test]
fn open_imports_of_a_diamond_stay_one() {
    let mut nodes = diamond();
    nodes[1].links.clear();
    nodes[2].links.clear();
    let made = linked(nodes).unwrap();
    assert_eq!(names_of(&made).0, ["d:d/res"]);
}

#[test]
fn a_newer_release_of_the_same_track_answers() {
    let wit = |version: &str, functions: &str| {
        format!("package v:v@{version} {{ interface i {{ {functions} }} }}")
    };
    let a = component(&format!(
        "package a:a; world w {{ import v:v/i@1.1.0; export run: func(); }} {}",
        wit("1.1.0", "f: func(); g: func();")
    ));
    let provider = |version: &str, functions: &str| {
        component(&format!(
            "package p:p; world w {{ export v:v/i@{version}; }} {}",
            wit(version, functions)
        ))
    };
    let nodes = |provider: &[u8]| {
        vec![
            node("a", &a, &[("v:v/i@1.1.0", 1)]),
            node("p", provider, &[]),
        ]
    };
    let newer = provider("1.2.0", "f: func(); g: func(); h: func();");
    let made = linked(nodes(&newer)).unwrap();
    assert_eq!(made.graph.links[0].export.as_deref(), Some("v:v/i@1.2.0"));
    // An older one is on the track, too, and lacks a function.
    let error = error_text(&linked(nodes(&provider("1.0.0", "f: func();"))).unwrap_err());
    assert!(error.contains("`p` has no function `g`"), "{error}");
    // Another track does not answer.
    let error =
        error_text(&linked(nodes(&provider("2.0.0", "f: func(); g: func();"))).unwrap_err());
    assert!(
        error.contains("version 2.0.0, which is not compatible with version 1.1.0"),
        "{error}"
    );
}

#[test]
fn two_versions_of_one_package_stand_side_by_side() {
    let both = "package v:v@1.0.0 { interface i { record t { a: u32 } f: func(t: t); } }
         package v:v@2.0.0 { interface i { record t { a: u64 } f: func(t: t); } }";
    let a = component(&format!(
        "package a:a; world w {{ import v:v/i@1.0.0; import v:v/i@2.0.0; export run: func(); }} {both}"
    ));
    let provider = |version: &str| {
        component(&format!(
            "package p:p; world w {{ export v:v/i@{version}; }} {both}"
        ))
    };
    let made = linked(vec![
        node("a", &a, &[("v:v/i@1.0.0", 1), ("v:v/i@2.0.0", 2)]),
        node("v@1", &provider("1.0.0"), &[]),
        node("v@2", &provider("2.0.0"), &[]),
    ])
    .unwrap();
    assert_eq!(made.graph.components.len(), 3);
    assert_eq!(names_of(&made).0.len(), 0);
}

const HANDLER: &str = "package h:h { interface types { resource q; } \
     interface handler { use types.{q}; handle: func(q: q); } }";

#[test]
fn middleware_imports_and_exports_one_interface() {
    let wit = |world: &str| component(&format!("package m:m; world w {{ {world} }} {HANDLER}"));
    let middle = wit("import h:h/handler; export h:h/handler;");
    let inner = wit("export h:h/handler;");
    let caller = wit("import h:h/handler; export run: func();");
    // Below a caller.
    let made = linked(vec![
        node("caller", &caller, &[("h:h/handler", 1)]),
        node("middle", &middle, &[("h:h/handler", 2)]),
        node("inner", &inner, &[]),
    ])
    .unwrap();
    assert_eq!(names_of(&made).0, ["h:h/types"]);
    // And as the root, which keeps its export.
    let made = linked(vec![
        node("middle", &middle, &[("h:h/handler", 1)]),
        node("inner", &inner, &[]),
    ])
    .unwrap();
    let (open, exports) = names_of(&made);
    assert_eq!(
        (open, exports),
        (vec!["h:h/types".to_owned()], vec!["h:h/handler".to_owned()])
    );
}

#[test]
fn exports_that_take_types_from_a_linked_interface_bring_it_along() {
    let geo = "package g:g { interface types { record p { x: u32 } resource r; } \
         interface more { use types.{p}; type q = p; f: func(); } }";
    let provider = component(&format!(
        "package p:p; world w {{ export g:g/types; export g:g/more; }} {geo}"
    ));
    let a = component(&format!(
        "package a:a; interface api {{ use g:g/more.{{q}}; use g:g/types.{{r}}; f: func(q: q) -> r; }}
         world w {{ import g:g/types; import g:g/more; export api; }} {geo}"
    ));
    let made = linked(vec![
        node("a", &a, &[("g:g/types", 1), ("g:g/more", 1)]),
        node("geo", &provider, &[]),
    ])
    .unwrap();
    let (open, exports) = names_of(&made);
    assert_eq!(open.len(), 0);
    assert_eq!(exports, ["g:g/more", "g:g/types", "a:a/api"]);
}

#[test]
fn links_need_no_hints() {
    let a = component(
        "package a:a; world w { import regex: interface { f: func(s: string); } export run: func(); }",
    );
    let plain = node("a", &a, &[("regex", 1)]);
    for provider in [
        "package r:r; world w { export f: func(s: string); }",
        "package r:r; world w { export regex: interface { f: func(s: string); } }",
        "package r:r; interface i { f: func(s: string); } world w { export i; }",
    ] {
        let made = linked(vec![plain.clone(), node("r", &component(provider), &[])]);
        assert_eq!(names_of(&made.unwrap()).0.len(), 0, "{provider}");
    }
}

#[test]
fn single_functions_are_linked_to_functions() {
    let a = component("package a:a; world w { import log: func(s: string); export run: func(); }");
    let log = component("package l:l; world w { export log: func(s: string); }");
    let made = linked(vec![node("a", &a, &[("log", 1)]), node("l", &log, &[])]).unwrap();
    assert_eq!(names_of(&made).0.len(), 0);
    let print = component("package l:l; world w { export print: func(s: string); }");
    let links = [("log#print", 1)];
    let made = linked(vec![node("a", &a, &links), node("l", &print, &[])]).unwrap();
    assert_eq!(made.graph.links[0].export.as_deref(), Some("print"));
}

#[test]
fn a_component_without_links_stays_what_it_does() {
    let a = component("package a:a; world w { import log: func(s: string); export run: func(); }");
    let made = linked(vec![node("a", &hinted(&a, &[("log", "urn:log")]), &[])]).unwrap();
    let (open, exports) = names_of(&made);
    assert_eq!(
        (open, exports),
        (vec!["log <- urn:log".to_owned()], vec!["run".to_owned()])
    );
}

#[test]
fn imports_that_become_one_keep_the_hint_that_one_of_them_has() {
    let z = |version: &str| format!("package x:y@{version} {{ interface z {{ z: func(); }} }}");
    let b = component(&format!(
        "package b:b; interface api {{ f: func(); }} world w {{ import x:y/z@1.0.0; export api; }} {}",
        z("1.0.0")
    ));
    let b = hinted(&b, &[("x:y/z@1.0.0", "wasm-pkg:x:y@1.0.0")]);
    let a = component(&format!(
        "package a:a; world w {{ import x:y/z@1.1.0; import b:b/api; export run: func(); }}
         package b:b {{ interface api {{ f: func(); }} }} {}",
        z("1.1.0")
    ));
    let made = linked(vec![node("a", &a, &[("b:b/api", 1)]), node("b", &b, &[])]).unwrap();
    assert_eq!(names_of(&made).0, ["x:y/z@1.1.0 <- wasm-pkg:x:y@1.0.0"]);
}

#[test]
fn an_import_that_is_kept_does_not_follow() {
    let env = "package e:e { interface env { get: func() -> string; } }";
    let b = component(&format!(
        "package b:b; interface api {{ f: func(); }} world w {{ import e:e/env; export api; }} {env}"
    ));
    let a = component(&format!(
        "package a:a; world w {{ import e:e/env; import b:b/api; export run: func(); }}
         package b:b {{ interface api {{ f: func(); }} }} {env}"
    ));
    let e = component(&format!("package p:p; world w {{ export e:e/env; }} {env}"));
    let mut nodes = vec![
        node("a", &a, &[("b:b/api", 1)]),
        node("b", &b, &[("e:e/env", 2)]),
        node("e", &e, &[]),
    ];
    assert_eq!(names_of(&linked(nodes.clone()).unwrap()).0.len(), 0);
    nodes[0].keep.insert("e:e/env".to_owned());
    assert_eq!(names_of(&linked(nodes).unwrap()).0, ["e:e/env"]);
}
