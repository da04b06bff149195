//! `serve --watch` and `run --watch`: what is built anew is served or run, once.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use crate::serve::{Deadline, Server};
use crate::support::{Project, example};

/// A run that watches files, with what it has said so far.
struct Watched {
    _deadline: Deadline,
    child: Child,
    /// What it prints, unless that goes elsewhere.
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Watched {
    fn start(command: Command) -> Self {
        Watched::printing(command, Stdio::piped())
    }

    /// As [`Watched::start`], with another place for what it prints.
    fn printing(mut command: Command, stdout: Stdio) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Watched {
            stdout: child.stdout.take().map(BufReader::new),
            stderr: BufReader::new(child.stderr.take().unwrap()),
            _deadline: Deadline::of(&child),
            child,
            said: String::new(),
        }
    }

    /// Reads what it says up to a line with this text; all that was said until then.
    #[track_caller]
    fn hear(&mut self, text: &str) -> String {
        let start = self.said.len();
        loop {
            let line = self.said.len();
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert!(read > 0, "`{text}` was not said:\n{}", self.said);
            if self.said[line..].contains(text) {
                return self.said[start..].to_owned();
            }
        }
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().unwrap();
        stdout.read_line(&mut line).unwrap();
        line
    }

    /// Ends it as Ctrl-C does; its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watched {
    /// A test that failed leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often the text is in what was said.
fn count(said: &str, text: &str) -> usize {
    said.matches(text).count()
}

#[test]
fn a_service_changes_while_a_request_is_answered_by_the_old_one() {
    let project = example("http");
    project.replace(
        "src/lib.rs",
        "let body = request.consume()",
        "eprintln!(\"a request has begun\");\n    let body = request.consume()",
    );
    let mut server = Server::start(project.command("serve --watch --addr 127.0.0.1:0"));
    let watching = server.said.contains("    Watching `http` for changes\n");
    assert!(watching, "{}", server.said);
    // The component of this request waits for the rest of the body.
    let mut old = TcpStream::connect(&server.addr).unwrap();
    let head = "POST /echo HTTP/1.0\r\nhost: a\r\ncontent-length: 8\r\n\r\nhalf";
    old.write_all(head.as_bytes()).unwrap();
    server.hear(&["a request has begun"]);

    // A build that fails changes nothing.
    let good = project.read("src/lib.rs");
    project.write("src/lib.rs", good.replace("(404, b", "(nonsense, b"));
    server.hear(&["since the build failed; the one before is still served"]);
    assert!(
        server.said.contains("cannot find value `nonsense`"),
        "{}",
        server.said
    );
    assert!(server.ask("GET /", "").contains("Hello from wasi:http 0.2"));

    let new = good
        .replace("Hello from wasi:http 0.2", "Hello again")
        .replace("(200, body(&request))", "(201, body(&request))");
    project.write("src/lib.rs", new);
    let line = server.hear(&["Reloaded"]);
    assert_eq!(
        line,
        "    Reloaded `target/wasm32-wasip1/debug/hello_http.wasm`\n"
    );
    assert!(server.ask("GET /", "").contains("Hello again"));
    assert!(server.ask("POST /echo", "x").starts_with("HTTP/1.0 201 "));
    old.write_all(b"half").unwrap();
    let mut answer = String::new();
    old.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhalfhalf"), "{answer}");

    // A component that is the same after the build goes on.
    project.write("src/other/unused.rs", "");
    server.hear(&["Unchanged"]);
    let (code, said) = server.interrupt();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(count(&said, "     Changed src/lib.rs\n"), 2, "{said}");
    assert_eq!(count(&said, "     Changed "), 3, "{said}");
    assert_eq!(count(&said, "     Serving "), 1, "{said}");
}

#[test]
fn ctrl_c_ends_a_service_at_once_although_a_build_runs() {
    let project = example("http");
    let mut command = project.command("serve --watch --addr 127.0.0.1:0");
    command.process_group(0);
    let mut server = Server::start(command);
    // It would wait for longer than any test.
    project.write(
        "build.rs",
        "fn main() { eprintln!(\"waits\"); std::thread::sleep(std::time::Duration::MAX) }",
    );
    server.hear(&["Compiling"]);
    assert_eq!(server.interrupt_alone(), Some(0));
}

#[test]
fn a_change_of_wit_generates_bindings_and_calls_again_once() {
    let project = Project::new("--lib", "hello");
    let mut watched = Watched::start(project.command("run --watch --invoke 'hello-world()'"));
    watched.hear("Waiting for changes, since the call has ended");
    assert_eq!(watched.line(), "\"Hello, World!\"\n");
    project.replace("wit/world.wit", "func() -> string", "func() -> u32");
    let said = watched.hear("Waiting for changes, since the build failed");
    assert!(said.contains("Generating bindings for hello"), "{said}");
    project
        .replace("src/lib.rs", "-> String", "-> u32")
        .replace("src/lib.rs", "\"Hello, World!\".to_string()", "7");
    watched.hear("Waiting for changes, since the call has ended");
    assert_eq!(watched.line(), "7\n");
    // The same function in a new directory, which the manifest does not name.
    project.write("src/deep/seven/mod.rs", "pub const SEVEN: u32 = 7 + 1;");
    watched.hear("Unchanged");
    project.replace("src/lib.rs", "        7\n", "        seven::SEVEN\n");
    project.replace(
        "src/lib.rs",
        "use bindings::Guest;",
        "#[path = \"deep/seven/mod.rs\"]\nmod seven;\nuse bindings::Guest;",
    );
    watched.hear("Waiting for changes, since the call has ended");
    assert_eq!(watched.line(), "8\n");
    project.replace("src/deep/seven/mod.rs", "7 + 1", "7 + 2");
    watched.hear("Waiting for changes, since the call has ended");
    assert_eq!(watched.line(), "9\n");
    let written = watched.said.contains("Changed src/bindings.rs");
    assert!(!written, "{}", watched.said);
    assert!(!watched.said.contains("Cargo.lock\n"), "{}", watched.said);
}

#[test]
fn what_the_tool_prints_into_the_project_is_no_change() {
    let project = Project::new("", "hello");
    let printed = std::fs::File::create(project.path("printed.txt")).unwrap();
    let mut watched = Watched::printing(project.command("run --watch"), printed.into());
    watched.hear("Waiting for changes, since the program ended");
    project.replace("src/main.rs", "Hello, world", "Hello again");
    watched.hear("Waiting for changes, since the program ended");
    // Whatever comes from the first runs comes before this.
    project.write("src/last.rs", "");
    watched.hear("Unchanged");
    assert_eq!(project.read("printed.txt"), "Hello, world!\nHello again!\n");
    assert_eq!(count(&watched.said, "printed.txt"), 0, "{}", watched.said);
}

#[test]
fn a_program_is_stopped_and_runs_again() {
    let project = Project::new("", "hello");
    let main = |body: &str| {
        project.write("src/main.rs", format!("fn main() {{ {body} }}"));
    };
    main("eprintln!(\"one\"); loop {}");
    let mut watched = Watched::start(project.command("run --watch"));
    watched.hear("one\n");
    main("eprintln!(\"two\"); std::process::exit(1)");
    let said = watched.hear("Waiting for changes, since the program ended with exit code 1\n");
    assert!(said.contains("  Restarting `target/"), "{said}");
    assert!(said.contains("     Running `target/"), "{said}");
    // A manifest that cannot be read is no end, neither for cargo nor for this tool.
    let manifest = project.read("Cargo.toml");
    for broken in [
        manifest.replace("[package]", "[package"),
        manifest.clone() + "\n[package.metadata.component]\nnonsense = 1\n",
    ] {
        project.write("Cargo.toml", broken);
        let said = watched.hear("Waiting for changes, since the build failed");
        assert!(said.contains("error: "), "{said}");
    }
    project.write("Cargo.toml", &manifest);
    watched.hear("Unchanged");
    // The old program has ended, so that nothing is stopped.
    main("eprintln!(\"three\"); panic!()");
    let said = watched.hear("Waiting for changes, since the program ended with exit code 134\n");
    assert!(!said.contains("Restarting"), "{said}");
    assert!(said.contains("error: the component trapped"), "{said}");
    main("eprintln!(\"four\"); loop {}");
    watched.hear("four\n");
    // As without `--watch`, the signal itself ends it.
    assert_eq!(watched.interrupt(), None);
}

#[test]
fn a_program_becomes_a_service_and_the_quiet_say_nothing() {
    let service = example("http");
    let project = Project::new("", "hello");
    let mut command = project.command("build");
    command.current_dir(service.root());
    service.run(command).ok();
    project.component("build").ok();
    let program = project.bytes("target/wasm32-wasip1/debug/hello.wasm");
    project.write("tool.wasm", &program);
    let line = "run --component tool.wasm --watch --addr 127.0.0.1:0";
    project
        .component(line)
        .code(2)
        .says("`tool.wasm` is a program");
    let component = service.bytes("target/wasm32-wasip1/debug/hello_http.wasm");
    let mut watched = Watched::start(project.command("run --component tool.wasm --watch -q"));
    assert_eq!(watched.line(), "Hello, world!\n");
    project.write("tool.wasm", b"nonsense");
    let said = watched.hear("error: `tool.wasm` is not WebAssembly");
    assert_eq!(said, "error: `tool.wasm` is not WebAssembly\n");
    project.write("tool.wasm", &program);
    drop(watched);
    let line = "serve --component tool.wasm --watch --addr 127.0.0.1:0";
    project.write("tool.wasm", component);
    let mut server = Server::start(project.command(line));
    assert!(server.ask("GET /", "").contains("Hello from wasi:http 0.2"));
    project.write("tool.wasm", &program);
    let refused = server.hear(&["cannot be served"]);
    assert!(refused.contains("`tool.wasm`"), "{refused}");
    server.hear(&["Waiting for changes"]);
    assert!(server.ask("GET /", "").contains("Hello from wasi:http 0.2"));
    assert_eq!(server.interrupt().0, Some(0));
}

#[test]
fn sources_of_component_dependencies_and_files_elsewhere_are_watched() {
    let mut project = example("components");
    project.write("../outside.txt", "caf.").replace(
        "app/src/main.rs",
        "\"caf.\".to_owned()",
        "include_str!(\"../../../outside.txt\").to_owned()",
    );
    project.enter("app");
    let mut watched = Watched::start(project.command("run --watch"));
    watched.hear("since the program ended with exit code 0");
    assert_eq!(watched.line(), "0..5 of \"café au lait\": \"café\"\n");
    project.write("../../outside.txt", "lait");
    let said = watched.hear("since the program ended with exit code 0");
    assert_eq!(watched.line(), "9..13 of \"café au lait\": \"lait\"\n");
    assert!(said.contains("outside.txt\n"), "{said}");
    project.replace(
        "../regex/src/lib.rs",
        "let end = start +",
        "let end = start + 0 *",
    );
    watched.hear("since the program ended with exit code 0");
    assert_eq!(watched.line(), "9..9 of \"café au lait\": \"\"\n");
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let project = Project::new("", "hello");
    for what in ["oci://example.com/a/b:1", "my-org:tool@1.0.0"] {
        project
            .component(&format!("run --watch --component {what}"))
            .code(2)
            .says(&format!("`--watch` cannot watch `{what}`"))
            .says("help: give the path of a component file");
    }
    // What no change of a file can repair is an end.
    project
        .component("run --watch --addr 127.0.0.1:0")
        .code(2)
        .says("is a program, so `--addr` has no effect");
    let empty = Project::empty();
    empty
        .component("run --watch")
        .code(1)
        .says("could not find `Cargo.toml`");
    project.component("build --watch").code(2).says("--watch");
}

#[test]
fn a_configured_runner_is_killed_and_started_again() {
    let project = Project::new("", "hello");
    project.write("src/main.rs", "fn main() { println!(\"one\") }");
    project.write("run.sh", "#!/bin/sh\necho started\nexec sleep 100000\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("run.sh"), mode).unwrap();
    let mut command = project.command("run --watch");
    command.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", "./run.sh");
    // As in a terminal, where Ctrl-C goes to the whole group.
    command.process_group(0);
    let mut watched = Watched::start(command);
    assert_eq!(watched.line(), "started\n");
    project.write("src/main.rs", "fn main() { println!(\"two\") }");
    watched.hear("Restarting");
    assert_eq!(watched.line(), "started\n");
    project.write("run.sh", "#!/bin/sh\nexit 3\n");
    watched.hear("Unchanged");
    project.write("src/main.rs", "fn main() { println!(\"three\") }");
    watched.hear("since the program ended with exit code 3");
    // All of them have closed their end.
    let group = format!("-{}", watched.child.id());
    let kill = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(kill.unwrap().success());
    assert_eq!(watched.line(), "");
}
