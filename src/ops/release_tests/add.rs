//! What `add` writes, and what it refuses.

use super::fixture::{OTHER, Workshop, insert};
use crate::model::manifest::edit::DependencyTable;
use crate::ops::add::{AddOptions, add};
use crate::ops::tests::samples::{args, component, wit};
use crate::pipeline::project::manifest_write::ManifestWrite;
use crate::system::cargo::arguments::CargoArgs;

const TABLE: &str = "[package.metadata.component]\npackage = \"t:app\"\n";
const WIT: &str = "package t:types@1.2.0; interface i { f: func(); }";
const COMPONENT: &str =
    "package t:codec@2.0.1; interface i { f: func(); } world codec { export i; }";

fn options(package: &str) -> AddOptions {
    AddOptions {
        package: Some(package.parse().unwrap()),
        requirement: None,
        name: None,
        registry: None,
        path: None,
        oci: None,
        table: None,
        allow: None,
        write: ManifestWrite::Real,
    }
}

/// A package, and a registry with a package of WIT and a component.
fn workshop() -> Workshop {
    let workshop = Workshop::with_app(TABLE);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[WIT]));
    insert(&workshop.registry, "t:codec@2.0.1", component(&[COMPONENT]));
    workshop
}

#[test]
fn a_wit_package_is_added_to_the_table_of_the_target() {
    let workshop = workshop();
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[options("t:types")])
    });
    let ran = ran.succeeded();
    let manifest = workshop.read("Cargo.toml");
    let entry = "[package.metadata.component.target.dependencies]\n\"t:types\" = \"1.2.0\"\n";
    assert!(manifest.ends_with(entry), "{manifest}");
    assert!(manifest.contains(TABLE), "{manifest}");
    let added = "       Added dependency `t:types` with version `1.2.0`";
    let note = "note: the package is a WIT package, so the entry was added to `[package.metadata.component.target.dependencies]`";
    assert!(ran.said.contains(&added.to_owned()), "{:?}", ran.said);
    assert!(ran.said.contains(&note.to_owned()), "{:?}", ran.said);
    assert_eq!(ran.started, ["cargo metadata --no-deps --format-version=1"]);
}

#[test]
fn a_component_is_added_with_the_requirement_and_label_that_were_given() {
    let workshop = workshop();
    let asked = AddOptions {
        requirement: Some("^2".parse().unwrap()),
        name: Some("codec".to_owned()),
        ..options("t:codec")
    };
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), std::slice::from_ref(&asked))
    });
    let ran = ran.succeeded();
    let manifest = workshop.read("Cargo.toml");
    let entry = "[package.metadata.component.dependencies]\ncodec = { package = \"t:codec\", version = \"2\" }\n";
    assert!(manifest.ends_with(entry), "{manifest}");
    assert!(ran.text().contains("the package is a component"));
}

#[test]
fn a_table_that_was_given_is_used_without_a_note() {
    let workshop = workshop();
    let asked = AddOptions {
        table: Some(DependencyTable::Target),
        ..options("t:codec")
    };
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), std::slice::from_ref(&asked))
    });
    let ran = ran.succeeded();
    let manifest = workshop.read("Cargo.toml");
    assert!(manifest.contains("component.target.dependencies]\n\"t:codec\" = \"2.0.1\"\n"));
    assert!(!ran.text().contains("note:"), "{}", ran.text());
}

/// Adds these packages, and returns the manifest and what was said.
fn added(workshop: &Workshop, packages: &[AddOptions]) -> (String, String) {
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), packages)
    });
    (workshop.read("Cargo.toml"), ran.succeeded().text())
}

#[test]
fn what_is_there_already_stays_and_that_is_said() {
    let workshop = workshop();
    let both = [options("t:types"), options("t:codec")];
    let (first, said) = added(&workshop, &both);
    assert!(said.contains("Added dependency `t:types`"), "{said}");
    assert!(said.contains("Added dependency `t:codec`"), "{said}");
    // A newer release does not matter, and no registry is asked.
    insert(&workshop.registry, "t:types@1.3.0", wit(&[WIT]));
    let requests = workshop.registry.requests().len();
    let (second, said) = added(&workshop, &both);
    assert_eq!(second, first);
    let unchanged = "   Unchanged dependency `t:types`, which is in `[package.metadata.component.target.dependencies]`";
    assert!(said.contains(unchanged), "{said}");
    assert!(!said.contains("Added"), "{said}");
    assert_eq!(workshop.registry.requests().len(), requests);
    // So is what is requested as it stands there.
    let same = AddOptions {
        requirement: Some("1.2.0".parse().unwrap()),
        ..options("t:types")
    };
    let (third, said) = added(&workshop, &[same]);
    assert_eq!(third, first);
    assert!(said.contains("Unchanged dependency `t:types`"), "{said}");
}

#[test]
fn an_entry_gets_another_version_registry_or_path() {
    let workshop = Workshop::with_app(&format!(
        "{TABLE}\n[package.metadata.component.registries]\nother = \"{OTHER}\"\n\n[package.metadata.component.target.dependencies]\n\"t:types\" = \"1\" # mine\n"
    ));
    insert(&workshop.registry, "t:types@2.0.0", wit(&[WIT]));
    insert(&workshop.other, "t:types@2.1.0", wit(&[WIT]));
    workshop.write("types/types.wit", WIT);
    let two = AddOptions {
        requirement: Some("2".parse().unwrap()),
        ..options("t:types")
    };
    let other = AddOptions {
        registry: Some("other".to_owned()),
        ..options("t:types")
    };
    let path = AddOptions {
        path: Some("types".into()),
        ..options("t:types")
    };
    for (asked, entry, now) in [
        (&two, "\"2\"", "now with version `2`"),
        (
            &other,
            "{ version = \"2\", registry = \"other\" }",
            "now with version `2`",
        ),
        (&path, "{ path = \"types\" }", "now from path `types`"),
        (&two, "{ version = \"2\" }", "now with version `2`"),
    ] {
        let (manifest, said) = added(&workshop, std::slice::from_ref(asked));
        let line = format!("\"t:types\" = {entry} # mine\n");
        assert!(manifest.ends_with(&line), "{manifest}");
        let changed = format!("     Changed dependency `t:types`, {now}");
        assert!(said.contains(&changed), "{said}");
    }
}

#[test]
fn of_several_packages_all_are_added_or_none() {
    let workshop = workshop();
    let before = workshop.read("Cargo.toml");
    let packages = [options("t:types"), options("t:nothing")];
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &packages)
    });
    assert!(ran.error().message().contains("`t:nothing`"));
    assert_eq!(workshop.read("Cargo.toml"), before);
}

#[test]
fn a_dry_run_prints_the_manifest_and_leaves_it() {
    let workshop = workshop();
    let before = workshop.read("Cargo.toml");
    let asked = AddOptions {
        write: ManifestWrite::Dry,
        ..options("t:types")
    };
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), std::slice::from_ref(&asked))
    });
    let ran = ran.succeeded();
    assert!(ran.text().contains("\"t:types\" = \"1.2.0\"\n"));
    assert_eq!(workshop.read("Cargo.toml"), before);
    assert!(!workshop.has("Cargo-component.lock"));
}

#[test]
fn a_package_that_no_registry_has_is_named() {
    let workshop = workshop();
    let before = workshop.read("Cargo.toml");
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[options("t:typs")])
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "package `t:typs` was not found in its registry"
    );
    let config = workshop.root.join("home/config.toml");
    let chosen = format!(
        "the registry is set in `default_registry` in `{}`",
        config.display()
    );
    assert_eq!(
        error.causes(),
        [
            "required by the command line",
            "its registry is the registry in memory",
            &chosen
        ]
    );
    assert_eq!(error.advice(), Some("did you mean `t:types`?"));
    assert_eq!(workshop.read("Cargo.toml"), before);
}

#[test]
fn a_requirement_that_no_release_meets_is_refused_with_those_there_are() {
    let workshop = workshop();
    let withdrawn = ("t:types".parse().unwrap(), semver::Version::new(3, 0, 0));
    insert(&workshop.registry, "t:types@3.0.0", wit(&[WIT]));
    workshop.registry.yank(&withdrawn.0, &withdrawn.1);
    let asked = AddOptions {
        requirement: Some("^3".parse().unwrap()),
        ..options("t:types")
    };
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), std::slice::from_ref(&asked))
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "package `t:types` has no release matching version requirement `^3` in its registry"
    );
    let causes = error.causes().join("\n");
    assert!(
        causes.contains("the available releases are 3.0.0 (withdrawn), 1.2.0"),
        "{causes}"
    );
    assert_eq!(error.advice(), Some("require one of them, as in `1.2.0`"));
}

#[test]
fn one_of_several_selected_packages_has_to_be_chosen() {
    let workshop = Workshop::with_members(&[["one", "0.1.0", TABLE], ["two", "0.1.0", ""]]);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[WIT]));
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[options("t:types")])
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "the command works on one package, but several are selected"
    );
    assert_eq!(error.causes(), ["the selected packages are `one`, `two`"]);
    assert_eq!(error.advice(), Some("select one with `--package`"));
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &args("build --package two"), &[options("t:types")])
    });
    ran.succeeded();
    assert!(workshop.read("two/Cargo.toml").contains("t:types"));
    assert!(!workshop.read("one/Cargo.toml").contains("t:types"));
}

#[test]
fn a_directory_of_wit_is_added_by_its_path_and_one_that_is_missing_is_refused() {
    let workshop = workshop();
    workshop.write("types/types.wit", WIT);
    let at = |path: &str| AddOptions {
        package: None,
        path: Some(path.into()),
        ..options("t:types")
    };
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[at("types")])
    });
    let ran = ran.succeeded();
    let added = "Added dependency `t:types` from path `types`";
    assert!(ran.text().contains(added), "{}", ran.text());
    let manifest = workshop.read("Cargo.toml");
    assert!(manifest.ends_with("\"t:types\" = { path = \"types\" }\n"));
    assert!(workshop.registry.requests().is_empty());

    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[at("typs")])
    });
    assert_eq!(ran.error().message(), "the path `typs` does not exist");
}

#[test]
fn a_target_from_a_registry_takes_no_packages() {
    let tables = "[package.metadata.component]\ntarget = \"t:types@1\"\n";
    let workshop = Workshop::with_app(tables);
    insert(&workshop.registry, "t:types@1.2.0", wit(&[WIT]));
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[options("t:types")])
    });
    assert_eq!(
        ran.error().message(),
        "cannot add dependency `t:types` to a registry package target"
    );
}

#[test]
fn nothing_is_added_without_the_network_unless_it_is_known() {
    let workshop = workshop();
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &args("build --offline"), &[options("t:types")])
    });
    assert_eq!(
        ran.error().message(),
        "package `t:types` with version requirement `*` is not locked, and network access is disabled"
    );
    assert!(workshop.registry.requests().is_empty());
}

#[test]
fn an_entry_names_the_registry_that_was_given() {
    let workshop = Workshop::with_app(&format!(
        "{TABLE}\n[package.metadata.component.registries]\nother = \"{OTHER}\"\n"
    ));
    insert(&workshop.other, "t:types@1.2.0", wit(&[WIT]));
    let asked = AddOptions {
        registry: Some("other".to_owned()),
        ..options("t:types")
    };
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), std::slice::from_ref(&asked))
    });
    ran.succeeded();
    let manifest = workshop.read("Cargo.toml");
    let entry = "\"t:types\" = { version = \"1.2.0\", registry = \"other\" }\n";
    assert!(manifest.contains(entry), "{manifest}");
    assert!(workshop.registry.requests().is_empty());
}

/// A component that imports this interface of WASI.
fn importing(interface: &str) -> Vec<u8> {
    let text = format!("(component (import \"{interface}@0.2.3\" (instance)))");
    wat::parse_str(text).unwrap()
}

#[test]
fn what_a_component_imports_is_shown_and_can_be_limited() {
    let workshop = workshop();
    insert(
        &workshop.registry,
        "t:net@1.0.0",
        importing("wasi:sockets/tcp"),
    );
    let added = |allow: Option<&str>| {
        let asked = AddOptions {
            allow: allow.map(|word| vec![word.parse().unwrap()]),
            ..options("t:net")
        };
        workshop.run(vec![workshop.metadata()], |ctx| {
            add(ctx, &CargoArgs::default(), std::slice::from_ref(&asked))
        })
    };
    let before = workshop.read("Cargo.toml");
    let ran = added(Some("clocks"));
    let error = ran.error();
    assert_eq!(
        error.message(),
        "t:net 1.0.0 imports wasi:sockets, which is not allowed"
    );
    let hint = "if it may do that, add `--allow clocks,network`";
    assert_eq!(error.advice(), Some(hint));
    assert_eq!(workshop.read("Cargo.toml"), before);
    let ran = added(Some("network")).succeeded();
    let note = "note: `t:net` imports from outside: network";
    assert!(ran.said.contains(&note.to_owned()), "{:?}", ran.said);
    let manifest = workshop.read("Cargo.toml");
    let entry = "\"t:net\" = { version = \"1.0.0\", allow = [\"network\"] }\n";
    assert!(manifest.contains(entry), "{manifest}");
}

#[test]
fn a_newer_version_that_newly_imports_something_is_refused() {
    let workshop = workshop();
    insert(
        &workshop.registry,
        "t:net@1.1.0",
        importing("wasi:sockets/tcp"),
    );
    workshop.write(
        "Cargo-component.lock",
        format!(
            "version = 1\n[[package]]\nname = \"t:net\"\n[[package.version]]\nrequirement = \"^1.0.0\"\nversion = \"1.0.0\"\ndigest = \"sha256:{}\"\nimports = [\"wasi:clocks/wall-clock\"]\n",
            "0".repeat(64)
        ),
    );
    let before = workshop.read("Cargo.toml");
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[options("t:net")])
    });
    let error = ran.error();
    assert_eq!(error.message(), "t:net 1.1.0 newly imports wasi:sockets");
    assert_eq!(
        error.advice(),
        Some("if it may do that, add `--allow network`")
    );
    assert_eq!(workshop.read("Cargo.toml"), before);
}

#[test]
fn a_component_that_the_workspace_denies_is_not_added() {
    let rules = "[workspace.metadata.component.capabilities]\ndeny = [\"wasi:sockets/tcp\"]\n";
    let workshop = Workshop::with_app(&format!("{TABLE}\n{rules}"));
    insert(
        &workshop.registry,
        "t:net@1.0.0",
        importing("wasi:sockets/tcp"),
    );
    let ran = workshop.run(vec![workshop.metadata()], |ctx| {
        add(ctx, &CargoArgs::default(), &[options("t:net")])
    });
    let error = ran.error();
    assert_eq!(
        error.message(),
        "t:net 1.0.0 imports wasi:sockets, which is denied"
    );
    assert!(error.causes()[0].contains("has `wasi:sockets/tcp`"));
}
