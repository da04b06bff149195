//! What other tools published, wrote and kept, as they did it: the files in
//! `tests/recorded`, whose `README.md` says how each was made.

use std::path::{Path, PathBuf};

use cargo_component::package::ContentDigest;
use serde_json::Value;

use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

const WKG: &str = "wkg-0.16.1";
const OLD: &str = "cargo-component-0.21.1";

fn recorded(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recorded")
        .join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(recorded(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// All files below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// A registry with everything a tool published: each manifest under
/// `registry/<repository>/<tag>.json`, what it names in `blobs`.
fn serve(tool: &str) -> SmallRegistry {
    let registry = SmallRegistry::start(Access::Open);
    let root = recorded(&format!("{tool}/registry"));
    for file in files(&root) {
        let dir = file.parent().unwrap().strip_prefix(&root).unwrap();
        let repository = dir.to_str().unwrap().replace('\\', "/");
        let tag = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&file).unwrap();
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        registry.tag(&repository, [tag], &bytes);
        for (named, kind) in [
            (&manifest["config"], "json"),
            (&manifest["layers"][0], "wasm"),
        ] {
            let digest = named["digest"].as_str().unwrap();
            let hex = digest.strip_prefix("sha256:").unwrap();
            let blob = recorded(&format!("{tool}/blobs/{hex}.{kind}"));
            let given = registry.blob(&repository, &std::fs::read(blob).unwrap());
            assert_eq!(given.to_string(), digest, "{}", file.display());
        }
    }
    registry
}

/// The digest of a published package.
fn layer(tool: &str, manifest: &str) -> String {
    let manifest: Value =
        serde_json::from_str(&text(&format!("{tool}/registry/{manifest}.json"))).unwrap();
    manifest["layers"][0]["digest"].as_str().unwrap().to_owned()
}

/// A library with this table under `[package.metadata.component]`, whose
/// packages of `demo` are in a registry.
fn library(registry: &SmallRegistry, table: &str) -> Project {
    let project = Project::empty();
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\ndemo = {{ registry = \"{0}\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{0}\", namespacePrefix = \"team/\" }} }} }}\nnear = \"here\"\n\
             [registry.here.local]\nroot = {1:?}\n",
            registry.host(),
            recorded(&format!("{WKG}/local")),
        ),
    );
    project.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\ndescription = \"measures\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\npackage = \"demo:guest\"\n{table}"
        ),
    );
    project.write("src/lib.rs", "mod bindings;\n");
    project
}

const AREA: &str = "mod bindings;
use bindings::exports::demo::shapes::area::{Guest, Point};
struct Component;
impl Guest for Component {
    fn area(a: Point, b: Point) -> u32 { (b.x - a.x) * (b.y - a.y) }
}
bindings::export!(Component with_types_in bindings);
";

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(&format!("{line} --registry-config config.toml"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

#[test]
fn a_world_published_by_wkg_is_built_for() {
    let registry = serve(WKG);
    let project = library(&registry, "target = \"demo:frames/app@1\"\n");
    project.write(
        "src/lib.rs",
        "mod bindings;
use bindings::exports::demo::frames::frames::{Guest, Point};
struct Component;
impl Guest for Component {
    fn shifted(p: Point) -> Point { Point { x: p.x + 1, y: p.y } }
}
bindings::export!(Component with_types_in bindings);
",
    );
    run(&project, "build").ok();
    let lock = project.read("Cargo-component.lock");
    let digest = layer(WKG, "team/demo/frames/1.0.0");
    assert!(lock.contains(&digest), "{lock}");
    // The package brings what it uses of others.
    let asked = registry.requests();
    let elsewhere = asked.iter().find(|r| !r.path().contains("demo/frames"));
    assert!(elsewhere.is_none(), "{elsewhere:?}");
}

#[test]
fn packages_of_wkg_are_added_and_updated() {
    let registry = serve(WKG);
    let project = library(&registry, "target.path = \"wit\"\n");
    project.write(
        "wit/world.wit",
        "package demo:guest; world guest { export demo:shapes/area@0.2.0; }",
    );
    run(&project, "add demo:pushed")
        .ok()
        .says("the package is a component");
    run(&project, "remove demo:pushed").ok();
    run(&project, "add demo:shapes@=0.2.0").ok();
    run(&project, "add near:types").ok();
    project.write("src/lib.rs", AREA);
    run(&project, "build").ok();
    let lock = project.read("Cargo-component.lock");
    let old = layer(WKG, "team/demo/shapes/0.2.0");
    let near = std::fs::read(recorded(&format!("{WKG}/local/near/types/1.0.0.wasm"))).unwrap();
    let near = ContentDigest::of(&near).to_string();
    assert!(lock.contains(&old) && lock.contains(&near), "{lock}");
    project.replace("Cargo.toml", "=0.2.0", "0.2");
    project.replace("wit/world.wit", "@0.2.0", "@0.2.1");
    run(&project, "update")
        .ok()
        .says("dependency `demo:shapes` v0.2.1");
    let new = layer(WKG, "team/demo/shapes/0.2.1");
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains(&new) && !lock.contains(&old), "{lock}");
    run(&project, "build --locked").ok();
}

/// Puts what wkg fetched into the cache.
fn fill_cache(project: &Project) {
    let records: Value = serde_json::from_str(&text(&format!("{WKG}/cache.json"))).unwrap();
    for (name, record) in records.as_object().unwrap() {
        let record = record.as_str().unwrap();
        let colon = if cfg!(windows) { "_" } else { ":" };
        project.write(&format!("cache/{}", name.replace(':', colon)), record);
        let record: Value = serde_json::from_str(record).unwrap();
        let digest = record["content_digest"].as_str().unwrap();
        let hex = digest.strip_prefix("sha256:").unwrap();
        let local = recorded(&format!("{WKG}/local/near/types/1.0.0.wasm"));
        let blob = match name.starts_with("near:") {
            true => local,
            false => recorded(&format!("{WKG}/blobs/{hex}.wasm")),
        };
        let file = format!("cache/{}", digest.replace(':', colon));
        project.write(&file, std::fs::read(blob).unwrap());
    }
}

#[test]
fn what_wkg_locked_and_fetched_needs_no_registry() {
    let registry = serve(WKG);
    let project = library(&registry, "");
    project.write("wit/root.wit", text(&format!("{WKG}/wit/root.wit")));
    let theirs = text(&format!("{WKG}/wkg.lock"));
    project.write("wkg.lock", &theirs);
    fill_cache(&project);
    // Neither locked nor fetched is what they did not lock or fetch.
    let unlocked = library(&registry, "");
    unlocked.write("wit/root.wit", text(&format!("{WKG}/wit/root.wit")));
    run(&unlocked, "bindings --offline")
        .code(1)
        .says("demo:shapes");
    run(&project, "bindings --offline").ok();
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    assert!(project.read("src/bindings.rs").contains("area"));
    let ours = project.read("Cargo-component.lock");
    for line in theirs.lines().filter(|line| line.starts_with("digest")) {
        assert!(ours.contains(line), "{ours}");
    }
    assert_eq!(project.read("wkg.lock"), theirs);
}

#[test]
fn what_is_published_has_the_form_wkg_gives_it() {
    let registry = serve(WKG);
    let project = library(&registry, "target = \"demo:shapes/measure@=0.2.0\"\n");
    project.write("src/lib.rs", AREA);
    run(&project, "publish").ok();
    let theirs = text(&format!("{WKG}/registry/team/demo/shapes/0.2.1.json"));
    let ours = registry.manifest("team/demo/guest", "0.3.0");
    // What it is about differs, and so does the number of annotations.
    let form = |manifest: &str| {
        let mut manifest: Value = serde_json::from_str(manifest).unwrap();
        for pointer in [
            "/annotations",
            "/config/digest",
            "/config/size",
            "/layers/0/digest",
            "/layers/0/size",
            "/layers/0/annotations/org.opencontainers.image.title",
        ] {
            *manifest.pointer_mut(pointer).unwrap() = Value::Null;
        }
        manifest
    };
    assert_eq!(form(&ours), form(&theirs));
    // Sorted and without spaces, as a digest of it has to be the same.
    let canonical: Value = serde_json::from_str(&ours).unwrap();
    assert_eq!(ours, canonical.to_string());
}

#[test]
fn what_wkg_pushed_is_pulled_and_got() {
    let registry = serve(WKG);
    let project = library(&registry, "");
    let reference = format!("{}/team/demo/pushed:1.0.0", registry.host());
    run(
        &project,
        &format!("registry pull {reference} -o pulled.wasm"),
    )
    .ok();
    let pulled = ContentDigest::of(&project.bytes("pulled.wasm"));
    assert_eq!(pulled.to_string(), layer(WKG, "team/demo/pushed/1.0.0"));
    run(&project, "registry get demo:shapes -o shapes.wit").ok();
    let wit = project.read("shapes.wit");
    assert!(wit.contains("package demo:shapes@0.2.1;"), "{wit}");
    assert!(wit.contains("/// Areas of shapes."), "{wit}");
    run(&project, "registry get near:types -o types.wasm").ok();
    let local = std::fs::read(recorded(&format!("{WKG}/local/near/types/1.0.0.wasm"))).unwrap();
    assert_eq!(project.bytes("types.wasm"), local);
}

#[test]
fn a_lock_file_of_0_21_1_stays_as_it_is() {
    let registry = serve(WKG);
    let project = library(&registry, "target = \"demo:shapes/measure@0.2.0\"\n");
    let theirs = text(&format!("{OLD}/Cargo-component.lock"));
    project.write("Cargo-component.lock", &theirs);
    project.write("src/lib.rs", AREA);
    run(&project, "build").ok();
    assert_eq!(project.read("Cargo-component.lock"), theirs);
    // It is locked, although there is a newer one.
    let asked = registry.requests();
    let listed = asked.iter().find(|r| r.path().ends_with("/tags/list"));
    assert!(listed.is_none(), "{listed:?}");
    run(&project, "build --locked").ok();
    run(&project, "update").ok().says("v0.2.0 -> v0.2.1");
    let ours = project.read("Cargo-component.lock");
    let digest = |version| layer(WKG, &format!("team/demo/shapes/{version}"));
    let newer = theirs
        .replace("\"0.2.0\"", "\"0.2.1\"")
        .replace(&digest("0.2.0"), &digest("0.2.1"));
    assert_eq!(ours, newer);
}

#[test]
fn a_component_of_0_21_1_is_added() {
    let registry = serve(OLD);
    let project = library(&registry, "target.path = \"wit\"\n");
    project.write("wit/world.wit", "package demo:guest; world guest {}");
    run(&project, "add demo:old")
        .ok()
        .says("Added dependency `demo:old` with version `0.1.0`")
        .says("the package is a component");
    let manifest = project.read("Cargo.toml");
    assert!(manifest.contains("\"demo:old\" = \"0.1.0\""), "{manifest}");
    run(&project, "registry get demo:old -o old.wasm").ok();
    let got = ContentDigest::of(&project.bytes("old.wasm"));
    assert_eq!(got.to_string(), layer(OLD, "team/demo/old/0.1.0"));
}

/// Reads every form in which 0.21.1 named what a component needs: root functions,
/// an inline interface, and an interface with a resource, all with a range.
#[test]
fn a_component_of_0_21_1_that_imports_interfaces_is_read_linked_and_depended_on() {
    let project = Project::empty();
    let root = recorded(&format!("{OLD}/local")).display().to_string();
    let config = format!("default_registry = \"here\"\n[registry.here.local]\nroot = {root:?}\n");
    project.write("config.toml", config);
    run(&project, "registry info t:app")
        .ok()
        .prints("t-dep-x-x-i")
        .prints("t-dep-baz");
    run(&project, "registry get t:app --format wit -o -")
        .ok()
        .prints("import t-dep-baz: interface");
    run(
        &project,
        "run --component t:app@0.1.0 --trust-unpinned --invoke go()",
    )
    .ok()
    .prints("7 3 8 hi");
    project
        .write(
            "Cargo.toml",
            "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nwit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }\n\n\
             [package.metadata.component]\n",
        )
        .write(
            "src/main.rs",
            "mod bindings;\nfn main() { println!(\"got {}\", bindings::app::go()); }\n",
        );
    run(&project, "add t:app").ok();
    run(&project, "run --trust-unpinned")
        .ok()
        .prints("got 7 3 8 hi");
    // What it leads to is locked now.
    run(&project, "run --locked").ok().prints("got 7 3 8 hi");
    run(&project, "tree").ok().prints("t:dep v0.1.0");
}
