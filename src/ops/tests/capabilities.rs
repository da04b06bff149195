//! What is shown of the imports of components, recorded in the lock file, and refused.

use serde_json::{Value, json};

use super::fixture::{Run, Sandbox, of};
use super::samples::{args, component};
use crate::base::error::Result;
use crate::base::package::ContentDigest;
use crate::model::resolver::graph::GraphContent;
use crate::ops::fetch::fetch;
use crate::ops::outdated::{OutdatedOptions, outdated};
use crate::ops::tree::{Format, TreeOptions, tree};
use crate::ops::update::{UpdateOptions, update};
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::ready::prepare;
use crate::system::context::Context;

/// A section with this value of the entry for `t:regex`.
fn section(entry: &str) -> String {
    format!(
        "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.dependencies]\n\"t:regex\" = {entry}\n"
    )
}

/// A package that depends on `t:regex` by this entry, with other lines of its manifest.
fn app(entry: &str) -> Sandbox {
    let manifest = super::fixture::manifest("app", &section(entry));
    Sandbox::new(&[("Cargo.toml", &manifest)])
}

/// A component that exports a function and imports these interfaces of WASI, each a
/// function.
fn importing(imports: &[&str]) -> Vec<u8> {
    let mut texts = Vec::new();
    let mut world = String::from("package t:regex; world regex { export find: func(); ");
    for import in imports {
        let (package, interface) = import.split_once('/').unwrap();
        texts.push(format!(
            "package {package}@0.2.3; interface {interface} {{ call: func(); }}"
        ));
        world.push_str(&format!("import {import}@0.2.3; "));
    }
    texts.push(world + "}");
    component(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn publish(sandbox: &Sandbox, release: &str, bytes: Vec<u8>) {
    let (package, version) = release.split_once('@').unwrap();
    let version = version.parse().unwrap();
    sandbox.memory.insert(of(package), version, bytes);
}

/// A component that imports these interfaces, and one instance by a hint to a release.
fn hinting(imports: &[&str], release: &str, bytes: &[u8]) -> Vec<u8> {
    let digest = ContentDigest::of(bytes);
    let imports: String = imports
        .iter()
        .map(|name| format!("(import \"{name}@0.2.3\" (instance))"))
        .collect();
    let text = format!(
        "(component {imports} (import \"other\" (external-id \"wasm-pkg:{release}?digest={digest}\") (instance)))"
    );
    wat::parse_str(text).unwrap()
}

fn run(sandbox: &Sandbox, operation: impl FnOnce(&Context) -> Result<()>) -> Run {
    sandbox.run([sandbox.metadata()], operation)
}

fn run_update(sandbox: &Sandbox, line: &str) -> Run {
    run(sandbox, |ctx| {
        update(ctx, &args(line), &UpdateOptions::default())
    })
}

fn run_build(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.remove("target");
    sandbox.run([sandbox.metadata(), sandbox.toolchain()], |ctx| {
        let mut prepared = prepare(ctx, &args(line), StaleBindings::Write)?;
        prepared.write(ctx)
    })
}

fn run_tree(sandbox: &Sandbox, format: Format) -> Run {
    let options = TreeOptions {
        content: GraphContent::Capabilities,
        format,
        ..TreeOptions::default()
    };
    run(sandbox, |ctx| tree(ctx, &args("tree"), &options))
}

fn data(run: &Run) -> Vec<&str> {
    let messages = run.messages.iter().map(String::as_str);
    messages
        .filter(|message| !message.contains("Downloading"))
        .collect()
}

/// The imports that the lock file has for the only package.
fn recorded(sandbox: &Sandbox) -> Option<String> {
    let lock = sandbox.lock();
    let (_, rest) = lock.split_once("imports = [")?;
    Some(
        rest.split_once(']')
            .unwrap()
            .0
            .replace([' ', '\n', '"'], ""),
    )
}

#[test]
fn the_tree_shows_what_components_import_themselves_and_through_others() {
    let sandbox = app("\"1\"");
    let low = importing(&["wasi:sockets/tcp", "wasi:io/poll"]);
    let top = hinting(&["wasi:clocks/wall-clock"], "t:low@1.0.0", &low);
    publish(&sandbox, "t:low@1.0.0", low);
    publish(&sandbox, "t:regex@1.0.0", top);
    let shown = run_tree(&sandbox, Format::Text).ok();
    assert_eq!(
        data(&shown),
        [
            "app v1.0.0 (ROOT) [through dependencies: network, clocks]",
            "└── t:regex v1.0.0 (component) (https://registry.example) [clocks] [through dependencies: network]",
            "    └── t:low v1.0.0 (component) (https://registry.example) [network]",
        ]
    );
    let shown = run_tree(&sandbox, Format::Json).ok();
    let json: Value = serde_json::from_str(data(&shown)[0]).unwrap();
    assert_eq!(
        json["packages"][1]["capabilities"],
        json!({
            "own": { "clocks": ["wasi:clocks/wall-clock"] },
            "dependencies": { "network": ["wasi:sockets/tcp"] },
        })
    );
}

#[test]
fn imports_are_locked_and_an_older_lock_file_is_completed_by_the_next_update() {
    let sandbox = app("\"1\"");
    publish(
        &sandbox,
        "t:regex@1.0.0",
        importing(&["wasi:clocks/wall-clock"]),
    );
    run_build(&sandbox, "build").ok();
    assert_eq!(
        recorded(&sandbox).as_deref(),
        Some("wasi:clocks/wall-clock,")
    );
    let lock = sandbox.lock();
    let (start, rest) = lock.split_once("imports = [").unwrap();
    let old = format!("{start}{}", rest.split_once("]\n").unwrap().1);
    sandbox.write("Cargo-component.lock", &old);
    // Neither with --locked nor by a build that changes nothing is it rewritten.
    run_build(&sandbox, "build --locked").ok();
    run_build(&sandbox, "build").ok();
    run_update(&sandbox, "update --locked").ok();
    assert_eq!(sandbox.lock(), old);
    run_update(&sandbox, "update")
        .ok()
        .says("Recording what components import");
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn a_record_that_is_wrong_is_refused_if_it_must_not_change_and_mended_otherwise() {
    let sandbox = app("\"1\"");
    publish(
        &sandbox,
        "t:regex@1.0.0",
        importing(&["wasi:clocks/wall-clock"]),
    );
    run_build(&sandbox, "build").ok();
    let lock = sandbox.lock();
    sandbox.write(
        "Cargo-component.lock",
        lock.replace("wasi:clocks/wall-clock", "wasi:random/random"),
    );
    for line in ["build --locked", "build --frozen"] {
        run_build(&sandbox, line).refused(&[
            "does not have the imports of t:regex 1.0.0, but --locked was passed to keep it",
            "the component imports wasi:clocks/wall-clock",
            "only the lock file has wasi:random/random",
        ]);
    }
    run_build(&sandbox, "build").ok();
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn an_update_that_newly_imports_something_is_refused_until_it_is_allowed() {
    let sandbox = app("\"1\"");
    publish(
        &sandbox,
        "t:regex@1.2.0",
        importing(&["wasi:clocks/wall-clock"]),
    );
    run_update(&sandbox, "update")
        .ok()
        .says("`t:regex` v1.2.0 imports clocks");
    publish(
        &sandbox,
        "t:regex@1.3.0",
        importing(&["wasi:clocks/wall-clock", "wasi:sockets/tcp"]),
    );
    let lock = sandbox.lock();
    let hint = "write `\"t:regex\" = { version = \"1\", allow = [\"network\", \"clocks\"] }`";
    let refused = run_update(&sandbox, "update");
    let refused = refused.refused(&[
        "t:regex 1.3.0 newly imports wasi:sockets",
        "Cargo.toml:",
        "it imports wasi:sockets/tcp",
        "version 1.2.0 is locked, which does not import it",
        hint,
    ]);
    assert!(!refused.messages.iter().any(|m| m.contains("Updating")));
    assert_eq!(sandbox.lock(), lock);
    let manifest = sandbox.read("Cargo.toml").unwrap();
    let line = hint.trim_start_matches("write `").trim_end_matches('`');
    sandbox.write("Cargo.toml", manifest.replace("\"t:regex\" = \"1\"", line));
    run_update(&sandbox, "update")
        .ok()
        .says("Updating dependency `t:regex` v1.2.0 -> v1.3.0")
        .says("note: `t:regex` v1.3.0 newly imports wasi:sockets (network)");
    assert_eq!(
        recorded(&sandbox).as_deref(),
        Some("wasi:clocks/wall-clock,wasi:sockets/tcp,")
    );
    run_build(&sandbox, "build --locked").ok();
}

#[test]
fn a_build_with_a_newer_requirement_is_refused_as_the_update_is() {
    let sandbox = app("\"=1.2.0\"");
    publish(&sandbox, "t:regex@1.2.0", importing(&[]));
    publish(
        &sandbox,
        "t:regex@1.3.0",
        importing(&["wasi:filesystem/types"]),
    );
    run_build(&sandbox, "build").ok();
    let manifest = sandbox.read("Cargo.toml").unwrap();
    sandbox.write("Cargo.toml", manifest.replace("=1.2.0", "=1.3.0"));
    let lock = sandbox.lock();
    let text = "t:regex 1.3.0 newly imports wasi:filesystem";
    run_build(&sandbox, "build").refused(&[text]);
    run_tree(&sandbox, Format::Text).refused(&[text]);
    run(&sandbox, |ctx| fetch(ctx, &args("fetch"))).refused(&[text]);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn what_an_update_needs_in_addition_counts_and_what_moved_does_not() {
    let sandbox = app("\"1\"");
    publish(
        &sandbox,
        "t:regex@1.0.0",
        importing(&["wasi:clocks/wall-clock"]),
    );
    run_update(&sandbox, "update").ok();
    let low = importing(&["wasi:clocks/wall-clock", "wasi:io/poll"]);
    let top = hinting(&[], "t:low@1.0.0", &low);
    publish(&sandbox, "t:low@1.0.0", low);
    publish(&sandbox, "t:regex@1.1.0", top);
    run_update(&sandbox, "update")
        .ok()
        .says("`t:regex` v1.1.0 no longer imports wasi:clocks (clocks)")
        .says("`t:low` v1.0.0 imports clocks");
    let new = importing(&["wasi:sockets/tcp"]);
    let top = hinting(&[], "t:new@1.0.0", &new);
    publish(&sandbox, "t:new@1.0.0", new);
    publish(&sandbox, "t:regex@1.2.0", top);
    run_update(&sandbox, "update").refused(&[
        "t:new 1.0.0 newly imports wasi:sockets",
        "it was not locked before, and nothing that `t:regex` needed imports it",
        "`t:regex` is linked with it",
    ]);
}

#[test]
fn a_dependency_may_do_what_its_rules_allow() {
    let sandbox = app("{ version = \"1\", allow = [\"clocks\", \"wasi:random\"] }");
    publish(
        &sandbox,
        "t:regex@1.0.0",
        importing(&["wasi:clocks/wall-clock", "wasi:random/random"]),
    );
    run_build(&sandbox, "build").ok();
    publish(
        &sandbox,
        "t:regex@1.1.0",
        importing(&["wasi:clocks/wall-clock", "wasi:sockets/tcp"]),
    );
    run_update(&sandbox, "update").refused(&[
        "t:regex 1.1.0 imports wasi:sockets, which is not allowed",
        "only `clocks`, `wasi:random` is allowed",
        "write `\"t:regex\" = { version = \"1\", allow = [\"clocks\", \"wasi:random\", \"network\"] }`",
    ]);
    run_build(&sandbox, "build --locked").ok();
    let manifest = sandbox.read("Cargo.toml").unwrap();
    let denying = manifest.replace(
        "allow = [\"clocks\", ",
        "deny = [\"wasi:clocks/wall-clock\", ",
    );
    sandbox.write("Cargo.toml", denying);
    let refused = run_build(&sandbox, "build --locked");
    refused.refused(&[
        "t:regex 1.0.0 imports wasi:clocks, which is denied",
        "`deny` of the entry has `wasi:clocks/wall-clock`",
    ]);
}

#[test]
fn the_rules_of_the_workspace_hold_for_all_and_through_others() {
    let rules = "\n[workspace.metadata.component.capabilities]\nallow = [\"clocks\"]\ndeny = [\"network\"]\n";
    let low = importing(&["wasi:sockets/tcp"]);
    let top = hinting(&["wasi:clocks/wall-clock"], "t:low@1.0.0", &low);
    let sandbox = app(&format!("\"1\"\n{rules}"));
    publish(&sandbox, "t:low@1.0.0", low);
    publish(&sandbox, "t:regex@1.0.0", top);
    for operation in [run_update, |sandbox: &Sandbox, _: &str| {
        run(sandbox, |ctx| fetch(ctx, &args("fetch")))
    }] {
        operation(&sandbox, "update").refused(&[
            "t:low 1.0.0 imports wasi:sockets, which is denied",
            "`t:regex` is linked with it",
            "`deny` in `[workspace.metadata.component.capabilities]` has `network`",
        ]);
    }
    assert_eq!(sandbox.read("Cargo-component.lock"), None);
    let manifest = sandbox.read("Cargo.toml").unwrap();
    sandbox.write("Cargo.toml", manifest.replace("deny = [\"network\"]", ""));
    run_update(&sandbox, "update").refused(&[
        "t:low 1.0.0 imports wasi:sockets, which is not allowed",
        "write `\"t:regex\" = { version = \"1\", allow = [\"network\"] }`",
    ]);
    // The tree shows what is refused.
    run_tree(&sandbox, Format::Text)
        .ok()
        .says("[through dependencies: network, clocks]");
}

#[test]
fn outdated_shows_what_a_newer_release_newly_imports() {
    let sandbox = app("\"1\"");
    publish(
        &sandbox,
        "t:regex@1.0.0",
        importing(&["wasi:clocks/wall-clock"]),
    );
    run_update(&sandbox, "update").ok();
    publish(&sandbox, "t:regex@1.1.0", importing(&["wasi:sockets/tcp"]));
    let lock = sandbox.lock();
    let shown = |format: Format, capabilities: bool| {
        run(&sandbox, |ctx| {
            let options = OutdatedOptions {
                format,
                capabilities,
                ..OutdatedOptions::default()
            };
            outdated(ctx, &args("outdated"), &options)
        })
        .ok()
    };
    let plain = shown(Format::Json, false);
    let json: Value = serde_json::from_str(data(&plain)[0]).unwrap();
    assert_eq!(json["packages"][0]["newer_imports"], Value::Null);
    assert!(
        !plain
            .requests
            .iter()
            .any(|request| request.contains("fetch"))
    );
    let text = shown(Format::Text, true);
    let rows = data(&text);
    assert!(
        rows[0].contains("Latest  Newly imports  Required by"),
        "{rows:#?}"
    );
    let cells: Vec<&str> = rows[1].split_whitespace().collect();
    assert_eq!(
        cells[..5],
        ["t:regex", "1.0.0", "1.1.0", "1.1.0", "network"]
    );
    let json: Value = serde_json::from_str(data(&shown(Format::Json, true))[0]).unwrap();
    assert_eq!(
        json["packages"][0]["newer_imports"],
        json!({
            "version": "1.1.0",
            "new": { "network": ["wasi:sockets/tcp"] },
            "gone": { "clocks": ["wasi:clocks/wall-clock"] },
        })
    );
    assert_eq!(sandbox.lock(), lock);
}
