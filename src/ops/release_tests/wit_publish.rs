//! What `wit publish` sends to a registry, and what it refuses.

use super::fixture::{Ran, Workshop, insert};
use crate::ops::tests::samples::{component, module, wit};
use crate::ops::wit::WitOptions;
use crate::ops::wit::publish::{PackageVersion, PublishOptions, publish};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};

const ONE: &str = "package t:types@1.2.0; interface i { f: func(); }";

fn options(paths: &[&str]) -> PublishOptions {
    PublishOptions {
        project: WitOptions::default(),
        paths: paths.iter().map(Into::into).collect(),
        package: None,
        rename: None,
        registry: None,
        existing: ExistingRelease::Refuse,
        breaking: BreakingChange::Refuse,
        mode: PublishMode::Real,
    }
}

fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.write("wit/types.wit", ONE);
    workshop
}

fn published(workshop: &Workshop, options: &PublishOptions) -> Ran<Vec<PackageVersion>> {
    workshop.run(Vec::new(), |ctx| publish(ctx, options))
}

/// The releases of a run as text.
fn names(ran: Ran<Vec<PackageVersion>>) -> Vec<String> {
    let releases = ran.succeeded().result.unwrap();
    releases.iter().map(ToString::to_string).collect()
}

#[test]
fn the_package_of_the_directory_is_published() {
    let workshop = workshop();
    let ran = published(&workshop, &options(&[])).succeeded();
    for line in [
        "  Publishing package wit",
        "   Published package `t:types` v1.2.0",
    ] {
        assert!(
            ran.said.contains(&line.to_owned()),
            "{line}: {:?}",
            ran.said
        );
    }
    assert_eq!(names(ran), ["t:types@1.2.0"]);
    let bytes = workshop.published("t:types@1.2.0").unwrap();
    assert!(crate::model::component::is_wit_package(&bytes).unwrap());
}

#[test]
fn a_package_is_published_after_those_it_needs() {
    let workshop = workshop();
    let app = "package t:app@0.1.0; world app { import t:types/i@1.2.0; }";
    workshop.write("app/app.wit", app);
    workshop.write("app/deps/types/types.wit", ONE);
    let ran = published(&workshop, &options(&["app", "wit"]));
    assert_eq!(names(ran), ["t:types@1.2.0", "t:app@0.1.0"]);
    assert!(workshop.published("t:app@0.1.0").is_some());
}

#[test]
fn a_version_that_is_published_is_refused_or_skipped_and_stays() {
    let workshop = workshop();
    let old = wit(&["package t:types@1.2.0; interface old {}"]);
    insert(&workshop.registry, "t:types@1.2.0", old.clone());
    let ran = published(&workshop, &options(&[]));
    let message = "`t:types@1.2.0` is already published";
    assert_eq!(ran.error().message(), message);
    let skip = PublishOptions {
        existing: ExistingRelease::Skip,
        ..options(&[])
    };
    let ran = published(&workshop, &skip).succeeded();
    assert!(ran.text().contains("which is already published"));
    assert_eq!(names(ran), [""; 0]);
    assert_eq!(workshop.published("t:types@1.2.0").unwrap(), old);
}

#[test]
fn a_dry_run_prints_the_release_and_publishes_nothing() {
    for (mode, printed) in [(PublishMode::Dry, true), (PublishMode::DrySilent, false)] {
        let workshop = workshop();
        let dry = PublishOptions {
            mode,
            ..options(&[])
        };
        let ran = published(&workshop, &dry).succeeded();
        let text = ran.text();
        assert_eq!(text.contains("package: t:types\nversion: 1.2.0"), printed);
        let warning = "warning: not publishing package to the registry due to the --dry-run option";
        assert_eq!(text.contains(warning), printed, "{text}");
        assert_eq!(names(ran), ["t:types@1.2.0"]);
        assert_eq!(workshop.published("t:types@1.2.0"), None);
    }
}

#[test]
fn a_breaking_change_under_a_compatible_number_is_refused_unless_it_is_allowed() {
    let workshop = workshop();
    let more = "package t:types@1.1.0; interface i { f: func(); g: func(); }";
    insert(&workshop.registry, "t:types@1.1.0", wit(&[more]));
    let ran = published(&workshop, &options(&[]));
    let error = ran.error();
    assert_eq!(
        error.message(),
        "`t:types@1.2.0` is not compatible with the published `1.1.0`"
    );
    let hint = "publish it as version 2.0.0, or with `--allow-breaking`";
    assert_eq!(error.advice(), Some(hint));
    assert_eq!(workshop.published("t:types@1.2.0"), None);
    let allowed = PublishOptions {
        breaking: BreakingChange::Allow,
        ..options(&[])
    };
    assert_eq!(names(published(&workshop, &allowed)), ["t:types@1.2.0"]);
}

#[test]
fn a_package_without_a_version_is_refused_unless_one_is_given() {
    let workshop = workshop();
    workshop.write("wit/types.wit", "package t:types; interface i {}");
    let ran = published(&workshop, &options(&[]));
    let error = ran.error();
    assert_eq!(error.message(), "the package `t:types` has no version");
    let hint = "add `package t:types@0.1.0;` to its WIT";
    assert_eq!(error.advice(), Some(hint));
    let named = PublishOptions {
        package: Some("t:other@3.0.0".parse().unwrap()),
        ..options(&[])
    };
    assert_eq!(names(published(&workshop, &named)), ["t:other@3.0.0"]);
    assert!(workshop.published("t:other@3.0.0").is_some());
}

#[test]
fn one_release_with_two_contents_is_refused() {
    let workshop = workshop();
    workshop.write("other/types.wit", "package t:types@1.2.0; interface j {}");
    let ran = published(&workshop, &options(&["wit", "other"]));
    let error = ran.error();
    assert_eq!(
        error.message(),
        "`t:types@1.2.0` would be published twice, with different content"
    );
    assert_eq!(error.causes(), ["it is in both `wit` and `other`"]);
    assert_eq!(workshop.published("t:types@1.2.0"), None);
}

#[test]
fn files_are_published_under_the_name_that_is_given() {
    let workshop = Workshop::new();
    let wit = "package t:c; interface i { f: func(); } world w { export i; }";
    workshop.write("c.wasm", component(&[wit]));
    workshop.write("module.wasm", module(&[wit]));
    let ran = published(&workshop, &options(&["c.wasm"]));
    let message = "the package name and version of component `c.wasm` are not known";
    assert_eq!(ran.error().message(), message);
    let named = |path: &str| PublishOptions {
        package: Some("t:c@1.0.0".parse().unwrap()),
        ..options(&[path])
    };
    let ran = published(&workshop, &named("module.wasm"));
    let message = "`module.wasm` is a core module, which cannot be published as a package";
    assert_eq!(ran.error().message(), message);
    assert_eq!(names(published(&workshop, &named("c.wasm"))), ["t:c@1.0.0"]);
    assert_eq!(workshop.published("t:c@1.0.0"), Some(component(&[wit])));
}

#[test]
fn one_name_for_two_paths_is_refused() {
    let workshop = workshop();
    let named = PublishOptions {
        package: Some("t:c@1.0.0".parse().unwrap()),
        ..options(&["wit", "wit"])
    };
    let ran = published(&workshop, &named);
    let message = "`--package` can be used with one path only";
    assert_eq!(ran.error().message(), message);
}

#[test]
fn nothing_is_published_without_the_network() {
    let workshop = workshop();
    let mut offline = options(&[]);
    offline.project.mode = crate::system::cargo::config::LockMode::Offline;
    let ran = published(&workshop, &offline);
    let message = "publishing `t:types` needs network access, which is disabled";
    assert_eq!(ran.error().message(), message);
    assert_eq!(workshop.published("t:types@1.2.0"), None);
}

#[test]
fn a_package_is_published_under_another_name() {
    let workshop = workshop();
    let renamed = PublishOptions {
        rename: Some("t:other".parse().unwrap()),
        ..options(&[])
    };
    assert_eq!(names(published(&workshop, &renamed)), ["t:other@1.2.0"]);
    assert_eq!(workshop.published("t:types@1.2.0"), None);
}
