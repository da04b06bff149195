//! What a finished component says about itself, and which adapter is in it.

use std::fs;

use wasi_preview1_component_adapter_provider as adapters;
use wasm_metadata::{Metadata, Payload};

#[cfg(unix)]
use crate::observe::tree;
use crate::observe::{HELLO, bare, component, manifest};
use crate::support::Project;

const MAIN: &str = "fn main() { println!(\"hello\"); }";

#[track_caller]
fn metadata(project: &Project, path: &str) -> Metadata {
    match Payload::from_binary(&project.bytes(path)).unwrap() {
        Payload::Component { metadata, .. } => metadata,
        Payload::Module(_) => panic!("{path} is a module"),
    }
}

/// The custom sections at the root of a component.
fn sections(project: &Project, path: &str) -> Vec<String> {
    let bytes = project.bytes(path);
    let (mut names, mut depth) = (Vec::new(), 0);
    for payload in wasmparser::Parser::new(0).parse_all(&bytes) {
        use wasmparser::Payload;
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 0 => names.push(section.name().to_owned()),
            _ => {}
        }
    }
    names.sort();
    names
}

fn commit(project: &Project) -> String {
    let git = |line: &str| {
        let mut command = project.clean("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        command.args(line.split_whitespace());
        project.run(command).ok()
    };
    git("init -q .");
    git("add Cargo.toml");
    git("commit -q --allow-empty -m change");
    git("rev-parse HEAD").stdout.trim().to_owned()
}

#[test]
fn all_that_cargo_toml_says_is_there_once_on_every_target() {
    let project = bare("hello", MAIN);
    project.write(
        "Cargo.toml",
        manifest(
            "hello",
            "authors = [\"A <a@b.c>\", \"D\"]\ndescription = \"Says hello.\"\nlicense = \"MIT/Apache-2.0\"\nrepository = \"https://example.com/r\"\nhomepage = \"https://example.com/h\"\n",
        ),
    );
    let revision = commit(&project);
    for target in ["wasm32-wasip1", "wasm32-wasip2", "wasm32-unknown-unknown"] {
        let path = format!("target/{target}/debug/hello.wasm");
        let build = format!("build --target {target}");
        for round in 0..3 {
            project.component(&build).ok().silent_on("warning");
            let found = metadata(&project, &path);
            assert_eq!(found.name.as_deref(), Some("hello"));
            let text = |value: Option<String>| value.unwrap_or_default();
            assert_eq!(text(found.version.map(|v| v.to_string())), "0.1.0");
            assert_eq!(text(found.authors.map(|v| v.to_string())), "A <a@b.c>,D");
            assert_eq!(
                text(found.description.map(|v| v.to_string())),
                "Says hello."
            );
            assert_eq!(
                text(found.licenses.map(|v| v.to_string())),
                "MIT OR Apache-2.0"
            );
            assert_eq!(
                text(found.source.map(|v| v.to_string())),
                "https://example.com/r"
            );
            assert_eq!(
                text(found.homepage.map(|v| v.to_string())),
                "https://example.com/h"
            );
            assert_eq!(text(found.revision.map(|v| v.to_string())), revision);
            let producers = found.producers.unwrap();
            assert!(producers.get("language").unwrap().get("Rust").is_some());
            let tools = producers.get("processed-by").unwrap();
            assert_eq!(
                tools.get("cargo-component").unwrap(),
                env!("CARGO_PKG_VERSION")
            );
            assert!(tools.get("wit-component").is_some(), "{target}");
            let sections = sections(&project, &path);
            let mut once = sections.clone();
            once.dedup();
            assert_eq!(sections, once, "{target}, {round}");
            if round == 1 {
                // Encoded anew from what cargo has.
                let state = project.path("target/cargo-component");
                fs::remove_dir_all(state).unwrap();
            }
        }
    }
}

/// A build, a commit and another build: the second has the new revision.
#[track_caller]
fn a_commit_is_noticed(project: &Project) {
    project.component("build").ok();
    let revision = commit(project);
    project.component("build").ok();
    assert_eq!(
        metadata(project, HELLO).revision.unwrap().to_string(),
        revision
    );
}

#[test]
fn a_commit_changes_the_revision() {
    let mut project = bare("hello", MAIN);
    project.component("build").ok();
    assert!(metadata(&project, HELLO).revision.is_none());
    let mut before = String::new();
    for _ in 0..2 {
        let revision = commit(&project);
        assert_ne!(revision, before);
        let output = project.component("build").ok().says("Creating");
        output.silent_on("Compiling");
        assert_eq!(
            metadata(&project, HELLO).revision.unwrap().to_string(),
            revision
        );
        project.component("build").ok().silent_on("Creating");
        before = revision;
    }
    // Without a log of the branch.
    let mut command = project.clean("git");
    command.args(["config", "core.logAllRefUpdates", "false"]);
    project.run(command).ok();
    fs::remove_dir_all(project.path(".git/logs")).unwrap();
    a_commit_is_noticed(&project);
    // In a linked work tree, which shares its branches.
    let mut command = project.clean("git");
    command.args(["worktree", "add", "-q", "linked"]);
    project.run(command).ok();
    project.enter("linked");
    project.write("src/main.rs", MAIN);
    a_commit_is_noticed(&project);
    // Where branches are in a table.
    let project = bare("hello", MAIN);
    let mut command = project.clean("git");
    command.args(["init", "-q", "--ref-format=reftable", "."]);
    if project.run(command).code == 0 {
        let mut command = project.clean("git");
        command.args(["config", "core.logAllRefUpdates", "false"]);
        project.run(command).ok();
        commit(&project);
        a_commit_is_noticed(&project);
    }
}

#[test]
fn any_licence_that_cargo_takes_builds() {
    let project = bare("hello", MAIN);
    project.write("LICENSE", "mine");
    for (key, expected, warning) in [
        (
            "license = \"MIT OR Apache-2.0\"",
            Some("MIT OR Apache-2.0"),
            false,
        ),
        (
            "license = \"Apache-2.0 WITH LLVM-exception\"",
            Some("Apache-2.0 WITH LLVM-exception"),
            false,
        ),
        (
            "license = \"MIT / Apache-2.0\"",
            Some("MIT OR Apache-2.0"),
            false,
        ),
        ("license-file = \"LICENSE\"", None, false),
        ("license = \"My own licence\"", None, true),
        ("license = \"\"", None, false),
    ] {
        project.write("Cargo.toml", manifest("hello", &format!("{key}\n")));
        let output = project.component("build").ok();
        assert_eq!(
            output.stderr.contains("`license` of Cargo.toml"),
            warning,
            "{output}"
        );
        let found = metadata(&project, HELLO).licenses.map(|l| l.to_string());
        assert_eq!(found.as_deref(), expected, "{key}");
    }
    project.write(
        "Cargo.toml",
        manifest("hello", "homepage = \"not a url\"\n"),
    );
    let output = project.component("build").ok();
    output.says("`homepage` of Cargo.toml");
}

#[cfg(unix)]
#[test]
fn a_component_may_be_read_by_whoever_may_read_cargos_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = bare("hello", MAIN);
    let mode = |path: &str| {
        fs::metadata(project.path(path))
            .unwrap()
            .permissions()
            .mode()
    };
    project.component("build").ok();
    let plain = project.path("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(mode(HELLO) & 0o777, mode("plain") & 0o666);
    assert_ne!(mode(HELLO) & 0o077, 0);
    for file in tree(&project.path("target/cargo-component")) {
        let path = format!("target/cargo-component/{}", file.display());
        assert_eq!(mode(&path) & 0o777, mode("plain") & 0o777, "{path}");
    }
}

/// Whether a component has the module at its inside, by its exports.
fn carries(project: &Project, path: &str, export: &str) -> bool {
    cargo_component::component::core_exports(&project.bytes(path))
        .iter()
        .any(|name| name == export)
}

#[test]
fn the_adapter_fits_the_artifact() {
    // What tells the adapters apart: files and sockets are not in the one for
    // HTTP, and only the one for programs has an entry.
    let library = "#[unsafe(no_mangle)] pub extern \"C\" fn f() { println!(\"{:?}\", std::fs::read(\"x\")); }";
    let project = bare("hello", library);
    let imports = |project: &Project| component(project, HELLO).imports.join(" ");
    let plain = project.read("Cargo.toml");
    project.component("build").ok();
    assert!(imports(&project).contains("wasi:filesystem/"));
    assert!(!carries(&project, HELLO, "wasi:cli/run@0.2.12#run"));
    project.write("Cargo.toml", format!("{plain}proxy = true\n"));
    project
        .component("build")
        .ok()
        .says("Creating")
        .silent_on("warning");
    assert!(!imports(&project).contains("wasi:filesystem/"));
    // An adapter of the user's own.
    project.write("my.wasm", adapters::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER);
    project.write(
        "Cargo.toml",
        format!("{plain}proxy = true\nadapter = \"my.wasm\"\n"),
    );
    project.component("build").ok().says(
        "warning: ignoring `proxy` setting due to `adapter` setting being present in `Cargo.toml`",
    );
    assert!(imports(&project).contains("wasi:filesystem/"));

    let project = bare("hello", MAIN);
    let plain = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{plain}proxy = true\n"));
    project
        .component("build")
        .ok()
        .says("warning: ignoring `proxy` setting in `Cargo.toml` for command component");
    let exports = component(&project, HELLO).exports;
    assert!(exports.iter().any(|e| e.starts_with("wasi:cli/run@")));
    project.component("build -q").ok();
    project.component("run").ok().prints("hello");
}

#[test]
fn the_version_of_wasi_is_told() {
    let project = Project::empty();
    let output = project.component("--version --verbose").ok();
    let version = cargo_component::component::encode::Adapter::Reactor
        .wasi_version()
        .unwrap();
    for name in ["command", "reactor", "proxy"] {
        let line = format!("built-in {name} adapter: WASI {version}");
        assert!(output.stdout.lines().any(|l| l == line), "{output}");
    }
}

/// A library for a world with `import`s of a package of WASI at a version.
fn with_wasi(version: &str) -> Project {
    let project = Project::new("--lib", "hello");
    project
        .write(
            "wit/deps/random/random.wit",
            format!("package wasi:random@{version};\ninterface random {{ get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }}\n"),
        )
        .write(
            "wit/world.wit",
            format!("package component:hello;\nworld example {{ import wasi:random/random@{version}; export hello-world: func() -> string; }}\n"),
        )
        .replace(
            "src/lib.rs",
            "\"Hello, World!\".to_string()",
            // A map has the adapter ask for random numbers as well.
            "{ let map = std::collections::HashMap::from([(1, bindings::wasi::random::random::get_random_u64())]); format!(\"{map:?}\") }",
        );
    project
}

#[test]
fn the_worlds_version_of_wasi_is_held_against_the_adapters() {
    let random = |project: &Project| -> Vec<String> {
        let imports = component(project, HELLO).imports;
        imports
            .into_iter()
            .filter(|i| i.starts_with("wasi:random/random@"))
            .collect()
    };
    // Releases of WASI 0.2 merge, older and newer ones.
    for version in ["0.2.0", "0.2.3", "0.2.12", "0.2.99"] {
        let project = with_wasi(version);
        project.component("build").ok().silent_on("warning");
        assert_eq!(
            random(&project).len(),
            1,
            "{version}: {:?}",
            random(&project)
        );
    }
    // A later minor release stands beside it on purpose.
    let project = with_wasi("0.3.0");
    project.component("build").ok().silent_on("warning");
    // A release candidate does not merge.
    let project = with_wasi("0.2.0-rc-2023-12-05");
    let adapter = cargo_component::component::encode::Adapter::Reactor
        .wasi_version()
        .unwrap();
    project.component("build").ok().says(&format!(
        "warning: the world imports WASI 0.2.0-rc-2023-12-05, which differs from that of the {adapter} of the built-in reactor adapter: the component imports two versions of `wasi:random/random`"
    ));
    assert_eq!(random(&project).len(), 2);
    // As cargo does, what was warned of is told again by a build that is fresh.
    let fresh = project.component("build").ok().silent_on("Creating");
    fresh.says("which differs from that of");
}

#[test]
fn only_what_carries_a_world_or_is_declared_becomes_one() {
    let project = bare("hello", MAIN);
    project.write(
        "Cargo.toml",
        "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    project.component("build").ok().silent_on("Creating");
    assert!(crate::observe::is_module(&project, HELLO));
    // The linker has made one already, which gets its metadata nevertheless.
    project.component("build --target wasm32-wasip2").ok();
    let path = "target/wasm32-wasip2/debug/hello.wasm";
    component(&project, path);
}
