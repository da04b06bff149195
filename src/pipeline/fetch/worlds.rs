//! From what manifests and WIT ask for to packages on disk, under the lock
//! file.
//!
//! What is missing is found out by the domain, fetched here all at once, and
//! asked for again until nothing is missing. With a satisfied lock file and
//! cache no registry is asked.

use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::artifacts::WantedArtifact;
use super::lock_update::LockUpdate;
use super::packages::{Fetched, Packages, Request as PackageRequest, must_not_change};
use super::requirement::{declared, named};
use super::siblings::Siblings;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::lockfile;
use crate::model::lockfile::Lockfile;
use crate::model::manifest::{Manifest, OciTarget, RegistryTarget};
use crate::model::resolver::{Source, Wanted};
use crate::model::wit::{Request, Sources, is_absent_package, unmet};
use crate::pipeline::project::recover::settle;
use crate::system::cargo::config::LockMode;
use crate::system::cargo::workspace::Workspace;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::registry::routes::Named;
use crate::system::source::{Gathered, Loaded, Local, gather, load};

/// The lock file's name, in the root of the workspace.
pub const LOCK_FILE: &str = "Cargo-component.lock";

/// A requirement with its answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The requirement.
    pub wanted: Wanted,
    /// What answers it.
    pub found: Fetched,
}

/// The worlds of a workspace's packages, with the lock file they share.
pub(crate) struct Worlds<'a> {
    ctx: &'a Context,
    packages: Option<Packages<'a>>,
    path: PathBuf,
    root: PathBuf,
    mode: LockMode,
    siblings: Option<Siblings<'a>>,
    pub(crate) lock: Lockfile,
    /// The same as it was before anything was chosen in this run.
    before: Lockfile,
    /// What was asked for so far, with its answers.
    pub(crate) used: Lockfile,
    /// The same, each time it was asked for, in that order.
    asked: Vec<Asked>,
    /// The text the lock file was read from.
    old: Option<String>,
    /// Whether hints without a digest are followed.
    pub(crate) trust_unpinned: bool,
    /// Whether entries were forgotten, to be chosen anew.
    chooses_anew: bool,
    /// Whether there is no workspace, and so no lock file.
    alone: bool,
}

/// The text of our lock file in the root of a workspace, and what is locked:
/// by it, or else by the lock file of `wkg`.
fn read_lock(root: &Path) -> Result<(Option<String>, Lockfile)> {
    let path = root.join(LOCK_FILE);
    let text = fs::read_text_if_exists(&path)?;
    if let Some(ours) = &text {
        let lock = lockfile::parse(&path, ours)?;
        return Ok((text, lock));
    }
    let other = root.join("wkg.lock");
    let lock = match fs::read_text_if_exists(&other)? {
        Some(text) => lockfile::parse(&other, &text)?.without_registries(),
        None => Lockfile::default(),
    };
    Ok((None, lock))
}

impl<'a> Worlds<'a> {
    /// Reads the lock file of a workspace: ours, or else that of `wkg`.
    pub fn new(ctx: &'a Context, workspace: &Workspace, mode: LockMode) -> Result<Self> {
        settle(ctx, [workspace.root.as_path()]);
        let (old, lock) = read_lock(&workspace.root)?;
        Ok(Worlds {
            ctx,
            packages: None,
            path: workspace.root.join(LOCK_FILE),
            root: workspace.root.clone(),
            mode,
            siblings: Some(Siblings::of(ctx, workspace)),
            before: lock.clone(),
            lock,
            used: Lockfile::default(),
            asked: Vec::new(),
            old,
            trust_unpinned: false,
            chooses_anew: false,
            alone: false,
        })
    }

    /// Of no workspace: there is no lock file, so that `--locked` has nothing
    /// to refuse.
    pub fn alone(ctx: &'a Context, mode: LockMode) -> Self {
        Worlds {
            ctx,
            packages: None,
            path: ctx.cwd.join(LOCK_FILE),
            root: ctx.cwd.clone(),
            mode: match mode.is_offline() {
                true => LockMode::Offline,
                false => LockMode::Update,
            },
            siblings: None,
            lock: Lockfile::default(),
            before: Lockfile::default(),
            used: Lockfile::default(),
            asked: Vec::new(),
            old: None,
            trust_unpinned: false,
            chooses_anew: false,
            alone: true,
        }
    }

    /// The bytes of a digest, where no lock file has to know of them.
    pub fn cached(&self, digest: &ContentDigest) -> Option<PathBuf> {
        match self.alone {
            true => self.ctx.cache().get(digest),
            false => None,
        }
    }

    /// From now on hints without a digest are followed.
    pub fn trust_unpinned(&mut self) {
        self.trust_unpinned = true;
    }

    /// Whether what is not locked is refused: the lock file must not change, and
    /// nobody looks for what it would be anew.
    pub(crate) fn refuses_unlocked(&self) -> bool {
        self.mode.is_locked() && !self.chooses_anew
    }

    /// How lock files and the network may be used.
    pub fn mode(&self) -> LockMode {
        self.mode
    }

    /// The path of the lock file.
    pub fn lock_file(&self) -> &Path {
        &self.path
    }

    /// The lock file as it was before anything was chosen in this run.
    pub(crate) fn before(&self) -> &Lockfile {
        &self.before
    }

    /// Notes an answer, and locks it.
    pub(crate) fn note(&mut self, locked: lockfile::Locked, asked: Asked) {
        self.used.insert(locked.clone());
        self.lock.insert(locked);
        self.asked.push(asked);
    }

    /// The lock file as it is now.
    pub fn lock(&self) -> &Lockfile {
        &self.lock
    }

    /// What was asked for so far, with its answers.
    pub fn used(&self) -> Lockfile {
        self.used.clone()
    }

    /// What was asked for since this was last called, with its answers.
    pub fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    /// Where a locked component is, by its entry of the lock file.
    pub fn source_of(&self, wanted: &Wanted, digest: &ContentDigest) -> Option<String> {
        let entry = wanted.source.locked(&self.lock, &wanted.requirement)?;
        entry.source.clone().filter(|_| entry.digest == *digest)
    }

    /// Forgets some answers.
    pub fn forget(&mut self, which: impl Fn(&lockfile::Locked) -> bool) {
        self.lock.retain(|entry| !which(entry));
        self.before = self.lock.clone();
        self.chooses_anew = true;
    }

    /// Writes another lock file in the place of this one, if that is still the
    /// one that was read.
    pub fn replace(&mut self, lock: &Lockfile) -> Result<()> {
        let mut change = Change::new();
        change.text(&self.path, self.old.as_deref(), &lockfile::print(lock));
        change.commit()
    }

    /// The world of a manifest, with every package it needs; `None` where it
    /// has none. Nothing but the cache is written.
    pub fn resolve(&mut self, manifest: &Manifest) -> Result<Option<Loaded>> {
        let loaded = match gather(manifest)? {
            Gathered::None => return Ok(None),
            Gathered::Local(local) => {
                let (request, watched) = self.request(manifest, *local)?;
                let wkg = manifest.file.dir().join("wkg.toml");
                let by_wkg = |e: &Error| is_absent_package(e) && fs::exists(&wkg);
                let world = load(manifest, request).map_err(|e| match by_wkg(&e) {
                    true => e.rather(FETCH),
                    false => e,
                })?;
                Loaded { world, watched }
            }
            Gathered::Registry(target) => self.registry(manifest, target)?,
            Gathered::Oci(target) => self.artifact(manifest, target)?,
        };
        Ok(Some(loaded))
    }

    /// WIT of the project, completed by packages of registries, and the paths
    /// whose change can change it.
    pub fn request<'m>(
        &mut self,
        manifest: &'m Manifest,
        local: Local<'m>,
    ) -> Result<(Request<'m>, Vec<PathBuf>)> {
        let Local {
            mut request,
            mut watched,
            wanted,
        } = local;
        let entries = wanted.iter().filter_map(|(_, d)| d.package.as_ref());
        let entries: Vec<_> = entries.collect();
        if let Some(siblings) = &self.siblings {
            watched.extend(siblings.provide(&mut request, &entries)?);
        }
        let asked: Vec<Wanted> = wanted
            .iter()
            .filter_map(|(key, dependency)| declared(key, dependency))
            .collect();
        for (wanted, found) in asked.iter().zip(self.fetch(manifest, &asked)?) {
            request.chosen.push(PackageName {
                namespace: wanted.source.package.namespace().to_owned(),
                name: wanted.source.package.name().to_owned(),
                version: Some(found.version.clone()),
            });
            request.fetched.push(found.entry()?);
        }
        let entries = wanted
            .iter()
            .filter_map(|(key, entry)| WantedArtifact::of_entry(key, entry).transpose());
        for found in self.artifacts(&entries.collect::<Result<Vec<_>>>()?)? {
            request.chosen.push(found.name()?);
            request.fetched.push(found.entry()?);
        }
        self.complete(manifest, &mut request)?;
        Ok((request, watched))
    }

    /// A world in a package of a registry.
    fn registry(&mut self, manifest: &Manifest, target: &RegistryTarget) -> Result<Loaded> {
        let asked = [Wanted {
            source: Source {
                package: target.package.clone(),
                registry: target.registry.clone(),
                address: None,
            },
            requirement: target.requirement.clone(),
            by: vec!["`target` in `Cargo.toml`".to_owned()],
            at: Some(manifest.file.excerpt(target.span.clone())),
        }];
        let found = self.fetch(manifest, &asked)?;
        world_of(manifest, &found, target.world.as_deref())
    }

    /// A world in an artifact.
    fn artifact(&mut self, manifest: &Manifest, target: &OciTarget) -> Result<Loaded> {
        let found = self.artifacts(&[WantedArtifact::of_target(manifest, target)?])?;
        world_of(manifest, &found, target.world.as_deref())
    }

    /// Fetches artifacts, and locks them.
    pub fn artifacts(&mut self, wanted: &[WantedArtifact]) -> Result<Vec<Fetched>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let locked = self.mode.is_locked().then(|| self.path.clone());
        let lock = self.lock.clone();
        let found = self
            .packages()?
            .artifacts(wanted, &lock, locked.as_deref())?;
        for (wanted, found) in wanted.iter().zip(&found) {
            let asked = Asked {
                wanted: wanted.to_wanted(found),
                found: found.clone(),
            };
            self.note(wanted.to_lock(found), asked);
        }
        Ok(found)
    }

    /// Fetches what the WIT names until nothing is missing.
    fn complete(&mut self, manifest: &Manifest, request: &mut Request<'_>) -> Result<()> {
        loop {
            let missing = unmet(request)?;
            let asked: Vec<Wanted> = missing.iter().filter_map(named).collect();
            // Names no registry can have are left for the loading to refuse,
            // and so is everything where no registry is configured.
            if asked.is_empty() || !self.is_routed(manifest, &asked)? {
                return Ok(());
            }
            for found in self.fetch(manifest, &asked)? {
                request.fetched.push(found.entry()?);
            }
        }
    }

    /// Whether a registry is configured for all of these.
    fn is_routed(&mut self, manifest: &Manifest, asked: &[Wanted]) -> Result<bool> {
        let named = registries(manifest);
        let packages = self.packages()?;
        Ok(asked
            .iter()
            .all(|wanted| packages.has_route(wanted, &named)))
    }

    /// The registries and the cache.
    pub fn packages(&mut self) -> Result<&mut Packages<'a>> {
        if self.packages.is_none() {
            let packages = Packages::new(self.ctx, &self.root, self.mode)?;
            self.complete_lock(&packages);
            self.packages = Some(packages);
        }
        self.packages
            .as_mut()
            .ok_or_else(|| Error::input("failed to set up the registries"))
    }

    /// Gives the entries of old lock files the addresses of their registries,
    /// where all members mean the same. Others are no answer to a member that
    /// names a registry.
    fn complete_lock(&mut self, packages: &Packages<'_>) {
        let entries = self.lock.entries();
        let named = match &self.siblings {
            Some(siblings) if entries.iter().any(|entry| entry.address.is_none()) => {
                siblings.registries()
            }
            _ => return,
        };
        self.lock.complete(|package, registry| {
            let mut all = named
                .iter()
                .map(|named| packages.address((package, registry), named));
            let first = all.next()?;
            first.filter(|first| all.all(|other| other.as_ref() == Some(first)))
        });
        // Which of several registries it was from is not known.
        self.lock.retain(|entry| {
            let of = (&entry.package, entry.registry.as_deref());
            let decided = named.iter().all(|n| packages.address(of, n).is_some());
            entry.address.is_some() || named.is_empty() || !decided
        });
        self.before = self.lock.clone();
    }

    /// Requirements with the addresses that a manifest gives their registries.
    pub fn addressed(&mut self, manifest: &Manifest, asked: &[Wanted]) -> Result<Vec<Wanted>> {
        let named = registries(manifest);
        let packages = self.packages()?;
        let mut asked = asked.to_vec();
        for Wanted { source, .. } in &mut asked {
            let of = (&source.package, source.registry.as_deref());
            source.address = packages.address(of, &named);
        }
        Ok(asked)
    }

    /// Answers requirements, fetches what is not there, and locks it.
    pub fn fetch(&mut self, manifest: &Manifest, asked: &[Wanted]) -> Result<Vec<Fetched>> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let asked = &self.addressed(manifest, asked)?;
        let named = registries(manifest);
        let locked = self.mode.is_locked().then(|| self.path.clone());
        let lock = self.lock.clone();
        let request = PackageRequest {
            asked,
            named: &named,
            lock: &lock,
            locked: locked.as_deref(),
        };
        let found = self.packages()?.fetch(&request)?;
        for (wanted, found) in asked.iter().zip(&found) {
            let locked = lockfile::Locked {
                package: wanted.source.package.clone(),
                registry: wanted.source.registry.clone(),
                requirement: wanted.requirement.clone(),
                version: found.version.clone(),
                digest: found.digest.clone(),
                source: self.source_of(wanted, &found.digest),
                address: wanted.source.address.clone(),
            };
            let asked = Asked {
                wanted: wanted.clone(),
                found: found.clone(),
            };
            self.note(locked, asked);
        }
        Ok(found)
    }

    /// What is to be written if anything was added to the lock file; an error
    /// if it must not change.
    pub fn finish(self) -> Result<Option<LockUpdate>> {
        let text = lockfile::print(&self.lock);
        if self.alone || self.lock.entries().is_empty() || self.old.as_deref() == Some(&text) {
            return Ok(None);
        }
        // What the lock file of wkg says is no reason to have one of ours: where
        // nothing was asked for, all is left to cargo and wkg.
        if self.old.is_none() && self.used.entries().is_empty() {
            return Ok(None);
        }
        let same = |old: &String| {
            let old = lockfile::parse(&self.path, old);
            old.is_ok_and(|old| self.lock.adds_nothing_to(&old))
        };
        if self.old.as_ref().is_some_and(same) {
            return Ok(None);
        }
        if self.mode.is_locked() {
            return Err(must_not_change(&self.path));
        }
        Ok(Some(LockUpdate::new(self.path, self.lock, self.old)))
    }
}

/// What brings packages that are missing beside a `wkg.toml`.
const FETCH: &str = "run `cargo component wit fetch`, which writes the dependencies into `wit/deps`, as configured in `wkg.toml` and for registries";

/// The world in a package that was fetched.
pub(crate) fn world_of(
    manifest: &Manifest,
    found: &[Fetched],
    world: Option<&str>,
) -> Result<Loaded> {
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
        raised: Vec::new(),
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
    Ok(Loaded {
        world,
        watched: Vec::new(),
    })
}

/// The registries a manifest names.
pub(crate) fn registries(manifest: &Manifest) -> Named {
    Named {
        registries: manifest.registries.clone(),
        manifest: manifest.file.path.clone(),
    }
}
