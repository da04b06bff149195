//! What `wit update` chooses anew, and what it refuses to choose.

use super::fixture::{Ran, Workshop, insert};
use crate::ops::outdated::{OutdatedOptions, OutdatedPolicy};
use crate::ops::tests::samples::wit;
use crate::ops::tree::Format;
use crate::ops::update::UpdateOptions;
use crate::ops::wit::WitOptions;
use crate::ops::wit::outdated::outdated;
use crate::ops::wit::update::update;
use crate::system::cargo::config::LockMode;

const APP: &str = "package t:app@0.1.0; world app { import t:types/i; }";

/// A package of WIT that needs version 1 of `t:types`, of which there are three releases.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.write("wit/app.wit", APP);
    workshop.write(
        "wkg.toml",
        "[overrides]\n\"t:types\" = { version = \"1\" }\n",
    );
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        let name = format!("t:types@{version}");
        let text = format!("package {name}; interface i {{ f: func(); }}");
        insert(&workshop.registry, &name, wit(&[&text]));
    }
    workshop
}

fn updated(workshop: &Workshop, mode: LockMode, precise: Option<&str>) -> Ran<()> {
    let project = WitOptions {
        mode,
        ..WitOptions::default()
    };
    let options = UpdateOptions {
        packages: precise.iter().map(|_| "t:types".parse().unwrap()).collect(),
        precise: precise.map(|version| version.parse().unwrap()),
        dry_run: false,
    };
    workshop.run(Vec::new(), |ctx| update(ctx, &project, &options))
}

/// Whether the lock file has `t:types` at this version.
fn is_locked(workshop: &Workshop, version: &str) -> bool {
    let lock = workshop.read("wkg.lock");
    lock.contains(&format!("\nversion = \"{version}\""))
}

#[test]
fn a_precise_version_is_chosen_where_a_requirement_allows_it() {
    let workshop = workshop();
    updated(&workshop, LockMode::Update, None).succeeded();
    assert!(is_locked(&workshop, "1.1.0"));
    updated(&workshop, LockMode::Update, Some("1.0.0")).succeeded();
    assert!(is_locked(&workshop, "1.0.0"));
    let before = workshop.read("wkg.lock");
    for (precise, text) in [
        (
            "2.0.0",
            "package `t:types` cannot be `2.0.0`: no version requirement allows it",
        ),
        ("1.5.0", "package `t:types` has no version `1.5.0`"),
    ] {
        let ran = updated(&workshop, LockMode::Update, Some(precise));
        assert_eq!(ran.error().message(), text);
        assert!(ran.error().advice().is_some());
        assert_eq!(workshop.read("wkg.lock"), before);
    }
}

#[test]
fn locked_refuses_only_what_would_change_the_lock_file() {
    let workshop = workshop();
    updated(&workshop, LockMode::Update, None).succeeded();
    let before = workshop.read("wkg.lock");
    updated(&workshop, LockMode::Locked, None).succeeded();
    updated(&workshop, LockMode::Locked, Some("1.1.0")).succeeded();
    let ran = updated(&workshop, LockMode::Locked, Some("1.0.0"));
    let message = ran.error().message();
    assert!(
        message.contains("needs to be updated but --locked was passed"),
        "{message}"
    );
    assert_eq!(workshop.read("wkg.lock"), before);
}

#[test]
fn newer_versions_are_shown_and_nothing_is_written() {
    let workshop = workshop();
    updated(&workshop, LockMode::Update, None).succeeded();
    updated(&workshop, LockMode::Update, Some("1.0.0")).succeeded();
    let before = workshop.read("wkg.lock");
    let show = |policy| {
        let options = OutdatedOptions {
            format: Format::Text,
            policy,
            capabilities: false,
        };
        workshop.run(Vec::new(), |ctx| {
            outdated(ctx, &WitOptions::default(), &options)
        })
    };
    let text = show(OutdatedPolicy::Report).succeeded().text();
    let row = text
        .lines()
        .find(|line| line.starts_with("t:types "))
        .unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[..5], ["t:types", "1.0.0", "1.1.0", "2.0.0", "t:app"]);
    let failed = show(OutdatedPolicy::Fail);
    assert_eq!(failed.error().message(), "1 package is outdated");
    assert_eq!(workshop.read("wkg.lock"), before);
    assert!(!workshop.has("wit/deps"));
}
