//! Compositions that run, in the embedded engine's library with its defaults.

use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Engine, Store};

use super::*;

/// The number that the function `run` gives.
fn run(bytes: &[u8]) -> u32 {
    let engine = Engine::default();
    let component = Component::new(&engine, bytes).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    let mut results = [Val::U32(0)];
    run.call(&mut store, &[], &mut results).unwrap();
    match results {
        [Val::U32(number)] => number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_passes_to_a_function_at_a_root() {
    let geo = wat(r#"(component
             (type $record (record (field "a" u32) (field "b" u32)))
             (import "pair" (type $pair (eq $record)))
             (core module $m (func (export "less") (param i32 i32) (result i32)
               local.get 0 local.get 1 i32.sub))
             (core instance $i (instantiate $m))
             (func (export "less") (param "p" $pair) (result u32)
               (canon lift (core func $i "less"))))"#);
    let app = wat(r#"(component
             (import "geo" (external-id "wasm-pkg:geo:geo") (instance $geo
               (type $record (record (field "a" u32) (field "b" u32)))
               (export "pair" (type $pair (eq $record)))
               (export "less" (func (param "p" $pair) (result u32)))))
             (core func $less (canon lower (func $geo "less")))
             (core module $m
               (import "geo" "less" (func $less (param i32 i32) (result i32)))
               (func (export "run") (result i32) i32.const 50 i32.const 8 call $less))
             (core instance $geo (export "less" (func $less)))
             (core instance $i (instantiate $m (with "geo" (instance $geo))))
             (func (export "run") (result u32) (canon lift (core func $i "run"))))"#);
    let made = linked(vec![
        node("app", &app, &[("geo", 1)]),
        node("geo", &geo, &[]),
    ])
    .unwrap();
    assert_eq!(run(&made.bytes), 42);
}

/// A component that exports an interface whose function `next` calls that of
/// the interface it imports.
fn passes_on(import: &str, export: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component
             (import "{import}" (instance $in (export "next" (func (result u32)))))
             (core func $next (canon lower (func $in "next")))
             (core module $m (import "in" "next" (func $next (result i32)))
               (func (export "next") (result i32) call $next))
             (core instance $in (export "next" (func $next)))
             (core instance $i (instantiate $m (with "in" (instance $in))))
             (func $f (result u32) (canon lift (core func $i "next")))
             (instance $out (export "next" (func $f)))
             (export "{export}" (instance $out)))"#
    ))
}

fn counter() -> Vec<u8> {
    wat(r#"(component
             (core module $m (global $n (mut i32) (i32.const 0))
               (func (export "next") (result i32)
                 global.get $n i32.const 1 i32.add global.set $n global.get $n))
             (core instance $i (instantiate $m))
             (func $f (result u32) (canon lift (core func $i "next")))
             (instance $out (export "next" (func $f)))
             (export "d:d/count" (instance $out)))"#)
}

/// Gives 100 times what `b` says, 10 times what `c` says, and what `b` says
/// then.
fn reader() -> Vec<u8> {
    wat(r#"(component
             (import "b:b/api" (instance $b (export "next" (func (result u32)))))
             (import "one" (implements "c:c/api") (instance $c (export "next" (func (result u32)))))
             (core func $b (canon lower (func $b "next")))
             (core func $c (canon lower (func $c "next")))
             (core module $m (import "in" "b" (func $b (result i32)))
               (import "in" "c" (func $c (result i32)))
               (func (export "run") (result i32)
                 (i32.add (i32.add (i32.mul (call $b) (i32.const 100))
                                   (i32.mul (call $c) (i32.const 10)))
                          (call $b))))
             (core instance $in (export "b" (func $b)) (export "c" (func $c)))
             (core instance $i (instantiate $m (with "in" (instance $in))))
             (func (export "run") (result u32) (canon lift (core func $i "run"))))"#)
}

#[test]
fn a_diamond_shares_one_instance_and_two_nodes_are_two() {
    let middle = |export| passes_on("d:d/count", export);
    let nodes = |bottom: usize| {
        vec![
            node("a", &reader(), &[("b:b/api", 1), ("one", 2)]),
            node("b", &middle("b:b/api"), &[("d:d/count", 3)]),
            node("c", &middle("c:c/api"), &[("d:d/count", bottom)]),
            node("d", &counter(), &[]),
            node("e", &counter(), &[]),
        ]
    };
    assert_eq!(run(&linked(nodes(3)).unwrap().bytes), 123);
    assert_eq!(run(&linked(nodes(4)).unwrap().bytes), 112);
}

/// Gives one more than all that it asks.
fn one_more(export: &str, asked: &[String]) -> Vec<u8> {
    let (mut text, mut module, mut given) = (String::new(), String::new(), String::new());
    let mut sum = String::from("(i32.const 1)");
    for (at, import) in asked.iter().enumerate() {
        text += &format!(
            r#"(import "{import}" (instance $i{at} (export "next" (func (result u32)))))
               (core func $f{at} (canon lower (func $i{at} "next")))"#
        );
        module += &format!(r#"(import "in" "{at}" (func $f{at} (result i32)))"#);
        given += &format!(r#"(export "{at}" (func $f{at}))"#);
        sum = format!("(i32.add {sum} (call $f{at}))");
    }
    wat(&format!(
        r#"(component {text}
             (core module $m {module} (func (export "next") (result i32) {sum}))
             (core instance $in {given})
             (core instance $i (instantiate $m (with "in" (instance $in))))
             (func $f (result u32) (canon lift (core func $i "next")))
             (instance $out (export "next" (func $f)))
             (export "{export}" (instance $out))
             (export "run" (func $f)))"#
    ))
}

#[test]
fn a_tree_of_two_hundred_components_is_one() {
    const COUNT: usize = 200;
    let name = |at: usize| format!("n:n{at}/api");
    let nodes = (0..COUNT).map(|at| {
        let below: Vec<usize> = [2 * at + 1, 2 * at + 2]
            .into_iter()
            .filter(|at| *at < COUNT)
            .collect();
        let asked: Vec<String> = below.iter().copied().map(name).collect();
        let links: Vec<(&str, usize)> = asked.iter().map(String::as_str).zip(below).collect();
        node(&format!("n:n{at}"), &one_more(&name(at), &asked), &links)
    });
    let made = linked(nodes.collect()).unwrap();
    assert_eq!(names_of(&made).0, [""; 0]);
    assert_eq!(made.graph.components.len(), COUNT);
    assert_eq!(run(&made.bytes), 200);
}

#[test]
fn two_versions_of_one_package_run_side_by_side() {
    let (one, two) = ("a:b/i@1.0.0".to_owned(), "a:b/i@2.0.0".to_owned());
    let (left, right) = ("l:l/api".to_owned(), "r:r/api".to_owned());
    let nodes = |bottom: usize| {
        vec![
            node(
                "app",
                &one_more("t:t/api", &[left.clone(), right.clone()]),
                &[(&left, 1), (&right, 2)],
            ),
            node(
                "left",
                &one_more(&left, std::slice::from_ref(&one)),
                &[(&one, 3)],
            ),
            node(
                "right",
                &one_more(&right, std::slice::from_ref(&two)),
                &[(&two, bottom)],
            ),
            node("a:b@1.0.0", &one_more(&one, &[]), &[]),
            node("a:b@2.0.0", &one_more(&two, &[]), &[]),
        ]
    };
    assert_eq!(run(&linked(nodes(4)).unwrap().bytes), 5);
    // The one does not stand in for the other.
    let error = error_text(&linked(nodes(3)).unwrap_err());
    assert!(error.contains("version 1.0.0"), "{error}");
}
