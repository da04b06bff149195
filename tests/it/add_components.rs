//! `add` and `remove` of components, by path.

use crate::support::{Output, Project, example};

/// The example of components, with a program `new` that depends on nothing yet.
fn project() -> Project {
    let project = example("components");
    project.component("new --vcs none new").ok();
    project
}

fn manifest(project: &Project) -> String {
    project.read("new/Cargo.toml")
}

fn run(project: &Project) -> Output {
    project.component("run -p new")
}

#[test]
fn a_path_says_which_package_it_is() {
    let project = project();
    // Relative to where the user stands, and written relative to the manifest.
    project
        .component("add -p new --path regex")
        .ok()
        .says("Added dependency `example:regex` from path `regex`")
        .says("the package is a component");
    let text = manifest(&project);
    assert!(
        text.contains("\"example:regex\" = { path = \"../regex\" }"),
        "{text}"
    );
    project
        .component("add -p new example:regex --path regex --name re")
        .ok();
    project.write(
        "new/src/main.rs",
        "mod bindings;\nfn main() { println!(\"{}\", bindings::re::is_match(\"b\", \"abc\") && bindings::regex::is_match(\"c$\", \"abc\")) }\n",
    );
    run(&project).ok().prints("true\n");
    project.component("remove -p new re example:regex").ok();
    assert!(!manifest(&project).contains("regex"));
}

#[test]
fn what_is_wrong_with_a_path_is_told() {
    let project = project();
    project
        .write("empty/read.me", "")
        .write("broken.wit", "package a:b; interface {")
        .write("own.wit", "package a:mine@1.0.0; interface i {}");
    let before = manifest(&project);
    for (line, code, said) in [
        ("add -p new", 2, "<PACKAGE>"),
        (
            "add -p new --path nothing",
            1,
            "the path `nothing` does not exist",
        ),
        (
            "add -p new example:other --path regex",
            1,
            "`regex` contains the package `example:regex`, not `example:other`",
        ),
        ("add -p new --path empty", 1, "there is no WIT in `"),
        ("add -p new --path broken.wit", 1, "broken.wit:1:"),
        (
            "add -p new a:other --path own.wit",
            1,
            "contains the package `a:mine`, not `a:other`",
        ),
        (
            "add -p new --path regex --oci host/x:1",
            2,
            "cannot be used with",
        ),
        ("add -p new --oci host", 1, "host"),
    ] {
        project.component(line).code(code).says(said);
        assert_eq!(manifest(&project), before, "{line}");
    }
}

#[test]
fn a_file_needs_a_name_and_may_move_what_was_there() {
    let project = project();
    project.component("build -p transcoder").ok();
    let file = "target/wasm32-wasip1/debug/transcoder.wasm";
    project.component("add -p new --path transcoder").ok();
    project
        .component(&format!("add -p new --path {file}"))
        .code(2)
        .says("set a label with `--name`");
    project
        .component("bindings -p new")
        .ok()
        .silent_on("it is imported as");
    project
        .component(&format!("add -p new --path {file} --name other"))
        .ok();
    let text = manifest(&project);
    assert!(
        text.contains(&format!("other = {{ path = \"../{file}\" }}")),
        "{text}"
    );
    project.component("bindings -p new").ok().says(
        "`other` and `example:transcoder` export `example:transcoder/decoding`: it is imported as `other-decoding` and `transcoder-decoding`",
    );
    let bindings = project.read("new/src/bindings.rs");
    assert!(bindings.contains("pub mod other_decoding"));
    assert!(bindings.contains("pub mod transcoder_decoding"));
}

#[test]
fn what_moves_is_told_at_once() {
    let project = Project::empty();
    let component = |interface: &str| {
        let text = format!("(component (instance $i) (export \"{interface}\" (instance $i)))");
        wat::parse_str(text).unwrap()
    };
    project.write(
        "Cargo.toml",
        "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n[package.metadata.component]\n",
    );
    project.write("src/lib.rs", "");
    project.write("one.wasm", component("a:b/c@1.0.0"));
    project.write("two.wasm", component("a:b/c@1.2.0"));
    project.write("three.wasm", component("a:b/c@2.0.0"));
    let moves = "`one` also exports `a:b/c@1.0.0`: from the next build on";
    for (name, told) in [("one", false), ("three", false), ("two", true)] {
        let line = format!("add --path {name}.wasm --name {name}");
        let output = project.component(&line).ok();
        assert_eq!(output.stderr.contains(moves), told, "{output}");
        assert!(!output.stderr.contains("`three`, too"), "{output}");
    }
}

#[test]
fn wit_in_a_path_says_which_package_it_is() {
    let project = Project::empty();
    project
        .write(
            "Cargo.toml",
            "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }\n\
             [package.metadata.component]\n",
        )
        .write("src/lib.rs", "")
        .write("shared/http/types.wit", "interface types { }")
        .write(
            "shared/http/http.wit",
            "package my:http@0.2.0;\ninterface http { }",
        )
        .write(
            "shared/one.wit",
            "// A file.\npackage my:one;\ninterface i { }",
        );
    for (path, package) in [("shared/http", "my:http"), ("shared/one.wit", "my:one")] {
        project
            .component(&format!("add --path {path}"))
            .ok()
            .says(&format!("Added dependency `{package}` from path `{path}`"))
            .says("the package is a WIT package");
        let entry = format!("\"{package}\" = {{ path = \"{path}\" }}");
        assert!(project.read("Cargo.toml").contains(&entry), "{entry}");
    }
    project
        .write(
            "wit/world.wit",
            "package my:guest; world guest { import my:http/http@0.2.0; import my:one/i; }",
        )
        .component("bindings")
        .ok();
}
