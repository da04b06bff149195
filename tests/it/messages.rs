//! Messages for programs: cargo's lines as they are, and one for each
//! component.

use serde_json::Value;

use crate::observe::{HELLO, bare, component};
use crate::support::{Output, Project};

const WARNS: &str = "fn main() { let unused = 1; println!(\"hello\"); }";

/// Every line, which must be JSON.
#[track_caller]
fn lines(output: &Output) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    output.stdout.lines().map(line).collect()
}

fn components(output: &Output) -> Vec<Value> {
    let mut lines = lines(output);
    lines.retain(|line| line["reason"] == "component-artifact");
    lines
}

/// Standard output without our own lines.
fn of_cargo(output: &Output) -> Vec<&str> {
    let ours = |line: &&str| line.contains("component-artifact");
    output.stdout.lines().filter(|line| !ours(line)).collect()
}

#[test]
fn a_component_is_described() {
    use sha2::Digest as _;
    let project = Project::new("--lib", "hello");
    for (fresh, line) in [
        (false, "build --message-format json"),
        (true, "build --message-format=json"),
        (true, "build --message-format json -q"),
    ] {
        let output = project.component(line).ok();
        let found = components(&output);
        assert_eq!(found.len(), 1, "{output}");
        let found = &found[0];
        let surface = component(&project, HELLO);
        let path = project.path(HELLO);
        assert_eq!(found["path"], path.to_str().unwrap());
        assert_eq!(found["world"], "component:hello/example");
        assert_eq!(found["exports"], serde_json::json!(["hello-world"]));
        assert_eq!(found["imports"], serde_json::json!(surface.imports));
        assert_eq!(found["fresh"], fresh);
        let mut digest = String::from("sha256:");
        for byte in sha2::Sha256::digest(project.bytes(HELLO)) {
            digest.push_str(&format!("{byte:02x}"));
        }
        assert_eq!(found["digest"], *digest);
        // Cargo's own message of the module it was made from; readers stop
        // at its last one.
        let all = lines(&output);
        assert_eq!(all.last().unwrap()["reason"], "build-finished");
        let artifact = all.iter().find(|line| {
            line["reason"] == "compiler-artifact" && line["package_id"] == found["package_id"]
        });
        let artifact = artifact.unwrap_or_else(|| panic!("{output}"));
        assert_eq!(artifact["target"]["name"], found["target"]["name"]);
        assert_eq!(artifact["filenames"][0], found["path"]);
    }
}

#[test]
fn cargos_lines_are_unchanged() {
    let project = bare("hello", WARNS);
    for format in [
        "json",
        "JSON",
        "json-render-diagnostics",
        "json-diagnostic-short",
        "json,json-diagnostic-rendered-ansi",
        "json-diagnostic-short,json-diagnostic-rendered-ansi",
        "json,json-render-diagnostics",
    ] {
        let ours = project
            .component(&format!("build --message-format {format}"))
            .ok();
        assert_eq!(components(&ours).len(), 1, "{format}: {ours}");
        // Both replay what the first build said.
        let ours = project
            .component(&format!("build --message-format {format}"))
            .ok();
        let plain = project
            .cargo(&format!(
                "build --target wasm32-wasip1 --message-format {format}"
            ))
            .ok();
        let expected: Vec<&str> = plain.stdout.lines().collect();
        assert!(expected.len() >= 2, "{plain}");
        assert_eq!(of_cargo(&ours), expected, "{format}");
        let warning = |output: &Output| output.stderr.matches("unused variable").count();
        assert_eq!(warning(&ours), warning(&plain), "{format}\n{ours}\n{plain}");
    }
    // Several options add up, as in cargo.
    let line = "build --message-format json --message-format json-render-diagnostics";
    let ours = project.component(line).ok().says("unused variable");
    let plain = project
        .cargo(&format!("{line} --target wasm32-wasip1"))
        .ok();
    assert_eq!(of_cargo(&ours), plain.stdout.lines().collect::<Vec<_>>());
}

#[test]
fn a_person_reads_what_cargo_renders() {
    let project = bare("hello", WARNS);
    for (line, expected) in [
        ("build", " --> src/main.rs:1:17"),
        ("build --message-format human", " --> src/main.rs:1:17"),
        (
            "build --message-format short",
            "src/main.rs:1:17: warning: unused variable",
        ),
    ] {
        // What is replayed looks as it did when it was compiled.
        project.write("src/main.rs", WARNS);
        let output = project.component(line).ok().says(expected);
        assert_eq!(output.stdout, "", "{line}");
    }
    let colours = |line: &str| project.component(line).ok().stderr.contains('\u{1b}');
    assert!(colours("build --color always"));
    assert!(!colours("build --color never"));
    for (line, message) in [
        ("build --message-format human,json", "cannot be combined"),
        (
            "build --message-format yaml",
            "unknown message format `yaml`",
        ),
        (
            "build --message-format human --message-format short",
            "more than once",
        ),
    ] {
        let output = project.component(line).says(message);
        assert_ne!(output.code, 0, "{output}");
    }
}

#[test]
fn a_build_that_fails_still_tells_in_json() {
    let project = bare("hello", "fn main() { nothing }");
    let output = project.component("build --message-format json").code(101);
    let all = lines(&output);
    assert_eq!(all.last().unwrap()["reason"], "build-finished");
    assert_eq!(all.last().unwrap()["success"], false);
    assert!(components(&output).is_empty());
}

#[test]
fn what_passes_through_speaks_json_as_cargo_does() {
    let project = bare("hello", WARNS);
    for verb in ["check", "clippy"] {
        let line = format!("{verb} --message-format json");
        project.component(&line).ok();
        let ours = project.component(&line).ok();
        let plain = project
            .cargo(&format!("{line} --target wasm32-wasip1"))
            .ok();
        assert_eq!(ours.stdout, plain.stdout, "{verb}");
        assert!(components(&ours).is_empty());
    }
}

#[test]
fn each_test_executable_is_described() {
    let project = bare("hello", "fn main() {}\n#[test] fn works() {}");
    project.write("tests/outside.rs", "#[test] fn works() {}");
    let output = project
        .component("test --no-run --message-format json")
        .ok();
    let found = components(&output);
    assert_eq!(found.len(), 3, "{output}");
    for one in found {
        let path = one["path"].as_str().unwrap();
        let path = path.strip_prefix(project.root().to_str().unwrap()).unwrap();
        component(&project, path.trim_start_matches('/'));
    }
}
