//! Dependencies and targets that are OCI references.

use crate::registry_verbs::{run, shapes, wit};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

/// A library with WIT of its own and this below `[package.metadata.component]`.
fn library(section: &str) -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    manifest(&project, section);
    project.write("src/lib.rs", "mod bindings;\n");
    project
}

fn manifest(project: &Project, section: &str) {
    project.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\n{section}\n"
        ),
    );
}

const OWN: &str = "package demo:mine@0.1.0;\nworld mine { import demo:shapes/area; }\n";

/// Pushes a file as `team/shapes` with this tag; the digest of the manifest.
fn push(project: &Project, host: &str, tag: &str, bytes: &[u8]) -> String {
    project.write("pushed.wasm", bytes);
    let line = format!("registry push {host}/team/shapes:{tag} pushed.wasm");
    let out = run(project, &line).ok();
    out.stdout.trim().rsplit(' ').next().unwrap().to_owned()
}

fn forget_cache(project: &Project) {
    std::fs::remove_dir_all(project.path("cache")).unwrap();
}

/// Forgets everything but the lock file and, perhaps, the cache.
fn forget_bindings(project: &Project) {
    std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
    let _ = std::fs::remove_dir_all(project.path("target"));
}

#[test]
fn a_tag_is_locked_and_stays_where_it_was() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = library(&format!(
        "target.dependencies.\"demo:shapes\" = {{ oci = \"{host}/team/shapes:stable\" }}"
    ));
    project.write("wit/own.wit", OWN);
    push(&project, &host, "stable", &shapes("0.2.0"));
    run(&project, "bindings --locked")
        .code(1)
        .says("needs to be updated but --locked was passed");
    run(&project, "bindings --offline")
        .code(1)
        .says(&format!(
            "the artifact `{host}/team/shapes:stable` is not locked"
        ))
        .says("Cargo.toml:");
    assert!(!project.has("Cargo-component.lock"));
    run(&project, "bindings")
        .ok()
        .says("Downloading 1 artifact");
    let bindings = project.read("src/bindings.rs");
    assert!(bindings.contains("demo:shapes/area@0.2.0"), "{bindings}");
    // No key that 0.21.1 does not have.
    let digest = cargo_component::package::ContentDigest::of(&shapes("0.2.0"));
    let expected = format!(
        "\n[[package]]\nname = \"demo:shapes\"\nregistry = \"oci://{host}/team/shapes:stable\"\n\n[[package.version]]\nrequirement = \"*\"\nversion = \"0.2.0\"\ndigest = \"{digest}\"\n"
    );
    let lock = project.read("Cargo-component.lock");
    assert!(lock.ends_with(&expected), "{lock}");
    // With lock file and cache nothing is asked.
    let asked = registry.requests().len();
    for line in ["bindings --frozen", "bindings --offline", "bindings"] {
        forget_bindings(&project);
        run(&project, line).ok().silent_on("Downloading");
    }
    assert_eq!(registry.requests().len(), asked);
    // The tag moves, and what is locked is still fetched.
    push(&project, &host, "stable", &shapes("0.2.1"));
    forget_bindings(&project);
    forget_cache(&project);
    run(&project, "bindings --offline")
        .code(1)
        .says("is not in the cache");
    run(&project, "bindings --locked")
        .ok()
        .says("Downloading 1 artifact");
    assert_eq!(project.read("src/bindings.rs"), bindings);
    assert_eq!(project.read("Cargo-component.lock"), lock);
    // Until somebody wants what it is now.
    run(&project, "update --dry-run")
        .ok()
        .says("update dependency `demo:shapes` v0.2.0 -> v0.2.1");
    run(&project, "update -p demo:shapes")
        .ok()
        .says("v0.2.0 -> v0.2.1");
    forget_bindings(&project);
    run(&project, "bindings --locked").ok();
    assert!(
        project
            .read("src/bindings.rs")
            .contains("demo:shapes/area@0.2.1")
    );
}

#[test]
fn a_digest_is_fetched_and_a_label_takes_the_name_of_the_content() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = library("");
    let digest = push(&project, &host, "x", &shapes("0.2.0"));
    push(&project, &host, "x", &shapes("0.9.0"));
    manifest(
        &project,
        &format!("target.dependencies.shapes = {{ oci = \"oci://{host}/team/shapes@{digest}\" }}"),
    );
    project.write("wit/own.wit", OWN);
    run(&project, "bindings").ok();
    assert!(
        project
            .read("src/bindings.rs")
            .contains("demo:shapes/area@0.2.0")
    );
    let lock = project.read("Cargo-component.lock");
    assert!(
        lock.contains(&format!("registry = \"oci://{host}/team/shapes@{digest}\"")),
        "{lock}"
    );
}

#[test]
fn wit_without_a_version_takes_one_for_the_lock_file_only() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = library(&format!(
        "target.dependencies.\"demo:shapes\" = {{ oci = \"{host}/team/shapes:1.4.0\" }}"
    ));
    let text = "package demo:shapes; interface area { f: func(); }";
    push(&project, &host, "1.4.0", &wit(text));
    project.write("wit/own.wit", OWN);
    run(&project, "bindings").ok();
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("version = \"1.4.0\"")
    );
    assert!(!project.read("src/bindings.rs").contains("area@"));
}

#[test]
fn a_target_may_be_an_artifact_of_wit_or_a_component() {
    let registry = SmallRegistry::start(Access::Token);
    let host = registry.host();
    let project = library(&format!(
        "target = {{ oci = \"{host}/team/shapes:1\", world = \"measure\" }}"
    ));
    // The login and plain http of the user's configuration hold here too.
    project.write(
        "config.toml",
        format!(
            "[registry.\"{host}\".oci]\nauth = {{ username = \"user\", password = \"secret\" }}\n"
        ),
    );
    push(&project, &host, "1", &shapes("0.2.0"));
    run(&project, "bindings").ok();
    assert!(
        project
            .read("src/bindings.rs")
            .contains("demo:shapes/area@0.2.0")
    );
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("name = \"demo:shapes\"")
    );
    project.replace("Cargo.toml", "measure", "mesure");
    run(&project, "bindings")
        .code(1)
        .says("failed to select world from target package `demo:shapes`");
    let component = wat::parse_str("(component (import \"demo:x/y@1.0.0\" (instance)))").unwrap();
    push(&project, &host, "2", &component);
    manifest(
        &project,
        &format!("target = {{ oci = \"{host}/team/shapes:2\" }}"),
    );
    run(&project, "bindings").ok();
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("name = \"root:component\"")
    );
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = library("");
    project.write("wit/own.wit", OWN);
    push(&project, &host, "1", &shapes("0.2.0"));
    push(
        &project,
        &host,
        "module",
        &wat::parse_str("(module)").unwrap(),
    );
    push(
        &project,
        &host,
        "component",
        &wat::parse_str("(component)").unwrap(),
    );
    let entry = |key: &str, value: &str| {
        let value = value.replace("@", &format!("{host}/team/shapes"));
        format!("target.dependencies.{key} = {{ {value} }}")
    };
    for (section, message) in [
        (
            entry("\"demo:other\"", "oci = '@:1'"),
            "is the package `demo:shapes`, not `demo:other`",
        ),
        (entry("x", "oci = '@:gone'"), "was not found"),
        (entry("x", "oci = '@:module'"), "is a core module"),
        (
            entry("x", "oci = '@:component'"),
            "does not say which package it is",
        ),
        (
            entry("x", "oci = '@:1', version = '1'"),
            "cannot specify both `oci` and `version`",
        ),
        (
            entry("x", "oci = '@:1', path = 'wit'"),
            "cannot specify both `oci` and `path`",
        ),
        (
            entry("x", "oci = 'alpine'"),
            "invalid OCI reference `alpine`",
        ),
        (entry("x", "oci = 'a.example/B'"), "`B` is no repository"),
        (
            "target = { oci = 'a.example/b', path = 'wit' }".to_owned(),
            "`path` and `oci`",
        ),
        (
            "target = { oci = 'a.example/b', package = 'a:b' }".to_owned(),
            "`package` and `oci`",
        ),
    ] {
        manifest(&project, &section);
        run(&project, "bindings")
            .code(1)
            .says(message)
            .says("Cargo.toml:")
            .says("help: ");
        assert!(!project.has("Cargo-component.lock"), "{section}");
    }
}
