//! `compose` of `.wac` documents.

use cargo_component::component::names::{Name, imports};
use cargo_component::package::ContentDigest;

use crate::compose::{adder, app, go, interface, place};
use crate::registry_verbs::run;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

/// A document that gives `math` of `test:app` the package `test:adder`.
const LINKED: &str = "package demo:linked;

let adder = new test:adder {};
let app = new test:app { math: adder, ... };
export app.go;
";

/// As `place`, with the application in a folder of packages.
fn documents() -> Project {
    let project = place();
    project.write("deps/test/app.wasm", app("\"math\""));
    project.write("main.wac", LINKED);
    project
}

fn open(project: &Project, file: &str) -> Vec<Name> {
    imports(&project.bytes(file)).unwrap()
}

#[test]
fn packages_come_from_folder_and_registry() {
    let project = documents();
    run(&project, "compose main.wac")
        .ok()
        .says(" Downloading 1 package\n")
        .says("   Composing `main.wac`\n")
        .says("      Linked `math` of `test:app` to `test:adder@1.1.0`\n")
        .says("      Linked `go` of `demo:linked` to `test:app`\n")
        .says("       Wrote `main.linked.wasm`\n");
    // The newest takes away.
    go(&project, "main.linked.wasm").prints("38\n");
    assert!(open(&project, "main.linked.wasm").is_empty());
    assert!(!project.has("Cargo-component.lock"));
    // A version that is named is that version.
    project.replace("main.wac", "new test:adder {}", "new test:adder@1.0.0 {}");
    run(&project, "compose main.wac -o out/")
        .ok()
        .says("to `test:adder@1.0.0`");
    go(&project, "out/main.linked.wasm").prints("42\n");
    // The folder goes before the registry, also with a version.
    project.write("packages/test/adder/1.0.0.wasm", adder("i32.mul"));
    project.write("packages/test/app.wasm", app("\"math\""));
    run(&project, "compose main.wac --deps-dir packages -o two.wasm").ok();
    go(&project, "two.wasm").prints("80\n");
    // The command line goes before the folder; for one version before all.
    project.write("other.wasm", adder("i32.and"));
    let line = "compose main.wac --deps-dir packages -o three.wasm --dep test:adder=other.wasm";
    run(&project, line).ok();
    go(&project, "three.wasm").prints("0\n");
    project.write("third.wasm", adder("i32.or"));
    run(&project, &format!("{line} -d test:adder@1.0.0=third.wasm")).ok();
    go(&project, "three.wasm").prints("42\n");
}

#[test]
fn a_project_locks_what_a_document_names() {
    let project = documents();
    project.write(
        "Cargo.toml",
        "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n\
         [package.metadata.component]\npackage = \"demo:guest\"\n\
         [package.metadata.component.dependencies]\n\"test:adder\" = \"=1.0.0\"\n",
    );
    project.write("src/lib.rs", "");
    run(&project, "compose main.wac --locked")
        .code(1)
        .says("needs to be updated but --locked was passed");
    assert!(!project.has("main.linked.wasm"));
    // The entry of the manifest says which version.
    run(&project, "compose main.wac")
        .ok()
        .says("to `test:adder@1.0.0`");
    let lock = project.read("Cargo-component.lock");
    let digest = ContentDigest::of(&adder("i32.add")).to_string();
    assert!(lock.contains(&digest), "{lock}");
    // Locked and in the cache, nothing else is needed.
    std::fs::remove_dir_all(project.path("registry")).unwrap();
    run(&project, "compose main.wac --frozen -o again.wasm").ok();
    assert_eq!(
        project.bytes("again.wasm"),
        project.bytes("main.linked.wasm")
    );
    go(&project, "again.wasm").prints("42\n");
    assert_eq!(project.read("Cargo-component.lock"), lock);
    // An entry with a file is that file.
    project.replace("Cargo.toml", "= \"=1.0.0\"", "= { path = \"mine.wasm\" }");
    project.write("mine.wasm", adder("i32.mul"));
    run(&project, "compose main.wac").ok();
    go(&project, "main.linked.wasm").prints("80\n");
}

#[test]
fn packages_come_from_a_registry_over_the_network() {
    let project = documents();
    let registry = SmallRegistry::start(Access::Open);
    registry.package("test/adder", "1.0.0", &adder("i32.mul"));
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\ntest = {{ registry = \"{0}\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{0}\" }} }} }}\n",
            registry.host()
        ),
    );
    run(&project, "compose main.wac --offline")
        .code(1)
        .says("`test:adder`")
        .says("main.wac:3:17")
        .says("--offline");
    run(&project, "compose main.wac").ok();
    go(&project, "main.linked.wasm").prints("80\n");
}

#[test]
fn what_stays_open_keeps_its_hint() {
    let project = documents();
    let hint = "wasm-pkg:test:adder@1.0.0";
    project.write(
        "deps/test/app.wasm",
        app(&format!("\"math\" (external-id \"{hint}\")")),
    );
    project.write(
        "main.wac",
        "package demo:open; let app = new test:app { ... }; export app...;",
    );
    run(&project, "compose main.wac")
        .ok()
        .says("        Open `math`\n");
    let open_name = |name: &str| Name {
        external_id: Some(hint.to_owned()),
        ..Name::plain(name)
    };
    assert_eq!(open(&project, "main.linked.wasm"), [open_name("math")]);
    let bytes = project.bytes("main.linked.wasm");
    let text = String::from_utf8_lossy(&bytes);
    // On the import, and not in the component inside.
    assert_eq!(text.matches(hint).count(), 1);
    // So that it can be linked later.
    run(
        &project,
        "compose main.linked.wasm --trust-unpinned -o all.wasm",
    )
    .ok();
    go(&project, "all.wasm").prints("42\n");
    // An import of the document gets the hint of what it is passed to.
    project.write(
        "main.wac",
        "package demo:open;
         import other: interface { add: func(a: u32, b: u32) -> u32; };
         let app = new test:app { math: other };
         export app.go as run;",
    );
    run(&project, "compose main.wac").ok();
    assert_eq!(open(&project, "main.linked.wasm"), [open_name("other")]);
    // One label cannot be two things.
    project.write(
        "deps/test/second.wasm",
        app("\"math\" (external-id \"wasm-pkg:test:adder@1.1.0\")"),
    );
    project.write(
        "main.wac",
        "package demo:open; let a = new test:app { ... }; let b = new test:second { ... };
         export a.go; export b.go as second;",
    );
    run(&project, "compose main.wac")
        .code(1)
        .says("the open import `math` has two conflicting definitions")
        .says("`test:app` has the hint `wasm-pkg:test:adder@1.0.0`")
        .says("`test:second` has `wasm-pkg:test:adder@1.1.0`");
}

#[test]
fn names_of_old_are_arguments() {
    let project = place();
    let old = "unlocked-dep=<test:math/ops@{>=1.0.0 <1.3.0}>";
    project.write("old.wasm", app(&format!("\"{old}\"")));
    project.write("ops.wasm", interface("i32.add"));
    project.write(
        "main.wac",
        format!(
            "package demo:main;
             let ops = new test:ops {{}};
             let app = new test:old {{ \"{old}\": ops[\"test:math/ops@1.2.0\"] }};
             export app.go;"
        ),
    );
    let line = "compose main.wac -d test:ops=ops.wasm -d test:old=old.wasm";
    run(&project, line).ok();
    go(&project, "main.linked.wasm").prints("42\n");
    // Left open, it is an import of today with a hint.
    project.write(
        "main.wac",
        "package demo:main; let app = new test:old { ... }; export app.go;",
    );
    run(&project, "compose main.wac -d test:old=old.wasm").ok();
    let expected = Name {
        external_id: Some("wasm-pkg:test:math@>=1.0.0 <1.3.0#ops".to_owned()),
        ..Name::plain("test-math-ops")
    };
    assert_eq!(open(&project, "main.linked.wasm"), [expected]);
}

#[test]
fn types_come_from_wit() {
    let project = documents();
    project.write(
        "deps/test/math/1.2.0/math.wit",
        "package test:math@1.2.0;
         interface ops { add: func(a: u32, b: u32) -> u32; }
         world calculator { import ops; export go: func() -> u32; }",
    );
    project.write("deps/test/app.wasm", app("\"test:math/ops@1.2.0\""));
    // The folder of the one without a version is also that of its versions.
    project.write("deps/test/app/2.0.0.wasm", app("\"math\""));
    project.write(
        "main.wac",
        "package demo:main targets test:math/calculator@1.2.0;
         import ops: test:math/ops@1.2.0;
         let app = new test:app { ops };
         export app.go;",
    );
    run(&project, "compose main.wac").ok();
    let names: Vec<_> = open(&project, "main.linked.wasm");
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].interface(), Some("test:math/ops@1.2.0"));
    // A file of WIT beside the folders is the same, as the book says.
    let wit = project.read("deps/test/math/1.2.0/math.wit");
    std::fs::remove_dir_all(project.path("deps/test/math/1.2.0")).unwrap();
    project.write("deps/test/math/1.2.0.wit", wit);
    run(&project, "compose main.wac").ok();
    project.replace("main.wac", "export app.go;", "export app.go as gone;");
    run(&project, "compose main.wac")
        .code(1)
        .says("requires an export named `go`")
        .says("main.wac:1:27")
        .says("export it with `export … as go;`");
}

#[test]
fn a_composition_is_drawn() {
    let project = documents();
    let output = run(&project, "compose main.wac --graph mermaid").ok();
    for line in [
        "n0([\"demo:linked\"])",
        "n1[\"test:adder@1.1.0\"]",
        "n2[\"test:app\"]",
        "n0 -->|\"go\"| n2",
        "n2 -->|\"math\"| n1",
    ] {
        assert!(output.stdout.contains(line), "{line}\n{output}");
    }
}

#[test]
fn errors_show_the_place_and_a_fix() {
    let project = documents();
    for (text, place, said, fix) in [
        (
            "package demo:x\nlet a = 1;\n",
            "main.wac:2:1",
            "expected `;`, found `let` keyword",
            "use `;` here",
        ),
        (
            "package demo:x;\nexport adder.go;\n",
            "main.wac:2:8",
            "undefined name `adder`",
            "define it with `let adder = …;`",
        ),
        (
            "package demo:x;\nlet adder = new test:adder {};\nexport addr.go;\n",
            "main.wac:3:8",
            "undefined name `addr`",
            "did you mean `adder`?",
        ),
        (
            "package demo:x;\nlet a = new test:app {};\nexport a.go;\n",
            "main.wac:2:13",
            "missing instantiation argument `math`",
            "leave it open with `...`",
        ),
        (
            "package demo:x;\nlet a = new test:app { maths: new test:adder {} };\n",
            "main.wac:2:24",
            "no import named `maths`",
            "did you mean `math`?",
        ),
        (
            "package demo:x;\nlet a = new test:adder {};\nexport a.subtract;\n",
            "main.wac:3:9",
            "no export named `subtract`",
            "the exports are `add`",
        ),
        (
            "package demo:x;\nlet a = new test:app { math: new test:app { ... } };\n",
            "main.wac:2:24",
            "mismatched instantiation argument `math`",
            "pass an instance for `math` with all required exports",
        ),
        (
            "package demo:x;\nlet a = new demo:x {};\n",
            "main.wac:2:13",
            "the package `demo:x` cannot use itself",
            "give the document's package another name",
        ),
        (
            "package demo:x;\nlet a = new other:thing {};\n",
            "main.wac:2:13",
            "unknown package `other:thing`",
            "give its path with `--dep other:thing=PATH`, or configure a registry",
        ),
        (
            "package demo:x;\nlet a = new test:lost {};\n",
            "main.wac:2:13",
            "the file `deps/test/lost.wasm` does not exist",
            "",
        ),
        (
            "package demo:x;\nlet a = new test:adder@9.0.0 {};\n",
            "main.wac:2:13",
            "no release matching version requirement `=9.0.0`",
            "the available releases are 1.1.0, 1.0.0",
        ),
    ] {
        project.write("main.wac", text);
        run(&project, "compose main.wac")
            .code(1)
            .says(place)
            .says(said)
            .says(fix);
        assert!(!project.has("main.linked.wasm"), "{text}");
    }
    let deep = format!("package demo:x;\nlet a = {}b;\n", "(".repeat(100_000));
    project.write("main.wac", deep);
    run(&project, "compose main.wac")
        .code(1)
        .says("brackets are nested too deep")
        .says("main.wac:2:109");
}

#[test]
fn options_are_for_the_right_kind_of_file() {
    let project = documents();
    project.write("app.wasm", app("\"math\""));
    for (line, said) in [
        (
            "compose main.wac --with math=x",
            "`--with` cannot be used with a `.wac` document",
        ),
        (
            "compose main.wac --keep math",
            "`--keep` cannot be used with a `.wac` document",
        ),
        (
            "compose main.wac --trust-unpinned",
            "`--trust-unpinned` cannot be used with",
        ),
        (
            "compose app.wasm --dep a:b=c",
            "`--dep` can be used with `.wac` documents only",
        ),
        (
            "compose app.wasm --deps-dir .",
            "`--deps-dir` can be used with `.wac` documents only",
        ),
        (
            "compose main.wac --dep a:b",
            "is not of the form `PACKAGE=PATH`",
        ),
        (
            "compose main.wac --dep a:b@x=y",
            "`x` is not a valid version",
        ),
        (
            "compose main.wac --deps-dir none",
            "`--deps-dir none` is not a directory",
        ),
    ] {
        run(&project, line).code(2).says(said);
    }
    // One list of packages may serve several documents.
    run(&project, "compose main.wac --dep a:b=y -o unused.wasm")
        .ok()
        .says("warning: `--dep` gives `a:b`, but `main.wac` uses only");
    run(&project, "compose main.wac --dep test:app=none.wasm")
        .code(1)
        .says("`none.wasm`, given with `--dep` for `test:app`, does not exist");
    project.write("none.wasm", "text");
    run(&project, "compose main.wac --dep test:app=none.wasm")
        .code(1)
        .says("it is not a wasm file")
        .says("main.wac:4:15");
    assert!(!project.has("main.linked.wasm"));
}
