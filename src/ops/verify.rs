//! `cargo component verify`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::model::lockfile::Locked;
use crate::pipeline::build::prepare::{Meant, meant};
use crate::pipeline::fetch::access::other_bytes;
use crate::pipeline::fetch::artifacts::{host, reference};
use crate::pipeline::fetch::locked::{Finder, lock, releases};
use crate::pipeline::fetch::packages::at_once;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::registry::cache::{Cache, Entry, digested};
use crate::system::registry::public::Reach;
use crate::system::registry::{Artifacts, Reference, Registries, Registry};
use crate::system::shell::report;

/// What was found out about one locked release.
struct Finding<'a> {
    locked: &'a Locked,
    /// Where its digest was found.
    found: Vec<&'static str>,
    wrong: Vec<Error>,
}

/// Where a release is looked for beside the cache.
enum Place {
    Registry(Arc<dyn Registry>, String),
    Artifact(Arc<dyn Artifacts>, Reference),
    Unreachable(Error),
    NotAsked,
}

/// Holds every locked digest against cache and registry. A damaged file of the
/// cache is removed, so that the next build fetches it again.
pub fn verify(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let Meant {
        workspace, mode, ..
    } = meant(ctx, args)?;
    let (path, lock) = lock(ctx, &workspace)?;
    let releases = releases(&lock);
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
    let finder = Finder::new(ctx, &workspace)?;
    // One that cannot be reached is not tried again for each package.
    let mut opened: BTreeMap<String, Result<Arc<dyn Registry>>> = BTreeMap::new();
    let mut place = |locked: &Locked| {
        if mode.is_offline() {
            return Place::NotAsked;
        }
        if let Some(reference) = reference(locked.registry.as_deref())
            && !is_replaced(locked, &access)
        {
            return match host(&reference, &Reach::Anywhere, &access) {
                Ok(artifacts) => Place::Artifact(artifacts, reference),
                Err(error) => Place::Unreachable(error),
            };
        }
        let found = finder.find(locked, &access).and_then(|(_, route)| {
            let because = format!("the registry is set in {}", route.because);
            let registry = opened
                .entry(route.backend.to_string())
                .or_insert_with(|| access.open(&route));
            Ok(Place::Registry(registry.clone()?, because))
        });
        found.unwrap_or_else(Place::Unreachable)
    };
    let jobs: Vec<_> = releases.iter().map(|one| (*one, place(one))).collect();
    let cache = ctx.cache();
    let findings = at_once(jobs, |(locked, place)| Ok(look(locked, &place, &cache)))?;
    let mut wrong = 0;
    for finding in &findings {
        wrong += usize::from(!finding.wrong.is_empty());
        tell(ctx, finding);
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

/// Whether a file of the project puts a directory in the place of the registry.
fn is_replaced(locked: &Locked, access: &Registries<'_>) -> bool {
    let registry = locked.registry.as_deref().unwrap_or_default();
    access.layers().replaced(registry).is_some()
}

fn look<'a>(locked: &'a Locked, place: &Place, cache: &Cache) -> Finding<'a> {
    let mut finding = Finding {
        locked,
        found: Vec::new(),
        wrong: Vec::new(),
    };
    let release = format!("`{}@{}`", locked.package, locked.version);
    match cache.entry(&locked.digest) {
        Ok(Entry::Good) => finding.found.push("cache"),
        Ok(Entry::Absent) => {}
        Ok(Entry::Damaged(file, digest)) => {
            let error = Error::input(format!(
                "the file of {release} in the cache has digest `{digest}` but the lock file specifies digest `{}`",
                locked.digest
            ));
            finding.wrong.push(match cache.remove(&file) {
                Ok(()) => error
                    .because(format!(
                        "the file was `{}`, which has been removed",
                        file.display()
                    ))
                    .hint("no action is needed: the package is downloaded again when needed"),
                Err(failed) => error
                    .because(failed)
                    .hint(format!("remove `{}`", file.display())),
            });
        }
        Err(error) => finding.wrong.push(error),
    }
    match place {
        Place::Registry(registry, because) => match found(locked, &**registry) {
            Ok(()) => finding.found.push("registry"),
            Err(error) => finding.wrong.push(error.because(because)),
        },
        Place::Artifact(artifacts, reference) => match kept(locked, &**artifacts, reference) {
            Ok(found) => finding.found.push(found),
            Err(error) => finding.wrong.push(error),
        },
        Place::Unreachable(error) => finding.wrong.push(
            error
                .clone()
                .context(format!("failed to find {release} in its registry")),
        ),
        Place::NotAsked if finding.found.is_empty() && finding.wrong.is_empty() => {
            finding.wrong.push(
                Error::input(format!(
                    "{release} is not in the cache, and network access is disabled"
                ))
                .hint("remove `--offline`"),
            );
        }
        Place::NotAsked => {}
    }
    finding
}

/// Whether the registry has the release as it is locked.
fn found(locked: &Locked, registry: &dyn Registry) -> Result<()> {
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
        .because(format!("its registry is {place}"))
        .hint("the release was replaced: find out why before you run `cargo component update`")),
        None => Err(Error::input(format!("package `{package}@{version}` does not exist any more"))
            .because(format!("its registry is {place}"))
            .hint("run `cargo component update` to select another version")),
    }
}

/// Whether the host of a reference has the bytes that are locked: a tag may
/// have moved, and builds take what is locked by its digest.
fn kept(locked: &Locked, artifacts: &dyn Artifacts, reference: &Reference) -> Result<&'static str> {
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
    let read = |to: &mut dyn Write| artifacts.read(reference, (&locked.digest, None), to);
    let digest = digested(&mut std::io::sink(), read).map_err(|e| {
        Error::input(format!(
            "`{package}@{version}` could not be read from `{reference}`, which no longer points to it"
        ))
        .because(e)
        .hint("try again, or run `cargo component update` to use the new content")
    })?;
    match digest == locked.digest {
        true => Ok("registry, where its tag has moved"),
        false => Err(other_bytes(reference, &locked.digest, &digest)),
    }
}

fn tell(ctx: &Context, finding: &Finding<'_>) {
    let Locked {
        package, version, ..
    } = finding.locked;
    for error in &finding.wrong {
        report(&*ctx.shell, error);
    }
    if finding.wrong.is_empty() {
        let text = format!("`{package}` v{version} ({})", finding.found.join(", "));
        ctx.shell.status("Verified", text);
    }
}
