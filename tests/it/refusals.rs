//! What is refused leaves every file as it was, and what generated code could
//! not be compiled with is told before it is generated.

use crate::authoring::{RUNTIME, library, manifest, share_target, snapshot};
use crate::observe::Tools;
use crate::support::Project;

const OLD: &str = "package a:b;\nworld w { import f: func(); }";
const NEW: &str = "package a:b;\nworld w { import g: func(); }";

/// A library whose bindings are those of a world it had before.
fn stale() -> Project {
    let project = library("old", "[package.metadata.component]\n");
    project.write("wit/a.wit", OLD);
    project.component("bindings").ok();
    project.write("wit/a.wit", NEW);
    project
}

#[test]
fn a_command_that_is_refused_writes_no_bindings() {
    let project = stale();
    let before = snapshot(&project);
    for (line, message) in [
        ("build --message-format foo", "unknown message format `foo`"),
        ("test --message-format foo", "unknown message format `foo`"),
        (
            "build --offline --target wasm32-wasip3",
            "`wasm32-wasip3` is not installed",
        ),
        (
            "run --config 'target.wasm32-wasip1.runner=\"no-such-runner\"'",
            "failed to find the runner",
        ),
    ] {
        let output = project.component(line).says(message);
        assert_ne!(output.code, 0, "{output}");
        output.silent_on("Generating");
        assert!(snapshot(&project) == before, "{line}");
    }
    project.replace("wit/a.wit", "import g: func();", "export g: func();");
    project.replace("Cargo.toml", "[lib]\ncrate-type = [\"cdylib\"]", "");
    let before = snapshot(&project);
    project.component("build").code(1).says("is not a `cdylib`");
    assert!(snapshot(&project) == before);
}

#[test]
fn a_subcommand_that_is_not_there_writes_no_bindings() {
    let project = stale();
    let before = project.read("src/bindings.rs");
    project
        .component("buidl")
        .code(101)
        .says("no such command: `buidl`")
        .silent_on("Generating");
    assert_eq!(project.read("src/bindings.rs"), before);
    for (line, similar) in [
        ("outdatd", "outdated"),
        ("serv --help", "serve"),
        ("help witt", "wit"),
    ] {
        let output = project.component(line).code(2);
        output
            .says("no such command")
            .says(&format!("did you mean `{similar}`?"));
    }
    // A program of that name may look at code, and so may an alias.
    let tools = Tools::new();
    tools.script("cargo-buidl", "exit 0");
    let output = project.run(tools.on(project.command("buidl"))).ok();
    output.says("Generating");
    project.write("wit/a.wit", OLD).write(
        ".cargo/config.toml",
        "[alias]\nbuidl = \"locate-project\"\n",
    );
    project.component("buidl").ok().says("Generating");
    tools.script("cargo-outdatd", "exit 0");
    project.run(tools.on(project.command("outdatd"))).ok();
    assert_eq!(project.read("src/bindings.rs"), before);
}

/// Two libraries in a workspace, each with bindings.
fn two() -> Project {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n",
    );
    for name in ["one", "two"] {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{RUNTIME}\n"
        );
        project
            .write(&format!("{name}/Cargo.toml"), text)
            .write(&format!("{name}/src/lib.rs"), "")
            .write(&format!("{name}/wit/a.wit"), OLD);
    }
    project.component("bindings --workspace").ok();
    project
}

#[test]
fn a_member_with_broken_wit_leaves_the_others_alone() {
    let project = two();
    project
        .write("one/wit/a.wit", NEW)
        .write("two/wit/a.wit", "package a:b;\nworld w { imports }");
    let before = snapshot(&project);
    for line in ["bindings --workspace", "build", "check --workspace"] {
        project.component(line).code(1).says("two/wit/a.wit:2:");
        assert!(snapshot(&project) == before, "{line}");
    }
    project.write("two/wit/a.wit", OLD);
    let output = project.component("bindings --workspace").ok();
    output
        .says("bindings for one")
        .silent_on("bindings for two");
}

#[test]
fn every_package_with_stale_bindings_is_named() {
    let project = two();
    project.component("bindings --workspace --check").ok();
    project
        .write("one/wit/a.wit", NEW)
        .write("two/wit/a.wit", NEW);
    let before = snapshot(&project);
    project
        .component("bindings --workspace --check")
        .code(1)
        .says("the bindings of `one` in `one/src/bindings.rs` are out of date")
        .says("the bindings of `two` in `two/src/bindings.rs` are out of date")
        .says("run `cargo component bindings`");
    assert!(snapshot(&project) == before);
}

#[test]
fn a_runtime_crate_out_of_reach_is_told_before_rustc_does() {
    let plain = RUNTIME.strip_prefix("wit-bindgen = { ").unwrap();
    for (dependencies, because, hint) in [
        (
            format!("[dev-dependencies]\n{RUNTIME}"),
            "`wit-bindgen` is only a development dependency",
            "run `cargo add --package far wit-bindgen@",
        ),
        (
            format!("wit-bindgen = {{ optional = true, {plain}"),
            "`wit-bindgen` is optional, and no feature of the package enables it",
            "remove `optional = true` from `wit-bindgen`",
        ),
        (
            format!("wb = {{ package = \"wit-bindgen\", {plain}"),
            "`wit-bindgen` was renamed to `wb`",
            "rename `wb` to `wit-bindgen` under `[dependencies]` in Cargo.toml",
        ),
    ] {
        let project = Project::empty();
        manifest(&project, "far", &dependencies);
        project.write("src/lib.rs", "").write("wit/a.wit", OLD);
        for verb in ["build", "bindings"] {
            let output = project.component(verb).code(1);
            output
                .says("does not depend on a runtime crate")
                .says(because)
                .says(hint);
            assert!(!project.has("src/bindings.rs"), "{dependencies}");
        }
    }
    // A feature that turns it on is the package's own business.
    let project = Project::empty();
    let rest = format!(
        "wit-bindgen = {{ optional = true, {plain}\n\n[features]\nguest = [\"dep:wit-bindgen\"]"
    );
    manifest(&project, "near", &rest);
    project
        .write("src/lib.rs", "#[cfg(feature = \"guest\")]\nmod bindings;")
        .write("wit/a.wit", OLD);
    share_target(&project);
    project.component("check --features guest").ok();
}
