//! Each manifest is read once in a run, and cargo is asked for the workspace once.

use super::fixture;
use super::fixture::{Run, Sandbox, failed, manifest, succeeded};
use super::samples::{args, component, module};
use crate::base::error::Result;
use crate::ops::cargo::cargo_verb;
use crate::ops::compose::{ComposeOptions, compose};
use crate::ops::fetch::fetch;
use crate::ops::outdated::{OutdatedOptions, outdated};
use crate::ops::publish::{PublishOptions, PublishedContent, UncommittedChanges, publish};
use crate::ops::tree::{TreeOptions, tree};
use crate::ops::update::{UpdateOptions, update};
use crate::ops::vendor::vendor;
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Output;

const TYPES: &str = "package t:types@1.0.0; interface types { type id = u32; }";

const WIT_A: &str =
    "package t:a; interface a { f: func(); } world w { import t:types/types@1.0.0; export a; }";

/// The WIT of the second member, which uses that of the first one.
const WIT_B: &str = "package t:b; world w { import t:a/a; import t:types/types@1.0.0; }";

/// The manifests of a workspace of two packages.
const MEMBERS: &[&str] = &["Cargo.toml", "a/Cargo.toml", "b/Cargo.toml"];

/// A workspace of two packages, whose root has none.
fn workspace() -> Sandbox {
    let section = |name: &str| format!("[package.metadata.component]\npackage = \"t:{name}\"\n");
    let [a, b] = ["a", "b"].map(|name| manifest(name, &section(name)));
    let sandbox = Sandbox::new(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\", \"b\", \"more/*\"]\n",
        ),
        ("a/Cargo.toml", &a),
        ("a/wit/world.wit", WIT_A),
        ("b/Cargo.toml", &b),
        ("b/wit/world.wit", WIT_B),
    ]);
    sandbox.publish_wit(&[TYPES]);
    sandbox
}

/// A workspace whose root is a package too.
fn package_at_root() -> Sandbox {
    let section = "[workspace]\nmembers = [\"b\", \"m*\"]\n\n[package.metadata.component]\npackage = \"t:app\"\n";
    let sandbox = Sandbox::package(section, WIT_A);
    let b = manifest("b", "[package.metadata.component]\npackage = \"t:b\"\n");
    sandbox.write("b/Cargo.toml", b);
    sandbox.write("b/wit/world.wit", WIT_B);
    sandbox.publish_wit(&[TYPES]);
    sandbox
}

/// Runs an operation after which cargo is asked for nothing but the workspace.
fn run(sandbox: &Sandbox, operation: fn(&Context) -> Result<()>) -> Run {
    sandbox.run([sandbox.metadata()], operation).ok()
}

fn update_all(ctx: &Context) -> Result<()> {
    update(ctx, &args("update"), &UpdateOptions::default())
}

fn show_tree(ctx: &Context) -> Result<()> {
    tree(ctx, &args("tree --workspace"), &TreeOptions::default())
}

fn show_outdated(ctx: &Context) -> Result<()> {
    outdated(ctx, &args("outdated"), &OutdatedOptions::default())
}

fn vendor_all(ctx: &Context) -> Result<()> {
    vendor(ctx, &args("vendor"), "vendor".as_ref())
}

fn publish_all(ctx: &Context) -> Result<()> {
    let options = PublishOptions {
        registry: None,
        existing: ExistingRelease::Refuse,
        breaking: BreakingChange::Refuse,
        content: PublishedContent::Component,
        uncommitted: UncommittedChanges::Refuse,
        mode: PublishMode::Real,
    };
    publish(ctx, &args("build --workspace --release"), &options)
}

#[test]
fn update_reads_each_manifest_once() {
    run(&workspace(), update_all).reads_once(MEMBERS);
    run(&package_at_root(), update_all).reads_once(&["Cargo.toml", "b/Cargo.toml"]);
}

#[test]
fn tree_reads_each_manifest_once() {
    run(&workspace(), show_tree).reads_once(MEMBERS);
    run(&package_at_root(), show_tree).reads_once(&["Cargo.toml", "b/Cargo.toml"]);
}

#[test]
fn outdated_reads_each_manifest_once() {
    run(&workspace(), show_outdated).reads_once(MEMBERS);
    run(&package_at_root(), show_outdated).reads_once(&["Cargo.toml", "b/Cargo.toml"]);
}

#[test]
fn vendor_reads_each_manifest_once() {
    run(&workspace(), vendor_all).reads_once(MEMBERS);
    run(&package_at_root(), vendor_all).reads_once(&["Cargo.toml", "b/Cargo.toml"]);
}

#[test]
fn fetch_reads_each_manifest_once() {
    for (sandbox, manifests) in [
        (workspace(), MEMBERS),
        (package_at_root(), &["Cargo.toml", "b/Cargo.toml"]),
    ] {
        let answers = [sandbox.metadata(), sandbox.toolchain(), succeeded("")];
        let run = sandbox.run(answers, |ctx| fetch(ctx, &args("fetch")));
        run.ok().reads_once(manifests);
    }
}

#[test]
fn build_reads_each_manifest_once_before_cargo_builds() {
    for (sandbox, manifests) in [
        (workspace(), MEMBERS),
        (package_at_root(), &["Cargo.toml", "b/Cargo.toml"]),
    ] {
        let answers = [sandbox.metadata(), sandbox.toolchain(), failed(101)];
        let run = sandbox.run(answers, |ctx| cargo_verb(ctx, &args("build --workspace")));
        assert!(run.error.is_some());
        assert_eq!(run.programs.len(), 3, "{:#?}", run.programs);
        run.reads_once(manifests);
    }
}

/// Cargo's answer to a build of both packages of [`workspace`], whose modules are
/// where it says.
fn built(sandbox: &Sandbox) -> Output {
    let a = module(&[TYPES, WIT_A]);
    let b = module(&[TYPES, WIT_A, WIT_B]);
    fixture::built(sandbox, "release", &[("a", "a", a), ("b", "b", b)])
}

#[test]
fn a_whole_build_reads_each_manifest_once_and_the_next_one_none() {
    let sandbox = workspace();
    let build = |ctx: &Context| cargo_verb(ctx, &args("build --workspace --release"));
    let answers = [sandbox.metadata(), sandbox.toolchain(), built(&sandbox)];
    let first = sandbox.run(answers, build).ok().reads_once(MEMBERS);
    assert_eq!(first.programs.len(), 3, "{:#?}", first.programs);
    let second = sandbox.run([built(&sandbox)], build).ok().reads_once(&[]);
    assert_eq!(second.programs.len(), 1, "{:#?}", second.programs);
    assert_eq!(second.requests, [] as [&str; 0]);
}

#[test]
fn publish_reads_each_manifest_once_to_the_upload() {
    let sandbox = workspace();
    let answers = [sandbox.metadata(), sandbox.toolchain(), built(&sandbox)];
    let run = sandbox.run(answers, publish_all).ok();
    let run = run.says("Published package `t:a` v1.0.0");
    run.says("Published package `t:b` v1.0.0")
        .reads_once(MEMBERS);
}

#[test]
fn publish_after_a_build_reads_each_manifest_at_most_once() {
    let sandbox = workspace();
    let answers = [sandbox.metadata(), sandbox.toolchain(), built(&sandbox)];
    let build = |ctx: &Context| cargo_verb(ctx, &args("build --workspace --release"));
    sandbox.run(answers, build).ok();
    let run = sandbox.run([built(&sandbox)], publish_all).ok();
    run.reads_once(MEMBERS);
}

/// Two packages that depend on the components of two crates in one other workspace.
fn with_outside() -> Sandbox {
    let section = |name: &str| {
        format!(
            "[package.metadata.component]\npackage = \"t:{name}\"\n\n[package.metadata.component.dependencies]\n\"t:one\" = {{ path = \"../../out/one\" }}\n\"t:two\" = {{ path = \"../../out/two\" }}\n"
        )
    };
    let [a, b] = ["a", "b"].map(|name| manifest(name, &section(name)));
    let [one, two] = ["one", "two"].map(|name| {
        let section = format!("[package.metadata.component]\npackage = \"t:{name}\"\n");
        manifest(name, &section)
    });
    let wit = "package t:app; world w {}";
    Sandbox::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
        ("a/Cargo.toml", &a),
        ("a/wit/world.wit", wit),
        ("b/Cargo.toml", &b),
        ("b/wit/world.wit", wit),
        (
            "../out/Cargo.toml",
            "[workspace]\nmembers = [\"one\", \"two\"]\n",
        ),
        ("../out/one/Cargo.toml", &one),
        ("../out/one/wit/world.wit", wit),
        ("../out/two/Cargo.toml", &two),
        ("../out/two/wit/world.wit", wit),
    ])
}

/// The manifests of [`with_outside`].
const OUTSIDE: &[&str] = &[
    "Cargo.toml",
    "a/Cargo.toml",
    "b/Cargo.toml",
    "ABOVE/out/Cargo.toml",
    "ABOVE/out/one/Cargo.toml",
    "ABOVE/out/two/Cargo.toml",
];

#[test]
fn another_workspace_is_read_once_however_many_packages_need_it() {
    let all: [fn(&Context) -> Result<()>; 4] = [update_all, show_tree, show_outdated, vendor_all];
    for operation in all {
        let sandbox = with_outside();
        let answers = [sandbox.metadata(), sandbox.metadata_of("../out")];
        sandbox.run(answers, operation).ok().reads_once(OUTSIDE);
    }
}

#[test]
fn fetch_reads_another_workspace_once_and_hands_it_to_cargo() {
    let sandbox = with_outside();
    let mut answers = vec![sandbox.metadata(), sandbox.metadata_of("../out")];
    answers.extend([sandbox.toolchain(), succeeded(""), succeeded("")]);
    let run = sandbox.run(answers, |ctx| fetch(ctx, &args("fetch"))).ok();
    let last = run.programs.last().unwrap();
    assert_eq!(last, "cargo fetch --manifest-path ABOVE/out/Cargo.toml");
    run.reads_once(OUTSIDE);
}

#[test]
fn another_workspace_is_read_with_the_toolchain_and_the_configuration_of_this_one() {
    let line = "+nightly tree --config net.retry=1 -Z unstable-options";
    let all: [fn(&Context, &str) -> Result<()>; 4] = [
        |ctx, line| update(ctx, &args(line), &UpdateOptions::default()),
        |ctx, line| tree(ctx, &args(line), &TreeOptions::default()),
        |ctx, line| outdated(ctx, &args(line), &OutdatedOptions::default()),
        |ctx, line| fetch(ctx, &args(line)),
    ];
    for operation in all {
        let sandbox = with_outside();
        let answers = [sandbox.metadata(), sandbox.metadata_of("../out")];
        let run = sandbox.run(answers, |ctx| operation(ctx, line));
        let asked = &run.programs[1];
        assert_eq!(
            asked,
            "cargo +nightly metadata --no-deps --format-version=1 --manifest-path ABOVE/out/one/Cargo.toml --config net.retry=1 -Z unstable-options"
        );
    }
}

#[test]
fn build_asks_for_another_workspace_once_before_it_is_built() {
    let sandbox = with_outside();
    let mut answers = vec![sandbox.metadata(), sandbox.metadata_of("../out")];
    answers.extend([sandbox.toolchain(), failed(101)]);
    let run = sandbox.run(answers, |ctx| cargo_verb(ctx, &args("build --workspace")));
    assert_eq!(run.programs.len(), 4, "{:#?}", run.programs);
    assert!(run.manifests.values().all(|count| *count == 1), "{run:#?}");
}

#[test]
fn compose_reads_each_given_component_once() {
    let base = "package t:base@1.0.0; interface b { g: func(); } world base { export b; }";
    let app = "package t:app; world app { import t:base/b@1.0.0; }
package t:base@1.0.0 { interface b { g: func(); } }";
    let sandbox = Sandbox::new(&[]);
    sandbox.write("app.wasm", component(&[app]));
    sandbox.write("base.wasm", component(&[base]));
    let options = ComposeOptions {
        file: Some("app.wasm".into()),
        with: vec!["t:base/b@1.0.0=base.wasm".to_owned()],
        ..ComposeOptions::default()
    };
    let linked = sandbox.run([], |ctx| {
        fs::take_reads();
        compose(ctx, &args("compose"), &options)?;
        assert_eq!(fs::take_reads()[&ctx.cwd.join("base.wasm")], 1);
        Ok(())
    });
    linked
        .ok()
        .says("`t:base/b@1.0.0` of `app.wasm` to `base.wasm`");
}
