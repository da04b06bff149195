//! Libraries without WASI: what they import, what they answer, and how a call ends that
//! would need it.

use std::fs;

use crate::observe::{HELLO, component};
use crate::support::Project;

const P2: &str = "target/wasm32-wasip2/debug/hello.wasm";

/// A library without WASI whose only function has this body.
fn library(wasi: &str, body: &str) -> Project {
    let project = Project::new("--lib --wasi none", "hello").with_debug_info();
    project.replace("Cargo.toml", "wasi = \"none\"", wasi);
    project.replace("src/lib.rs", "\"Hello, World!\".to_string()", body);
    project
}

/// Calls the function in an engine that provides nothing.
fn call_in_an_empty_host(project: &Project, path: &str) -> String {
    use wasmtime::component::{Component, Linker};
    use wasmtime::{Engine, Store};
    let engine = Engine::default();
    let component = Component::new(&engine, project.bytes(path)).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .unwrap();
    let hello = instance
        .get_typed_func::<(), (String,)>(&mut store, "hello-world")
        .unwrap();
    hello.call(&mut store, ()).unwrap().0
}

/// What an empty host has, as `std` sees it.
const EVERYTHING: &str = r#"{
    use std::io::{IsTerminal as _, Read as _, Write as _};
    println!("dropped");
    eprintln!("dropped as well");
    std::io::stdout().flush().unwrap();
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    format!(
        "{:?} {:?} {} {:?} {} {}",
        std::env::args().count(),
        std::env::var("HOME").is_err(),
        std::env::vars().count(),
        read.map_err(|e| e.kind()),
        std::fs::read("/etc/passwd").is_err(),
        std::io::stdout().is_terminal(),
    )
}"#;

#[test]
fn the_component_imports_nothing_and_runs_where_nothing_is() {
    for wasi in [
        "wasi = \"none\"",
        "wasi = { mode = \"none\", randomness = \"fixed\" }",
    ] {
        let project = library(wasi, EVERYTHING);
        for (target, path) in [("wasm32-wasip1", HELLO), ("wasm32-wasip2", P2)] {
            project
                .component(&format!("build --target {target}"))
                .ok()
                .silent_on("warning");
            assert_eq!(component(&project, path).imports, [""; 0], "{target}");
            let said = call_in_an_empty_host(&project, path);
            assert_eq!(said, "0 true 0 Ok(0) true false", "{target}");
        }
        // Nothing is printed where there could be somebody to see it.
        project
            .component("run --invoke 'hello-world()'")
            .ok()
            .prints("\"0 true 0 Ok(0) true false\"\n")
            .silent_on("dropped");
    }
}

#[test]
fn a_call_that_needs_wasi_is_named_with_its_caller() {
    for (body, function, hint) in [
        (
            "format!(\"{:?}\", std::time::Instant::now())",
            "clock_time_get",
            "pass what",
        ),
        ("std::process::exit(3)", "proc_exit", "pass what"),
        (
            "format!(\"{:?}\", std::collections::HashMap::<u8, u8>::new())",
            "random_get",
            "use `BTreeMap` instead of `HashMap`, or set `wasi = {",
        ),
    ] {
        let project = library("wasi = \"none\"", body);
        project
            .component("run --invoke 'hello-world()'")
            .code(134)
            .says("error: the component trapped")
            .says(&format!(
                "`{function}` needs WASI, which this component was built without"
            ))
            .says(": <hello::Component as hello::bindings::Guest>::hello_world\n               at src/lib.rs:")
            .says(hint);
    }
    for (body, function) in [
        (
            "format!(\"{:?}\", std::time::Instant::now())",
            "wasi:clocks/monotonic-clock@",
        ),
        ("std::process::exit(3)", "wasi:cli/exit@"),
    ] {
        let project = library("wasi = \"none\"", body);
        project
            .component("run --target wasm32-wasip2 --invoke 'hello-world()'")
            .code(134)
            .says(&format!("`{function}"))
            .says("needs WASI, which this component was built without")
            .says(": <hello::Component as hello::bindings::Guest>::hello_world\n               at src/lib.rs:");
    }
}

#[test]
fn numbers_can_be_fixed() {
    let body = "{
        use std::collections::HashSet;
        use std::hash::{BuildHasher as _, RandomState};
        let hashes: HashSet<u64> = (0..3).map(|_| RandomState::new().hash_one(1)).collect();
        format!(\"{} {:?}\", hashes.len(), RandomState::new().hash_one(1))
    }";
    let project = library("wasi = { mode = \"none\", randomness = \"fixed\" }", body);
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let line = format!("run --target {target} --invoke 'hello-world()'");
        let first = project.component(&line).ok();
        assert!(first.stdout.starts_with("\"3 "), "{first}");
        project.component(&line).ok().prints(&first.stdout);
    }
}

#[test]
fn a_panic_names_the_function_or_prints_its_message() {
    let body = "panic!(\"on {}\", \"purpose\")";
    let line = "run --invoke 'hello-world()'";
    let project = library("wasi = \"none\"", body);
    for target in ["", " --target wasm32-wasip2"] {
        project
            .component(&format!("{line}{target}"))
            .code(134)
            .says(": <hello::Component as hello::bindings::Guest>::hello_world\n               at src/lib.rs:")
            .silent_on("on purpose");
    }
    project.replace("Cargo.toml", "\"none\"", "\"stderr\"");
    project
        .component(line)
        .code(134)
        .says("on purpose")
        .silent_on("in `<hello");
}

#[test]
fn standard_error_gets_what_is_printed() {
    let body = "{
        println!(\"to the one, {}\", \"x\".repeat(5000));
        eprintln!(\"to the other\");
        String::new()
    }";
    let project = library("wasi = \"stderr\"", body);
    let long = format!("to the one, {}\n", "x".repeat(5000));
    project
        .component("run --invoke 'hello-world()'")
        .ok()
        .prints("\"\"\n")
        .says(&long)
        .says("to the other\n")
        .silent_on("warning");
    for import in component(&project, HELLO).imports {
        let kept = ["wasi:cli/stderr@0.2.", "wasi:io/"];
        assert!(kept.iter().any(|kept| import.starts_with(kept)), "{import}");
    }
    project
        .component("build --target wasm32-wasip2")
        .code(1)
        .says("cannot be reduced to `wasi = \"stderr\"`")
        .says("build for `wasm32-wasip1`, or set `wasi = \"none\"`");
}

#[test]
fn the_imports_of_the_world_stay() {
    let project = library("wasi = \"none\"", "bindings::ask()");
    let world = project.read("wit/world.wit");
    project.write(
        "wit/world.wit",
        world.replace(
            "world example {",
            "world example {\n  import ask: func() -> string;",
        ),
    );
    for (target, path) in [("wasm32-wasip1", HELLO), ("wasm32-wasip2", P2)] {
        project.component(&format!("build --target {target}")).ok();
        assert_eq!(component(&project, path).imports, ["ask"], "{target}");
    }
}

#[test]
fn the_setting_decides_whether_a_component_is_current() {
    let project = library("wasi = \"none\"", "String::new()");
    project.component("build").ok().says("Creating component");
    let pure = fs::metadata(project.path(HELLO)).unwrap().len();
    project.component("build").ok().silent_on("Creating");
    project.replace("Cargo.toml", "wasi = \"none\"\n", "");
    project.component("build").ok().says("Creating component");
    assert!(!component(&project, HELLO).imports.is_empty());
    assert!(fs::metadata(project.path(HELLO)).unwrap().len() > pure);
    project.component("build").ok().silent_on("Creating");
}

#[test]
fn a_program_is_refused_and_tests_are_not() {
    let project = library("wasi = \"none\"", "String::new()");
    let text = project.read("src/lib.rs");
    project.write(
        "src/lib.rs",
        format!(
            "{text}\n#[test]\nfn passes() {{ println!(\"{{:?}}\", std::time::Instant::now()); }}\n"
        ),
    );
    project.component("test").ok().prints("1 passed");
    project.write("src/bin/tool.rs", "fn main() {}\n");
    project
        .component("build")
        .code(1)
        .says("`wasi` in `package.metadata.component` is for libraries, but this is a program")
        .says("move the program to a package of its own");
    // The library beside it is built.
    assert_eq!(component(&project, HELLO).imports, [""; 0]);
}
