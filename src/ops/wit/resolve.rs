//! A WIT package with everything it needs: from overrides, the other packages
//! of the project, `deps`, the lock file with the cache, and registries, in
//! this order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use wit_parser::PackageName;

use super::fetch::deps_files;
use super::lock::Locks;
use super::overrides::Overrides;
use super::project::{Kind, Member, Project};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::lockfile;
use crate::model::lockfile::{Form, Locked, Lockfile};
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::WkgManifest;
use crate::model::manifest::{DependencySource, ManifestFile};
use crate::model::resolver::{Source, Wanted};
use crate::model::wit::{
    Entry, Package, Raised, Request, Sources, declared_packages, is_absent_package, load_package,
    unmet,
};
use crate::ops::wit_deps::refuse_drift;
use crate::pipeline::fetch::artifacts::WantedArtifact;
use crate::pipeline::fetch::packages::{Fetched, Packages, Request as Asked};
use crate::pipeline::fetch::requirement::{declared, named};
use crate::pipeline::fetch::worlds::{Worlds, registries};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::Named;
use crate::system::source;
use crate::system::source::{Gathered, gather_but};

/// A package with everything it needs.
pub(super) struct Resolved {
    /// It.
    pub package: Package,
    /// What was taken from registries.
    pub fetched: Vec<Fetched>,
    /// The WIT of this project that took the place of a registry's.
    pub overrides: Vec<PathBuf>,
}

/// Says of a path in `deps` that it is not to be read.
pub(super) type LeaveOut<'f> = &'f dyn Fn(&Path) -> bool;

/// The packages of one project, with its lock file.
pub(super) struct Session<'a> {
    pub(super) ctx: &'a Context,
    pub(super) project: &'a Project,
    pub(super) locked: Locks,
    pub(super) how: How<'a>,
    texts: Texts,
}

/// What files are to say, by path.
pub(super) type Texts = BTreeMap<PathBuf, String>;

/// How what is missing is found.
pub(super) enum How<'a> {
    /// As for the builds of crates.
    Crate(Box<Worlds<'a>>),
    /// By what the WIT names.
    Names(Box<Packages<'a>>, Named),
}

impl<'a> Session<'a> {
    /// Reads the lock file.
    pub fn new(ctx: &'a Context, project: &'a Project) -> Result<Self> {
        let text = fs::read_text_if_exists(&project.lock_file)?;
        let old = match &text {
            Some(text) => lockfile::parse(&project.lock_file, text)?,
            None => Lockfile::default(),
        };
        let how = match &project.kind {
            Kind::Crate(workspace) => {
                How::Crate(Box::new(Worlds::new(ctx, workspace, project.mode)?))
            }
            _ => {
                let packages = Packages::new(ctx, &project.root, project.mode)?;
                let named = Named {
                    manifest: project.root.join("wkg.toml"),
                    ..Named::default()
                };
                How::Names(Box::new(packages), named)
            }
        };
        Ok(Session {
            ctx,
            project,
            locked: Locks {
                before: old.clone(),
                old,
                text,
                used: Lockfile::default(),
                needed: Vec::new(),
            },
            how,
            texts: Texts::new(),
        })
    }

    /// As [`Session::new`], for what is made of the packages: what a `deps.toml`
    /// pins is not to come from elsewhere then.
    pub fn settled(ctx: &'a Context, project: &'a Project) -> Result<Self> {
        if let Kind::Deps(_) = &project.kind {
            for deps in deps_files(project) {
                refuse_drift(ctx, &deps)?;
            }
        }
        Session::new(ctx, project)
    }

    /// From now on the project's own WIT says this.
    pub fn with_texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// What the lock file says.
    pub fn before(&self) -> &Lockfile {
        &self.locked.before
    }

    /// Whether the bytes of everything that is locked are in the cache.
    pub fn is_cached(&self) -> bool {
        let cache = self.ctx.cache();
        let mut entries = self.locked.before.entries().iter();
        entries.all(|entry| cache.get(&entry.digest).is_some())
    }

    /// Whether there is a lock file.
    pub fn has_lock(&self) -> bool {
        self.locked.text.is_some()
    }

    /// Whether only some of the project's packages are looked at.
    pub fn is_partial(&self) -> bool {
        self.project.members.len() < self.project.all.len()
    }

    /// Whether this is the WIT of a member of a workspace of `wkg`, which is
    /// found without a copy.
    pub fn is_member(&self, path: &Path) -> bool {
        self.project.is_workspace() && self.project.all.iter().any(|member| member.wit == path)
    }

    /// From now on the package has this version only.
    pub fn pin(&mut self, package: &PackageRef, version: &Version) -> Result<()> {
        match &mut self.how {
            How::Crate(worlds) => {
                worlds
                    .packages()?
                    .pin((package, None), version, &Named::default())
            }
            How::Names(packages, named) => packages.pin((package, None), version, named),
        }
    }

    /// The registries and the cache, with the names a package has for them.
    pub fn registries(&mut self, member: &Member) -> Result<(&mut Packages<'a>, Named)> {
        let manifest = member.manifest.as_ref();
        match &mut self.how {
            How::Crate(worlds) => {
                let named = manifest.map(|manifest| registries(manifest));
                Ok((worlds.packages()?, named.unwrap_or_default()))
            }
            How::Names(packages, named) => Ok((packages, named.clone())),
        }
    }

    /// Where a package that was fetched comes from, as it is shown.
    pub fn place(&mut self, member: &Member, found: &Fetched) -> Result<String> {
        let used = match &self.how {
            How::Crate(worlds) => worlds.used(),
            // The names of registries in there are those they were resolved to.
            How::Names(..) if self.project.form() == Form::Wkg => Lockfile::default(),
            How::Names(..) => self.locked.used.clone(),
        };
        let is = |entry: &&Locked| entry.package == found.package && entry.digest == found.digest;
        let source = Source {
            package: found.package.clone(),
            registry: used
                .entries()
                .iter()
                .find(is)
                .and_then(|e| e.registry.clone()),
            address: None,
        };
        let (packages, named) = self.registries(member)?;
        packages.place(&source, &named)
    }

    /// Reads a directory or file of WIT, as it is to be.
    pub fn read(&self, path: &Path) -> Result<Sources> {
        let mut sources = source::read(path)?;
        self.overlay(&mut sources);
        Ok(sources)
    }

    /// A `wkg.toml`, if it is there.
    fn manifest(&self, path: &Path) -> Result<Option<WkgManifest>> {
        let text = match self.texts.get(path) {
            Some(text) => Some(text.clone()),
            None => fs::read_text_if_exists(path)?,
        };
        let manifest = text.map(|text| wkg::read(ManifestFile::new(path, &text)));
        manifest.transpose()
    }

    /// Puts what files are to say in the place of what they say.
    fn overlay(&self, sources: &mut Sources) {
        if let Entry::Text { files, .. } = &mut sources.main {
            for file in files {
                if let Some(text) = self.texts.get(&file.path) {
                    file.text = text.clone();
                }
            }
        }
    }

    /// Forgets the answers for some packages.
    pub fn forget(&mut self, which: impl Fn(&PackageRef) -> bool) {
        if let How::Crate(worlds) = &mut self.how {
            worlds.forget(|entry| which(&entry.package));
        }
        self.locked.old.retain(|entry| !which(&entry.package));
    }

    /// Finds everything a package needs. Nothing but the cache is written.
    pub fn resolve(&mut self, member: &Member, leave_out: LeaveOut<'_>) -> Result<Resolved> {
        let local = match &member.manifest {
            None => return self.by_names(member, leave_out),
            Some(manifest) => gather_but(manifest, leave_out)?,
        };
        let Gathered::Local(mut local) = local else {
            return Err(Error::input(format!(
                "`{}` has no WIT of its own",
                self.ctx.display(&member.wit)
            )));
        };
        self.overlay(&mut local.request.sources);
        match (&mut self.how, &member.manifest) {
            (How::Crate(worlds), Some(manifest)) => {
                let (mut request, _) = worlds.request(manifest, *local)?;
                request.declared = false;
                request.all_features = true;
                Ok(Resolved {
                    overrides: request.overrides.iter().map(path_of).collect(),
                    package: load_package(&request)?,
                    fetched: worlds.take_asked().into_iter().map(|a| a.found).collect(),
                })
            }
            _ => self.by_names(member, leave_out),
        }
    }

    fn by_names(&mut self, member: &Member, leave_out: LeaveOut<'_>) -> Result<Resolved> {
        let mut sources = self.read(&member.wit)?;
        if member.deps != member.wit.join("deps") {
            sources.deps.extend(source::beside(&member.deps)?);
        }
        sources.deps.retain(|entry| !leave_out(entry.path()));
        let own = declared_packages(std::slice::from_ref(&sources.main));
        let mut request = Request::of(sources);
        let (mut fetched, mut manifests) = (Vec::new(), Vec::new());
        let requirements = match &self.project.kind {
            Kind::Wkg(manifest) => {
                let mut overrides = Overrides::new(&own);
                for path in own_manifests(member) {
                    if path != manifest.file.path
                        && let Some(found) = self.manifest(&path)?
                    {
                        overrides.take(&found)?;
                        manifests.push(found);
                    }
                }
                manifests.push(manifest.clone());
                overrides.take(manifest)?;
                request.overrides = overrides.sources;
                overrides.requirements
            }
            _ => BTreeMap::new(),
        };
        self.siblings(&mut request, member)?;
        if let Kind::Wit(manifest) = &self.project.kind {
            let mut wanted = Vec::new();
            for (key, dependency) in &manifest.dependencies {
                if let DependencySource::Path { path, .. } = &dependency.source {
                    let at = dependency.file.excerpt(dependency.span.clone());
                    request.overrides.push(source::read(path).map_err(|e| {
                        e.context(format!("failed to read the dependency `{key}`"))
                            .at(at)
                    })?);
                }
                if let Some(artifact) = WantedArtifact::of_entry(key, dependency)? {
                    let found = self.artifact(artifact)?;
                    request.chosen.push(found.name()?);
                    request.fetched.push(found.entry()?);
                    fetched.push(found);
                }
                wanted.extend(declared(key, dependency));
            }
            for found in self.fetch(&wanted)? {
                request.chosen.push(found.name()?);
                request.fetched.push(found.entry()?);
                fetched.push(found);
            }
        }
        self.complete(&mut request, &requirements, &mut fetched)?;
        for manifest in &manifests {
            self.unnamed(manifest, &own, (&mut request, &mut fetched))?;
        }
        let package = load_package(&request).map_err(|e| match is_absent_package(&e) {
            true => e.rather(self.project.missing(self.ctx, member)),
            false => e,
        })?;
        self.need(&package, member);
        Ok(Resolved {
            overrides: request.overrides.iter().map(path_of).collect(),
            package,
            fetched,
        })
    }

    /// Fetches what the WIT names until nothing is missing.
    fn complete(
        &mut self,
        request: &mut Request<'_>,
        requirements: &BTreeMap<PackageRef, VersionReq>,
        fetched: &mut Vec<Fetched>,
    ) -> Result<()> {
        let mut before: Vec<PackageName> = Vec::new();
        loop {
            let mut missing = unmet(request)?;
            // What an override did not bring in the end is refused below.
            missing.retain(|unmet| !before.contains(&unmet.name));
            before.extend(missing.iter().map(|unmet| unmet.name.clone()));
            let mut asked: Vec<Wanted> = missing.iter().filter_map(named).collect();
            for wanted in &mut asked {
                if let Some(requirement) = requirements.get(&wanted.source.package) {
                    wanted.requirement = requirement.clone();
                }
            }
            asked.dedup_by(|a, b| a.source == b.source && a.requirement == b.requirement);
            // The rest is refused below, too.
            asked = self.routed(asked);
            if asked.is_empty() {
                return Ok(());
            }
            for found in self.fetch(&asked)? {
                if let Some(from) = requirements.get(&found.package) {
                    let to = found.name()?;
                    request.chosen.push(to.clone());
                    request.raised.push(Raised {
                        to,
                        from: from.clone(),
                    });
                }
                request.fetched.push(found.entry()?);
                fetched.push(found);
            }
        }
    }

    /// Fetches what a `wkg.toml` asks for and nothing names, as wkg does: so
    /// that it is there for WIT that is to be written.
    fn unnamed(
        &mut self,
        manifest: &WkgManifest,
        own: &[PackageName],
        (request, fetched): (&mut Request<'_>, &mut Vec<Fetched>),
    ) -> Result<()> {
        let mut known = own.to_vec();
        let overrides = request.overrides.iter().map(|sources| &sources.main);
        for entry in request.sources.deps.iter().chain(overrides) {
            known.extend(declared_packages(std::slice::from_ref(entry)));
        }
        for (package, entry) in &manifest.overrides {
            let is = |name: &PackageName| {
                name.namespace == package.namespace() && name.name == package.name()
            };
            if entry.path.is_none() && known.iter().any(is) {
                self.locked.needed.push(PackageName {
                    namespace: package.namespace().to_owned(),
                    name: package.name().to_owned(),
                    version: None,
                });
            }
            let at_hand = known.iter().any(is) || fetched.iter().any(|f| f.package == *package);
            let (None, Some(requirement), false) = (&entry.path, &entry.requirement, at_hand)
            else {
                continue;
            };
            let asked = [Wanted {
                source: Source {
                    package: package.clone(),
                    registry: None,
                    address: None,
                },
                requirement: requirement.clone(),
                by: vec!["an override in `wkg.toml`".to_owned()],
                at: Some(manifest.file.excerpt(entry.span.clone())),
            }];
            for found in self.fetch(&self.routed(asked.into()))? {
                request.fetched.push(found.entry()?);
                fetched.push(found);
            }
        }
        Ok(())
    }

    /// Those that a registry is configured for, or that are locked.
    fn routed(&self, mut asked: Vec<Wanted>) -> Vec<Wanted> {
        let How::Names(packages, named) = &self.how else {
            return Vec::new();
        };
        let lock = self.answers();
        asked.retain(|wanted| {
            let locked = wanted.source.locked(&lock, &wanted.requirement);
            packages.has_route(wanted, named)
                || locked.is_some_and(|l| self.ctx.cache().get(&l.digest).is_some())
        });
        asked
    }

    /// What is locked, by what is asked for.
    pub fn answers(&self) -> Lockfile {
        // The names of registries in there are those they were resolved to.
        match self.project.form() {
            Form::Wkg => self.locked.old.clone().without_registries(),
            _ => self.locked.old.clone(),
        }
    }

    fn fetch(&mut self, asked: &[Wanted]) -> Result<Vec<Fetched>> {
        let lock = self.answers();
        let How::Names(packages, named) = &mut self.how else {
            return Ok(Vec::new());
        };
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let locked = self.project.mode.is_locked();
        let found = packages.fetch(&Asked {
            asked,
            named,
            lock: &lock,
            locked: locked.then_some(self.project.lock_file.as_path()),
        })?;
        for (wanted, found) in asked.iter().zip(&found) {
            let Source {
                package, registry, ..
            } = &wanted.source;
            let registry = match self.project.form() {
                Form::Wkg => packages.route(&wanted.source, named).ok().map(|r| r.name),
                _ => registry.clone(),
            };
            let before =
                self.locked.old.entries().iter().find(|entry| {
                    entry.package == *package && entry.requirement == wanted.requirement
                });
            self.locked.used.insert(Locked {
                package: package.clone(),
                registry: registry.or_else(|| before.and_then(|entry| entry.registry.clone())),
                requirement: wanted.requirement.clone(),
                version: found.version.clone(),
                digest: found.digest.clone(),
                source: None,
                address: None,
            });
        }
        Ok(found)
    }

    fn artifact(&mut self, wanted: WantedArtifact) -> Result<Fetched> {
        let How::Names(packages, _) = &mut self.how else {
            return Err(Error::input(
                "OCI artifacts can only be fetched for a crate",
            ));
        };
        let locked = self.project.mode.is_locked();
        let path = locked.then_some(self.project.lock_file.as_path());
        let wanted = [wanted];
        let found = packages.artifacts(&wanted, &self.locked.old, path)?;
        let [wanted] = wanted;
        let found = found.into_iter().next();
        let found = found.ok_or_else(|| Error::input("nothing was fetched"))?;
        self.locked.used.insert(wanted.to_lock(&found));
        Ok(found)
    }
}

/// Where the `wkg.toml` of a package itself can be.
fn own_manifests(member: &Member) -> [PathBuf; 2] {
    [fs::parent(&member.wit), &member.wit].map(|dir| dir.join("wkg.toml"))
}

fn path_of(sources: &Sources) -> PathBuf {
    sources.main.path().to_owned()
}
