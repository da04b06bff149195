//! What is said when components do not fit.

use super::*;

fn with_types(types: &str) -> (Vec<u8>, Vec<u8>) {
    let i = format!("package i:i@1.0.0 {{ interface api {{ {types} }} }}");
    (
        component(&format!(
            "package a:a; world w {{ import i:i/api@1.0.0; export run: func(); }} {i}"
        )),
        component(&format!(
            "package p:p; world w {{ export i:i/api@1.0.0; }} {i}"
        )),
    )
}

#[test]
fn the_first_type_that_differs_is_told_with_both_sources() {
    let (a, _) = with_types("record span { start: u32 } f: func(s: span);");
    let (_, p) = with_types("record span { start: u64 } f: func(s: span);");
    let nodes = vec![
        node("app", &a, &[("i:i/api@1.0.0", 1)]),
        node("p:p@2.0.0", &p, &[]),
    ];
    let error = linked(nodes).unwrap_err();
    assert_eq!(
        error.message(),
        "`p:p@2.0.0` does not match the import `i:i/api@1.0.0` of `app`"
    );
    assert_eq!(
        error.causes(),
        [
            "it would be linked to its export `i:i/api@1.0.0`",
            "in type `span`, field `start`, `app` has `u32`, but `p:p@2.0.0` has `u64`"
        ]
    );
    assert!(error.advice().unwrap().contains("--with i:i/api@1.0.0="));
}

#[test]
fn a_root_that_does_not_fit_is_told_by_function_and_type() {
    let a = component(
        "package a:a; world w { import d: interface { record p { x: u8 } f: func(p: p); } export run: func(); }",
    );
    for (wit, told) in [
        (
            "record p { x: u16 } export f: func(p: p);",
            "in function `f`, parameter `p`, field `x`, `a` has `u8`, but `d` has `u16`",
        ),
        (
            "export f: func(p: u8);",
            "in function `f`, parameter `p`, `a` has `record p`",
        ),
    ] {
        let d = component(&format!("package d:d; world w {{ {wit} }}"));
        let nodes = vec![node("a", &a, &[("d", 1)]), node("d", &d, &[])];
        let error = error_text(&linked(nodes).unwrap_err());
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn nothing_that_answers_is_told_with_what_comes_closest() {
    let (a, _) = with_types("f: func();");
    let d = component(
        "package d:d; world w { export i:i/api@2.0.0; } package i:i@2.0.0 { interface api { f: func(); } }",
    );
    let nodes = vec![node("a", &a, &[("i:i/api@1.0.0", 1)]), node("d", &d, &[])];
    let error = linked(nodes).unwrap_err();
    assert_eq!(
        error.message(),
        "nothing in `d` satisfies the import `i:i/api@1.0.0` of `a`"
    );
    assert_eq!(
        error.causes(),
        [
            "its export `i:i/api@2.0.0` is the most similar one, but it has version 2.0.0, which is not \
             compatible with version 1.0.0"
        ]
    );
    assert!(error.advice().unwrap().contains("--keep i:i/api@1.0.0"));
    let empty = wat("(component)");
    let nodes = vec![
        node("a", &a, &[("i:i/api@1.0.0", 1)]),
        node("d", &empty, &[]),
    ];
    assert_eq!(linked(nodes).unwrap_err().causes(), ["it has no exports"]);
}

#[test]
fn a_link_for_an_import_that_is_not_there_names_the_near_one() {
    let (a, p) = with_types("f: func();");
    let nodes = vec![node("a", &a, &[("i:i/app@1.0.0", 1)]), node("p", &p, &[])];
    let error = linked(nodes).unwrap_err();
    assert_eq!(error.message(), "`a` has no import `i:i/app@1.0.0` to link");
    assert_eq!(error.advice(), Some("it imports `i:i/api@1.0.0`"));
}

#[test]
fn open_imports_that_cannot_be_one_name_both_components() {
    let user = |package: &str, types: &str| {
        component(&format!(
            "package {package}; interface api {{ f: func(); }} world w {{ import i:i/t; export api; }}
             package i:i {{ interface t {{ {types} g: func(r: r); }} }}"
        ))
    };
    let a = component(
        "package a:a; world w { import b:b/api; import c:c/api; export run: func(); }
         package b:b { interface api { f: func(); } }
         package c:c { interface api { f: func(); } }",
    );
    let error = linked(vec![
        node("a", &a, &[("b:b/api", 1), ("c:c/api", 2)]),
        node("b", &user("b:b", "record r { x: u8 }"), &[]),
        node("c", &user("c:c", "record r { y: u8 }"), &[]),
    ])
    .unwrap_err();
    let error = error_text(&error);
    assert!(
        error.contains("have incompatible types for the import `i:i/t`"),
        "{error}"
    );
    assert!(error.contains("in type `r`"), "{error}");
}

#[test]
fn a_circle_is_shown() {
    let (a, p) = with_types("f: func();");
    let mut nodes = vec![
        node("a", &a, &[("i:i/api@1.0.0", 1)]),
        node("p", &p, &[("x", 0)]),
    ];
    let error = linked(nodes.clone()).unwrap_err();
    assert_eq!(error.causes(), ["`a` → `p` → `a`"]);
    nodes[1].links.clear();
    assert!(linked(nodes).is_ok());
}

#[test]
fn too_many_components_are_told_before_the_validator_does() {
    let (_, p) = with_types("f: func();");
    let size = crate::model::component::sections::count(&p);
    let i = "package i:i@1.0.0 { interface api { f: func(); } }";
    let link =
        format!("package a:a; world w {{ import i:i/api@1.0.0; export i:i/api@1.0.0; }} {i}");
    let link = component(&link);
    let each = crate::model::component::sections::count(&link);
    // A chain, as long as fits, and one longer.
    let longest = (1000 - 1 - size) / each;
    let chain = |length: usize| {
        let mut nodes: Vec<Node> = (0..length)
            .map(|at| node(&format!("n{at}"), &link, &[("i:i/api@1.0.0", at + 1)]))
            .collect();
        nodes.push(node("end", &p, &[]));
        nodes
    };
    assert!(linked(chain(longest)).is_ok());
    let error = linked(chain(longest + 1)).unwrap_err();
    assert_eq!(error.message(), "failed to link `n0`");
    assert!(
        error.causes()[0].contains("no more than 1000 are allowed"),
        "{error}"
    );
}

#[test]
fn what_stays_open_takes_values_but_no_resources_of_what_is_linked() {
    let d = component(
        "package d:d; interface t { record p { x: u8 } resource r; f: func(); } world w { export t; }",
    );
    let a = |ty: &str| {
        component(&format!(
            "package a:a; world w {{ import d:d/t; import h:h/api; export run: func(); }}
             package d:d {{ interface t {{ record p {{ x: u8 }} resource r; f: func(); }} }}
             package h:h {{ interface api {{ use d:d/t.{{{ty}}}; g: func() -> {ty}; }} }}"
        ))
    };
    let nodes = |ty| vec![node("a", &a(ty), &[("d:d/t", 1)]), node("d", &d, &[])];
    assert!(linked(nodes("p")).is_ok());
    let error = linked(nodes("r")).unwrap_err();
    assert_eq!(
        error.message(),
        "the import `h:h/api` of `a` cannot stay open"
    );
    assert!(
        error.causes()[0].contains("resources of `d:d/t`"),
        "{error}"
    );
    assert!(error.causes()[0].contains("come from `d`"), "{error}");
}

/// A component that exports the resource of `a:b/test`.
const RESOURCE: &str = r#"(component
  (type $r (resource (rep i32)))
  (component $c (import "t" (type $r (sub resource))) (export "thing" (type $r)))
  (instance $i (instantiate $c (with "t" (type $r))))
  (export "a:b/test" (instance $i)))"#;

#[test]
fn an_open_import_of_a_linked_resource_is_refused_in_every_form() {
    for import in [
        r#"(func (param "a" (own $thing)) (result (own $thing)))"#,
        r#"(func (param "a" (borrow $thing)))"#,
        r#"(instance (alias outer 1 $thing (type $x)) (export "thing" (type $y (eq $x)))
             (export "g" (func (param "a" (borrow $y)))))"#,
    ] {
        let app = wat(&format!(
            r#"(component
              (import "a:b/test" (instance $t (export "thing" (type $thing (sub resource)))))
              (alias export $t "thing" (type $thing))
              (import "f" {import}))"#
        ));
        let nodes = vec![
            node("app", &app, &[("a:b/test", 1)]),
            node("leaf", &wat(RESOURCE), &[]),
        ];
        let error = error_text(&linked(nodes).unwrap_err());
        assert!(
            error.contains("the import `f` of `app` cannot stay open")
                && error.contains("which come from `leaf`"),
            "{error}"
        );
    }
}

#[test]
fn a_function_takes_the_resource_that_its_component_was_given() {
    let app = wat(r#"(component
          (import "a:b/test" (instance $t (export "thing" (type $thing (sub resource)))))
          (alias export $t "thing" (type $thing))
          (import "f" (func (param "a" (borrow $thing)))))"#);
    let middle = wat(r#"(component
          (import "a:b/test" (instance $t (export "thing" (type $thing (sub resource)))))
          (alias export $t "thing" (type $thing))
          (core module $m (func (export "f") (param i32)))
          (core instance $i (instantiate $m))
          (func $f (param "a" (borrow $thing)) (canon lift (core func $i "f")))
          (export "f" (func $f)))"#);
    let leaf = wat(RESOURCE);
    let nodes = |links: &[(&str, usize)]| {
        vec![
            node("app", &app, &[("a:b/test", 2), ("f", 1)]),
            node("mid", &middle, links),
            node("leaf", &leaf, &[]),
        ]
    };
    linked(nodes(&[("a:b/test", 2)])).unwrap();
    let error = error_text(&linked(nodes(&[])).unwrap_err());
    assert!(
        error.contains("both use the resources of `a:b/test`")
            && error.contains("from `leaf`")
            && error.contains("from outside"),
        "{error}"
    );
}
