//! `cargo component update`.

use semver::Version;

use super::artifacts::reference;
use super::bindings::{is_guest, read_manifest};
use super::components::followed::followed;
use super::packages::must_not_change;
use super::prepare::{Meant, meant};
use super::resolve::{Worlds, registries};
use crate::advice::{Error, Result, nearest};
use crate::cargo::arguments::CargoArgs;
use crate::context::Context;
use crate::lockfile::{Change, Lockfile, diff};
use crate::package::PackageRef;

/// What to update, and how far.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// The packages; none for all.
    pub packages: Vec<PackageRef>,
    /// The version the one package is to get.
    pub precise: Option<Version>,
    /// Only tell what would change.
    pub dry_run: bool,
}

/// Chooses versions anew for the whole workspace, or for some packages, writes
/// the lock file and tells what changed. Entries nothing asks for any more go.
pub fn update(ctx: &Context, args: &CargoArgs, options: &UpdateOptions) -> Result<()> {
    let Meant {
        workspace, mode, ..
    } = meant(ctx, args)?;
    let mut worlds = Worlds::new(ctx, &workspace, mode)?;
    let old = worlds.lock().clone();
    refuse_unknown(&options.packages, &old)?;
    worlds.forget(|package| options.packages.is_empty() || options.packages.contains(package));
    let mut manifests = Vec::new();
    for member in &workspace.members {
        let (manifest, _) = read_manifest(ctx, &workspace, member)?;
        if is_guest(&manifest, member) {
            manifests.push(manifest);
        }
    }
    if let (Some(version), [package]) = (&options.precise, options.packages.as_slice()) {
        refuse_reference(package, &old)?;
        for manifest in &manifests {
            worlds.pin(package, version, &registries(manifest))?;
        }
    }
    for manifest in &manifests {
        worlds.resolve(manifest)?;
        followed((ctx, &workspace), &mut worlds, manifest)?;
    }
    let new = worlds.used();
    match told(ctx, (&old, &new), options.dry_run) {
        Told::Changes if mode.is_locked() => Err(must_not_change(worlds.lock_file())),
        Told::Changes => worlds.replace(new),
        Told::Nothing | Told::Tried => Ok(()),
    }
}

/// What follows from the differences of two lock files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There are none.
    Nothing,
    /// They were told, and are not to be written.
    Tried,
    /// They were told, and are to be written.
    Changes,
}

/// Tells what a new lock file changes.
pub(super) fn told(ctx: &Context, (old, new): (&Lockfile, &Lockfile), dry_run: bool) -> Told {
    let changes = diff(old, new);
    changes.iter().for_each(|change| tell(ctx, change, dry_run));
    match (changes.is_empty(), dry_run) {
        (true, _) => Told::Nothing,
        (false, true) => {
            let text = "not updating component lock file due to --dry-run option";
            ctx.shell.warn(text.to_owned());
            Told::Tried
        }
        (false, false) => Told::Changes,
    }
}

/// Only what is locked can be updated.
pub(super) fn refuse_unknown(packages: &[PackageRef], lock: &Lockfile) -> Result<()> {
    let entries = || lock.entries().iter();
    let is_unknown = |package: &&PackageRef| !entries().any(|e| e.package == **package);
    let Some(unknown) = packages.iter().find(is_unknown) else {
        return Ok(());
    };
    let error = Error::input(format!("the package `{unknown}` is not in the lock file"));
    let names: Vec<String> = entries().map(|e| e.package.to_string()).collect();
    let near = nearest(&unknown.to_string(), names.iter().map(String::as_str));
    Err(match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("name no package to update everything"),
    })
}

/// A reference leads to one version, whatever is asked for.
fn refuse_reference(package: &PackageRef, lock: &Lockfile) -> Result<()> {
    let mut entries = lock.entries().iter().filter(|e| e.package == *package);
    let reference = entries.find_map(|entry| reference(entry.registry.as_deref()));
    match reference {
        None => Ok(()),
        Some(reference) => Err(Error::input(format!(
            "`{package}` is named by the OCI reference `{reference}`, whose version cannot be chosen"
        ))
        .hint("leave out `--precise`, or write another tag in Cargo.toml")),
    }
}

fn tell(ctx: &Context, change: &Change, dry_run: bool) {
    let (verb, would, text) = match change {
        Change::Added(package, version) => (
            "Adding",
            "add",
            format!("dependency `{package}` v{version}"),
        ),
        Change::Removed(package, version) => (
            "Removing",
            "remove",
            format!("dependency `{package}` v{version}"),
        ),
        Change::Updated(package, from, to) => (
            "Updating",
            "update",
            format!("dependency `{package}` v{from} -> v{to}"),
        ),
        Change::Replaced(package, version) => (
            "Updating",
            "update",
            format!("dependency `{package}` v{version}, whose content changed"),
        ),
    };
    match dry_run {
        true => ctx.shell.status("Would", format!("{would} {text}")),
        false => ctx.shell.status(verb, text),
    }
}
