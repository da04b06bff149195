//! What `cargo component verify` does.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::base::progress::ProgressSize;
use crate::model::lockfile::Locked;
use crate::pipeline::fetch::access::digest_mismatch;
use crate::pipeline::fetch::artifacts::host;
use crate::pipeline::fetch::locked::{RegistryFinder, locked_releases, read_lock};
use crate::pipeline::fetch::packages::run_parallel;
use crate::pipeline::fetch::reference::artifact_reference;
use crate::pipeline::project::manifests::Project;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::registry::cache::{Cache, CacheEntry, digest_while_writing};
use crate::system::registry::public::Reach;
use crate::system::registry::{Artifacts, Reference, Registries, Registry};
use crate::system::shell::report;

/// The findings about one locked release.
struct Finding<'a> {
    locked: &'a Locked,
    /// The places in which its digest was found.
    matches: Vec<&'static str>,
    errors: Vec<Error>,
}

/// The place in which a release is verified beside the cache.
enum ReleasePlace {
    Registry(Arc<dyn Registry>, String),
    Artifact(Arc<dyn Artifacts>, Reference),
    Unreachable(Error),
    NotAsked,
}

/// Compares every locked digest with cache and registry. A damaged file of the
/// cache is removed, so that the next build fetches it again.
pub fn verify(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let project = Project::load(ctx, args)?;
    let (workspace, mode) = (project.workspace(), project.mode);
    let (path, lock) = read_lock(ctx, &project)?;
    let releases = locked_releases(&lock);
    if releases.is_empty() {
        let text = format!("`{}` has no locked packages", ctx.display(&path));
        ctx.shell.note(text);
        return Ok(());
    }
    if mode.is_offline() {
        let text = "only the cache is verified, since network access is disabled";
        ctx.shell.note(text.to_owned());
    }
    let access = ctx.registries(&workspace.root)?;
    let finder = RegistryFinder::new(ctx, &project)?;
    // A registry that cannot be reached is not tried again for each package.
    let mut opened: BTreeMap<String, Result<Arc<dyn Registry>>> = BTreeMap::new();
    let mut place = |locked: &Locked| {
        if mode.is_offline() {
            return ReleasePlace::NotAsked;
        }
        if let Some(reference) = artifact_reference(locked.registry.as_deref())
            && !is_replaced(locked, &access)
        {
            return match host(&reference, &Reach::Anywhere, &access) {
                Ok(artifacts) => ReleasePlace::Artifact(artifacts, reference),
                Err(error) => ReleasePlace::Unreachable(error),
            };
        }
        let found = finder.find(locked, &access).and_then(|(_, route)| {
            let cause = format!("the registry is set in {}", route.chosen_by);
            let registry = opened
                .entry(route.backend.to_string())
                .or_insert_with(|| access.open(&route));
            Ok(ReleasePlace::Registry(registry.clone()?, cause))
        });
        found.unwrap_or_else(ReleasePlace::Unreachable)
    };
    let jobs: Vec<_> = releases.iter().map(|one| (*one, place(one))).collect();
    let cache = ctx.cache();
    let extent = ProgressSize::Items(jobs.len() as u64);
    let progress = ctx.shell.progress("Verifying", extent);
    let findings = run_parallel(jobs, |(locked, place)| {
        let finding = verify_release(locked, &place, &cache);
        progress.item();
        Ok(finding)
    })?;
    drop(progress);
    let mut wrong = 0;
    for finding in &findings {
        wrong += usize::from(!finding.errors.is_empty());
        report_finding(ctx, finding);
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(Error::input(format!(
            "{wrong} of {} locked packages could not be verified",
            findings.len()
        ))
        .hint("see the errors above")),
    }
}

/// Whether the project's configuration replaces the registry by a directory.
fn is_replaced(locked: &Locked, access: &Registries<'_>) -> bool {
    let registry = locked.registry.as_deref().unwrap_or_default();
    access.layers().replaced(registry).is_some()
}

fn verify_release<'a>(locked: &'a Locked, place: &ReleasePlace, cache: &Cache) -> Finding<'a> {
    let mut finding = Finding {
        locked,
        matches: Vec::new(),
        errors: Vec::new(),
    };
    let release = format!("`{}@{}`", locked.package, locked.version);
    match cache.entry(&locked.digest) {
        Ok(CacheEntry::Good) => finding.matches.push("cache"),
        Ok(CacheEntry::Absent) => {}
        Ok(CacheEntry::Damaged(file, digest)) => {
            let error = Error::input(format!(
                "the file of {release} in the cache has digest `{digest}` but the lock file specifies digest `{}`",
                locked.digest
            ));
            finding.errors.push(match cache.remove(&file) {
                Ok(()) => error
                    .with_cause(format!(
                        "the file was `{}`, which has been removed",
                        file.display()
                    ))
                    .hint("no action is needed: the package is downloaded again when needed"),
                Err(failed) => error
                    .with_cause(failed)
                    .hint(format!("remove `{}`", file.display())),
            });
        }
        Err(error) => finding.errors.push(error),
    }
    match place {
        ReleasePlace::Registry(registry, cause) => match check_registry(locked, &**registry) {
            Ok(()) => finding.matches.push("registry"),
            Err(error) => finding.errors.push(error.with_cause(cause)),
        },
        ReleasePlace::Artifact(artifacts, reference) => {
            match check_artifact(locked, &**artifacts, reference) {
                Ok(found) => finding.matches.push(found),
                Err(error) => finding.errors.push(error),
            }
        }
        ReleasePlace::Unreachable(error) => finding.errors.push(
            error
                .clone()
                .context(format!("failed to find {release} in its registry")),
        ),
        ReleasePlace::NotAsked if finding.matches.is_empty() && finding.errors.is_empty() => {
            finding.errors.push(
                Error::input(format!(
                    "{release} is not in the cache, and network access is disabled"
                ))
                .hint("remove `--offline`"),
            );
        }
        ReleasePlace::NotAsked => {}
    }
    finding
}

/// An error if the registry does not have the release as it is locked.
fn check_registry(locked: &Locked, registry: &dyn Registry) -> Result<()> {
    let Locked {
        package, version, ..
    } = locked;
    let release = registry.release(package, version).map_err(|e| {
        e.context(format!(
            "failed to find `{package}@{version}` in its registry"
        ))
    })?;
    let place = registry.location(package);
    match release {
        Some(release) if release.digest == locked.digest => Ok(()),
        Some(release) => Err(Error::input(format!(
            "component registry package `{package}` (v`{version}`) has digest `{}` but the lock file specifies digest `{}`",
            release.digest, locked.digest
        ))
        .with_cause(format!("its registry is {place}"))
        .hint("the release was replaced: find out why before you run `cargo component update`")),
        None => Err(Error::input(format!("package `{package}@{version}` does not exist any more"))
            .with_cause(format!("its registry is {place}"))
            .hint("run `cargo component update` to select another version")),
    }
}

/// The place where the host of a reference has the locked bytes: a tag may have
/// moved, and builds fetch by the digest.
fn check_artifact(
    locked: &Locked,
    artifacts: &dyn Artifacts,
    reference: &Reference,
) -> Result<&'static str> {
    let Locked {
        package, version, ..
    } = locked;
    let failed = |e: Error| {
        e.context(format!(
            "failed to find `{package}@{version}` at `{reference}`"
        ))
    };
    let now = artifacts.find(reference).map_err(failed)?;
    if now.is_some_and(|found| found.content == locked.digest) {
        return Ok("registry");
    }
    let read = |to: &mut dyn Write| artifacts.read(reference, &locked.digest, None, to);
    let digest = digest_while_writing(&mut std::io::sink(), read).map_err(|e| {
        Error::input(format!(
            "`{package}@{version}` could not be read from `{reference}`, which no longer points to it"
        ))
        .with_cause(e)
        .hint("try again, or run `cargo component update` to use the new content")
    })?;
    match digest == locked.digest {
        true => Ok("registry, where its tag has moved"),
        false => Err(digest_mismatch(reference, &locked.digest, &digest)),
    }
}

fn report_finding(ctx: &Context, finding: &Finding<'_>) {
    let Locked {
        package, version, ..
    } = finding.locked;
    for error in &finding.errors {
        report(&*ctx.shell, error);
    }
    if finding.errors.is_empty() {
        let text = format!("`{package}` v{version} ({})", finding.matches.join(", "));
        ctx.shell.status("Verified", text);
    }
}
