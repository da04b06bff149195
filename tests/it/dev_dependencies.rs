//! Components that only tests are linked with: in the place of a dependency, and in that
//! of the host.

use crate::components::{made, program, run_with, workspace};
use crate::support::Project;

const CODE: &str = "mod bindings;
fn main() { println!(\"{} {}\", bindings::tick::tick(), seconds() == 42); }
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
#[cfg(test)]
#[test]
fn what_is_linked() { println!(\"tick {}, seconds {}\", bindings::tick::tick(), seconds() % 1000); }
";

/// A component of this package whose function `tick` gives a number.
fn tick(package: &str, number: u32) -> Vec<u8> {
    made(
        &format!("package {package}; world w {{ export tick: func() -> u32; }}"),
        &format!("(module (func (export \"tick\") (result i32) (i32.const {number})))"),
    )
}

/// A clock that stands still at 42 seconds.
fn clock() -> Vec<u8> {
    made(
        "package t:clock; package wasi:clocks@0.2.3 { interface wall-clock {
            record datetime { seconds: u64, nanoseconds: u32 }
            now: func() -> datetime;
            resolution: func() -> datetime;
        } } world w { export wasi:clocks/wall-clock@0.2.3; }",
        "(module
            (memory (export \"memory\") 1)
            (data (i32.const 8) \"\\2a\")
            (func (export \"wasi:clocks/wall-clock@0.2.3#now\") (result i32) (i32.const 8))
            (func (export \"wasi:clocks/wall-clock@0.2.3#resolution\") (result i32) (i32.const 8)))",
    )
}

/// A program that depends on `t:tick`, with these dev-dependencies, and a registry with
/// `t:tick` and `t:mock`.
fn project(dev: &str) -> Project {
    let project = Project::empty();
    project.write("r/t/tick/1.0.0.wasm", tick("t:tick", 1));
    project.write("r/t/mock/1.0.0.wasm", tick("t:mock", 2));
    project.write("mock.wasm", tick("t:mock", 3));
    project.write("clock.wasm", clock());
    project.write("config.toml", "");
    let tables = format!(
        "package = \"t:app\"\n[package.metadata.component.dependencies]\n\"t:tick\" = \"1\"\n\
         [package.metadata.component.dev-dependencies]\n{dev}\n"
    );
    program(&project, "app", CODE, &tables);
    workspace(&project, &["app"]);
    let shared = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{shared}[workspace.metadata.component]\nregistries.default = \"file:r\"\n"),
    );
    project
}

#[test]
fn tests_are_linked_with_mocks_and_nothing_else_is() {
    const ENTRY: &str = "\"t:tick\" = { package = \"t:mock\", version = \"1\" }";
    let project = project(ENTRY);
    let test = |line: &str| run_with(&project, &format!("test {line} -- --nocapture"));
    run_with(&project, "build").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(!lock.contains("t:mock"), "{lock}");
    test("--locked").code(1).says("--locked was passed");
    test("").ok().prints("tick 2, ");
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("t:mock"), "{lock}");
    test("--locked").ok().prints("tick 2, ");
    run_with(&project, "run --locked")
        .ok()
        .prints("1 false\n")
        .silent_on("Creating component");

    // Everything about the lock file treats both alike.
    std::fs::remove_file(project.path("Cargo-component.lock")).unwrap();
    run_with(&project, "fetch").ok();
    assert_eq!(project.read("Cargo-component.lock"), lock);
    run_with(&project, "update").ok();
    assert_eq!(project.read("Cargo-component.lock"), lock);
    let shown = run_with(&project, "tree --locked").ok();
    let (_, section) = shown.stdout.split_once("\n[dev-dependencies]\n").unwrap();
    assert!(section.starts_with("└── t:mock v1.0.0"), "{shown}");

    // The clock of the host, too, and both by file.
    project.replace(
        "app/Cargo.toml",
        ENTRY,
        "\"t:tick\" = { path = \"../mock.wasm\" }\nclock = { path = \"../clock.wasm\" }",
    );
    test("").ok().prints("tick 3, seconds 42\n");
    run_with(&project, "run").ok().prints("1 false\n");

    // The command line goes before.
    project.write("other.wasm", tick("t:other", 4));
    test("--with t:tick=other.wasm")
        .ok()
        .prints("tick 4, seconds 42\n");
}

#[test]
fn a_mock_that_does_not_fit_is_named() {
    let project = project("\"t:tick\" = { path = \"../clock.wasm\" }");
    run_with(&project, "build").ok();
    run_with(&project, "test")
        .code(1)
        .says("nothing in `t:tick` satisfies the import `tick`");
    project.write("second.wasm", clock());
    project.replace(
        "app/Cargo.toml",
        "\"t:tick\" = { path = \"../clock.wasm\" }",
        "clock = { path = \"../clock.wasm\" }\nsecond = { path = \"../second.wasm\" }",
    );
    run_with(&project, "test").code(1).says(
        "the dev-dependencies `clock` and `second` both export `wasi:clocks/wall-clock@0.2.3`",
    );
    project.replace(
        "app/Cargo.toml",
        "second = { path = \"../second.wasm\" }",
        "second = { path = \"../nothing\" }",
    );
    run_with(&project, "run").ok().prints("1 false\n");
    run_with(&project, "test").code(1).says("second");
}

#[test]
fn entries_for_tests_are_added_and_removed() {
    let project = project("");
    run_with(&project, "add -p app --dev --path clock.wasm --name clock").ok();
    run_with(&project, "add -p app --dev t:tick --path mock.wasm").ok();
    run_with(&project, "add -p app --dev t:mock --allow clocks").ok();
    let manifest = project.read("app/Cargo.toml");
    let (_, table) = manifest
        .split_once("[package.metadata.component.dev-dependencies]\n")
        .unwrap();
    assert_eq!(
        table.trim(),
        "clock = { path = \"../clock.wasm\" }\n\"t:tick\" = { path = \"../mock.wasm\" }\n\
         \"t:mock\" = { version = \"1.0.0\", allow = [\"clocks\"] }"
    );
    run_with(&project, "remove -p app t:mock")
        .code(1)
        .says("remove it with `--dev`");
    run_with(&project, "remove -p app --dev t:mock t:tick").ok();
    let manifest = project.read("app/Cargo.toml");
    assert!(manifest.contains("\"t:tick\" = \"1\""), "{manifest}");
    assert!(!manifest.contains("t:mock"), "{manifest}");
    project.write("types.wit", "package t:types@1.0.0; interface types {}");
    run_with(&project, "add -p app --dev --path types.wit")
        .code(2)
        .says("the package is WIT, and `--dev` adds components");
}
