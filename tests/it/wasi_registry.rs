//! WASI 0.2 as its packages are in registries, without a copy in the project.

use crate::authoring::{RUNTIME, manifest, share_target, wasi_0_2};
use crate::registry_local::publish_wit;
use crate::support::{Output, Project};

/// In the order in which they need each other.
const PACKAGES: [&str; 7] = [
    "io",
    "clocks",
    "random",
    "filesystem",
    "sockets",
    "cli",
    "http",
];

/// The project with WASI 0.2 in `registry/`, which `config.toml` names; and its version.
pub fn with_wasi(project: Project) -> (Project, String) {
    let texts = PACKAGES.map(|name| {
        let file = wasi_0_2().join(format!("{name}.wit"));
        std::fs::read_to_string(file).unwrap()
    });
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    publish_wit(&project, &texts);
    let first = texts[0]
        .lines()
        .find(|line| line.starts_with("package "))
        .unwrap();
    let version = first
        .trim_end_matches(';')
        .rsplit('@')
        .next()
        .unwrap()
        .to_owned();
    let root = project.path("registry").display().to_string();
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\nwasi = \"here\"\n[registry.here.local]\nroot = {root:?}\n"
        ),
    );
    (project, version)
}

fn project() -> (Project, String) {
    let made = with_wasi(Project::empty());
    share_target(&made.0);
    made
}

fn run(project: &Project, line: &str) -> Output {
    let config = project.path("config.toml").display().to_string();
    let mut command = project.command(&format!("{line} --registry-config '{config}'"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

#[test]
fn a_proxy_is_made_and_built_with_nothing_of_wasi_in_the_project() {
    let (project, version) = project();
    run(
        &project,
        "new --vcs none --lib --target wasi:http/proxy wasi-proxy",
    )
    .ok()
    .says("for target `wasi:http/proxy`");
    let made = project.read("wasi-proxy/Cargo.toml");
    let target = format!("target = \"wasi:http/proxy@{version}\"");
    assert!(made.contains(&target), "{made}");
    assert!(!project.has("wasi-proxy/wit"));
    run(&project, "build --manifest-path wasi-proxy/Cargo.toml").ok();
    let component = crate::authoring::component("wasm32-wasip1", "wasi_proxy.wasm");
    let decoded = wit_component::decode(&component).unwrap();
    let world = &decoded.resolve().worlds.iter().next().unwrap().1;
    let exports: Vec<String> = world
        .exports
        .keys()
        .map(|key| decoded.resolve().name_world_key(key))
        .collect();
    assert_eq!(exports, [format!("wasi:http/incoming-handler@{version}")]);
}

#[test]
fn imports_and_what_local_wit_names_are_found_by_themselves() {
    let (project, version) = project();
    manifest(
        &project,
        "wasi-imports",
        &format!("{RUNTIME}\n[package.metadata.component]\ntarget = \"wasi:http/imports@0.2\"\n"),
    );
    let code =
        "mod bindings;\npub fn f() { let _ = bindings::wasi::http::outgoing_handler::handle; }\n";
    project.write("src/lib.rs", code);
    run(&project, "build").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(
        lock.contains(&format!("requirement = \"^0.2\"\nversion = \"{version}\"")),
        "{lock}"
    );
    assert!(!project.has("wit"));
    // Now by WIT of the project's own, which names one interface.
    manifest(
        &project,
        "wasi-local",
        &format!("{RUNTIME}\n[package.metadata.component]\n"),
    );
    project.write(
        "wit/mine.wit",
        format!("package demo:mine; world mine {{ import wasi:http/outgoing-handler@{version}; export ready: func() -> bool; }}"),
    );
    project.write("src/lib.rs", "mod bindings;\nuse bindings::wasi::http::{outgoing_handler, types};\nstruct C;\nimpl bindings::Guest for C {\n    fn ready() -> bool {\n        let request = types::OutgoingRequest::new(types::Fields::new());\n        outgoing_handler::handle(request, None).is_ok()\n    }\n}\nbindings::export!(C with_types_in bindings);\n");
    std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
    std::fs::remove_file(project.path("Cargo-component.lock")).unwrap();
    run(&project, "build").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(
        lock.contains(&format!(
            "name = \"wasi:http\"\n\n[[package.version]]\nrequirement = \"={version}\""
        )),
        "{lock}"
    );
    assert!(!project.has("wit/deps"));
    let component = crate::authoring::component("wasm32-wasip1", "wasi_local.wasm");
    let decoded = wit_component::decode(&component).unwrap();
    let world = &decoded.resolve().worlds.iter().next().unwrap().1;
    for package in ["http/outgoing-handler", "http/types", "io/streams"] {
        let name = format!("wasi:{package}@{version}");
        let mut imports = world
            .imports
            .keys()
            .map(|key| decoded.resolve().name_world_key(key));
        assert!(imports.any(|import| import == name), "{name}");
    }
    // The same needs no registry any more.
    std::fs::remove_dir_all(project.path("registry")).unwrap();
    std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
    run(&project, "build --frozen").ok();
}
