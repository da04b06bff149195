//! `cargo component info`: what components and WIT are.

use crate::registry_local::publish_wit;
use crate::registry_verbs::{run, shapes};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

const COMPONENT: &str = r#"(component
    (import "wasi:clocks/wall-clock@0.2.3" (instance))
    (import "demo:shapes/area@0.2.0" (external-id "wasm-pkg:demo:shapes@0.2.0") (instance))
    (export "demo:mine/area@1.0.0" (instance 0))
    (@producers (processed-by "a-tool" "1.2.3"))
    (@custom "description" "Made by hand"))"#;

fn project() -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project.write("tool.wasm", wat::parse_str(COMPONENT).unwrap());
    project
}

#[test]
fn a_component_file_is_described_as_text_json_and_wit() {
    let project = project();
    let told = run(&project, "info tool.wasm").ok();
    for line in [
        "file: tool.wasm",
        "kind: component",
        "imports: wasi:clocks/wall-clock@0.2.3, demo:shapes/area@0.2.0",
        "exports: demo:mine/area@1.0.0",
        "capabilities: clocks",
        "metadata description: Made by hand",
        "producer processed-by: a-tool 1.2.3",
        "hint demo:shapes/area@0.2.0: wasm-pkg:demo:shapes@0.2.0",
        "  import wasi:clocks/wall-clock@0.2.3;",
    ] {
        assert!(
            told.stdout.lines().any(|found| found == line),
            "{line}: {told}"
        );
    }
    let json = run(&project, "info tool.wasm --format json").ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["size"], project.bytes("tool.wasm").len());
    assert!(json["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(json["metadata"]["description"], "Made by hand");
    assert_eq!(json["producers"]["processed-by"][0]["version"], "1.2.3");
    assert_eq!(json["hints"][0]["hint"], "wasm-pkg:demo:shapes@0.2.0");
    assert!(
        json["text"]
            .as_str()
            .unwrap()
            .contains("export demo:mine/area@1.0.0;")
    );
    let wit = run(&project, "info ./tool.wasm --format wit").ok().stdout;
    assert!(wit.starts_with("package root:component;"), "{wit}");
}

#[test]
fn wit_modules_and_releases_are_described() {
    let project = project();
    project.write(
        "wit/deps/io.wit",
        "package a:io; interface streams { f: func(); }",
    );
    project.write(
        "wit/w.wit",
        "package my:app@0.1.0; world w { import a:io/streams; }",
    );
    let told = run(&project, "info wit").ok();
    let told = told.prints("file: wit\nkind: WIT package my:app@0.1.0\nworlds: w\n");
    assert!(!told.stdout.contains("digest"), "{told}");
    run(&project, "info wit/deps/io.wit --format wit")
        .ok()
        .prints("package a:io;");
    project.write("core.wasm", wat::parse_str("(module)").unwrap());
    run(&project, "info core.wasm")
        .ok()
        .prints("kind: core module");
    run(&project, "info core.wasm --format wit")
        .code(1)
        .says("`core.wasm` is a core module, which has no WIT");
    // From registries: a directory, and one of OCI.
    publish_wit(
        &project,
        &["package demo:io@0.2.0; interface streams { f: func(); }"],
    );
    run(&project, "info demo:io@0.2 --registry ./registry")
        .ok()
        .prints("version: 0.2.0\n");
    let host = SmallRegistry::start(Access::Open).host();
    project.write("shapes.wasm", shapes("0.2.0"));
    let reference = format!("{host}/team/demo/shapes:0.2.0");
    run(&project, &format!("registry push {reference} shapes.wasm")).ok();
    let json = run(&project, &format!("info {reference} --format json"))
        .ok()
        .stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["kind"], &json["worlds"][0]),
        (&"wit".into(), &"measure".into())
    );
    assert!(json["manifest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn signatures_are_compared_with_the_content() {
    let project = project();
    let mut signed = include_bytes!("../recorded/wasmsign2-0.2/two-keys.wasm").to_vec();
    project.write("signed.wasm", &signed);
    let line = |key: &str, what: &str| {
        format!("signature: Ed25519, key {key}, for {what} content (not verified with the key)\n")
    };
    let (first, second) = ("0ad99ad015bfcf3c92d9a268", "7da1ffad2c9e0cb95ccbcb41");
    let told = run(&project, "info signed.wasm").ok();
    told.prints(&(line(first, "this") + &line(second, "this")));
    let json = run(&project, "info signed.wasm --format json").ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["signatures"][1]["key"], second);
    assert_eq!(json["signatures"][1]["content"], "whole");
    // The content of the section `extra`, which is signed too.
    let at = signed
        .windows(6)
        .position(|part| part == b"extrax")
        .unwrap();
    signed[at + 5] = b'y';
    project.write("changed.wasm", signed);
    run(&project, "info changed.wasm")
        .ok()
        .prints(&line(first, "other"));
    let json = run(&project, "info tool.wasm --format json").ok().stdout;
    assert!(json.contains("\"signatures\": []"), "{json}");
}

#[test]
fn what_is_none_of_them_is_refused() {
    let project = project();
    run(&project, "info serde")
        .code(1)
        .says("for a crate, use `cargo info serde`");
    project.write("text.txt", "text");
    run(&project, "info text.txt")
        .code(1)
        .says("failed to read `text.txt`")
        .says("it is not WebAssembly");
    project.write("bad/w.wit", "package a:b; world w { import c:d/e; }");
    run(&project, "info bad")
        .code(1)
        .says("failed to read the WIT in `bad`");
}
