//! Packages of registries: chooses versions and fetches packages into the cache, a
//! limited number of them in parallel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::parallel;
use crate::base::progress::{NoProgress, Progress, ProgressSize};
use crate::model::lockfile::Lockfile;
use crate::model::resolver::{
    ChosenVersion, ListedVersion, PackageSource, Requirement, Resolution, VersionCatalog,
    exact_version, not_locked, solve,
};
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::look_up::{Answer, LookUp, PackageRegistry};
use crate::pipeline::fetch::reference::artifact_reference;
use crate::pipeline::fetch::release_job::{FoundRelease, ReleaseJob};
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::address::address;
use crate::system::registry::cache::Cache;
use crate::system::registry::routes::{Backend, ManifestRegistries, Route};
use crate::system::registry::{Registries, Release};

/// The largest number of parallel requests. Nearly all of a request's time is
/// waiting, and registries that are too busy say when to ask again.
const MAX_PARALLEL: usize = 50;

/// The registries and the cache of a project, with the version lists fetched so far.
pub(crate) struct Packages<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) registries: Registries<'a>,
    pub(crate) cache: Cache,
    /// The directory that paths in lock files start from.
    root: PathBuf,
    catalog: VersionCatalog,
    /// The releases that were found without the list of versions.
    releases: BTreeMap<(PackageSource, Version), Release>,
    pub(crate) mode: LockMode,
}

/// The input of [`Packages::fetch`].
pub(crate) struct PackageRequest<'r> {
    /// The requirements that are answered.
    pub requirements: &'r [Requirement],
    /// The registries that the requiring manifest names.
    pub named: &'r ManifestRegistries,
    /// The lock file with earlier answers.
    pub lock: &'r Lockfile,
    /// The path of the lock file, if nothing may be added to it.
    pub locked: Option<&'r Path>,
}

impl<'a> Packages<'a> {
    /// For a project in this directory.
    pub fn new(ctx: &'a Context, dir: &Path, mode: LockMode) -> Result<Self> {
        // What is left of downloads that broke off.
        fs::remove_leftovers(ctx.cache().dir());
        Ok(Packages {
            ctx,
            registries: ctx.registries(dir)?,
            cache: ctx.cache(),
            root: dir.to_owned(),
            catalog: VersionCatalog::default(),
            releases: BTreeMap::new(),
            mode,
        })
    }

    /// The address that a manifest gives the registry of a package; none where
    /// the configuration decides.
    pub fn address(
        &self,
        package: &PackageRef,
        registry: Option<&str>,
        named: &ManifestRegistries,
    ) -> Option<String> {
        let layers = self.registries.layers();
        address(package, registry, named, layers, &self.root)
    }

    /// Whether a registry is configured for the package.
    pub fn has_route(&self, requirement: &Requirement, named: &ManifestRegistries) -> bool {
        self.route(&requirement.source, named).is_ok()
    }

    /// Where a package comes from, as it is shown: an OCI reference, or the
    /// address of a registry.
    pub fn display_location(
        &self,
        source: &PackageSource,
        named: &ManifestRegistries,
    ) -> Result<String> {
        match &source.registry {
            Some(label)
                if artifact_reference(Some(label)).is_some()
                    && self.registries.layers().replaced(label).is_none() =>
            {
                Ok(label.clone())
            }
            _ => Ok(self.route(source, named)?.backend.to_string()),
        }
    }

    /// Locks the cache, so that parallel runs do not fetch the same packages.
    pub(crate) fn hold_cache(&self) -> Option<fs::Lock> {
        fs::lock(&self.cache.lock_file(), || {
            let text = format!("while accessing the cache `{}`", self.cache.dir().display());
            self.ctx.shell.status("Blocking", text);
        })
    }

    /// The route to the registry of a package.
    pub fn route(&self, source: &PackageSource, named: &ManifestRegistries) -> Result<Route> {
        let (package, registry) = (&source.package, &source.registry);
        self.registries.route(package, registry.as_deref(), named)
    }

    /// Fetches the version lists of packages in parallel; a package that its
    /// registry does not have gets an empty list.
    pub fn versions(
        &mut self,
        requirements: Vec<(&Requirement, &ManifestRegistries)>,
    ) -> Result<&VersionCatalog> {
        self.list(requirements)?;
        Ok(&self.catalog)
    }

    /// The versions of a package that are known without asking its registry; none where
    /// they were not asked for yet.
    pub fn known_versions(&self, source: &PackageSource) -> &[ListedVersion] {
        self.catalog.versions(source).unwrap_or_default()
    }

    /// The URL at which others find a release without this configuration. Without
    /// network access, a host is not queried.
    pub fn url(
        &self,
        requirement: &Requirement,
        named: &ManifestRegistries,
        version: &Version,
    ) -> Result<Option<String>> {
        let package = &requirement.source.package;
        let route = self.route(&requirement.source, named)?;
        if self.mode.is_offline() && matches!(route.backend, Backend::Discover { .. }) {
            return Ok(None);
        }
        Ok(self.registries.open(&route)?.url(package, version))
    }

    /// Whether the user's own configuration names this host; a file of the
    /// project is not the user's own.
    pub fn names_host(&self, host: &str) -> bool {
        self.registries.layers().names_host(host)
    }

    /// Restricts a package to one of the compatible versions from now on, in the
    /// named registry, or in the one that the configuration selects.
    pub fn pin(
        &mut self,
        package: &PackageRef,
        registry: Option<&str>,
        version: &Version,
        named: &ManifestRegistries,
    ) -> Result<()> {
        let requirement = Requirement {
            source: PackageSource {
                package: package.clone(),
                registry: registry.map(str::to_owned),
                address: self.address(package, registry, named),
            },
            version_req: semver::VersionReq::STAR,
            required_by: vec!["`--precise`".to_owned()],
            excerpt: None,
        };
        let source = &requirement.source;
        if self.catalog.versions(source).is_none() {
            self.list(vec![(&requirement, named)])?;
        }
        let versions = self.catalog.versions(source).unwrap_or_default();
        let Some(listed) = versions.iter().find(|listed| listed.version == *version) else {
            let mut all: Vec<_> = versions.iter().map(|listed| &listed.version).collect();
            all.sort();
            let all: Vec<String> = all.iter().rev().take(8).map(ToString::to_string).collect();
            return Err(
                Error::input(format!("package `{package}` has no version `{version}`"))
                    .with_cause(format!("the available versions are {}", all.join(", ")))
                    .hint("use one of them with `--precise`"),
            );
        };
        let version = listed.version.clone();
        self.catalog.set_precise(requirement.source, version);
        Ok(())
    }

    /// Resolves each requirement to a release, and fetches those into the cache.
    pub fn fetch(&mut self, request: &PackageRequest<'_>) -> Result<Vec<Fetched>> {
        let chosen = self.choose(request)?;
        let mut found = Vec::new();
        let mut jobs = Vec::new();
        for (requirement, chosen) in request.requirements.iter().zip(chosen) {
            let cached = chosen.locked_digest.clone().and_then(|digest| {
                let file = self.cache.get(&digest)?;
                Some(Fetched {
                    package: requirement.source.package.clone(),
                    version: chosen.version.clone(),
                    digest,
                    file,
                })
            });
            if cached.is_none() {
                let registry_entry = self.open(requirement, request.named, || {
                    not_cached(requirement, &chosen)
                })?;
                let key = (requirement.source.clone(), chosen.version.clone());
                jobs.push(ReleaseJob {
                    requirement,
                    release: self.releases.get(&key).cloned(),
                    chosen,
                    registry_entry,
                });
            }
            found.push(cached);
        }
        let located = self.located(jobs)?;
        // What has another name may have the same content.
        let is_missing = |one: &&FoundRelease| self.cache.get(&one.release.digest).is_none();
        let count = located.iter().filter(is_missing).count();
        if count > 0 {
            let packages = if count == 1 { "package" } else { "packages" };
            let text = format!("{count} {packages}");
            self.ctx.shell.status("Downloading", text);
        }
        let _held = (count > 0).then(|| self.hold_cache());
        let progress = self.progress("Downloading", count);
        let fetched = run_parallel(located, |one| one.fetch(&self.cache, &*progress))?;
        let mut fetched = fetched.into_iter();
        Ok(found
            .into_iter()
            .filter_map(|cached| cached.or_else(|| fetched.next()))
            .collect())
    }

    /// Finds the releases of the jobs in their registries.
    fn located<'r>(&self, jobs: Vec<ReleaseJob<'r>>) -> Result<Vec<FoundRelease<'r>>> {
        let asked = jobs.iter().filter(|job| job.release.is_none()).count();
        let progress = self.progress("Resolving", asked);
        run_parallel(jobs, |job| {
            let is_asked = job.release.is_none();
            let located = job.locate();
            if is_asked {
                progress.item();
            }
            located
        })
    }

    /// Chooses a version for each requirement, after fetching the version lists that
    /// this needs.
    fn choose(&mut self, request: &PackageRequest<'_>) -> Result<Vec<ChosenVersion>> {
        loop {
            match solve(request.requirements, &self.catalog, request.lock)? {
                Resolution::Solved(chosen) => return Ok(chosen),
                Resolution::Missing(sources) => {
                    if let Some(path) = request.locked {
                        return Err(must_not_change(path));
                    }
                    let mut jobs = Vec::new();
                    for source in sources {
                        jobs.extend(self.look_up(&source, request)?);
                    }
                    self.learn(jobs)?;
                }
            }
        }
    }

    /// What has to be asked about a package: where only exact versions of it are
    /// required and none can be withdrawn, these; otherwise its list of versions.
    fn look_up<'r>(
        &self,
        source: &PackageSource,
        request: &PackageRequest<'r>,
    ) -> Result<Option<LookUp<'r>>> {
        let of_source = request.requirements.iter().filter(|r| r.source == *source);
        let of_source: Vec<&Requirement> = of_source.collect();
        let Some(requirement) = of_source.first() else {
            return Ok(None);
        };
        let exact = of_source.iter().map(|r| exact_version(&r.version_req));
        let exact: Option<Vec<Version>> = exact.collect();
        let registry_entry = self.open(requirement, request.named, || not_locked(requirement))?;
        let exact = exact.filter(|_| !registry_entry.registry.withdraws());
        Ok(Some(LookUp {
            requirement,
            registry_entry,
            exact: exact.unwrap_or_default(),
        }))
    }

    /// Adds what registries answer to what is known.
    fn learn(&mut self, jobs: Vec<LookUp<'_>>) -> Result<()> {
        let progress = self.progress("Resolving", jobs.len());
        let answers = run_parallel(jobs, |job| {
            let answer = job.run();
            progress.item();
            answer
        })?;
        for (source, answer) in answers {
            match answer {
                Answer::Versions(versions, asked) => {
                    self.catalog.set_asked(source.clone(), asked);
                    self.catalog.insert(source, versions);
                }
                Answer::Releases(releases) => {
                    for release in releases {
                        let version = release.version.clone();
                        self.catalog.insert_single(source.clone(), version.clone());
                        self.releases.insert((source.clone(), version), release);
                    }
                }
            }
        }
        Ok(())
    }

    /// Shows how many of the packages are done.
    pub(crate) fn progress(&self, verb: &'static str, packages: usize) -> Box<dyn Progress> {
        match packages {
            0 => Box::new(NoProgress),
            many => self
                .ctx
                .shell
                .progress(verb, ProgressSize::Items(many as u64)),
        }
    }

    /// Fetches the version lists of these packages.
    fn list(&mut self, requirements: Vec<(&Requirement, &ManifestRegistries)>) -> Result<()> {
        let mut jobs = Vec::new();
        for (requirement, named) in requirements {
            let registry_entry = self.open(requirement, named, || not_locked(requirement))?;
            jobs.push(LookUp::of_list(requirement, registry_entry));
        }
        self.learn(jobs)
    }

    /// Opens the registry of a package; `offline` is the error if that needs the
    /// network while access is disabled.
    fn open(
        &self,
        requirement: &Requirement,
        named: &ManifestRegistries,
        offline: impl FnOnce() -> Error,
    ) -> Result<PackageRegistry> {
        let route = self
            .route(&requirement.source, named)
            .map_err(|e| requirement.explain(e))?;
        if self.mode.is_offline() && !route.backend.is_local() {
            return Err(offline());
        }
        let registry = self
            .registries
            .open(&route)
            .map_err(|e| requirement.explain(e))?;
        Ok(PackageRegistry {
            registry,
            address: route.backend.to_string(),
            with_route: route.chosen_by,
        })
    }
}

/// The error for a lock file that would have to change under `--locked`.
pub(crate) fn must_not_change(path: &Path) -> Error {
    Error::input(format!(
        "the lock file {} needs to be updated but --locked was passed to prevent this",
        path.display()
    ))
    .hint("If you want to try to generate the lock file without accessing the network, remove the --locked flag and use --offline instead.")
}

fn not_cached(requirement: &Requirement, chosen: &ChosenVersion) -> Error {
    Error::input(format!(
        "package `{}@{}` is not in the cache, and network access is disabled",
        requirement.source.package, chosen.version
    ))
    .hint("run the command once without `--offline`")
}

/// Runs all jobs, a limited number of them in parallel. Returns the results in the
/// order of the jobs, or the first error.
pub(crate) fn run_parallel<J: Send, T: Send>(
    jobs: Vec<J>,
    work: impl Fn(J) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    parallel::map(jobs, MAX_PARALLEL, work)
        .into_iter()
        .collect()
}
