//! What is built for: every way to ask, what is refused, what is missing.

use std::fs;

use crate::observe::{HELLO, Tools, bare, component, targets};
use crate::support::Project;

const MAIN: &str = "fn main() { println!(\"hello\"); }";

#[test]
fn every_way_to_ask_for_targets_builds_those_alone() {
    let project = bare("hello", MAIN);
    let (p1, p2, unknown) = ("wasm32-wasip1", "wasm32-wasip2", "wasm32-unknown-unknown");
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("build", "", "", &[p1]),
        ("build --target wasm32-wasip1", "", "", &[p1]),
        ("build --target wasm32-wasip2", "", "", &[p2]),
        ("build --target=wasm32-unknown-unknown", "", "", &[unknown]),
        (
            "build --target wasm32-wasip2 --target wasm32-wasip1",
            "",
            "",
            &[p1, p2],
        ),
        ("build", p2, "", &[p2]),
        ("build --target wasm32-wasip1", p2, "", &[p1]),
        ("build", "", "\"wasm32-wasip2\"", &[p2]),
        ("build", unknown, "\"wasm32-wasip2\"", &[unknown]),
        (
            "build",
            "",
            "[\"wasm32-wasip2\", \"wasm32-wasip1\"]",
            &[p1, p2],
        ),
        (
            "build --config 'build.target=\"wasm32-wasip2\"'",
            "",
            "",
            &[p2],
        ),
        (
            "build --config 'build.target=\"wasm32-wasip2\"'",
            p1,
            "\"wasm32-wasip1\"",
            &[p2],
        ),
        // A file speaks for the host's packages as well.
        ("build", "", "\"x86_64-unknown-linux-gnu\"", &[p1]),
        (
            "build",
            "",
            "[\"x86_64-unknown-linux-gnu\", \"wasm32-wasip2\"]",
            &[p2],
        ),
    ];
    for (line, variable, file, expected) in cases {
        let _ = fs::remove_dir_all(project.path("target"));
        let _ = fs::remove_dir_all(project.path(".cargo"));
        if !file.is_empty() {
            project.write(".cargo/config.toml", format!("[build]\ntarget = {file}\n"));
        }
        let mut command = project.command(line);
        if !variable.is_empty() {
            command.env("CARGO_BUILD_TARGET", variable);
        }
        project.run(command).ok();
        // Cargo makes the directory of the host whatever it builds.
        let mut found = targets(&project);
        found.retain(|name| name != "debug");
        assert_eq!(found, *expected, "{line}, {variable}, {file}");
        assert!(!project.has("target/debug/hello"), "{line}");
        for target in *expected {
            let surface = component(&project, &format!("target/{target}/debug/hello.wasm"));
            let runs = surface
                .exports
                .iter()
                .any(|e| e.starts_with("wasi:cli/run@"));
            assert_eq!(runs, *target != unknown, "{target}: {surface:?}");
        }
    }
}

#[test]
fn a_library_becomes_one_on_every_target() {
    let project = Project::new("--lib", "hello");
    project
        .component(
            "build --target wasm32-unknown-unknown --target wasm32-wasip2 --target wasm32-wasip1",
        )
        .ok();
    for target in ["wasm32-wasip1", "wasm32-wasip2", "wasm32-unknown-unknown"] {
        let surface = component(&project, &format!("target/{target}/debug/hello.wasm"));
        assert_eq!(surface.exports, ["hello-world"], "{target}");
        // Without a system there is nothing to import.
        assert_eq!(
            surface.imports.is_empty(),
            target == "wasm32-unknown-unknown",
            "{target}: {:?}",
            surface.imports
        );
    }
}

#[test]
fn worlds_of_wasi_0_3_build_on_wasip1_and_wasip2() {
    let project = Project::new("--lib", "hello");
    project
        .replace("Cargo.toml", "\"bitflags\"]", "\"bitflags\", \"async\"]")
        .write(
            "wit/deps/clocks.wit",
            "package wasi:clocks@0.3.0;\ninterface monotonic-clock { wait-for: async func(how-long: u64); }\n",
        )
        .write(
            "wit/world.wit",
            "package component:hello;\nworld example { import wasi:clocks/monotonic-clock@0.3.0; export hello-world: async func() -> string; }\n",
        )
        .replace("src/lib.rs", "fn hello_world", "async fn hello_world")
        .replace(
            "src/lib.rs",
            "\"Hello, World!\".to_string()",
            "bindings::wasi::clocks::monotonic_clock::wait_for(1).await; String::new()",
        );
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        project
            .component(&format!("build --target {target}"))
            .ok()
            .silent_on("warning");
        let surface = component(&project, &format!("target/{target}/debug/hello.wasm"));
        let wanted = "wasi:clocks/monotonic-clock@0.3.0".to_owned();
        assert!(surface.imports.contains(&wanted), "{surface:?}");
        // The standard library speaks 0.2.
        assert!(
            surface.imports.iter().any(|i| i.contains("@0.2.")),
            "{surface:?}"
        );
    }
}

#[test]
fn a_target_that_is_not_wasm_is_refused() {
    let project = bare("hello", MAIN);
    let host = "x86_64-unknown-linux-gnu";
    let message = format!("error: target `{host}` is not a WebAssembly target");
    for line in [
        format!("build --target {host}"),
        format!("build --target wasm32-wasip1 --target {host}"),
        format!("check --target {host}"),
        format!("build --config 'build.target=\"{host}\"'"),
    ] {
        let output = project.component(&line).code(1).says(&message);
        output.says("use `--target wasm32-wasip1`, or plain cargo to build for the host");
    }
    let mut command = project.command("build");
    command.env("CARGO_BUILD_TARGET", host);
    project
        .run(command)
        .code(1)
        .says(&message)
        .says("it is set by `CARGO_BUILD_TARGET`");
    assert!(!project.has("target"));
}

/// A compiler whose toolchain seems to lie in a directory where no target is
/// installed.
fn without_targets(tools: &Tools) -> std::path::PathBuf {
    let sysroot = tools.path("toolchains/fake");
    fs::create_dir_all(&sysroot).unwrap();
    let real = crate::observe::on_path("rustc");
    tools.script(
        "rustc",
        &format!(
            "[ \"$*\" = '--print sysroot' ] && echo '{}' && exit\nexec '{}' \"$@\"",
            sysroot.display(),
            real.display()
        ),
    );
    sysroot
}

#[test]
fn a_missing_target_is_added_by_rustup_once() {
    let project = bare("hello", MAIN);
    let tools = Tools::new();
    let sysroot = without_targets(&tools);
    let library = sysroot.join("lib/rustlib/wasm32-wasip1/lib");
    tools.script("rustup", &format!("mkdir -p '{}'", library.display()));
    let build = || {
        let mut command = tools.on(project.command("build"));
        command.env("RUSTC", tools.path("rustc"));
        command.env_remove("RUSTUP_TOOLCHAIN");
        project.run(command)
    };
    build().ok().says("  Installing wasm32-wasip1 target");
    let line = "rustup target add wasm32-wasip1 --toolchain fake";
    assert!(tools.started().iter().any(|l| l == line));
    component(&project, HELLO);
    build().ok().silent_on("Installing");
    // It may go again, which the kept view does not hide.
    fs::remove_dir_all(&library).unwrap();
    build().ok().says("  Installing wasm32-wasip1 target");
}

#[test]
fn a_target_that_cannot_be_added_is_explained() {
    let project = bare("hello", MAIN);
    let tools = Tools::new();
    without_targets(&tools);
    tools.script("rustup", "exit 1");
    let build = |line: &str| {
        let mut command = tools.on(project.command(line));
        command.env("RUSTC", tools.path("rustc"));
        command.env_remove("RUSTUP_TOOLCHAIN");
        project.run(command).code(1)
    };
    let missing = "error: the standard library for target `wasm32-wasip1` is not installed";
    let fix = "run `rustup target add wasm32-wasip1 --toolchain fake`";
    for verb in ["build", "check"] {
        build(verb)
            .says(missing)
            .says("failed with exit code 1")
            .says("help: see the message of rustup above");
    }
    build("build --offline")
        .says(missing)
        .says("offline")
        .says(fix);
    build("build --target wasm32-wasip3").says("use `--target wasm32-wasip2`");
}

#[test]
fn wasip3_without_a_standard_library_names_the_way_out() {
    let project = bare("hello", MAIN);
    project
        .component("build --target wasm32-wasip3")
        .code(1)
        .says("error: the standard library for target `wasm32-wasip3` is not installed")
        .says("use `--target wasm32-wasip2`, which supports worlds of WASI 0.3 as well");
}
