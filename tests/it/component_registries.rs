//! One name that is two registries: what members of a workspace call alike
//! stays apart.

use crate::components::{hints, made, program, run_with, workspace};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

/// The package `t:one` whose function gives `number`.
fn one(number: u32) -> Vec<u8> {
    made(
        "package t:one@1.0.0; world one { export number: func() -> u32; }",
        &format!("(module (func (export \"number\") (result i32) (i32.const {number})))"),
    )
}

const CODE: &str = "mod bindings;\nfn main() { println!(\"{}\", bindings::one::number()); }\n";

/// Two members with an entry for `t:one`, each under lines of its own.
fn members(project: &Project, first: &str, second: &str) {
    for (name, more) in [("first", first), ("second", second)] {
        program(project, name, CODE, more);
        project.replace(
            &format!("{name}/Cargo.toml"),
            "name = \"app\"",
            &format!("name = \"{name}\""),
        );
    }
    workspace(project, &["first", "second"]);
    project.write("config.toml", "");
}

/// Both run with what is theirs, locked and by themselves, in either order.
fn stay_apart(project: &Project) -> String {
    run_with(project, "run -p first").ok().prints("1\n");
    run_with(project, "run -p second").ok().prints("2\n");
    let lock = project.read("Cargo-component.lock");
    assert_eq!(lock.matches("name = \"t:one\"").count(), 2, "{lock}");
    let place = project.root().display().to_string();
    assert!(!lock.contains(&place), "{lock}");
    std::fs::remove_dir_all(project.path("target")).unwrap();
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    run_with(project, "run -p second --locked")
        .ok()
        .prints("2\n");
    run_with(project, "run -p first --locked")
        .ok()
        .prints("1\n");
    let verified = run_with(project, "verify").ok();
    assert_eq!(verified.stderr.matches("Verified").count(), 2, "{verified}");
    run_with(project, "update").ok();
    assert_eq!(project.read("Cargo-component.lock"), lock);
    lock
}

#[test]
fn a_member_s_own_registry_is_another_than_the_workspace_s() {
    let project = Project::empty();
    project.write("r1/t/one/1.0.0.wasm", one(1));
    project.write("r2/t/one/1.0.0.wasm", one(2));
    let entry = "[package.metadata.component.dependencies]\none = { package = \"t:one\", version = \"1.0.0\", registry = \"r\" }\n";
    let own =
        format!("[package.metadata.component.registries]\nr = {{ url = \"file:../r2\" }}\n{entry}");
    members(&project, entry, &own);
    let shared = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{shared}[workspace.metadata.component]\nregistries.r = \"file:r1\"\n"),
    );
    let lock = stay_apart(&project);
    for address in ["file:r1", "file:r2"] {
        let line = format!("registry = \"r\"\naddress = \"{address}\"\n");
        assert!(lock.contains(&line), "{lock}");
    }

    // What another one is locked to is found out, not guessed.
    project.write("r2/t/one/1.0.0.wasm", one(3));
    run_with(&project, "verify")
        .code(1)
        .says("Verified `t:one`")
        .says("r2")
        .says("help: ");
    project.write("r2/t/one/1.0.0.wasm", one(2));

    // A lock file without addresses cannot tell which of them it means.
    let entries: Vec<&str> = lock.split("\n[[package]]\n").collect();
    let old = format!("{}\n[[package]]\n{}", entries[0], entries[1]);
    let old = old.replace("address = \"file:r1\"\n", "");
    project.write("Cargo-component.lock", &old);
    run_with(&project, "run -p second").ok().prints("2\n");
    run_with(&project, "run -p first").ok().prints("1\n");
    assert_eq!(project.read("Cargo-component.lock"), lock);

    // Where only one is meant, it stands for that one, and nothing is written.
    project.write("Cargo.toml", shared.replace(", \"second\"", "").as_str());
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}[workspace.metadata.component]\nregistries.r = \"file:r1\"\n"),
    );
    project.write("Cargo-component.lock", &old);
    std::fs::remove_dir_all(project.path("target")).unwrap();
    std::fs::remove_file(project.path("first/src/bindings.rs")).unwrap();
    run_with(&project, "run -p first --locked --offline")
        .ok()
        .prints("1\n");
    assert_eq!(project.read("Cargo-component.lock"), old);
}

#[test]
fn two_addresses_of_a_host_under_one_name_stay_apart() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let digests = [("one", 1), ("two", 2)].map(|(prefix, number)| {
        registry.package(&format!("{prefix}/t/one"), "1.0.0", &one(number))
    });
    let project = Project::empty();
    let lines = |prefix: &str| {
        format!(
            "[package.metadata.component.registries]\nmine = \"oci://{host}/{prefix}\"\n\
             [package.metadata.component.dependencies]\none = {{ package = \"t:one\", version = \"1\", registry = \"mine\" }}\n"
        )
    };
    members(&project, &lines("one"), &lines("two"));
    let lock = stay_apart(&project);
    for ((prefix, member), digest) in [("one", "first"), ("two", "second")]
        .into_iter()
        .zip(digests)
    {
        let line = format!("address = \"oci://{host}/{prefix}\"\n");
        assert!(lock.contains(&line), "{lock}");
        let component = project.bytes(&format!("target/wasm32-wasip1/debug/{member}.wasm"));
        let id = hints(&component)[0].2.clone().unwrap();
        let place = format!("oci://{host}/{prefix}/t/one:1.0.0?digest={digest}");
        assert!(id.starts_with(&place), "{id}");
    }
}

#[test]
fn two_defaults_stay_apart() {
    let project = Project::empty();
    project.write("r1/t/one/1.0.0.wasm", one(1));
    project.write("r2/t/one/1.0.0.wasm", one(2));
    let lines = |directory: &str| {
        format!(
            "[package.metadata.component.registries]\ndefault = \"file:../{directory}\"\n\
             [package.metadata.component.dependencies]\none = {{ package = \"t:one\", version = \"1\" }}\n"
        )
    };
    members(&project, &lines("r1"), &lines("r2"));
    let lock = stay_apart(&project);
    assert!(
        lock.contains("name = \"t:one\"\naddress = \"file:r2\"\n"),
        "{lock}"
    );
}
