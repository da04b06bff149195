use super::*;

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

const NESTED: &str = r#"(component
    (import "one" (implements "a:b/c@1.0.0") (external-id "oci://x") (instance $one))
    (type (component
      (import "in" (external-id "urn:type") (instance))
      (type (instance (export "deep" (external-id "urn:deep") (func))))))
    (core module (memory 1) (data (i32.const 0) "kept"))
    (component $inner
      (import "two" (external-id "urn:nested") (instance))
      (component (import "three" (external-id "urn:deeper") (func))))
    (@custom "own" "kept, too")
    (instance (instantiate $inner (with "two" (instance $one))))
    (export "out" (external-id "urn:export") (instance $one)))"#;

#[test]
fn attributes_go_from_every_depth_and_nothing_else_does() {
    let bytes = wat(NESTED);
    let plain = without_attributes(&bytes).unwrap();
    wasmparser::Validator::new().validate_all(&plain).unwrap();
    let by_hand: Vec<&str> = NESTED.split(" (external-id").collect();
    let mut text = by_hand[0].to_owned();
    for rest in &by_hand[1..] {
        text.push_str(&rest[rest.find(')').unwrap() + 1..]);
    }
    let text = text.replace(" (implements \"a:b/c@1.0.0\")", "");
    assert_eq!(plain, wat(&text));
    // What has none stays as it is.
    assert_eq!(without_attributes(&plain).unwrap(), plain);
    assert_eq!(with_current_names(&bytes).unwrap(), bytes);
}

#[test]
fn names_are_read_with_their_attributes() {
    let bytes = wat(NESTED);
    let [one] = &imports(&bytes).unwrap()[..] else {
        panic!();
    };
    assert_eq!(one.name, "one");
    assert_eq!(one.interface(), Some("a:b/c@1.0.0"));
    assert_eq!(one.external_id.as_deref(), Some("oci://x"));
    let [out] = &exports(&bytes).unwrap()[..] else {
        panic!();
    };
    assert_eq!((out.name.as_str(), out.interface()), ("out", None));
    assert_eq!(Name::plain("a:b/c").interface(), Some("a:b/c"));
}

#[test]
fn a_renamed_import_keeps_its_attributes_and_its_functions() {
    let bytes = wat(r#"(component
             (import "r" (type $r (sub resource)))
             (import "[method]r.get" (func (param "self" (borrow $r))))
             (import "[constructor]r" (func (result (own $r))))
             (import "store" (external-id "urn:s") (instance))
             (import "other" (func)))"#);
    let labels = [("r", "b-r"), ("store", "b-store")];
    let labels = labels
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .into();
    let renamed = renamed(&bytes, &labels).unwrap();
    wasmparser::Validator::new().validate_all(&renamed).unwrap();
    let names = imports(&renamed).unwrap();
    let shown: Vec<_> = names.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(
        shown,
        [
            "b-r",
            "[method]b-r.get",
            "[constructor]b-r",
            "b-store",
            "other"
        ]
    );
    assert_eq!(names[3].external_id.as_deref(), Some("urn:s"));
}

#[test]
fn old_names_become_labels_with_hints() {
    let hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let base64 = "ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=";
    for (old, label, hint) in [
        ("unlocked-dep=<a:b>", "a-b", "wasm-pkg:a:b".to_owned()),
        ("unlocked-dep=<a:b@*>", "a-b", "wasm-pkg:a:b".to_owned()),
        (
            "unlocked-dep=<a:b@{>=1.0.0}>",
            "a-b",
            "wasm-pkg:a:b@>=1.0.0".to_owned(),
        ),
        (
            "unlocked-dep=<a:b@{<2.0.0}>",
            "a-b",
            "wasm-pkg:a:b@<2.0.0".to_owned(),
        ),
        (
            "unlocked-dep=<fancy:geo/baz@{>=0.3.0 <0.4.0}>",
            "fancy-geo-baz",
            "wasm-pkg:fancy:geo@>=0.3.0 <0.4.0#baz".to_owned(),
        ),
        (
            "locked-dep=<a:b@1.0.0>",
            "a-b",
            "wasm-pkg:a:b@1.0.0".to_owned(),
        ),
        (
            &format!("locked-dep=<a:b/c@1.0.0>,integrity=<sha256-{hex}>"),
            "a-b-c",
            format!("wasm-pkg:a:b@1.0.0?digest=sha256:{hex}#c"),
        ),
        (
            &format!("locked-dep=<a:b>,integrity=<sha512-xx sha256-{base64}?x>"),
            "a-b",
            format!("wasm-pkg:a:b?digest=sha256:{hex}"),
        ),
        (
            &format!("url=<https://u:SECRET@x.org/some/My_File2.wasm>,integrity=<sha256-{hex}>"),
            "my-file2",
            format!("https://x.org/some/My_File2.wasm?digest=sha256:{hex}"),
        ),
        ("url=<>", "component", String::new()),
        (
            &format!("integrity=<sha256-{hex}>"),
            "component",
            format!("integrity=<sha256-{hex}>"),
        ),
    ] {
        let bytes = wat(&format!(r#"(component (import "{old}" (instance)))"#));
        let modern = with_current_names(&bytes).unwrap();
        wasmparser::Validator::new().validate_all(&modern).unwrap();
        let [name] = &imports(&modern).unwrap()[..] else {
            panic!("{old}");
        };
        assert_eq!(name.name, label, "{old}");
        assert_eq!(name.external_id.as_deref(), Some(hint.as_str()), "{old}");
        // Reading gives what writing would.
        assert_eq!(imports(&bytes).unwrap(), imports(&modern).unwrap());
        let parsed = crate::model::component::hint::Hint::parse(&hint);
        assert_eq!(
            parsed.known().is_some(),
            hint.starts_with("wasm-pkg:"),
            "{hint}"
        );
    }
}

#[test]
fn old_names_do_not_take_the_names_of_others() {
    let bytes = wat(
        r#"(component (import "unlocked-dep=<a:b>" (instance)) (import "a-b" (instance))
             (import "locked-dep=<a:b@1.0.0>" (instance)))"#,
    );
    let modern = with_current_names(&bytes).unwrap();
    wasmparser::Validator::new().validate_all(&modern).unwrap();
    let names: Vec<_> = imports(&modern)
        .unwrap()
        .into_iter()
        .map(|name| name.name)
        .collect();
    assert_eq!(names, ["a-b-n2", "a-b", "a-b-n3"]);
    let read: Vec<_> = imports(&bytes)
        .unwrap()
        .into_iter()
        .map(|name| name.name)
        .collect();
    assert_eq!(read, names);
}

#[test]
fn old_names_that_cannot_be_read_stay() {
    for old in [
        "unlocked-dep=<a>",
        "unlocked-dep=<a:b",
        "unlocked-dep=<a:b@{what}>",
        "locked-dep=<A:b>",
        "unlocked-dep=<",
    ] {
        let bytes = wat(&format!(r#"(component (import "{old}" (instance)))"#));
        assert_eq!(with_current_names(&bytes).unwrap(), bytes, "{old}");
    }
}

#[test]
fn labels_are_made_of_any_text() {
    for (text, made) in [
        ("My_File2", Some("my-file2")),
        ("a.b-3", Some("a-b-n3")),
        ("9", Some("n9")),
        ("", None),
        ("äö", None),
    ] {
        assert_eq!(label(text).as_deref(), made);
    }
}

#[test]
fn components_nested_too_deep_are_refused() {
    let mut nested = wasm_encoder::Component::new();
    for _ in 0..200 {
        let mut outer = wasm_encoder::Component::new();
        outer.section(&wasm_encoder::NestedComponentSection(&nested));
        nested = outer;
    }
    let error = without_attributes(&nested.finish()).unwrap_err();
    assert!(
        error.to_string().contains("nested more than 100 deep"),
        "{error}"
    );
}
