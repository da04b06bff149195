//! What `publish` sends to a registry, and what it refuses.

use super::fixture::{OTHER, Ran, Workshop, insert};
use crate::model::component::{WasmKind, kind};
use crate::ops::publish::{PublishOptions, PublishedContent, UncommittedChanges, publish};
use crate::ops::tests::samples::{args, component, module};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::process::Output;
use crate::system::registry::Registry as _;

const TABLE: &str = "[package.metadata.component]\npackage = \"t:app\"\n";
const ONE: &str = "package t:app; interface i { f: func(); } world app { export i; }";
const TWO: &str = "package t:app; interface i { f: func(); g: func(); } world app { export i; }";

const OPTIONS: PublishOptions = PublishOptions {
    registry: None,
    existing: ExistingRelease::Refuse,
    breaking: BreakingChange::Refuse,
    content: PublishedContent::Component,
    uncommitted: UncommittedChanges::Refuse,
    mode: PublishMode::Real,
};

/// A package `t:app` with a world of its own, which cargo builds.
fn workshop() -> Workshop {
    let workshop = Workshop::with_app(TABLE);
    workshop.write("wit/app.wit", ONE);
    workshop
}

/// Publishes the package, after cargo has built the module for its world.
fn published(workshop: &Workshop, options: &PublishOptions) -> Ran<()> {
    let answers = vec![
        workshop.metadata(),
        workshop.sysroot(),
        workshop.built(&[("app", module(&[ONE]))]),
    ];
    workshop.run(answers, |ctx| {
        publish(ctx, &args("build --release"), options)
    })
}

#[test]
fn a_component_is_built_for_release_and_published() {
    let workshop = workshop();
    let ran = published(&workshop, &OPTIONS).succeeded();
    assert_eq!(
        ran.started,
        [
            "cargo metadata --no-deps --format-version=1",
            "rustc --print sysroot",
            "cargo build --release --target wasm32-wasip1 --message-format=json-render-diagnostics"
        ]
    );
    let bytes = workshop.published("t:app@0.1.0").unwrap();
    assert_eq!(kind(&bytes), Some(WasmKind::Component));
    let file = workshop.root.join("target/wasm32-wasip1/release/app.wasm");
    assert_eq!(bytes, crate::system::fs::read(&file).unwrap());
    let text = ran.text();
    let shown = "Publishing component target/wasm32-wasip1/release/app.wasm";
    assert!(text.contains(shown), "{text}");
    assert!(
        text.ends_with("   Published package `t:app` v0.1.0"),
        "{text}"
    );
}

#[test]
fn a_version_that_is_published_is_refused_or_skipped_and_stays() {
    for (existing, refused) in [
        (ExistingRelease::Refuse, true),
        (ExistingRelease::Skip, false),
    ] {
        let workshop = workshop();
        let old = component(&[TWO]);
        insert(&workshop.registry, "t:app@0.1.0", old.clone());
        let options = PublishOptions {
            existing,
            ..OPTIONS
        };
        let ran = published(&workshop, &options);
        assert_eq!(ran.result.is_err(), refused, "{:?}", ran.said);
        if refused {
            let error = ran.error();
            assert_eq!(error.message(), "`t:app@0.1.0` is already published");
            assert_eq!(error.causes(), ["its registry is the registry in memory"]);
            let hint = "increase the version, or skip it with `--skip-existing`";
            assert_eq!(error.advice(), Some(hint));
        } else {
            let skipped = "    Skipping `t:app` v0.1.0, which is already published";
            assert!(ran.said.contains(&skipped.to_owned()), "{:?}", ran.said);
        }
        assert_eq!(workshop.published("t:app@0.1.0").unwrap(), old);
    }
}

#[test]
fn a_dry_run_prints_the_release_and_publishes_nothing() {
    let workshop = workshop();
    let options = PublishOptions {
        mode: PublishMode::Dry,
        ..OPTIONS
    };
    let ran = published(&workshop, &options).succeeded();
    assert_eq!(workshop.published("t:app@0.1.0"), None);
    for line in [
        "package: t:app",
        "version: 0.1.0",
        "to: the registry in memory",
        "annotation version: 0.1.0",
        "warning: not publishing component to the registry due to the --dry-run option",
    ] {
        assert!(
            ran.said.contains(&line.to_owned()),
            "{line}: {:?}",
            ran.said
        );
    }
    assert!(!ran.text().contains("Published"), "{}", ran.text());
}

#[test]
fn a_breaking_change_under_a_compatible_number_is_refused_unless_it_is_allowed() {
    for (breaking, refused) in [
        (BreakingChange::Refuse, true),
        (BreakingChange::Allow, false),
    ] {
        let workshop = Workshop::with_members(&[["app", "0.1.2", TABLE]]);
        workshop.write("app/wit/app.wit", ONE);
        insert(&workshop.registry, "t:app@0.1.1", component(&[TWO]));
        let options = PublishOptions {
            breaking,
            ..OPTIONS
        };
        let ran = published(&workshop, &options);
        assert_eq!(ran.result.is_err(), refused, "{:?}", ran.said);
        assert_eq!(workshop.published("t:app@0.1.2").is_none(), refused);
        if refused {
            let error = ran.error();
            let message = "`t:app@0.1.2` is not compatible with the published `0.1.1`";
            assert_eq!(error.message(), message);
            assert!(error.causes()[0].contains('g'), "{error}");
            let hint = "publish it as version 0.2.0, or with `--allow-breaking`";
            assert_eq!(error.advice(), Some(hint));
        }
    }
}

#[test]
fn a_version_below_one_with_more_and_beside_incompatible_ones_is_published() {
    let workshop = workshop();
    let other = "package t:app; interface j { f: func(); } world app { export j; }";
    insert(&workshop.registry, "t:app@0.1.1", component(&[TWO]));
    insert(&workshop.registry, "t:app@0.0.9", component(&[other]));
    insert(&workshop.registry, "t:app@0.2.0", component(&[other]));
    published(&workshop, &OPTIONS).succeeded();
    assert!(workshop.published("t:app@0.1.0").is_some());
}

#[test]
fn a_package_without_a_name_to_publish_under_is_refused() {
    let workshop = Workshop::with_app("[package.metadata.component]\n");
    workshop.write("wit/app.wit", ONE);
    let ran = published(&workshop, &OPTIONS);
    let error = ran.error();
    assert_eq!(
        error.message(),
        "package `app` is missing a `package.metadata.component.package` setting in its manifest"
    );
    let hint = "add `package = \"namespace:app\"` under `[package.metadata.component]`";
    assert_eq!(error.advice(), Some(hint));
    assert!(workshop.registry.requests().is_empty());
}

#[test]
fn a_package_that_is_no_component_is_refused() {
    let workshop = Workshop::with_app("");
    let ran = published(&workshop, &OPTIONS);
    let message = "none of the selected packages is a component";
    assert_eq!(ran.error().message(), message);
    assert!(workshop.registry.requests().is_empty());
}

#[test]
fn a_package_whose_build_makes_no_component_is_refused() {
    let workshop = workshop();
    let answers = vec![workshop.metadata(), workshop.sysroot(), workshop.built(&[])];
    let ran = workshop.run(answers, |ctx| {
        publish(ctx, &args("build --release"), &OPTIONS)
    });
    let message = "the package `app` has no component";
    assert_eq!(ran.error().message(), message);
    assert_eq!(workshop.published("t:app@0.1.0"), None);
}

#[test]
fn a_failed_build_publishes_nothing() {
    let workshop = workshop();
    let mut failed = workshop.built(&[("app", module(&[ONE]))]);
    failed.code = 101;
    let answers = vec![workshop.metadata(), workshop.sysroot(), failed];
    let ran = workshop.run(answers, |ctx| {
        publish(ctx, &args("build --release"), &OPTIONS)
    });
    assert_eq!(
        ran.error().kind(),
        crate::base::error::Error::child(101).kind()
    );
    assert_eq!(workshop.published("t:app@0.1.0"), None);
}

#[test]
fn nothing_is_published_without_the_network() {
    let workshop = workshop();
    let answers = vec![
        workshop.metadata(),
        workshop.sysroot(),
        workshop.built(&[("app", module(&[ONE]))]),
    ];
    let ran = workshop.run(answers, |ctx| {
        publish(ctx, &args("build --release --offline"), &OPTIONS)
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "publishing `t:app` needs network access, which is disabled"
    );
    assert_eq!(error.advice(), Some("remove `--offline` or `--frozen`"));
    assert_eq!(workshop.published("t:app@0.1.0"), None);
}

#[test]
fn the_registry_of_the_command_line_gets_the_release() {
    let workshop = workshop();
    let options = PublishOptions {
        registry: Some(OTHER.to_owned()),
        ..OPTIONS
    };
    published(&workshop, &options).succeeded();
    assert_eq!(workshop.published("t:app@0.1.0"), None);
    let asked = workshop.other.requests();
    assert!(asked.contains(&"release t:app@0.1.0".to_owned()));
    let package = "t:app".parse().unwrap();
    let versions = workshop.other.versions(&package).unwrap().unwrap();
    assert_eq!(versions.len(), 1);
}

/// What `git status` answers.
fn status(stdout: &str, code: i32) -> Output {
    Output {
        code,
        stdout: stdout.as_bytes().to_vec(),
        ..Output::default()
    }
}

#[test]
fn changes_that_are_not_committed_are_refused_before_the_build() {
    let workshop = workshop();
    workshop.write(".git/HEAD", "");
    let changed = " M src/lib.rs\0?? wit/two words.wit\0";
    let ran = workshop.run(vec![workshop.metadata(), status(changed, 0)], |ctx| {
        publish(ctx, &args("build --release"), &OPTIONS)
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "2 files in the working directory contain changes that were not yet committed into git"
    );
    assert_eq!(
        error.causes(),
        ["changed: `src/lib.rs`, `wit/two words.wit`"]
    );
    let hint = "commit the changes, or publish them anyway with `--allow-dirty`";
    assert_eq!(error.advice(), Some(hint));
    assert_eq!(ran.started.len(), 2);
    let git = &ran.started[1];
    assert!(git.starts_with("git --no-optional-locks "), "{git}");
    assert!(git.ends_with(" -- . :(exclude)target"), "{git}");
    assert!(workshop.registry.requests().is_empty());
    let options = PublishOptions {
        uncommitted: UncommittedChanges::Allow,
        ..OPTIONS
    };
    let answers = vec![
        workshop.metadata(),
        // The revision that a component gets.
        status("", 128),
        workshop.sysroot(),
        workshop.built(&[("app", module(&[ONE]))]),
    ];
    let ran = workshop.run(answers, |ctx| {
        publish(ctx, &args("build --release"), &options)
    });
    ran.succeeded();
}

#[test]
fn what_is_committed_or_in_no_repository_is_published() {
    for answer in [status("", 0), status("", 128)] {
        let workshop = workshop();
        workshop.write(".git/HEAD", "");
        let answers = vec![
            workshop.metadata(),
            answer,
            status("", 128),
            workshop.sysroot(),
            workshop.built(&[("app", module(&[ONE]))]),
        ];
        let ran = workshop.run(answers, |ctx| {
            publish(ctx, &args("build --release"), &OPTIONS)
        });
        ran.succeeded();
    }
}

#[test]
fn a_package_without_a_registry_is_refused_before_the_build() {
    let workshop = workshop();
    workshop.write("home/config.toml", "");
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        publish(ctx, &args("build --release"), &OPTIONS)
    });
    let message = ran.error().message();
    assert!(message.starts_with("no registry configured"), "{message}");
    assert_eq!(ran.started.len(), 1);
}
