//! What preparing a build refuses, with the place and the way out.

use super::fixture::{Run, Sandbox, manifest, of, succeeded};
use super::samples::{args, component};
use crate::base::package::ContentDigest;
use crate::ops::update::{UpdateOptions, update};
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::ready::prepare;
use crate::system::process::Output;

const WIT: &str = "package t:app; world w { import t:types/types; }";

/// A section that requires this version of `t:types`.
fn requiring(requirement: &str) -> String {
    format!(
        "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.target.dependencies]\n\"t:types\" = {requirement}\n"
    )
}

fn types(version: &str) -> String {
    format!("package t:types@{version}; interface types {{ type id = u32; }}")
}

fn prepared(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.run([sandbox.metadata(), sandbox.toolchain()], |ctx| {
        prepare(ctx, &args(line), StaleBindings::Write)?.write(ctx)
    })
}

/// Checks that neither lock file nor bindings were written.
fn nothing_written(sandbox: &Sandbox) {
    assert_eq!(sandbox.read("Cargo-component.lock"), None);
    assert_eq!(sandbox.read("src/bindings.rs"), None);
}

#[test]
fn a_package_that_the_registry_does_not_have_is_refused_where_it_is_required() {
    let sandbox = Sandbox::package(&requiring("\"1\""), WIT);
    prepared(&sandbox, "build").refused(&[
        "package `t:types` was not found in its registry",
        "ROOT/Cargo.toml:",
        "\"t:types\" = \"1\"",
        "check the name, and the registry that is configured for its namespace",
    ]);
    nothing_written(&sandbox);
}

#[test]
fn a_requirement_that_no_release_meets_names_those_that_are_there() {
    let sandbox = Sandbox::package(&requiring("\"3\""), WIT);
    sandbox.publish_wit(&[&types("1.0.0"), &types("2.0.0")]);
    prepared(&sandbox, "build").refused(&[
        "package `t:types` has no release matching version requirement `^3` in its registry",
        "ROOT/Cargo.toml:",
        "the available releases are 2.0.0, 1.0.0",
        "require one of them, as in `2.0.0`",
    ]);
    nothing_written(&sandbox);
}

#[test]
fn a_namespace_without_registry_is_refused_with_the_place_to_configure_it() {
    let sandbox = Sandbox::package(&requiring("\"1\""), WIT);
    sandbox.write("../home/config.toml", "");
    let run = prepared(&sandbox, "build").refused(&[
        "no registry configured for namespace \"t\", which the package `t:types` is in",
        "ROOT/Cargo.toml:",
        "add `default = \"…\"` under `[package.metadata.component.registries]` in Cargo.toml",
    ]);
    assert_eq!(run.requests, [] as [&str; 0]);
    nothing_written(&sandbox);
}

#[test]
fn a_registry_of_an_unknown_name_is_refused() {
    let section = requiring("{ version = \"1\", registry = \"hree\" }")
        + "\n[package.metadata.component.registries]\nhere = \"registry.example\"\n";
    let sandbox = Sandbox::package(&section, WIT);
    prepared(&sandbox, "build").refused(&["`hree`", "ROOT/Cargo.toml:", "did you mean `here`?"]);
    nothing_written(&sandbox);
}

#[test]
fn a_registry_that_cannot_be_opened_says_what_set_it() {
    let sandbox = Sandbox::package(&requiring("\"1\""), WIT);
    let mut access = sandbox.access();
    access.open = crate::system::context::PackageAccess::default().open;
    let answers = [sandbox.metadata(), sandbox.toolchain()];
    let run = sandbox.run_with(answers, access, |ctx| {
        prepare(ctx, &args("build"), StaleBindings::Write).map(|_| ())
    });
    run.refused(&[
        "the registry `registry.example` cannot be opened here",
        "config.toml",
        "the package `t:types` (`^1`) is required by",
    ]);
    nothing_written(&sandbox);
}

#[test]
fn an_unknown_key_of_the_manifest_is_shown_at_its_place_with_the_near_one() {
    let section = "[package.metadata.component]\npackge = \"t:app\"\n";
    let sandbox = Sandbox::package(section, WIT);
    prepared(&sandbox, "build").refused(&[
        "packge",
        "ROOT/Cargo.toml:",
        "did you mean `package`?",
        "failed to deserialize component metadata from `Cargo.toml`",
    ]);
    nothing_written(&sandbox);
}

#[test]
fn a_wrong_value_in_the_manifest_of_a_member_stops_update_at_its_place() {
    let bad = manifest("b", "[package.metadata.component]\npackage = 7\n");
    let sandbox = Sandbox::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
        ("a/Cargo.toml", &manifest("a", &requiring("\"1\""))),
        ("a/wit/world.wit", WIT),
        ("b/Cargo.toml", &bad),
    ]);
    sandbox.publish_wit(&[&types("1.0.0")]);
    let run = sandbox.run([sandbox.metadata()], |ctx| {
        update(ctx, &args("update"), &UpdateOptions::default())
    });
    run.refused(&[
        "ROOT/b/Cargo.toml:",
        "package = 7",
        "failed to deserialize component metadata from `b/Cargo.toml`",
    ]);
    nothing_written(&sandbox);
}

#[test]
fn wrong_wit_is_shown_at_its_place() {
    let sandbox = Sandbox::package(&requiring("\"1\""), "package t:app; world w { imprt x; }");
    sandbox.publish_wit(&[&types("1.0.0")]);
    prepared(&sandbox, "build").refused(&["wit/world.wit:1:26", "imprt x"]);
    nothing_written(&sandbox);
}

#[test]
fn a_selected_package_that_is_not_in_the_workspace_has_a_near_name() {
    let sandbox = Sandbox::package(&requiring("\"1\""), WIT);
    prepared(&sandbox, "build -p aap").refused(&["`aap`", "did you mean `app`?"]);
}

#[test]
fn what_cargo_refuses_is_the_error_with_its_causes() {
    let sandbox = Sandbox::package(&requiring("\"1\""), WIT);
    let output = Output {
        code: 101,
        stdout: Vec::new(),
        stderr: b"error: failed to parse manifest at `Cargo.toml`\n\nCaused by:\n  no targets\n"
            .to_vec(),
    };
    let run = sandbox.run([output], |ctx| {
        prepare(ctx, &args("build"), StaleBindings::Write).map(|_| ())
    });
    let expected = "error: failed to parse manifest at `Cargo.toml`\n\nCaused by:\n  no targets";
    assert_eq!(run.error.as_deref(), Some(expected));
}

#[test]
fn a_directory_without_manifest_is_refused_before_any_program_runs() {
    let sandbox = Sandbox::new(&[("readme", "")]);
    let run = sandbox.run([], |ctx| {
        prepare(ctx, &args("build"), StaleBindings::Write).map(|_| ())
    });
    let run = run.refused(&[
        "could not find `Cargo.toml` in `ROOT` or any parent directory",
        "cargo component new <path>",
    ]);
    assert_eq!(run.programs, [] as [&str; 0]);
}

#[test]
fn a_target_that_is_not_installed_is_not_downloaded_offline() {
    let sandbox = Sandbox::package(
        "[package.metadata.component]\n",
        "package t:app; world w {}",
    );
    let answers = [sandbox.metadata(), succeeded("toolchains/none")];
    let run = sandbox.run(answers, |ctx| {
        prepare(ctx, &args("build --offline"), StaleBindings::Write).map(|_| ())
    });
    run.refused(&[
        "the standard library for target `wasm32-wasip1` is not installed",
        "run `rustup target add wasm32-wasip1 --toolchain none`",
    ]);
}

/// A component that imports `t:base/i`, with a hint that requires `requirement`.
fn needing_base(sandbox: &Sandbox, package: &str, requirement: &str) {
    let base = "package t:base@1.0.0; interface i { f: func(); } world w { export i; }";
    let digest = ContentDigest::of(&component(&[base]));
    let name = package.split_once(':').unwrap().1;
    let wit = format!(
        "package {package}@1.0.0; interface mine {{ g: func(); }} world w {{ @external-id(\"wasm-pkg:t:base@1.0.0?digest={digest}&req={requirement}\") import t:base/i@1.0.0; export mine; }}"
    );
    let bytes = component(&[base, &wit]);
    let version = "1.0.0".parse().unwrap();
    sandbox
        .memory
        .insert(of(&format!("t:{name}")), version, bytes);
}

#[test]
fn components_whose_requirements_exclude_each_other_are_refused_with_both_chains() {
    let section = "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.dependencies]\n\"t:one\" = \"1\"\n\"t:two\" = \"1\"\n";
    let sandbox = Sandbox::package(section, "package t:app; world w {}");
    for version in ["1.0.0", "1.1.0"] {
        let base = "package t:base@1.0.0; interface i { f: func(); } world w { export i; }";
        let bytes = component(&[base]);
        sandbox
            .memory
            .insert(of("t:base"), version.parse().unwrap(), bytes);
    }
    needing_base(&sandbox, "t:one", "=1.0.0");
    needing_base(&sandbox, "t:two", "=1.1.0");
    prepared(&sandbox, "build").refused(&[
        "no release of `t:base` meets all requirements of the components to link",
        "t:one",
        "t:two",
        "change a requirement in Cargo.toml",
    ]);
    nothing_written(&sandbox);
    // Where they agree, one release answers both.
    needing_base(&sandbox, "t:two", "^1.0.0");
    prepared(&sandbox, "build").ok();
    let lock = sandbox.lock();
    assert_eq!(lock.matches("name = \"t:base\"").count(), 1, "{lock}");
}
