//! Components that depend on components: what they import, what is said of
//! the imports, and that one command runs them.

use cargo_component::component::names;

use crate::support::{Output, Project};

/// Functions at the root, one with a record of the root.
pub const REGEX: (&str, &str) = (
    "package fancy-components:regex@1.2.0;
world regex {
    record span { start: u32, end: u32 }
    export find: func(pattern: string, text: string) -> option<span>;
}
",
    "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn find(pattern: String, text: String) -> Option<bindings::Span> {
        let start = text.find(&pattern)?;
        Some(bindings::Span { start: start as u32, end: (start + pattern.len()) as u32 })
    }
}
bindings::export!(Component with_types_in bindings);
",
);

pub const TRANSCODER: (&str, &str) = (
    "package fancy-components:transcoder@0.3.1;
world transcoder { export upper: func(text: string) -> string; }
",
    "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn upper(text: String) -> String { text.to_uppercase() }
}
bindings::export!(Component with_types_in bindings);
",
);

/// A program that uses both.
pub const APP: &str = "mod bindings;
fn main() {
    let span = bindings::regex::find(\"lo\", \"hello\").unwrap();
    println!(\"{} {}..{}\", bindings::transcoder::upper(\"found\"), span.start, span.end);
}
";

/// A library crate in `dir` that is the package `<dir>` of `fancy-components`.
pub fn library(project: &Project, dir: &str, version: &str, (wit, code): (&str, &str), more: &str) {
    let name = dir.rsplit('/').next().unwrap();
    project
        .write(
            &format!("{dir}/Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n{RUNTIME}\
                 [package.metadata.component]\npackage = \"fancy-components:{name}\"\n{more}"
            ),
        )
        .write(&format!("{dir}/wit/world.wit"), wit)
        .write(&format!("{dir}/src/lib.rs"), code);
}

/// A program in `dir` that has these lines in its manifest and no world.
pub fn program(project: &Project, dir: &str, code: &str, more: &str) {
    project
        .write(
            &format!("{dir}/Cargo.toml"),
            format!(
                "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{RUNTIME}\
                 [package.metadata.component]\n{more}"
            ),
        )
        .write(&format!("{dir}/src/main.rs"), code);
}

pub const RUNTIME: &str = "[dependencies]\nwit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }\n";

/// Makes every crate of the project a member of one workspace.
pub fn workspace(project: &Project, members: &[&str]) {
    project.write(
        "Cargo.toml",
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
    );
}

/// Lets crates that are no workspace share what is compiled.
pub fn one_target(project: &Project) {
    project.write(
        ".cargo/config.toml",
        format!(
            "[build]\ntarget-dir = {:?}\n",
            project.path("target").display().to_string()
        ),
    );
}

/// Runs a command line with a cache of the project's own.
pub fn run(project: &Project, line: &str) -> Output {
    project.write("config.toml", "");
    run_with(project, line)
}

/// As [`run`], with the configuration there is.
pub fn run_with(project: &Project, line: &str) -> Output {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let config = project.path("config.toml");
    let config = config.display();
    let mut command = project.command(&format!("{verb} --registry-config '{config}' {rest}"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

/// The imports of a component that say where they come from, or what they
/// implement.
pub fn hints(component: &[u8]) -> Vec<(String, Option<String>, Option<String>)> {
    names::imports(component)
        .unwrap()
        .into_iter()
        .filter(|name| name.external_id.is_some() || name.implements.is_some())
        .map(|name| (name.name, name.implements, name.external_id))
        .collect()
}

fn hint(name: &str, id: &str) -> (String, Option<String>, Option<String>) {
    (name.to_owned(), None, Some(id.to_owned()))
}

/// The component is valid, and every reader of components reads it.
pub fn sound(component: &[u8]) {
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
        .validate_all(component)
        .unwrap();
    wit_component::decode(component).unwrap();
}

const BY_PATH: &str = "[package.metadata.component.dependencies]
\"fancy-components:regex\" = { path = \"../regex\" }
\"fancy-components:transcoder\" = { path = \"../transcoder\" }
";

const APP_WASM: &str = "target/wasm32-wasip1/debug/app.wasm";

/// The two libraries and the program, in directories beside each other.
fn crates() -> Project {
    let project = Project::empty();
    library(&project, "regex", "1.2.0", REGEX, "");
    library(&project, "transcoder", "0.3.1", TRANSCODER, "");
    program(&project, "app", APP, BY_PATH);
    project
}

#[test]
fn members_of_a_workspace_depend_on_each_other() {
    let project = crates();
    workspace(&project, &["app", "regex", "transcoder"]);
    let output = run(&project, "run -p app").ok().prints("FOUND 3..5\n");
    assert_eq!(output.stderr.matches("Creating").count(), 3, "{output}");
    assert_eq!(output.stderr.matches("Linking").count(), 1, "{output}");
    let component = project.bytes(APP_WASM);
    sound(&component);
    let expected =
        |regex: &str, transcoder: &str| vec![hint("regex", regex), hint("transcoder", transcoder)];
    assert_eq!(
        hints(&component),
        expected(
            "wasm-pkg:fancy-components:regex@1.2.0",
            "wasm-pkg:fancy-components:transcoder@0.3.1"
        )
    );
    // A build of everything finds all of it done.
    run(&project, "build")
        .ok()
        .silent_on("Creating")
        .silent_on("Linking")
        .silent_on("Generating");
    // The neutral form is that of a path already.
    let table = "[package.metadata.component]\n";
    project.replace(
        "app/Cargo.toml",
        table,
        &format!("{table}hints = \"package\"\n"),
    );
    run(&project, "build -p app").ok().silent_on("Creating");
    project.replace("app/Cargo.toml", "\"package\"", "\"none\"");
    run(&project, "run -p app")
        .ok()
        .prints("FOUND 3..5\n")
        .says("Creating component");
    let component = project.bytes(APP_WASM);
    sound(&component);
    assert_eq!(hints(&component), []);
    // Nothing that was made says where it was made.
    let place = project.root().display().to_string();
    let bindings = project.read("app/src/bindings.rs");
    assert!(!bindings.contains(&place), "{bindings}");
    assert!(!project.has("Cargo-component.lock"));
}

#[test]
fn crates_of_their_own_are_built_first_and_files_taken_as_they_are() {
    let project = crates();
    one_target(&project);
    run(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("FOUND 3..5\n");
    let expected = hints(&project.bytes(APP_WASM));
    assert_eq!(
        expected[0],
        hint("regex", "wasm-pkg:fancy-components:regex@1.2.0")
    );
    assert_eq!(expected.len(), 2);
    let bindings = project.read("app/src/bindings.rs");
    // The same components, as files under names that say nothing.
    for (file, name) in [("regex", "r"), ("transcoder", "t")] {
        let bytes = project.bytes(&format!("target/wasm32-wasip1/debug/{file}.wasm"));
        project.write(&format!("app/{name}.wasm"), bytes);
        project.replace(
            "app/Cargo.toml",
            &format!("../{file}"),
            &format!("{name}.wasm"),
        );
        std::fs::remove_dir_all(project.path(file)).unwrap();
    }
    run(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("FOUND 3..5\n")
        .silent_on("Creating component target/wasm32-wasip1/debug/regex.wasm");
    assert_eq!(hints(&project.bytes(APP_WASM)), expected);
    assert_eq!(project.read("app/src/bindings.rs"), bindings);
}

/// A library with a resource in an exported interface.
pub const COUNTERS: (&str, &str) = (
    "package fancy-components:counters@1.0.0;
interface api { resource counter { constructor(at: u32); next: func() -> u32; } }
world counters { export api; }
",
    "mod bindings;
use bindings::exports::fancy_components::counters::api::{Guest, GuestCounter};
use std::cell::Cell;
struct Component;
struct Counter(Cell<u32>);
impl GuestCounter for Counter {
    fn new(at: u32) -> Self { Counter(Cell::new(at)) }
    fn next(&self) -> u32 { self.0.set(self.0.get() + 1); self.0.get() }
}
impl Guest for Component { type Counter = Counter; }
bindings::export!(Component with_types_in bindings);
",
);

#[test]
fn a_resource_of_an_interface_crosses_the_boundary() {
    let project = Project::empty();
    library(&project, "counters", "1.0.0", COUNTERS, "");
    program(
        &project,
        "app",
        "mod bindings;
fn main() {
    let counter = bindings::fancy_components::counters::api::Counter::new(6);
    counter.next();
    println!(\"{}\", counter.next());
}
",
        "[package.metadata.component.dependencies]\ncounting = { path = \"../counters\" }\n",
    );
    workspace(&project, &["app", "counters"]);
    run(&project, "run -p app").ok().prints("8\n");
    let component = project.bytes(APP_WASM);
    sound(&component);
    assert_eq!(
        hints(&component),
        [hint(
            "fancy-components:counters/api@1.0.0",
            "wasm-pkg:fancy-components:counters@1.0.0"
        )]
    );
}

/// A component of a module and the one world of some WIT.
pub fn made(wit: &str, module: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}
