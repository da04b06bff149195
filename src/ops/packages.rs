//! Packages of registries: versions chosen, bytes fetched into the cache, as
//! many at once as is polite.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;

use super::resolve::must_not_change;
use crate::advice::{Error, Result};
use crate::cargo::config::LockMode;
use crate::context::Context;
use crate::lockfile::Lockfile;
use crate::package::{ContentDigest, PackageRef};
use crate::registry::cache::Cache;
use crate::registry::routes::Named;
use crate::registry::{Registries, Registry, Release};
use crate::resolver::{Catalog, Chosen, Listed, Outcome, Source, Wanted, not_locked, solve};

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// The registries and the cache of a project, with what they said so far.
pub(super) struct Packages<'a> {
    ctx: &'a Context,
    registries: Registries<'a>,
    cache: Cache,
    catalog: Catalog,
    mode: LockMode,
}

/// What is asked of [`Packages::fetch`].
pub(super) struct Request<'r> {
    /// The requirements.
    pub asked: &'r [Wanted],
    /// The registries the asking manifest names.
    pub named: &'r Named,
    /// Answers given before.
    pub lock: &'r Lockfile,
    /// The lock file, if nothing may be added to it.
    pub locked: Option<&'r Path>,
}

/// A package on disk.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub package: PackageRef,
    pub version: Version,
    pub digest: ContentDigest,
    /// Its bytes, which have the digest.
    pub file: PathBuf,
}

impl<'a> Packages<'a> {
    /// For a project in this directory.
    pub fn new(ctx: &'a Context, dir: &Path, mode: LockMode) -> Result<Self> {
        Ok(Packages {
            ctx,
            registries: ctx.registries(dir)?,
            cache: ctx.cache(),
            catalog: Catalog::default(),
            mode,
        })
    }

    /// Whether a registry is configured for the package.
    pub fn has_route(&self, wanted: &Wanted, named: &Named) -> bool {
        let Source { package, registry } = &wanted.source;
        crate::registry::routes::route(
            package,
            registry.as_deref(),
            named,
            self.registries.layers(),
        )
        .is_ok()
    }

    /// The registry a package is in.
    pub fn registry(&self, source: &Source, named: &Named) -> Result<(Arc<dyn Registry>, String)> {
        self.registries
            .of(&source.package, source.registry.as_deref(), named)
    }

    /// The versions of one package, asked for once.
    pub fn versions(&mut self, source: &Source, named: &Named) -> Result<Vec<Listed>> {
        if self.catalog.versions(source).is_none() {
            self.list(vec![source.clone()], named)?;
        }
        Ok(self.catalog.versions(source).unwrap_or_default().to_vec())
    }

    /// One answer for each requirement, its bytes in the cache.
    pub fn fetch(&mut self, request: &Request<'_>) -> Result<Vec<Fetched>> {
        let chosen = self.choose(request)?;
        let mut jobs = Vec::new();
        for (wanted, chosen) in request.asked.iter().zip(chosen) {
            let cached = chosen
                .locked
                .as_ref()
                .and_then(|digest| self.cache.get(digest));
            jobs.push(match cached {
                Some(file) => Job::Cached(wanted, chosen, file),
                None => {
                    let (registry, because) = self.registry(&wanted.source, request.named)?;
                    if self.mode.is_offline() && !registry.is_local() {
                        return Err(not_cached(wanted, &chosen));
                    }
                    Job::Fetch(wanted, chosen, registry, because)
                }
            });
        }
        let missing = jobs
            .iter()
            .filter(|job| matches!(job, Job::Fetch(..)))
            .count();
        if missing > 0 {
            let packages = if missing == 1 { "package" } else { "packages" };
            self.ctx
                .shell
                .status("Downloading", format!("{missing} {packages}"));
        }
        at_once(jobs, |job| job.run(&self.cache))
    }

    /// The versions that answer, after every list needed was fetched.
    fn choose(&mut self, request: &Request<'_>) -> Result<Vec<Chosen>> {
        loop {
            match solve(request.asked, &self.catalog, request.lock)? {
                Outcome::Solved(chosen) => return Ok(chosen),
                Outcome::Missing(sources) => {
                    if let Some(path) = request.locked {
                        return Err(must_not_change(path));
                    }
                    for wanted in request.asked.iter().filter(|w| sources.contains(&w.source)) {
                        let (registry, _) = self.registry(&wanted.source, request.named)?;
                        if self.mode.is_offline() && !registry.is_local() {
                            return Err(not_locked(wanted));
                        }
                    }
                    self.list(sources, request.named)?;
                }
            }
        }
    }

    fn list(&mut self, sources: Vec<Source>, named: &Named) -> Result<()> {
        let mut jobs = Vec::new();
        for source in sources {
            let (registry, because) = self.registry(&source, named)?;
            jobs.push((source, registry, because));
        }
        let lists = at_once(jobs, |(source, registry, because)| {
            let versions = registry
                .versions(&source.package)
                .map_err(|e| e.because(format!("the registry is set in {because}")))?;
            Ok((source, versions.unwrap_or_default()))
        })?;
        for (source, versions) in lists {
            self.catalog.insert(source, versions);
        }
        Ok(())
    }
}

/// What is left to do for one package.
enum Job<'r> {
    Cached(&'r Wanted, Chosen, PathBuf),
    Fetch(&'r Wanted, Chosen, Arc<dyn Registry>, String),
}

impl Job<'_> {
    fn run(self, cache: &Cache) -> Result<Fetched> {
        let (wanted, chosen, registry, because) = match self {
            Job::Fetch(wanted, chosen, registry, because) => (wanted, chosen, registry, because),
            Job::Cached(wanted, chosen, file) => {
                return Ok(Fetched {
                    package: wanted.source.package.clone(),
                    version: chosen.version,
                    digest: chosen
                        .locked
                        .ok_or_else(|| Error::input("a cached package has no digest"))?,
                    file,
                });
            }
        };
        let package = &wanted.source.package;
        let release = registry
            .release(package, &chosen.version)
            .map_err(|e| e.because(format!("the registry is set in {because}")))?;
        let Some(release) = release else {
            return Err(gone(wanted, &chosen, &*registry));
        };
        if let Some(locked) = &chosen.locked
            && *locked != release.digest
        {
            return Err(replaced(package, &release, locked, &*registry));
        }
        let file = cache.get_or_fetch(&*registry, package, &release)?;
        Ok(Fetched {
            package: package.clone(),
            version: release.version,
            digest: release.digest,
            file,
        })
    }
}

fn not_cached(wanted: &Wanted, chosen: &Chosen) -> Error {
    Error::input(format!(
        "package `{}@{}` is not in the cache, and the network must not be used",
        wanted.source.package, chosen.version
    ))
    .hint("run the command once without `--offline`")
}

fn gone(wanted: &Wanted, chosen: &Chosen, registry: &dyn Registry) -> Error {
    let package = &wanted.source.package;
    Error::input(format!(
        "package `{package}@{}` is not there any more",
        chosen.version
    ))
    .because(format!(
        "it was looked for in {}",
        registry.location(package)
    ))
    .hint("run `cargo component update` to choose another version")
}

fn replaced(
    package: &PackageRef,
    release: &Release,
    locked: &ContentDigest,
    registry: &dyn Registry,
) -> Error {
    Error::input(format!(
        "component registry package `{package}` (v`{}`) has digest `{}` but the lock file specifies digest `{locked}`",
        release.version, release.digest
    ))
    .because(format!("it is in {}", registry.location(package)))
    .hint("the release was replaced: find out why, then run `cargo component update` to take it")
}

/// Does all jobs, some at once; the results in the order of the jobs, or the
/// first error.
fn at_once<J: Send, T: Send>(jobs: Vec<J>, work: impl Fn(J) -> Result<T> + Sync) -> Result<Vec<T>> {
    let count = jobs.len();
    if count <= 1 {
        return jobs.into_iter().map(work).collect();
    }
    let queue = std::sync::Mutex::new(jobs.into_iter().enumerate());
    let next = || {
        queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .next()
    };
    let mut results: Vec<(usize, Result<T>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count.min(AT_ONCE))
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Some((index, job)) = next() {
                        done.push((index, work(job)));
                    }
                    done
                })
            })
            .collect();
        let joined = workers.into_iter().filter_map(|worker| worker.join().ok());
        joined.flatten().collect()
    });
    if results.len() != count {
        return Err(Error::input("a request broke off"));
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
