//! Builds of components that depend on components: their order, what an edit
//! leads to, and the verbs beside `build` and `run`.

use crate::components::{
    APP, COUNTERS, REGEX, TRANSCODER, library, made, one_target, program, run, workspace,
};
use crate::serve::Server;
use crate::support::{Output, Project};

const OF_APP: &str = "[package.metadata.component.dependencies]
regex = { path = \"../regex\" }
transcoder = { path = \"../transcoder\" }
";

/// A workspace of the program and what it depends on.
fn project() -> Project {
    let project = Project::empty();
    library(&project, "regex", "1.2.0", REGEX, "");
    library(&project, "transcoder", "0.3.1", TRANSCODER, "");
    program(&project, "app", APP, OF_APP);
    workspace(&project, &["app", "regex", "transcoder"]);
    project
}

#[track_caller]
fn nothing_new(output: Output) {
    output
        .ok()
        .silent_on("Creating")
        .silent_on("Linking")
        .silent_on("Generating")
        .silent_on("Compiling");
}

#[test]
fn an_edit_is_built_and_linked_and_nothing_else_is() {
    let project = project();
    run(&project, "run -p app").ok().prints("FOUND 3..5\n");
    nothing_new(run(&project, "run -p app"));
    nothing_new(run(&project, "build -p app"));
    let bindings = project.path("app/src/bindings.rs");
    let written = || std::fs::metadata(&bindings).unwrap().modified().unwrap();
    let before = written();

    // Code of a dependency: it is built and linked; the application stays.
    project.replace(
        "transcoder/src/lib.rs",
        "to_uppercase()",
        "to_uppercase() + \"!\"",
    );
    let output = run(&project, "run -p app").ok().prints("FOUND! 3..5\n");
    assert_eq!(output.stderr.matches("Creating").count(), 1, "{output}");
    assert_eq!(output.stderr.matches("Compiling").count(), 1, "{output}");
    let output = output
        .says("Creating component target/wasm32-wasip1/debug/transcoder.wasm")
        .silent_on("Generating");
    assert_eq!(output.stderr.matches("Linking").count(), 1, "{output}");
    assert_eq!(written(), before);
    nothing_new(run(&project, "run -p app"));

    // Its world: the bindings of the application follow.
    project
        .replace(
            "transcoder/wit/world.wit",
            "export upper: func(text: string)",
            "export upper: func(text: string, again: u32)",
        )
        .replace(
            "transcoder/src/lib.rs",
            "upper(text: String)",
            "upper(text: String, again: u32)",
        )
        .replace(
            "transcoder/src/lib.rs",
            "to_uppercase()",
            "repeat(again as usize).to_uppercase()",
        );
    run(&project, "build -p app")
        .code(101)
        .says("Generating bindings for app");
    project.replace("app/src/main.rs", "upper(\"found\")", "upper(\"ab\", 2)");
    run(&project, "run -p app").ok().prints("ABAB! 3..5\n");
    assert!(written() > before);

    // Another version of it: the hint of the application follows.
    project.replace("transcoder/Cargo.toml", "0.3.1", "0.3.2");
    run(&project, "build -p app")
        .ok()
        .says("Creating component target/wasm32-wasip1/debug/app.wasm");
    nothing_new(run(&project, "build -p app"));
}

#[test]
fn verbs_beside_build_know_the_imports() {
    let project = project();
    project.write(
        "app/tests/linked.rs",
        "mod bindings { include!(\"../src/bindings.rs\"); }
#[test]
fn finds() { assert_eq!(bindings::regex::find(\"b\", \"abc\").unwrap().start, 1); }
",
    );
    run(&project, "check -p app")
        .ok()
        .says("Generating bindings for app");
    run(&project, "clippy -p app").ok();
    run(&project, "bindings --check -p app").ok();
    let output = run(&project, "test -p app")
        .ok()
        .prints("test finds ... ok");
    assert!(output.stderr.contains("Linking"), "{output}");
    run(&project, "metadata --format-version 1")
        .ok()
        .prints("\"regex\"");
    // With other bindings on the disk the check fails and nothing is written.
    let bindings = project.read("app/src/bindings.rs");
    project.write("app/src/bindings.rs", "// old");
    run(&project, "bindings --check -p app")
        .code(1)
        .says("app/src/bindings.rs");
    assert_eq!(project.read("app/src/bindings.rs"), "// old");
    run(&project, "bindings -p app").ok();
    assert_eq!(project.read("app/src/bindings.rs"), bindings);
    run(&project, "tree -p app")
        .ok()
        .prints("transcoder (component)");
    // Messages end once, after those of everything.
    let json = run(&project, "build -p app --message-format=json")
        .ok()
        .stdout;
    assert_eq!(json.matches("\"build-finished\"").count(), 1, "{json}");
    assert_eq!(json.matches("\"component-artifact\"").count(), 3, "{json}");
    assert!(
        json.trim_end()
            .ends_with("{\"reason\":\"build-finished\",\"success\":true}"),
        "{json}"
    );
    // The profile and the target go to what is built first.
    run(&project, "run -p app --release --target wasm32-wasip2")
        .ok()
        .prints("FOUND 3..5\n")
        .says("target/wasm32-wasip2/release/regex.wasm");
}

#[test]
fn what_is_linked_is_of_the_same_profile() {
    let project = project();
    project.replace(
        "transcoder/src/lib.rs",
        "to_uppercase()",
        "to_uppercase() + if cfg!(debug_assertions) { \" (debug)\" } else { \"\" }",
    );
    run(&project, "run -p app")
        .ok()
        .prints("FOUND (debug) 3..5\n");
    run(&project, "run -p app --release")
        .ok()
        .prints("FOUND 3..5\n");
    run(&project, "run -p app")
        .ok()
        .prints("FOUND (debug) 3..5\n");
}

#[test]
fn a_chain_of_directories_is_built_from_its_end() {
    let project = Project::empty();
    one_target(&project);
    library(&project, "transcoder", "0.3.1", TRANSCODER, "");
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
        "[package.metadata.component.dependencies]\ntranscoder = { path = \"../transcoder\" }\n",
    );
    program(
        &project,
        "app",
        "mod bindings;
fn main() { println!(\"{} {}\", bindings::shout::shout(\"a\"), bindings::transcoder::upper(\"b\")); }
",
        "[package.metadata.component.dependencies]\nshout = { path = \"../shout\" }\ntranscoder = { path = \"../transcoder\" }\n",
    );
    let line = "run --manifest-path app/Cargo.toml";
    let output = run(&project, line).ok().prints("A! B\n");
    // Each once, what is needed first.
    let made: Vec<&str> = output
        .stderr
        .lines()
        .filter_map(|line| line.split_once("Creating component "))
        .map(|(_, path)| path.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        made,
        ["transcoder.wasm", "shout.wasm", "app.wasm"],
        "{output}"
    );
    nothing_new(run(&project, line));
    project.replace("transcoder/src/lib.rs", "to_uppercase", "to_lowercase");
    run(&project, line).ok().prints("a! b\n");
    // What was built is linked as it was built, whatever it says of that.
    project.replace(
        "shout/Cargo.toml",
        "[package.metadata.component]\n",
        "[package.metadata.component]\nhints = \"none\"\n",
    );
    run(&project, line).ok().prints("a! b\n");
}

#[test]
fn what_is_linked_at_the_end_of_a_chain_is_what_the_manifests_say() {
    let project = Project::empty();
    let end = |number: u32| {
        made(
            "package demo:end@1.0.0; world end { export answer: func() -> u32; }",
            &format!("(module (func (export \"answer\") (result i32) i32.const {number}))"),
        )
    };
    project
        .write("first.wasm", end(1))
        .write("second.wasm", end(2));
    for (name, needs, path) in [
        ("middle", "end", "../first.wasm"),
        ("outer", "middle", "../middle"),
    ] {
        library(
            &project,
            name,
            "1.0.0",
            (
                &format!(
                    "package fancy-components:{name};\nworld {name} {{ export answer: func() -> u32; }}\n"
                ),
                &format!(
                    "mod bindings;
struct Component;
impl bindings::Guest for Component {{
    fn answer() -> u32 {{ bindings::{needs}::answer() + 10 }}
}}
bindings::export!(Component with_types_in bindings);
"
                ),
            ),
            &format!(
                "[package.metadata.component.dependencies]\n{needs} = {{ path = \"{path}\" }}\n"
            ),
        );
    }
    program(
        &project,
        "app",
        "mod bindings;\nfn main() { println!(\"{}\", bindings::outer::answer()); }\n",
        "[package.metadata.component.dependencies]\nouter = { path = \"../outer\" }\n",
    );
    workspace(&project, &["app", "middle", "outer"]);
    run(&project, "run -p app").ok().prints("21\n");
    let components = || {
        ["app", "middle", "outer"]
            .map(|name| project.bytes(&format!("target/wasm32-wasip1/debug/{name}.wasm")))
    };
    let before = components();
    project.replace("middle/Cargo.toml", "first.wasm", "second.wasm");
    run(&project, "run -p app")
        .ok()
        .prints("22\n")
        .says("Linking");
    // No component says so, only what they are linked with.
    assert_eq!(components(), before);
    nothing_new(run(&project, "run -p app"));
}

/// A component that exports `demo:one/api` and gives a number.
fn one(name: &str, answer: u32) -> Vec<u8> {
    made(
        &format!(
            "package demo:{name}@1.0.0;
             world {name} {{ export demo:one/api@1.0.0; }}
             package demo:one@1.0.0 {{ interface api {{ answer: func() -> u32; }} }}"
        ),
        &format!(
            "(module (func (export \"demo:one/api@1.0.0#answer\") (result i32) i32.const {answer}))"
        ),
    )
}

#[test]
fn two_that_export_one_interface_have_labels() {
    let project = Project::empty();
    project
        .write("first.wasm", one("first", 1))
        .write("second.wasm", one("second", 2));
    program(
        &project,
        ".",
        "mod bindings;
fn main() { println!(\"{} {}\", bindings::first_api::answer(), bindings::other_api::answer()); }
",
        "[package.metadata.component.dependencies]\n\"demo:first\" = { path = \"first.wasm\" }\nother = { path = \"second.wasm\" }\n",
    );
    run(&project, "run").ok().prints("1 2\n");
    let component = project.bytes("target/wasm32-wasip1/debug/app.wasm");
    crate::components::sound(&component);
    let implements = || Some("demo:one/api@1.0.0".to_owned());
    // What has no package is found nowhere.
    let expected = [
        (
            "first-api".to_owned(),
            implements(),
            Some("wasm-pkg:demo:first".to_owned()),
        ),
        ("other-api".to_owned(), implements(), None),
    ];
    assert_eq!(crate::components::hints(&component), expected);
}

#[test]
fn types_of_the_world_are_those_of_the_dependency() {
    let project = Project::empty();
    library(
        &project,
        "mover",
        "1.0.0",
        (
            "package fancy-components:mover@1.0.0;
interface types { record point { x: u32, y: u32 } }
interface moving { use types.{point}; shift: func(at: point) -> point; }
world mover { export moving; }
",
            "mod bindings;
use bindings::exports::fancy_components::mover::moving::{Guest, Point};
struct Component;
impl Guest for Component {
    fn shift(at: Point) -> Point { Point { x: at.x + 1, y: at.y } }
}
bindings::export!(Component with_types_in bindings);
",
        ),
        "",
    );
    library(
        &project,
        "far",
        "1.0.0",
        (
            "package fancy-components:far@1.0.0;
world far {
    use fancy-components:mover/types@1.0.0.{point};
    export far: func(at: point) -> point;
}
",
            "mod bindings;
use bindings::Point;
struct Component;
impl bindings::Guest for Component {
    fn far(at: Point) -> Point {
        use bindings::fancy_components::mover::moving::shift;
        shift(shift(at))
    }
}
bindings::export!(Component with_types_in bindings);
",
        ),
        "[package.metadata.component.target.dependencies]\n\"fancy-components:mover\" = { path = \"../mover/wit\" }\n\
         [package.metadata.component.dependencies]\nmover = { path = \"../mover\" }\n",
    );
    workspace(&project, &["mover", "far"]);
    run(&project, "run -p far --invoke 'far({x: 1, y: 5})'")
        .ok()
        .prints("{x: 3, y: 5}\n");
}

#[test]
fn what_a_dependency_needs_of_wasi_is_not_in_our_world() {
    let project = Project::empty();
    let (wit, code) = TRANSCODER;
    let code = code.replace(
        "text.to_uppercase()",
        "println!(\"seen {text}\"); text.to_uppercase()",
    );
    library(&project, "transcoder", "0.3.1", (wit, &code), "");
    library(
        &project,
        "pure",
        "0.1.0",
        (
            "package fancy-components:pure;\nworld pure { export go: func() -> string; }\n",
            "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn go() -> String { bindings::transcoder::upper(\"x\") }
}
bindings::export!(Component with_types_in bindings);
",
        ),
        "[package.metadata.component.dependencies]\ntranscoder = { path = \"../transcoder\" }\n",
    );
    workspace(&project, &["pure", "transcoder"]);
    run(&project, "run -p pure --invoke 'go()'")
        .ok()
        .prints("seen x\n")
        .prints("\"X\"");
    let bindings = project.read("pure/src/bindings.rs");
    assert!(!bindings.contains("wasi"), "{bindings}");
}

#[test]
fn the_paths_of_0_21_1_lead_somewhere() {
    let project = project();
    library(&project, "counters", "1.0.0", COUNTERS, "");
    workspace(&project, &["app", "regex", "transcoder", "counters"]);
    project.write(
        "app/Cargo.toml",
        project
            .read("app/Cargo.toml")
            .replace("\nregex =", "\n\"fancy-components:regex\" =")
            .replace("\ntranscoder =", "\n\"fancy-components:counters\" = { path = \"../counters\" }\n\"fancy-components:transcoder\" ="),
    );
    project.write(
        "app/src/main.rs",
        "#[allow(warnings)]
mod bindings;
use bindings::fancy_components::counters::fancy_components_counters_api::Counter;
fn main() {
    let counter = Counter::new(1);
    let span = bindings::fancy_components_regex::find(\"b\", \"abc\").unwrap();
    println!(\"{} {} {}\", counter.next(), span.start, bindings::fancy_components_transcoder::upper(\"x\"));
}
",
    );
    run(&project, "run -p app").ok().prints("2 1 X\n");
}

#[test]
fn a_handler_is_served_with_what_it_needs() {
    let project = crate::support::example("http");
    let answer = |number: u32| {
        let wit = "package demo:answer@1.0.0; world answer { export answer: func() -> u32; }";
        let module = format!("(module (func (export \"answer\") (result i32) i32.const {number}))");
        project.write("answer.wasm", made(wit, &module));
    };
    answer(42);
    project
        .replace(
            "Cargo.toml",
            "[workspace]",
            "[package.metadata.component.dependencies]\nanswer = { path = \"answer.wasm\" }\n\n[workspace]",
        )
        .replace(
            "src/lib.rs",
            "b\"Hello from wasi:http 0.2\\n\".to_vec()",
            "format!(\"the answer is {}\\n\", bindings::answer::answer()).into_bytes()",
        );
    for number in [42, 7] {
        answer(number);
        let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
        let answer = server.ask("GET /", "");
        assert!(
            answer.ends_with(&format!("the answer is {number}\n")),
            "{answer}"
        );
        let (_, said) = server.interrupt();
        assert!(said.contains("Linking"), "{said}");
        // A file that was replaced is linked; the handler stays as it is.
        assert_eq!(said.contains("Creating"), number == 42, "{said}");
    }
}

#[test]
fn an_asynchronous_function_is_awaited() {
    let project = Project::empty();
    project.write(
        "slow.wasm",
        made(
            "package demo:slow@1.0.0; world slow { export later: async func(n: u32) -> u32; }",
            "(module (func (export \"later\") (param i32) (result i32)
               (i32.add (local.get 0) (i32.const 1))))",
        ),
    );
    program(
        &project,
        ".",
        "mod bindings;
fn main() { println!(\"{}\", wit_bindgen::block_on(async { bindings::slow::later(4).await })); }
",
        "[package.metadata.component.dependencies]\nslow = { path = \"slow.wasm\" }\n",
    );
    project.replace(
        "Cargo.toml",
        "[\"realloc\"]",
        "[\"realloc\", \"async\", \"std\"]",
    );
    run(&project, "run").ok().prints("5\n");
}
