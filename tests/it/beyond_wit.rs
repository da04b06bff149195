//! Valid components for which WIT has no words: what needs their imports and
//! exports reads types, and what needs WIT says why it cannot be had.

use crate::support::{Output, Project};

/// An import that is exported again as it is, with its resource.
const PASSED_ON: &str = r#"(component
  (type $i (instance
    (export "req" (type $r (sub resource)))
    (export "take" (func (param "r" (own $r))))))
  (import "acme:up/source" (instance $s (type $i)))
  (export "acme:up/source" (instance $s)))"#;

const CONSTRUCT: &str =
    "its export `acme:up/source` re-exports the resource `req` of its import `acme:up/source`";

fn project() -> Project {
    let project = Project::empty();
    let bytes = wat::parse_str(PASSED_ON).unwrap();
    project
        .write(
            "Cargo.toml",
            "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n[package.metadata.component]\n\
             [package.metadata.component.registries]\ndefault = \"file:registry\"\n",
        )
        .write("src/lib.rs", "mod bindings;")
        .write("registry/acme/same/1.0.0.wasm", &bytes)
        .write("same.wasm", &bytes)
        .write(
            "world/w.wit",
            "package acme:host;
             world w { import acme:up/source; export acme:up/source; }
             world more { import acme:up/source; export f: func(); }",
        )
        .write(
            "world/deps/up.wit",
            "package acme:up;
             interface source { resource req; take: func(r: req); }",
        );
    project
}

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command).silent_on("failed unexpectedly")
}

#[test]
fn imports_and_exports_are_read_without_wit() {
    let project = project();
    run(&project, "targets same.wasm --world world/w").ok();
    run(&project, "targets same.wasm --world world/more")
        .code(1)
        .says("it does not export `f`, which the world requires");
    run(&project, "registry info acme:same")
        .ok()
        .prints("kind: component")
        .prints("imports: acme:up/source\nexports: acme:up/source");
    run(&project, "add --path same.wasm --name here")
        .ok()
        .says("the package is a component")
        .says(CONSTRUCT);
    run(&project, "add acme:same")
        .ok()
        .says("the package is a component");
    assert!(
        project
            .read("Cargo.toml")
            .contains("here = { path = \"same.wasm\" }")
    );
}

#[test]
fn what_needs_wit_names_the_construct_and_the_file() {
    let project = project();
    run(&project, "add --path same.wasm --name here").ok();
    run(&project, "bindings")
        .code(1)
        .says("failed to import the dependency `here`")
        .says(CONSTRUCT)
        .says("same.wasm`")
        .silent_on("report this");
    project.write("wit/deps/same.wasm", project.bytes("same.wasm"));
    project.write("wit/w.wit", "package a:b; world w { }");
    run(&project, "wit check")
        .code(1)
        .says("wit/deps/same.wasm")
        .says(CONSTRUCT)
        .silent_on("report this");
    run(&project, "registry get acme:same --format wit -o same.wit")
        .code(1)
        .says(CONSTRUCT)
        .silent_on("report this");
}
