//! What `verify` finds in the cache and in the registry.

use std::path::Path;

use super::fixture::{Ran, Workshop, insert};
use crate::base::package::ContentDigest;
use crate::ops::tests::samples::{args, wit};
use crate::ops::vendor::vendor;
use crate::ops::verify::verify;
use crate::system::fs;
use crate::system::registry::cache::Cache;

const TYPES: &str = "package t:types@1.2.0; interface i { f: func(); }";
const OTHER: &str = "package t:types@1.2.0; interface i { f: func(); g: func(); }";
const TABLES: &str = "[package.metadata.component]
package = \"t:app\"

[package.metadata.component.target.dependencies]
\"t:types\" = \"1\"
";

/// A package whose dependency is locked, and in the cache.
fn workshop() -> Workshop {
    let workshop = Workshop::with_app(TABLES);
    let app = "package t:app; world app { import t:types/i@1.2.0; }";
    workshop.write("wit/app.wit", app);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[TYPES]));
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        vendor(ctx, &args("build"), Path::new("vendor"))
    });
    ran.succeeded();
    workshop
}

fn verified(workshop: &Workshop, line: &str) -> Ran<()> {
    workshop.run(vec![workshop.metadata()], |ctx| verify(ctx, &args(line)))
}

/// The cached file of the dependency.
fn cached(workshop: &Workshop) -> std::path::PathBuf {
    let digest = ContentDigest::of(&wit(&[TYPES]));
    let cache = Cache::new(workshop.root.join("cache"));
    cache.get(&digest).unwrap()
}

#[test]
fn a_release_is_found_in_cache_and_registry() {
    let workshop = workshop();
    let ran = verified(&workshop, "build").succeeded();
    assert_eq!(
        ran.said,
        ["    Verified `t:types` v1.2.0 (cache, registry)"]
    );
    fs::remove_file(&cached(&workshop)).unwrap();
    let ran = verified(&workshop, "build").succeeded();
    assert_eq!(ran.said, ["    Verified `t:types` v1.2.0 (registry)"]);
}

#[test]
fn a_damaged_file_of_the_cache_is_found_and_removed() {
    let workshop = workshop();
    let file = cached(&workshop);
    fs::write_atomic(&file, b"damaged").unwrap();
    let ran = verified(&workshop, "build");
    let message = "1 of 1 locked packages could not be verified";
    assert_eq!(ran.error().message(), message);
    assert_eq!(ran.error().advice(), Some("see the errors above"));
    let text = ran.text();
    for part in [
        "error: the file of `t:types@1.2.0` in the cache has digest `",
        "but the lock file specifies digest `",
        "which has been removed",
        "the package is downloaded again when needed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Verified"), "{text}");
    assert!(!fs::exists(&file));
    let again = verified(&workshop, "build").succeeded();
    assert_eq!(again.said, ["    Verified `t:types` v1.2.0 (registry)"]);
}

#[test]
fn a_release_that_was_replaced_is_found_although_the_cache_is_good() {
    let workshop = workshop();
    insert(&workshop.registry, "t:types@1.2.0", wit(&[OTHER]));
    let ran = verified(&workshop, "build");
    assert!(ran.result.is_err());
    let text = ran.text();
    let found = ContentDigest::of(&wit(&[OTHER]));
    let locked = ContentDigest::of(&wit(&[TYPES]));
    let message = format!(
        "component registry package `t:types` (v`1.2.0`) has digest `{found}` but the lock file specifies digest `{locked}`"
    );
    assert!(text.contains(&message), "{text}");
    let hint = "the release was replaced: find out why before you run `cargo component update`";
    assert!(text.contains(hint), "{text}");
    assert!(fs::exists(&cached(&workshop)));
}

#[test]
fn a_release_that_the_registry_has_no_more_is_found() {
    let mut workshop = workshop();
    workshop.registry = Default::default();
    let ran = verified(&workshop, "build");
    assert!(ran.result.is_err());
    let message = "package `t:types@1.2.0` does not exist any more";
    assert!(ran.text().contains(message), "{}", ran.text());
}

#[test]
fn only_the_cache_is_looked_at_without_the_network() {
    let workshop = workshop();
    let asked = workshop.registry.requests().len();
    let ran = verified(&workshop, "build --offline").succeeded();
    assert_eq!(
        ran.said,
        [
            "note: only the cache is verified, since network access is disabled",
            "    Verified `t:types` v1.2.0 (cache)"
        ]
    );
    fs::remove_file(&cached(&workshop)).unwrap();
    let ran = verified(&workshop, "build --offline");
    assert!(ran.result.is_err());
    let message = "`t:types@1.2.0` is not in the cache, and network access is disabled";
    assert!(ran.text().contains(message), "{}", ran.text());
    assert_eq!(workshop.registry.requests().len(), asked);
}

#[test]
fn a_workspace_without_locked_packages_is_noted() {
    let workshop = Workshop::with_app("[package.metadata.component]\n");
    let ran = verified(&workshop, "build").succeeded();
    let note = "note: `Cargo-component.lock` has no locked packages";
    assert_eq!(ran.said, [note]);
}
