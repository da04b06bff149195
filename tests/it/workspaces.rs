//! Mixed workspaces: components for wasm, everything else as it is asked for.

use std::fs;

use crate::observe::{bare, component, manifest};
use crate::support::{Output, Project};

const WASM: &str = "target/wasm32-wasip1/debug";

/// A program for the host, a procedural macro, and two components, of which
/// one uses the macro. The host's and the macro's code cannot be wasm.
fn mixed(workspace: &str) -> Project {
    let project = Project::empty();
    let plain = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    let host_only = "#[cfg(target_family = \"wasm\")]\ncompile_error!(\"not for wasm\");\n";
    project
        .write(
            "Cargo.toml",
            format!("[workspace]\nresolver = \"3\"\nmembers = [\"host\", \"macros\", \"one\", \"two\"]\n{workspace}"),
        )
        .write("host/Cargo.toml", plain("host", ""))
        .write("host/src/main.rs", format!("{host_only}fn main() {{}}"))
        // The WIT of an embedder is none of a guest.
        .write("host/wit/world.wit", "package own:host;\nworld w { export f: func(); }\n")
        .write("macros/Cargo.toml", plain("macros", "[lib]\nproc-macro = true\n"))
        .write("macros/src/lib.rs", host_only)
        .write(
            "one/Cargo.toml",
            manifest("one", "[dependencies]\nmacros = { path = \"../macros\" }\n"),
        )
        .write("one/src/main.rs", "use macros as _;\nfn main() {}")
        .write("two/Cargo.toml", manifest("two", ""))
        .write("two/src/main.rs", "fn main() {}");
    project
}

fn made(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path(WASM)).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(".wasm")).collect();
    names.sort();
    names
}

#[track_caller]
fn says_all(output: Output, verb: &str, names: &[&str]) {
    for name in names {
        assert!(
            output.stderr.contains(&format!("{verb} {name} v0.1.0")),
            "{name}\n{output}"
        );
    }
}

#[test]
fn components_alone_are_built_for_wasm() {
    let project = mixed("");
    for line in [
        "build",
        "build --workspace",
        "build --all",
        "check",
        "check --workspace --all-targets",
    ] {
        project.component(line).ok().silent_on("host v0.1.0");
    }
    assert_eq!(made(&project), ["one.wasm", "two.wasm"]);
    assert!(!project.has("target/debug/host"));
    assert!(!project.has("host/src/bindings.rs"));
    component(&project, &format!("{WASM}/one.wasm"));
    component(&project, &format!("{WASM}/two.wasm"));
    // Plain cargo agrees that nothing is left to do.
    let plain = "build --target wasm32-wasip1 -p one -p two";
    project.cargo(plain).ok().silent_on("Compiling");
    project
        .component("test --workspace --no-run")
        .ok()
        .silent_on("host v0.1.0");
}

#[test]
fn default_members_are_those_of_the_workspace() {
    let project = mixed("default-members = [\"host\", \"two\"]\n");
    project.component("build").ok();
    assert_eq!(made(&project), ["two.wasm"]);
    let mut command = project.command("build");
    command.current_dir(project.path("one"));
    project.run(command).ok();
    assert_eq!(made(&project), ["one.wasm", "two.wasm"]);
    component(&project, &format!("{WASM}/one.wasm"));
}

#[test]
fn host_members_are_built_for_the_host() {
    for configuration in ["", "[build]\ntarget = \"wasm32-wasip1\"\n"] {
        let project = mixed("");
        if !configuration.is_empty() {
            project.write(".cargo/config.toml", configuration);
        }
        let output = project.component("build --workspace --host-members").ok();
        says_all(output, "Compiling", &["host", "macros", "one", "two"]);
        assert_eq!(made(&project), ["one.wasm", "two.wasm"]);
        component(&project, &format!("{WASM}/one.wasm"));
        let found = [
            "target/debug/host",
            "target/x86_64-unknown-linux-gnu/debug/host",
        ];
        let at = found.iter().position(|path| project.has(path));
        assert_eq!(at.is_some(), cfg!(target_os = "linux"), "{configuration}");
        if configuration.is_empty() {
            assert_eq!(at, Some(0));
        }
        let output = project.component("check --host-members --workspace").ok();
        says_all(output, "Checking", &["host", "one", "two"]);
    }
    // A target asked for by option is no reason for a second directory.
    let project = mixed("");
    project
        .component("build --workspace --host-members --target wasm32-wasip2")
        .ok();
    assert!(project.has("target/debug/host"));
    component(&project, "target/wasm32-wasip2/debug/two.wasm");
}

#[test]
fn what_is_named_is_what_is_built() {
    let project = mixed("");
    project
        .component("build -p host")
        .code(101)
        .says("not for wasm");
    let url = |name: &str| format!("file://{}/{name}", project.root().display());
    for (line, expected) in [
        ("build -p one".to_owned(), &["one.wasm"][..]),
        (
            "build --package=one@0.1.0 -ptwo".to_owned(),
            &["one.wasm", "two.wasm"],
        ),
        ("build -p 'o*'".to_owned(), &["one.wasm"]),
        ("build -p '[to]*'".to_owned(), &["one.wasm", "two.wasm"]),
        (format!("build -p {}", url("two")), &["two.wasm"]),
        (format!("build -p path+{}#0.1.0", url("two")), &["two.wasm"]),
        (format!("build -p {}#two@0.1.0", url("two")), &["two.wasm"]),
        ("build --workspace --exclude one".to_owned(), &["two.wasm"]),
        (
            "build --workspace --exclude 'o*' --exclude host".to_owned(),
            &["two.wasm"],
        ),
        (
            "build --workspace --exclude one --exclude nobody".to_owned(),
            &["two.wasm"],
        ),
        (
            "build --manifest-path two/Cargo.toml".to_owned(),
            &["two.wasm"],
        ),
    ] {
        let _ = fs::remove_dir_all(project.path("target/wasm32-wasip1"));
        project.component(&line).ok();
        assert_eq!(made(&project), expected, "{line}");
        for name in expected {
            component(&project, &format!("{WASM}/{name}"));
        }
    }
}

#[test]
fn an_unknown_package_is_told_with_a_near_name() {
    let project = mixed("");
    let output = project.component("build -p onne").code(1);
    output
        .says("error: package ID specification `onne` did not match any packages")
        .says("did you mean `one`?");
    let output = project.component("check -p 'x*'").code(1);
    output.says("did not match any packages");
    project
        .component("build -p one@7")
        .code(1)
        .says("`one@0.1.0`");
    assert!(!project.has("target"));
}

#[test]
fn a_dependency_may_be_named_as_in_cargo() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project.component("build").ok();
    project.component("build -p wit-bindgen").ok();
    project
        .component("check -p bitflags")
        .ok()
        .says("Checking bitflags");
}

#[test]
fn a_member_that_fails_leaves_the_others_finished() {
    let project = mixed("");
    project.component("build").ok();
    let before = project.bytes(&format!("{WASM}/two.wasm"));
    project
        .write("one/src/main.rs", "fn main() { println!(\"new\"); }")
        .write("two/src/main.rs", "fn main() { nothing }");
    project
        .component("build --keep-going")
        .code(101)
        .says("Creating component");
    let one = component(&project, &format!("{WASM}/one.wasm"));
    assert!(!one.exports.is_empty());
    assert!(project.bytes(&format!("{WASM}/one.wasm")) != before);
    component(&project, &format!("{WASM}/two.wasm"));
    assert_eq!(project.bytes(&format!("{WASM}/two.wasm")), before);
}

#[test]
fn members_share_settings_of_their_workspace() {
    use wasi_preview1_component_adapter_provider as adapters;
    let project = mixed(
        "[workspace.metadata.component]\nadapter = \"shared.wasm\"\n\n[workspace.metadata.component.bindings]\nderives = [\"PartialEq\"]\n",
    );
    // An adapter made for programs, which can be told by its size.
    project.write(
        "shared.wasm",
        adapters::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    );
    project.component("build").ok();
    component(&project, &format!("{WASM}/two.wasm"));
    project.write("shared.wasm", "no wasm");
    let output = project
        .component("build")
        .code(1)
        .says("the adapter is not a wasm file");
    // Each of them is told.
    let output = output.says("shared.wasm").says("the package `one`");
    output.says("the package `two`");
    // What a member says itself goes before.
    project.write("own.wasm", adapters::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
    for name in ["one", "two"] {
        let path = format!("{name}/Cargo.toml");
        let text = project.read(&path);
        project.write(&path, format!("{text}adapter = \"../own.wasm\"\n"));
    }
    project.component("build").ok();
    component(&project, &format!("{WASM}/one.wasm"));
}

#[test]
fn bindings_settings_are_shared() {
    let project = Project::empty();
    project.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"hello\"]\n\n[workspace.metadata.component.bindings]\nderives = [\"PartialEq\"]\n");
    project.component("new --lib --vcs none hello").ok();
    project.write(
        "hello/wit/world.wit",
        "package component:hello;\ninterface t { record r { a: u32 } f: func(r: r); }\nworld example { import t; export hello-world: func() -> string; }\n",
    );
    project.component("build").ok();
    let derives = |project: &Project| {
        let text = project.read("hello/src/bindings.rs");
        text.contains("PartialEq")
    };
    assert!(derives(&project));
    project.replace("Cargo.toml", "\"PartialEq\"", "");
    project.component("build").ok().says("Generating");
    assert!(!derives(&project));
}

#[test]
fn a_workspace_of_one_needs_no_option() {
    let project = bare("solo", "fn main() {}");
    project.component("build --workspace").ok();
    component(&project, &format!("{WASM}/solo.wasm"));
}

#[test]
fn two_runs_of_cargo_end_with_one_message() {
    let project = mixed("");
    let finished = |output: &Output| -> Vec<bool> {
        let lines = output.stdout.lines();
        let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let lines: Vec<_> = lines.collect();
        let is_last = |line: &serde_json::Value| line["reason"] == "build-finished";
        assert!(is_last(lines.last().unwrap()), "{output}");
        let last = lines.iter().filter(|line| is_last(line));
        last.map(|line| line["success"].as_bool().unwrap())
            .collect()
    };
    for verb in ["build", "check"] {
        let line = format!("{verb} --workspace --host-members --message-format json");
        let output = project.component(&line).ok();
        assert_eq!(finished(&output), [true], "{output}");
        assert!(output.stdout.contains("\"name\":\"host\""), "{output}");
    }
    let source = project.read("host/src/main.rs");
    project.write("host/src/main.rs", "fn main() { nothing }");
    for verb in ["build", "check"] {
        let line = format!("{verb} --workspace --host-members --message-format json");
        let output = project.component(&line).code(101);
        assert_eq!(finished(&output), [false], "{output}");
    }
    // A person reads what cargo renders of both.
    project
        .component("build --workspace --host-members")
        .code(101)
        .says("error[E0425]");
    project.write("host/src/main.rs", source);
    project.write("one/src/main.rs", "fn main() { nothing }");
    let line = "build --workspace --host-members --message-format json";
    let output = project.component(line).code(101);
    assert_eq!(finished(&output), [false], "{output}");
}

#[test]
fn host_members_that_are_named_are_built_for_the_host() {
    let project = mixed("");
    for (line, expected) in [
        ("build -p host --host-members", &[][..]),
        ("build -p host -p one --host-members", &["one.wasm"]),
        (
            "build -p '[ht]*o*' --host-members",
            &["one.wasm", "two.wasm"],
        ),
    ] {
        let _ = fs::remove_file(project.path("target/debug/host"));
        project.component(line).ok();
        assert!(project.has("target/debug/host"), "{line}");
        match expected {
            [] => assert!(!project.has(WASM), "{line}"),
            some => assert_eq!(made(&project), some, "{line}"),
        }
    }
    let mut command = project.command("check --host-members");
    command.current_dir(project.path("host"));
    project.run(command).ok();
}

#[test]
fn components_are_tested_before_host_members() {
    let project = mixed("");
    let test =
        |name: &str, passes: bool| format!("#[test]\nfn of_{name}() {{ assert!({passes}); }}\n");
    let source = |name: &str, passes: bool| {
        let path = format!("{name}/src/main.rs");
        project.write(&path, format!("fn main() {{}}\n{}", test(name, passes)));
    };
    for (two, host, code) in [(true, false, 101), (false, true, 101), (true, true, 0)] {
        source("two", two);
        source("host", host);
        let line = "test -p two -p host --host-members";
        let output = project.component(line).code(code);
        let verdict = |passes: bool| if passes { "ok" } else { "FAILED" };
        let at = |name: &str, passes: bool| {
            let text = format!("test of_{name} ... {}", verdict(passes));
            let found = output.stdout.find(&text);
            found.unwrap_or_else(|| panic!("{text}\n{output}"))
        };
        assert!(at("two", two) < at("host", host), "{output}");
    }
    project
        .component("test -p host --host-members")
        .ok()
        .prints("test of_host ... ok");
}

#[test]
fn a_program_of_a_host_member_is_found_by_name() {
    let project = mixed("");
    project.write("host/src/main.rs", "fn main() { println!(\"for all\"); }");
    project
        .component("run --bin host")
        .ok()
        .silent_on("no bin target named")
        .prints("for all");
    project.component("run --bin two").ok();
}

#[test]
fn members_use_the_wit_of_each_other() {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"types\", \"shapes\", \"guest\"]\n",
    );
    let member = |name: &str, wit: &str| {
        project.write(
            &format!("{name}/Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n\
                 [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
                 [package.metadata.component]\npackage = \"demo:{name}\"\n"
            ),
        );
        project.write(&format!("{name}/src/lib.rs"), "mod bindings;\n");
        project.write(&format!("{name}/wit/world.wit"), wit);
    };
    member(
        "types",
        "package demo:types@1.0.0; interface types { record point { x: u32 } } world empty { }",
    );
    // Its own `deps` go with it.
    member(
        "shapes",
        "package demo:shapes; interface area { use demo:types/types@1.0.0.{point}; use demo:units/units.{unit}; area: func(p: point) -> unit; } world shapes { }",
    );
    project.write(
        "shapes/wit/deps/units/units.wit",
        "package demo:units; interface units { type unit = u32; }",
    );
    member(
        "guest",
        "package demo:guest; world guest { import demo:shapes/area; }",
    );
    project
        .component("bindings --manifest-path guest/Cargo.toml")
        .ok();
    let bindings = project.read("guest/src/bindings.rs");
    assert!(bindings.contains("pub struct Point"), "{bindings}");
    // A member goes before a copy in `deps`.
    project.write(
        "guest/wit/deps/types/types.wit",
        "package demo:types@1.0.0; interface types { record point { y: u32 } }",
    );
    project
        .component("bindings --manifest-path guest/Cargo.toml")
        .ok();
    assert_eq!(project.read("guest/src/bindings.rs"), bindings);
    // What another member writes is noticed.
    project.write(
        "types/wit/world.wit",
        "package demo:types@1.0.0; interface types { record point { z: u32 } } world empty { }",
    );
    project
        .component("bindings --manifest-path guest/Cargo.toml")
        .ok();
    assert!(project.read("guest/src/bindings.rs").contains("pub z: u32"));
    // An entry of the manifest goes before a member.
    project.write(
        "guest/Cargo.toml",
        project.read("guest/Cargo.toml")
            + "[package.metadata.component.target.dependencies]\n\"demo:types\" = { path = \"mine\" }\n",
    );
    project.write(
        "guest/mine/types.wit",
        "package demo:types@1.0.0; interface types { record point { mine: u32 } }",
    );
    project
        .component("bindings --manifest-path guest/Cargo.toml")
        .ok();
    assert!(
        project
            .read("guest/src/bindings.rs")
            .contains("pub mine: u32")
    );
}
