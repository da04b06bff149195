//! Resolves the requirements of manifests and WIT to packages on disk, under the
//! lock file.
//!
//! The model reports missing packages, which are fetched here in parallel, until
//! nothing is missing. If the lock file and the cache have everything, no registry
//! is contacted.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use wit_parser::PackageName;

use super::artifacts::RequestedArtifact;
use super::fetched::Fetched;
use super::lock_session::LockSession;
use super::lock_update::LockUpdate;
use super::packages::{PackageRequest, Packages};
use super::requirement::{registry_requirement, wit_requirement};
use super::siblings::Siblings;
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::lockfile;
use crate::model::lockfile::Lockfile;
use crate::model::manifest::{Manifest, OciTarget, RegistryTarget};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::{Request, Sources, is_absent_package, missing_packages};
use crate::pipeline::project::manifests::{Project, Unpinned, named_registries};
use crate::pipeline::project::recover::recover_directories;
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source::{LoadedWorld, LocalSources, TargetSources, collect_sources, load};

/// A requirement with the release that answers it.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedRequest {
    /// The requirement that was answered.
    pub requirement: Requirement,
    /// The release that answers it.
    pub found: Fetched,
}

/// Resolves the worlds of packages: fetches what their manifests and WIT need, and
/// records it in their common lock file.
pub(crate) struct WorldResolver<'a> {
    ctx: &'a Context,
    packages: Option<Packages<'a>>,
    root: PathBuf,
    siblings: Option<Siblings<'a>>,
    session: LockSession,
    /// The requests that were answered, each time in that order.
    requests: Vec<ResolvedRequest>,
    /// The treatment of hints without a digest.
    pub(crate) unpinned: Unpinned,
}

impl<'a> WorldResolver<'a> {
    /// The resolver of a workspace, with its lock file.
    pub fn new(ctx: &'a Context, project: &Rc<Project>) -> Result<Self> {
        WorldResolver::with_mode(ctx, project, project.mode)
    }

    /// As [`WorldResolver::new`], with another mode for lock files and the network.
    pub fn with_mode(ctx: &'a Context, project: &Rc<Project>, mode: LockMode) -> Result<Self> {
        let root = &project.workspace().root;
        recover_directories(ctx, [root.as_path()]);
        Ok(WorldResolver {
            ctx,
            packages: None,
            root: root.clone(),
            siblings: Some(Siblings::of(ctx, project)),
            session: LockSession::read(root, mode)?,
            requests: Vec::new(),
            unpinned: project.unpinned,
        })
    }

    /// A resolver outside of any workspace, with no lock file.
    pub fn without_workspace(ctx: &'a Context, mode: LockMode, unpinned: Unpinned) -> Self {
        WorldResolver {
            ctx,
            packages: None,
            root: ctx.cwd.clone(),
            siblings: None,
            session: LockSession::without_workspace(&ctx.cwd, mode),
            requests: Vec::new(),
            unpinned,
        }
    }

    /// The lock file during this run.
    pub fn session(&self) -> &LockSession {
        &self.session
    }

    /// The lock file during this run, for changes of its entries.
    pub fn session_mut(&mut self) -> &mut LockSession {
        &mut self.session
    }

    /// The cached file with a digest, outside of workspaces, where nothing has to be
    /// locked.
    pub fn cached(&self, digest: &ContentDigest) -> Option<PathBuf> {
        match self.session.has_workspace() {
            true => None,
            false => self.ctx.cache().get(digest),
        }
    }

    /// How lock files and the network may be used.
    pub fn mode(&self) -> LockMode {
        self.session.mode()
    }

    /// The lock file as it is now.
    pub fn lock(&self) -> &Lockfile {
        self.session.lock()
    }

    /// Records and locks the release that a request was resolved to.
    pub(crate) fn record(&mut self, locked: lockfile::Locked, request: ResolvedRequest) {
        self.session.insert(locked);
        self.requests.push(request);
    }

    /// The request that was answered with a file, of those that were not taken.
    pub(crate) fn answered_by(&self, file: &Path) -> Option<&ResolvedRequest> {
        self.requests
            .iter()
            .find(|request| request.found.file == file)
    }

    /// The requests that were answered since this was last called.
    pub fn take_requests(&mut self) -> Vec<ResolvedRequest> {
        std::mem::take(&mut self.requests)
    }

    /// The world of a manifest, with every package that it needs; `None` if it has
    /// no world. Only the cache is written.
    pub fn resolve(&mut self, manifest: &Manifest) -> Result<Option<LoadedWorld>> {
        let loaded = match collect_sources(manifest)? {
            TargetSources::None => return Ok(None),
            TargetSources::Local(local) => {
                let (request, watched) = self.request(manifest, *local)?;
                let wkg = manifest.file.dir().join("wkg.toml");
                let by_wkg = |e: &Error| is_absent_package(e) && fs::exists(&wkg);
                let world = load(manifest, request).map_err(|e| match by_wkg(&e) {
                    true => e.replace_hint(FETCH),
                    false => e,
                })?;
                LoadedWorld { world, watched }
            }
            TargetSources::Registry(target) => self.world_of_package(manifest, target)?,
            TargetSources::Oci(target) => self.world_of_artifact(manifest, target)?,
        };
        Ok(Some(loaded))
    }

    /// The WIT of the project with the packages of registries that it needs, and the
    /// paths that it depends on.
    pub fn request<'m>(
        &mut self,
        manifest: &'m Manifest,
        local: LocalSources<'m>,
    ) -> Result<(Request<'m>, Vec<PathBuf>)> {
        let LocalSources {
            mut request,
            mut watched,
            missing,
        } = local;
        let entries = missing.iter().filter_map(|(_, d)| d.package.as_ref());
        let entries: Vec<_> = entries.collect();
        if let Some(siblings) = &self.siblings {
            watched.extend(siblings.provide(&mut request, &entries)?);
        }
        let requirements: Vec<Requirement> = missing
            .iter()
            .filter_map(|(key, dependency)| registry_requirement(key, dependency))
            .collect();
        for (requirement, found) in requirements
            .iter()
            .zip(self.fetch(manifest, &requirements)?)
        {
            request.chosen.push(PackageName {
                namespace: requirement.source.package.namespace().to_owned(),
                name: requirement.source.package.name().to_owned(),
                version: Some(found.version.clone()),
            });
            request.fetched.push(found.entry()?);
        }
        let entries = missing
            .iter()
            .filter_map(|(key, entry)| RequestedArtifact::of_entry(key, entry).transpose());
        for found in self.artifacts(&entries.collect::<Result<Vec<_>>>()?)? {
            request.chosen.push(found.name()?);
            request.fetched.push(found.entry()?);
        }
        self.fetch_missing(manifest, &mut request)?;
        Ok((request, watched))
    }

    /// A world in a package of a registry.
    fn world_of_package(
        &mut self,
        manifest: &Manifest,
        target: &RegistryTarget,
    ) -> Result<LoadedWorld> {
        let requirements = [Requirement {
            source: PackageSource {
                package: target.package.clone(),
                registry: target.registry.clone(),
                address: None,
            },
            version_req: target.requirement.clone(),
            required_by: vec!["`target` in `Cargo.toml`".to_owned()],
            excerpt: Some(manifest.file.excerpt(target.span.clone())),
        }];
        let found = self.fetch(manifest, &requirements)?;
        world_of(manifest, &found, target.world.as_deref())
    }

    /// A world in an artifact.
    fn world_of_artifact(
        &mut self,
        manifest: &Manifest,
        target: &OciTarget,
    ) -> Result<LoadedWorld> {
        let found = self.artifacts(&[RequestedArtifact::of_target(manifest, target)?])?;
        world_of(manifest, &found, target.world.as_deref())
    }

    /// Fetches artifacts, and locks them.
    pub fn artifacts(&mut self, requested: &[RequestedArtifact]) -> Result<Vec<Fetched>> {
        if requested.is_empty() {
            return Ok(Vec::new());
        }
        let locked = self.session.locked_path();
        let lock = self.lock().clone();
        let found = self
            .packages()?
            .artifacts(requested, &lock, locked.as_deref())?;
        for (requested, found) in requested.iter().zip(&found) {
            let requirements = ResolvedRequest {
                requirement: requested.to_requirement(found),
                found: found.clone(),
            };
            self.record(requested.to_locked(found), requirements);
        }
        Ok(found)
    }

    /// Fetches what the WIT names until nothing is missing.
    fn fetch_missing(&mut self, manifest: &Manifest, request: &mut Request<'_>) -> Result<()> {
        loop {
            let missing = missing_packages(request)?;
            let requirements: Vec<Requirement> =
                missing.iter().filter_map(wit_requirement).collect();
            // Names no registry can have are left for the loading to refuse,
            // and so is everything where no registry is configured.
            if requirements.is_empty() || !self.is_routed(manifest, &requirements)? {
                return Ok(());
            }
            for found in self.fetch(manifest, &requirements)? {
                request.fetched.push(found.entry()?);
            }
        }
    }

    /// Whether a registry is configured for all of these.
    fn is_routed(&mut self, manifest: &Manifest, requirements: &[Requirement]) -> Result<bool> {
        let named = named_registries(manifest);
        let packages = self.packages()?;
        Ok(requirements
            .iter()
            .all(|requirement| packages.has_route(requirement, &named)))
    }

    /// The registries and the cache.
    pub fn packages(&mut self) -> Result<&mut Packages<'a>> {
        if self.packages.is_none() {
            let packages = Packages::new(self.ctx, &self.root, self.mode())?;
            self.complete_lock(&packages);
            self.packages = Some(packages);
        }
        self.packages
            .as_mut()
            .ok_or_else(|| Error::input("failed to set up the registries"))
    }

    /// Adds the addresses of registries to entries of old lock files, where all
    /// members have the same one. Other entries are not used for a member that names
    /// a registry.
    fn complete_lock(&mut self, packages: &Packages<'_>) {
        let named = match &self.siblings {
            Some(siblings) if self.session.lacks_addresses() => siblings.registries(),
            _ => return,
        };
        let address = |package: &PackageRef, registry: Option<&str>| {
            let mut all = named
                .iter()
                .map(|named| packages.address(package, registry, named));
            let first = all.next()?;
            first.filter(|first| all.all(|other| other.as_ref() == Some(first)))
        };
        // Which of several registries an entry is from is not known.
        let is_kept = |entry: &lockfile::Locked| {
            let (package, registry) = (&entry.package, entry.registry.as_deref());
            let is_decided = |named| packages.address(package, registry, named).is_some();
            entry.address.is_some() || named.is_empty() || !named.iter().all(is_decided)
        };
        self.session.complete(address, is_kept);
    }

    /// Requirements with the addresses that a manifest gives their registries.
    pub fn addressed(
        &mut self,
        manifest: &Manifest,
        requirements: &[Requirement],
    ) -> Result<Vec<Requirement>> {
        let named = named_registries(manifest);
        let packages = self.packages()?;
        let mut requirements = requirements.to_vec();
        for Requirement { source, .. } in &mut requirements {
            source.address = packages.address(&source.package, source.registry.as_deref(), &named);
        }
        Ok(requirements)
    }

    /// Resolves requirements, fetches missing releases, and locks them.
    pub fn fetch(
        &mut self,
        manifest: &Manifest,
        requirements: &[Requirement],
    ) -> Result<Vec<Fetched>> {
        if requirements.is_empty() {
            return Ok(Vec::new());
        }
        let requirements = &self.addressed(manifest, requirements)?;
        let named = named_registries(manifest);
        let locked = self.session.locked_path();
        let lock = self.lock().clone();
        let request = PackageRequest {
            requirements,
            named: &named,
            lock: &lock,
            locked: locked.as_deref(),
        };
        let found = self.packages()?.fetch(&request)?;
        for (requirement, found) in requirements.iter().zip(&found) {
            let source = self.session.source_of(requirement, &found.digest);
            let locked = found.to_locked(requirement, source);
            let requirements = ResolvedRequest {
                requirement: requirement.clone(),
                found: found.clone(),
            };
            self.record(locked, requirements);
        }
        Ok(found)
    }

    /// What has to be written if anything was added to the lock file; an error
    /// if it must not change.
    pub fn finish(self) -> Result<Option<LockUpdate>> {
        self.session.finish()
    }
}

/// The hint for missing packages where there is a `wkg.toml`.
const FETCH: &str = "run `cargo component wit fetch`, which writes the dependencies into `wit/deps`, as configured in `wkg.toml` and for registries";

/// The world in a package that was fetched.
pub(crate) fn world_of(
    manifest: &Manifest,
    found: &[Fetched],
    world: Option<&str>,
) -> Result<LoadedWorld> {
    let main = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let request = Request {
        sources: Sources {
            main: main.entry()?,
            deps: Vec::new(),
        },
        overrides: Vec::new(),
        fetched: Vec::new(),
        chosen: Vec::new(),
        pinned: Vec::new(),
        declared: false,
        world,
        features: &manifest.bindings.features,
        all_features: manifest.bindings.all_features,
    };
    let world = load(manifest, request).map_err(|e| {
        e.context(format!(
            "failed to select world from target package `{}`",
            main.package
        ))
    })?;
    Ok(LoadedWorld {
        world,
        watched: Vec::new(),
    })
}
