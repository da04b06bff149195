//! What a component imports, held against the world it declares.

use crate::observe::{HELLO, component, intermediate, is_module};
use crate::support::Project;

/// A library whose world imports nothing, and whose code asks for the time.
fn with_check(check: &str) -> Project {
    let project = Project::new("--lib", "hello");
    project.replace(
        "src/lib.rs",
        "\"Hello, World!\".to_string()",
        "format!(\"{:?}\", std::time::SystemTime::now())",
    );
    let section = "package = \"component:hello\"";
    project.replace(
        "Cargo.toml",
        section,
        &format!("{section}\nworld-check = \"{check}\""),
    );
    project
}

#[test]
fn nothing_is_said_unless_asked() {
    let project = with_check("allow");
    project.component("build").ok().silent_on("warning");
    let imports = component(&project, HELLO).imports;
    assert!(
        imports
            .iter()
            .any(|i| i.starts_with("wasi:clocks/wall-clock@"))
    );
    let text = project
        .read("Cargo.toml")
        .replace("world-check = \"allow\"\n", "");
    project.write("Cargo.toml", text);
    project.component("build").ok().silent_on("warning");
}

#[test]
fn a_warning_names_each_import_and_what_needs_it() {
    let project = with_check("warn");
    let message = "warning: the component has imports that its world `component:hello/example` does not declare";
    for (target, needs) in [
        (
            "wasm32-wasip1",
            "needed by wasi_snapshot_preview1#clock_time_get",
        ),
        ("wasm32-wasip2", "needed by wasi:clocks/wall-clock@"),
    ] {
        let output = project
            .component(&format!("build --target {target}"))
            .ok()
            .says(message);
        let of_clock = |line: &&str| line.contains("`wasi:clocks/wall-clock@");
        let line = output.stderr.lines().find(of_clock);
        assert!(line.is_some_and(|line| line.contains(needs)), "{output}");
        // Every import is there with its reason.
        let path = format!("target/{target}/debug/hello.wasm");
        for import in component(&project, &path).imports {
            let text = format!("`{import}`, needed by ");
            assert!(output.stderr.contains(&text), "{import}\n{output}");
        }
        // Once more, as cargo does with the compiler's warnings.
        project
            .component(&format!("build --target {target}"))
            .ok()
            .silent_on("Creating")
            .says(message);
    }
}

#[test]
fn denied_imports_are_an_error_and_leave_the_old_component() {
    let project = with_check("allow").in_target_dir();
    project.component("build").ok();
    let before = project.bytes(HELLO);
    project.replace("Cargo.toml", "\"allow\"", "\"deny\"");
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        project
            .component(&format!("build --target {target}"))
            .code(1)
            .says("does not declare")
            .says("wasi:clocks/wall-clock@")
            .says("needed by")
            .says("world-check = \"warn\"");
    }
    assert_eq!(project.bytes(HELLO), before);
    // Where no component was, cargo's module is what it left.
    let modules = intermediate(&project, "target/wasm32-wasip1");
    assert!(!modules.is_empty());
    for module in modules {
        assert!(is_module(&project, &module), "{module}");
    }
    // Without a system there is nothing to deny.
    project
        .component("build --target wasm32-unknown-unknown")
        .ok();
}

#[test]
fn imports_of_the_world_are_its_own() {
    let project = with_check("deny");
    project.write(
        "wit/world.wit",
        "package component:hello;\nworld example { import log: func(text: string); export hello-world: func() -> string; }\n",
    );
    project.replace(
        "src/lib.rs",
        "format!(\"{:?}\", std::time::SystemTime::now())",
        "{ bindings::log(\"x\"); String::new() }",
    );
    project
        .component("build --target wasm32-unknown-unknown")
        .ok();
    let surface = component(&project, "target/wasm32-unknown-unknown/debug/hello.wasm");
    assert_eq!(surface.imports, ["log"]);
}
