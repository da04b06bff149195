//! `wasm.toml` of the `component` CLI: in a crate, its entries become those of the manifest, with
//! what its lock file has. Both files stay as they are.

use std::collections::BTreeMap;
use std::path::Path;

use super::draft::Draft;
use super::source_crate::Crate;
use super::wkg::{EMPTY, add_missing_entries, by_version, entries, is_of, named_packages};
use crate::base::error::Result;
use crate::base::package::{PackageRef, is_label};
use crate::model::manifest::edit::{DependencyEntry, DependencyTable, ManifestEdit};
use crate::model::manifest::wasm_toml::{WASM_TOML, WasmManifest};
use crate::model::manifest::{Dependency, DependencySource, Manifest};
use crate::model::wit::declared_packages;
use crate::pipeline::project::wasm_toml;
use crate::system::fs;
use crate::system::source;
use crate::system::source::{TargetSources, has_wit};

/// Entries that are added to a table, with the comments above them.
type NewEntries = BTreeMap<String, (DependencyEntry, String)>;

/// Reports a directory with a `wasm.toml` and no crate, which needs no migration.
pub(super) fn report_project(draft: &mut Draft<'_>, dir: &Path) {
    let path = dir.join(WASM_TOML);
    let others = ["wkg.toml", "wit.toml", "wit/deps.toml"];
    if !fs::exists(&path) {
        return;
    }
    if let Some(other) = others.iter().find(|name| fs::exists(&dir.join(name))) {
        draft.by_hand(
            &path,
            format!("it is not used here, since there is also a `{other}`"),
        );
    } else if has_wit(&dir.join("wit")) || has_wit(dir) {
        draft.found(
            &path,
            "a project of the `component` CLI, which works unchanged: `cargo component wit`",
        );
    } else {
        draft.found(
            &path,
            "a project of the `component` CLI without WIT, which only that CLI can use",
        );
    }
}

/// Adds the entries of the `wasm.toml` of a crate to its manifest.
pub(super) fn migrate(draft: &mut Draft<'_>, of: &Crate<'_>, manifest: &Manifest) -> Result<()> {
    let path = of.member.dir().join(WASM_TOML);
    let wasm = match wasm_toml::read(of.member.dir()) {
        Ok(None) => return Ok(()),
        Ok(Some(wasm)) => wasm,
        Err(error) => {
            draft.by_hand(&path, format!("it was not migrated: {error}"));
            return Ok(());
        }
    };
    draft.found(&path, "dependencies of the `component` CLI");
    report_package(draft, manifest, &wasm);
    let components = components(draft, manifest, &wasm);
    let interfaces = interfaces(draft, manifest, &wasm)?;
    if components.is_empty() && interfaces.is_empty() {
        return Ok(());
    }
    if !components.is_empty() {
        draft.ctx.shell.note(
            "component dependencies become imports of the component that a build can link; remove the entries of those that `component` only installs".to_owned(),
        );
    }
    let Some(text) = draft.text(of.path())? else {
        return Ok(());
    };
    let mut edit = ManifestEdit::new(of.path(), &text)?;
    for (table, entries) in [
        (DependencyTable::Component, &components),
        (DependencyTable::Target, &interfaces),
    ] {
        for (key, (entry, comments)) in entries {
            edit.add_dependency(table, key, entry)?;
            if !comments.is_empty() {
                edit.comment_dependency(table, key, comments);
            }
        }
    }
    let text = edit.text();
    match of.loads(&text) {
        Ok(()) => draft.put(of.path(), text)?,
        Err(error) => draft.by_hand(
            &path,
            format!("the world cannot be read with its entries: {error}"),
        ),
    }
    Ok(())
}

/// Reports what only the CLI can do with the manifest.
fn report_package(draft: &mut Draft<'_>, manifest: &Manifest, wasm: &WasmManifest) {
    let path = &wasm.file.path;
    if let Some(package) = &wasm.package {
        if manifest.package.as_ref() != Some(&package.name) {
            draft.by_hand(path, format!(
                "it publishes `{0}`; to do the same, set `package = \"{0}\"` in `[package.metadata.component]`",
                package.name
            ));
        }
        if let Some(destination) = &package.destination {
            draft.by_hand(path, format!(
                "it publishes to `{destination}`; set the registry of the package with `cargo component config set`"
            ));
        }
    }
    for key in &wasm.restricted {
        draft.by_hand(path, format!(
            "the `permissions` of `{key}` apply to `component run` only; `cargo component run` has options for them"
        ));
    }
}

/// The components that the manifest does not have.
fn components(draft: &mut Draft<'_>, manifest: &Manifest, wasm: &WasmManifest) -> NewEntries {
    let mut added = NewEntries::new();
    for (key, dependency) in &wasm.components {
        let is_same =
            |known: &Dependency| known.package.is_some() && known.package == dependency.package;
        let is_known =
            manifest.dependencies.contains_key(key) || manifest.dependencies.values().any(is_same);
        if dependency.package.is_none() && !is_label(key) {
            draft.by_hand(&wasm.file.path, format!(
                "`{key}` is no name for a dependency; add its component with `cargo component add --oci`"
            ));
        } else if !is_known {
            added.insert(key.clone(), (entry(dependency), comments(dependency)));
        }
    }
    added
}

/// The packages of WIT that the manifest does not have, with all others that the WIT names if
/// there was no table: a crate with such a table takes packages from there only.
fn interfaces(
    draft: &mut Draft<'_>,
    manifest: &Manifest,
    wasm: &WasmManifest,
) -> Result<NewEntries> {
    let path = &wasm.file.path;
    if wasm.interfaces.is_empty() {
        return Ok(NewEntries::new());
    }
    let TargetSources::Local(local) = source::collect_sources(manifest)? else {
        draft.by_hand(path, "its interfaces have no effect, since the target is not WIT of this package and includes its own dependencies");
        return Ok(NewEntries::new());
    };
    let sources = &local.request.sources;
    let mut at_hand = declared_packages(std::slice::from_ref(&sources.main));
    at_hand.extend(declared_packages(&sources.deps));
    let named = named_packages(sources)?;
    let present = entries(manifest);
    let mut added: BTreeMap<PackageRef, DependencyEntry> = BTreeMap::new();
    let mut texts: BTreeMap<PackageRef, String> = BTreeMap::new();
    for (key, dependency) in &wasm.interfaces {
        let Some(package) = &dependency.package else {
            draft.by_hand(path, format!("`{key}` does not name a package of WIT"));
            continue;
        };
        if present.contains(package) || at_hand.iter().any(|name| is_of(package, name)) {
            continue;
        }
        if let DependencySource::Registry { requirement, .. } = &dependency.source {
            let mut versions = named.iter().filter(|name| is_of(package, name)).peekable();
            if versions.peek().is_none() {
                draft.by_hand(
                    path,
                    format!("the WIT does not use `{package}`, which was left out"),
                );
                continue;
            }
            let versions: Vec<_> = versions.filter_map(|name| name.version.as_ref()).collect();
            if let Some(other) = versions
                .iter()
                .find(|version| !requirement.matches(version))
            {
                draft.by_hand(path, format!(
                    "`{requirement}` of `{package}` does not apply: a crate uses the version in its WIT, {other}; change it there"
                ));
            }
            // A version in the WIT is enough.
            if !versions.is_empty() {
                continue;
            }
        }
        added.insert(package.clone(), entry(dependency));
        texts.insert(package.clone(), comments(dependency));
    }
    if !added.is_empty() && !local.request.declared {
        add_missing_entries(&mut added, &named, sources);
    }
    let with_comments = |(package, entry): (PackageRef, DependencyEntry)| {
        let comments = texts.remove(&package).unwrap_or_default();
        (package.to_string(), (entry, comments))
    };
    Ok(added.into_iter().map(with_comments).collect())
}

/// The entry of a manifest that leads to the same.
fn entry(dependency: &Dependency) -> DependencyEntry {
    match &dependency.source {
        DependencySource::Oci { reference } => DependencyEntry {
            oci: Some(reference.clone()),
            ..EMPTY
        },
        DependencySource::Registry { requirement, .. } => by_version(requirement.to_string()),
        // There are no paths in a `wasm.toml`.
        DependencySource::Path { .. } => EMPTY,
    }
}

/// The comments above an entry and behind it, a line each.
fn comments(dependency: &Dependency) -> String {
    let text = &*dependency.file.text;
    let (start, end) = (dependency.span.start, dependency.span.end);
    let before = text.get(..start).unwrap_or_default();
    let before = &before[..before.rfind('\n').map_or(0, |at| at + 1)];
    let behind = text.get(end..).and_then(|rest| rest.lines().next());
    let above = before.lines().rev().map(str::trim);
    let mut lines: Vec<&str> = above.take_while(|line| line.starts_with('#')).collect();
    lines.reverse();
    lines.extend(behind.map(str::trim).filter(|rest| rest.starts_with('#')));
    lines.iter().map(|line| format!("{line}\n")).collect()
}
