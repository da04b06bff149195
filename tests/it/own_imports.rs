//! Imports of a world's own, and of components without hints, that are answered by
//! the dependencies that export them.

use crate::authoring::share_target;
use crate::components::{made, run};
use crate::support::Project;

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

const MACRO: &str = "[dependencies]\nwit-bindgen = \"0.63.0\"\n";
const FILE: &str = "[dependencies]\nwit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }\n";

/// A library `name` in `dir` whose only source is `code`.
fn library(project: &Project, (dir, name): (&str, &str), (wit, code): (&str, &str), rest: &str) {
    project
        .write(
            &format!("{dir}/Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n{rest}\n[workspace]\n"
            ),
        )
        .write(&format!("{dir}/wit/world.wit"), wit)
        .write(&format!("{dir}/src/lib.rs"), code);
}

/// A component that exports the functions of `exports`, each of which returns 7.
fn sevens(world: &str) -> Vec<u8> {
    let inline = world.contains("interface");
    let name = if inline { "a#find" } else { "find" };
    made(
        world,
        &format!("(module (func (export \"{name}\") (result i32) i32.const 7))"),
    )
}

/// The three forms: the import of the world, the world of the dependency, and the
/// path of the call in Rust.
const FORMS: [(&str, &str, &str, &str); 3] = [
    (
        "inline",
        "import a: interface { find: func() -> u32; }",
        "export a: interface { find: func() -> u32; }",
        "a::find()",
    ),
    (
        "root",
        "import dep: interface { find: func() -> u32; }",
        "export find: func() -> u32;",
        "dep::find()",
    ),
    (
        "function",
        "import find: func() -> u32;",
        "export find: func() -> u32;",
        "find()",
    ),
];

#[test]
fn a_dependency_answers_what_the_world_itself_imports() {
    for (form, import, export, call) in FORMS {
        for (how, runtime, begin, path) in [
            (
                "macro",
                MACRO,
                "wit_bindgen::generate!({ path: \"wit\" });\nexport!(C);\n",
                "",
            ),
            (
                "file",
                FILE,
                "#[allow(warnings)]\nmod bindings;\nuse bindings::Guest;\nbindings::export!(C with_types_in bindings);\n",
                "bindings::",
            ),
        ] {
            let project = Project::empty();
            share_target(&project);
            project.write(
                "dep.wasm",
                sevens(&format!("package my:dep; world w {{ {export} }}")),
            );
            let wit =
                format!("package my:app;\nworld w {{ {import} export run: func() -> u32; }}\n");
            let code = format!(
                "{begin}struct C;\nimpl Guest for C {{ fn run() -> u32 {{ {path}{call} + 1 }} }}\n"
            );
            let rest = format!(
                "{runtime}[package.metadata.component]\npackage = \"my:app\"\n[package.metadata.component.dependencies]\ndep = {{ path = \"../dep.wasm\" }}\n"
            );
            let name = format!("own-{form}-{how}");
            library(&project, ("app", &name), (&wit, &code), &rest);
            run(
                &project,
                "run --manifest-path app/Cargo.toml --invoke run()",
            )
            .ok()
            .says("with 1 component")
            .silent_on("warning")
            .prints("8");
        }
    }
}

#[test]
fn a_dependency_that_answers_nothing_is_told_by_the_build() {
    let project = Project::empty();
    share_target(&project);
    project.write(
        "dep.wasm",
        sevens("package my:dep; world w { export find: func() -> u32; }"),
    );
    let wit = "package my:app;\nworld w { export run: func() -> u32; }\n";
    let code = "#[allow(warnings)]\nmod bindings;\nstruct C;\nimpl bindings::Guest for C { fn run() -> u32 { 1 } }\nbindings::export!(C with_types_in bindings);\n";
    let rest = format!(
        "{FILE}[package.metadata.component]\npackage = \"my:app\"\n[package.metadata.component.dependencies]\ndep = {{ path = \"../dep.wasm\" }}\n"
    );
    library(&project, ("app", "own-unused"), (wit, code), &rest);
    for line in ["build", "build", "run --invoke run()"] {
        run(&project, &format!("{line} --manifest-path app/Cargo.toml"))
            .ok()
            .says("the dependency `dep` is not used: it satisfies no import of")
            .silent_on("Linking");
    }
}

/// A component that exports the resource of `a:b/test`.
const LEAF: &str = r#"(component
  (type $r (resource (rep i32)))
  (component $c
    (import "t" (type $r (sub resource)))
    (export "thing" (type $r)))
  (instance $i (instantiate $c (with "t" (type $r))))
  (export "a:b/test" (instance $i)))"#;

/// One that takes it from outside, and has a function with it.
const MIDDLE: &str = r#"(component
  (import "a:b/test" (instance $t (export "thing" (type $thing (sub resource)))))
  (alias export $t "thing" (type $thing))
  (core module $m (func (export "f") (param i32)))
  (core instance $i (instantiate $m))
  (func $f (param "a" (borrow $thing)) (canon lift (core func $i "f")))
  (component $c
    (import "thing" (type $thing (sub resource)))
    (import "f" (func $f (param "a" (borrow $thing))))
    (export $t "thing" (type $thing))
    (export "f" (func $f) (func (param "a" (borrow $t)))))
  (instance $o (instantiate $c (with "thing" (type $thing)) (with "f" (func $f))))
  (export "a:b/use" (instance $o)))"#;

#[test]
fn files_without_hints_answer_each_others_imports() {
    let project = Project::empty();
    share_target(&project);
    project
        .write("leaf.wasm", wat(LEAF))
        .write("mid.wasm", wat(MIDDLE))
        .write(
            "app/Cargo.toml",
            format!(
                "[package]\nname = \"file-diamond\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{FILE}\
                 [package.metadata.component]\npackage = \"my:app\"\n[package.metadata.component.dependencies]\n\
                 leaf = {{ path = \"../leaf.wasm\" }}\nmid = {{ path = \"../mid.wasm\" }}\n[workspace]\n"
            ),
        )
        // `leaf` has no constructor: linking is what is tried.
        .write(
            "app/src/main.rs",
            "#[allow(warnings)]\nmod bindings;\nfn main() {\n    if std::env::args().count() > 5 {\n        \
             bindings::a::b::use_::f(unsafe { &bindings::a::b::test::Thing::from_handle(1) });\n    }\n    \
             println!(\"linked and ran\");\n}\n",
        );
    run(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .says("with 2 components")
        .prints("linked and ran");
    // The same by the command line, in whatever order.
    let diamond = r#"(component
      (import "a:b/test" (instance $t (export "thing" (type $thing (sub resource)))))
      (alias export $t "thing" (type $thing))
      (import "a:b/use" (instance (alias outer 1 $thing (type $x)) (export "thing" (type $y (eq $x)))
        (export "f" (func (param "a" (borrow $y)))))))"#;
    project.write("diamond.wasm", wat(diamond));
    let with = ["--with a:b/test=leaf.wasm", "--with a:b/use=mid.wasm"];
    for [first, second] in [with, [with[1], with[0]]] {
        let line = format!("compose diamond.wasm {first} {second} -o linked.wasm");
        run(&project, &line).ok().silent_on("Open");
    }
}

#[test]
fn run_links_what_the_command_line_gives() {
    let project = Project::empty();
    share_target(&project);
    let world = |export: &str| format!("package my:dep; world w {{ {export} }}");
    project.write("dep.wasm", sevens(&world(FORMS[2].2)));
    let wit =
        "package my:app;\nworld w { import find: func() -> u32; export run: func() -> u32; }\n";
    let code = "#[allow(warnings)]\nmod bindings;\nstruct C;\nimpl bindings::Guest for C { fn run() -> u32 { bindings::find() } }\nbindings::export!(C with_types_in bindings);\n";
    let rest = format!("{FILE}[package.metadata.component]\npackage = \"my:app\"\n");
    library(&project, ("app", "own-with"), (wit, code), &rest);
    let line = |rest: &str| format!("run --manifest-path app/Cargo.toml --invoke run() {rest}");
    run(&project, &line("")).code(1).says("--with");
    run(&project, &line("--with find=dep.wasm"))
        .ok()
        .prints("7");
    run(&project, &line("--with fnid=dep.wasm"))
        .code(2)
        .says("no import matches `fnid`")
        .says("`find`");
    run(
        &project,
        "build --manifest-path app/Cargo.toml --compose --with find=dep.wasm",
    )
    .ok();
    let built = project.path("linked.txt");
    let component = std::fs::read_dir(crate::authoring::target_dir().join("wasm32-wasip1/debug"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.ends_with("own_with.linked.wasm"));
    assert!(component.is_some(), "{built:?}");
    let component = component.unwrap().display().to_string();
    run(
        &project,
        &format!("run --component {component} --invoke run()"),
    )
    .ok()
    .prints("7");
    let component = component.replace(".linked.wasm", ".wasm");
    run(
        &project,
        &format!("run --component {component} --with find=dep.wasm --invoke run()"),
    )
    .ok()
    .prints("7");
}
