//! Verbs over the lock file and the cache: `tree`, `outdated`, `verify`,
//! `vendor` and `cache`.

use crate::registry_local::{
    IMPLEMENTATION, SHAPES, TYPES, TYPES_NEWER, library, publish_wit as publish,
};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

const WIT: &str =
    "package demo:guest; world guest { export demo:shapes/area@0.2.0; import demo:types/types; }";

const DECLARED: &str = "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n\"demo:shapes\" = \"0.2\"\n";

const VENDORED: &str = ".wasm-pkg/config.toml";

/// A library that needs `demo:types` and `demo:shapes` of `registry/`.
fn project() -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    publish(&project, &[TYPES, SHAPES]);
    library(&project, DECLARED, "mod bindings;");
    project.write("wit/world.wit", WIT);
    project
}

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(&format!("{line} --registry-config config.toml"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}\n{output}"))
}

/// The file of a package in the cache.
fn cached(project: &Project, registry: &str) -> String {
    let bytes = project.bytes(registry);
    let digest = cargo_component::package::ContentDigest::of(&bytes);
    format!("cache/{digest}")
}

#[test]
fn the_tree_follows_what_the_wit_of_packages_names() {
    let project = project();
    let root = project.root().display().to_string();
    let expected = format!(
        "guest v0.3.0 ({root})
├── demo:shapes v0.2.0 ({root}/registry)
│   └── demo:types v1.0.0 ({root}/registry)
└── demo:types v1.0.0 ({root}/registry)
"
    );
    assert_eq!(run(&project, "tree").ok().stdout, expected);
    // What was not locked is now, as by a build, and nothing else is written.
    assert!(project.has("Cargo-component.lock"));
    assert!(!project.has("src/bindings.rs"));
    assert_eq!(run(&project, "tree --frozen").ok().stdout, expected);
    let flat = run(&project, "tree --depth 1").ok().stdout;
    assert_eq!(flat.lines().count(), 3, "{flat}");
    let inverted = format!(
        "demo:types v1.0.0 ({root}/registry)
├── demo:shapes v0.2.0 ({root}/registry)
│   └── guest v0.3.0 ({root})
└── guest v0.3.0 ({root})
"
    );
    for package in ["demo:types", "demo:types@1.0.0"] {
        let output = run(&project, &format!("tree --invert {package}")).ok();
        assert_eq!(output.stdout, inverted);
    }
    run(&project, "tree -i demo:types@2.0.0")
        .code(1)
        .says("the version in the tree is `demo:types@1.0.0`");
    run(&project, "tree -i demo:type")
        .code(1)
        .says("did you mean `demo:types`?");
    let tree = json(&run(&project, "tree --format json").ok());
    assert_eq!(
        (&tree["version"], &tree["roots"]),
        (&1.into(), &vec![0].into())
    );
    let packages = tree["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 3);
    assert_eq!(packages[0]["kind"], "workspace");
    let shapes = packages.iter().find(|p| p["name"] == "demo:shapes");
    let shapes = shapes.unwrap();
    assert_eq!(shapes["source"]["registry"], format!("{root}/registry"));
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains(shapes["digest"].as_str().unwrap()));
    let needs = shapes["needs"][0].as_u64().unwrap() as usize;
    assert_eq!(packages[needs]["name"], "demo:types");
}

#[test]
fn the_tree_of_a_workspace_marks_what_it_shares() {
    let project = Project::empty();
    project.write("config.toml", "");
    publish(&project, &[TYPES, SHAPES]);
    project.write("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n[workspace.metadata.component.registries]\ndefault = \"file:registry\"\n");
    for name in ["a", "b"] {
        project.write(
            &format!("{name}/Cargo.toml"),
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[package.metadata.component]\ntarget = \"demo:shapes/measure@0.2\"\n"),
        );
        project.write(&format!("{name}/src/lib.rs"), "");
    }
    let root = project.root().display().to_string();
    let output = run(&project, "tree --workspace").ok();
    assert_eq!(
        output.stdout,
        format!(
            "a v1.0.0 ({root}/a)
└── demo:shapes v0.2.0 ({root}/registry)
    └── demo:types v1.0.0 (enclosed)

b v1.0.0 ({root}/b)
└── demo:shapes v0.2.0 ({root}/registry) (*)
"
        )
    );
    let one = run(&project, "tree -p b").ok().stdout;
    assert!(one.starts_with("b v1.0.0") && !one.contains("a v1.0.0"));
    // A component among the dependencies is told as one.
    let component = wat::parse_str("(component)").unwrap();
    project.write("registry/demo/made/1.0.0.wasm", component);
    project.replace(
        "a/Cargo.toml",
        "[package.metadata.component]\n",
        "[package.metadata.component.dependencies]\n\"demo:made\" = \"1\"\nmine = { path = \"mine.wasm\" }\n[package.metadata.component]\n",
    );
    run(&project, "tree -p a")
        .ok()
        .prints(&format!(
            "├── demo:made v1.0.0 (component) ({root}/registry)\n"
        ))
        .prints(&format!("└── mine (component) ({root}/a/mine.wasm)\n"));
}

#[test]
fn what_is_outdated_is_told_and_nothing_changes() {
    let project = project();
    run(&project, "outdated")
        .ok()
        .says("all packages are up to date");
    assert!(!project.has("Cargo-component.lock"));
    run(&project, "bindings").ok();
    publish(
        &project,
        &[TYPES_NEWER, "package demo:types@2.0.0; interface types {}"],
    );
    publish(
        &project,
        &["package demo:shapes@0.3.0-rc.1; interface x {}"],
    );
    let lock = project.read("Cargo-component.lock");
    let output = run(&project, "outdated").ok();
    let root = project.root().display().to_string();
    assert_eq!(
        output.stdout,
        format!(
            "Name        Locked  Compatible  Latest  Required by  Registry
demo:types  1.0.0   1.1.0       2.0.0   guest (^1)   {root}/registry
"
        )
    );
    let rows = json(&run(&project, "outdated --format json").ok());
    assert_eq!(rows["packages"][0]["compatible"], "1.1.0");
    assert_eq!(rows["packages"][0]["required_by"][0], "guest");
    run(&project, "outdated --exit-code")
        .code(1)
        .prints("demo:types")
        .says("error: 1 package is outdated");
    assert_eq!(project.read("Cargo-component.lock"), lock);
    run(&project, "update").ok();
    publish(&project, &[]);
    std::fs::remove_file(project.path("registry/demo/types/2.0.0.wasm")).unwrap();
    run(&project, "outdated --exit-code").ok();
}

#[test]
fn verify_tells_every_way_a_release_can_be_wrong() {
    let project = project();
    run(&project, "verify").ok().says("has no locked packages");
    run(&project, "bindings").ok();
    run(&project, "verify")
        .ok()
        .says("Verified `demo:shapes` v0.2.0 (cache, registry)")
        .says("Verified `demo:types` v1.0.0 (cache, registry)");
    // A damaged file of the cache is told, and gone.
    let file = cached(&project, "registry/demo/types/1.0.0.wasm");
    let good = project.bytes(&file);
    project.write(&file, "damaged");
    run(&project, "verify")
        .code(1)
        .says("the file of `demo:types@1.0.0` in the cache has digest")
        .says("Verified `demo:shapes`")
        .says("1 of 2 locked packages could not be verified");
    assert!(!project.has(&file));
    run(&project, "verify")
        .ok()
        .says("Verified `demo:types` v1.0.0 (registry)");
    // Without the network only the cache counts.
    run(&project, "verify --offline")
        .code(1)
        .says("only the cache is verified")
        .says("`demo:types@1.0.0` is not in the cache");
    project.write(&file, good);
    run(&project, "verify --frozen")
        .ok()
        .says("Verified `demo:types` v1.0.0 (cache)\n");
    // The registry has something else, or nothing.
    let before = project.read("Cargo-component.lock");
    publish(&project, &["package demo:types@1.0.0; interface other {}"]);
    std::fs::remove_file(project.path("registry/demo/shapes/0.2.0.wasm")).unwrap();
    let output = run(&project, "verify").code(1);
    let new = cached(&project, "registry/demo/types/1.0.0.wasm");
    output
        .says(&format!(
            "(v`1.0.0`) has digest `{}` but the lock file specifies digest `{}`",
            new.trim_start_matches("cache/"),
            file.trim_start_matches("cache/")
        ))
        .says("package `demo:shapes@0.2.0` does not exist any more")
        .says("2 of 2");
    assert_eq!(project.read("Cargo-component.lock"), before);
}

#[test]
fn verify_asks_an_oci_registry_and_tells_one_that_is_gone() {
    let registry = SmallRegistry::start(Access::Open);
    crate::registry_oci::publish_wit(&registry, "package demo:types@1.0.0; interface types {}");
    let project = Project::empty();
    project.write("config.toml", "");
    library(
        &project,
        "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n",
        "mod bindings;",
    );
    let address = format!("oci://{}/team", registry.host());
    project.replace("Cargo.toml", "file:registry", &address);
    project.write("wit/world.wit", "package demo:guest; world guest {}");
    run(&project, "bindings").ok();
    run(&project, "verify")
        .ok()
        .says("Verified `demo:types` v1.0.0 (cache, registry)");
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    project.replace("Cargo.toml", &registry.host(), &closed);
    run(&project, "verify").code(1).says(&format!(
        "`demo:types` from `{address}` is locked, but no package of the workspace requires it"
    ));
    project.replace("Cargo-component.lock", &registry.host(), &closed);
    run(&project, "verify")
        .code(1)
        .says("failed to find `demo:types@1.0.0` in its registry")
        .says(&closed);
    run(&project, "verify --offline").ok();
}

/// Everything a vendored project must do without goes.
fn take_away(project: &Project) {
    for dir in ["cache", "registry", "mirror", "target/cargo-component"] {
        std::fs::remove_dir_all(project.path(dir)).ok();
    }
    std::fs::remove_file(project.path("src/bindings.rs")).ok();
}

#[test]
fn what_is_vendored_builds_without_cache_and_registries() {
    let project = Project::empty();
    project.write("config.toml", "");
    publish(&project, &[TYPES, SHAPES]);
    // One is asked for by the name of a registry, the other is in `default`.
    library(
        &project,
        "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n\"demo:shapes\" = { version = \"0.2\", registry = \"mirror\" }\n",
        IMPLEMENTATION,
    );
    project.replace(
        "Cargo.toml",
        "default = \"file:registry\"",
        "default = \"file:registry\"\nmirror = \"file:mirror\"",
    );
    project.write("wit/world.wit", WIT);
    std::fs::create_dir_all(project.path("mirror/demo")).unwrap();
    let shapes = ["registry", "mirror"].map(|dir| project.path(dir).join("demo/shapes"));
    std::fs::rename(&shapes[0], &shapes[1]).unwrap();
    run(&project, "build").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("registry = \"mirror\""), "{lock}");
    let output = run(&project, "vendor third-party/wit --locked")
        .ok()
        .says("Vendoring `demo:types` v1.0.0 to third-party/wit/demo/types/1.0.0.wasm")
        .says("add the printed lines to `.wasm-pkg/config.toml`");
    project.write(VENDORED, &output.stdout);
    take_away(&project);
    run(&project, "build --locked --offline").ok();
    assert!(project.has("src/bindings.rs"));
    assert_eq!(project.read("Cargo-component.lock"), lock);
    // The user's mappings do not stand against it, and neither does where
    // the user stands.
    take_away(&project);
    project.write(
        "config.toml",
        "default_registry = \"no.example\"\n[namespace_registries]\ndemo = \"no.example\"\n[package_registry_overrides]\n\"demo:types\" = \"no.example\"\n[registry.mirror.oci]\nprotocol = \"https\"\n",
    );
    let mut command = project.command("build --frozen --registry-config ../config.toml");
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    command.current_dir(project.path("src"));
    project.run(command).ok();
    assert_eq!(project.read("Cargo-component.lock"), lock);
    run(&project, "config get demo:types").ok().prints(&format!(
        "address: {}/third-party/wit\n",
        project.root().display()
    ));
    // Once more, from itself.
    let again = run(&project, "vendor third-party/wit --frozen").ok();
    assert_eq!(again.silent_on("Vendoring").stdout, output.stdout);
}

#[test]
fn vendor_removes_its_own_files_only() {
    let project = project();
    run(&project, "vendor --locked")
        .code(1)
        .says("--locked was passed to prevent this");
    assert!(!project.has("vendor"));
    project.write("vendor/demo/types/1.0.0.wasm", "mine");
    run(&project, "vendor")
        .code(1)
        .says("was not written by `cargo component vendor`");
    assert_eq!(project.read("vendor/demo/types/1.0.0.wasm"), "mine");
    std::fs::remove_file(project.path("vendor/demo/types/1.0.0.wasm")).unwrap();
    run(&project, "vendor").ok();
    project.write("vendor/demo/types/0.1.0.wasm", "mine");
    project.write("vendor/serde/Cargo.toml", "mine");
    // What was put there and spoilt is put right.
    project.write("vendor/demo/shapes/0.2.0.wasm", "spoilt");
    publish(&project, &[TYPES_NEWER]);
    run(&project, "update -p demo:types").ok();
    let lock = project.read("Cargo-component.lock");
    run(&project, "vendor")
        .ok()
        .says("Vendoring `demo:shapes` v0.2.0")
        .says("Vendoring `demo:types` v1.1.0")
        .says("Removing `demo:types` v1.0.0 from vendor");
    assert!(!project.has("vendor/demo/types/1.0.0.wasm"));
    for file in ["shapes/0.2.0", "types/1.1.0"] {
        assert_eq!(
            project.bytes(&format!("vendor/demo/{file}.wasm")),
            project.bytes(&format!("registry/demo/{file}.wasm"))
        );
    }
    assert_eq!(project.read("vendor/demo/types/0.1.0.wasm"), "mine");
    assert_eq!(project.read("vendor/serde/Cargo.toml"), "mine");
    assert_eq!(project.read("Cargo-component.lock"), lock);
    // Nothing is needed any more, but one file is not as it was put there.
    project.write("vendor/demo/types/1.1.0.wasm", "changed");
    project.replace("Cargo.toml", DECLARED, "");
    project.write("wit/world.wit", "package demo:guest; world guest {}");
    run(&project, "update").ok();
    run(&project, "vendor")
        .ok()
        .says("was kept since it has been changed")
        .says("there is nothing to vendor");
    assert!(!project.has("vendor/demo/shapes"));
    assert_eq!(project.read("vendor/demo/types/1.1.0.wasm"), "changed");
}

#[test]
fn the_cache_is_told_and_cleaned_of_what_is_its_own() {
    let project = project();
    let dir = project.path("cache").display().to_string();
    run(&project, "cache")
        .ok()
        .prints(&format!("path: {dir}\npackages: 0\nsize: 0 bytes\n"));
    run(&project, "cache clean").ok().says("Removed 0 packages");
    assert!(!project.has("cache"));
    assert_eq!(run(&project, "cache path").ok().stdout, format!("{dir}\n"));
    run(&project, "bindings").ok();
    project.write("cache/notes.txt", "mine");
    run(&project, "cache").ok().prints("packages: 2\n");
    run(&project, "cache clean demo:type")
        .code(1)
        .says("did you mean `demo:types`?");
    run(&project, "cache clean demo:types@2.0.0")
        .code(1)
        .says("the cache has version `1.0.0`");
    let types = cached(&project, "registry/demo/types/1.0.0.wasm");
    let shapes = cached(&project, "registry/demo/shapes/0.2.0.wasm");
    run(&project, "cache clean demo:types@1.0.0")
        .ok()
        .says("Removed 1 package, ");
    assert!(!project.has(&types) && !project.has("cache/demo:types-1.0.0.json"));
    assert!(project.has(&shapes) && project.has("cache/demo:shapes-0.2.0.json"));
    run(&project, "cache clean")
        .ok()
        .says("Removed 1 package, ");
    assert!(!project.has(&shapes) && !project.has("cache/demo:shapes-0.2.0.json"));
    assert_eq!(project.read("cache/notes.txt"), "mine");
    run(&project, "bindings").ok();
}
