//! Servers that never come to an end: bodies that trickle, lists without a last
//! page, answers that are too large.

use std::process::Command;

use crate::deps_archives::{Deps, files};
use crate::fault_proxy::{Fault, FaultProxy, drip};
use crate::faults::{command, registry, write};
use crate::http::{Answer, read_request, send, serve};
use crate::small_registry::Access;
use crate::support::Project;

const ALWAYS: usize = usize::MAX / 2;

/// Asks once, and waits for a second.
fn hasty(mut command: Command) -> Command {
    command.env("CARGO_NET_RETRY", "0");
    command.env("CARGO_HTTP_TIMEOUT", "1");
    command
}

#[test]
fn a_registry_that_sends_byte_by_byte_is_given_up() {
    let server = registry(Access::Open);
    let proxy = FaultProxy::new(server.port);
    let project = Project::empty();
    for part in ["/tags/", "/manifests/", "/blobs/"] {
        proxy.calm();
        write(&project, &proxy.host(), "build");
        proxy.fault("GET", part, ALWAYS, Fault::Drip);
        project
            .run(hasty(command(&project, "bindings")))
            .code(1)
            .says("bytes were received in 1s, which is slower than 10 bytes per second")
            .says("help: ");
        assert!(!project.has("Cargo-component.lock"));
    }
    // Who has the patience gets the bytes: cargo's configuration says so.
    project.write(".cargo/config.toml", "[http]\nlow-speed-limit = 0\n");
    proxy.calm();
    proxy.fault("GET", "/tags/", 1, Fault::Drip);
    project.run(hasty(command(&project, "bindings"))).ok();
    // Variables have the last word, and wrong ones are told.
    let mut wrong = hasty(command(&project, "update"));
    wrong.env("CARGO_HTTP_LOW_SPEED_LIMIT", "fast");
    project
        .run(wrong)
        .code(1)
        .says("`CARGO_HTTP_LOW_SPEED_LIMIT` is `fast`");
}

#[test]
fn a_list_of_tags_without_end_is_given_up() {
    let server = registry(Access::Open);
    let proxy = FaultProxy::new(server.port);
    let endless = serve(|stream| {
        let Some(request) = read_request(&stream) else {
            return;
        };
        let last: u32 = request
            .query("last")
            .map_or(0, |last| last.parse().unwrap());
        let path = request.path().to_owned();
        let answer = Answer::new(200)
            .header("Link", format!("<{path}?last={}>; rel=\"next\"", last + 1))
            .body(format!("{{\"tags\":[\"0.0.{last}\"]}}"));
        send(&stream, &answer.bytes(false));
    });
    let project = Project::empty();
    write(&project, &format!("127.0.0.1:{endless}"), "build");
    project
        .run(command(&project, "bindings"))
        .code(1)
        .says("its list of tags has more than 1000 pages")
        .says("help: ");
    // Neither is an answer that is larger than any manifest may be.
    for part in ["/tags/", "/manifests/"] {
        proxy.calm();
        write(&project, &proxy.host(), "build");
        proxy.fault("GET", part, ALWAYS, Fault::Pad((4 << 20) + 1));
        project
            .run(command(&project, "bindings"))
            .code(1)
            .says("larger than 4 MiB");
        assert_eq!(proxy.left(), ALWAYS - 1, "it is asked for once");
    }
}

#[test]
fn an_archive_that_comes_byte_by_byte_is_given_up() {
    let port = serve(|stream| {
        if read_request(&stream).is_some() {
            let archive = files(&[("wit/a.wit", "package a:b;")]);
            let answer = Answer::new(200).body(archive.as_slice()).bytes(false);
            let (head, body) = answer.split_at(answer.len() - archive.len());
            drip(stream, head, body);
        }
    });
    let deps = Deps::new();
    deps.manifest(&format!("a = \"http://127.0.0.1:{port}/a.tar.gz\"\n"));
    deps.project
        .run(hasty(deps.command("lock")))
        .code(1)
        .says("bytes were received in 1s, which is slower than 10 bytes per second");
    assert!(!deps.project.has("wit/deps.lock"));
}
