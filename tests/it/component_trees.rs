//! Trees of components with something in common: which releases they are made
//! of, and what is said where nothing fits.

use cargo_component::package::ContentDigest;

use crate::components::{made, one_target, program, run_with};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

/// A resource whose number tells the release: 100 for 1.0.0, 101 for 1.0.1.
const INTERFACE: &str = "interface i { resource r { constructor(); number: func() -> u32; } }";

fn base(version: &str) -> Vec<u8> {
    let number = version.replace('.', "");
    made(
        &format!("package t:base@{version}; {INTERFACE} world base {{ export i; }}"),
        &format!(
            "(module
              (import \"[export]t:base/i@{version}\" \"[resource-new]r\"
                (func $new (param i32) (result i32)))
              (func (export \"t:base/i@{version}#[constructor]r\") (result i32)
                (call $new (i32.const 1)))
              (func (export \"t:base/i@{version}#[method]r.number\") (param i32) (result i32)
                (i32.const {number})))"
        ),
    )
}

/// A component that takes the resource of its base.
fn left(id: &str) -> Vec<u8> {
    made(
        &format!(
            "package t:left@0.1.0;
             interface l {{ use t:base/i@1.0.0.{{r}}; see: func(x: borrow<r>) -> u32; }}
             world left {{ @external-id(\"{id}\") import t:base/i@1.0.0; export l; }}
             package t:base@1.0.0 {{ {INTERFACE} }}"
        ),
        "(module
          (import \"t:base/i@1.0.0\" \"[method]r.number\" (func $number (param i32) (result i32)))
          (import \"t:base/i@1.0.0\" \"[resource-drop]r\" (func $drop (param i32)))
          (func (export \"t:left/l@0.1.0#see\") (param i32) (result i32)
            (call $number (local.get 0)) (call $drop (local.get 0))))",
    )
}

/// A component that hands the resource of its base to `left`.
fn front(of_base: &str, of_left: &str) -> Vec<u8> {
    made(
        &format!(
            "package t:front@1.0.0;
             world front {{
               @external-id(\"{of_base}\") import t:base/i@1.0.0;
               @external-id(\"{of_left}\") import t:left/l@0.1.0;
               export go: func() -> u32;
             }}
             package t:base@1.0.0 {{ {INTERFACE} }}
             package t:left@0.1.0 {{
               interface l {{ use t:base/i@1.0.0.{{r}}; see: func(x: borrow<r>) -> u32; }} }}"
        ),
        "(module
          (import \"t:base/i@1.0.0\" \"[constructor]r\" (func $make (result i32)))
          (import \"t:base/i@1.0.0\" \"[resource-drop]r\" (func $drop (param i32)))
          (import \"t:left/l@0.1.0\" \"see\" (func $see (param i32) (result i32)))
          (func (export \"go\") (result i32) (local i32)
            (local.set 0 (call $make)) (call $see (local.get 0)) (call $drop (local.get 0))))",
    )
}

fn id(name: &str, version: &str, bytes: &[u8]) -> String {
    let digest = ContentDigest::of(bytes);
    format!("wasm-pkg:t:{name}@{version}?digest={digest}")
}

/// A registry in `registry/` with the first base and what was made over it.
fn project(more: &str) -> Project {
    let project = crate::component_releases::project();
    one_target(&project);
    publish(&project, "base", "1.0.0", &base("1.0.0"));
    let of_base = format!("{}{more}", id("base", "1.0.0", &base("1.0.0")));
    publish(&project, "left", "0.1.0", &left(&of_base));
    project
}

fn publish(project: &Project, name: &str, version: &str, bytes: &[u8]) {
    project.write(&format!("registry/t/{name}/{version}.wasm"), bytes);
}

/// A program that hands the resource of its base to `left`.
fn app(project: &Project, requirement: &str) {
    program(
        project,
        "app",
        "mod bindings;
use bindings::t::{base::i::R, left::l::see};
fn main() { println!(\"{}\", see(&R::new())); }
",
        &format!(
            "[package.metadata.component.dependencies]\n\"t:left\" = \"0.1\"\n\"t:base\" = \"{requirement}\"\n"
        ),
    );
}

fn verb(project: &Project, line: &str) -> Output {
    run_with(project, &format!("{line} --manifest-path app/Cargo.toml"))
}

#[test]
fn a_patch_of_a_shared_base_reaches_fresh_consumers_and_moves_only_by_update() {
    let project = project("");
    publish(&project, "base", "1.0.1", &base("1.0.1"));
    app(&project, "1");
    verb(&project, "run")
        .ok()
        .prints("101\n")
        .says("with 2 components");
    let lock = project.read("app/Cargo-component.lock");
    assert!(!lock.contains("version = \"1.0.0\""), "{lock}");
    verb(&project, "tree --duplicates")
        .ok()
        .prints("")
        .says("there are no duplicates");

    publish(&project, "base", "1.0.2", &base("1.0.2"));
    std::fs::remove_dir_all(project.path("target")).unwrap();
    verb(&project, "run --locked").ok().prints("101\n");
    let outdated = verb(&project, "outdated").ok();
    assert!(outdated.stdout.contains("1.0.2"), "{outdated}");
    verb(&project, "update -p t:left").ok();
    assert_eq!(project.read("app/Cargo-component.lock"), lock);
    verb(&project, "update -p t:base")
        .ok()
        .says("v1.0.1 -> v1.0.2");
    verb(&project, "run --locked").ok().prints("102\n");
    verb(&project, "update -p t:base --precise 1.0.1")
        .ok()
        .says("v1.0.2 -> v1.0.1");
    assert_eq!(project.read("app/Cargo-component.lock"), lock);
    verb(&project, "run --locked").ok().prints("101\n");
    verb(&project, "update").ok().says("v1.0.1 -> v1.0.2");
    verb(&project, "run --frozen").ok().prints("102\n");
}

#[test]
fn what_authors_require_exactly_holds_and_conflicts_show_each_chain() {
    let project = project("&req==1.0.0");
    publish(&project, "base", "1.0.1", &base("1.0.1"));
    app(&project, "1");
    verb(&project, "run").ok().prints("100\n");
    // The requirement is said, not the release.
    verb(&project, "update -p t:base --precise 1.0.1")
        .code(1)
        .says("package `t:base` cannot be `1.0.1`: the version requirement `=1.0.0` does not allow it")
        .says("required by app -> t:left@0.1.0")
        .says("help: ");
    project.replace(
        "app/Cargo.toml",
        "\"t:base\" = \"1\"",
        "\"t:base\" = \"=1.0.0\"",
    );
    verb(&project, "update -p t:base --precise 1.0.1")
        .code(1)
        .says("package `t:base` cannot be `1.0.1`: the version requirement `=1.0.0` does not allow it")
        .says("`1.0.0` matches");
    project.replace("app/Cargo.toml", "=1.0.0", "1.0.1");
    verb(&project, "build")
        .code(1)
        .says("no release of `t:base` meets all requirements")
        .says("app -> t:left@0.1.0 -> t:base =1.0.0")
        .says("app -> t:base ^1.0.1")
        .says("help: ")
        .silent_on("Compiling");
}

#[test]
fn a_component_of_others_gets_what_its_hints_name_unless_it_is_to_be_fresh() {
    let project = project("");
    for version in ["1.0.1", "1.0.2"] {
        publish(&project, "base", version, &base(version));
    }
    let left = project.bytes("registry/t/left/0.1.0.wasm");
    let of_left = id("left", "0.1.0", &left);
    let of = |version: &str| front(&id("base", version, &base(version)), &of_left);
    project.write("same.wasm", of("1.0.0"));
    project.write("higher.wasm", of("1.0.1"));
    let go = |file: &str, more: &str| {
        run_with(
            &project,
            &format!("run --component {file} --invoke go() {more}"),
        )
    };
    go("same.wasm", "").ok().prints("100\n");
    go("higher.wasm", "").ok().prints("101\n");
    go("higher.wasm", "--offline").ok().prints("101\n");
    go("same.wasm", "--fresh").ok().prints("102\n");
    run_with(&project, "compose --fresh same.wasm -o fresh.wasm").ok();
    go("fresh.wasm", "").ok().prints("102\n");
    // A project resolves as it always does.
    publish(&project, "front", "1.0.0", &of("1.0.0"));
    program(
        &project,
        "app",
        "mod bindings;\nfn main() { println!(\"{}\", bindings::front::go()); }\n",
        "[package.metadata.component.dependencies]\n\"t:front\" = \"1\"\n",
    );
    verb(&project, "run").ok().prints("102\n");

    // Two bases whose tracks differ stand side by side, and are told.
    let entry = "\"t:front\" = \"1\"\n";
    let both = format!("{entry}two = {{ package = \"t:base\", version = \"2\" }}\n");
    publish(&project, "base", "2.0.0", &base("2.0.0"));
    project.replace("app/Cargo.toml", entry, &both);
    verb(&project, "run").ok().prints("102\n");
    let told = verb(&project, "tree --duplicates").ok().stdout;
    for version in ["t:base v1.0.2", "t:base v2.0.0"] {
        assert!(told.contains(version), "{told}");
    }
    assert!(!told.starts_with("app "), "{told}");
}

#[test]
fn a_build_says_what_cannot_be_linked() {
    let project = project("");
    // What is no longer there is missed by those that were made before.
    let lacking = made(
        "package t:base@1.0.1; interface i { resource r { constructor(); } } world base { export i; }",
        "(module
          (import \"[export]t:base/i@1.0.1\" \"[resource-new]r\"
            (func $new (param i32) (result i32)))
          (func (export \"t:base/i@1.0.1#[constructor]r\") (result i32)
            (call $new (i32.const 1))))",
    );
    publish(&project, "base", "1.0.1", &lacking);
    app(&project, "1");
    verb(&project, "build")
        .ok()
        .says(
            "warning: `target/wasm32-wasip1/debug/app.wasm` cannot be linked with its dependencies",
        )
        .says("number");
    verb(&project, "run").code(1).says("failed to link");
    verb(&project, "update -p t:base --precise 1.0.0").ok();
    verb(&project, "build").ok().silent_on("cannot be linked");
    verb(&project, "run").ok().prints("100\n");
}

#[test]
fn what_was_run_from_a_registry_runs_again_without_the_network() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = project("");
    let left = project.bytes("registry/t/left/0.1.0.wasm");
    let of_base = id("base", "1.0.0", &base("1.0.0"));
    let front = front(&of_base, &id("left", "0.1.0", &left));
    for (name, version, bytes) in [
        ("front", "1.0.0", &front),
        ("left", "0.1.0", &left),
        ("base", "1.0.0", &base("1.0.0")),
    ] {
        registry.package(&format!("t/{name}"), version, bytes);
    }
    let configuration = |prefix: &str| {
        format!(
            "[namespace_registries]\nt = {{ registry = \"corner\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"{prefix}\" }} }} }}\n"
        )
    };
    project.write("config.toml", configuration(""));
    let go = |what: &str| run_with(&project, &format!("run --component {what} --invoke go()"));
    go("t:front@1.0.0").ok().prints("100\n");
    let asked = registry.requests().len();
    for what in ["t:front@1.0.0", "t:front@1", "t:front"] {
        go(&format!("{what} --offline")).ok().prints("100\n");
    }
    go("t:front@1.0.1 --offline").code(1).says("help: ");
    assert_eq!(registry.requests().len(), asked);
    // Another registry may have another release of that name.
    project.write("config.toml", configuration("other/"));
    go("t:front@1.0.0 --offline")
        .code(1)
        .says("needs network access, which is disabled");
}
