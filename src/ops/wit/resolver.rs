//! The state of one run over the packages of a project: what is read once and
//! what is resolved so far. `resolve` finds packages with it, `lock` writes the
//! lock file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use wit_parser::PackageName;

use super::project::{ProjectKind, WitMember, WitProject, deps_files};
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::lockfile;
use crate::model::lockfile::{LockForm, Locked, Lockfile};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::WkgManifest;
use crate::model::resolver::PackageSource;
use crate::model::wit::{Entry, Package, Sources};
use crate::ops::wit_deps::refuse_drift;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::packages::Packages;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::manifests::named_registries;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;
use crate::system::source;

/// A package with everything it needs.
pub(super) struct Resolved {
    /// The loaded package, which has all others as its parts.
    pub package: Package,
    /// The packages that came from registries.
    pub fetched: Vec<Fetched>,
    /// The paths of WIT that overrides or the project itself put in the place
    /// of packages of registries.
    pub overrides: Vec<PathBuf>,
}

/// Whether a path in `deps` is left out when a package is loaded.
pub(super) type IgnorePath<'f> = &'f dyn Fn(&Path) -> bool;

/// New texts of files that replace those on disk, by path.
pub(super) type FileTexts = BTreeMap<PathBuf, String>;

/// Resolves the packages of one project under its lock file.
pub(super) struct WitResolver<'a> {
    pub(super) ctx: &'a Context,
    pub(super) project: &'a WitProject,
    pub(super) lock_state: LockState,
    pub(super) strategy: ResolveStrategy<'a>,
    texts: FileTexts,
}

/// How packages are found that are not on disk.
pub(super) enum ResolveStrategy<'a> {
    /// As builds of crates do: by the manifest and its lock file.
    Crate(Box<WorldResolver<'a>>),
    /// By the names in the WIT, with the registries of the project.
    WitNames(Box<Packages<'a>>, ManifestRegistries),
}

/// The lock file of a project, with what was resolved so far.
pub(super) struct LockState {
    /// The entries that the file has.
    pub on_disk: Lockfile,
    /// The entries that may be reused: those on disk without the ones that are
    /// chosen anew.
    pub reusable: Lockfile,
    /// The text of the file; `None` where there is none.
    pub text: Option<String>,
    /// The entries that were requested in this run.
    pub resolved: Lockfile,
    /// The packages that the project needs and that `deps` has.
    pub found_in_deps: Vec<PackageName>,
    /// Whether entries were forgotten, to be chosen anew.
    pub is_chosen_anew: bool,
}

impl<'a> WitResolver<'a> {
    /// Reads the lock file.
    pub fn new(ctx: &'a Context, project: &'a WitProject) -> Result<Self> {
        let text = fs::read_text_if_exists(&project.lock_file)?;
        let on_disk = match &text {
            Some(text) => lockfile::parse(&project.lock_file, text)?,
            None => Lockfile::default(),
        };
        let strategy = match &project.kind {
            ProjectKind::Crate(crates) => {
                ResolveStrategy::Crate(Box::new(WorldResolver::new(ctx, crates)?))
            }
            _ => {
                let packages = Packages::new(ctx, &project.root, project.mode)?;
                let named = ManifestRegistries {
                    manifest: project.root.join("wkg.toml"),
                    ..ManifestRegistries::default()
                };
                ResolveStrategy::WitNames(Box::new(packages), named)
            }
        };
        Ok(WitResolver {
            ctx,
            project,
            lock_state: LockState {
                on_disk: on_disk.clone(),
                reusable: on_disk,
                text,
                resolved: Lockfile::default(),
                found_in_deps: Vec::new(),
                is_chosen_anew: false,
            },
            strategy,
            texts: FileTexts::new(),
        })
    }

    /// As [`WitResolver::new`], but an error where `deps` is not as `deps.toml` and
    /// its lock file say: packages that it pins must not come from elsewhere.
    pub fn refusing_drift(ctx: &'a Context, project: &'a WitProject) -> Result<Self> {
        if let ProjectKind::Deps(_) = &project.kind {
            for deps in deps_files(project) {
                refuse_drift(ctx, &deps)?;
            }
        }
        WitResolver::new(ctx, project)
    }

    /// Uses new texts of files in the place of those on disk.
    pub fn with_texts(mut self, texts: FileTexts) -> Self {
        self.texts = texts;
        self
    }

    /// The lock file as it is on disk.
    pub fn locked_on_disk(&self) -> &Lockfile {
        &self.lock_state.on_disk
    }

    /// Whether the bytes of everything that is locked are in the cache.
    pub fn is_cached(&self) -> bool {
        let cache = self.ctx.cache();
        let mut entries = self.lock_state.on_disk.entries().iter();
        entries.all(|entry| cache.get(&entry.digest).is_some())
    }

    /// Whether the project has a lock file on disk.
    pub fn has_lock(&self) -> bool {
        self.lock_state.text.is_some()
    }

    /// Whether only some of the project's packages are selected.
    pub fn is_partial(&self) -> bool {
        self.project.members.len() < self.project.all.len()
    }

    /// Whether this is the WIT of a member of a workspace of `wkg`, which is
    /// found without a copy.
    pub fn is_member(&self, path: &Path) -> bool {
        self.project.is_workspace() && self.project.all.iter().any(|member| member.wit == path)
    }

    /// Makes this the only version of the package that is chosen on its track, from
    /// whichever registry it is locked.
    pub fn pin(&mut self, package: &PackageRef, version: &Version) -> Result<()> {
        let lock = self.reusable_entries();
        let of_package = lock.entries().iter().filter(|e| e.package == *package);
        let registries: BTreeSet<_> = of_package.map(|e| e.registry.as_deref()).collect();
        let unnamed = ManifestRegistries::default();
        let (packages, named) = match &mut self.strategy {
            ResolveStrategy::Crate(worlds) => (worlds.packages()?, &unnamed),
            ResolveStrategy::WitNames(packages, named) => (&mut **packages, &*named),
        };
        registries
            .into_iter()
            .try_for_each(|registry| packages.pin(package, registry, version, named))
    }

    /// The registries with the cache, and the names that the package's manifest
    /// has for registries.
    pub fn registries(
        &mut self,
        member: &WitMember,
    ) -> Result<(&mut Packages<'a>, ManifestRegistries)> {
        let manifest = member.manifest.as_ref();
        match &mut self.strategy {
            ResolveStrategy::Crate(worlds) => {
                let named = manifest.map(|manifest| named_registries(manifest));
                Ok((worlds.packages()?, named.unwrap_or_default()))
            }
            ResolveStrategy::WitNames(packages, named) => Ok((packages, named.clone())),
        }
    }

    /// The entries that were requested in this run, with the names of registries as requests
    /// have them.
    pub fn used_entries(&self) -> Lockfile {
        match &self.strategy {
            ResolveStrategy::Crate(worlds) => worlds.session().used().clone(),
            // `wkg.lock` has the names of registries that requests were routed to.
            ResolveStrategy::WitNames(..) if self.project.lock_form() == LockForm::Wkg => {
                self.lock_state.resolved.clone().without_registries()
            }
            ResolveStrategy::WitNames(..) => self.lock_state.resolved.clone(),
        }
    }

    /// The place a fetched package comes from, as messages name it.
    pub fn describe_origin(&mut self, member: &WitMember, found: &Fetched) -> Result<String> {
        let used = self.used_entries();
        let is = |entry: &&Locked| entry.package == found.package && entry.digest == found.digest;
        let source = PackageSource {
            package: found.package.clone(),
            registry: used
                .entries()
                .iter()
                .find(is)
                .and_then(|e| e.registry.clone()),
            address: None,
        };
        let (packages, named) = self.registries(member)?;
        packages.display_location(&source, &named)
    }

    /// Reads a directory or file of WIT, with the new texts of its files.
    pub fn read(&self, path: &Path) -> Result<Sources> {
        let mut sources = source::read(path)?;
        self.overlay_texts(&mut sources);
        Ok(sources)
    }

    /// Reads a `wkg.toml`; `None` where there is none.
    pub(super) fn read_wkg_manifest(&self, path: &Path) -> Result<Option<WkgManifest>> {
        let text = match self.texts.get(path) {
            Some(text) => Some(text.clone()),
            None => fs::read_text_if_exists(path)?,
        };
        let manifest = text.map(|text| wkg::read(ManifestFile::new(path, &text)));
        manifest.transpose()
    }

    /// Puts the new texts of files in the place of those that were read.
    pub(super) fn overlay_texts(&self, sources: &mut Sources) {
        if let Entry::Text { files, .. } = &mut sources.main {
            for file in files {
                if let Some(text) = self.texts.get(&file.path) {
                    file.text = text.clone();
                }
            }
        }
    }

    /// Lets the versions of some entries be chosen anew.
    pub fn forget(&mut self, which: impl Fn(&Locked) -> bool) {
        if let ResolveStrategy::Crate(worlds) = &mut self.strategy {
            worlds.session_mut().forget(&which);
        }
        let state = &mut self.lock_state;
        state.is_chosen_anew |= state.reusable.entries().iter().any(&which);
        state.reusable.retain(|entry| !which(entry));
    }

    /// The path of the lock file, where requests without a locked answer are refused.
    /// They are not where entries were forgotten to be chosen anew.
    pub(super) fn locked_path(&self) -> Option<&'a Path> {
        let refused = self.project.mode.is_locked() && !self.lock_state.is_chosen_anew;
        refused.then_some(self.project.lock_file.as_path())
    }

    /// The locked entries that may be reused, as requests find them.
    pub fn reusable_entries(&self) -> Lockfile {
        // `wkg.lock` has the names of registries that requests were routed to.
        match self.project.lock_form() {
            LockForm::Wkg => self.lock_state.reusable.clone().without_registries(),
            _ => self.lock_state.reusable.clone(),
        }
    }
}
