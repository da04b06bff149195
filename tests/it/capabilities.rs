//! What components may do, from the manifest to the linked component: real components,
//! cargo and the engine.

use serde_json::Value;

use crate::components::{made, program, run_with, workspace};
use crate::support::Project;

const CODE: &str = "mod bindings;\nfn main() { println!(\"{}\", bindings::tick::tick()); }\n";

/// The package `t:tick` whose function gives `number`, and reads the clock if it may.
fn tick(number: u32, reads_clock: bool) -> Vec<u8> {
    let clock = "package wasi:clocks@0.2.3 { interface monotonic-clock { now: func() -> u64; } }";
    let (import, module, call) = match reads_clock {
        true => (
            "import wasi:clocks/monotonic-clock@0.2.3;",
            "(import \"wasi:clocks/monotonic-clock@0.2.3\" \"now\" (func $now (result i64)))",
            "(drop (call $now))",
        ),
        false => ("", "", ""),
    };
    made(
        &format!("package t:tick; {clock} world tick {{ {import} export tick: func() -> u32; }}"),
        &format!(
            "(module {module} (func (export \"tick\") (result i32) {call} (i32.const {number})))"
        ),
    )
}

/// A program that depends on `t:tick` by this entry, and a registry with version 1.0.0.
fn project(entry: &str) -> Project {
    let project = Project::empty();
    project.write("r/t/tick/1.0.0.wasm", tick(1, false));
    project.write("config.toml", "");
    let entry = format!(
        "package = \"t:app\"\n[package.metadata.component.dependencies]\n\"t:tick\" = {entry}\n"
    );
    program(&project, "app", CODE, &entry);
    workspace(&project, &["app"]);
    let shared = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{shared}[workspace.metadata.component]\nregistries.default = \"file:r\"\n"),
    );
    project
}

#[test]
fn an_update_asks_before_it_gets_more_and_a_policy_holds_up_to_the_linked_component() {
    let project = project("\"1\"");
    run_with(&project, "run").ok().prints("1\n");
    project.write("r/t/tick/1.1.0.wasm", tick(2, true));
    let lock = project.read("Cargo-component.lock");
    let line = "\"t:tick\" = { version = \"1\", allow = [\"clocks\"] }";
    run_with(&project, "update")
        .code(1)
        .says("error: t:tick 1.1.0 newly imports wasi:clocks")
        .says(&format!("help: if it may do that, write `{line}`"));
    assert_eq!(project.read("Cargo-component.lock"), lock);
    project.replace("app/Cargo.toml", "\"t:tick\" = \"1\"", line);
    run_with(&project, "update")
        .ok()
        .says("`t:tick` v1.1.0 newly imports wasi:clocks (clocks)");
    run_with(&project, "run --locked").ok().prints("2\n");
    let lock = project.read("Cargo-component.lock");
    let recorded = "imports = [\n \"wasi:clocks/monotonic-clock\",\n]\n";
    assert!(lock.contains(recorded), "{lock}");

    let shown = run_with(&project, "tree --capabilities --locked").ok();
    for text in [
        "t:tick v1.1.0 (component)",
        " [clocks]\n",
        "[through dependencies: clocks]",
    ] {
        assert!(shown.stdout.contains(text), "{shown}");
    }
    let shown = run_with(&project, "tree --capabilities --format json").ok();
    let json: Value = serde_json::from_str(&shown.stdout).unwrap();
    let own = |place: usize| json["packages"][place]["capabilities"]["own"].clone();
    assert_eq!(own(1)["clocks"][0], "wasi:clocks/monotonic-clock");
    // The program as it was built: what prints needs the standard streams.
    assert!(own(0)["standard-streams"].is_array(), "{json:#}");

    project.write(
        "Cargo-component.lock",
        lock.replace("wasi:clocks/monotonic-clock", "wasi:random/random"),
    );
    run_with(&project, "build --locked")
        .code(1)
        .says("does not have the imports of t:tick 1.1.0");
    project.write("Cargo-component.lock", &lock);
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}capabilities.deny = [\"clocks\"]\n"),
    );
    for line in ["build --locked", "run", "compose", "publish --dry-run"] {
        run_with(&project, line)
            .code(1)
            .says("error: t:tick 1.1.0 imports wasi:clocks, which is denied");
    }
    project.write("tick.wasm", tick(3, true));
    project.write("Cargo.toml", &manifest);
    project.replace(
        "app/Cargo.toml",
        "allow = [\"clocks\"]",
        "allow = [\"files\"]",
    );
    run_with(&project, "build")
        .code(1)
        .says("which is not allowed");
    project.write(
        "Cargo.toml",
        format!("{manifest}capabilities.allow = [\"clocks\"]\n"),
    );
    run_with(&project, "run --with t:tick=tick.wasm")
        .ok()
        .prints("3\n");
    project.write("Cargo.toml", format!("{manifest}capabilities.allow = []\n"));
    project.replace(
        "app/Cargo.toml",
        "allow = [\"files\"]",
        "allow = [\"clocks\"]",
    );
    run_with(&project, "run --with t:tick=tick.wasm")
        .code(1)
        .says("imports wasi:clocks, which is not allowed");
}

#[test]
fn a_release_shows_what_it_may_do_before_it_is_added() {
    let project = project("\"=1.0.0\"");
    project.write("r/t/tock/1.0.0.wasm", tick(2, true));
    run_with(&project, "registry info t:tock --registry file:r")
        .ok()
        .prints("capabilities: clocks\n");
    let shown = run_with(
        &project,
        "registry info t:tock --registry file:r --format json",
    )
    .ok();
    let json: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(
        json["capabilities"]["clocks"][0],
        "wasi:clocks/monotonic-clock"
    );
    run_with(&project, "add -p app t:tock --allow network")
        .code(1)
        .says("t:tock 1.0.0 imports wasi:clocks, which is not allowed")
        .says("add `--allow network,clocks`");
    run_with(&project, "add -p app t:tock --allow clok")
        .code(1)
        .says("did you mean `clocks`?");
    run_with(&project, "add -p app t:tock --allow clocks")
        .ok()
        .says("`t:tock` imports from outside: clocks");
    let manifest = project.read("app/Cargo.toml");
    let entry = "\"t:tock\" = { version = \"1.0.0\", allow = [\"clocks\"] }";
    assert!(manifest.contains(entry), "{manifest}");
}

/// The package `t:tick` whose function writes to `my-org:host/log` if the switch is on.
fn logging() -> Vec<u8> {
    made(
        "package t:tick; package my-org:host { interface log { write: func(line: string); } }
         world tick { import my-org:host/log; export tick: func() -> u32; export log: func(); }",
        "(module
            (import \"my-org:host/log\" \"write\" (func $write (param i32 i32)))
            (memory (export \"memory\") 1)
            (func (export \"tick\") (result i32) (i32.const 5))
            (func (export \"log\") (call $write (i32.const 0) (i32.const 9))))",
    )
}

#[test]
fn a_stub_answers_what_is_denied() {
    let project = project("{ version = \"1\", deny = [\"my-org:host\"] }");
    project.write("r/t/tick/1.0.0.wasm", logging());
    run_with(&project, "build")
        .code(1)
        .says("imports my-org:host, which is denied");
    let stub = "deny = [\"my-org:host\"], stub = [\"my-org:host/log\", \"network\"]";
    project.replace("app/Cargo.toml", "deny = [\"my-org:host\"]", stub);
    let built = run_with(&project, "build --compose")
        .ok()
        .says("`stub` of `t:tick` has `network`, but nothing that it is linked with imports that");
    let imports = |file: &str| {
        let component = project.bytes(&format!("target/wasm32-wasip1/debug/{file}"));
        let imports = cargo_component::component::names::imports(&component).unwrap();
        imports.iter().any(|import| import.name.contains("my-org"))
    };
    assert!(!imports("app.linked.wasm"), "{built}");
    run_with(&project, "run").ok().prints("5\n");
    run_with(&project, "tree --capabilities")
        .ok()
        .prints("[nothing] [stubbed: my-org:host]\n");
    let json = run_with(&project, "tree --capabilities --format json").ok();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let stubbed = &json["packages"][1]["capabilities"]["stubbed"];
    assert_eq!(stubbed["my-org:host"][0], "my-org:host/log");
    // What it answers is a trap that says what was called.
    project.replace(
        "app/src/main.rs",
        "bindings::tick::tick()",
        "{ bindings::tick::log(); 1 }",
    );
    run_with(&project, "run")
        .code(134)
        .says("`my-org:host/log#write` was called, for which the component has only a stub")
        .says("remove the interface from `stub`");
}

#[test]
fn a_stub_leaves_other_components_what_is_theirs() {
    let project = project("{ version = \"1\", stub = [\"clocks\"] }");
    project.write("r/t/tick/1.0.0.wasm", tick(1, true));
    project.replace(
        "app/src/main.rs",
        "println!",
        "let start = std::time::Instant::now(); assert!(start.elapsed().as_secs() < 1000); println!",
    );
    // The program reads the clock, and gets to the trap of its dependency.
    run_with(&project, "run")
        .code(134)
        .says("`wasi:clocks/monotonic-clock@0.2.3#now` was called");
    project.write("tick.wasm", tick(3, false));
    run_with(&project, "run --with t:tick=tick.wasm")
        .ok()
        .prints("3\n");
}
