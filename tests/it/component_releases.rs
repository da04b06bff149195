//! Components in registries that components depend on: locked, pinned by
//! digest, followed by their hints, and linked.

use cargo_component::package::ContentDigest;

use crate::components::{
    APP, REGEX, TRANSCODER, hints, library, made, one_target, program, run_with, sound, workspace,
};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

/// A project whose configuration has the registry `registry/`.
pub fn project() -> Project {
    let project = Project::empty();
    let root = project.path("registry");
    project.write(
        "config.toml",
        format!(
            "default_registry = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            root.display().to_string()
        ),
    );
    std::fs::create_dir_all(root).unwrap();
    one_target(&project);
    project
}

pub fn digest(bytes: &[u8]) -> String {
    ContentDigest::of(bytes).to_string()
}

fn release(project: &Project, name: &str, version: &str) -> Vec<u8> {
    project.bytes(&format!(
        "registry/{}/{version}.wasm",
        name.replace(':', "/")
    ))
}

const APP_WASM: &str = "target/wasm32-wasip1/debug/app.wasm";

/// Everything below a directory that is text or wasm, as bytes.
fn added(project: &Project) -> Vec<(&'static str, Vec<u8>)> {
    [APP_WASM, "app/src/bindings.rs", "app/Cargo-component.lock"]
        .map(|path| (path, project.bytes(path)))
        .into()
}

#[test]
fn published_components_are_locked_linked_and_said() {
    let project = project();
    library(&project, "regex", "1.2.0", REGEX, "");
    library(&project, "transcoder", "0.3.1", TRANSCODER, "");
    for name in ["regex", "transcoder"] {
        run_with(
            &project,
            &format!("publish --manifest-path {name}/Cargo.toml"),
        )
        .ok();
        std::fs::remove_dir_all(project.path(name)).unwrap();
    }
    let table = "[package.metadata.component.dependencies]\n\"fancy-components:regex\" = \"1\"\ntranscoder = { package = \"fancy-components:transcoder\", version = \"0.3\" }\n[profile.dev]\nstrip = true\n";
    program(&project, "app", APP, table);
    let line = "run --manifest-path app/Cargo.toml";
    run_with(&project, line).ok().prints("FOUND 3..5\n");
    let component = project.bytes(APP_WASM);
    sound(&component);
    let id = |name: &str, version: &str, requirement: &str| {
        let digest = digest(&release(&project, name, version));
        format!("wasm-pkg:{name}@{version}?digest={digest}&req={requirement}")
    };
    let regex = id("fancy-components:regex", "1.2.0", "^1");
    let transcoder = id("fancy-components:transcoder", "0.3.1", "^0.3");
    let expected = [
        ("regex".to_owned(), None, Some(regex.clone())),
        ("transcoder".to_owned(), None, Some(transcoder.clone())),
    ];
    assert_eq!(hints(&component), expected);
    let lock = project.read("app/Cargo-component.lock");
    for id in [&regex, &transcoder] {
        let digest = id.split("digest=").nth(1).unwrap();
        let digest = digest.split('&').next().unwrap();
        assert!(lock.contains(&format!("digest = \"{digest}\"")), "{lock}");
    }
    // No path of the machine in what was made.
    let place = project.root().display().to_string();
    for (path, bytes) in added(&project) {
        let found = bytes
            .windows(place.len())
            .any(|part| part == place.as_bytes());
        assert!(!found, "{path} has {place}");
    }

    // Without the registry, from lock and cache: the same.
    std::fs::rename(project.path("registry"), project.path("away")).unwrap();
    std::fs::remove_dir_all(project.path("target")).unwrap();
    run_with(&project, "run --frozen --manifest-path app/Cargo.toml")
        .ok()
        .prints("FOUND 3..5\n");
    assert_eq!(project.bytes(APP_WASM), component);
    assert_eq!(project.read("app/Cargo-component.lock"), lock);

    // Another release under the same version is refused.
    std::fs::rename(project.path("away"), project.path("registry")).unwrap();
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    std::fs::copy(
        project.path("registry/fancy-components/regex/1.2.0.wasm"),
        project.path("registry/fancy-components/transcoder/0.3.1.wasm"),
    )
    .unwrap();
    run_with(&project, "build --manifest-path app/Cargo.toml")
        .code(1)
        .says(&digest(&release(
            &project,
            "fancy-components:regex",
            "1.2.0",
        )))
        .says(transcoder.split(['=', '&']).nth(1).unwrap())
        .says("help: ");
}

/// A counter at the root of a component.
pub const BASE: (&str, &str) = (
    "package demo:base@1.0.0; world base { export bump: func() -> u32; }",
    "(module (global $n (mut i32) (i32.const 0))
      (func (export \"bump\") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))",
);

/// A component with the function `name` that is the `bump` of its import.
pub fn over(name: &str, id: &str) -> Vec<u8> {
    made(
        &format!(
            "package demo:{name}@1.0.0; world {name} {{
               @external-id(\"{id}\") import base: interface {{ bump: func() -> u32; }}
               export {name}: func() -> u32; }}"
        ),
        &format!(
            "(module (import \"base\" \"bump\" (func $bump (result i32)))
              (func (export \"{name}\") (result i32) (call $bump)))"
        ),
    )
}

fn in_registry(project: &Project, name: &str, bytes: &[u8]) {
    project.write(&format!("registry/demo/{name}/1.0.0.wasm"), bytes);
}

const DIAMOND: &str = "mod bindings;
fn main() {
    println!(\"{} {} {}\", bindings::left::left(), bindings::right::right(), bindings::left::left());
}
";

const OF_DIAMOND: &str =
    "[package.metadata.component.dependencies]\n\"demo:left\" = \"1\"\n\"demo:right\" = \"1\"\n";

/// Two components over one counter, which the application does not name.
fn diamond() -> Project {
    let project = project();
    let base = made(BASE.0, BASE.1);
    in_registry(&project, "base", &base);
    let id = format!("wasm-pkg:demo:base@1.0.0?digest={}", digest(&base));
    in_registry(&project, "left", &over("left", &id));
    in_registry(&project, "right", &over("right", &id));
    program(&project, "app", DIAMOND, OF_DIAMOND);
    project
}

#[test]
fn a_diamond_has_one_bottom_that_is_locked_and_verified() {
    let project = diamond();
    run_with(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("1 2 3\n")
        .says("with 3 components");
    let lock = project.read("app/Cargo-component.lock");
    for name in ["base", "left", "right"] {
        assert!(lock.contains(&format!("name = \"demo:{name}\"")), "{lock}");
    }
    assert!(lock.contains(&digest(&made(BASE.0, BASE.1))), "{lock}");
    std::fs::rename(project.path("registry"), project.path("away")).unwrap();
    std::fs::remove_dir_all(project.path("target")).unwrap();
    run_with(&project, "run --frozen --manifest-path app/Cargo.toml")
        .ok()
        .prints("1 2 3\n");
    std::fs::rename(project.path("away"), project.path("registry")).unwrap();

    // The verbs over the lock know what is nested.
    let verb = |line: &str| run_with(&project, &format!("{line} --manifest-path app/Cargo.toml"));
    let root = project.root().display().to_string();
    let tree = verb("tree").ok().stdout;
    assert_eq!(
        tree,
        format!(
            "app v0.1.0 ({root}/app)
├── demo:left v1.0.0 (component) ({root}/registry)
│   └── demo:base v1.0.0 (component) ({root}/registry)
└── demo:right v1.0.0 (component) ({root}/registry)
    └── demo:base v1.0.0 (component) ({root}/registry)
"
        )
    );
    verb("verify").ok().says("Verified `demo:base` v1.0.0");
    verb("outdated").ok().says("all packages are up to date");
    verb("update").ok();
    assert_eq!(project.read("app/Cargo-component.lock"), lock);
    let vendored = run_with(&project, "vendor --manifest-path app/Cargo.toml app/vendor").ok();
    assert!(project.has("app/vendor/demo/base/1.0.0.wasm"), "{vendored}");
    verb("check --locked").ok();
    verb("bindings --check").ok();
    assert_eq!(project.read("app/Cargo-component.lock"), lock);

    // A nested release that was replaced is refused.
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    let other = made(BASE.0, &BASE.1.replace("const 1", "const 7"));
    in_registry(&project, "base", &other);
    verb("verify")
        .code(1)
        .says("package `demo:base` (v`1.0.0`) has digest");
    std::fs::remove_file(project.path("app/Cargo-component.lock")).unwrap();
    verb("build")
        .code(1)
        .says(&digest(&other))
        .says(&digest(&made(BASE.0, BASE.1)))
        .says("help: ");
}

#[test]
fn a_component_that_was_published_with_its_hints_brings_what_it_needs() {
    let project = project();
    library(&project, "transcoder", "0.3.1", TRANSCODER, "");
    run_with(&project, "publish --manifest-path transcoder/Cargo.toml").ok();
    library(
        &project,
        "shout",
        "2.0.0",
        (
            "package fancy-components:shout@2.0.0;\nworld shout { export shout: func(text: string) -> string; }\n",
            "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn shout(text: String) -> String { format!(\"{}!\", bindings::transcoder::upper(&text)) }
}
bindings::export!(Component with_types_in bindings);
",
        ),
        "[package.metadata.component.dependencies]\n\"fancy-components:transcoder\" = \"0.3\"\n",
    );
    run_with(&project, "publish --manifest-path shout/Cargo.toml").ok();
    std::fs::remove_dir_all(project.path("transcoder")).unwrap();
    std::fs::remove_dir_all(project.path("shout")).unwrap();
    program(
        &project,
        "app",
        "mod bindings;\nfn main() { println!(\"{}\", bindings::loud::shout(\"hey\")); }\n",
        "[package.metadata.component.dependencies]\nloud = { package = \"fancy-components:shout\", version = \"2\" }\n",
    );
    run_with(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("HEY!\n")
        .says("with 2 components");
    let lock = project.read("app/Cargo-component.lock");
    assert!(
        lock.contains("name = \"fancy-components:transcoder\""),
        "{lock}"
    );
}

#[test]
fn what_a_hint_of_others_may_not_do() {
    let project = project();
    let base = made(BASE.0, BASE.1);
    in_registry(&project, "base", &base);
    in_registry(
        &project,
        "right",
        &over("right", "wasm-pkg:demo:base@1.0.0"),
    );
    program(
        &project,
        "app",
        "mod bindings;\nfn main() { println!(\"{}\", bindings::right::right()); }\n",
        "[package.metadata.component.dependencies]\n\"demo:right\" = \"1\"\n",
    );
    let build = || run_with(&project, "build --manifest-path app/Cargo.toml");
    build()
        .code(1)
        .says("the hint has no digest")
        .says("the import `base` of `demo:right@1.0.0` has the hint `wasm-pkg:demo:base@1.0.0`")
        .says("help: ")
        .silent_on("Compiling");
    assert!(!project.has("app/Cargo-component.lock"));
    assert!(!project.has("app/src/bindings.rs"));
    // What the application asks for itself is locked, and good enough; another
    // version of it is not.
    let entry = "\"demo:right\" = \"1\"\n";
    let both = format!("{entry}\"demo:base\" = \"1\"\n");
    project.replace("app/Cargo.toml", entry, &both);
    run_with(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("1\n");
    project.write("registry/demo/base/2.0.0.wasm", &base);
    let other = over("right", "wasm-pkg:demo:base@2.0.0");
    project.write("registry/demo/right/1.0.1.wasm", other);
    project.replace("app/Cargo.toml", "right\" = \"1\"", "right\" = \"1.0.1\"");
    build().code(1).says("the hint has no digest");
    project.replace(
        "app/Cargo.toml",
        "right\" = \"1.0.1\"",
        "right\" = \"=1.0.0\"",
    );
    std::fs::remove_file(project.path("app/Cargo-component.lock")).unwrap();
    for place in [
        "127.0.0.1:1",
        "localhost:1",
        "[::1]:1",
        "10.1.2.3",
        "intranet",
    ] {
        let id = format!("oci://{place}/demo/base:1.0.0?digest={}", digest(&base));
        in_registry(&project, "right", &over("right", &id));
        build()
            .code(1)
            .says("is on this machine or its network")
            .says("help: ");
    }
}

#[test]
fn a_hint_of_a_dependency_follows_what_the_configuration_names_in_any_form() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = project();
    let base = made(BASE.0, BASE.1);
    let of_base = registry.package("team/demo/base", "1.0.0", &base);
    let id = format!("oci://{host}/team/demo/base:1.0.0?digest={of_base}");
    in_registry(&project, "right", &over("right", &id));
    let code = "mod bindings;\nfn main() { println!(\"{}\", bindings::right::right()); }\n";
    let table = "[package.metadata.component.dependencies]\n\"demo:right\" = \"1\"\n";
    program(&project, "app", code, table);
    let configuration = project.read("config.toml");
    let manifest = project.read("app/Cargo.toml");
    let run = || {
        let _ = std::fs::remove_dir_all(project.path("cache"));
        let _ = std::fs::remove_file(project.path("app/Cargo-component.lock"));
        run_with(&project, "run --manifest-path app/Cargo.toml")
    };
    // What a project may commit gives no permission.
    for content in [
        format!("[registry.\"{host}\"]\ntype = \"oci\"\n"),
        format!("[namespace_registries]\nother = \"{host}\"\n"),
    ] {
        project.write("app/.wasm-pkg/config.toml", &content);
        run().code(1).says("is on this machine or its network");
    }
    std::fs::remove_dir_all(project.path("app/.wasm-pkg")).unwrap();
    assert_eq!(registry.requests().len(), 0);
    let by_default = configuration.replace(
        "default_registry = \"here\"",
        &format!("default_registry = \"{host}\"\n[namespace_registries]\ndemo = \"here\""),
    );
    for content in [
        format!("{configuration}[registry.\"{host}\"]\ntype = \"oci\"\n"),
        format!("{configuration}[namespace_registries]\nother = \"{host}\"\n"),
        format!("{configuration}[package_registry_overrides]\n\"other:one\" = \"{host}\"\n"),
        by_default,
    ] {
        project.write("config.toml", &content);
        run().ok().prints("1\n");
    }
    project.write("config.toml", &configuration);
    run().code(1);
    let registries = "[package.metadata.component.registries]";
    let named = format!("{manifest}{registries}\ncorner = \"oci://{host}/team\"\n");
    project.write("app/Cargo.toml", named);
    run().ok().prints("1\n");
}

#[test]
fn a_registry_of_the_network_is_said_by_its_address_and_nothing_secret_is() {
    let registry = SmallRegistry::start(Access::Token);
    let host = registry.host();
    let project = project();
    let configuration = format!(
        "[namespace_registries]\ndemo = {{ registry = \"corner\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"team/\" }} }} }}\n\
         [registry.\"{host}\".oci]\nauth = {{ username = \"user\", password = \"secret\" }}\n\
         [registry.corner.oci]\nauth = {{ username = \"user\", password = \"secret\" }}\n"
    );
    project.write("config.toml", &configuration);
    let base = made(BASE.0, BASE.1);
    let of_base = registry.package("team/demo/base", "1.0.0", &base);
    let id = format!("oci://{host}/team/demo/base:1.0.0?digest={of_base}");
    let left = over("left", &id);
    let right = over("right", &id);
    registry.package("team/demo/left", "1.0.0", &left);
    registry.package("team/demo/right", "1.0.0", &right);
    let table = format!(
        "[package.metadata.component.dependencies]\n\"demo:left\" = \"1\"\nright = {{ oci = \"{host}/team/demo/right:1.0.0\", package = \"demo:right\" }}\n"
    );
    program(&project, "app", DIAMOND, &table);
    let run = |line: &str| run_with(&project, &format!("{line} --manifest-path app/Cargo.toml"));
    run("run").ok().prints("1 2 3\n");
    let component = project.bytes(APP_WASM);
    let at = |name: &str, bytes: &[u8], requirement: &str| {
        let id = format!(
            "oci://{host}/team/demo/{name}:1.0.0?digest={}{requirement}",
            digest(bytes)
        );
        (name.to_owned(), None, Some(id))
    };
    let expected = [at("left", &left, "&req=^1"), at("right", &right, "")];
    assert_eq!(hints(&component), expected);
    for (path, bytes) in added(&project) {
        let found = bytes.windows(6).any(|part| part == b"secret");
        assert!(!found, "{path}");
    }
    let lock = project.read("app/Cargo-component.lock");
    assert!(lock.contains(&of_base.to_string()), "{lock}");
    run("verify").ok().says("Verified `demo:left`");
    run("update").ok();
    assert_eq!(project.read("app/Cargo-component.lock"), lock);

    // Nobody is asked where lock and cache have it all, and the same is said.
    let asked = registry.requests().len();
    std::fs::remove_dir_all(project.path("target")).unwrap();
    std::fs::remove_file(project.path("app/src/bindings.rs")).unwrap();
    run("run --frozen").ok().prints("1 2 3\n");
    assert_eq!(project.bytes(APP_WASM), component);
    assert_eq!(registry.requests().len(), asked);

    // The neutral form leaves the address out.
    let section = "[package.metadata.component]\n";
    project.replace(
        "app/Cargo.toml",
        section,
        &format!("{section}hints = \"package\"\n"),
    );
    run("run").ok().prints("1 2 3\n");
    let neutral = hints(&project.bytes(APP_WASM));
    let left = format!("wasm-pkg:demo:left@1.0.0?digest={}&req=^1", digest(&left));
    assert_eq!(neutral[0].2, Some(left));
    assert!(
        neutral
            .iter()
            .all(|(_, _, id)| !id.as_ref().unwrap().contains(&host)),
        "{neutral:?}"
    );
}

#[test]
fn what_a_member_needs_is_locked_for_those_that_need_the_member() {
    let project = project();
    std::fs::remove_dir_all(project.path(".cargo")).unwrap();
    let base = |version: &str, step: u32| {
        let (wit, module) = BASE;
        let bytes = made(
            &wit.replace("1.0.0", version),
            &module.replace("const 1", &format!("const {step}")),
        );
        project.write(&format!("registry/demo/base/{version}.wasm"), bytes);
    };
    base("1.0.0", 1);
    library(
        &project,
        "twice",
        "1.0.0",
        (
            "package fancy-components:twice;\nworld twice { export twice: func() -> u32; }\n",
            "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn twice() -> u32 { bindings::base::bump() + bindings::base::bump() }
}
bindings::export!(Component with_types_in bindings);
",
        ),
        "[package.metadata.component.dependencies]\n\"demo:base\" = \"1\"\n",
    );
    program(
        &project,
        "app",
        "mod bindings;\nfn main() { println!(\"{}\", bindings::twice::twice()); }\n",
        "[package.metadata.component.dependencies]\ntwice = { path = \"../twice\" }\n",
    );
    workspace(&project, &["app", "twice"]);
    run_with(&project, "run -p app").ok().prints("3\n");
    let lock = project.read("Cargo-component.lock");
    run_with(&project, "update").ok().silent_on("Removing");
    assert_eq!(project.read("Cargo-component.lock"), lock);
    let root = project.root().display().to_string();
    run_with(&project, "tree -p app").ok().prints(&format!(
        "└── twice (component) ({root}/twice)\n    └── demo:base v1.0.0 (component) ({root}/registry)\n"
    ));
    // What an update takes is locked for both.
    base("1.1.0", 5);
    run_with(&project, "run -p app --locked").ok().prints("3\n");
    run_with(&project, "update").ok().says("v1.0.0 -> v1.1.0");
    run_with(&project, "run -p app --locked")
        .ok()
        .prints("15\n");
}
