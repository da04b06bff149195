//! `example-projects/`: each does what its README says, from a copy.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::{Project, example};

/// What holds for each of them: it is committed as it is built, but for bindings
/// that `.gitignore` leaves to the first build.
fn in_order(name: &str) -> Project {
    let project = example(name);
    check_order(&project, name);
    project
}

/// As [`in_order`], for a copy that may be set up otherwise.
fn check_order(project: &Project, name: &str) {
    let readme = project.read("README.md");
    let lines = readme.lines().count();
    assert!(
        (8..=14).contains(&lines),
        "{lines} lines in {name}/README.md"
    );
    assert!(
        readme.contains("    cargo component "),
        "no command in {name}/README.md"
    );
    let check = "bindings --check --workspace";
    match project.read(".gitignore").as_str() {
        "/target\n" => drop(project.component(check).ok().silent_on("Generating")),
        ignored => {
            assert_eq!(ignored, "/target\n/src/bindings.rs\n", "{name}");
            assert!(readme.contains("`src/bindings.rs`"), "{name}/README.md");
            assert!(!project.has("src/bindings.rs"), "{name}");
        }
    }
    project.component("build --locked").ok();
    project.component(check).ok().silent_on("Generating");
    project.cargo("fmt --all -- --check").ok();
}

/// Lets a copy depend on this very checkout, which its manifest names by a relative path.
fn on_this_checkout(project: &Project, manifest: &str, path: &str) {
    let here = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
    project.replace(manifest, path, &format!("\"{here}\""));
}

#[test]
fn command() {
    let project = in_order("command");
    project
        .component("run -- world")
        .ok()
        .prints("Hello, world!\n");
    project
        .component("run --env GREETING=Hi -- a b")
        .ok()
        .prints("Hi, a!\nHi, b!\n");
    project.component("test").ok().prints("1 passed");
}

#[test]
fn pure() {
    let project = in_order("pure");
    project
        .component("run --invoke 'count(\"a rose is a rose\")'")
        .ok()
        .prints("[(\"a\", 2), (\"rose\", 2), (\"is\", 1)]\n");
    let output = project.component("build --message-format json").ok();
    assert!(output.stdout.contains("\"imports\":[]"), "{output}");
}

#[test]
fn resource() {
    let project = in_order("resource");
    project
        .component("run --invoke 'statement(\"ada\", [40, 2], 10)'")
        .ok()
        .prints("ok(\"ada has 32\")\n");
    project
        .component("run --invoke 'statement(\"ada\", [40, 2], 100)'")
        .ok()
        .prints("err(\"there are only 42\")\n");
    project.component("test").ok().prints("1 passed");
}

#[test]
fn http() {
    let project = in_order("http");
    // It is served by the tests of `serve`; a proxy has no file system.
    let output = project.component("build --message-format json").ok();
    let component = output
        .stdout
        .lines()
        .find(|l| l.contains("component-artifact"));
    let component = component.unwrap();
    assert!(
        component.contains("wasi:http/incoming-handler@0.2"),
        "{component}"
    );
    assert!(!component.contains("wasi:filesystem"), "{component}");
}

#[test]
fn r#async() {
    let project = in_order("async");
    project
        .component("run --invoke 'countdown(3, 1)'")
        .ok()
        .prints("[3, 2, 1]\n");
    project
        .component("run --target wasm32-wasip2 --invoke 'countdown(3, 1)'")
        .ok()
        .prints("[3, 2, 1]\n");
}

#[test]
fn r#macro() {
    let project = example("macro").building_in("macro");
    check_order(&project, "macro");
    project.component("run -- Ada").ok().prints("Hello, Ada!\n");
}

#[test]
fn workspace() {
    let project = example("workspace");
    on_this_checkout(&project, "host/Cargo.toml", "\"../../..\"");
    check_order(&project, "workspace");
    // Its host is built by `.ci/run`, since the engine takes minutes.
    assert!(!project.has("target/debug/host"));
    let output = project.component("artifacts --locked --manifest-path host/Cargo.toml");
    let output = output.ok().prints("cargo::rustc-env=COMPONENT_ADDER=");
    output.prints("cargo::rustc-env=COMPONENT_SHOUTER=");
    project
        .component("run -p adder --invoke 'add(2, 3)'")
        .ok()
        .prints("5\n");
    project
        .component("run -p shouter --invoke 'shout(\"a\")'")
        .ok()
        .prints("\"A!\"\n");
}

#[test]
fn build_script() {
    let project = example("build-script").building_in("build-script");
    on_this_checkout(&project, "Cargo.toml", "\"../..\"");
    project
        .component("run --invoke 'reverse(\"abc\")'")
        .ok()
        .prints("\"cba\"\n")
        .silent_on("Generating");
    assert!(!project.has("src/bindings.rs"));
    project.cargo("check --target wasm32-wasip1").ok();
    // The script runs again when the world changes.
    project.replace("wit/world.wit", "reverse", "backwards");
    project.component("build").code(101).says("backwards");
    project.replace("src/lib.rs", "fn reverse", "fn backwards");
    project
        .component("run --invoke 'backwards(\"abc\")'")
        .ok()
        .prints("\"cba\"\n");
}

#[test]
fn components() {
    let project = in_order("components");
    // As another runtime ran the linked component.
    let found = include_str!("../recorded/jco-1.35/app.txt");
    assert_eq!(found, "0..5 of \"café au lait\": \"café\"\n");
    project
        .component("run -- caf.")
        .ok()
        .prints(found)
        .says("app.wasm with 2 components");
    project
        .component("run -- zzz")
        .ok()
        .prints(include_str!("../recorded/jco-1.35/app-zzz.txt"));
    project
        .component("test --workspace")
        .ok()
        .prints("1 passed");
    // The second half of its README: a release takes the place of a path.
    let cached = |line: &str| {
        let mut command = project.command(line);
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command).ok()
    };
    let readme = project.read("README.md");
    let steps: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("    cargo component "))
        .skip(1)
        .collect();
    assert_eq!(steps.len(), 3, "{readme}");
    steps.iter().for_each(|step| drop(cached(step)));
    let manifest = project.read("app/Cargo.toml");
    assert!(
        manifest.contains("\"example:regex\" = \"0.1.0\""),
        "{manifest}"
    );
    cached("run").prints(found);
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("example:regex")
    );
    // A release is all that is needed.
    std::fs::remove_dir_all(project.path("regex/src")).unwrap();
    project.replace("Cargo.toml", "\"regex\", ", "");
    cached("run -- t$").prints("12..13 of \"café au lait\": \"t\"\n");
}

#[test]
fn capabilities() {
    let project = in_order("capabilities");
    project
        .component("run")
        .ok()
        .prints("100 rolls from 1 to 6: true\n");
    let shown = project.component("tree --capabilities").ok();
    let dice = shown
        .stdout
        .lines()
        .find(|line| line.contains("example:dice"));
    assert!(dice.unwrap().contains("randomness"), "{shown}");
    // What its README says of a shorter list.
    project.replace("app/Cargo.toml", "\"randomness\", ", "");
    project
        .component("build")
        .code(1)
        .says("imports wasi:random, which is not allowed")
        .says("write `\"example:dice\" = { path = \"../dice\", allow = [");
    project.replace(
        "app/Cargo.toml",
        ", allow = [\"environment\", \"standard-streams\", \"files\", \"clocks\"]",
        "",
    );
    project.component("build").ok();
    project.replace("Cargo.toml", "\"http\"", "\"http\", \"wasi:random\"");
    project
        .component("build")
        .code(1)
        .says("imports wasi:random, which is denied")
        .says("`deny` in `[workspace.metadata.component.capabilities]` has `wasi:random`");
}

#[test]
fn mock() {
    let project = in_order("mock");
    let clock = "target/wasm32-wasip1/debug/still_clock.wasm";
    assert!(!project.has(clock));
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let (mut client, _) = server.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        client.write_all(answer.as_bytes()).unwrap();
    });
    project
        .component(&format!("run -- {url}"))
        .ok()
        .prints(" hello\n")
        .silent_on("still_clock");
    answering.join().unwrap();
    project.component("test").ok().prints("2 passed");
    assert!(project.has(clock));
    project
        .component("tree")
        .ok()
        .prints("[dev-dependencies]\n├── example:http (component)")
        .prints("└── still-clock (component)");
    // The directory of a crate takes the place of a dependency on the command line, too.
    project
        .component("run --with example:http=http-table -- http://weather.example/")
        .ok()
        .prints(" sunny, 21 degrees\n");
    project
        .component(
            "build --compose --with http=http-table --with wasi:clocks/wall-clock=still-clock",
        )
        .ok();
    project
        .component(
            "run --component target/wasm32-wasip1/debug/app.linked.wasm http://weather.example/",
        )
        .ok()
        .prints("12:34 sunny, 21 degrees\n");
    project
        .component("run --component target/wasm32-wasip1/debug/app.wasm --with http=http-table")
        .code(1)
        .says("build the crate in it first");
}
