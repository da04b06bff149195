//! A workspace with its manifests, each read once in a run.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::recover::recover_member;
use super::select::{select, start_manifest, workspace};
use crate::base::error::{Error, Result};
use crate::model::manifest;
use crate::model::manifest::{DependencySource, Manifest, ManifestFile, WorkspaceManifest};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::arguments::dependency::DependencyPackage;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::cargo::workspace::{Member, Workspace};
use crate::system::cargo::workspace_cache::Cached;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;

/// The treatment of hints without a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpinned {
    /// Hints without a digest are refused.
    #[default]
    Refuse,
    /// Such hints are followed to whatever they point to now.
    Follow,
}

impl Unpinned {
    /// The treatment that `--trust-unpinned` of a command line selects.
    pub fn of(args: &CargoArgs) -> Self {
        match args.own.trust_unpinned {
            true => Unpinned::Follow,
            false => Unpinned::Refuse,
        }
    }
}

/// A workspace and the packages of it that a command is about.
#[derive(Debug)]
pub struct Project {
    workspace: Rc<Cached<Workspace>>,
    /// The selected packages, as indices of the workspace's members.
    pub selected: Vec<usize>,
    /// How lock files and the network may be used.
    pub mode: LockMode,
    /// The treatment of hints without a digest.
    pub unpinned: Unpinned,
    /// The command line, by which cargo is asked for other workspaces as well.
    args: CargoArgs,
    /// The root manifest, which may be that of a member too; none if there is none.
    root_file: OnceCell<Option<ManifestFile>>,
    /// The settings of the root manifest for its members.
    shared: OnceCell<WorkspaceManifest>,
    /// The manifests that were read so far, by their paths.
    manifests: RefCell<BTreeMap<PathBuf, Rc<Manifest>>>,
    /// The other workspaces that cargo was asked for so far.
    outside: RefCell<Vec<Rc<Project>>>,
}

impl Project {
    /// Reads the workspace from cargo, and selects the packages of the command line.
    /// Bindings are neither read nor written.
    pub fn load(ctx: &Context, args: &CargoArgs) -> Result<Rc<Self>> {
        let config = Config::load(&ctx.cwd, &ctx.env, &args.config)?;
        start_manifest(&ctx.cwd, args)?;
        let workspace = Rc::new(workspace(ctx, args, &config)?);
        let selected = select(&workspace.fact, args)?;
        let mode = config.lock_mode(args.lock_mode)?;
        Ok(Project::of(workspace, selected, mode, args))
    }

    /// A project of a workspace that was read before, with this command line.
    pub fn of(
        workspace: Rc<Cached<Workspace>>,
        selected: Vec<usize>,
        mode: LockMode,
        args: &CargoArgs,
    ) -> Rc<Self> {
        Rc::new(Project {
            workspace,
            selected,
            mode,
            unpinned: Unpinned::of(args),
            args: args.clone(),
            root_file: OnceCell::new(),
            shared: OnceCell::new(),
            manifests: RefCell::default(),
            outside: RefCell::default(),
        })
    }

    /// The same project, with another treatment of hints without a digest.
    pub fn with_unpinned(&self, unpinned: Unpinned) -> Rc<Self> {
        let mut args = self.args.clone();
        args.own.trust_unpinned = unpinned == Unpinned::Follow;
        let workspace = self.workspace.clone();
        Project::of(workspace, self.selected.clone(), self.mode, &args)
    }

    /// The workspace with all its members.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace.fact
    }

    /// The manifest of the workspace's root.
    pub fn root_manifest(&self) -> PathBuf {
        self.workspace().root.join("Cargo.toml")
    }

    /// A member's manifest, with what its workspace shares.
    ///
    /// # Errors
    ///
    /// If a manifest cannot be read, or its table is not valid.
    pub fn manifest(&self, ctx: &Context, member: &Member) -> Result<Rc<Manifest>> {
        let path = &member.manifest_path;
        if let Some(known) = self.manifests.borrow().get(path) {
            return Ok(known.clone());
        }
        recover_member(ctx, member);
        let context = |path: &Path| {
            format!(
                "failed to deserialize component metadata from `{}`",
                ctx.display(path)
            )
        };
        if self.shared.get().is_none() {
            let shared = match self.root_file()? {
                Some(root) => manifest::read_workspace(root),
                None => Ok(WorkspaceManifest::default()),
            };
            let shared = shared.map_err(|e| e.context(context(&self.root_manifest())))?;
            self.shared.get_or_init(|| shared);
        }
        let shared = self.shared.get_or_init(WorkspaceManifest::default);
        let file = match self.root_file()? {
            Some(root) if root.path == *path => root.clone(),
            _ => ManifestFile::new(path, &fs::read_text(path)?),
        };
        let manifest = manifest::read(file, shared);
        let manifest = Rc::new(manifest.map_err(|e| e.context(context(path)))?);
        let mut known = self.manifests.borrow_mut();
        known.insert(path.clone(), manifest.clone());
        Ok(manifest)
    }

    /// The root manifest. It was read with the workspace, and is read again only
    /// where it has changed since.
    fn root_file(&self) -> Result<Option<&ManifestFile>> {
        if self.root_file.get().is_none() {
            let path = self.root_manifest();
            let mut stamps = self.workspace.stamps.iter();
            let is_current = stamps.any(|stamp| stamp.is_of(&path) && stamp.is_current());
            let text = match &self.workspace().root_text {
                Some(text) if is_current => Some(text.clone()),
                _ => fs::read_text_if_exists(&path)?,
            };
            let file = text.map(|text| ManifestFile::new(&path, &text));
            self.root_file.get_or_init(|| file);
        }
        Ok(self.root_file.get().and_then(Option::as_ref))
    }

    /// The manifests of all members that make or use components, in the order of
    /// the members.
    ///
    /// # Errors
    ///
    /// As [`Project::manifest`].
    pub fn component_manifests(&self, ctx: &Context) -> Result<Vec<Rc<Manifest>>> {
        let mut found = Vec::new();
        for member in &self.workspace().members {
            let manifest = self.manifest(ctx, member)?;
            if is_component(&manifest, member) {
                found.push(manifest);
            }
        }
        Ok(found)
    }

    /// The manifests of all members that embed components, in the order of the
    /// members.
    ///
    /// # Errors
    ///
    /// As [`Project::manifest`].
    pub fn embedding_manifests(&self, ctx: &Context) -> Result<Vec<Rc<Manifest>>> {
        let members = self.workspace().members.iter();
        let manifests = members.map(|member| self.manifest(ctx, member));
        let manifests: Result<Vec<Rc<Manifest>>> = manifests.collect();
        Ok(manifests?
            .into_iter()
            .filter(|manifest| !manifest.artifacts.is_empty())
            .collect())
    }

    /// The workspace of a crate outside of this one, which cargo is asked for once
    /// in a run, with the toolchain and configuration of this one; it is used as this
    /// one is.
    ///
    /// # Errors
    ///
    /// If the directory does not exist, or cargo refuses it.
    pub fn outside(&self, ctx: &Context, dir: &Path) -> Result<Rc<Project>> {
        for known in self.outside.borrow().iter() {
            if known.member_at(dir)?.is_some() {
                return Ok(known.clone());
            }
        }
        let package = DependencyPackage::Other(dir.join("Cargo.toml"));
        let args = self.args.for_dependency(&package, self.mode);
        let project = Project::load(ctx, &args)?;
        self.outside.borrow_mut().push(project.clone());
        Ok(project)
    }

    /// The member of the workspace in a directory.
    ///
    /// # Errors
    ///
    /// If the directory does not exist.
    pub fn member_at(&self, dir: &Path) -> Result<Option<usize>> {
        let dir = fs::canonical(dir)?;
        let here = |member: &Member| fs::canonical(member.dir()).is_ok_and(|path| path == dir);
        Ok(self.workspace().members.iter().position(here))
    }
}

/// Whether the WIT of a package is that of a component. A package that uses
/// neither the component section nor `wit-bindgen` has its WIT for something
/// else, such as embedding components.
pub(crate) fn is_component(manifest: &Manifest, member: &Member) -> bool {
    let uses = |name: &&str| member.dependency(name).is_some();
    manifest.declared || ["wit-bindgen", "wit-bindgen-rt"].iter().any(uses)
}

/// The registries that a manifest names.
pub(crate) fn named_registries(manifest: &Manifest) -> ManifestRegistries {
    ManifestRegistries {
        registries: manifest.registries.clone(),
        manifest: manifest.file.path.clone(),
    }
}

/// The directories of crates whose components a manifest depends on.
///
/// # Errors
///
/// If one of the directories holds no crate.
pub(crate) fn component_directories(manifest: &Manifest) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        let DependencySource::Path { path, .. } = &dependency.source else {
            continue;
        };
        if !fs::is_dir(path) {
            continue;
        }
        if !fs::exists(&path.join("Cargo.toml")) {
            return Err(Error::input(format!(
                "the directory of the dependency `{key}` has no `Cargo.toml`"
            ))
            .at(dependency.file.excerpt(dependency.span.clone()))
            .with_cause(format!("it is `{}`", path.display()))
            .hint("give the directory of a crate that builds a component, or a component file; WIT belongs in `[package.metadata.component.target.dependencies]`"));
        }
        found.push(path.clone());
    }
    Ok(found)
}

/// The directories of crates whose components tests need beside these; none if the
/// manifest has no dev-dependencies.
///
/// # Errors
///
/// As [`component_directories`].
pub(crate) fn dev_directories(manifest: &Manifest) -> Result<Option<Vec<PathBuf>>> {
    match manifest.dev_dependencies.is_empty() {
        true => Ok(None),
        false => component_directories(&manifest.for_tests()).map(Some),
    }
}

/// A manifest as builds see it, and behind it as tests do if they have dependencies of
/// their own.
pub(crate) fn with_tests(manifest: &Rc<Manifest>) -> Vec<Rc<Manifest>> {
    let mut uses = vec![manifest.clone()];
    if !manifest.dev_dependencies.is_empty() {
        uses.push(Rc::new(manifest.for_tests()));
    }
    uses
}
