//! What components may use: time, memory and the network.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::components;
use crate::http::{Answer, read_request, send, serve};
use crate::serve::Server;
use crate::support::{Project, example};

/// The example of WASI 0.2 with more that can be asked of it.
fn service() -> Project {
    let project = example("http");
    project.replace(
        "src/lib.rs",
        "(Method::Get, Some(\"/\")) =>",
        "(Method::Get, Some(\"/loop\")) => { eprintln!(\"it loops\"); loop { std::hint::black_box(0); } }
            (Method::Get, Some(\"/late\")) => {
                respond(out, 200, b\"early\");
                loop { std::hint::black_box(0); }
            }
            (Method::Get, Some(\"/alloc\")) => {
                let mut all: Vec<Vec<u8>> = Vec::new();
                loop { all.push(vec![1; 1 << 20]); }
            }
            (Method::Get, Some(path)) if path.starts_with(\"/fetch\") => {
                (200, crate::fetch(path.split_at(6).1).into_bytes())
            }
            (Method::Get, Some(\"/\")) =>",
    );
    let text = project.read("src/lib.rs");
    project.write("src/lib.rs", format!("{text}{FETCH}"));
    project
}

/// Asks the server at a port of this machine; the status, or the error.
const FETCH: &str = "
fn fetch(port: &str) -> String {
    use bindings::wasi::http::types::{OutgoingRequest, Scheme};
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(&format!(\"127.0.0.1:{port}\"))).unwrap();
    request.set_path_with_query(Some(\"/\")).unwrap();
    let sent = bindings::wasi::http::outgoing_handler::handle(request, None).unwrap();
    sent.subscribe().block();
    match sent.get().unwrap().unwrap() {
        Ok(response) => format!(\"fetched {}\", response.status()),
        Err(error) => format!(\"refused: {error}\"),
    }
}
";

/// A server that is asked by components.
fn upstream() -> u16 {
    serve(|stream| {
        if read_request(&stream).is_some() {
            send(&stream, &Answer::new(200).bytes(false));
        }
    })
}

/// Asks for what never ends, and for something else meanwhile.
fn others_go_on(server: &Server, looping: &str, other: &str) {
    thread::scope(|scope| {
        let loops: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| server.ask(looping, "")))
            .collect();
        for _ in 0..3 {
            let answer = server.ask(other, "");
            assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
        }
        for looping in loops {
            let answer = looping.join().unwrap();
            assert!(answer.starts_with("HTTP/1.0 504 "), "{answer}");
        }
    });
}

#[test]
fn a_request_that_never_ends_stops_no_other() {
    let project = service();
    let mut server = Server::start(project.command("serve --addr 127.0.0.1:0 --timeout 3"));
    others_go_on(&server, "GET /loop", "GET /");
    let line = server.hear(&["a request failed"]);
    assert!(
        line.contains("`GET /loop`") && line.contains("took longer than 3s"),
        "{line}"
    );
    assert!(line.contains("--timeout"), "{line}");
    // One that has answered has no more time.
    assert!(server.ask("GET /late", "").ends_with("early"));
    server.hear(&["failed after it had responded"]);
    assert!(server.ask("GET /", "").starts_with("HTTP/1.0 200 "));
    assert_eq!(server.interrupt().0, Some(0));
    // The same of WASI 0.3.
    let project = example("async");
    project.replace(
        "src/lib.rs",
        "let start = match",
        "while path == \"/loop\" { std::hint::black_box(0); }
        let start = match",
    );
    let server = Server::start(project.command("serve --addr 127.0.0.1:0 --timeout 3"));
    others_go_on(&server, "GET /loop", "GET /2");
    assert_eq!(server.interrupt().0, Some(0));
}

#[test]
fn an_instance_has_so_much_memory_and_ends_with_its_client() {
    let project = service();
    let line = "serve -v --addr 127.0.0.1:0 --max-memory 64MiB --timeout 60";
    let mut server = Server::start(project.command(line));
    assert!(server.ask("GET /alloc", "").starts_with("HTTP/1.0 500 "));
    let line = server.hear(&["a request failed"]);
    assert!(
        line.contains("it was denied more than 64 MiB of memory"),
        "{line}"
    );
    assert!(line.contains("--max-memory"), "{line}");
    assert!(server.ask("GET /", "").starts_with("HTTP/1.0 200 "));
    // A client that leaves ends what it asked for.
    let mut client = TcpStream::connect(&server.addr).unwrap();
    client
        .write_all(b"GET /loop HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    server.hear(&["it loops"]);
    drop(client);
    let line = server.hear(&["whose client disconnected", "a request failed"]);
    assert!(line.contains("`GET /loop`"), "{line}");
    assert!(line.contains("whose client disconnected"), "{line}");
    assert_eq!(server.interrupt().0, Some(0));
}

#[test]
fn a_request_that_is_half_sent_is_given_up() {
    let project = example("http");
    let server = Server::start(project.command("serve --addr 127.0.0.1:0 --timeout 1"));
    let say = |text: &str| {
        let mut client = TcpStream::connect(&server.addr).unwrap();
        // Without an end of it this fails instead of waiting for ever.
        client
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        client.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_eq!(say("GET / HTTP/1.1\r\nhost: a\r\n"), "");
    // A body that does not come is waited for by the component.
    let answer = say("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf");
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    let long = "x".repeat(128 << 10);
    let answer = say(&format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(server.ask("GET /", "").starts_with("HTTP/1.0 200 "));
    assert_eq!(server.interrupt().0, Some(0));
}

#[test]
fn programs_and_tests_have_limits_where_they_are_asked_for() {
    let project = Project::new("", "limited");
    project.write(
        "src/main.rs",
        "fn main() {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                if std::env::args().any(|arg| arg == \"alloc\") { all.push(vec![1; 1 << 20]); }
            }
        }
        #[test] fn ends() {}
        #[test] fn never_ends() { loop { std::hint::black_box(0); } }",
    );
    project
        .component("run --timeout 0.5")
        .code(134)
        .says("the component took longer than 500ms")
        .says("--timeout <SECONDS>");
    project
        .component("run --max-memory 32MiB alloc")
        .code(134)
        .says("it was denied more than 32 MiB of memory")
        .says("--max-memory <SIZE>");
    project
        .component("test --timeout 0.5")
        .code(101)
        .prints("ends ... ok")
        .prints("never_ends ... FAILED");
    for wrong in ["--timeout soon", "--max-memory much"] {
        project
            .component(&format!("run {wrong}"))
            .code(2)
            .says(wrong)
            .says("help: ");
    }
    let mut configured = project.command("run --timeout 1");
    configured.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", "cargo");
    project
        .run(configured)
        .code(2)
        .says("a time limit cannot be passed to the configured runner `cargo`");
}

#[test]
fn strangers_send_no_requests_unless_they_are_granted() {
    let port = upstream();
    let project = service();
    let ask = |server: &Server| server.ask(&format!("GET /fetch{port}"), "");
    // The package's own code may.
    let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
    assert!(ask(&server).ends_with("fetched 200"), "{}", ask(&server));
    assert_eq!(server.interrupt().0, Some(0));
    // The same component is a stranger when it is named.
    let component = project.path("target/wasm32-wasip1/debug/hello_http.wasm");
    let elsewhere = Project::empty();
    elsewhere.write("site.wasm", std::fs::read(component).unwrap());
    let line = "serve --addr 127.0.0.1:0 --component site.wasm";
    let mut server = Server::start(elsewhere.command(line));
    let answer = ask(&server);
    assert!(answer.contains("refused: "), "{answer}");
    let line_said = server.hear(&["was denied an HTTP request"]);
    assert!(line_said.contains("`--http`"), "{line_said}");
    assert_eq!(server.interrupt().0, Some(0));
    for granted in ["--http", "--network"] {
        let server = Server::start(elsewhere.command(&format!("{line} {granted}")));
        assert!(ask(&server).ends_with("fetched 200"));
        assert_eq!(server.interrupt().0, Some(0));
    }
}

#[test]
fn who_imports_requests_decides_for_a_linked_component() {
    let port = upstream();
    let project = Project::empty();
    let http = example("http");
    let web = "package fancy-components:web@0.1.0;
        interface web { fetch: func(port: u16) -> string; }
        world w { import wasi:http/outgoing-handler@0.2.12; export web; }";
    let code = format!(
        "mod bindings;
        use bindings::wasi::http::types::Fields;
        struct Component;
        impl bindings::exports::fancy_components::web::web::Guest for Component {{
            fn fetch(port: u16) -> String {{
                let answer = crate::fetch(&port.to_string());
                assert!(answer.starts_with(\"fetched\"), \"{{answer}}\");
                answer
            }}
        }}
        bindings::export!(Component with_types_in bindings);{FETCH}"
    );
    components::library(&project, "web", "0.1.0", (web, &code), "");
    for file in ["cli", "clocks", "http", "io", "random"] {
        let path = format!("wit/deps/{file}.wit");
        project.write(&format!("web/{path}"), http.read(&path));
    }
    let app = |dependency: &str| {
        let dependencies = format!(
            "[package.metadata.component.dependencies]\n\"fancy-components:web\" = {{ path = \"{dependency}\" }}\n"
        );
        let code = format!(
            "mod bindings;\nfn main() {{ println!(\"{{}}\", bindings::fancy_components::web::web::fetch({port})); }}\n"
        );
        components::program(&project, "app", &code, &dependencies);
    };
    // A member of the workspace is as the package itself.
    components::workspace(&project, &["app", "web"]);
    app("../web");
    components::run(&project, "run -p app")
        .ok()
        .prints("fetched 200");
    // A component that came from elsewhere is not, wherever it is linked into.
    let bytes = project.bytes("target/wasm32-wasip1/debug/web.wasm");
    project.write("web.wasm", bytes);
    let line = "run -p app --with fancy-components:web=web.wasm";
    components::run(&project, line)
        .code(134)
        .says("it was denied an HTTP request");
    app("../web.wasm");
    components::run(&project, "run -p app")
        .code(134)
        .says("it was denied an HTTP request")
        .says("`--http`");
    components::run(&project, "run -p app --http")
        .ok()
        .prints("fetched 200");
}
