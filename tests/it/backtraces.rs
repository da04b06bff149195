//! Where a component failed: files and lines of the source, in a library, a program and a
//! dependency, from both compilers of the engine.

use crate::components::{library, program, run, workspace};
use crate::support::{Output, Project};

/// A library that fails two calls below its export, one of them inlined.
const LIBRARY: &str = "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn hello_world() -> String {
        checked(\"x\").to_string()
    }
}
#[inline(always)]
fn checked(text: &str) -> usize {
    deeper(text) + 1
}
#[inline(never)]
fn deeper(text: &str) -> usize {
    if text == \"x\" {
        panic!(\"on purpose\");
    }
    text.len()
}
bindings::export!(Component with_types_in bindings);
";

/// What is said of it with files and lines.
const LINES: &str = "error: the component trapped

Caused by:
  wasm trap: wasm `unreachable` instruction executed
  stack backtrace:
     0: hello::deeper
               at src/lib.rs:15:9
     1: hello::checked
               at src/lib.rs:10:5
     2: <hello::Component as hello::bindings::Guest>::hello_world
               at src/lib.rs:5:9
";

/// The library, with these lines at the end of its manifest.
fn failing(more: &str) -> Project {
    let project = Project::new("--lib", "hello").with_debug_info();
    let manifest = project.read("Cargo.toml");
    project
        .write("Cargo.toml", format!("{manifest}\n{more}\n"))
        .write("src/lib.rs", LIBRARY);
    project
}

/// Calls the library with this value of `RUST_BACKTRACE`.
fn call(project: &Project, options: &str, backtrace: &str) -> Output {
    let mut command = project.command(&format!("run {options} --invoke 'hello-world()'"));
    command.env("RUST_BACKTRACE", backtrace);
    project.run(command).code(134).says("on purpose")
}

#[test]
fn a_panic_of_a_library_shows_files_and_lines() {
    let project = failing("");
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        project
            .component(&format!("run --target {target} --invoke 'hello-world()'"))
            .code(134)
            .says("on purpose")
            .says(LINES)
            .silent_on("     3: ");
    }
    let component = project.path("target/wasm32-wasip1/debug/hello.wasm");
    let component = component.display().to_string();
    call(&project, &format!("--component '{component}'"), "1").says(LINES);
    // Paths are those from the directory of the user.
    project.write("below/file", "");
    let mut command = project.command("run --invoke 'hello-world()'");
    command.current_dir(project.path("below"));
    let place = format!("at {}:15:9", project.path("src/lib.rs").display());
    project.run(command).code(134).says(&place);
    call(&project, "", "0")
        .says("`unreachable` instruction executed\n")
        .silent_on("stack backtrace")
        .silent_on("src/lib.rs:10");
    call(&project, "", "full")
        .says("core::panicking::panic_fmt\n")
        .says("hello::bindings::_export_hello_world_cabi")
        .says("at src/lib.rs:15:9\n")
        .says("hello-world\n");
}

#[test]
fn optimized_code_has_lines_if_it_has_debug_information() {
    let project = failing(
        "[profile.release]\ndebug = true\n[profile.lines]\ninherits = \"release\"\ndebug = \"line-tables-only\"",
    );
    // Names of inlined functions have no path in tables of lines, as in Rust's own backtraces.
    for (profile, inlined) in [
        (
            "release",
            ": <hello::Component as hello::bindings::Guest>::hello_world\n",
        ),
        ("lines", "     2: hello_world\n"),
    ] {
        call(&project, &format!("--profile {profile}"), "1")
            .says("     0: hello::deeper\n               at src/lib.rs:15:9\n")
            .says(&format!("{inlined}               at src/lib.rs:5:"))
            .silent_on("cabi")
            .silent_on("src/bindings.rs");
    }
}

#[test]
fn a_component_without_debug_information_keeps_its_names() {
    let project = failing("");
    call(&project, "--release", "1")
        .says("`unreachable` instruction executed\n")
        .silent_on("stack backtrace");
    call(&project, "--release", "full")
        .says("  stack backtrace:\n     0: ")
        .says(": hello::deeper\n")
        .silent_on("src/lib.rs:10");
}

/// Three functions that call each other for ever, and a division.
const PROGRAM: &str = "fn main() {
    match std::env::args().nth(1).as_deref() {
        Some(\"deep\") => println!(\"{}\", even(1)),
        Some(\"divide\") => println!(\"{}\", divide(std::env::args().count() as i32)),
        _ => Option::<u8>::None.map(drop).expect(\"nothing there\"),
    }
}
#[allow(unconditional_recursion)]
fn even(n: u64) -> u64 {
    std::hint::black_box(n + odd(n + 1))
}
fn odd(n: u64) -> u64 {
    std::hint::black_box(n + even(n + 1))
}
fn divide(n: i32) -> i32 {
    let zero = std::hint::black_box(n) - 2;
    unsafe { std::hint::black_box(i32::MAX).checked_div(zero).unwrap_unchecked() }
}
";

#[test]
fn a_program_ends_with_main_and_a_recursion_is_short() {
    let project = Project::new("", "hello").with_debug_info();
    project.write("src/main.rs", PROGRAM);
    project
        .component("run")
        .code(134)
        .says("nothing there")
        .says("hello::main\n               at src/main.rs:5:")
        .silent_on("lang_start")
        .silent_on("call_once")
        .silent_on("expect_failed")
        .silent_on("_start");
    let output = project.component("run -- deep").code(134);
    let output = output
        .says("call stack exhausted")
        .says("[the 2 frames above are repeated ")
        .says("hello::even\n               at src/main.rs:10:30\n")
        .says("hello::odd\n               at src/main.rs:13:30\n");
    assert!(output.stderr.lines().count() < 40, "{output}");
}

const WORLD: &str = "package fancy-components:regex@1.2.0;
world regex { export find: func(text: string) -> u32; }
";

const DEPENDENCY: &str = "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn find(text: String) -> u32 {
        text.find('x').unwrap() as u32
    }
}
bindings::export!(Component with_types_in bindings);
";

const BY_PATH: &str = "[package.metadata.component.dependencies]
\"fancy-components:regex\" = { path = \"../regex\" }
";

#[test]
fn frames_of_linked_components_name_their_component() {
    let project = Project::empty().with_debug_info();
    library(&project, "regex", "1.2.0", (WORLD, DEPENDENCY), "");
    let code =
        "mod bindings;\nfn main() {\n    println!(\"{}\", bindings::regex::find(\"a\"));\n}\n";
    program(&project, "app", code, BY_PATH);
    workspace(&project, &["app", "regex"]);
    // The second run finds everything linked.
    for _ in 0..2 {
        run(&project, "run -p app")
            .code(134)
            .says(
                "regex::bindings::Guest>::find (in `regex`)\n               at regex/src/lib.rs:5:",
            )
            .says("app::main (in `app`)\n               at app/src/main.rs:3:")
            .silent_on("_cabi")
            .silent_on("<function");
    }
    // What the engine gets has no debug information.
    let mut linked = std::fs::read_dir(project.path("target/cargo-component/linked")).unwrap();
    let linked = linked.next().unwrap().unwrap().path();
    let lean = std::fs::read(linked.join("lean/app.wasm")).unwrap();
    let full = std::fs::read(linked.join("app.wasm")).unwrap();
    assert!(lean.len() * 2 < full.len());
}
