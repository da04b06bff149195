//! Packages from, and to, a registry in a directory.

use crate::support::Project;

/// WIT packages as text, published to `registry/` of a project in binary form.
pub fn publish_wit(project: &Project, packages: &[&str]) {
    let mut resolve = wit_parser::Resolve::default();
    for text in packages {
        let package = resolve.push_source("test.wit", text).unwrap();
        let bytes = wit_component::encode(&resolve, package, false).unwrap();
        let name = resolve.packages[package].name.clone();
        let version = name.version.unwrap();
        let path = format!("registry/{}/{}/{version}.wasm", name.namespace, name.name);
        project.write(&path, bytes);
    }
}

pub const TYPES: &str = "package demo:types@1.0.0;
interface types { record point { x: u32, y: u32 } record unused { z: u8 } }";
pub const TYPES_NEWER: &str = "package demo:types@1.1.0;
interface types { record point { x: u32, y: u32 } }";
pub const SHAPES: &str = "package demo:shapes@0.2.0;
interface area { use demo:types/types@1.0.0.{point}; area: func(a: point, b: point) -> u32; }
world measure { export area; }";

const REGISTRIES: &str = "\n[package.metadata.component.registries]\ndefault = \"file:registry\"\n";

pub const IMPLEMENTATION: &str = "mod bindings;
use bindings::exports::demo::shapes::area::{Guest, Point};
struct Component;
impl Guest for Component {
    fn area(a: Point, b: Point) -> u32 { (b.x - a.x) * (b.y - a.y) }
}
bindings::export!(Component with_types_in bindings);
";

/// A library in the project's root, with this target and code.
pub fn library(project: &Project, target: &str, code: &str) {
    project.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\npackage = \"demo:guest\"\n{target}{REGISTRIES}"
        ),
    );
    project.write("src/lib.rs", code);
}

fn call(project: &Project, more: &str) -> crate::support::Output {
    let line = format!(
        "run --registry-config config.toml {more} --invoke 'area({{x: 1, y: 1}}, {{x: 3, y: 4}})'"
    );
    let mut command = project.command(&line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

fn project() -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    publish_wit(&project, &[TYPES, TYPES_NEWER, SHAPES]);
    project
}

#[test]
fn a_target_in_a_registry_is_built_and_locked() {
    let project = project();
    library(
        &project,
        "target = \"demo:shapes/measure@0.2\"\n",
        IMPLEMENTATION,
    );
    call(&project, "")
        .ok()
        .prints("6\n")
        .says("Downloading 1 package");
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("name = \"demo:shapes\"\n"), "{lock}");
    assert!(
        lock.contains("requirement = \"^0.2\"\nversion = \"0.2.0\"\ndigest = \"sha256:"),
        "{lock}"
    );
    // With lock and cache the registry is not needed any more.
    std::fs::remove_dir_all(project.path("registry")).unwrap();
    std::fs::remove_dir_all(project.path("target")).unwrap();
    call(&project, "--frozen")
        .ok()
        .prints("6\n")
        .silent_on("Downloading");
}

/// `new --lib` with these options, in a project whose registry is the user's.
fn new(project: &Project, options: &str) -> crate::support::Output {
    let root = project.path("registry");
    project.write(
        "config.toml",
        format!(
            "default_registry = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            root.display().to_string()
        ),
    );
    let line = format!("new --vcs none --registry-config config.toml --lib {options}");
    let mut command = project.command(&line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

#[test]
fn a_new_component_implements_a_world_of_a_registry() {
    let project = project();
    new(&project, "--target demo:shapes/measure area")
        .ok()
        .says("Generated source file `src/lib.rs` for target `demo:shapes/measure`");
    let manifest = project.read("area/Cargo.toml");
    assert!(
        manifest.contains("target = \"demo:shapes/measure@0.2.0\""),
        "{manifest}"
    );
    let source = project.read("area/src/lib.rs");
    assert!(
        source.contains("fn area(_a: area::Point, _b: area::Point) -> u32"),
        "{source}"
    );
    assert!(
        project
            .read("area/Cargo-component.lock")
            .contains("demo:shapes")
    );
    // What was resolved is in the cache.
    let mut command = project.command("build --frozen --manifest-path area/Cargo.toml");
    command
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_NET_OFFLINE", "true");
    let output = project.run(command);
    assert!(!output.stderr.contains("Downloading"), "{output}");

    // A requirement, an exact one, and a registry that is asked for.
    for (options, said) in [
        (
            "--target demo:shapes@0.2 one",
            "target = \"demo:shapes@0.2.0\"",
        ),
        (
            "--target demo:shapes/measure@=0.2.0 exact",
            "target = \"demo:shapes/measure@=0.2.0\"",
        ),
        (
            "--target demo:shapes/measure --registry here asked",
            "target = { package = \"demo:shapes\", version = \"0.2.0\", world = \"measure\", registry = \"here\" }",
        ),
    ] {
        new(&project, options).ok();
        let name = options.rsplit(' ').next().unwrap();
        let manifest = project.read(&format!("{name}/Cargo.toml"));
        assert!(manifest.contains(said), "{manifest}");
    }
}

#[test]
fn a_world_that_is_not_there_makes_no_crate() {
    let project = project();
    publish_wit(
        &project,
        &["package demo:two@1.0.0; world first { } world second { }"],
    );
    for (options, said, hint) in [
        (
            "--target demo:two x",
            "failed to choose a world in `demo:two@1.0.0`",
            "first, second",
        ),
        (
            "--target demo:two/secnd x",
            "the world `secnd` does not exist in `demo:two@1.0.0`",
            "did you mean `second`?",
        ),
        (
            "--target demo:types x",
            "there is no world in `demo:types@1.1.0`",
            "give another",
        ),
        ("--target demo:two@2 x", "`demo:two`", "1.0.0"),
        ("--target demo:none x", "`demo:none`", "help: "),
        (
            "--target demo:two --registry hare x",
            "the registry `hare`",
            "did you mean `here`?",
        ),
    ] {
        let output = new(&project, options).code(1);
        assert!(
            output.stderr.contains(said) && output.stderr.contains(hint),
            "{options}: {output}"
        );
        assert!(!project.path("x").exists(), "{options}");
    }
}

#[test]
fn a_member_finds_the_registry_of_its_workspace() {
    let project = project();
    project.write(
        "Cargo.toml",
        "[workspace]\nmembers = []\nresolver = \"3\"\n[workspace.metadata.component.registries]\ndefault = \"file:registry\"\n",
    );
    let mut command = project.command(
        "new --vcs none --registry-config config.toml --lib --target demo:shapes/measure area",
    );
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command).ok();
    assert!(project.path("Cargo-component.lock").exists());
}

#[test]
fn progress_is_shown_where_somebody_watches() {
    let bindings = |project: &Project, when: &str| {
        library(project, "target = \"demo:shapes/measure@0.2\"\n", "");
        let mut command = project.command("bindings --registry-config config.toml");
        command
            .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
            .env("CARGO_TERM_PROGRESS_WHEN", when)
            .env("CARGO_TERM_PROGRESS_WIDTH", "80");
        project.run(command).ok()
    };
    let shown = bindings(&project(), "always").stderr;
    assert!(shown.contains("   Resolving ["), "{shown}");
    assert!(shown.contains(" Downloading ["), "{shown}");
    assert!(shown.contains("] 0/1"), "{shown}");
    // What is drawn is wiped away.
    let drawn = shown.rfind(" Downloading [").unwrap();
    assert!(shown[drawn..].contains("\r\u{1b}[K"), "{shown:?}");
    for when in ["never", "auto"] {
        let shown = bindings(&project(), when).stderr;
        assert!(!shown.contains('['), "{shown}");
    }
}

#[test]
fn packages_the_wit_names_are_found_by_themselves() {
    let project = project();
    library(&project, "", IMPLEMENTATION);
    project.write("wit/world.wit", "package demo:guest; world guest { include demo:shapes/measure@0.2.0; import demo:types/types@1.0.0; }");
    call(&project, "")
        .ok()
        .prints("6\n")
        .says("Downloading 2 packages");
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("requirement = \"=0.2.0\""), "{lock}");
    assert!(lock.contains("requirement = \"=1.0.0\""), "{lock}");
    // The package itself was fetched, not only what another one uses of it.
    assert!(
        project
            .read("src/bindings.rs")
            .contains("demo:types/types@1.0.0")
    );
}

#[test]
fn a_declared_requirement_decides_the_version_of_a_bare_name() {
    let project = project();
    library(
        &project,
        "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n",
        "mod bindings;",
    );
    project.write(
        "wit/world.wit",
        "package demo:guest; world guest { import demo:types/types; }",
    );
    let mut command = project.command("bindings --registry-config config.toml");
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command).ok();
    let lock = project.read("Cargo-component.lock");
    assert!(
        lock.contains("requirement = \"^1\"\nversion = \"1.1.0\""),
        "{lock}"
    );
}

#[test]
fn what_is_missing_is_told_with_who_asks_for_it() {
    let project = project();
    library(&project, "target = \"demo:shapes@3\"\n", "mod bindings;");
    call(&project, "")
        .code(1)
        .says("package `demo:shapes` has no release matching version requirement `^3`")
        .says("Cargo.toml:")
        .says("0.2.0");
    project.replace("Cargo.toml", "demo:shapes@3", "demo:shape@1");
    call(&project, "")
        .code(1)
        .says("package `demo:shape` was not found");
    assert!(!project.has("Cargo-component.lock"));
    project.replace("Cargo.toml", "demo:shape@1", "demo:shapes@0.2");
    call(&project, "--locked")
        .code(1)
        .says("--locked was passed to prevent this");
    assert!(!project.has("Cargo-component.lock"));
}

#[test]
fn a_replaced_release_is_refused() {
    let project = project();
    library(
        &project,
        "target = \"demo:shapes/measure@0.2\"\n",
        IMPLEMENTATION,
    );
    call(&project, "").ok();
    publish_wit(&project, &["package demo:shapes@0.2.0; world measure { }"]);
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let lock = project.read("Cargo-component.lock");
    call(&project, "")
        .code(1)
        .says("but the lock file specifies digest");
    assert_eq!(project.read("Cargo-component.lock"), lock);
}

#[test]
fn publish_puts_a_component_where_peers_find_it() {
    let project = project();
    library(
        &project,
        "target = \"demo:shapes/measure@0.2\"\n",
        IMPLEMENTATION,
    );
    let publish = |more: &str| {
        let mut command = project.command(&format!("publish --registry-config config.toml {more}"));
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    publish("--dry-run")
        .ok()
        .prints("package: demo:guest\nversion: 0.3.0\n")
        .says("not publishing component to the registry due to the --dry-run option");
    assert!(!project.has("registry/demo/guest"));
    publish("")
        .ok()
        .says("Published package `demo:guest` v0.3.0");
    let bytes = project.bytes("registry/demo/guest/0.3.0.wasm");
    assert!(matches!(
        wit_component::decode(&bytes).unwrap(),
        wit_component::DecodedWasm::Component(..)
    ));
    publish("")
        .code(1)
        .says("`demo:guest@0.3.0` is already published")
        .says("--skip-existing");
    publish("--skip-existing").ok().says("Skipping");
    assert_eq!(project.bytes("registry/demo/guest/0.3.0.wasm"), bytes);
    project.replace("Cargo.toml", "package = \"demo:guest\"\n", "");
    publish("")
        .code(1)
        .says("missing a `package.metadata.component.package` setting");
}

#[test]
fn a_release_keeps_what_the_one_before_it_promised() {
    let project = Project::empty();
    project.write("config.toml", "");
    let publish = |version: &str, exports: &str, body: &str, more: &str| {
        library(&project, "", "");
        project.replace("Cargo.toml", "0.3.0", version);
        project.write(
            "wit/world.wit",
            format!("package demo:guest; world guest {{ {exports} }}"),
        );
        project.write(
            "src/lib.rs",
            format!(
                "#[allow(warnings)] mod bindings; struct C; impl bindings::Guest for C {{ {body} }}\nbindings::export!(C with_types_in bindings);"
            ),
        );
        let mut command = project.command(&format!("publish --registry-config config.toml {more}"));
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    let one = "export area: func(side: u32) -> u32;";
    let one_body = "fn area(side: u32) -> u32 { side }";
    let two = "export area: func(side: u32) -> u32; export half: func() -> u32;";
    let two_body = "fn area(side: u32) -> u32 { side } fn half() -> u32 { 2 }";
    let other = "export area: func(side: f32) -> u32;";
    let other_body = "fn area(side: f32) -> u32 { side as u32 }";
    publish("1.0.0", one, one_body, "").ok();
    publish("1.2.0", two, two_body, "").ok();
    publish("1.3.0", one, one_body, "--dry-run")
        .code(1)
        .says("`demo:guest@1.3.0` is not compatible with the published `1.2.0`")
        .says("there is no function `half`")
        .says("publish it as version 2.0.0, or with `--allow-breaking`");
    publish("1.1.0", other, other_body, "")
        .code(1)
        .says("`demo:guest@1.1.0` is not compatible with the published `1.0.0`")
        .says("in function `area`, parameter `side`: `u32` against `f32`");
    // Below one that promises less than it does.
    let three = "export area: func(side: u32) -> u32; export third: func() -> u32;";
    publish(
        "1.1.0",
        three,
        "fn area(side: u32) -> u32 { side } fn third() -> u32 { 3 }",
        "",
    )
    .code(1)
    .says("`demo:guest@1.1.0` is not compatible with the published `1.2.0`")
    .says("there is no function `third`");
    assert!(!project.has("registry/demo/guest/1.1.0.wasm"));
    publish("2.0.0", other, other_body, "").ok();
    publish("1.3.0", one, one_body, "--allow-breaking").ok();
}

#[test]
fn add_lets_the_package_decide_its_table_and_remove_undoes_it() {
    let project = project();
    library(&project, "", "mod bindings;");
    project.replace(
        "Cargo.toml",
        "\n[package.metadata.component.registries]",
        " # a comment\n[package.metadata.component.registries]",
    );
    let before = project.read("Cargo.toml");
    // What the WIT names is not there yet; that is what `add` is for.
    project.write(
        "wit/world.wit",
        "package demo:guest; world guest { import demo:types/types; }",
    );
    let run = |line: &str| {
        let mut command = project.command(&format!("{line} --registry-config config.toml"));
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    run("add demo:types --dry-run")
        .ok()
        .prints("\"demo:types\" = \"1.1.0\"");
    assert_eq!(project.read("Cargo.toml"), before);
    run("add demo:types@1.0")
        .ok()
        .says("Added dependency `demo:types` with version `1.0`")
        .says(
            "the package is a WIT package, so the entry was added to `[package.metadata.component.target.dependencies]`",
        );
    assert!(
        project.read("Cargo.toml").contains(
            "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1.0\"\n"
        )
    );
    run("bindings").ok();
    let once = project.read("Cargo.toml");
    run("add demo:types")
        .ok()
        .says("Unchanged dependency `demo:types`");
    assert_eq!(project.read("Cargo.toml"), once);
    run("add demo:types@7 --name other")
        .code(1)
        .says("no release matching version requirement `^7`");
    run("add demo:typos")
        .code(1)
        .says("package `demo:typos` was not found")
        .says("the registry is set in ")
        .says("did you mean `demo:types`?");
    run("rm demo:type")
        .code(1)
        .says("did you mean `demo:types`?");
    run("remove demo:types").ok();
    let after = project.read("Cargo.toml");
    assert_eq!(
        after.replace("\n[package.metadata.component.target.dependencies]\n", ""),
        before
    );
    project.write("src/lib.rs", "#[allow(warnings)]\nmod bindings;");
    project.replace("Cargo.toml", "version = \"0.3.0\"", "version = \"0.4.0\"");
    run("add demo:types").ok();
    run("publish").ok();
    run("add demo:guest")
        .ok()
        .says("the package is a component, so the entry was added to `[package.metadata.component.dependencies]`");
}

#[test]
fn update_takes_newer_versions_and_drops_what_nobody_asks_for() {
    let project = Project::empty();
    project.write("config.toml", "");
    publish_wit(&project, &[TYPES]);
    library(
        &project,
        "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n",
        "mod bindings;",
    );
    project.write(
        "wit/world.wit",
        "package demo:guest; world guest { import demo:types/types; }",
    );
    let run = |line: &str| {
        let mut command = project.command(&format!("{line} --registry-config config.toml"));
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    run("bindings").ok();
    publish_wit(&project, &[TYPES_NEWER]);
    // What is locked stays.
    std::fs::remove_dir_all(project.path("target")).ok();
    run("bindings").ok();
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("version = \"1.0.0\"")
    );
    let before = project.read("Cargo-component.lock");
    run("update --dry-run")
        .ok()
        .says("Would update dependency `demo:types` v1.0.0 -> v1.1.0")
        .says("not updating component lock file");
    run("update --locked")
        .code(1)
        .says("--locked was passed to prevent this");
    assert_eq!(project.read("Cargo-component.lock"), before);
    run("update")
        .ok()
        .says("Updating dependency `demo:types` v1.0.0 -> v1.1.0");
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("version = \"1.1.0\"")
    );
    run("update").ok().silent_on("Updating dependency");
    run("update -p demo:types --precise 1.0.0")
        .ok()
        .says("v1.1.0 -> v1.0.0");
    run("update -p demo:types --precise 9.0.0")
        .code(1)
        .says("the available versions are 1.1.0, 1.0.0");
    run("update -p demo:type")
        .code(1)
        .says("did you mean `demo:types`?");
    project.replace(
        "Cargo.toml",
        "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n",
        "",
    );
    project.write("wit/world.wit", "package demo:guest; world guest { }");
    run("update")
        .ok()
        .says("Removing dependency `demo:types` v1.0.0");
}

#[test]
fn a_command_that_is_refused_writes_no_lock_file() {
    let project = project();
    library(
        &project,
        "target = \"demo:shapes/measure@0.2\"\n",
        IMPLEMENTATION,
    );
    let run = |line: &str| {
        let mut command = project.command(line);
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    for line in [
        "build --registry-config config.toml --message-format foo",
        "bindings --registry-config config.toml --check",
    ] {
        let output = run(line);
        assert_ne!(output.code, 0, "{output}");
        assert!(!project.has("Cargo-component.lock"), "{line}");
        assert!(!project.has("src/bindings.rs"), "{line}");
    }
    run("bindings --registry-config config.toml").ok();
    // A lock file that is behind is no bindings that are.
    std::fs::remove_file(project.path("Cargo-component.lock")).unwrap();
    run("bindings --registry-config config.toml --check").ok();
    assert!(!project.has("Cargo-component.lock"));
    run("bindings --registry-config config.toml").ok();
    assert!(project.has("Cargo-component.lock"));
}

#[test]
fn update_looks_at_every_member_that_is_built_as_a_component() {
    let project = Project::empty();
    project.write("config.toml", "");
    publish_wit(&project, &[TYPES]);
    project.write("Cargo.toml", "[workspace]\nmembers = [\"plain\", \"host\"]\nresolver = \"3\"\n[workspace.metadata.component.registries]\ndefault = \"file:registry\"\n");
    for (name, dependencies) in [("plain", crate::authoring::RUNTIME), ("host", "")] {
        project.write(
            &format!("{name}/Cargo.toml"),
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}\n"),
        );
        project.write(&format!("{name}/src/lib.rs"), "");
        project.write(
            &format!("{name}/wit/mine.wit"),
            "package demo:mine; world mine { import demo:types/types; }",
        );
    }
    // It has WIT, but for the components it embeds.
    project.replace("host/wit/mine.wit", "demo:types/types", "demo:nowhere/x");
    // A bindings file is made where one is there.
    project.write("plain/src/bindings.rs", "");
    let run = |line: &str| {
        let mut command = project.command(&format!("{line} --registry-config config.toml"));
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    run("bindings -p plain").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("version = \"1.0.0\""), "{lock}");
    run("update").ok();
    assert_eq!(project.read("Cargo-component.lock"), lock);
    publish_wit(&project, &[TYPES_NEWER]);
    run("update")
        .ok()
        .says("Updating dependency `demo:types` v1.0.0 -> v1.1.0");
}
