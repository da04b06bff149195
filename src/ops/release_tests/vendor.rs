//! What `vendor` copies into a directory, and what it prints.

use std::path::Path;

use super::fixture::{OTHER, Ran, Workshop, insert};
use crate::base::slashes::with_slashes;
use crate::ops::tests::samples::{args, wit};
use crate::ops::vendor::vendor;
use crate::system::fs;

const TYPES: &str = "package t:types@1.2.0; interface i { f: func(); }";
const APP: &str = "package t:app; world app { import t:types/i@1.2.0; }";

/// The tables of a component that needs the package of WIT by this entry.
fn tables(entry: &str) -> String {
    format!(
        "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.target.dependencies]\n\"t:types\" = {entry}\n"
    )
}

fn workshop() -> Workshop {
    let workshop = Workshop::with_app(&tables("\"1\""));
    workshop.write("wit/app.wit", APP);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[TYPES]));
    workshop
}

fn vendored(workshop: &Workshop, line: &str) -> Ran<()> {
    workshop.run(vec![workshop.metadata()], |ctx| {
        vendor(ctx, &args(line), Path::new("vendor"))
    })
}

const FILE: &str = "vendor/t/types/1.2.0.wasm";

#[test]
fn releases_are_laid_out_as_a_registry_and_the_configuration_is_printed() {
    let workshop = workshop();
    let ran = vendored(&workshop, "build").succeeded();
    let file = workshop.root.join(FILE);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(bytes, wit(&[TYPES]));
    let printed = [
        "[package_registry_overrides]",
        "\"t:types\" = \"vendored\"",
        "",
        "[registry.vendored]",
        "default = \"local\"",
        "local = { root = \"vendor\" }",
    ];
    assert!(ran.text().contains(&printed.join("\n")), "{}", ran.text());
    let status = "   Vendoring `t:types` v1.2.0 to vendor/t/types/1.2.0.wasm";
    assert!(ran.said.contains(&status.to_owned()), "{:?}", ran.said);
    let note = "note: to build from `vendor`, add the printed lines to `.wasm-pkg/config.toml`";
    assert_eq!(ran.said.last().unwrap(), note);
    assert!(workshop.read("Cargo-component.lock").contains("1.2.0"));
}

#[test]
fn a_second_run_copies_nothing_and_prints_the_configuration_again() {
    let workshop = workshop();
    vendored(&workshop, "build").succeeded();
    let before = workshop.registry.requests().len();
    let ran = vendored(&workshop, "build --frozen").succeeded();
    assert!(!ran.text().contains("Vendoring"), "{}", ran.text());
    assert!(ran.text().contains("[registry.vendored]"));
    assert_eq!(workshop.registry.requests().len(), before);
}

#[test]
fn what_is_locked_no_more_is_removed_unless_it_was_changed() {
    for changed in [false, true] {
        let workshop = workshop();
        vendored(&workshop, "build").succeeded();
        let manifest = workshop.read("Cargo.toml");
        let manifest = manifest.replace("\"t:types\" = \"1\"\n", "");
        workshop.write("Cargo.toml", manifest);
        workshop.write("wit/app.wit", "package t:app; world app {}");
        // Entries that nobody needs stay in the lock file until an update.
        vendored(&workshop, "build").succeeded();
        assert!(workshop.has(FILE));
        fs::remove_file(&workshop.root.join("Cargo-component.lock")).unwrap();
        if changed {
            workshop.write(FILE, "mine");
        }
        let ran = vendored(&workshop, "build").succeeded();
        assert_eq!(workshop.has(FILE), changed);
        let text = ran.text();
        let part = match changed {
            true => {
                "warning: `vendor/t/types/1.2.0.wasm` is no longer needed, but was kept since it has been changed"
            }
            false => "    Removing `t:types` v1.2.0 from vendor",
        };
        assert!(text.contains(part), "{text}");
        assert!(text.contains("there is nothing to vendor"), "{text}");
    }
}

#[test]
fn a_file_of_somebody_else_is_not_overwritten() {
    let workshop = workshop();
    workshop.write(FILE, "mine");
    let ran = vendored(&workshop, "build");
    let message = "`vendor/t/types/1.2.0.wasm` exists with other content, and was not written by `cargo component vendor`";
    assert_eq!(with_slashes(ran.error().message()), message);
    assert_eq!(workshop.read(FILE), "mine");
}

#[test]
fn two_contents_of_one_version_are_refused_and_nothing_is_written() {
    let one = tables("\"1\"");
    let two = format!(
        "{}\n[package.metadata.component.registries]\nother = \"{OTHER}\"\n",
        tables("{ version = \"1\", registry = \"other\" }")
    );
    let workshop = Workshop::with_members(&[["one", "0.1.0", &one], ["two", "0.1.0", &two]]);
    workshop.write("one/wit/app.wit", APP);
    workshop.write("two/wit/app.wit", APP);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[TYPES]));
    let other = "package t:types@1.2.0; interface i { f: func(); g: func(); }";
    insert(&workshop.other, "t:types@1.2.0", wit(&[other]));
    let ran = vendored(&workshop, "build");
    let text = ran.error().to_string();
    assert!(
        text.starts_with("`t:types@1.2.0` is locked with digest `"),
        "{text}"
    );
    assert!(text.ends_with("from another"), "{text}");
    assert_eq!(ran.error().advice(), Some("use only one of the registries"));
    assert!(!workshop.has("vendor"));
}

#[test]
fn a_lock_file_that_would_change_is_refused_where_it_must_not() {
    let workshop = workshop();
    let ran = vendored(&workshop, "build --locked");
    let text = ran.error().to_string();
    assert!(
        text.contains("--locked was passed to prevent this"),
        "{text}"
    );
    assert!(!workshop.has("vendor") && !workshop.has("Cargo-component.lock"));
}

#[test]
fn a_workspace_without_packages_of_registries_has_nothing_to_vendor() {
    let workshop = Workshop::with_app("[package.metadata.component]\n");
    let ran = vendored(&workshop, "build").succeeded();
    let note = "note: the lock file has no packages from registries: there is nothing to vendor";
    assert_eq!(ran.said, [note]);
    assert!(!workshop.has("vendor"));
}
