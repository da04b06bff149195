//! Projects of the `wit` CLI: `wit.toml` and `wit.lock` become `wkg.toml` and
//! `wkg.lock`, and the version moves into the WIT.

use std::path::{Path, PathBuf};

use semver::Version;

use super::draft::Draft;
use crate::base::error::{Error, Result};
use crate::model::lockfile;
use crate::model::lockfile::{LockForm, Locked, Lockfile};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::edit::wit_toml::to_wkg;
use crate::model::manifest::wit_toml;
use crate::model::wit::header::{Header, with_version};
use crate::model::wit::{TextFile, syntax_errors};
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;

/// Turns the project of the `wit` CLI in a directory, if there is one, into one
/// of `wkg`.
pub(super) fn migrate(draft: &mut Draft<'_>, dir: &Path) -> Result<()> {
    let [from, to] = ["wit.toml", "wkg.toml"].map(|name| dir.join(name));
    let Some(text) = draft.text(&from)? else {
        return Ok(());
    };
    if draft.text(&to)?.is_some() {
        draft.by_hand(
            &from,
            "it is not used, since there is also a `wkg.toml`; remove it",
        );
        return Ok(());
    }
    draft.found(&from, "a package of the `wit` CLI");
    // The draft restores the line ends of the file.
    let text = text.replace("\r\n", "\n");
    let manifest = wit_toml::read(ManifestFile::new(&from, &text))?;
    if fs::exists(&dir.join("wit")) {
        draft.by_hand(&from, "it was kept, since a `wkg.toml` needs the WIT in `wit`; move the `.wit` files there, and migrate again");
        return Ok(());
    }
    let converted = match to_wkg(&manifest, &to) {
        Ok(converted) => converted,
        Err(error) => {
            draft.by_hand(&from, format!("it was kept, and works unchanged: {error}"));
            return Ok(());
        }
    };
    for key in &converted.commented {
        draft.by_hand(
            &to,
            format!("`{key}` of `wit.toml` has no counterpart and became a comment"),
        );
    }
    for (package, registry) in &converted.registries {
        draft.by_hand(&to, format!(
            "`wit.toml` takes `{package}` from the registry `{registry}`; to keep that, add to `.wasm-pkg/config.toml`: `[package_registry_overrides]` `\"{package}\" = \"{registry}\"`"
        ));
    }
    add_versions(draft, dir, &from, &manifest.version)?;
    draft.put_for(&to, converted.text, &from)?;
    migrate_lock(draft, dir)
}

/// Writes the version into the headers of the WIT.
fn add_versions(draft: &mut Draft<'_>, dir: &Path, from: &Path, version: &Version) -> Result<()> {
    let is_wit = |path: &PathBuf| path.extension().is_some_and(|e| e == "wit");
    let mut has_header = false;
    for path in fs::list(dir)?.into_iter().filter(is_wit) {
        let text = draft.text(&path)?.unwrap_or_default();
        match with_version(&text, version) {
            Header::Absent => continue,
            Header::Versioned(Some(other)) if other == *version => {}
            Header::Versioned(Some(other)) => draft.by_hand(
                &path,
                format!("it has version {other}, but `wit.toml` had {version}; the version was not changed"),
            ),
            Header::Versioned(None) => {}
            Header::Given(new) => {
                check_parses(&path, &text, &new)?;
                draft.put(&path, new)?;
            }
        }
        has_header = true;
    }
    if !has_header {
        draft.by_hand(
            from,
            format!(
                "no `.wit` file declares the package; add `package <namespace>:<name>@{version};`"
            ),
        );
    }
    Ok(())
}

/// An error if a file parsed before an edit and does not after it.
fn check_parses(path: &Path, before: &str, after: &str) -> Result<()> {
    let errors = |text: &str| {
        let text = text.to_owned();
        let path = path.to_owned();
        syntax_errors(&[TextFile { path, text }])
    };
    match (errors(before).is_empty(), errors(after).into_iter().next()) {
        (true, Some(error)) => Err(error.context("a version in the WIT would make it invalid")),
        _ => Ok(()),
    }
}

/// Turns `wit.lock` into `wkg.lock`, with the registries that the configuration
/// routes the packages to.
fn migrate_lock(draft: &mut Draft<'_>, dir: &Path) -> Result<()> {
    let [from, to] = [LockForm::Wit, LockForm::Wkg].map(|form| dir.join(form.file_name()));
    let Some(text) = draft.text(&from)? else {
        return Ok(());
    };
    if draft.text(&to)?.is_some() {
        return Err(Error::input(format!(
            "both `{}` and `{}` exist",
            draft.ctx.display(&from),
            draft.ctx.display(&to)
        ))
        .hint("remove the outdated one"));
    }
    let registries = draft.ctx.registries(dir)?;
    let named = ManifestRegistries {
        manifest: dir.join("wkg.toml"),
        ..ManifestRegistries::default()
    };
    let mut lock = Lockfile::default();
    for entry in lockfile::parse(&from, &text)?.entries() {
        let route = registries.route(&entry.package, entry.registry.as_deref(), &named);
        lock.insert_missing(Locked {
            registry: route.ok().map(|route| route.name),
            ..entry.clone()
        });
    }
    draft.put_for(&to, lockfile::print_as(&lock, LockForm::Wkg), &from)
}
