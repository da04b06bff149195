//! Bytes that are no component, or only nearly one.

use super::super::parsed;
use super::*;

fn pair() -> (Vec<u8>, Vec<u8>) {
    (
        component(
            "package a:a; world w { import d: interface { record p { x: u8 } f: func(p: p) -> string; }
               import log: func(s: string); export run: func(); }",
        ),
        component("package d:d; world w { record p { x: u8 } export f: func(p: p) -> string; }"),
    )
}

#[test]
fn what_is_no_component_is_refused_by_name() {
    for (bytes, told) in [
        (Vec::new(), "it is not a wasm file"),
        (b"\0asm".to_vec(), "it is not a wasm file"),
        (b"text that is no wasm".to_vec(), "it is not a wasm file"),
        (wat("(module)"), "it is a core module, not a component"),
        (
            wat("(component (export \"x\" (func 7)))"),
            "it is not a valid component",
        ),
        (
            wat("(component (core module (func (result i32))))"),
            "it is not a valid component",
        ),
    ] {
        let error = error_text(
            &link(&Plan {
                nodes: vec![node("x.wasm", &bytes, &[])],
                root: 0,
            })
            .unwrap_err(),
        );
        assert!(
            error.contains("`x.wasm`") && error.contains(told),
            "{error}"
        );
    }
}

#[test]
fn damaged_components_are_errors_and_never_panics() {
    let (a, d) = pair();
    let a = hinted(&a, &[("d", "wasm-pkg:d:d")]);
    let attempt = |a: &[u8], d: &[u8]| {
        let nodes = vec![node("a", a, &[("d", 1)]), node("d", d, &[])];
        link(&Plan { nodes, root: 0 })
    };
    attempt(&a, &d).unwrap();
    let mut refused = 0;
    for at in 0..d.len() {
        match attempt(&a, &d[..at]) {
            Err(_) => refused += 1,
            // Only what stands behind the exports is missing.
            Ok(_) => {
                wasmparser::Validator::new().validate_all(&d[..at]).unwrap();
            }
        }
    }
    assert!(refused > d.len() / 2);
    // Every byte, with some other values.
    for (bytes, first) in [(&a, true), (&d, false)] {
        for at in (0..bytes.len()).step_by(5) {
            for flip in [0x01, 0x41] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let result = match first {
                    true => attempt(&damaged, &d),
                    false => attempt(&a, &damaged),
                };
                if let Err(error) = result {
                    assert!(
                        !error_text(&error).contains("failed unexpectedly"),
                        "{}",
                        error_text(&error)
                    );
                }
                let _ = crate::model::component::names::imports(&damaged);
                let _ = crate::model::component::names::with_current_names(&damaged);
                let _ = crate::model::component::names::without_attributes(&damaged);
            }
        }
    }
}

#[test]
fn a_panic_of_a_library_is_an_error() {
    let error = library::call_library("wac-graph", "link", "x", || -> () { panic!("no {}", 1) })
        .unwrap_err();
    let error = error_text(&error);
    assert!(
        error.contains("failed to link `x`") && error.contains("failed unexpectedly: no 1"),
        "{error}"
    );
}

#[test]
fn types_nested_without_end_are_refused() {
    for kind in [0x41, 0x42] {
        let mut data = vec![1];
        for _ in 0..100_000 {
            data.extend([kind, 1, 1]);
        }
        data.extend([kind, 0]);
        let mut component = wasm_encoder::Component::new();
        component.section(&wasm_encoder::RawSection { id: 7, data: &data });
        let nodes = vec![node("x", &component.finish(), &[])];
        let error = error_text(&link(&Plan { nodes, root: 0 }).unwrap_err());
        assert!(error.contains("nesting is too deep"), "{error}");
    }
}

#[test]
fn an_error_of_linking_comes_before_one_of_code() {
    let bytes = wat("(component (core module (func (result i32))))");
    let attempt = |linked: Result<u32>| {
        let (part, code) = parsed::parse("x.wasm", &bytes).unwrap();
        let code = code.into_iter().map(|code| (part.name, code)).collect();
        let result = parsed::beside_validation(code, || linked);
        error_text(&result.unwrap_err())
    };
    assert!(attempt(Err(Error::input("not linked"))).contains("not linked"));
    assert!(attempt(Ok(1)).contains("`x.wasm`"));
}
