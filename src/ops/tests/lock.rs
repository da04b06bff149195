//! What builds, `update` and `fetch` make of the lock file, and what they refuse
//! to make of it.

use super::fixture::{Run, Sandbox, failed, of, succeeded};
use super::samples::{args, component};
use crate::base::error::Result;
use crate::ops::fetch::fetch;
use crate::ops::update::{UpdateOptions, update, update_breaking};
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::ready::prepare;
use crate::system::context::Context;
use crate::system::fs;

/// A section that requires version 1 of `t:types`.
const SECTION: &str = "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.target.dependencies]\n\"t:types\" = \"1\"\n";

const WIT: &str = "package t:app; world w { import t:types/types; }";

/// A release of `t:types`; the content tells the versions apart.
fn types(version: &str) -> String {
    let name = format!("t{}", version.replace('.', "x"));
    format!("package t:types@{version}; interface types {{ type {name} = u32; }}")
}

/// A package that requires version 1 of `t:types`, of which there are these releases.
fn app(versions: &[&str]) -> Sandbox {
    let sandbox = Sandbox::package(SECTION, WIT);
    versions
        .iter()
        .for_each(|version| sandbox.publish_wit(&[&types(version)]));
    sandbox
}

/// Prepares a build with this command line, and writes what it has to write.
fn prepared(ctx: &Context, line: &str) -> Result<()> {
    let mut prepared = prepare(ctx, &args(line), StaleBindings::Write)?;
    prepared.write(ctx)?;
    prepared.store_view(ctx);
    Ok(())
}

/// A run of [`prepared`] in a workspace of which nothing is cached.
fn prepare_anew(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.remove("target");
    let answers = [sandbox.metadata(), sandbox.toolchain()];
    sandbox.run(answers, |ctx| prepared(ctx, line))
}

fn run_update(sandbox: &Sandbox, line: &str, options: &UpdateOptions) -> Run {
    sandbox.run([sandbox.metadata()], |ctx| {
        update(ctx, &args(line), options)
    })
}

/// The version of `t:types` in the lock file.
fn locked(sandbox: &Sandbox) -> String {
    let lock = sandbox.lock();
    let version = lock.split_once("\nversion = \"").map(|(_, rest)| rest);
    let version = version.and_then(|rest| rest.split_once('"'));
    version.expect("a locked version").0.to_owned()
}

fn to_version(version: &str) -> UpdateOptions {
    UpdateOptions {
        packages: vec![of("t:types")],
        precise: Some(version.parse().unwrap()),
        dry_run: false,
    }
}

#[test]
fn what_was_resolved_is_locked_and_bound_and_not_before_it_is_written() {
    let sandbox = app(&["1.0.0", "1.1.0", "2.0.0"]);
    let answers = [sandbox.metadata(), sandbox.toolchain()];
    let run = sandbox.run(answers, |ctx| {
        let mut prepared = prepare(ctx, &args("build"), StaleBindings::Write)?;
        let written = ["Cargo-component.lock", "src/bindings.rs"].map(|path| sandbox.read(path));
        assert_eq!(written, [None, None]);
        prepared.write(ctx)
    });
    let run = run.ok().says(" Downloading 1 package");
    assert_eq!(locked(&sandbox), "1.1.0");
    assert!(sandbox.read("src/bindings.rs").is_some());
    let asked = [
        "versions t:types",
        "release t:types@1.1.0",
        "fetch t:types@1.1.0",
    ];
    assert_eq!(run.requests, asked);
}

#[test]
fn prepared_again_nothing_is_asked_said_or_written() {
    let sandbox = app(&["1.0.0"]);
    prepare_anew(&sandbox, "build").ok();
    let files = ["Cargo-component.lock", "src/bindings.rs"].map(|path| sandbox.root.join(path));
    let before = files.each_ref().map(|path| fs::stamp(path));
    let run = sandbox.run([], |ctx| prepared(ctx, "build")).ok();
    assert_eq!(files.each_ref().map(|path| fs::stamp(path)), before);
    assert_eq!(run.programs, [] as [&str; 0]);
    assert_eq!(run.requests, [] as [&str; 0]);
    assert_eq!(run.messages, [] as [&str; 0]);
    // Nor is the registry asked where only the target directory is gone.
    let run = prepare_anew(&sandbox, "build").ok();
    assert_eq!(run.requests, [] as [&str; 0]);
}

#[test]
fn a_newer_release_does_not_replace_the_locked_one() {
    let sandbox = app(&["1.0.0"]);
    prepare_anew(&sandbox, "build").ok();
    sandbox.publish_wit(&[&types("1.1.0")]);
    prepare_anew(&sandbox, "build").ok();
    assert_eq!(locked(&sandbox), "1.0.0");
}

#[test]
fn locked_refuses_what_is_not_in_the_lock_file_and_takes_what_is() {
    let sandbox = app(&["1.0.0"]);
    let text = "the lock file ROOT/Cargo-component.lock needs to be updated but --locked was passed to prevent this";
    let run = prepare_anew(&sandbox, "build --locked").refused(&[text, "use --offline instead"]);
    assert_eq!(run.requests, [] as [&str; 0]);
    assert_eq!(sandbox.read("Cargo-component.lock"), None);
    assert_eq!(sandbox.read("src/bindings.rs"), None);
    prepare_anew(&sandbox, "build").ok();
    let lock = sandbox.lock();
    prepare_anew(&sandbox, "build --locked").ok();
    assert_eq!(sandbox.lock(), lock);
    // A requirement that the locked version does not meet is another package.
    sandbox.write(
        "Cargo.toml",
        super::fixture::manifest("app", &SECTION.replace("\"1\"", "\"2\"")),
    );
    prepare_anew(&sandbox, "build --locked").refused(&[text]);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn offline_needs_the_lock_file_and_the_cache() {
    let sandbox = app(&["1.0.0"]);
    prepare_anew(&sandbox, "build --offline").refused(&[
        "package `t:types` with version requirement `^1` is not locked, and network access is disabled",
        "ROOT/Cargo.toml:",
        "run the command once without `--offline`",
    ]);
    assert_eq!(sandbox.read("Cargo-component.lock"), None);
    prepare_anew(&sandbox, "build").ok();
    let run = prepare_anew(&sandbox, "build --offline").ok();
    assert_eq!(run.requests, [] as [&str; 0]);
    sandbox.remove("../home/cache");
    prepare_anew(&sandbox, "build --frozen").refused(&[
        "package `t:types@1.0.0` is not in the cache, and network access is disabled",
        "run the command once without `--offline`",
    ]);
}

#[test]
fn what_is_gone_from_the_cache_is_fetched_again_under_its_digest() {
    let sandbox = app(&["1.0.0"]);
    prepare_anew(&sandbox, "build").ok();
    let lock = sandbox.lock();
    sandbox.remove("../home/cache");
    let run = prepare_anew(&sandbox, "build --locked").ok();
    assert_eq!(
        run.requests,
        ["release t:types@1.0.0", "fetch t:types@1.0.0"]
    );
    sandbox.remove("../home/cache");
    let replaced = "package t:types@1.0.0; interface types { type other = u32; }";
    sandbox.publish_wit(&[replaced]);
    prepare_anew(&sandbox, "build").refused(&[
        "component registry package `t:types` (v`1.0.0`) has digest `sha256:",
        "but the lock file specifies digest `sha256:",
        "run `cargo component update` to accept it",
    ]);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn a_withdrawn_release_is_not_chosen_but_stays_locked() {
    let sandbox = app(&["1.0.0", "1.1.0"]);
    sandbox.yank("t:types", "1.1.0");
    prepare_anew(&sandbox, "build").ok();
    assert_eq!(locked(&sandbox), "1.0.0");
    sandbox.yank("t:types", "1.0.0");
    prepare_anew(&sandbox, "build").ok();
    assert_eq!(locked(&sandbox), "1.0.0");
    sandbox.remove("Cargo-component.lock");
    prepare_anew(&sandbox, "build").refused(&[
        "package `t:types` has no release matching version requirement `^1` in its registry",
        "the available releases are 1.1.0 (withdrawn), 1.0.0 (withdrawn)",
    ]);
}

#[test]
fn update_says_what_changes_and_writes_it() {
    let sandbox = app(&["1.0.0"]);
    let options = UpdateOptions::default();
    run_update(&sandbox, "update", &options)
        .ok()
        .says("Adding dependency `t:types` v1.0.0");
    sandbox.publish_wit(&[&types("1.1.0"), &types("2.0.0")]);
    let tried = UpdateOptions {
        dry_run: true,
        ..UpdateOptions::default()
    };
    run_update(&sandbox, "update", &tried)
        .ok()
        .says("Would update dependency `t:types` v1.0.0 -> v1.1.0")
        .says("warning: not updating component lock file due to --dry-run option");
    assert_eq!(locked(&sandbox), "1.0.0");
    run_update(&sandbox, "update --locked", &options).refused(&["--locked was passed"]);
    assert_eq!(locked(&sandbox), "1.0.0");
    let run = run_update(&sandbox, "update", &options).ok();
    let run = run.says("Updating dependency `t:types` v1.0.0 -> v1.1.0");
    assert_eq!(run.messages.len(), 1, "{:#?}", run.messages);
    assert_eq!(locked(&sandbox), "1.1.0");
}

#[test]
fn update_with_nothing_to_do_says_and_writes_nothing() {
    let sandbox = app(&["1.0.0"]);
    let options = UpdateOptions::default();
    run_update(&sandbox, "update", &options).ok();
    let path = sandbox.root.join("Cargo-component.lock");
    let before = fs::stamp(&path);
    for line in ["update", "update --locked"] {
        let run = run_update(&sandbox, line, &options).ok();
        assert_eq!(fs::stamp(&path), before);
        let changes = run
            .messages
            .iter()
            .any(|message| message.contains("dependency"));
        assert!(!changes, "{:#?}", run.messages);
    }
}

#[test]
fn update_removes_what_nothing_asks_for_any_more() {
    let sandbox = app(&["1.0.0"]);
    run_update(&sandbox, "update", &UpdateOptions::default()).ok();
    let section = "[package.metadata.component]\npackage = \"t:app\"\n";
    sandbox.write("Cargo.toml", super::fixture::manifest("app", section));
    sandbox.write("wit/world.wit", "package t:app; world w {}");
    run_update(&sandbox, "update", &UpdateOptions::default())
        .ok()
        .says("Removing dependency `t:types` v1.0.0");
    assert!(!sandbox.lock().contains("t:types"));
}

#[test]
fn update_knows_the_near_name_of_a_package_that_is_not_locked() {
    let sandbox = app(&["1.0.0"]);
    run_update(&sandbox, "update", &UpdateOptions::default()).ok();
    let of_package = |name: &str| UpdateOptions {
        packages: vec![of(name)],
        ..UpdateOptions::default()
    };
    run_update(&sandbox, "update", &of_package("t:typs")).refused(&[
        "the package `t:typs` is not in the lock file",
        "did you mean `t:types`?",
    ]);
    run_update(&sandbox, "update", &of_package("far:away")).refused(&[
        "the package `far:away` is not in the lock file",
        "name no package to update all packages",
    ]);
}

#[test]
fn a_precise_version_is_locked_also_below_the_newest_one() {
    let sandbox = app(&["1.0.0", "1.1.0", "2.0.0"]);
    run_update(&sandbox, "update", &UpdateOptions::default()).ok();
    run_update(&sandbox, "update", &to_version("1.0.0"))
        .ok()
        .says("Updating dependency `t:types` v1.1.0 -> v1.0.0");
    assert_eq!(locked(&sandbox), "1.0.0");
    let lock = sandbox.lock();
    run_update(&sandbox, "update", &to_version("1.0.7")).refused(&[
        "package `t:types` has no version `1.0.7`",
        "the available versions are 2.0.0, 1.1.0, 1.0.0",
        "use one of them with `--precise`",
    ]);
    run_update(&sandbox, "update", &to_version("2.0.0")).refused(&[
        "package `t:types` cannot be `2.0.0`: no version requirement allows it",
        "`^1` is required",
        "change the requirement, or remove `--precise`",
    ]);
    run_update(&sandbox, "update --offline", &to_version("1.1.0"))
        .refused(&["network access is disabled"]);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn fetch_locks_and_caches_all_and_hands_the_rest_to_cargo() {
    let sandbox = app(&["1.0.0"]);
    let answers = [sandbox.metadata(), sandbox.toolchain(), succeeded("")];
    let run = sandbox.run(answers, |ctx| fetch(ctx, &args("fetch"))).ok();
    assert_eq!(run.programs.last().unwrap(), "cargo fetch");
    assert_eq!(locked(&sandbox), "1.0.0");
    assert_eq!(sandbox.read("src/bindings.rs"), None);
    // Offline no toolchain is asked for, and the cache has everything.
    let answers = [sandbox.metadata(), succeeded("")];
    let run = sandbox.run(answers, |ctx| fetch(ctx, &args("fetch --frozen")));
    let run = run.ok();
    assert_eq!(run.programs.last().unwrap(), "cargo fetch --frozen");
    assert_eq!(run.requests, [] as [&str; 0]);
}

#[test]
fn fetch_stops_before_cargo_where_a_package_is_refused() {
    let sandbox = app(&["1.0.0"]);
    for (line, text) in [
        ("fetch --locked", "--locked was passed"),
        ("fetch --offline", "network access is disabled"),
    ] {
        let run = sandbox.run([sandbox.metadata()], |ctx| fetch(ctx, &args(line)));
        let run = run.refused(&[text]);
        assert_eq!(run.programs.len(), 1, "{:#?}", run.programs);
        assert_eq!(sandbox.read("Cargo-component.lock"), None);
    }
}

#[test]
fn fetch_fails_where_cargo_does_after_the_packages_were_locked() {
    let sandbox = app(&["1.0.0"]);
    let answers = [sandbox.metadata(), sandbox.toolchain(), failed(101)];
    let run = sandbox.run(answers, |ctx| fetch(ctx, &args("fetch")));
    assert!(run.error.is_some());
    assert_eq!(locked(&sandbox), "1.0.0");
}

#[test]
fn a_component_that_a_package_depends_on_is_locked_too() {
    let section = "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.dependencies]\n\"t:dep\" = \"1\"\n";
    let sandbox = Sandbox::package(section, "package t:app; world w {}");
    let wit = "package t:dep@1.0.0; interface i { f: func(); } world w { export i; }";
    let version = "1.0.0".parse().unwrap();
    sandbox
        .memory
        .insert(of("t:dep"), version, component(&[wit]));
    prepare_anew(&sandbox, "build").ok();
    assert!(sandbox.lock().contains("name = \"t:dep\""));
    let run = prepare_anew(&sandbox, "build --frozen").ok();
    assert_eq!(run.requests, [] as [&str; 0]);
}

#[test]
fn update_shows_the_newer_versions_that_requirements_do_not_allow() {
    let sandbox = app(&["1.0.0", "2.0.0"]);
    let options = UpdateOptions::default();
    run_update(&sandbox, "update", &options)
        .ok()
        .says("      Adding dependency `t:types` v1.0.0 (available: v2.0.0)");
    run_update(&sandbox, "update", &options)
        .ok()
        .says("   Unchanged dependency `t:types` v1.0.0 (available: v2.0.0)");
    sandbox.publish_wit(&[&types("1.1.0")]);
    run_update(&sandbox, "update", &options)
        .ok()
        .says("    Updating dependency `t:types` v1.0.0 -> v1.1.0 (available: v2.0.0)");
}

fn run_breaking(sandbox: &Sandbox, options: &UpdateOptions) -> Run {
    sandbox.run([sandbox.metadata(), sandbox.metadata()], |ctx| {
        update_breaking(ctx, &args("update"), options)
    })
}

#[test]
fn a_breaking_update_raises_the_requirement_and_locks_what_it_allows() {
    let sandbox = app(&["1.0.0"]);
    let options = UpdateOptions::default();
    run_update(&sandbox, "update", &options).ok();
    run_breaking(&sandbox, &options)
        .ok()
        .says("note: all requirements allow the newest versions");
    sandbox.publish_wit(&[&types("2.1.0")]);
    let manifest = sandbox.read("Cargo.toml").unwrap();
    let dry = UpdateOptions {
        dry_run: true,
        ..UpdateOptions::default()
    };
    run_breaking(&sandbox, &dry)
        .ok()
        .says("       Would upgrade `t:types` ^1 -> ^2");
    assert_eq!(sandbox.read("Cargo.toml"), Some(manifest.clone()));
    assert_eq!(locked(&sandbox), "1.0.0");
    run_breaking(&sandbox, &options)
        .ok()
        .says("   Upgrading `t:types` ^1 -> ^2");
    assert_eq!(locked(&sandbox), "2.1.0");
    let raised = manifest.replace("\"t:types\" = \"1\"", "\"t:types\" = \"2\"");
    assert_eq!(sandbox.read("Cargo.toml"), Some(raised));
    let other = UpdateOptions {
        packages: vec![of("t:other")],
        ..UpdateOptions::default()
    };
    run_breaking(&sandbox, &other)
        .refused(&["no Cargo.toml of the workspace requires a version of `t:other`"]);
}

#[test]
fn a_breaking_update_that_fails_leaves_the_manifest() {
    let sandbox = app(&["1.0.0"]);
    let options = UpdateOptions::default();
    run_update(&sandbox, "update", &options).ok();
    let of_version_2 = "package t:types@2.0.0; interface others { type id = u32; }";
    sandbox.publish_wit(&[of_version_2]);
    let before = (sandbox.read("Cargo.toml"), sandbox.lock());
    run_breaking(&sandbox, &options)
        .refused(&["the requirements in Cargo.toml are the same as before"]);
    assert_eq!((sandbox.read("Cargo.toml"), sandbox.lock()), before);
}
