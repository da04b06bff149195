//! What registries do wrong, held against everything that asks one: either
//! the tool recovers, or it says what went wrong and nothing is lost.

use std::path::PathBuf;
use std::thread;

use cargo_component::lockfile::{self, Locked, Lockfile};
use cargo_component::package::ContentDigest;

use crate::authoring::{RUNTIME, snapshot};
use crate::fault_proxy::{Fault, FaultProxy};
use crate::http::Answer;
use crate::registry_verbs::wit;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

/// Something that asks a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Build,
    Add,
    Update,
    Publish,
    Verify,
    Get,
}

impl Operation {
    const ALL: [Operation; 6] = [
        Operation::Build,
        Operation::Add,
        Operation::Update,
        Operation::Publish,
        Operation::Verify,
        Operation::Get,
    ];

    fn line(self) -> &'static str {
        match self {
            Operation::Build => "build",
            Operation::Add => "add demo:other",
            Operation::Update => "update",
            Operation::Publish => "publish",
            Operation::Verify => "verify",
            Operation::Get => "registry get demo:types@1 -o out/",
        }
    }

    /// The package it asks for.
    fn package(self) -> &'static str {
        match self {
            Operation::Add => "demo:other",
            Operation::Publish => "demo:guest",
            _ => "demo:types",
        }
    }
}

/// What becomes of it.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// It works all the same.
    Recovers,
    /// It fails, and this is said.
    Fails(&'static str),
}

use Outcome::{Fails, Recovers};

/// One way to misbehave.
struct Row {
    name: &'static str,
    /// The requests that go wrong: by method and part of their target.
    requests: (&'static str, &'static str),
    times: usize,
    fault: Fault,
    outcome: Outcome,
}

const ALWAYS: usize = usize::MAX / 2;

fn rows(other: u16) -> Vec<Row> {
    let status = |code: u16| Fault::Answer(Answer::new(code));
    let pause = |text: &str| Fault::Answer(Answer::new(429).header("Retry-After", text));
    let location = |to: &str| Fault::Answer(Answer::new(302).header("Location", to));
    let length = |text: &str| Fault::Header("Content-Length", text.to_owned());
    let digest = ContentDigest::of(b"other").to_string();
    let refused = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"come back later"}]}"#;
    let said = Fault::Answer(Answer::new(503).body(refused));
    let all = ("", "");
    let get = ("GET", "");
    [
        ("429, at once again", all, 1, pause("0"), Recovers),
        ("429, for hours", all, ALWAYS, pause("9999"), Fails("429")),
        ("500 once", all, 1, status(500), Recovers),
        ("500", all, ALWAYS, status(500), Fails("500")),
        ("502 once", all, 1, status(502), Recovers),
        ("502", all, ALWAYS, status(502), Fails("502")),
        ("503 once", all, 1, status(503), Recovers),
        ("503", all, ALWAYS, said, Fails("come back later")),
        ("a teapot", all, ALWAYS, status(418), Fails("418")),
        ("no login helps", all, ALWAYS, status(401), Fails("access")),
        ("silence once", all, 1, Fault::Hang, Recovers),
        (
            "silence",
            all,
            ALWAYS,
            Fault::Hang,
            Fails("no data was received for 1s"),
        ),
        ("closed once", all, 1, Fault::Refuse, Recovers),
        (
            "closed",
            all,
            ALWAYS,
            Fault::Refuse,
            Fails("connection closed"),
        ),
        ("reset once", all, 1, Fault::Reset, Recovers),
        ("reset", all, ALWAYS, Fault::Reset, Fails("reset")),
        ("cut short once", get, 1, Fault::CutBody(7), Recovers),
        ("cut short", get, ALWAYS, Fault::CutBody(7), Fails("")),
        (
            "not a JSON",
            ("GET", "/tags/"),
            ALWAYS,
            Fault::Body(b"{\"tags\": [1".to_vec()),
            Fails("tags"),
        ),
        (
            "a page instead of a manifest",
            ("GET", "/manifests/"),
            ALWAYS,
            Fault::Body(b"<html>please log in</html>".to_vec()),
            Fails("manifest"),
        ),
        (
            "other bytes",
            ("GET", "/blobs/"),
            ALWAYS,
            Fault::Flip,
            Fails("has digest `sha256:"),
        ),
        (
            "another digest of the manifest",
            ("GET", "/manifests/"),
            ALWAYS,
            Fault::Header("Docker-Content-Digest", digest),
            Fails("digest"),
        ),
        ("too short a length", get, ALWAYS, length("3"), Fails("")),
        (
            "too great a length",
            get,
            ALWAYS,
            length("99999999"),
            Fails(""),
        ),
        (
            "in circles",
            get,
            ALWAYS,
            location("/v2/team/demo/types/tags/list"),
            Fails("there were more than 10 redirects"),
        ),
        (
            "to another protocol",
            get,
            ALWAYS,
            location("ftp://127.0.0.1/x"),
            Fails("a redirect leads"),
        ),
        ("to another host", get, 1, Fault::Redirect(other), Recovers),
        (
            "bytes at another host",
            ("GET", "/blobs/"),
            ALWAYS,
            Fault::Redirect(other),
            Recovers,
        ),
        (
            "a manifest of 4 MiB",
            ("GET", "/manifests/"),
            ALWAYS,
            Fault::Pad(4 << 20),
            Recovers,
        ),
    ]
    .into_iter()
    .map(|(name, requests, times, fault, outcome)| Row {
        name,
        requests,
        times,
        fault,
        outcome,
    })
    .collect()
}

pub fn types(version: &str) -> Vec<u8> {
    wit(&format!(
        "package demo:types@{version};
         interface types {{ record point {{ x: u32, y: u32 }} }}
         world app {{ import types; }}"
    ))
}

/// A registry for `user` with what every operation asks for.
pub fn registry(access: Access) -> SmallRegistry {
    let server = SmallRegistry::start(access);
    for version in ["1.0.0", "1.1.0"] {
        server.package("team/demo/types", version, &types(version));
    }
    server.package("team/demo/guest", "0.1.0", &types("1.0.0"));
    let other = wit("package demo:other@1.0.0; interface other { f: func(); }");
    server.package("team/demo/other", "1.0.0", &other);
    server
}

/// Makes a project whose registry is at this host, as it is before this command
/// line: for all but `build` an older version is locked and in the cache. What
/// was built stays.
pub fn write(project: &Project, host: &str, line: &str) {
    let target = match line.starts_with("add ") {
        true => "",
        false => "target = \"demo:types/app@1\"\n",
    };
    project.write(
        "Cargo.toml",
        format!(
            "# mine\n[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\n{RUNTIME}\n\
             [package.metadata.component]\npackage = \"demo:guest\"\n\
             {target}\
             [package.metadata.component.registries]\ndefault = \"oci://{host}/team\"\n"
        ),
    );
    project.write("src/lib.rs", "mod bindings;\n");
    project.write(
        "config.toml",
        format!(
            "[registry.\"{host}\".oci]\nauth = {{ username = \"user\", password = \"secret\" }}\n"
        ),
    );
    for path in ["cache", "out"] {
        let _ = std::fs::remove_dir_all(project.path(path));
    }
    let _ = std::fs::remove_file(project.path("Cargo-component.lock"));
    if line == "build" {
        let _ = std::fs::remove_file(project.path("src/bindings.rs"));
    } else {
        let bytes = types("1.0.0");
        let digest = ContentDigest::of(&bytes);
        project.write(&format!("cache/{digest}"), bytes);
        let mut lock = Lockfile::default();
        lock.insert(Locked {
            package: "demo:types".parse().unwrap(),
            registry: None,
            requirement: "^1".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
            digest,
            source: None,
            address: None,
            imports: None,
        });
        project.write("Cargo-component.lock", lockfile::print(&lock));
    }
}

/// A command line that knows no login but that of `config.toml`.
pub fn command(project: &Project, line: &str) -> std::process::Command {
    let mut command = project.command(&format!("{line} --registry-config config.toml"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    command.env("DOCKER_CONFIG", project.path("docker"));
    command.env_remove("XDG_RUNTIME_DIR");
    command.env_remove("REGISTRY_AUTH_FILE");
    command
}

/// What is wrong with lock file and cache; a file that is neither of the cache
/// nor whole is.
pub fn invalid(project: &Project) -> Vec<String> {
    let mut wrong = Vec::new();
    let lock = project.path("Cargo-component.lock");
    if let Ok(text) = std::fs::read_to_string(&lock) {
        match lockfile::parse(&lock, &text) {
            Ok(read) if lockfile::print(&read) == text => {}
            Ok(_) => wrong.push(format!("the lock file is not as it is printed:\n{text}")),
            Err(error) => wrong.push(format!("{error:?}")),
        }
    }
    let Ok(entries) = project.path("cache").read_dir() else {
        return wrong;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let is_whole = match name.strip_suffix(".json") {
            Some(_) => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
            None => name == ".lock" || name == ContentDigest::of(&bytes).to_string(),
        };
        if !is_whole {
            wrong.push(format!("`{name}` in the cache"));
        }
    }
    wrong
}

/// The user's files, without the cache.
fn files(project: &Project) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = snapshot(project);
    files.retain(|(path, _)| !path.starts_with(project.path("cache")));
    files
}

/// What is wrong with how an operation met a fault.
fn judge(row: &Row, operation: Operation, output: &Output, host: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let said = &output.stderr;
    for never in ["secret", "dXNlcjpzZWNyZXQ=", "panicked"] {
        if said.contains(never) {
            wrong.push(format!("`{never}` was said"));
        }
    }
    let text = match row.outcome {
        Recovers => {
            if output.code != 0 {
                wrong.push("it does not recover".to_owned());
            }
            return wrong;
        }
        Fails(text) => text,
    };
    if output.code != 1 {
        wrong.push("its exit code is not 1".to_owned());
    }
    for part in [text, operation.package(), host, "help: "] {
        if !said.contains(part) {
            wrong.push(format!("`{part}` was not said"));
        }
    }
    wrong
}

/// Meets one fault in an operation; what is wrong with that.
fn meet(row: &Row, operation: Operation, project: &Project, other: &FaultProxy) -> Vec<String> {
    let server = registry(Access::Basic);
    let proxy = FaultProxy::new(server.port);
    write(project, &proxy.host(), operation.line());
    let (method, part) = row.requests;
    proxy.fault(method, part, row.times, row.fault.clone());
    other.calm();
    let before = files(project);
    let mut command = command(project, operation.line());
    let retries = match row.outcome {
        Recovers => "3",
        Fails(_) => "0",
    };
    command.env("CARGO_NET_RETRY", retries);
    if matches!(row.fault, Fault::Hang) {
        command.env("CARGO_HTTP_TIMEOUT", "1");
    }
    let output = project.run(command);
    let mut wrong = match proxy.left() == row.times {
        // It asks for nothing that goes wrong.
        true if output.code == 0 => Vec::new(),
        true => vec!["it fails by itself".to_owned()],
        false => judge(row, operation, &output, &proxy.host()),
    };
    wrong.extend(invalid(project));
    if output.code != 0 && files(project) != before {
        wrong.push("something was changed".to_owned());
    }
    if other
        .seen()
        .iter()
        .any(|r| r.header("authorization").is_some())
    {
        wrong.push("the login went to another host".to_owned());
    }
    if matches!(row.fault, Fault::Redirect(_))
        && proxy.left() != row.times
        && other.seen().is_empty()
    {
        wrong.push("the redirect was not followed".to_owned());
    }
    if wrong.is_empty() {
        return wrong;
    }
    wrong.push(output.to_string());
    vec![format!(
        "{operation:?}, {}: {}",
        row.name,
        wrong.join("\n  ")
    )]
}

#[test]
fn every_operation_recovers_from_every_fault_or_tells_it() {
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = Operation::ALL
            .into_iter()
            .map(|operation| {
                scope.spawn(move || {
                    let mirror = registry(Access::Open);
                    let other = FaultProxy::new(mirror.port);
                    let project = Project::empty();
                    // What is built by it is there from then on.
                    let server = registry(Access::Basic);
                    write(&project, &server.host(), operation.line());
                    project.run(command(&project, operation.line())).ok();
                    let mut wrong = Vec::new();
                    let mut met = 0;
                    for row in rows(other.port) {
                        wrong.extend(meet(&row, operation, &project, &other));
                        met += 1;
                    }
                    assert!(met > 20);
                    wrong
                })
            })
            .collect();
        let all = workers.into_iter().map(|worker| worker.join().unwrap());
        all.flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_pause_is_kept_and_a_number_that_is_none_is_told() {
    let server = registry(Access::Basic);
    let proxy = FaultProxy::new(server.port);
    let project = Project::empty();
    write(&project, &proxy.host(), "build");
    let limited = Answer::new(429).header("Retry-After", "1");
    proxy.fault("", "/tags/", 2, Fault::Answer(limited));
    // Each request may be repeated once.
    let mut once = command(&project, "bindings");
    once.env("CARGO_NET_RETRY", "1");
    project.run(once).code(1).says("429").says("1s");
    assert_eq!(proxy.left(), 0);
    for (name, value) in [("CARGO_NET_RETRY", "often"), ("CARGO_HTTP_TIMEOUT", "0")] {
        let mut wrong = command(&project, "bindings");
        wrong.env(name, value);
        let text = format!("`{name}` is `{value}`");
        project.run(wrong).code(1).says(&text).says("help: ");
    }
    assert!(!project.has("Cargo-component.lock"));
    // Files of cargo's configuration say the same, and variables more.
    project.write(".cargo/config.toml", "[net]\nretry = 0\n");
    let busy = || Fault::Answer(Answer::new(503));
    proxy.fault("", "/tags/", 1, busy());
    project
        .run(command(&project, "bindings"))
        .code(1)
        .says("503");
    proxy.fault("", "/tags/", 1, busy());
    let mut once = command(&project, "bindings");
    once.env("CARGO_NET_RETRY", "1");
    project.run(once).ok();
    assert_eq!(proxy.left(), 0);
    let _ = std::fs::remove_dir_all(project.path("cache"));
    project.write(".cargo/config.toml", "[http]\ntimeout = 0\n");
    project
        .run(command(&project, "update"))
        .code(1)
        .says("`http.timeout`")
        .says(".cargo/config.toml");
}
