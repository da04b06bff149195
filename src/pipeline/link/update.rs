//! Versions of a lock file that are chosen anew, and the report of what changed.

use std::collections::BTreeMap;
use std::rc::Rc;

use semver::Version;

use super::capabilities::refuse_denied;
use super::embedded::resolve_embedded;
use super::without_build::dependencies_without_build;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::capabilities::HostImports;
use crate::model::lockfile::{ImportChange, LockChange, Locked, Lockfile, diff, import_changes};
use crate::model::manifest::Manifest;
use crate::model::resolver::on_one_track;
use crate::model::resolver::outdated::newer;
use crate::pipeline::fetch::packages::must_not_change;
use crate::pipeline::fetch::reference::artifact_reference;
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::pipeline::project::manifests::{Project, named_registries, with_tests};
use crate::system::context::Context;
use crate::system::fs;

/// The number of rounds in which members are resolved until nothing changes.
const ROUNDS: usize = 4;

/// The options for choosing versions anew.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// The packages that are updated; none for all.
    pub packages: Vec<PackageRef>,
    /// The version the one package is to get.
    pub precise: Option<Version>,
    /// Whether changes are only reported, and nothing is written.
    pub dry_run: bool,
}

/// Chooses versions anew for a whole workspace, or for some packages, writes
/// the lock file and reports what changed. Entries that no requirement needs any
/// more are removed.
pub(crate) fn update_project(
    ctx: &Context,
    project: &Rc<Project>,
    options: &UpdateOptions,
) -> Result<()> {
    fs::retry_if_changed(|| choose_anew(ctx, project, options))
}

/// Does the same as [`update_project`], but fails if another process changes the lock file
/// meanwhile.
fn choose_anew(ctx: &Context, project: &Rc<Project>, options: &UpdateOptions) -> Result<()> {
    let mut worlds = WorldResolver::new(ctx, project)?;
    let old = worlds.lock().clone();
    refuse_unknown(&options.packages, &old)?;
    worlds
        .session_mut()
        .forget(|entry| is_chosen_anew(entry, options, &old));
    let manifests = project.component_manifests(ctx)?;
    let hosts = project.embedding_manifests(ctx)?;
    if let (Some(version), [package]) = (&options.precise, options.packages.as_slice()) {
        refuse_reference(package, &old)?;
        let all: Vec<Rc<Manifest>> = manifests.iter().chain(&hosts).cloned().collect();
        pin(&mut worlds, package, version, &all, &old)?;
    }
    let mut new = Lockfile::default();
    // What one member asks for may decide what another one gets.
    for _ in 0..ROUNDS {
        let before = std::mem::take(&mut new);
        worlds.session_mut().clear_used();
        for manifest in &manifests {
            worlds.resolve(manifest)?;
            for manifest in &with_tests(manifest) {
                let found = dependencies_without_build(ctx, project, &mut worlds, manifest)?;
                refuse_denied(manifest, &found.parts, found.places())?;
            }
        }
        for manifest in &hosts {
            resolve_embedded(&mut worlds, manifest)?;
        }
        new = worlds.session().used().clone();
        let uses: usize = manifests.iter().map(|one| with_tests(one).len()).sum();
        if uses + hosts.len() < 2 || new == before {
            break;
        }
    }
    refuse_unused(options, &new)?;
    let beyond = newer_than_allowed(&mut worlds)?;
    match report_changes(ctx, &old, &new, &beyond, options.dry_run) {
        LockComparison::Changes if project.mode.is_locked() => {
            Err(must_not_change(worlds.session().path()))
        }
        LockComparison::Changes => worlds.session_mut().replace(&new),
        LockComparison::Nothing
            if !options.dry_run && !project.mode.is_locked() && !old.has_imports_of(&new) =>
        {
            let text = "what components import in the lock file";
            ctx.shell.status("Recording", text.to_owned());
            worlds.session_mut().replace(&new)
        }
        LockComparison::Nothing | LockComparison::Reported => Ok(()),
    }
}

/// Whether a package name selects an entry of the lock file: the name of its package,
/// or for an artifact also the end of its repository.
fn is_named(entry: &Locked, package: &PackageRef) -> bool {
    let repository = format!("{}/{}", package.namespace(), package.name());
    let artifact = artifact_reference(entry.registry.as_deref());
    let called = artifact.is_some_and(|artifact| {
        let rest = artifact.repository.strip_suffix(&repository);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    });
    entry.package == *package || called
}

/// Whether the version of an entry is chosen anew: it is one of the packages of the
/// options, or these name none. Where they give a precise version, entries that
/// are not compatible with it keep their version, if another entry is.
pub(crate) fn is_chosen_anew(entry: &Locked, options: &UpdateOptions, lock: &Lockfile) -> bool {
    let packages = &options.packages;
    let named = |package: &PackageRef| is_named(entry, package);
    if !packages.is_empty() && !packages.iter().any(named) {
        return false;
    }
    let Some(precise) = &options.precise else {
        return true;
    };
    let mut others = lock.entries().iter().filter(|e| e.package == entry.package);
    let known = others.any(|other| on_one_track(&other.version, precise));
    !known || on_one_track(&entry.version, precise)
}

/// Restricts a package to one version, in every registry that the old lock file
/// has it from.
fn pin(
    worlds: &mut WorldResolver<'_>,
    package: &PackageRef,
    version: &Version,
    manifests: &[Rc<Manifest>],
    old: &Lockfile,
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
pub(crate) fn refuse_unused(options: &UpdateOptions, new: &Lockfile) -> Result<()> {
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

/// The result of comparing an old lock file with a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockComparison {
    /// The lock files are the same.
    Nothing,
    /// They differ, and `--dry-run` keeps the new one from being written.
    Reported,
    /// They differ, and the new one has to be written.
    Changes,
}

/// The newest version of each release that a requirement keeps from being chosen.
pub(crate) type NewerVersions = BTreeMap<(PackageRef, Version), Version>;

/// The newer versions that requirements do not allow, as far as the lists of versions are
/// known. No request is sent.
fn newer_than_allowed(worlds: &mut WorldResolver<'_>) -> Result<NewerVersions> {
    let requests = worlds.take_requests();
    let packages = worlds.packages()?;
    let mut beyond = NewerVersions::new();
    for ResolvedRequest { requirement, found } in &requests {
        let versions = packages.known_versions(&requirement.source);
        if let (None, Some(latest)) = newer(requirement, &found.version, versions) {
            let release = (found.package.clone(), found.version.clone());
            beyond.insert(release, latest);
        }
    }
    Ok(beyond)
}

/// Reports every difference between the old and the new one of two lock files, and the
/// releases of the new one that have newer versions `beyond` their requirements.
pub(crate) fn report_changes(
    ctx: &Context,
    old: &Lockfile,
    new: &Lockfile,
    beyond: &NewerVersions,
    dry_run: bool,
) -> LockComparison {
    let changes = diff(old, new);
    changes
        .iter()
        .for_each(|change| report_change(ctx, change, beyond, dry_run));
    for (release, latest) in beyond {
        let (package, version) = release;
        if !changes
            .iter()
            .any(|change| change.release() == Some((package, version)))
        {
            let text = format!("dependency `{package}` v{version} (available: v{latest})");
            ctx.shell.status("Unchanged", text);
        }
    }
    for change in import_changes(old, new) {
        let notes = notes(&change).into_iter();
        notes.for_each(|note| ctx.shell.note(note));
    }
    match (changes.is_empty(), dry_run) {
        (true, _) => LockComparison::Nothing,
        (false, true) => {
            let text = "not updating component lock file due to --dry-run option";
            ctx.shell.warn(text.to_owned());
            LockComparison::Reported
        }
        (false, false) => LockComparison::Changes,
    }
}

/// Refuses packages that the lock file does not have.
pub(crate) fn refuse_unknown(packages: &[PackageRef], lock: &Lockfile) -> Result<()> {
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

/// Refuses a precise version of a package that is locked by an OCI reference, since
/// a reference has only one version.
pub(crate) fn refuse_reference(package: &PackageRef, lock: &Lockfile) -> Result<()> {
    let mut entries = lock.entries().iter().filter(|e| e.package == *package);
    let reference = entries.find_map(|entry| artifact_reference(entry.registry.as_deref()));
    match reference {
        None => Ok(()),
        Some(reference) => Err(Error::input(format!(
            "`{package}` comes from the OCI reference `{reference}`, for which no version can be chosen"
        ))
        .hint("remove `--precise`, or change the tag of the reference")),
    }
}

/// What a release imports, as text: all of it if its package is new, or else what
/// changed.
fn notes(change: &ImportChange) -> Vec<String> {
    let release = format!("`{}` v{}", change.package, change.version);
    let listed = |imports: &HostImports| format!("{} ({imports})", imports.packages().join(", "));
    let Some(before) = &change.before else {
        return vec![format!("{release} imports {}", change.now)];
    };
    let changes = [
        ("newly imports", change.now.without(before)),
        ("no longer imports", before.without(&change.now)),
    ];
    let changes = changes.iter().filter(|(_, imports)| !imports.is_empty());
    changes
        .map(|(what, imports)| format!("{release} {what} {}", listed(imports)))
        .collect()
}

fn report_change(ctx: &Context, change: &LockChange, beyond: &NewerVersions, dry_run: bool) {
    let (verb, would, mut text) = match change {
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
    let release = change.release();
    let release = release.map(|(package, version)| (package.clone(), version.clone()));
    if let Some(latest) = release.and_then(|release| beyond.get(&release)) {
        text.push_str(&format!(" (available: v{latest})"));
    }
    match dry_run {
        true => ctx.shell.status("Would", format!("{would} {text}")),
        false => ctx.shell.status(verb, text),
    }
}
