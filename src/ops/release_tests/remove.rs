//! What `remove` takes out of a manifest, and what it refuses.

use super::fixture::Workshop;
use crate::model::manifest::edit::DependencyTable;
use crate::ops::add::remove;
use crate::pipeline::project::manifest_write::ManifestWrite;
use crate::system::cargo::arguments::CargoArgs;

const TABLES: &str = "[package.metadata.component]
package = \"t:app\"

[package.metadata.component.dependencies]
\"t:codec\" = \"2\" # ours

[package.metadata.component.target.dependencies]
\"t:types\" = \"1\"
";

/// The tables that `remove` takes entries out of without `--dev`.
const OF_BUILDS: &[DependencyTable] = &[DependencyTable::Component, DependencyTable::Target];

/// The keys that are removed, as the operation takes them.
fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn entries_of_both_tables_are_removed_together() {
    let workshop = Workshop::with_app(TABLES);
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        let keys = keys(&["t:codec", "t:types"]);
        remove(
            ctx,
            &CargoArgs::default(),
            &keys,
            OF_BUILDS,
            ManifestWrite::Real,
        )
    });
    let ran = ran.succeeded();
    let manifest = workshop.read("Cargo.toml");
    assert!(!manifest.contains("t:codec") && !manifest.contains("t:types"));
    assert!(!manifest.contains("target.dependencies"), "{manifest}");
    assert!(manifest.contains("package = \"t:app\""), "{manifest}");
    assert_eq!(
        ran.said,
        [
            "    Removing dependency `t:codec`",
            "    Removing dependency `t:types`"
        ]
    );
}

#[test]
fn an_unknown_key_is_refused_with_a_near_one_and_nothing_is_removed() {
    let workshop = Workshop::with_app(TABLES);
    let before = workshop.read("Cargo.toml");
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        let keys = keys(&["t:codec", "t:typs"]);
        remove(
            ctx,
            &CargoArgs::default(),
            &keys,
            OF_BUILDS,
            ManifestWrite::Real,
        )
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "the dependency `t:typs` could not be found in `Cargo.toml`"
    );
    assert_eq!(error.advice(), Some("did you mean `t:types`?"));
    assert_eq!(workshop.read("Cargo.toml"), before);
    assert!(ran.said.is_empty(), "{:?}", ran.said);
}

#[test]
fn a_key_that_is_like_no_other_is_refused_without_a_suggestion() {
    let workshop = Workshop::with_app("");
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        let keys = keys(&["somebody:elses"]);
        remove(
            ctx,
            &CargoArgs::default(),
            &keys,
            OF_BUILDS,
            ManifestWrite::Real,
        )
    });
    let message = "the dependency `somebody:elses` could not be found in `Cargo.toml`";
    assert_eq!(ran.error().message(), message);
    assert_eq!(ran.error().advice(), None);
}

#[test]
fn a_dry_run_prints_the_manifest_without_the_entry_and_leaves_it() {
    let workshop = Workshop::with_app(TABLES);
    let before = workshop.read("Cargo.toml");
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        let keys = keys(&["t:codec"]);
        remove(
            ctx,
            &CargoArgs::default(),
            &keys,
            OF_BUILDS,
            ManifestWrite::Dry,
        )
    });
    let ran = ran.succeeded();
    assert!(!ran.said[0].contains("t:codec") && ran.said[0].contains("t:types"));
    assert_eq!(workshop.read("Cargo.toml"), before);
}

#[test]
fn entries_of_tests_are_removed_by_themselves() {
    let both = format!(
        "{TABLES}\n[package.metadata.component.dev-dependencies]\n\"t:codec\" = {{ path = \"mock.wasm\" }}\nclock = {{ path = \"clock.wasm\" }}\n"
    );
    let workshop = Workshop::with_app(&both);
    let before = workshop.read("Cargo.toml");
    for (tables, key, hint) in [
        (
            OF_BUILDS,
            "clock",
            "it is an entry of `dev-dependencies`: remove it with `--dev`",
        ),
        (
            &[DependencyTable::Dev],
            "t:types",
            "it is an entry of `dependencies`: remove it without `--dev`",
        ),
    ] {
        let ran = workshop.run(vec![workshop.metadata()], |ctx| {
            let keys = keys(&[key]);
            remove(
                ctx,
                &CargoArgs::default(),
                &keys,
                tables,
                ManifestWrite::Real,
            )
        });
        assert_eq!(ran.error().advice(), Some(hint));
        assert_eq!(workshop.read("Cargo.toml"), before);
    }
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        let (keys, tables) = (keys(&["t:codec"]), [DependencyTable::Dev]);
        remove(
            ctx,
            &CargoArgs::default(),
            &keys,
            &tables,
            ManifestWrite::Real,
        )
    });
    ran.succeeded();
    let removed = "\"t:codec\" = { path = \"mock.wasm\" }\n";
    assert_eq!(workshop.read("Cargo.toml"), before.replace(removed, ""));
}
