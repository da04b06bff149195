//! What `tree`, `outdated` and `vendor` show of the lock file.

use serde_json::Value;

use super::fixture::{Run, Sandbox};
use super::samples::args;
use crate::base::error::Result;
use crate::ops::outdated::{OutdatedOptions, OutdatedPolicy, outdated};
use crate::ops::tree::{Format, TreeOptions, tree};
use crate::ops::vendor::vendor;
use crate::system::context::Context;

/// A section that requires `t:shapes`, which needs `t:types`.
const SECTION: &str = "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.target.dependencies]\n\"t:shapes\" = \"1\"\n\"t:types\" = \"1\"\n";

const WIT: &str = "package t:app; world w { import t:shapes/shapes; import t:types/types; }";

const TYPES: &str = "package t:types@1.0.0; interface types { type id = u32; }";

/// A release of `t:shapes` that uses `t:types`.
fn shapes(version: &str) -> Vec<u8> {
    super::samples::wit(&[
        TYPES,
        &format!(
            "package t:shapes@{version}; interface shapes {{ use t:types/types@1.0.0.{{id}}; f: func() -> id; }}"
        ),
    ])
}

fn publish_shapes(sandbox: &Sandbox, version: &str) {
    let package = super::fixture::of("t:shapes");
    let number = version.parse().unwrap();
    sandbox.memory.insert(package, number, shapes(version));
}

/// A package with two dependencies, one of which needs the other.
fn app() -> Sandbox {
    let sandbox = Sandbox::package(SECTION, WIT);
    sandbox.publish_wit(&[TYPES]);
    publish_shapes(&sandbox, "1.0.0");
    sandbox
}

fn run(sandbox: &Sandbox, operation: impl FnOnce(&Context) -> Result<()>) -> Run {
    sandbox.run([sandbox.metadata()], operation)
}

fn run_tree(sandbox: &Sandbox, line: &str, options: &TreeOptions) -> Run {
    run(sandbox, |ctx| tree(ctx, &args(line), options))
}

fn run_outdated(sandbox: &Sandbox, format: Format, verdict: OutdatedPolicy) -> Run {
    run(sandbox, |ctx| {
        let options = OutdatedOptions {
            format,
            policy: verdict,
            ..OutdatedOptions::default()
        };
        outdated(ctx, &args("outdated"), &options)
    })
}

/// The lines of output, without what is said of downloads.
fn data(run: &Run) -> Vec<&str> {
    let messages = run.messages.iter().map(String::as_str);
    messages
        .filter(|message| !message.contains("Downloading"))
        .collect()
}

#[test]
fn the_tree_shows_what_is_needed_and_locks_it() {
    let sandbox = app();
    let options = TreeOptions::default();
    let run = run_tree(&sandbox, "tree", &options).ok();
    let expected = [
        "app v1.0.0 (ROOT)",
        "├── t:shapes v1.0.0 (https://registry.example)",
        "│   └── t:types v1.0.0 (https://registry.example)",
        "└── t:types v1.0.0 (https://registry.example)",
    ];
    assert_eq!(data(&run), expected);
    let lock = sandbox.lock();
    assert_eq!(sandbox.read("src/bindings.rs"), None);
    let run = run_tree(&sandbox, "tree --frozen", &options).ok();
    assert_eq!(data(&run), expected);
    assert_eq!(run.requests, [] as [&str; 0]);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn the_tree_is_shown_from_a_package_that_is_needed() {
    let sandbox = app();
    let of = |name: &str| TreeOptions {
        invert: Some(name.to_owned()),
        ..TreeOptions::default()
    };
    let run = run_tree(&sandbox, "tree", &of("t:types")).ok();
    let expected = [
        "t:types v1.0.0 (https://registry.example)",
        "├── app v1.0.0 (ROOT)",
        "└── t:shapes v1.0.0 (https://registry.example)",
        "    └── app v1.0.0 (ROOT)",
    ];
    assert_eq!(data(&run), expected);
    run_tree(&sandbox, "tree", &of("t:typs")).refused(&[
        "none of the selected packages needs `t:typs`",
        "did you mean `t:types`?",
    ]);
    run_tree(&sandbox, "tree", &of("t:types@2.0.0"))
        .refused(&["the version in the tree is `t:types@1.0.0`"]);
    run_tree(&sandbox, "tree", &of("far:away"))
        .refused(&["run `cargo component tree` to see all packages"]);
}

#[test]
fn the_tree_refuses_what_it_would_have_to_lock_or_to_fetch() {
    let sandbox = app();
    let options = TreeOptions::default();
    run_tree(&sandbox, "tree --locked", &options).refused(&["--locked was passed"]);
    run_tree(&sandbox, "tree --offline", &options).refused(&["network access is disabled"]);
    assert_eq!(sandbox.read("Cargo-component.lock"), None);
    run_tree(&sandbox, "tree", &options).ok();
    run_tree(&sandbox, "tree --offline", &options).ok();
    sandbox.remove("../home/cache");
    run_tree(&sandbox, "tree --offline", &options).refused(&["is not in the cache"]);
}

#[test]
fn the_tree_of_a_package_that_needs_nothing_is_the_package() {
    let section = "[package.metadata.component]\n";
    let sandbox = Sandbox::package(section, "package t:app; world w {}");
    let options = TreeOptions {
        duplicates: true,
        ..TreeOptions::default()
    };
    run_tree(&sandbox, "tree", &options)
        .ok()
        .says("note: there are no duplicates");
    let run = run_tree(&sandbox, "tree", &TreeOptions::default()).ok();
    assert_eq!(data(&run), ["app v1.0.0 (ROOT)"]);
    assert_eq!(sandbox.read("Cargo-component.lock"), None);
}

#[test]
fn outdated_shows_what_has_newer_releases_and_writes_nothing() {
    let sandbox = app();
    run_tree(&sandbox, "tree", &TreeOptions::default()).ok();
    let lock = sandbox.lock();
    let run = run_outdated(&sandbox, Format::Text, OutdatedPolicy::Fail).ok();
    run.says("Finished all packages are up to date");
    for version in ["1.2.0", "2.0.0"] {
        publish_shapes(&sandbox, version);
    }
    let run = run_outdated(&sandbox, Format::Text, OutdatedPolicy::Report).ok();
    let rows = data(&run);
    assert_eq!(rows.len(), 2, "{rows:#?}");
    let cells: Vec<&str> = rows[1].split_whitespace().collect();
    assert_eq!(cells[..4], ["t:shapes", "1.0.0", "1.2.0", "2.0.0"]);
    run_outdated(&sandbox, Format::Text, OutdatedPolicy::Fail).refused(&[
        "1 package is outdated",
        "run `cargo component update` for compatible versions",
    ]);
    let run = run_outdated(&sandbox, Format::Json, OutdatedPolicy::Report).ok();
    let json: Value = serde_json::from_str(data(&run)[0]).unwrap();
    assert_eq!(json["packages"][0]["compatible"], "1.2.0");
    assert_eq!(json["packages"][0]["required_by"][0], "app");
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn outdated_leaves_withdrawn_releases_out() {
    let sandbox = app();
    run_tree(&sandbox, "tree", &TreeOptions::default()).ok();
    publish_shapes(&sandbox, "1.2.0");
    sandbox.yank("t:shapes", "1.2.0");
    run_outdated(&sandbox, Format::Text, OutdatedPolicy::Fail)
        .ok()
        .says("Finished all packages are up to date");
}

#[test]
fn outdated_needs_the_network() {
    let sandbox = app();
    run_tree(&sandbox, "tree", &TreeOptions::default()).ok();
    run(&sandbox, |ctx| {
        outdated(
            ctx,
            &args("outdated --offline"),
            &OutdatedOptions::default(),
        )
    })
    .refused(&["network access is disabled"]);
}

#[test]
fn vendored_packages_lie_in_the_directory_and_the_configuration_is_printed() {
    let sandbox = app();
    let vendor = |ctx: &Context| vendor(ctx, &args("vendor"), "vendored".as_ref());
    let first = run(&sandbox, vendor).ok();
    let first = first.says("`t:types` v1.0.0 to vendored/");
    assert!(sandbox.root.join("vendored/t/types/1.0.0.wasm").is_file());
    assert!(sandbox.lock().contains("name = \"t:types\""));
    first.says("to build from `vendored`, add the printed lines to `.wasm-pkg/config.toml`");
    let second = run(&sandbox, vendor).ok();
    assert_eq!(second.requests, [] as [&str; 0]);
    let copied = second
        .messages
        .iter()
        .any(|line| line.contains(" v1.0.0 to "));
    assert!(!copied, "{:#?}", second.messages);
}

#[test]
fn vendor_without_packages_says_so() {
    let section = "[package.metadata.component]\n";
    let sandbox = Sandbox::package(section, "package t:app; world w {}");
    let vendor = |ctx: &Context| vendor(ctx, &args("vendor"), "vendored".as_ref());
    run(&sandbox, vendor)
        .ok()
        .says("the lock file has no packages from registries: there is nothing to vendor");
}
