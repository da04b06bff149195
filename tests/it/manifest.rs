//! What is wrong in a manifest is shown where it stands, and nothing is made.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::Project;

/// Every file below a directory with its content.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path.to_string_lossy().into_owned(), bytes);
                }
            }
        }
    }
    found
}

/// A library whose section has these lines at its end; bindings are stale, so
/// that a run that went on would write them.
fn project(lines: &str) -> Project {
    let project = Project::new("--lib", "foo");
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\n{lines}\n"));
    project.replace("wit/world.wit", "hello-world", "hello-you");
    project
}

/// The command line fails, says all of this and changes no file.
fn refused(project: &Project, line: &str, said: &[&str]) {
    let before = files(project.root());
    let mut output = project.component(line).code(1);
    for text in said {
        output = output.says(text);
    }
    assert!(files(project.root()) == before, "files changed\n{output}");
}

#[test]
fn a_wrong_manifest_is_shown_with_line_and_column_and_changes_nothing() {
    let project = project("[package.metadata.component.bindings]\n  derive = [\"Hash\"] # ä");
    let line = project.read("Cargo.toml").lines().count();
    let place = format!("--> Cargo.toml:{line}:3");
    for verb in ["build", "check", "bindings", "run", "test"] {
        refused(
            &project,
            verb,
            &[
                "error: failed to deserialize component metadata from `Cargo.toml`",
                &place,
                "  derive = [\"Hash\"] # ä\n",
                "  ^^^^^^\n",
                "Caused by:\n  unknown key `derive` in `package.metadata.component.bindings`",
                "help: did you mean `derives`?",
            ],
        );
    }
}

#[test]
fn what_a_workspace_shares_is_checked_too() {
    let project = project("[workspace.metadata.component]\nproxy = true");
    refused(
        &project,
        "build",
        &[
            "unknown key `proxy` in `workspace.metadata.component`",
            "proxy = true\n",
            "help: the valid keys are `registries`, `bindings`, `adapter`, `dependencies`",
        ],
    );
}

#[test]
fn a_dependency_that_no_registry_is_known_for_is_shown_where_it_stands() {
    let project = project("");
    let table = "[package.metadata.component.dependencies]\n";
    project.replace("Cargo.toml", table, &format!("{table}\"a:b\" = \"1\"\n"));
    let manifest = project.read("Cargo.toml");
    let line = manifest
        .lines()
        .position(|line| line.starts_with("\"a:b\""));
    let line = line.unwrap() + 1;
    refused(
        &project,
        "build",
        &[
            "`a:b`",
            &format!("--> Cargo.toml:{line}:1"),
            "\"a:b\" = \"1\"\n",
            "help: ",
        ],
    );
}

#[test]
fn what_only_the_disk_or_a_registry_can_answer_is_shown_at_its_key_too() {
    for (key, place, message) in [
        (
            "target = { path = \"nowhere\" }",
            12,
            "/nowhere` does not exist",
        ),
        (
            "target.world = \"none\"",
            8,
            "failed to select the specified world `none` for local target",
        ),
        (
            "target = \"a:b/c@1\"",
            1,
            "no registry configured for namespace \"a\", which the package `a:b` is in",
        ),
        (
            "target.dependencies.\"x:y\" = \"1\"",
            21,
            "no registry configured for namespace \"x\", which the package `x:y` is in",
        ),
        (
            "target.dependencies.\"x:y\" = { path = \"nowhere\" }",
            21,
            "failed to read the target dependency `x:y`",
        ),
    ] {
        let project = project("");
        let section = "[package.metadata.component]\n";
        project.replace("Cargo.toml", section, &format!("{section}{key}\n"));
        let manifest = project.read("Cargo.toml");
        let line = manifest.lines().position(|line| line == key).unwrap() + 1;
        let place = format!("--> Cargo.toml:{line}:{place}");
        refused(&project, "build", &[message, &place]);
    }
}

/// The section may be missing; what comes of the package then depends on its
/// WIT and on the crate bindings run on.
#[test]
fn a_crate_without_section_and_bindgen_is_no_component_whatever_wit_it_has() {
    let project = Project::empty();
    project
        .write(
            "Cargo.toml",
            "[package]\nname = \"host\"\nedition = \"2024\"\n[workspace]\n[lib]\ncrate-type = [\"cdylib\"]\n",
        )
        .write("src/lib.rs", "")
        .write("wit/w.wit", "not even WIT");
    project.component("build").ok().silent_on("Creating");
    assert!(!project.has("src/bindings.rs"));
    let module = project.bytes("target/wasm32-wasip1/debug/host.wasm");
    assert!(module.starts_with(b"\0asm\x01\0\0\0"));
}

#[test]
fn a_library_without_section_has_bindings_and_becomes_a_component() {
    let project = Project::new("--lib", "foo");
    let manifest = project.read("Cargo.toml");
    let (before, _) = manifest.split_once("[package.metadata").unwrap();
    project.write("Cargo.toml", before).replace(
        "wit/world.wit",
        "hello-world:",
        "hello-world: func(); export hello-world2:",
    );
    project
        .component("build")
        .code(101)
        .says("Generating bindings for foo");
    project.replace(
        "wit/world.wit",
        "hello-world: func(); export hello-world2:",
        "hello-world:",
    );
    project
        .component("build")
        .ok()
        .says("Generating bindings for foo (src/bindings.rs)")
        .says("Creating component");
}

#[test]
fn a_package_with_the_section_and_no_wit_has_components_without_bindings() {
    let project = Project::new("", "foo");
    project
        .component("build")
        .ok()
        .silent_on("Generating")
        .says("Creating component target/wasm32-wasip1/debug/foo.wasm");
    assert!(!project.has("src/bindings.rs"));
}
