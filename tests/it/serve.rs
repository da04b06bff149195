//! HTTP handlers of both generations, by `serve` and `run`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Project, example};

/// Kills a process that does not say what a test waits for, so that the test fails instead
/// of waiting forever.
pub struct Deadline {
    _alive: mpsc::Sender<()>,
}

impl Deadline {
    pub fn of(child: &Child) -> Self {
        let (alive, ended) = mpsc::channel::<()>();
        let id = child.id().to_string();
        std::thread::spawn(move || {
            let ended = ended.recv_timeout(Duration::from_secs(600));
            if ended == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", &id]).status();
            }
        });
        Deadline { _alive: alive }
    }
}

/// A server that runs, with what it has said so far.
pub struct Server {
    _deadline: Deadline,
    child: Child,
    stderr: BufReader<ChildStderr>,
    pub addr: String,
    pub said: String,
}

impl Server {
    /// Starts a server and waits for its address.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let addr = loop {
            let start = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
            let serving = said[start..].split_once("Serving http://");
            if let Some(addr) = serving.and_then(|(_, rest)| rest.split('/').next()) {
                break addr.to_owned();
            }
        };
        Server {
            _deadline: Deadline::of(&child),
            child,
            stderr,
            addr,
            said,
        }
    }

    /// Sends `head` (method and path) and a body; the whole answer, which is
    /// not cut into chunks, as HTTP 1.0 has none.
    pub fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        write!(
            stream,
            "{head} HTTP/1.0\r\nhost: {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.addr,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Reads what it says up to a line with one of these texts; that line.
    pub fn hear(&mut self, texts: &[&str]) -> String {
        loop {
            let start = self.said.len();
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert!(read > 0, "{}", self.said);
            let line = &self.said[start..];
            if texts.iter().any(|text| line.contains(text)) {
                return line.to_owned();
            }
        }
    }

    /// Ends it as Ctrl-C does; its exit code and everything it said.
    pub fn interrupt(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        let mut said = std::mem::take(&mut self.said);
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Server {
    /// Interrupts only the server, which leads a process group, and kills the rest of the
    /// group afterwards; its exit code.
    pub fn interrupt_alone(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        let code = self.child.wait().unwrap().code();
        let group = format!("-{id}");
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.unwrap().success());
        code
    }
}

impl Drop for Server {
    /// A test that failed leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_0_2_handler_is_served_until_ctrl_c() {
    let project = example("http");
    let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
    assert!(!server.addr.ends_with(":0"), "{}", server.addr);
    let answer = server.ask("GET /", "");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain; charset=utf-8\r\n"));
    assert!(answer.contains("Hello from wasi:http 0.2\n"), "{answer}");
    let long = "x".repeat(100_000);
    let answer = server.ask("POST /echo", &long);
    assert!(answer.ends_with(&format!("\r\n\r\n{long}")));
    assert!(server.ask("GET /other", "").starts_with("HTTP/1.0 404 "));
    let (code, said) = server.interrupt();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("     Running `target/wasm32-wasip1/debug/hello_http.wasm`\n"),
        "{said}"
    );
    assert!(said.contains("     Serving http://127.0.0.1:"), "{said}");
}

#[test]
fn run_serves_what_is_a_handler() {
    let project = example("http");
    let server = Server::start(project.command("run --addr 127.0.0.1:0"));
    assert!(server.ask("GET /", "").contains("Hello from wasi:http 0.2"));
    // The address is taken now.
    project
        .component(&format!("serve --addr {}", server.addr))
        .code(1)
        .says("failed to listen on `127.0.0.1:")
        .says("--addr 127.0.0.1:0");
    assert_eq!(server.interrupt().0, Some(0));
    project
        .component("serve --addr nonsense")
        .code(2)
        .says("`nonsense`");
}

#[test]
fn a_0_3_handler_is_served_on_every_target() {
    let project = example("async");
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        for verb in ["serve", "run"] {
            let line = format!("{verb} --target {target} --addr 127.0.0.1:0");
            let server = Server::start(project.command(&line));
            let answer = server.ask("GET /4", "");
            assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
            assert!(answer.ends_with("\r\n\r\n4\n3\n2\n1\n"), "{answer}");
            assert_eq!(server.interrupt().0, Some(0));
        }
    }
}

#[test]
fn a_handler_that_fails_answers_500_and_the_server_goes_on() {
    let project = example("http").with_debug_info();
    project.replace("src/lib.rs", "(Method::Get, Some(\"/\")) =>", "(Method::Get, Some(\"/panic\")) => panic!(\"on purpose\"),\n            (Method::Get, Some(\"/\")) =>");
    let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
    assert!(server.ask("GET /panic", "").starts_with("HTTP/1.0 500 "));
    assert!(server.ask("GET /", "").starts_with("HTTP/1.0 200 "));
    let (code, said) = server.interrupt();
    assert_eq!(code, Some(0));
    assert!(said.contains("on purpose"), "{said}");
    assert!(
        said.contains("warning: a request failed: failed to respond to `GET /panic`"),
        "{said}"
    );
    assert!(said.contains("\n  stack backtrace:\n     0: "), "{said}");
    assert!(said.contains("at src/lib.rs:"), "{said}");
    // The 0.3 way to fail is an error as answer.
    let project = example("async");
    let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
    assert!(server.ask("GET /x", "").starts_with("HTTP/1.0 500 "));
    assert!(server.ask("GET /1", "").starts_with("HTTP/1.0 200 "));
    let (_, said) = server.interrupt();
    assert!(said.contains("that is no number"), "{said}");
}

#[test]
fn a_handler_gets_what_is_granted() {
    let project = Project::new("--lib", "granted");
    let http = example("http");
    for file in ["cli", "clocks", "http", "io", "random"] {
        let path = format!("wit/deps/{file}.wit");
        project.write(&path, http.read(&path));
    }
    project
        .write("wit/world.wit", http.read("wit/world.wit"))
        .write(
            "src/lib.rs",
            http.read("src/lib.rs").replace(
                "b\"Hello from wasi:http 0.2\\n\".to_vec()",
                "format!(\"{:?} {:?}\", std::env::var(\"A\"), std::fs::read_to_string(\"data/x\")).into_bytes()",
            ),
        )
        .write("data/x", "content");
    let server = Server::start(project.command("serve --env A=1 --dir data --addr localhost:0"));
    let answer = server.ask("GET /", "");
    assert!(answer.contains("Ok(\"1\") Ok(\"content\")"), "{answer}");
    assert_eq!(server.interrupt().0, Some(0));
}
