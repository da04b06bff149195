use super::*;

fn world(text: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("w.wit", text).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    (resolve, world)
}

/// The misfits of a component with a world of packages `a:up` and `a:down`.
fn found(component: &str, up: &str, rest: &str) -> Vec<String> {
    let text = format!(
        "package a:down@0.3.0;
         package a:up {{ interface source {{ {up} }} }}
         {rest}"
    );
    let (resolve, world) = world(&text);
    let bytes = wat::parse_str(format!("(component {component})")).unwrap();
    mismatches(&bytes, &resolve, world).unwrap()
}

const SOURCE: &str = r#"
    (type $i (instance
      (export "req" (type $r (sub resource)))
      (export "take" (func (param "r" (own $r))))))
    (import "a:up/source" (instance $s (type $i)))"#;
const UP: &str = "resource req; take: func(r: req);";

#[test]
fn an_import_that_is_passed_on_fits_by_its_types() {
    let same = format!(r#"{SOURCE} (export "a:up/source" (instance $s))"#);
    let both = "world w { import a:up/source; export a:up/source; }";
    assert_eq!(found(&same, UP, both), [""; 0]);
    let other = "world w { import a:up/source; }";
    assert_eq!(found(&same, UP, other), [""; 0]);
    assert_eq!(
        found(&same, "resource req; take: func(r: borrow<req>);", both),
        [
            "in its imports, in interface `a:up/source`, function `take`, parameter `r`: the component has `own<req>`, but the world has `borrow<req>`",
            "in its exports, in interface `a:up/source`, function `take`, parameter `r`: the component has `own<req>`, but the world has `borrow<req>`",
        ]
    );
    let more = "resource req; take: func(r: req); more: func();";
    assert_eq!(
        found(&same, more, both),
        ["in its exports, in interface `a:up/source`: the component has no function `more`"]
    );
    assert_eq!(
        found(
            &same,
            UP,
            "world w { export a:up/source; import other; } interface other { f: func(); }"
        ),
        ["it imports `a:up/source`, which the world does not provide"]
    );
}

#[test]
fn a_resource_that_is_passed_on_under_another_name_is_that_of_the_import() {
    let passes = format!(r#"{SOURCE} (export "a:down/sink@0.3.0" (instance $s))"#);
    let sink = "world w { import a:up/source; export sink; }";
    let uses = "interface sink { use a:up/source.{req}; take: func(r: req); }";
    assert_eq!(found(&passes, UP, &format!("{uses} {sink}")), [""; 0]);
    // Whose resource it is does not matter to who asks for any.
    let own = "interface sink { resource req; take: func(r: req); }";
    assert_eq!(found(&passes, UP, &format!("{own} {sink}")), [""; 0]);
    let makes = r#"
        (core module $m (func (export "f") (param i32)))
        (core instance $c (instantiate $m))
        (type $mine (resource (rep i32)))
        (func $f (param "r" (own $mine)) (canon lift (core func $c "f")))
        (component $inner
          (import "req" (type $r (sub resource)))
          (import "take" (func $f (param "r" (own $r))))
          (export $e "req" (type $r))
          (export "take" (func $f) (func (param "r" (own $e)))))
        (instance $sink (instantiate $inner (with "req" (type $mine)) (with "take" (func $f))))
        (export "a:down/sink@0.3.0" (instance $sink))"#;
    assert_eq!(found(makes, UP, &format!("{own} {sink}")), [""; 0]);
    for imports in ["", SOURCE] {
        assert_eq!(
            found(&format!("{imports} {makes}"), UP, &format!("{uses} {sink}")),
            [
                "in its exports, in interface `a:down/sink@0.3.0`, type `req`: the component has that of another, but the world has the resource of one interface"
            ]
        );
    }
}

#[test]
fn what_wit_has_no_words_for_does_not_go_unsaid() {
    let module = r#"(import "m" (core module))"#;
    assert_eq!(
        found(module, UP, "world w { import a:up/source; }"),
        ["it imports the core module `m`, which no WIT world can provide"]
    );
}

#[test]
fn structure_counts_and_names_of_types_do_not() {
    let component = |ty: &str| {
        format!(
            r#"(import "a:up/source" (instance
                 (type $t {ty}) (export "t" (type $e (eq $t)))
                 (export "f" (func (param "x" (list $e)) (result (option $e))))))"#
        )
    };
    let world = "world w { import a:up/source; }";
    let wit = |ty: &str| format!("{ty} f: func(x: list<t>) -> option<t>;");
    for (ty, text, told) in [
        ("u32", "type t = u32;", None),
        ("u32", "type n = u32; type t = n;", None),
        (
            r#"(record (field "x" u8) (field "y" string))"#,
            "record t { x: u8, y: string }",
            None,
        ),
        (
            r#"(record (field "x" u8) (field "y" string))"#,
            "record t { x: u8, y: char }",
            Some("type `t`, field `y`: the component has `string`, but the world has `char`"),
        ),
        (
            r#"(record (field "x" u8))"#,
            "record t { z: u8 }",
            Some("type `t`: the component has the fields `x`, but the world has the fields `z`"),
        ),
        (
            r#"(variant (case "a" u8) (case "b"))"#,
            "variant t { a(u8), b }",
            None,
        ),
        (
            r#"(variant (case "a" u8))"#,
            "variant t { a }",
            Some("type `t`, case `a`: the component has `u8`, but the world has nothing"),
        ),
        (
            r#"(enum "a")"#,
            "enum t { a, b }",
            Some("type `t`: the component has the cases `a`, but the world has the cases `a`, `b`"),
        ),
        (
            r#"(flags "a")"#,
            "record t { a: bool }",
            Some("type `t`: the component has `flags t`, but the world has `record t`"),
        ),
        (
            "(tuple u8 (result u8 (error string)))",
            "type t = tuple<u8, result<u8, string>>;",
            None,
        ),
        (
            "(tuple u8 u8)",
            "type t = tuple<u8, u8, u8>;",
            Some(
                "type `t`: the component has `tuple<u8, u8>`, but the world has `tuple<u8, u8, u8>`",
            ),
        ),
    ] {
        let told = told.map(|told| format!("in its imports, in interface `a:up/source`, {told}"));
        let expected: Vec<String> = told.into_iter().collect();
        assert_eq!(
            found(&component(ty), &wit(text), world),
            expected,
            "{ty}, {text}"
        );
    }
}
