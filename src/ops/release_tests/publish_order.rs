//! Several components published together, and the hints between them.

use super::fixture::{Ran, Workshop, insert};
use crate::base::package::ContentDigest;
use crate::model::component::names::imports;
use crate::ops::publish::{PublishOptions, PublishedContent, UncommittedChanges, publish};
use crate::ops::tests::samples::{args, component, module};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};

const BASE: &str = "package t:base@1.0.0; interface i { f: func(); } world base { export i; }";
const APP: &str = "package t:app; interface i { f: func(); } world app { export i; }";
/// The world that the app has with its dependency.
const BOUND: &str = "package t:app; interface i { f: func(); }
world app { import t:base/i@1.0.0; export i; }
package t:base@1.0.0 { interface i { f: func(); } }";

const OPTIONS: PublishOptions = PublishOptions {
    registry: None,
    existing: ExistingRelease::Refuse,
    breaking: BreakingChange::Refuse,
    content: PublishedContent::Component,
    uncommitted: UncommittedChanges::Refuse,
    mode: PublishMode::Real,
};

/// An app, and after it the component that it depends on by this entry.
fn workshop(entry: &str) -> Workshop {
    let app = format!(
        "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.dependencies]\n\"t:base\" = {entry}\n"
    );
    let base = "[package.metadata.component]\npackage = \"t:base\"\n";
    let workshop = Workshop::with_members(&[["app", "0.1.0", &app], ["base", "1.0.0", base]]);
    workshop.write("app/wit/app.wit", APP);
    workshop.write("base/wit/base.wit", BASE);
    workshop
}

/// Publishes what is selected; cargo builds the dependency, and then that.
fn published(workshop: &Workshop, selection: &str, options: &PublishOptions) -> Ran<()> {
    let modules = [("app", module(&[BOUND])), ("base", module(&[BASE]))];
    let selected = match selection {
        "--workspace" => &modules[..],
        _ => &modules[..1],
    };
    let answers = vec![
        workshop.metadata(),
        workshop.sysroot(),
        workshop.built(&modules[1..]),
        workshop.built(selected),
    ];
    let line = args(&format!("build --release {selection}"));
    workshop.run(answers, |ctx| publish(ctx, &line, options))
}

/// The first import of a published component that has a hint, and that hint.
fn hint(bytes: &[u8]) -> Option<String> {
    let names = imports(bytes).unwrap();
    names.into_iter().find_map(|name| name.external_id)
}

#[test]
fn a_dependency_is_published_before_what_needs_it_and_is_pinned_there() {
    let workshop = workshop("{ path = \"../base\", version = \"1.0.0\" }");
    let ran = published(&workshop, "--workspace", &OPTIONS).succeeded();
    let published: Vec<&String> = ran
        .said
        .iter()
        .filter(|line| line.contains(" Published "))
        .collect();
    assert_eq!(
        published,
        [
            "   Published package `t:base` v1.0.0",
            "   Published package `t:app` v0.1.0"
        ]
    );
    let base = workshop.published("t:base@1.0.0").unwrap();
    let app = workshop.published("t:app@0.1.0").unwrap();
    let hint = hint(&app).unwrap();
    let digest = ContentDigest::of(&base).to_string();
    assert!(hint.contains("t:base@1.0.0"), "{hint}");
    assert!(hint.contains(&digest), "{hint}");
    assert!(!hint.contains("path"), "{hint}");
}

#[test]
fn a_dependency_with_only_a_path_is_refused_before_anything_is_built() {
    let workshop = workshop("{ path = \"../base\" }");
    let ran = published(&workshop, "--workspace", &OPTIONS);
    let error = ran.error();
    assert_eq!(
        error.message(),
        "the dependency `t:base` has only a path, which others cannot use"
    );
    let hint =
        "add the `version` of its release, or use `--composed` to publish the linked component";
    assert_eq!(error.advice(), Some(hint));
    assert!(error.excerpt().is_some());
    assert_eq!(ran.started.len(), 1, "{:?}", ran.started);
    assert!(workshop.registry.requests().is_empty());
}

#[test]
fn a_dependency_with_only_a_path_can_be_published_within_its_user() {
    let workshop = workshop("{ path = \"../base\" }");
    let options = PublishOptions {
        content: PublishedContent::Composed,
        ..OPTIONS
    };
    published(&workshop, "--package app", &options).succeeded();
    let app = workshop.published("t:app@0.1.0").unwrap();
    assert_eq!(hint(&app), None);
    let names = imports(&app).unwrap();
    assert!(names.iter().all(|name| !name.name.contains("t:base")));
    assert_eq!(workshop.published("t:base@1.0.0"), None);
}

#[test]
fn a_dependency_that_is_neither_published_nor_selected_is_refused() {
    let workshop = workshop("{ path = \"../base\", version = \"1.0.0\" }");
    let ran = published(&workshop, "--package app", &OPTIONS);
    let error = ran.error();
    assert_eq!(
        error.message(),
        "`t:base@1.0.0` is not published, and `t:app` depends on it"
    );
    let hint =
        "publish it first, or together with this package: `cargo component publish --workspace`";
    assert_eq!(error.advice(), Some(hint));
    assert_eq!(workshop.published("t:app@0.1.0"), None);
}

#[test]
fn a_dependency_that_is_published_with_less_than_its_path_has_is_refused() {
    let workshop = workshop("{ path = \"../base\", version = \"1.0.0\" }");
    let less = "package t:base@1.0.0; interface i { g: func(); } world base { export i; }";
    insert(&workshop.registry, "t:base@1.0.0", component(&[less]));
    let ran = published(&workshop, "--package app", &OPTIONS);
    assert_eq!(
        ran.error().message(),
        "the published `t:base@1.0.0` lacks exports of the package at its path"
    );
    assert_eq!(workshop.published("t:app@0.1.0"), None);
}

#[test]
fn a_dependency_whose_release_is_a_core_module_is_refused() {
    let workshop = workshop("{ path = \"../base\", version = \"1.0.0\" }");
    insert(&workshop.registry, "t:base@1.0.0", module(&[BASE]));
    let ran = published(&workshop, "--package app", &OPTIONS);
    assert_eq!(
        ran.error().message(),
        "the published `t:base@1.0.0` is not a component, unlike the package at its path"
    );
    assert!(ran.error().advice().is_some());
    assert_eq!(workshop.published("t:app@0.1.0"), None);
}

#[test]
fn a_path_with_another_version_than_its_entry_requires_is_refused() {
    let workshop = workshop("{ path = \"../base\", version = \"2\" }");
    let ran = published(&workshop, "--workspace", &OPTIONS);
    assert!(ran.result.is_err());
    let text = ran.error().to_string();
    assert!(text.contains("does not match its `version`"), "{text}");
    assert_eq!(workshop.published("t:app@0.1.0"), None);
    assert_eq!(workshop.published("t:base@1.0.0"), None);
}

#[test]
fn one_release_that_is_there_already_keeps_all_others_back() {
    let workshop = workshop("{ path = \"../base\", version = \"1.0.0\" }");
    insert(&workshop.registry, "t:app@0.1.0", component(&[APP]));
    let ran = published(&workshop, "--workspace", &OPTIONS);
    let message = "`t:app@0.1.0` is already published";
    assert_eq!(ran.error().message(), message);
    assert_eq!(workshop.published("t:base@1.0.0"), None);
}

#[test]
fn a_dependency_that_is_skipped_is_pinned_to_what_is_published() {
    let workshop = workshop("{ path = \"../base\", version = \"1.0.0\" }");
    let more =
        "package t:base@1.0.0; interface i { f: func(); g: func(); } world base { export i; }";
    let old = component(&[more]);
    insert(&workshop.registry, "t:base@1.0.0", old.clone());
    let options = PublishOptions {
        existing: ExistingRelease::Skip,
        ..OPTIONS
    };
    let ran = published(&workshop, "--workspace", &options).succeeded();
    let skipped = "    Skipping `t:base` v1.0.0, which is already published";
    assert!(ran.said.contains(&skipped.to_owned()), "{:?}", ran.said);
    assert_eq!(workshop.published("t:base@1.0.0").unwrap(), old);
    let hint = hint(&workshop.published("t:app@0.1.0").unwrap()).unwrap();
    assert!(
        hint.contains(&ContentDigest::of(&old).to_string()),
        "{hint}"
    );
}
