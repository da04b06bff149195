//! Packages from, and to, an OCI registry, by the executable.

use std::collections::BTreeMap;
use std::sync::Arc;

use cargo_component::env::Env;
use cargo_component::package::ContentDigest;
use cargo_component::process::System;
use cargo_component::registry::oci::{ClientContext, OciRegistry, RetryPolicy};
use cargo_component::registry::{Publication, Registry as _, routes};

use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

pub const SHAPES: &str = "package demo:shapes@0.2.0;
interface area { record point { x: u32, y: u32 } area: func(a: point, b: point) -> u32; }
world measure { export area; }";

pub const IMPLEMENTATION: &str = "mod bindings;
use bindings::exports::demo::shapes::area::{Guest, Point};
struct Component;
impl Guest for Component {
    fn area(a: Point, b: Point) -> u32 { (b.x - a.x) * (b.y - a.y) }
}
bindings::export!(Component with_types_in bindings);
";

/// Publishes WIT as a peer would, into `team/` of the registry.
pub fn publish_wit(registry: &SmallRegistry, text: &str) {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("test.wit", text).unwrap();
    let bytes = wit_component::encode(&resolve, package, false).unwrap();
    let name = &resolve.packages[package].name;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let around = ClientContext {
        env: Arc::new(Env::default()),
        exec: Arc::new(System),
        patience: RetryPolicy::without_delays(),
        warnings: Default::default(),
    };
    let place = routes::OciRoute {
        name: registry.host(),
        host: registry.host(),
        prefix: "team/".to_owned(),
        ..Default::default()
    };
    let publication = Publication {
        progress: &cargo_component::progress::NoProgress,
        package: &format!("{}:{}", name.namespace, name.name).parse().unwrap(),
        version: name.version.as_ref().unwrap(),
        content: file.path(),
        digest: &ContentDigest::of(&bytes),
        annotations: &BTreeMap::new(),
    };
    OciRegistry::new(&place, around)
        .unwrap()
        .publish(&publication)
        .unwrap();
}

/// A library whose world is in the registry at this address.
fn library(address: &str) -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\ndescription = \"measures\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\npackage = \"demo:guest\"\ntarget = \"demo:shapes/measure@0.2\"\n\
             [package.metadata.component.registries]\ndefault = \"{address}\"\n"
        ),
    );
    project.write("src/lib.rs", IMPLEMENTATION);
    project
}

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(&format!("{line} --registry-config config.toml"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

#[test]
fn a_world_is_fetched_once_and_then_nothing_is_asked() {
    let registry = SmallRegistry::start(Access::Open);
    publish_wit(&registry, SHAPES);
    let project = library(&format!("oci://{}/team", registry.host()));
    run(&project, "build").ok().says("Downloading 1 package");
    let asked = registry.requests().len();
    // Lock file and cache are enough, whatever else is gone.
    std::fs::remove_dir_all(project.path("target")).unwrap();
    std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
    for line in [
        "build",
        "build --frozen",
        "bindings --offline",
        "run --invoke 'area({x: 1, y: 1}, {x: 3, y: 4})'",
    ] {
        run(&project, line).ok().silent_on("Downloading");
    }
    assert_eq!(registry.requests().len(), asked);
}

#[test]
fn offline_nothing_is_asked_and_the_error_says_what_is_missing() {
    let registry = SmallRegistry::start(Access::Open);
    publish_wit(&registry, SHAPES);
    let project = library(&format!("oci://{}/team", registry.host()));
    let before = registry.requests().len();
    run(&project, "build --offline")
        .code(1)
        .says("package `demo:shapes` with version requirement `^0.2` is not locked")
        .says("Cargo.toml:");
    assert_eq!(registry.requests().len(), before);
    run(&project, "bindings").ok();
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    std::fs::remove_dir_all(project.path("target")).ok();
    let before = registry.requests().len();
    run(&project, "build --offline")
        .code(1)
        .says("package `demo:shapes@0.2.0` is not in the cache");
    assert_eq!(registry.requests().len(), before);
}

#[test]
fn a_host_says_where_its_packages_are() {
    let registry = SmallRegistry::start(Access::Open);
    publish_wit(&registry, SHAPES);
    let host = registry.host();
    registry.says(200, &format!("{{\"preferredProtocol\":\"oci\",\"oci\":{{\"registry\":\"{host}\",\"namespacePrefix\":\"team/\"}},\"$schema\":\"x\"}}"));
    let project = library(&format!("http://{host}"));
    run(&project, "bindings").ok();
    registry.says(200, "{ broken");
    std::fs::remove_file(project.path("Cargo-component.lock")).unwrap();
    std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
    run(&project, "bindings")
        .code(1)
        .says("registry.json")
        .says("registries.default");
}

#[test]
fn a_component_is_published_with_what_the_manifest_says() {
    let registry = SmallRegistry::start(Access::PrivateToken);
    let host = registry.host();
    let project = library(&format!("oci://{host}/team"));
    project.replace("Cargo.toml", "target = \"demo:shapes/measure@0.2\"\n", "");
    project.write("wit/shapes.wit", SHAPES);
    let refused = run(&project, "publish");
    refused
        .code(1)
        .says("it was not found, or access is denied")
        .silent_on("secret");
    // Logins are the user's own, and never shown.
    project.write(
        "config.toml",
        format!(
            "[registry.\"{host}\".oci]\nauth = {{ username = \"user\", password = \"secret\" }}\n"
        ),
    );
    run(&project, "publish --dry-run")
        .ok()
        .prints(&format!("reference: oci://{host}/team/demo/guest:0.3.0\n"))
        .silent_on("secret");
    run(&project, "publish")
        .ok()
        .says("Published package `demo:guest` v0.3.0")
        .silent_on("secret");
    let manifest = registry.manifest("team/demo/guest", "0.3.0");
    assert!(
        manifest.contains("\"org.opencontainers.image.description\":\"measures\""),
        "{manifest}"
    );
    assert!(
        manifest.contains("\"org.opencontainers.image.version\":\"0.3.0\""),
        "{manifest}"
    );
    run(&project, "publish")
        .code(1)
        .says("`demo:guest@0.3.0` is already published");
    run(&project, "publish --skip-existing")
        .ok()
        .says("Skipping");
    run(&project, "publish --offline")
        .code(1)
        .says("needs network access");
}
