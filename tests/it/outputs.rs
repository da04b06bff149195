//! Outputs that are no regular files: pipes and standard output by its path.
//! Each verb writes into them, and none puts a file in their place.

#![cfg(unix)]

use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use crate::compose::{adder, app};
use crate::registry_verbs::{run, shapes};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

fn make_pipe(project: &Project) {
    let made = Command::new("mkfifo")
        .arg(project.path("pipe.dot"))
        .status();
    assert!(made.unwrap().success());
}

/// Runs a command line that writes to the pipe `pipe.dot`, while something reads
/// there; what was read.
fn through_pipe(project: &Project, line: &str) -> Vec<u8> {
    make_pipe(project);
    let pipe = project.path("pipe.dot");
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read(pipe).unwrap())
    };
    run(project, line).ok();
    let kind = std::fs::symlink_metadata(&pipe).unwrap().file_type();
    assert!(kind.is_fifo(), "{line}: {kind:?}");
    let read = reader.join().unwrap();
    std::fs::remove_file(pipe).unwrap();
    read
}

fn project(registry: &SmallRegistry) -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project.write("wit/a.wit", "package a:b;\ninterface i { f: func(); }\n");
    project.write("deps/wit/deps.toml", "d = \"../own\"\n");
    project.write("deps/own/d.wit", "package a:d;\n");
    let hint = r#""adder" (external-id "wasm-pkg:t:adder")"#;
    project.write("app.wasm", app(hint));
    project.write("adder.wasm", adder("i32.add"));
    registry.package("demo/shapes", "1.0.0", &shapes("1.0.0"));
    project
}

#[test]
fn every_verb_writes_into_a_pipe() {
    let registry = SmallRegistry::start(Access::Open);
    let project = project(&registry);
    let host = registry.host();
    let deps = "--manifest deps/wit/deps.toml --lock deps/wit/deps.lock --deps deps/wit/deps";
    let compose = "compose app.wasm --with adder=adder.wasm";
    let get = format!("registry get demo:shapes@1.0.0 --registry oci://{host}");
    let lines = [
        format!("{compose} -o pipe.dot"),
        format!("{compose} -o linked.wasm --graph pipe.dot"),
        "wit build --wit-dir wit -o pipe.dot".to_owned(),
        format!("{get} --format wasm -o pipe.dot"),
        format!("{get} --format wit -o pipe.dot"),
        format!("{get} --format wasm --overwrite -o pipe.dot"),
        format!("registry pull {host}/demo/shapes:1.0.0 -o pipe.dot"),
        format!("deps {deps} tar d -o pipe.dot"),
    ];
    for line in lines {
        let read = through_pipe(&project, &line);
        // Again into a file: the pipe got the same.
        run(&project, &line.replace("pipe.dot", "file.dot")).ok();
        assert_eq!(read, project.bytes("file.dot"), "{line}");
        std::fs::remove_file(project.path("file.dot")).unwrap();
    }
    // A pipe is not what the release holds, and is not waited for.
    make_pipe(&project);
    run(
        &project,
        &format!("{get} --format wasm --check -o pipe.dot"),
    )
    .code(1);
}

#[test]
fn standard_output_by_its_path_gets_the_bytes() {
    let registry = SmallRegistry::start(Access::Open);
    let project = project(&registry);
    let wit = run(&project, "wit build --wit-dir wit -o /dev/stdout").ok();
    assert!(wit.stdout.starts_with("\0asm"));
    let line = format!(
        "registry get demo:shapes@1.0.0 --registry oci://{} --format wit -o /dev/stdout",
        registry.host()
    );
    run(&project, &line)
        .ok()
        .prints("package demo:shapes@1.0.0");
}

/// Lines of processes that write to one terminal or pipe at the same time do not mix.
#[test]
fn each_message_is_written_at_once() {
    let project = Project::empty();
    project.write(
        "a.wasm",
        wat::parse_str("(component (import \"b:c/d\" (instance)))").unwrap(),
    );
    let provider = "(component (instance $e) (export \"b:c/d\" (instance $e)))";
    project.write("b.wasm", wat::parse_str(provider).unwrap());
    for color in ["never", "always"] {
        // Such a socket keeps what one call writes apart from the next.
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let line = format!("compose a.wasm --with b:c/d=b.wasm -o out.wasm --color {color}");
        let mut command = project.command(&line);
        let status = command.stderr(OwnedFd::from(theirs)).status().unwrap();
        assert!(status.success());
        drop(command);
        ours.set_nonblocking(true).unwrap();
        let mut messages = Vec::new();
        let mut buffer = [0; 1000];
        while let Ok(length @ 1..) = ours.recv(&mut buffer) {
            messages.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        assert!(messages.len() > 2, "{messages:?}");
        let is_line = |m: &String| m.ends_with('\n') && m.lines().count() == 1;
        assert!(messages.iter().all(is_line), "{messages:?}");
    }
}
