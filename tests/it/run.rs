//! `cargo component run`: programs and single functions in the engine. HTTP
//! handlers are in `serve`, other engines in `runner`.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::Project;

/// A program that does what its first argument says.
const OBEDIENT: &str = r#"
use std::io::Read as _;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match args.first().map(String::as_str) {
        Some("args") => println!("{rest:?}"),
        Some("env") => println!("{:?}", std::env::vars().collect::<Vec<_>>()),
        Some("exit") => std::process::exit(rest[0].parse().unwrap()),
        Some("panic") => panic!("on purpose"),
        Some("overflow") => println!("{}", depth(1)),
        Some("read") => print!("{}", std::fs::read_to_string(rest[0]).unwrap()),
        Some("write") => std::fs::write(rest[0], "written").unwrap(),
        Some("stdin") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).unwrap();
            eprintln!("{} bytes", text.len());
            println!("{}", text.to_uppercase());
        }
        Some("connect") => println!("{:?}", std::net::TcpStream::connect(rest[0]).is_ok()),
        other => panic!("{other:?}"),
    }
}

#[allow(unconditional_recursion)]
fn depth(n: u64) -> u64 {
    std::hint::black_box(n + depth(n + 1))
}
"#;

fn obedient() -> Project {
    let project = Project::new("", "obedient");
    project.write("src/main.rs", OBEDIENT);
    project
}

#[test]
fn a_program_gets_arguments_variables_and_directories_and_nothing_else() {
    let project = obedient();
    // Arguments: those by option first, those after `--` as they are.
    project
        .component("run --arg args --arg=--x --arg -v -- b --arg c '' 'd e'")
        .ok()
        .prints(r#"["--x", "-v", "b", "--arg", "c", "", "d e"]"#)
        .says(r#"obedient.wasm args --x -v b --arg c "" "d e"`"#);
    // Cargo takes everything from the first word on for the program.
    project
        .component("run args --release -- x")
        .ok()
        .prints(r#"["--release", "--", "x"]"#)
        .silent_on("[optimized]");
    // Variables: given, handed on, and no other.
    let mut command = project.command("run --env A=1 --env=B=x=y --env HANDED --env A=2 env");
    command.env("HANDED", "on").env("SECRET", "no");
    project.run(command).ok().prints(
        r#"[("B", "x=y"), ("HANDED", "on"), ("A", "2")]
"#,
    );
    project
        .component("run --env NOT_SET_ANYWHERE env")
        .code(2)
        .says("the variable `NOT_SET_ANYWHERE` is not set")
        .says("--env NOT_SET_ANYWHERE=")
        .silent_on("Compiling");
    // Directories, by the name they have or another.
    project.write("data/in.txt", "content");
    project
        .component("run --dir data -- read data/in.txt")
        .ok()
        .prints("content");
    project
        .component("run --dir data::/other -- write /other/out.txt")
        .ok();
    assert_eq!(project.read("data/out.txt"), "written");
    project
        .component("run -- read data/in.txt")
        .code(134)
        .says("NotFound");
    project
        .component("run --dir data -- read ../Cargo.toml")
        .code(134);
    project
        .component("run --dir nowhere -- args")
        .code(2)
        .says("failed to open the directory `")
        .says("nowhere");
    // The network is not there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    project
        .component(&format!("run -- connect {addr}"))
        .ok()
        .prints("false");
}

#[test]
fn standard_streams_are_those_of_the_tool() {
    let project = obedient();
    let mut command = project.command("run -q -- stdin");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // More than fits into a pipe, and no line end.
    let text = "a\nb".repeat(50_000);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.trim_end(), text.to_uppercase());
    assert_eq!(output.stderr, b"150000 bytes\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn exit_codes_travel_up_as_far_as_wasi_reports_them() {
    let project = obedient().with_debug_info();
    project.component("run -- exit 0").ok();
    // WASI 0.2 knows only success and failure.
    project
        .component("run -- exit 3")
        .code(1)
        .silent_on("error:");
    project
        .component("run --target wasm32-wasip2 -- exit 3")
        .code(1);
    project
        .component("run -- panic")
        .code(134)
        .says("on purpose")
        .says("src/main.rs:11")
        .says("error: the component trapped")
        .says("`unreachable` instruction executed");
    project
        .component("run --target wasm32-wasip2 -- panic")
        .code(134)
        .says("on purpose");
    project
        .component("run -- overflow")
        .code(134)
        .says("call stack exhausted")
        .says(": obedient::depth\n");
    for (style, said) in [
        ("0", "in `obedient::depth`"),
        ("full", " 0: obedient::depth\n"),
    ] {
        let mut command = project.command("run -- overflow");
        command.env("RUST_BACKTRACE", style);
        project.run(command).code(134).says(said);
    }
    // Cargo's own.
    project.write("src/main.rs", "fn main() { nonsense }");
    project.component("run").code(101).says("nonsense");
}

/// The engine's directory of machine code can be chosen on Linux only.
#[cfg(target_os = "linux")]
#[test]
fn each_profile_is_compiled_once_and_runs_the_same() {
    let project = obedient();
    let compiled = || {
        let cache = project.path("caches/wasmtime/modules");
        let mut files = crate::observe::tree(&cache);
        // What the engine notes about them comes later.
        files.retain(|file| file.extension().is_none());
        files
    };
    let run = |line: &str| {
        let mut command = project.command(line);
        command.env("XDG_CACHE_HOME", project.path("caches"));
        project.run(command)
    };
    run("run -- args x").ok().prints(r#"["x"]"#);
    let debug = compiled();
    assert_eq!(debug.len(), 1);
    run("run --release -- args x").ok().prints(r#"["x"]"#);
    let both = compiled();
    assert_eq!(both.len(), 2);
    for profile in ["run", "run --release"] {
        run(&format!("{profile} -- args y")).ok().prints(r#"["y"]"#);
        run(&format!("{profile} -- overflow"))
            .code(134)
            .says("call stack exhausted");
    }
    assert_eq!(compiled(), both);
    // Machine code that can be interrupted is different.
    run("run --timeout 60 -- args x").ok();
    assert_eq!(compiled().len(), 3);
    // The optimized machine code is for code that was optimized, whatever its profile.
    let manifest = project.read("Cargo.toml") + "\n[profile.dev]\nopt-level = 1\n";
    project.write("Cargo.toml", manifest);
    run("run -- args x").ok();
    assert_eq!(compiled().len(), 4);
}

const RUN_0_3: &str = "package wasi:cli@0.3.0;
interface exit { exit-with-code: func(status-code: u8); }
interface environment { get-arguments: func() -> list<string>; }
interface run { run: async func() -> result; }
";

const PROGRAM_0_3: &str = r#"
#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::wasi::cli::{environment::get_arguments, exit::exit_with_code};

struct Component;

impl bindings::exports::wasi::cli::run::Guest for Component {
    async fn run() -> Result<(), ()> {
        let args = get_arguments();
        println!("{:?}", &args[1..]);
        match args.get(1).map(String::as_str) {
            Some("err") => Err(()),
            Some(code) => Ok(exit_with_code(code.parse().unwrap())),
            None => Ok(()),
        }
    }
}

bindings::export!(Component with_types_in bindings);
"#;

#[test]
fn a_0_3_program_runs_and_exits_with_a_number() {
    let project = Project::new("--lib", "modern");
    project
        .replace("Cargo.toml", "\"bitflags\"]", "\"bitflags\", \"async\"]")
        .write("wit/deps/cli.wit", RUN_0_3)
        .write(
            "wit/world.wit",
            "package test:modern;\nworld modern { import wasi:cli/exit@0.3.0; import wasi:cli/environment@0.3.0; export wasi:cli/run@0.3.0; }\n",
        )
        .write("src/lib.rs", PROGRAM_0_3);
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let run = |args: &str| project.component(&format!("run --target {target} -- {args}"));
        run("").ok().prints("[]\n");
        run("err").code(1).prints("[\"err\"]\n");
        run("3").code(3);
        run("x").code(134).says("ParseIntError");
    }
}

#[test]
fn one_of_several_programs_is_chosen() {
    let project = Project::new("", "several");
    let prints = |word: &str| format!("fn main() {{ println!(\"{word} runs\") }}");
    project
        .write("src/main.rs", prints("main"))
        .write("src/bin/other.rs", prints("other"))
        .write("examples/shown.rs", prints("shown"));
    project
        .component("run")
        .code(1)
        .says("error: `cargo component run` can run at most one component, but multiple were specified")
        .says("`several`")
        .says("`other`")
        .says("--bin")
        .silent_on("Running");
    project
        .component("run --bin other")
        .ok()
        .prints("other runs")
        .says("Running `target/wasm32-wasip1/debug/other.wasm`");
    project
        .component("run --example shown")
        .ok()
        .prints("shown runs")
        .says("Running `target/wasm32-wasip1/debug/examples/shown.wasm`");
    project.component("run --bin nothing").code(101);
    project.replace("Cargo.toml", "edition", "default-run = \"other\"\nedition");
    project.component("run").ok().prints("other runs");
    project
        .component("run --bin several")
        .ok()
        .prints("main runs");
    project
        .component("run --example shown")
        .ok()
        .prints("shown runs");
    project
        .component("run --release --bin several")
        .ok()
        .says("target/wasm32-wasip1/release/several.wasm");
}

#[test]
fn a_program_without_our_section_runs_too() {
    let project = Project::empty();
    project.cargo("init --vcs none --name plain").ok();
    project.component("run").ok().prints("Hello, world!");
    project
        .component("run --target wasm32-wasip2")
        .ok()
        .prints("Hello, world!");
    // As cargo left it.
    assert_eq!(
        project.bytes("target/wasm32-wasip1/debug/plain.wasm")[4..8],
        [1, 0, 0, 0]
    );
}

#[test]
fn one_of_several_packages_is_chosen() {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n",
    );
    for name in ["a", "b"] {
        project.component(&format!("new --vcs none {name}")).ok();
    }
    project
        .component("run")
        .code(1)
        .says("can run at most one component")
        .says("--package");
    project
        .component("run -p b")
        .ok()
        .says("target/wasm32-wasip1/debug/b.wasm");
    project
        .component("run --manifest-path a/Cargo.toml")
        .ok()
        .says("debug/a.wasm");
    project.component("run -p c").code(1).says("`c`");
}

const TYPES: &str = r#"package test:types;

interface shapes {
    record point { x: s32, y: s32 }
    variant shape { dot(point), line(tuple<point, point>), circle(f64), none }
    enum color { red, green }
    flags style { bold, thin }
    describe: func(shape: shape, color: color, style: style) -> string;
    move-by: func(points: list<point>, by: point) -> list<point>;
    parse: func(text: string) -> result<point, string>;
    first: func(texts: list<string>) -> option<string>;
    resource pen { constructor(name: string); name: func() -> string; }
    sign: func(pen: borrow<pen>) -> string;
}

world example {
    export shapes;
    export shout: func(text: string) -> string;
    export quiet: func();
    export fail: func() -> u8;
}
"#;

const IMPLEMENTATION: &str = r#"
#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::exports::test::types::shapes::*;

struct Component;
struct MyPen(String);

impl GuestPen for MyPen {
    fn new(name: String) -> Self { MyPen(name) }
    fn name(&self) -> String { self.0.clone() }
}

impl Guest for Component {
    type Pen = MyPen;
    fn describe(shape: Shape, color: Color, style: Style) -> String {
        format!("{shape:?} {color:?} {}", style.contains(Style::BOLD))
    }
    fn move_by(points: Vec<Point>, by: Point) -> Vec<Point> {
        points.iter().map(|p| Point { x: p.x + by.x, y: p.y + by.y }).collect()
    }
    fn parse(text: String) -> Result<Point, String> {
        let (x, y) = text.split_once(' ').ok_or("no space")?;
        let number = |n: &str| n.parse().map_err(|e| format!("{e}"));
        Ok(Point { x: number(x)?, y: number(y)? })
    }
    fn first(texts: Vec<String>) -> Option<String> { texts.into_iter().next() }
    fn sign(pen: PenBorrow<'_>) -> String { pen.get::<MyPen>().0.clone() }
}

impl bindings::Guest for Component {
    fn shout(text: String) -> String {
        println!("shouting {:?}", std::env::var("HOW").ok());
        text.to_uppercase()
    }
    fn quiet() {}
    fn fail() -> u8 { panic!("failed on purpose") }
}

bindings::export!(Component with_types_in bindings);
"#;

#[test]
fn functions_are_called_with_arguments_in_wave() {
    let project = Project::new("--lib", "types");
    project
        .write("wit/world.wit", TYPES)
        .write("src/lib.rs", IMPLEMENTATION);
    let call = |call: &str| project.component(&format!("run --invoke '{call}'"));

    call("describe(dot({x: 1, y: -2}), green, {bold})")
        .ok()
        .prints("\"Shape::Dot(Point { x: 1, y: -2 }) Color::Green true\"\n");
    call("shapes.describe(line(({x: 1, y: 2}, {x: 3, y: 4})), red, {})")
        .ok()
        .prints("false");
    call("test:types/shapes#move-by([{x: 1, y: 2}, {x: 3, y: 4}], {x: 10, y: 0})")
        .ok()
        .prints("[{x: 11, y: 2}, {x: 13, y: 4}]\n");
    call("parse(\"3 4\")").ok().prints("ok({x: 3, y: 4})\n");
    // An error is a value, not a failure.
    call("parse(\"34\")").ok().prints("err(\"no space\")\n");
    call("first([])").ok().prints("none\n");
    call("first([\"ü\", \"b\"])").ok().prints("some(\"ü\")\n");
    let quiet = call("quiet").ok();
    assert_eq!(quiet.stdout, "");
    project
        .component("run --env HOW=loudly --invoke 'shout(\"a\")'")
        .ok()
        .prints("shouting Some(\"loudly\")\n\"A\"\n");

    call("fail()")
        .code(134)
        .says("failed on purpose")
        .says("the component trapped");
    call("shoot(\"a\")")
        .code(2)
        .says("error: the component exports no function `shoot`")
        .says("help: did you mean `shout`?");
    call("shout(1)")
        .code(2)
        .says("1 | shout(1)")
        .says("  |       ^")
        .says("help: call it as `shout(text: string) -> string`");
    call("move-by([{x: 1}], {x: 1, y: 2})")
        .code(2)
        .says("missing field \"y\"");
    call("describe(square, red, {})").code(2).says("square");
    call("shout(\"a\", \"b\")").code(2).says("help: call it as");
    // Handles cannot be written.
    call("sign(1)")
        .code(1)
        .says("cannot be called from the command line")
        .says("the parameter `pen` has the type `borrow<_>`")
        .says("they are resource handles");
    call("pen.name(1)")
        .code(2)
        .says("`test:types/shapes#[method]pen.name` cannot be called")
        .says("the resource `pen`");
    // A library by itself does nothing.
    project
        .component("run")
        .code(1)
        .says("exports neither `wasi:cli/run` nor an HTTP handler")
        .says("`shout`")
        .says("--invoke")
        .silent_on("pen.name")
        .silent_on("Running");
    project
        .component("run --target wasm32-wasip2 --invoke 'first([\"x\"])'")
        .ok()
        .prints("some(\"x\")\n");
}

#[test]
fn what_cannot_be_run_is_refused_with_a_code() {
    let project = obedient();
    project
        .component("run --addr 127.0.0.1:0")
        .code(2)
        .says("is a program")
        .silent_on("Running");
    project
        .component("run --target wasm32-unknown-unknown")
        .code(1)
        .says("programs need WASI, which the target `wasm32-unknown-unknown` does not provide");
    project
        .component("run --target wasm32-wasip1 --target wasm32-wasip2")
        .code(1)
        .says("help: select one with `--target`");
    for (line, said) in [
        ("run --invoke ''", "needs a function"),
        ("run --env =x", "`--env =x` does not name a variable"),
        (
            "run --addr 1 --invoke f()",
            "cannot be used with `--invoke`",
        ),
        (
            "serve --addr nowhere",
            "`nowhere` is not an address with a port",
        ),
        ("run --dir ::x", "does not name a directory"),
        (
            "build --arg x",
            "`--arg` can only be used with `cargo component run`",
        ),
        ("build -p", "a value is required"),
        ("build --color pink", "`pink` is not a value of `--color`"),
    ] {
        let output = project.component(line).code(2).says(said);
        output.silent_on("Compiling").silent_on("Finished");
    }
    project
        .component("serve --addr 127.0.0.1:0")
        .code(1)
        .says("exports no HTTP handler")
        .silent_on("Running");
    // An import nothing provides.
    let project = Project::new("--lib", "needy");
    project
        .write(
            "wit/world.wit",
            "package test:needy;\nworld needy { import other: interface { ask: func() -> u32; } export answer: func() -> u32; }\n",
        )
        .write(
            "src/lib.rs",
            "#[allow(warnings)]\nmod bindings;\nstruct C;\nimpl bindings::Guest for C { fn answer() -> u32 { bindings::other::ask() } }\nbindings::export!(C with_types_in bindings);\n",
        );
    project
        .component("run --invoke 'answer()'")
        .code(1)
        .says("the component imports `other`, which no component provides");
    // Nothing at all.
    let project = Project::empty();
    project.component("run").code(1).says("Cargo.toml");
    project.cargo("init --vcs none --lib --name nothing").ok();
    project
        .component("run")
        .code(1)
        .says("a component bin target must be available for `cargo component run`");
}

#[test]
fn a_function_of_the_library_beside_a_program_is_pointed_to() {
    let project = Project::new("--lib", "both");
    project.write("src/bin/tool.rs", "fn main() {}\n");
    project
        .component("run --invoke 'hello-world()'")
        .code(2)
        .says("the component exports no function `hello-world`")
        .says("the program `tool` was called")
        .says("help: the library of the package exports it: add `--lib`");
    project
        .component("run --lib --invoke 'hello-world()'")
        .ok()
        .prints("Hello");
    project
        .component("run --invoke 'nothing()'")
        .code(2)
        .silent_on("--lib");
}
