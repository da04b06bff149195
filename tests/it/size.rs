//! `cargo component size`: parts, crates and the reasons for imports, of files and builds.

use crate::components::{APP, REGEX, TRANSCODER, library, program, run, workspace};
use crate::support::Project;

/// The number in a column of the first line that begins with a word.
fn column(text: &str, word: &str, column: usize) -> usize {
    let line = text
        .lines()
        .find(|line| line.split_whitespace().next() == Some(word))
        .unwrap_or_else(|| panic!("no line begins with {word}:\n{text}"));
    line.split_whitespace()
        .nth(column)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn the_parts_of_a_program_add_up_and_imports_have_reasons() {
    let project = Project::new("", "hello").with_debug_info();
    project.write(
        "src/main.rs",
        "fn main() {\n    let file = std::fs::read_to_string(\"a\");\n    println!(\"{file:?}\");\n}\n",
    );
    let output = project.component("size --release --top 5").ok();
    let path = "target/wasm32-wasip1/release/hello.wasm";
    let bytes = project.bytes(path).len();
    let output = output
        .prints(&format!("{path}: {bytes} bytes\n"))
        .prints("code by crate:\n")
        .prints("wasi:filesystem/types ← std::")
        .prints(" ← hello::main\n");
    assert_eq!(column(&output.stdout, "hello", 1), bytes, "{output}");
    assert!(column(&output.stdout, "std", 1) > 1000, "{output}");
    // The same of the file.
    let again = project.component(&format!("size {path} --top 5")).ok();
    assert_eq!(again.stdout, output.stdout);
    let json = project
        .component(&format!("size --format json {path}"))
        .ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let part = &json[0]["parts"][0];
    let sum: u64 = [
        "code", "data", "types", "names", "debug", "adapter", "custom",
    ]
    .iter()
    .map(|kind| part[kind].as_u64().unwrap())
    .sum();
    assert_eq!(
        (sum, json[0]["bytes"].as_u64().unwrap()),
        (bytes as u64, bytes as u64)
    );
    assert!(
        part["adapter"].as_u64().unwrap() > 0 && part["debug"] == 0,
        "{json}"
    );
    let import = |name: &str| {
        let imports = json[0]["imports"].as_array().unwrap();
        imports.iter().find(|at| at["interface"] == name).cloned()
    };
    let filesystem = import("wasi:filesystem/types").unwrap();
    assert_eq!(filesystem["callers"][0]["crate"], "hello", "{json}");
    assert_eq!(import("wasi:sockets/tcp"), None);
}

#[test]
fn a_linked_component_is_told_by_its_parts() {
    let project = Project::empty().with_debug_info();
    library(&project, "regex", "1.2.0", REGEX, "");
    library(&project, "transcoder", "0.3.1", TRANSCODER, "");
    let dependencies = "[package.metadata.component.dependencies]
\"fancy-components:regex\" = { path = \"../regex\" }
\"fancy-components:transcoder\" = { path = \"../transcoder\" }
";
    program(&project, "app", APP, dependencies);
    workspace(&project, &["app", "regex", "transcoder"]);
    let output = run(&project, "size -p app")
        .ok()
        .prints("target/wasm32-wasip1/debug/app.wasm, linked with its dependencies: ");
    let parts: usize = ["app", "regex", "transcoder", "(the"]
        .iter()
        .map(|part| match *part {
            // Its name has three words.
            "(the" => column(&output.stdout, part, 3),
            part => column(&output.stdout, part, 1),
        })
        .sum();
    assert_eq!(parts, column(&output.stdout, "all", 1), "{output}");
    output
        .prints("std (in `regex`) ")
        .prints("wasi:cli/stderr (in `transcoder`) ← ");
}

#[test]
fn what_has_no_names_or_is_no_component_is_said() {
    let project = Project::new("--lib", "hello").with_debug_info();
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[profile.release]\nstrip = true\n"),
    );
    project
        .component("size -r")
        .ok()
        .prints("has no names, so its crates are not known")
        .prints("strip = \"debuginfo\"");
    project
        .component("size Cargo.toml")
        .code(1)
        .says("error: failed to read `Cargo.toml`")
        .says("help: give a component");
    project
        .component("size Cargo.toml --release")
        .code(2)
        .says("cannot be used with");
    project
        .component("size nowhere.wasm")
        .code(1)
        .says("nowhere.wasm");
}
