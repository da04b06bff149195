//! What `cargo component update` does.

use semver::Version;
use std::rc::Rc;

use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::lockfile::{LockChange, Locked, Lockfile, diff};
use crate::model::manifest::Manifest;
use crate::model::resolver::on_one_track;
use crate::pipeline::fetch::packages::must_not_change;
use crate::pipeline::fetch::reference::reference;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::without_build::followed;
use crate::pipeline::project::manifests::{Project, named_registries};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// How often members are looked at until they agree.
const ROUNDS: usize = 4;

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
    let project = Project::load(ctx, args)?;
    fs::retry_if_changed(|| choose_anew(ctx, &project, options))
}

/// The same, unless somebody changes the lock file meanwhile.
fn choose_anew(ctx: &Context, project: &Rc<Project>, options: &UpdateOptions) -> Result<()> {
    let mut worlds = WorldResolver::new(ctx, project)?;
    let old = worlds.lock().clone();
    refuse_unknown(&options.packages, &old)?;
    worlds
        .session_mut()
        .forget(|entry| is_meant(entry, &options.packages, (&old, options.precise.as_ref())));
    let manifests = project.component_manifests(ctx)?;
    if let (Some(version), [package]) = (&options.precise, options.packages.as_slice()) {
        refuse_reference(package, &old)?;
        pin(&mut worlds, (package, version), (&manifests, &old))?;
    }
    let mut new = Lockfile::default();
    // What one member asks for may decide what another one gets.
    for _ in 0..ROUNDS {
        let before = std::mem::take(&mut new);
        worlds.session_mut().clear_used();
        for manifest in &manifests {
            worlds.resolve(manifest)?;
            followed(ctx, project, &mut worlds, manifest)?;
        }
        new = worlds.session().used().clone();
        if manifests.len() < 2 || new == before {
            break;
        }
    }
    refuse_unused(options, &new)?;
    match told(ctx, (&old, &new), options.dry_run) {
        Told::Changes if project.mode.is_locked() => Err(must_not_change(worlds.session().path())),
        Told::Changes => worlds.session_mut().replace(&new),
        Told::Nothing | Told::Tried => Ok(()),
    }
}

/// Whether an entry of the lock file is of a package; an artifact is of the one
/// that its repository is called after, too.
fn is_named(entry: &Locked, package: &PackageRef) -> bool {
    let repository = format!("{}/{}", package.namespace(), package.name());
    let artifact = reference(entry.registry.as_deref());
    let called = artifact.is_some_and(|artifact| {
        let rest = artifact.repository.strip_suffix(&repository);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    });
    entry.package == *package || called
}

/// Whether an entry is chosen anew: of the packages, or all if none is named.
/// A precise version leaves those alone that may stand beside it, as far as it
/// is known which of them it takes the place of.
fn is_meant(
    entry: &Locked,
    packages: &[PackageRef],
    (lock, precise): (&Lockfile, Option<&Version>),
) -> bool {
    let named = |package: &PackageRef| is_named(entry, package);
    if !packages.is_empty() && !packages.iter().any(named) {
        return false;
    }
    let Some(precise) = precise else { return true };
    let mut others = lock.entries().iter().filter(|e| e.package == entry.package);
    let known = others.any(|other| on_one_track(&other.version, precise));
    !known || on_one_track(&entry.version, precise)
}

/// Lets a package have this version only, in whatever registries it is.
fn pin(
    worlds: &mut WorldResolver<'_>,
    (package, version): (&PackageRef, &Version),
    (manifests, old): (&[Rc<Manifest>], &Lockfile),
) -> Result<()> {
    let mut registries: Vec<Option<&str>> = Vec::new();
    for entry in old.entries().iter().filter(|e| e.package == *package) {
        let registry = entry.registry.as_deref();
        if !registries.contains(&registry) {
            registries.push(registry);
        }
    }
    let mut refused = None;
    let mut pinned = false;
    for manifest in manifests {
        let named = named_registries(manifest);
        for registry in &registries {
            match worlds.packages()?.pin(package, *registry, version, &named) {
                Ok(()) => pinned = true,
                Err(error) => drop(refused.get_or_insert(error)),
            }
        }
    }
    match refused {
        Some(error) if !pinned => Err(error),
        _ => Ok(()),
    }
}

/// A precise version that nothing asks for is not what the user gets.
fn refuse_unused(options: &UpdateOptions, new: &Lockfile) -> Result<()> {
    let (Some(version), [package]) = (&options.precise, options.packages.as_slice()) else {
        return Ok(());
    };
    let entries = || new.entries().iter().filter(|e| e.package == *package);
    if entries().any(|entry| entry.version == *version) {
        return Ok(());
    }
    let error = Error::input(format!(
        "package `{package}` cannot be `{version}`: no version requirement allows it"
    ));
    let error = entries().fold(error, |error, entry| {
        error.with_cause(format!("`{}` is required", entry.requirement))
    });
    Err(error.hint("change the requirement, or remove `--precise`"))
}

/// What follows from the differences of two lock files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The lock files are the same.
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
    let is_unknown = |package: &&PackageRef| !entries().any(|e| is_named(e, package));
    let Some(unknown) = packages.iter().find(is_unknown) else {
        return Ok(());
    };
    let error = Error::input(format!("the package `{unknown}` is not in the lock file"));
    let names: Vec<String> = entries().map(|e| e.package.to_string()).collect();
    let near = nearest(&unknown.to_string(), names.iter().map(String::as_str));
    Err(match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("name no package to update all packages"),
    })
}

/// A reference leads to one version, whatever is asked for.
fn refuse_reference(package: &PackageRef, lock: &Lockfile) -> Result<()> {
    let mut entries = lock.entries().iter().filter(|e| e.package == *package);
    let reference = entries.find_map(|entry| reference(entry.registry.as_deref()));
    match reference {
        None => Ok(()),
        Some(reference) => Err(Error::input(format!(
            "`{package}` comes from the OCI reference `{reference}`, for which no version can be chosen"
        ))
        .hint("remove `--precise`, or change the tag in Cargo.toml")),
    }
}

fn tell(ctx: &Context, change: &LockChange, dry_run: bool) {
    let (verb, would, text) = match change {
        LockChange::Added(package, version) => (
            "Adding",
            "add",
            format!("dependency `{package}` v{version}"),
        ),
        LockChange::Removed(package, version) => (
            "Removing",
            "remove",
            format!("dependency `{package}` v{version}"),
        ),
        LockChange::Updated(package, from, to) => (
            "Updating",
            "update",
            format!("dependency `{package}` v{from} -> v{to}"),
        ),
        LockChange::Replaced(package, version) => (
            "Updating",
            "update",
            format!("dependency `{package}` v{version}, whose content has changed"),
        ),
    };
    match dry_run {
        true => ctx.shell.status("Would", format!("{would} {text}")),
        false => ctx.shell.status(verb, text),
    }
}
