//! `publish` of packages that depend on components.

use cargo_component::component::names;

use crate::fault_proxy::{Fault, FaultProxy};
use crate::http::Answer;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

const BINDINGS: &str = "wit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\", \"std\"] }";

/// A member `name` of `c:<name>`, whose function `name` gives what `body` does.
fn member(project: &Project, name: &str, (dependency, body): (&str, &str)) {
    project.write(
        &format!("{name}/Cargo.toml"),
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\n{BINDINGS}\n\
             [package.metadata.component]\npackage = \"c:{name}\"\n\
             [package.metadata.component.dependencies]\n{dependency}\n"
        ),
    );
    project.write(
        &format!("{name}/wit/world.wit"),
        format!("package c:{name}@0.1.0;\nworld w {{ record p {{ x: u32 }} export {name}: func(a: p) -> p; }}\n"),
    );
    project.write(
        &format!("{name}/src/lib.rs"),
        format!(
            "mod bindings;\nstruct C;\nuse bindings::P;\n\
             impl bindings::Guest for C {{ fn {name}(a: P) -> P {{ {body} }} }}\n\
             bindings::export!(C with_types_in bindings);\n"
        ),
    );
}

const MID: &str = "\"c:base\" = { path = \"../base\", version = \"0.1\" }";
const TOP: &str = "middle = { path = \"../mid\", version = \"0.1\" }";

/// `top` needs `mid`, which needs `base`; a program elsewhere, in `app`, needs
/// `top`. The registry is `registry/`.
fn chain() -> Project {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"top\", \"mid\", \"base\"]\nexclude = [\"app\"]\n\
         [workspace.metadata.component.registries]\ndefault = \"file:registry\"\n",
    );
    member(&project, "base", ("", "P { x: a.x + 1 }"));
    let mid = "let b = bindings::base::base(bindings::base::P { x: a.x * 10 }); P { x: b.x }";
    member(&project, "mid", (MID, mid));
    let top = "let m = bindings::middle::mid(bindings::middle::P { x: a.x + 3 }); P { x: m.x }";
    member(&project, "top", (TOP, top));
    project.write(
        "app/Cargo.toml",
        format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{BINDINGS}\n\
             [package.metadata.component.dependencies]\n\"c:top\" = \"0.1\"\n\
             [package.metadata.component.registries]\ndefault = \"file:../registry\"\n"
        ),
    );
    project.write(
        "app/src/main.rs",
        "mod bindings;\nuse bindings::top;\nfn main() { println!(\"{}\", top::top(top::P { x: 4 }).x) }\n",
    );
    project
}

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

/// The hints of a release in `registry/`.
fn hints(project: &Project, package: &str) -> Vec<String> {
    let bytes = project.bytes(&format!("registry/c/{package}/0.1.0.wasm"));
    let imports = names::imports(&bytes).unwrap();
    imports
        .into_iter()
        .filter_map(|import| Some(format!("{}: {}", import.name, import.external_id?)))
        .collect()
}

fn digest(project: &Project, package: &str) -> String {
    let bytes = project.bytes(&format!("registry/c/{package}/0.1.0.wasm"));
    cargo_component::package::ContentDigest::of(&bytes).to_string()
}

#[test]
fn a_chain_goes_out_at_once_and_is_used_elsewhere() {
    let project = chain();
    run(&project, "publish --workspace --dry-run").ok();
    assert!(!project.has("registry"));
    run(&project, "publish --workspace").ok();
    assert_eq!(hints(&project, "base"), [""; 0]);
    let of = |package| {
        format!(
            "wasm-pkg:c:{package}@0.1.0?digest={}&req=^0.1",
            digest(&project, package)
        )
    };
    assert_eq!(hints(&project, "mid"), [format!("base: {}", of("base"))]);
    assert_eq!(hints(&project, "top"), [format!("middle: {}", of("mid"))]);

    // Again, without effect.
    let before = ["base", "mid", "top"].map(|package| digest(&project, package));
    let output = run(&project, "publish --workspace --skip-existing").ok();
    assert_eq!(output.stderr.matches("Skipping").count(), 3, "{output}");
    let output = run(&project, "publish --workspace").code(1);
    output.says("is already published");
    assert_eq!(
        before,
        ["base", "mid", "top"].map(|package| digest(&project, package))
    );

    // What was published is all that an application needs.
    for member in ["base", "mid", "top"] {
        std::fs::remove_dir_all(project.path(member)).unwrap();
    }
    run(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("71\n")
        .says("with 3 components");
    let lock = project.read("app/Cargo-component.lock");
    for package in ["base", "mid", "top"] {
        assert!(lock.contains(&digest(&project, package)), "{lock}");
    }
    std::fs::remove_dir_all(project.path("registry")).unwrap();
    run(&project, "run --frozen --manifest-path app/Cargo.toml")
        .ok()
        .prints("71\n");
}

#[test]
fn the_rest_of_a_chain_is_called_by_what_is_published() {
    let project = chain();
    run(&project, "publish -p mid")
        .code(1)
        .says("`c:base@0.1.0` is not published, and `c:mid` depends on it")
        .says("cargo component publish --workspace");
    assert!(!project.has("registry"));
    run(&project, "publish -p base").ok();
    let published = digest(&project, "base");
    // What is at the path does the same in another way: the release is meant.
    project.replace(
        "base/src/lib.rs",
        "a.x + 1",
        "1 + a.x + 0 * a.x.count_ones()",
    );
    run(&project, "publish --workspace --skip-existing").ok();
    assert_eq!(digest(&project, "base"), published);
    let hint = format!("base: wasm-pkg:c:base@0.1.0?digest={published}&req=^0.1");
    assert_eq!(hints(&project, "mid"), [hint]);

    // What is at the path has more than the release.
    project.replace(
        "base/wit/world.wit",
        "export base",
        "export more: func(); export base",
    );
    project.replace("base/src/lib.rs", "fn base", "fn more() {} fn base");
    std::fs::remove_dir_all(project.path("registry/c/mid")).unwrap();
    run(&project, "publish -p mid")
        .code(1)
        .says("the published `c:base@0.1.0` lacks exports of the package at its path")
        .says("increase the version of `c:base`");
}

#[test]
fn a_path_alone_is_refused_before_anything_is_built() {
    let project = chain();
    project.replace("mid/Cargo.toml", ", version = \"0.1\"", "");
    run(&project, "publish --workspace")
        .code(1)
        .says("the dependency `c:base` has only a path")
        .says("mid/Cargo.toml:12")
        .says("add the `version`")
        .silent_on("Compiling");
    // A version that the path does not have.
    project.replace(
        "mid/Cargo.toml",
        "\"../base\"",
        "\"../base\", version = \"0.2\"",
    );
    run(&project, "publish --workspace")
        .code(1)
        .says("`c:base@0.1.0` at its path, which does not match its `version`")
        .says("`^0.2` is required");
    assert!(!project.has("registry"));
}

#[test]
fn a_composed_component_needs_nothing_else() {
    let project = chain();
    project.replace("mid/Cargo.toml", ", version = \"0.1\"", "");
    project.replace("top/Cargo.toml", ", version = \"0.1\"", "");
    run(&project, "publish -p top --composed").ok();
    assert_eq!(hints(&project, "top"), [""; 0]);
    let imports = names::imports(&project.bytes("registry/c/top/0.1.0.wasm")).unwrap();
    // The record of its own world.
    let left: Vec<&str> = imports.iter().map(|import| import.name.as_str()).collect();
    assert_eq!(left, ["p"]);
    for member in ["base", "mid", "top"] {
        std::fs::remove_dir_all(project.path(member)).unwrap();
    }
    run(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("71\n")
        .says("with 1 component");
}

#[test]
fn the_hint_is_that_of_the_policy() {
    let project = chain();
    project.replace(
        "mid/Cargo.toml",
        "package = \"c:mid\"",
        "package = \"c:mid\"\nhints = \"none\"",
    );
    run(&project, "publish -p mid -p base").ok();
    assert_eq!(hints(&project, "mid"), [""; 0]);
    // A directory of the command line is where the user stands.
    run(&project, "publish -p top --registry file:registry").ok();
    assert_eq!(hints(&project, "top").len(), 1);
}

#[test]
fn a_hint_leads_to_an_oci_registry() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = chain();
    let address = format!("oci://{host}/team");
    project.replace("Cargo.toml", "file:registry", &address);
    project.replace("app/Cargo.toml", "file:../registry", &address);
    // What is on this machine has to be named by the user.
    project.write(
        "config.toml",
        format!("[registry.\"{host}\"]\ntype = \"oci\"\n"),
    );
    let run = |line: &str| run(&project, &format!("{line} --registry-config config.toml"));
    run("publish --workspace").ok();
    // Only what it names is built.
    let manifest = registry.manifest("team/c/mid", "0.1.0");
    assert!(manifest.contains("application/wasm"), "{manifest}");
    run("registry get c:mid -o mid.wasm").ok();
    let imports = names::imports(&project.bytes("mid.wasm")).unwrap();
    let hints: Vec<_> = imports
        .iter()
        .filter_map(|i| i.external_id.clone())
        .collect();
    assert_eq!(hints.len(), 1);
    let start = format!("oci://{host}/team/c/base:0.1.0?digest=sha256:");
    assert!(hints[0].starts_with(&start), "{hints:?}");

    std::fs::remove_dir_all(project.path("cache")).unwrap();
    let output = run("run --manifest-path app/Cargo.toml").ok();
    output.prints("71\n");
    let lock = project.read("app/Cargo-component.lock");
    assert!(
        lock.contains(&format!("source = \"oci://{host}/team/c/top:0.1.0\"")),
        "{lock}"
    );
}

#[test]
fn a_registry_that_cannot_read_hints_is_told_apart() {
    let registry = SmallRegistry::start(Access::Open);
    let proxy = FaultProxy::new(registry.port);
    let host = proxy.host();
    let project = chain();
    project.replace("Cargo.toml", "file:registry", &format!("oci://{host}/team"));
    let run = |line: &str| run(&project, line);
    run("publish -p base").ok();
    let refusal = || {
        let text = "{\"errors\":[{\"code\":\"MANIFEST_INVALID\",\"message\":\"invalid leading byte (0x2) for import name\"}]}";
        Fault::Answer(Answer::new(400).body(text.as_bytes()))
    };
    proxy.fault("PUT", "/manifests/", 1, refusal());
    run("publish -p mid")
        .code(1)
        .says("invalid leading byte (0x2) for import name")
        .says("the registry is from before 2026")
        .says("help: add `hints = \"none\"` under `[package.metadata.component]`");
    // What has no hints is refused for another reason.
    project.replace(
        "mid/Cargo.toml",
        "package = \"c:mid\"",
        "package = \"c:mid\"\nhints = \"none\"",
    );
    proxy.fault("PUT", "/manifests/", 1, refusal());
    run("publish -p mid").code(1).silent_on("from before 2026");
    run("publish -p mid").ok();
}

#[test]
fn a_build_says_once_that_not_everybody_can_read_hints() {
    let project = chain();
    let note = "engines and registries from before 2026 cannot read them";
    run(&project, "build -p base").ok().silent_on(note);
    run(&project, "build -p mid -p base")
        .ok()
        .says("`mid` has hints that say where the components of its imports are found")
        .says(note)
        .says("set `hints = \"none\"`");
    run(&project, "build -p mid -p base").ok().silent_on(note);
}
