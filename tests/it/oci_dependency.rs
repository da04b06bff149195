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
            "contains the package `demo:shapes`, not `demo:other`",
        ),
        (entry("x", "oci = '@:gone'"), "was not found"),
        (entry("x", "oci = '@:module'"), "is a core module"),
        (
            entry("x", "oci = '@:component'"),
            "the package name of the component",
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
        (entry("x", "oci = 'a.example/B'"), "`B` is not a repository"),
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

/// A library that needs a tag, built once, and the label of that in the lock
/// file.
fn built(registry: &SmallRegistry) -> (Project, String) {
    let place = format!("{}/team/shapes:stable", registry.host());
    let project = library(&format!(
        "target.dependencies.\"demo:shapes\" = {{ oci = \"{place}\" }}"
    ));
    project.write("wit/own.wit", OWN);
    push(&project, &registry.host(), "stable", &shapes("0.2.0"));
    run(&project, "bindings").ok();
    (project, format!("oci://{place}"))
}

#[test]
fn the_tree_shows_references_for_wit_and_components() {
    let registry = SmallRegistry::start(Access::Open);
    let (project, label) = built(&registry);
    let root = project.root().display().to_string();
    let wit = format!("└── demo:shapes v0.2.0 ({label})\n");
    assert_eq!(
        run(&project, "tree --frozen").ok().stdout,
        format!("guest v0.3.0 ({root})\n{wit}")
    );
    let json = run(&project, "tree --format json --invert demo:shapes").ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let found = json["packages"].as_array().unwrap().iter();
    let mut found = found.filter(|package| package["name"] == "demo:shapes");
    let source = &found.next().unwrap()["source"];
    assert_eq!(
        source,
        &serde_json::json!({"kind": "registry", "registry": label})
    );
    // A component, which does not say itself what it is called.
    let component = wat::parse_str("(component (import \"demo:x/y@1.0.0\" (instance)))").unwrap();
    push(&project, &registry.host(), "2.0.0", &component);
    let place = format!("{}/team/shapes:2.0.0", registry.host());
    let entry = format!("dependencies.\"demo:helper\" = {{ oci = \"{place}\" }}\n");
    project.replace(
        "Cargo.toml",
        "target.dependencies",
        &format!("{entry}target.dependencies"),
    );
    run(&project, "tree").ok().prints(&format!(
        "├── demo:helper v2.0.0 (component) (oci://{place})\n│   └── demo:x v1.0.0 (enclosed)\n{wit}"
    ));
    assert!(
        project
            .read("Cargo-component.lock")
            .contains(&format!("registry = \"oci://{place}\""))
    );
    // What one verb locks another does not drop.
    run(&project, "update").ok().silent_on("Removing");
}

#[test]
fn a_moved_tag_is_outdated_verified_and_taken_by_update() {
    let registry = SmallRegistry::start(Access::Open);
    let (project, label) = built(&registry);
    run(&project, "outdated --exit-code")
        .ok()
        .says("all packages are up to date");
    run(&project, "verify")
        .ok()
        .says("Verified `demo:shapes` v0.2.0 (cache, registry)\n");
    push(&project, &registry.host(), "stable", &shapes("0.2.1"));
    let lock = project.read("Cargo-component.lock");
    let rows = run(&project, "outdated").ok().stdout;
    let expected = format!("demo:shapes  0.2.0   moved       ---     guest (*)    {label}\n");
    assert!(rows.ends_with(&expected), "{rows}");
    let json = run(&project, "outdated --format json --exit-code").code(1);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let digest = cargo_component::package::ContentDigest::of(&shapes("0.2.1"));
    assert_eq!(json["packages"][0]["moved"], digest.to_string());
    run(&project, "outdated --offline")
        .code(1)
        .says("needs network access, which is disabled")
        .says("help: ");
    // What is locked is still there, and that is what counts.
    run(&project, "verify")
        .ok()
        .says("v0.2.0 (cache, registry, where its tag has moved)");
    assert_eq!(project.read("Cargo-component.lock"), lock);
    run(&project, "update -p demo:shapes --precise 0.2.0")
        .code(1)
        .says("comes from the OCI reference")
        .says("remove `--precise`");
    run(&project, "update").ok().says("v0.2.0 -> v0.2.1");
    run(&project, "outdated --exit-code").ok();
    // The same version with other bytes.
    push(
        &project,
        &registry.host(),
        "stable",
        &wit("package demo:shapes@0.2.1; interface area {}"),
    );
    let lock = project.read("Cargo-component.lock");
    run(&project, "update --dry-run")
        .ok()
        .says("`demo:shapes` v0.2.1, whose content has changed");
    assert_eq!(project.read("Cargo-component.lock"), lock);
    // The bytes are gone, and so is everything.
    registry.forget("team/shapes");
    run(&project, "verify")
        .code(1)
        .says("`demo:shapes@0.2.1` could not be read from `")
        .says("cargo component update");
    run(&project, "verify --offline").ok();
    run(&project, "outdated")
        .code(1)
        .says("was not found")
        .says("Cargo.toml:");
}

#[test]
fn references_are_vendored_and_built_without_a_registry() {
    let registry = SmallRegistry::start(Access::Open);
    let (project, label) = built(&registry);
    let bindings = project.read("src/bindings.rs");
    let lock = project.read("Cargo-component.lock");
    forget_cache(&project);
    let output = run(&project, "vendor third-party --locked")
        .ok()
        .says("Vendoring `demo:shapes` v0.2.0 to third-party/demo/shapes/0.2.0.wasm");
    assert_eq!(
        output.stdout,
        format!(
            "[registry.\"{label}\"]\ndefault = \"local\"\nlocal = {{ root = \"third-party\" }}\n"
        )
    );
    project.write(".wasm-pkg/config.toml", &output.stdout);
    registry.forget("team/shapes");
    let asked = registry.requests().len();
    for line in ["bindings --locked --offline", "bindings"] {
        forget_cache(&project);
        forget_bindings(&project);
        run(&project, line).ok();
        assert_eq!(project.read("src/bindings.rs"), bindings);
    }
    let third = project.path("third-party").display().to_string();
    run(&project, "tree --frozen")
        .ok()
        .prints(&format!("demo:shapes v0.2.0 ({third})"));
    run(&project, "verify")
        .ok()
        .says("v0.2.0 (cache, registry)");
    run(&project, "outdated --offline --exit-code").ok();
    assert_eq!(registry.requests().len(), asked);
    assert_eq!(project.read("Cargo-component.lock"), lock);
    // From itself; and what is spoilt there is told.
    forget_cache(&project);
    let again = run(&project, "vendor third-party --frozen").ok();
    assert_eq!(again.silent_on("Vendoring").stdout, output.stdout);
    forget_cache(&project);
    forget_bindings(&project);
    project.write("third-party/demo/shapes/0.2.0.wasm", shapes("0.2.1"));
    run(&project, "bindings --locked")
        .code(1)
        .says("has digest `sha256:")
        .says("third-party")
        .says("help: ");
}

#[test]
fn a_component_of_a_repository_needs_no_name_but_a_label() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = library("");
    project.write("src/lib.rs", "");
    project.write("config.toml", format!("[registry.\"{host}\".oci]\n"));
    let component =
        wat::parse_str("(component (instance $i) (export \"acme:tool/run@1.0.0\" (instance $i)))");
    push(&project, &host, "1.2.0", &component.unwrap());
    let reference = format!("{host}/team/shapes:1.2.0");
    run(&project, &format!("add --oci {reference} --name tool"))
        .ok()
        .says("Added dependency `tool`")
        .says("the package is a component");
    let manifest = project.read("Cargo.toml");
    let entry = format!("tool = {{ oci = \"{reference}\" }}");
    assert!(manifest.contains(&entry), "{manifest}");
    project.write("src/lib.rs", "mod bindings;\n");
    run(&project, "bindings").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("name = \"team:shapes\""), "{lock}");
    run(&project, "tree").ok().prints(&format!(
        "team:shapes v1.2.0 (component) (oci://{reference})"
    ));
    run(&project, "update -p team:shapes").ok();
    // Without a label, the repository is the key.
    run(&project, "remove tool").ok();
    run(&project, &format!("add --oci {reference}")).ok();
    let entry = format!("\"team:shapes\" = {{ oci = \"{reference}\" }}");
    assert!(project.read("Cargo.toml").contains(&entry));
    run(&project, "bindings --locked").ok();
}
