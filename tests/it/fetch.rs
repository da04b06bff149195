//! `fetch`: what it downloads is all that builds without the network need.

use crate::component_releases::{BASE, digest, over};
use crate::components::{library, made, one_target, program, run_with};

use crate::registry_oci::{IMPLEMENTATION, SHAPES, publish_wit};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

const MID: (&str, &str) = (
    "package fancy-components:mid@1.0.0; world mid { export mid: func() -> u32; }",
    "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn mid() -> u32 { bindings::left::left() }
}
bindings::export!(Component with_types_in bindings);
",
);

const APP: &str = "mod bindings;
fn main() { println!(\"{}\", bindings::mid::mid()); }
";

/// A workspace in `ws` whose one member has a world of the registry, and the other
/// a component of a crate outside, which has one of the registry, which has another.
fn project(registry: &SmallRegistry) -> Project {
    publish_wit(registry, SHAPES);
    let base = made(BASE.0, BASE.1);
    registry.package("team/demo/base", "1.0.0", &base);
    let id = format!("wasm-pkg:demo:base@1.0.0?digest={}", digest(&base));
    registry.package("team/demo/left", "1.0.0", &over("left", &id));
    let registries = format!(
        "[package.metadata.component.registries]\ndefault = \"oci://{}/team\"\n",
        registry.host()
    );
    let project = Project::empty();
    // A component of others leads to it, which is on this machine.
    let trusted = format!("[registry.\"{}\"]\ntype = \"oci\"\n", registry.host());
    project.write("config.toml", trusted);
    one_target(&project);
    let table = "[package.metadata.component.dependencies]\n";
    let of_mid = format!("{table}\"demo:left\" = \"1\"\n{registries}");
    library(&project, "mid", "1.0.0", MID, &of_mid);
    let of_app =
        format!("{table}\"fancy-components:mid\" = {{ path = \"../../mid\" }}\n{registries}");
    program(&project, "ws/app", APP, &of_app);
    project.write(
        "ws/Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"near\", \"app\"]\ndefault-members = [\"near\"]\n",
    );
    project.write(
        "ws/near/Cargo.toml",
        format!(
            "[package]\nname = \"near\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\npackage = \"demo:guest\"\ntarget = \"demo:shapes/measure@0.2\"\n{registries}"
        ),
    );
    project.write("ws/near/src/lib.rs", IMPLEMENTATION);
    project
}

const LOCKS: [&str; 4] = [
    "ws/Cargo.lock",
    "ws/Cargo-component.lock",
    "mid/Cargo.lock",
    "mid/Cargo-component.lock",
];

#[test]
fn what_is_fetched_builds_without_the_network() {
    let registry = SmallRegistry::start(Access::Open);
    let project = project(&registry);
    run_with(&project, "fetch --locked --manifest-path ws/Cargo.toml")
        .code(1)
        .says("needs to be updated but --locked was passed to prevent this");
    run_with(&project, "fetch --offline --manifest-path ws/Cargo.toml")
        .code(1)
        .says("is not locked");
    assert!(LOCKS.iter().all(|lock| !project.has(lock)));
    run_with(
        &project,
        "fetch --manifest-path ws/Cargo.toml --target wasm32-wasip1",
    )
    .ok()
    .says("Downloading");
    let locks = LOCKS.map(|lock| project.read(lock));
    // Nothing was built, and nothing generated.
    assert!(!project.has("ws/near/src/bindings.rs") && !project.has("target/wasm32-wasip1"));

    let before = registry.requests().len();
    run_with(&project, "fetch --frozen --manifest-path ws/Cargo.toml")
        .ok()
        .silent_on("Downloading");
    run_with(
        &project,
        "build --frozen --workspace --manifest-path ws/Cargo.toml",
    )
    .ok();
    run_with(
        &project,
        "run --offline -p app --manifest-path ws/Cargo.toml",
    )
    .ok()
    .prints("1\n");
    assert_eq!(registry.requests().len(), before);
    assert_eq!(LOCKS.map(|lock| project.read(lock)), locks);

    // Of what only the cache lacks, nothing but that is fetched.
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    run_with(&project, "fetch --locked --manifest-path ws/Cargo.toml").ok();
    run_with(
        &project,
        "build --frozen --workspace --manifest-path ws/Cargo.toml",
    )
    .ok();
    assert_eq!(LOCKS.map(|lock| project.read(lock)), locks);
}

#[test]
fn the_tree_and_an_update_see_through_crates_outside_of_the_workspace() {
    let registry = SmallRegistry::start(Access::Open);
    let project = project(&registry);
    let root = project.root().display().to_string();
    let place = format!("oci://{}/team/", registry.host());
    let chain = [
        format!("app v0.1.0 ({root}/ws/app)"),
        format!("fancy-components:mid (component) ({root}/mid)"),
        format!("demo:left v1.0.0 (component) ({place})"),
        format!("demo:base v1.0.0 (component) ({place})"),
    ];
    let expected = format!(
        "{}\n└── {}\n    └── {}\n        └── {}\n",
        chain[0], chain[1], chain[2], chain[3]
    );
    let tree = run_with(&project, "tree -p app --manifest-path ws/Cargo.toml").ok();
    assert_eq!(tree.stdout, expected);
    // The lock file of the other workspace is for its own commands to write.
    assert!(!project.has("mid/Cargo-component.lock"));
    let line = "tree -p app --manifest-path ws/Cargo.toml --invert demo:base";
    let expected = format!(
        "{}\n└── {}\n    └── {}\n        └── {}\n",
        chain[3], chain[2], chain[1], chain[0]
    );
    assert_eq!(run_with(&project, line).ok().stdout, expected);
    // What a build locks for the component outside, an update finds as well.
    run_with(&project, "build --workspace --manifest-path ws/Cargo.toml").ok();
    let lock = project.read("ws/Cargo-component.lock");
    assert!(lock.contains("demo:base"), "{lock}");
    run_with(&project, "update --locked --manifest-path ws/Cargo.toml").ok();
    assert_eq!(project.read("ws/Cargo-component.lock"), lock);
}

#[test]
fn the_cache_is_where_the_command_line_says_before_and_after_the_verb() {
    let registry = SmallRegistry::start(Access::Open);
    let project = project(&registry);
    let line = |line: &str| {
        let more = "--registry-config config.toml --manifest-path ws/Cargo.toml";
        project.component(&format!("{line} {more}"))
    };
    for (at, words) in [
        ("one", "--cache-dir one fetch"),
        ("two", "fetch --cache-dir=two"),
        ("three", "--cache-dir three check"),
        ("four", "check --cache-dir four"),
        ("five", "--cache-dir five bindings"),
        ("six", "bindings --cache-dir six"),
    ] {
        assert!(!project.has(at));
        std::fs::remove_dir_all(project.path("target")).ok();
        line(words).ok().says("Downloading");
        assert!(project.has(at), "{words}");
    }
    line("check --cache-dir four --cache-dir five").code(2);
}
