//! What a command needs of registries it asks for before cargo builds the packages.

use super::fixture::{Run, Sandbox, built, manifest, of, succeeded};
use super::samples::{args, component, module};
use crate::base::package::ContentDigest;
use crate::model::component::attributes::{self, Attributes, RootAttributes};
use crate::ops::cargo::cargo_verb;
use crate::ops::publish::{PublishOptions, PublishedContent, UncommittedChanges, publish};
use crate::ops::run::{Purpose, run};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};

const BASE: &str = "package t:base@1.0.0; interface b { g: func(); } world base { export b; }";
const DEP: &str = "package t:dep@1.0.0; interface api { f: func(); } world dep { import t:base/b@1.0.0; export api; }";
const APP: &str = "package t:app; world w { import t:dep/api@1.0.0; }
package t:dep@1.0.0 { interface api { f: func(); } }";
const NAMED: &str = "[package.metadata.component]\npackage = \"t:app\"\n";

/// A component with this identifier at one of its imports.
fn hinted(component: &[u8], import: &str, hint: String) -> Vec<u8> {
    let attributes = Attributes {
        implements: None,
        external_id: Some(hint),
    };
    let imports = [(import.to_owned(), attributes)].into();
    let exports = Default::default();
    attributes::add(component, &RootAttributes { imports, exports }).unwrap()
}

/// The component `t:dep`, with a hint that leads to `t:base`.
fn dep() -> Vec<u8> {
    let digest = ContentDigest::of(&component(&[BASE]));
    let hint = format!("wasm-pkg:t:base@1.0.0?digest={digest}");
    hinted(&component(&[BASE, DEP]), "t:base/b@1.0.0", hint)
}

/// A package that imports what `t:dep` exports; a registry has that and `t:base`.
fn app() -> Sandbox {
    let sandbox = Sandbox::package(NAMED, APP);
    let version = || "1.0.0".parse().unwrap();
    let memory = &sandbox.memory;
    memory.insert(of("t:base"), version(), component(&[BASE]));
    memory.insert(of("t:dep"), version(), dep());
    sandbox
}

/// Checks that `t:base` was fetched, and nothing after cargo had started.
fn asked_before(run: Run) -> Run {
    let run = run.ok();
    let base = "fetch t:base@1.0.0".to_owned();
    assert!(run.requests.contains(&base), "{:#?}", run.requests);
    assert_eq!(run.late, [] as [&str; 0]);
    run
}

#[test]
fn a_build_fetches_what_overrides_an_import_and_what_that_needs_before_cargo_runs() {
    let sandbox = app();
    let app = || built(&sandbox, "debug", &[("", "app", module(&[APP]))]);
    let line = args("build --compose --with t:dep/api=t:dep");
    let answers = [sandbox.metadata(), sandbox.toolchain(), app()];
    asked_before(sandbox.run(answers, |ctx| cargo_verb(ctx, &line))).says("with 2 components");
    let linked = sandbox
        .root
        .join("target/wasm32-wasip1/debug/app.linked.wasm");
    assert!(linked.is_file());
    assert!(sandbox.lock().contains("name = \"t:base\""));
    // What is locked and cached is not asked for again.
    let line = args("build --frozen --compose --with t:dep/api=dep.wasm");
    sandbox.write("dep.wasm", dep());
    let run = sandbox.run([app()], |ctx| cargo_verb(ctx, &line)).ok();
    assert_eq!(run.requests, [] as [&str; 0]);
}

#[test]
fn what_overrides_an_import_is_refused_before_cargo_runs() {
    let sandbox = app();
    sandbox.write("module.wasm", module(&[APP]));
    for (with, text) in [
        ("t:dep/api=t:none", "t:none"),
        (
            "t:dep/api=module.wasm",
            "`module.wasm` is a core module, not a component",
        ),
        ("t:dep/api=absent.wasm", "absent.wasm"),
        ("t:dep/api", "is not of the form `IMPORT=WHAT`"),
    ] {
        let line = args(&format!("build --compose --with {with}"));
        sandbox.remove("target");
        let answers = [sandbox.metadata(), sandbox.toolchain()];
        let run = sandbox.run(answers, |ctx| cargo_verb(ctx, &line));
        run.refused(&[text]);
    }
}

#[test]
fn a_component_does_not_override_its_own_import() {
    let sandbox = app();
    let app = built(&sandbox, "debug", &[("", "app", module(&[APP]))]);
    let file = "target/wasm32-wasip1/debug/app.wasm";
    sandbox.write(file, component(&[APP]));
    let line = args(&format!("build --compose --with t:dep/api={file}"));
    let answers = [sandbox.metadata(), sandbox.toolchain(), app];
    let run = sandbox.run(answers, |ctx| cargo_verb(ctx, &line));
    run.refused(&["the component dependencies form a cycle", "the same file"]);
}

#[test]
fn a_run_fetches_what_overrides_an_import_and_what_that_needs_before_cargo_runs() {
    let sandbox = app();
    sandbox.write("runner", "");
    let runner = sandbox.root.join("runner");
    let config = format!("[target.wasm32-wasip1]\nrunner = {runner:?}\n");
    sandbox.write(".cargo/config.toml", config);
    let app = built(&sandbox, "debug", &[("", "app", module(&[APP]))]);
    let line = args("run --with t:dep/api=t:dep");
    let answers = [sandbox.metadata(), sandbox.toolchain(), app, succeeded("")];
    let run = sandbox.run(answers, |ctx| run(ctx, &line, Purpose::Run));
    let run = asked_before(run);
    assert!(run.programs[3].starts_with("ROOT/runner "), "{run:#?}");
}

const OPTIONS: PublishOptions = PublishOptions {
    registry: None,
    existing: ExistingRelease::Refuse,
    breaking: BreakingChange::Refuse,
    content: PublishedContent::Component,
    uncommitted: UncommittedChanges::Refuse,
    mode: PublishMode::Dry,
};

/// The WIT of a package with its dependency `t:base`.
const BOUND: &str = "package t:app; world w { import t:base/b@1.0.0; }
package t:base@1.0.0 { interface b { g: func(); } }";

#[test]
fn publish_asks_registries_for_all_it_compares_with_before_cargo_builds_the_package() {
    let section = format!(
        "[workspace]\nmembers = [\"base\"]\n\n{NAMED}\n[package.metadata.component.dependencies]\n\"t:base\" = {{ path = \"base\", version = \"1.0.0\" }}\n"
    );
    let sandbox = Sandbox::package(&section, "package t:app; world w {}");
    let base = "[package.metadata.component]\npackage = \"t:base\"\n";
    sandbox.write("base/Cargo.toml", manifest("base", base));
    sandbox.write("base/wit/world.wit", BASE);
    let earlier = component(&["package t:app; world w {}"]);
    let insert = |name: &str, version: &str, bytes: Vec<u8>| {
        sandbox
            .memory
            .insert(of(name), version.parse().unwrap(), bytes);
    };
    insert("t:app", "1.0.1", earlier);
    insert("t:base", "1.0.0", component(&[BASE]));
    let line = args("build --release --package app");
    let release = |dir, name, wit: &str| built(&sandbox, "release", &[(dir, name, module(&[wit]))]);
    let answers = [
        sandbox.metadata(),
        sandbox.toolchain(),
        release("base", "base", BASE),
        release("", "app", BOUND),
    ];
    let run = sandbox.run(answers, |ctx| publish(ctx, &line, &OPTIONS));
    for request in [
        "release t:app@1.0.0",
        "fetch t:app@1.0.1",
        "fetch t:base@1.0.0",
    ] {
        assert!(run.requests.contains(&request.to_owned()), "{run:#?}");
    }
    assert_eq!(run.late, [] as [&str; 0], "{run:#?}");
}
