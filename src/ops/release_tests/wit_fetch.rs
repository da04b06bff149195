//! What `wit fetch` writes into `deps` and the lock file, and what it refuses.

use super::fixture::{Ran, Workshop, insert};
use crate::base::slashes::with_slashes;
use crate::ops::tests::samples::wit;
use crate::ops::wit::fetch::{Drift, fetch};
use crate::ops::wit::{DepsFormat, WitOptions};
use crate::system::cargo::config::LockMode;

const TYPES: &str = "package t:types@1.2.0; interface i { f: func(); }";
const APP: &str = "package t:app@0.1.0; world app { import t:types/i@1.2.0; }";
const DEPS: &str = "wit/deps/t-types-1.2.0/package.wit";

fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.write("wit/app.wit", APP);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[TYPES]));
    workshop
}

fn fetched(workshop: &Workshop, mode: LockMode, drift: Drift) -> Ran<()> {
    let options = WitOptions {
        mode,
        ..WitOptions::default()
    };
    workshop.run(Vec::new(), |ctx| {
        fetch(ctx, &options, DepsFormat::Wit, drift)
    })
}

#[test]
fn packages_are_written_into_deps_and_locked() {
    let workshop = workshop();
    let ran = fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    let text = workshop.read(DEPS);
    assert!(text.contains("package t:types@1.2.0;"), "{text}");
    assert!(text.contains("f: func();"), "{text}");
    let lock = workshop.read("wkg.lock");
    assert!(lock.contains("name = \"t:types\""), "{lock}");
    assert!(lock.contains("version = \"1.2.0\""), "{lock}");
    for line in [
        "     Reading `wit`",
        " Downloading 1 package",
        "     Locking 1 package in `wkg.lock`",
        "     Fetched 1 package into `wit/deps`",
    ] {
        assert!(
            ran.said.contains(&line.to_owned()),
            "{line}: {:?}",
            ran.said
        );
    }
}

#[test]
fn what_is_up_to_date_is_neither_asked_for_nor_written_again() {
    let workshop = workshop();
    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    let asked = workshop.registry.requests().len();
    let ran = fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    assert_eq!(ran.said, ["     Reading `wit`"]);
    assert_eq!(workshop.registry.requests().len(), asked);
}

#[test]
fn a_version_that_wit_names_is_found_without_the_list_of_versions() {
    let workshop = workshop();
    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    let asked = ["release t:types@1.2.0", "fetch t:types@1.2.0"];
    assert_eq!(workshop.registry.requests(), asked);
}

#[test]
fn the_list_says_which_versions_there_are_and_which_were_withdrawn() {
    let workshop = workshop();
    let other = APP.replace("1.2.0", "1.3.0");
    workshop.write("wit/app.wit", other);
    let ran = fetched(&workshop, LockMode::Update, Drift::Write);
    assert!(ran.error().to_string().contains("1.2.0"));
    let asked = ["release t:types@1.3.0", "versions t:types"];
    assert_eq!(workshop.registry.requests(), asked);
    workshop.write("wit/app.wit", APP);
    let (package, version) = ("t:types".parse().unwrap(), "1.2.0".parse().unwrap());
    workshop.registry.yank(&package, &version);
    let ran = fetched(&workshop, LockMode::Update, Drift::Write);
    assert!(ran.error().to_string().contains("withdrawn"));
    assert_eq!(workshop.registry.requests()[2..], ["versions t:types"]);
}

#[test]
fn packages_can_be_kept_as_registries_have_them() {
    let workshop = workshop();
    let ran = workshop.run(Vec::new(), |ctx| {
        fetch(ctx, &WitOptions::default(), DepsFormat::Wasm, Drift::Write)
    });
    ran.succeeded();
    let file = workshop.root.join("wit/deps/t-types-1.2.0.wasm");
    let bytes = crate::system::fs::read(&file).unwrap();
    assert_eq!(bytes, wit(&[TYPES]));
}

#[test]
fn a_check_refuses_what_would_be_written_and_writes_nothing() {
    let workshop = workshop();
    let ran = fetched(&workshop, LockMode::Update, Drift::Refuse);
    let error = ran.error();
    assert_eq!(with_slashes(error.message()), "`wit/deps` is out of date");
    let hint = "run `cargo component wit fetch` without `--check`";
    assert_eq!(error.advice(), Some(hint));
    assert!(!workshop.has("wit/deps") && !workshop.has("wkg.lock"));
    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    fetched(&workshop, LockMode::Update, Drift::Refuse).succeeded();
}

#[test]
fn a_check_refuses_a_lock_file_that_is_missing() {
    let workshop = workshop();
    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    crate::system::fs::remove_file(&workshop.root.join("wkg.lock")).unwrap();
    let ran = fetched(&workshop, LockMode::Update, Drift::Refuse);
    let message = "`wkg.lock` is out of date";
    assert_eq!(ran.error().message(), message);
    assert!(!workshop.has("wkg.lock"));
}

#[test]
fn an_entry_of_the_user_in_deps_stays() {
    let workshop = workshop();
    let own = "package t:mine@1.0.0; interface j { h: func(); }";
    let app = "package t:app@0.1.0; world app { import t:types/i@1.2.0; import t:mine/j@1.0.0; }";
    workshop.write("wit/app.wit", app);
    workshop.write("wit/deps/mine/mine.wit", own);
    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    assert_eq!(workshop.read("wit/deps/mine/mine.wit"), own);
    assert!(workshop.has(DEPS));
    assert!(!workshop.read("wkg.lock").contains("t:mine"));
}

#[test]
fn without_the_network_only_what_is_cached_is_fetched() {
    let workshop = workshop();
    let ran = fetched(&workshop, LockMode::Offline, Drift::Write);
    let text = ran.error().to_string();
    assert!(text.contains("network access is disabled"), "{text}");
    assert!(workshop.registry.requests().is_empty());
    assert!(!workshop.has("wit/deps") && !workshop.has("wkg.lock"));

    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    let asked = workshop.registry.requests().len();
    crate::system::fs::remove_all(&workshop.root.join("wit/deps")).unwrap();
    fetched(&workshop, LockMode::Offline, Drift::Write).succeeded();
    assert!(workshop.has(DEPS));
    assert_eq!(workshop.registry.requests().len(), asked);
}

#[test]
fn a_lock_file_that_would_change_is_refused_where_it_must_not() {
    let workshop = workshop();
    let ran = fetched(&workshop, LockMode::Locked, Drift::Write);
    let text = ran.error().to_string();
    assert!(
        text.contains("--locked was passed to prevent this"),
        "{text}"
    );
    assert!(!workshop.has("wit/deps") && !workshop.has("wkg.lock"));
}

#[test]
fn a_release_that_was_replaced_is_not_taken() {
    let workshop = workshop();
    fetched(&workshop, LockMode::Update, Drift::Write).succeeded();
    for dir in ["wit/deps", "cache"] {
        crate::system::fs::remove_all(&workshop.root.join(dir)).unwrap();
    }
    let other = "package t:types@1.2.0; interface i { f: func(); g: func(); }";
    insert(&workshop.registry, "t:types@1.2.0", wit(&[other]));
    let ran = fetched(&workshop, LockMode::Update, Drift::Write);
    let error = ran.error();
    assert!(error.message().contains("has digest `"), "{error}");
    assert!(
        error
            .advice()
            .unwrap()
            .starts_with("the release was replaced")
    );
    assert!(!workshop.has("wit/deps"));
}

#[test]
fn a_package_that_no_registry_has_is_named() {
    let workshop = workshop();
    let app = "package t:app@0.1.0; world app { import t:typs/i@1.2.0; }";
    workshop.write("wit/app.wit", app);
    let ran = fetched(&workshop, LockMode::Update, Drift::Write);
    let text = ran.error().to_string();
    assert!(text.contains("t:typs"), "{text}");
    assert!(!workshop.has("wit/deps") && !workshop.has("wkg.lock"));
}
