//! Linking on demand: `compose`, `build --compose`, `run --component`.

use std::path::Path;

use cargo_component::package::ContentDigest;

use crate::registry_verbs::{run, wit};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component whose root function `go` calls `add` of its import with 40 and
/// 2; `import` is that import's name with its attributes.
pub fn app(import: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component
             (import {import} (instance $a
               (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
             (core func $add (canon lower (func $a "add")))
             (core module $m (import "a" "add" (func $add (param i32 i32) (result i32)))
               (func (export "go") (result i32) i32.const 40 i32.const 2 call $add))
             (core instance $i (instantiate $m
               (with "a" (instance (export "add" (func $add))))))
             (func (export "go") (result u32) (canon lift (core func $i "go"))))"#
    ))
}

/// A component with the root function `add`, which computes as `code` does.
pub fn adder(code: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component
             (core module $m (func (export "add") (param i32 i32) (result i32)
               local.get 0 local.get 1 {code}))
             (core instance $i (instantiate $m))
             (func (export "add") (param "a" u32) (param "b" u32) (result u32)
               (canon lift (core func $i "add"))))"#
    ))
}

/// The same in the interface `test:math/ops@1.2.0`.
pub fn interface(code: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component
             (core module $m (func (export "add") (param i32 i32) (result i32)
               local.get 0 local.get 1 {code}))
             (core instance $i (instantiate $m))
             (func $add (param "a" u32) (param "b" u32) (result u32)
               (canon lift (core func $i "add")))
             (instance $ops (export "add" (func $add)))
             (export "test:math/ops@1.2.0" (instance $ops)))"#
    ))
}

/// A folder that is no package, with a registry of `test:adder`.
pub fn place() -> Project {
    let project = Project::empty();
    let root = project.path("registry");
    project.write("registry/test/adder/1.0.0.wasm", adder("i32.add"));
    project.write("registry/test/adder/1.1.0.wasm", adder("i32.sub"));
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\ntest = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            root.to_str().unwrap()
        ),
    );
    project
}

fn pinned(version: &str, bytes: &[u8]) -> String {
    let digest = ContentDigest::of(bytes);
    format!(r#""math" (external-id "wasm-pkg:test:adder@{version}?digest={digest}")"#)
}

/// What `go` of a component file gives.
pub fn go(project: &Project, file: &str) -> Output {
    run(project, &format!("run --component {file} --invoke 'go()'")).ok()
}

/// The names that a component file imports.
fn imports(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let surface = cargo_component::component::surface(&bytes).unwrap();
    surface.imports
}

#[test]
fn a_component_made_elsewhere_is_linked_by_its_hints() {
    let project = place();
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    run(&project, "compose app.wasm")
        .ok()
        .says("     Linking `app.wasm`\n")
        .says("      Linked `math` of `app.wasm` to `test:adder@1.0.0`\n")
        .says("       Wrote `app.linked.wasm`\n");
    assert!(imports(&project.path("app.linked.wasm")).is_empty());
    go(&project, "app.linked.wasm").prints("42\n");
    // There is no package, and so no lock file.
    assert!(!project.has("Cargo-component.lock"));
    assert!(!project.has("target"));
    // What the hint pins is found without the registry, once it was there.
    std::fs::remove_dir_all(project.path("registry")).unwrap();
    let frozen = run(&project, "compose app.wasm --frozen -o out/").ok();
    frozen.says("to `test:adder@1.0.0`");
    assert_eq!(
        project.bytes("out/app.linked.wasm"),
        project.bytes("app.linked.wasm")
    );
}

#[test]
fn the_result_goes_to_standard_output() {
    let project = place();
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    run(&project, "compose app.wasm -o here.wasm").ok();
    let mut command = project.command("compose app.wasm -o - --registry-config config.toml");
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, project.bytes("here.wasm"));
    assert!(!project.has("app.linked.wasm"));
    run(&project, "compose app.wasm -o - --graph dot")
        .code(2)
        .says("cannot both be written to standard output");
}

#[test]
fn a_hint_without_a_digest_needs_trust() {
    let project = place();
    let hint = r#""math" (external-id "wasm-pkg:test:adder@1.0.0")"#;
    project.write("app.wasm", app(hint));
    for line in [
        "compose app.wasm",
        "run --component app.wasm --invoke 'go()'",
    ] {
        run(&project, line)
            .code(1)
            .says("the hint has no digest")
            .says("the import `math` of `app.wasm` has the hint `wasm-pkg:test:adder@1.0.0`")
            .says("`--trust-unpinned`");
    }
    assert!(!project.has("app.linked.wasm"));
    run(&project, "compose app.wasm --trust-unpinned").ok();
    run(
        &project,
        "run --component app.wasm --trust-unpinned --invoke 'go()'",
    )
    .ok()
    .prints("42\n");
    // Not to this machine, unless the user names it.
    let host = SmallRegistry::start(Access::Open).host();
    let hint = format!(r#""math" (external-id "oci://{host}/team/adder:1")"#);
    project.write("app.wasm", app(&hint));
    run(&project, "compose app.wasm --trust-unpinned")
        .code(1)
        .says("is on this machine or its network");
}

#[test]
fn another_release_than_the_hint_pins_is_refused() {
    let project = place();
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.mul"))));
    run(&project, "compose app.wasm")
        .code(1)
        .says(&ContentDigest::of(&adder("i32.mul")).to_string())
        .says(&ContentDigest::of(&adder("i32.add")).to_string());
    assert!(!project.has("app.linked.wasm"));
}

#[test]
fn what_is_given_wins_over_a_hint() {
    let project = place();
    // Nobody could follow this one.
    let hint = r#""math" (external-id "wasm-pkg:nobody:knows@9.9.9")"#;
    project.write("app.wasm", app(hint));
    project.write("mul.wasm", adder("i32.mul"));
    for (with, result) in [
        ("math=mul.wasm", "80\n"),
        ("nobody:knows=mul.wasm", "80\n"),
        ("knows=./mul.wasm", "80\n"),
        ("math=test:adder@~1.0", "42\n"),
        ("math=test:adder@=1.1.0", "38\n"),
    ] {
        run(&project, &format!("compose app.wasm --with {with}")).ok();
        let out = go(&project, "app.linked.wasm");
        assert_eq!(out.stdout, result, "{with}");
    }
    let host = SmallRegistry::start(Access::Open).host();
    run(
        &project,
        &format!("registry push {host}/team/adder:1 mul.wasm"),
    )
    .ok();
    run(
        &project,
        &format!("compose app.wasm --with math={host}/team/adder:1"),
    )
    .ok()
    .says(&format!("to `{host}/team/adder:1`"));
    go(&project, "app.linked.wasm").prints("80\n");
}

#[test]
fn an_import_without_a_hint_stays_open_or_is_given() {
    let project = place();
    project.write("app.wasm", app("\"test:math/ops@1.0.0\""));
    project.write("ops.wasm", interface("i32.mul"));
    run(&project, "compose app.wasm")
        .ok()
        .says("warning: nothing was linked")
        .says("        Open `test:math/ops@1.0.0`\n");
    assert_eq!(
        imports(&project.path("app.linked.wasm")),
        ["test:math/ops@1.0.0"]
    );
    for key in ["test:math/ops@1.0.0", "test:math/ops", "test:math"] {
        run(&project, &format!("compose app.wasm --with {key}=ops.wasm"))
            .ok()
            .says("to `ops.wasm`, export `test:math/ops@1.2.0`");
        go(&project, "app.linked.wasm").prints("80\n");
    }
}

#[test]
fn an_import_that_is_kept_stays_open_with_its_hint() {
    let project = place();
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    run(&project, "compose app.wasm --keep math")
        .ok()
        .says("        Open `math`\n");
    assert_eq!(imports(&project.path("app.linked.wasm")), ["math"]);
    // So that it can be linked later.
    run(&project, "compose app.linked.wasm -o all.wasm").ok();
    go(&project, "all.wasm").prints("42\n");
}

#[test]
fn an_implementation_that_does_not_fit_is_refused_with_the_difference() {
    let project = place();
    project.write("app.wasm", app("\"test:math/ops@1.0.0\""));
    let wrong = r#"(component
        (core module $m (func (export "add") (param i32 i64) (result i32) local.get 0))
        (core instance $i (instantiate $m))
        (func $add (param "a" u32) (param "b" u64) (result u32)
          (canon lift (core func $i "add")))
        (instance $ops (export "add" (func $add)))
        (export "test:math/ops@1.2.0" (instance $ops)))"#;
    project.write("wrong.wasm", wat(wrong));
    project.write("app.linked.wasm", "mine");
    run(&project, "compose app.wasm --with test:math=wrong.wasm")
        .code(1)
        .says("`wrong.wasm` does not match the import `test:math/ops@1.0.0` of `app.wasm`")
        .says("its export `test:math/ops@1.2.0`")
        .says("u32")
        .says("u64")
        .says("help: ");
    project.write("other.wasm", adder("i32.add"));
    run(&project, "compose app.wasm --with test:math=other.wasm")
        .code(1)
        .says("nothing in `other.wasm` satisfies the import `test:math/ops@1.0.0`");
    // What was there is left alone.
    assert_eq!(project.read("app.linked.wasm"), "mine");
}

#[test]
fn what_is_written_wrongly_is_told() {
    let project = place();
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    project.write("mul.wasm", adder("i32.mul"));
    project.write("module.wasm", wat("(module)"));
    project.write("text.wasm", "text");
    for (line, code, told) in [
        ("compose none.wasm", 1, "none.wasm"),
        ("compose module.wasm", 1, "`module.wasm` is a core module"),
        ("compose text.wasm", 1, "`text.wasm` is not WebAssembly"),
        (
            "compose app.wasm --with math",
            2,
            "`--with math` is not of the form `IMPORT=WHAT`",
        ),
        (
            "compose app.wasm --with mat=mul.wasm",
            2,
            "help: `app.wasm` imports `math`",
        ),
        ("compose app.wasm --keep x", 2, "no import matches `x`"),
        (
            "compose app.wasm --with math=module.wasm",
            1,
            "it was given for `math`",
        ),
        (
            "compose app.wasm --with math=NO",
            1,
            "the file `NO` does not exist either",
        ),
        (
            "compose app.wasm --with math=mul.wasm --keep math",
            2,
            "given more than once",
        ),
        ("compose app.wasm --graph x.png", 2, "has no known format"),
        ("compose", 1, "could not find `Cargo.toml`"),
    ] {
        run(&project, line).code(code).says(told);
        assert!(!project.has("app.linked.wasm"), "{line}");
    }
}

#[test]
fn what_is_linked_is_drawn() {
    let project = place();
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    run(&project, "compose app.wasm --graph mermaid")
        .ok()
        .prints("flowchart TD\n")
        .prints("|\"math\"| n1");
    run(&project, "compose app.wasm --graph dot")
        .ok()
        .prints("digraph composition {");
    for (file, start) in [
        ("g.svg", "<svg "),
        ("g.dot", "digraph"),
        ("g.mmd", "flowchart"),
    ] {
        run(&project, &format!("compose app.wasm --graph {file}")).ok();
        let text = project.read(file);
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains("test:adder@1.0.0"), "{text}");
    }
}

/// A library whose function `go` calls `add` of a component beside it.
fn package(more: &str) -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project.write("deps/adder.wasm", adder("i32.add"));
    project.write("deps/mul.wasm", adder("i32.mul"));
    project.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\n{more}\n\
             [package.metadata.component.dependencies]\n\
             math = {{ path = \"deps/adder.wasm\" }}\n"
        ),
    );
    project.write(
        "wit/world.wit",
        "package demo:guest; world guest { export go: func() -> u32; }",
    );
    project.write(
        "src/lib.rs",
        "mod bindings;\nstruct Component;\nimpl bindings::Guest for Component {\n\
         fn go() -> u32 { bindings::math::add(40, 2) }\n}\n\
         bindings::export!(Component with_types_in bindings);\n",
    );
    project
}

const DEBUG: &str = "target/wasm32-wasip1/debug";

#[test]
fn the_component_of_the_package_is_linked() {
    let project = package("");
    run(&project, "compose")
        .ok()
        .says("Linked `math` of `guest.wasm` to `math`")
        .says(&format!("Wrote `{DEBUG}/guest.linked.wasm`"));
    go(&project, &format!("{DEBUG}/guest.linked.wasm")).prints("42\n");
    assert!(imports(&project.path(&format!("{DEBUG}/guest.wasm"))).contains(&"math".to_owned()));
    run(
        &project,
        "compose --with math=deps/mul.wasm --release -o mul.wasm",
    )
    .ok();
    go(&project, "mul.wasm").prints("80\n");
}

#[test]
fn builds_write_the_linked_component_when_asked() {
    let project = package("");
    let linked = format!("{DEBUG}/guest.linked.wasm");
    run(&project, "build").ok().silent_on("Linking");
    assert!(!project.has(&linked));
    let messages = run(&project, "build --message-format json").ok();
    assert!(!messages.stdout.contains("\"linked\""));
    run(&project, "build --compose").ok().says("     Linking ");
    go(&project, &linked).prints("42\n");
    // Not again unless something changed.
    let stamp = || {
        let metadata = std::fs::metadata(project.path(&linked)).unwrap();
        metadata.modified().unwrap()
    };
    let before = stamp();
    let messages = run(&project, "build --compose --message-format json").ok();
    let path = project.path(&linked);
    messages
        .silent_on("Linking")
        .prints(&format!("\"linked\":{:?}", path.to_str().unwrap()));
    assert_eq!(stamp(), before);
    project.write("deps/adder.wasm", adder("i32.mul"));
    run(&project, "build --compose").ok().says("Linking");
    go(&project, &linked).prints("80\n");
}

#[test]
fn a_manifest_asks_for_the_linked_component() {
    let project = package("compose = true");
    run(&project, "build").ok().says("Linking");
    go(&project, &format!("{DEBUG}/guest.linked.wasm")).prints("42\n");
    run(&project, "build --help").ok().prints("--compose");
    run(&project, "check --compose")
        .code(2)
        .says("`--compose` can only be used with `cargo component build`");
}

#[test]
fn a_component_of_somebody_else_is_fetched_linked_and_run() {
    let project = place();
    let bytes = app(&pinned("1.0.0", &adder("i32.add")));
    project.write("registry/test/app/0.1.0.wasm", &bytes);
    project.write("app.wasm", &bytes);
    let host = SmallRegistry::start(Access::Open).host();
    run(
        &project,
        &format!("registry push {host}/team/app:1 app.wasm"),
    )
    .ok();
    for what in [
        "app.wasm",
        "test:app",
        "test:app@0.1",
        &format!("{host}/team/app:1"),
        &format!("oci://{host}/team/app:1"),
    ] {
        let out = run(&project, &format!("run --component {what} --invoke 'go()'")).ok();
        assert_eq!(out.stdout, "42\n", "{what}");
    }
    // Nothing of it goes here.
    for file in ["target", "Cargo-component.lock", "app.linked.wasm"] {
        assert!(!project.has(file), "{file}");
    }
    run(&project, "run --component app.wasm")
        .code(1)
        .says("call a function with `--invoke 'go(…)'`");
    run(&project, "serve --component app.wasm")
        .code(1)
        .says("exports no HTTP handler");
    run(&project, "run --component test:nobody")
        .code(1)
        .says("the package `test:nobody` was not found");
    for option in ["-p x", "--bin x", "--release"] {
        run(&project, &format!("run --component app.wasm {option}"))
            .code(2)
            .says("`--component` builds nothing");
    }
    run(&project, "build --component app.wasm")
        .code(2)
        .says("can only be used with `cargo component run`");
}

#[test]
fn a_program_of_somebody_else_gets_what_is_granted() {
    let project = Project::new("--bin", "told");
    project.write(
        "src/main.rs",
        "fn main() {\n    let words: Vec<String> = std::env::args().skip(1).collect();\n\
         println!(\"{words:?} {:?} {}\", std::env::var(\"A\").ok(), std::fs::read_dir(\"/data\").is_ok());\n\
         std::process::exit(1);\n}\n",
    );
    project.component("build").ok();
    let other = Project::empty();
    other.write("config.toml", "");
    other.write("told.wasm", project.bytes(&format!("{DEBUG}/told.wasm")));
    let mut command = other.command("run --component told.wasm -- one --two");
    command.env("A", "b");
    other
        .run(command)
        .code(1)
        .says("Running `told.wasm one --two`")
        .prints("[\"one\", \"--two\"] None false\n");
    run(&other, "run --component told.wasm --env A=b --dir .::/data")
        .code(1)
        .prints("[] Some(\"b\") true\n");
}

#[test]
fn a_component_is_held_against_a_world() {
    let project = place();
    project.write("app.wasm", app("\"test:math/ops@1.2.0\""));
    let ops = |b: &str| {
        format!("interface ops {{ add: func(a: u32, b: {b}) -> u32; sub: func() -> u32; }}")
    };
    let world = "world w { import ops; export go: func() -> u32; }
                 world bare { }
                 world more { import ops; export go: func() -> u64; export other: func(); }";
    let text = |b| format!("package test:math@1.3.0; {} {world}", ops(b));
    project.write("wit/math.wit", text("u32"));
    project.write("odd/math.wit", text("u64"));
    project.write("registry/test/math/1.3.0.wasm", wit(&text("u32")));
    project.write("registry/test/app/0.1.0.wasm", project.bytes("app.wasm"));
    for line in [
        "targets app.wasm --world wit/w",
        "targets app.wasm --world ./wit/math.wit/w",
        "targets app.wasm --world test:math/w@1",
        "targets test:app --world test:math/w --locked",
    ] {
        run(&project, line)
            .ok()
            .says("     Checked `")
            .says("the world `test:math/w@1.3.0`");
    }
    run(&project, "targets app.wasm --world wit/bare")
        .code(1)
        .says("error: `app.wasm` does not conform to the world `test:math/bare@1.3.0`")
        .says("it imports `test:math/ops@1.2.0`, which the world does not provide");
    run(&project, "targets app.wasm --world test:math/more")
        .code(1)
        .says("in its exports, in function `go`, the result: the component has `u32`, but the world has `u64`")
        .says("it does not export `other`, which the world requires");
    run(&project, "targets app.wasm --world odd/w")
        .code(1)
        .says("in its imports, in interface `test:math/ops@1.2.0`, function `add`, parameter `b`: the component has `u32`, but the world has `u64`");
    project.write("hinted.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    run(&project, "targets hinted.wasm --world wit/w")
        .code(1)
        .says("help: link it first: `cargo component compose hinted.wasm`");
    run(&project, "compose hinted.wasm").ok();
    run(&project, "targets hinted.linked.wasm --world wit/w").ok();
    for (world, code, told) in [
        ("wit/none", 1, "none"),
        ("wit", 1, "it was given as `--world wit`"),
        ("nothing", 2, "`--world nothing` does not name a world"),
        ("test:math/w@one", 2, "invalid version `one`"),
        ("test:nobody/w", 1, "test:nobody"),
    ] {
        run(&project, &format!("targets app.wasm --world {world}"))
            .code(code)
            .says(told);
    }
}

/// A component with the root function `add`, which gives twice what `add` of
/// its import gives.
fn doubler(import: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component
             (import {import} (instance $a
               (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
             (core func $add (canon lower (func $a "add")))
             (core module $m (import "a" "add" (func $add (param i32 i32) (result i32)))
               (func (export "add") (param i32 i32) (result i32)
                 local.get 0 local.get 1 call $add i32.const 2 i32.mul))
             (core instance $i (instantiate $m
               (with "a" (instance (export "add" (func $add))))))
             (func (export "add") (param "a" u32) (param "b" u32) (result u32)
               (canon lift (core func $i "add"))))"#
    ))
}

#[test]
fn what_is_given_for_a_package_counts_on_every_depth() {
    let project = place();
    let middle = doubler(&pinned("1.0.0", &adder("i32.add")));
    let digest = ContentDigest::of(&middle);
    project.write("registry/test/middle/2.0.0.wasm", &middle);
    project.write(
        "app.wasm",
        app(&format!(
            r#""middle" (external-id "wasm-pkg:test:middle@2.0.0?digest={digest}")"#
        )),
    );
    project.write("mul.wasm", adder("i32.mul"));
    let unpinned = doubler(r#""inner" (external-id "wasm-pkg:test:adder@1.0.0")"#);
    project.write("wrapper.wasm", unpinned);
    for (options, result) in [
        ("", "84\n"),
        ("--with test:adder=mul.wasm", "160\n"),
        ("--with middle=mul.wasm", "80\n"),
        // What is given may need what it takes the place of.
        ("--with test:adder=wrapper.wasm --trust-unpinned", "168\n"),
    ] {
        run(&project, &format!("compose app.wasm {options}")).ok();
        assert_eq!(go(&project, "app.linked.wasm").stdout, result, "{options}");
    }
    run(&project, "compose app.wasm --keep test:adder")
        .ok()
        .says("Linked `middle` of `app.wasm` to `test:middle@2.0.0`")
        .says("        Open `math`\n");
    // Labels are those of the component that is linked.
    run(&project, "compose app.wasm --with math=mul.wasm")
        .code(2)
        .says("no import matches `math`");
    project.write(
        "circle.wasm",
        doubler(r#""inner" (external-id "wasm-pkg:test:circle@1.0.0")"#),
    );
    project.write(
        "registry/test/circle/1.0.0.wasm",
        project.bytes("circle.wasm"),
    );
    run(
        &project,
        "compose app.wasm --with middle=test:circle --trust-unpinned",
    )
    .code(1)
    .says("the component dependencies form a cycle");
}

#[test]
fn in_a_package_what_was_found_is_locked() {
    let project = package("");
    let registry = place();
    project.write("config.toml", registry.read("config.toml"));
    project.write("app.wasm", app(&pinned("1.0.0", &adder("i32.add"))));
    run(&project, "compose app.wasm --locked")
        .code(1)
        .says("needs to be updated but --locked was passed");
    assert!(!project.has("app.linked.wasm") && !project.has("Cargo-component.lock"));
    run(&project, "compose app.wasm").ok();
    let lock = project.read("Cargo-component.lock");
    assert!(lock.contains("name = \"test:adder\""), "{lock}");
    std::fs::remove_file(project.path("app.linked.wasm")).unwrap();
    std::fs::remove_dir_all(registry.path("registry")).unwrap();
    run(&project, "compose app.wasm --frozen").ok();
    go(&project, "app.linked.wasm").prints("42\n");
    // What is locked needs no trust.
    let hint = r#""math" (external-id "wasm-pkg:test:adder@1.0.0")"#;
    project.write("app.wasm", app(hint));
    run(&project, "compose app.wasm").ok();
    assert_eq!(project.read("Cargo-component.lock"), lock);
}

#[test]
fn what_hints_lead_to_is_called_as_where_it_was_found() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = package("");
    project.write("config.toml", format!("[registry.\"{host}\".oci]\n"));
    let hinted = |repository: &str, code: &str| {
        let digest = registry.package(repository, "1.0.0", &adder(code));
        let hint =
            format!(r#""inner" (external-id "oci://{host}/{repository}:1.0.0?digest={digest}")"#);
        doubler(&hint)
    };
    project.write("deps/adder.wasm", hinted("team/one", "i32.add"));
    project.write("deps/mul.wasm", hinted("team/sub/two", "i32.mul"));
    project.replace(
        "Cargo.toml",
        "math = {",
        "other = { path = \"deps/mul.wasm\" }\nmath = {",
    );
    run(&project, "run --invoke 'go()'").ok().prints("84\n");
    let lock = project.read("Cargo-component.lock");
    for package in ["team:one", "sub:two"] {
        assert!(lock.contains(&format!("name = \"{package}\"")), "{lock}");
        run(&project, &format!("tree --invert {package}"))
            .ok()
            .prints(&format!("{package} v1.0.0"));
        run(&project, &format!("update -p {package}")).ok();
    }
    run(&project, "vendor").ok();
    for file in ["team/one/1.0.0.wasm", "sub/two/1.0.0.wasm"] {
        assert!(project.has(&format!("vendor/{file}")), "{file}");
    }
}

#[test]
fn builds_follow_hints_without_a_digest_when_told_to() {
    let project = package("");
    let registry = place();
    project.write("config.toml", registry.read("config.toml"));
    let hint = r#""inner" (external-id "wasm-pkg:test:adder@1.0.0")"#;
    project.write("deps/adder.wasm", doubler(hint));
    run(&project, "build")
        .code(1)
        .says("the hint has no digest");
    run(&project, "build --trust-unpinned").ok();
    // The newest that is compatible with what the hint names.
    run(&project, "run --invoke 'go()'").ok().prints("76\n");
    assert!(project.read("Cargo-component.lock").contains("test:adder"));
}

#[test]
fn a_service_of_somebody_else_is_served() {
    let made = crate::support::example("http");
    made.component("build").ok();
    let project = place();
    let built = made.path(DEBUG);
    let file = std::fs::read_dir(&built).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        (path.extension()? == "wasm").then_some(path)
    });
    project.write("site.wasm", std::fs::read(file.unwrap()).unwrap());
    let command = project.command("serve --component site.wasm --addr 127.0.0.1:0");
    let server = crate::serve::Server::start(command);
    let answer = server.ask("GET /", "");
    assert!(answer.contains("Hello from wasi:http 0.2\n"), "{answer}");
    assert!(
        server.said.contains("Running `site.wasm`"),
        "{}",
        server.said
    );
}

#[test]
fn a_package_of_wit_in_the_place_of_a_component_is_called_that() {
    let project = place();
    project.write("app.wasm", app("\"math\"")).write(
        "wit.wasm",
        wit("package a:b@1.0.0; interface i { f: func(); }"),
    );
    for line in [
        "compose app.wasm --with math=wit.wasm",
        "compose wit.wasm",
        "run --component wit.wasm",
    ] {
        run(&project, line)
            .code(1)
            .says("`wit.wasm` is a WIT package, not a component");
    }
}
