//! The first steps of every command that runs cargo: find the workspace, select packages and
//! targets, update bindings. In an unchanged workspace, all of this comes from the cached
//! view of an earlier run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::bindings::{Sources, analyze_member};
use super::pending_writes::{PendingWrites, StaleBindings};
use super::recipe::Recipe;
use crate::base::error::Result;
use crate::base::package::ContentDigest;
use crate::model::manifest::Manifest;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::built::BuiltComponents;
use crate::pipeline::link::overridden::OverriddenParts;
use crate::pipeline::link::override_options::Overrides;
use crate::pipeline::project::manifests::{Project, component_directories, dev_directories};
use crate::pipeline::project::output::tag_new_directory;
use crate::pipeline::project::select::{select, start_manifest, workspace};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::Config;
use crate::system::cargo::target::{Target, choose};
use crate::system::cargo::toolchain::Toolchain;
use crate::system::cargo::verb::Class;
use crate::system::cargo::workspace::Workspace;
use crate::system::cargo::workspace_cache::{Cached, FileStamp, FileStates, WorkspaceCache};
use crate::system::context::Context;
use crate::system::fs;

/// A workspace before a build: cargo's configuration, the targets, and the cached view of
/// an earlier run.
pub(crate) struct BuildSetup {
    /// The configuration that cargo reads.
    pub config: Config,
    /// The wasm targets; empty for a verb that runs for the host.
    pub targets: Vec<Target>,
    /// Whether `--target` must be given to cargo because nothing else names
    /// these targets.
    pub implicit_target: bool,
    /// Whether cargo's configuration sets a target, which a run for the host has to
    /// override.
    pub configured_target: bool,
    /// The workspace, with the packages that the command line selects.
    pub project: Rc<Project>,
    /// The directory that cargo builds into.
    pub target_dir: PathBuf,
    /// The directory for which the configuration was read.
    dir: PathBuf,
    /// When it was opened, as [`fs::clock`] has it: no manifest was read before.
    opened: u128,
    /// The workspace, and the recipes of the analyzed members.
    view: WorkspaceCache<Option<Recipe>>,
    /// Whether the cached view is out of date.
    changed: bool,
    /// The states of the files that the view was read from.
    states: FileStates,
}

/// The reason for a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuildPurpose {
    /// The user requested it.
    Requested,
    /// A component that the user requested depends on it.
    Dependency,
}

/// A workspace in which cargo can run.
pub(crate) struct Prepared {
    /// The configuration, the targets and the cached view.
    pub setup: BuildSetup,
    /// The workspace with its manifests.
    pub project: Rc<Project>,
    /// The selected packages, as indices of the workspace's members.
    pub selected: Vec<usize>,
    /// The components that were built for these.
    pub built: Rc<BuiltComponents>,
    /// The same, with those that only tests or overrides need.
    pub linkable: Rc<BuiltComponents>,
    /// Whether tests are built, which are linked with the dev-dependencies of their package.
    pub for_tests: bool,
    /// Why the packages are built.
    pub purpose: BuildPurpose,
    /// The overrides of dependencies on the command line; `None` if it has none.
    pub overrides: Option<Overrides>,
    /// What components will be linked with because of these or of dev-dependencies, by
    /// member; empty before [`Prepared::resolve_overrides`].
    pub overridden: BTreeMap<usize, OverriddenParts>,
    /// The files that [`Prepared::write`] will write, if they are out of date.
    pub pending_writes: PendingWrites,
    stale: StaleBindings,
    /// The identifiers of the analyzed members.
    analyzed: Vec<String>,
}

/// The packages of one build, and its inputs.
pub(crate) struct PrepareRequest {
    /// The packages, as indices of the workspace's members.
    pub selected: Vec<usize>,
    /// The components that were built for them.
    pub built: Rc<BuiltComponents>,
    /// The same, with those that only tests or overrides need.
    pub linkable: Rc<BuiltComponents>,
    /// Why the packages are built.
    pub purpose: BuildPurpose,
    /// The treatment of bindings that are out of date.
    pub stale: StaleBindings,
    /// The overrides of dependencies on the command line; `None` if it has none.
    pub overrides: Option<Overrides>,
}

impl Prepared {
    /// Writes bindings and lock file, or refuses them if they must be up to date. Cargo
    /// runs only after that.
    pub fn write(&mut self, ctx: &Context) -> Result<()> {
        let pending_writes = std::mem::take(&mut self.pending_writes);
        // A lock file that is not written is to be found missing again.
        self.setup.changed &= self.stale != StaleBindings::Refuse || pending_writes.lock.is_none();
        for path in pending_writes.write(ctx, self.stale)? {
            for id in &self.analyzed {
                let cached = self.setup.view.members.get_mut(id);
                let stamp = cached.into_iter().flat_map(|cached| &mut cached.stamps);
                for stamp in stamp.filter(|stamp| stamp.is_of(&path)) {
                    *stamp = FileStamp::now(path.clone());
                }
            }
        }
        Ok(())
    }

    /// The workspace with all its members.
    pub fn workspace(&self) -> &Workspace {
        self.project.workspace()
    }

    /// The recipe of a member, if it was analyzed and is a component.
    pub fn recipe(&self, member: usize) -> Option<&Recipe> {
        let id = &self.workspace().members[member].id;
        self.setup.view.members.get(id)?.fact.as_ref()
    }

    /// The files and directories that the recipe of a member was made from.
    pub fn inputs(&self, member: usize) -> impl Iterator<Item = &Path> {
        let id = &self.workspace().members[member].id;
        let cached = self.setup.view.members.get(id).into_iter();
        let stamps = cached.flat_map(|cached| &cached.stamps);
        stamps.map(FileStamp::path)
    }

    /// The directory for the files of this tool.
    pub fn state_dir(&self) -> PathBuf {
        self.setup.target_dir.join(STATE)
    }

    /// Locks the directories of the targets for other runs of this tool, which could take a
    /// component for a module of cargo.
    pub fn lock(&self, ctx: &Context, profile: &str) -> Vec<fs::Lock> {
        // As cargo calls their directories.
        let profile = match profile {
            "dev" | "test" => "debug",
            "bench" => "release",
            own => own,
        };
        tag_new_directory(&self.setup.target_dir);
        let mut names: Vec<&str> = self.setup.targets.iter().map(Target::triple).collect();
        names.sort_unstable();
        let lock = |name: &&str| {
            let path = self.state_dir().join(format!("{name}-{profile}.lock"));
            fs::lock(&path, || {
                let text = format!("waiting for file lock on `{}`", ctx.display(&path));
                ctx.shell.status("Blocking", text);
            })
        };
        names.iter().filter_map(lock).collect()
    }

    /// Records that cargo succeeded: its changes of Cargo.lock are no reason to analyze the
    /// built members again. Of the others it is not known what the file was when they were
    /// analyzed.
    pub fn record_success(&mut self) {
        let project = self.project.clone();
        let workspace = project.workspace();
        let lock = workspace.root.join("Cargo.lock");
        for index in workspace.with_path_dependencies(&self.selected) {
            let member = self
                .setup
                .view
                .members
                .get_mut(&workspace.members[index].id);
            let Some(cached) = member else { continue };
            for stamp in cached.stamps.iter_mut().filter(|stamp| stamp.is_of(&lock)) {
                let now = FileStamp::now(lock.clone());
                self.setup.changed |= *stamp != now;
                *stamp = now;
            }
        }
    }

    /// Stores the view for the next run.
    pub fn store_view(&self, ctx: &Context) {
        if self.setup.changed
            && let Err(error) = self.setup.view.store(&self.state_dir())
        {
            // The next run only has to find it out again.
            ctx.shell
                .detail("Skipping", format!("the cached workspace: {error}"));
        }
    }
}

/// The directory of our files in cargo's target directory.
const STATE: &str = "cargo-component";

impl BuildSetup {
    /// Reads cargo's configuration, and the workspace: from the cached view where
    /// no file that decides it changed, or else from cargo.
    pub fn open(ctx: &Context, args: &CargoArgs) -> Result<Self> {
        let opened = fs::clock();
        let dir = match &args.directory {
            Some(directory) => ctx.absolute(directory),
            None => ctx.cwd.clone(),
        };
        let config = Config::load(&dir, &ctx.env, &args.config)?;
        let start = start_manifest(&dir, args)?;
        let key = view_key(ctx, &start, args);
        let given_dir = config.target_dir(args.target_dir.as_deref())?;
        let cached = cached_view(given_dir.as_deref(), &start, &key);
        let states = FileStates::default();
        let (view, changed) = match cached {
            Some(view) if view.workspace.is_current(&states) => (view, false),
            old => {
                let workspace = Rc::new(workspace(ctx, args, &config)?);
                let mut members = old.map(|view| view.members).unwrap_or_default();
                members.retain(|id, _| workspace.fact.member(id).is_some());
                let view = WorkspaceCache {
                    key,
                    workspace,
                    members,
                    targets: BTreeMap::new(),
                };
                (view, true)
            }
        };
        let selected = select(&view.workspace.fact, args)?;
        let mode = config.lock_mode(args.lock_mode)?;
        let project = Project::of(view.workspace.clone(), selected, mode, args);
        let target_dir = given_dir.unwrap_or_else(|| project.workspace().target_directory.clone());
        let mut setup = BuildSetup {
            targets: Vec::new(),
            implicit_target: false,
            configured_target: !config.targets(&[])?.targets.is_empty(),
            config,
            project,
            target_dir,
            dir,
            opened,
            view,
            changed,
            states,
        };
        setup.choose_targets(args)?;
        Ok(setup)
    }

    /// Chooses the targets that a command line asks for, or cargo's configuration.
    pub fn choose_targets(&mut self, args: &CargoArgs) -> Result<()> {
        let requested = self.config.targets(&args.targets)?;
        self.targets = match args.own.native {
            true => Vec::new(),
            false => choose(&requested)?,
        };
        // Where cargo's configuration asks for more than is built, cargo has to
        // be told what is built.
        let is_target = |requested: &String| self.targets.iter().any(|t| requested == t.name());
        let is_requested = |target: &Target| requested.targets.iter().any(|a| a == target.name());
        let same = self.targets.iter().all(is_requested) && requested.targets.iter().all(is_target);
        self.implicit_target = !self.targets.is_empty() && !same;
        Ok(())
    }

    /// The directories of crates whose components a member needs: from the view if it is
    /// current, otherwise from the manifest.
    pub fn component_directories(&self, ctx: &Context, member: usize) -> Result<Vec<PathBuf>> {
        let known = |recipe: &Recipe| recipe.component_dirs.clone();
        self.directories(ctx, member, known, component_directories)
    }

    /// As [`BuildSetup::component_directories`], for what only tests need.
    pub fn dev_directories(&self, ctx: &Context, member: usize) -> Result<Vec<PathBuf>> {
        let known = |recipe: &Recipe| recipe.dev_dirs.clone().unwrap_or_default();
        let read = |manifest: &Manifest| Ok(dev_directories(manifest)?.unwrap_or_default());
        self.directories(ctx, member, known, read)
    }

    fn directories(
        &self,
        ctx: &Context,
        member: usize,
        known: impl Fn(&Recipe) -> Vec<PathBuf>,
        read: impl Fn(&Manifest) -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        let member = &self.project.workspace().members[member];
        match self
            .view
            .members
            .get(&member.id)
            .filter(|cached| cached.is_current(&self.states))
        {
            Some(cached) => Ok(cached.fact.as_ref().map(known).unwrap_or_default()),
            None => {
                let manifest = self.project.manifest(ctx, member)?;
                // Reading it may have finished a change that a killed run had begun.
                self.states.forget();
                read(&manifest)
            }
        }
    }

    /// Looks at all files again: other packages were built since.
    pub fn forget_states(&self) {
        self.states.forget();
    }

    /// Prepares packages of this workspace. Nothing of theirs is written before
    /// [`Prepared::write`].
    pub fn prepare(
        mut self,
        ctx: &Context,
        args: &CargoArgs,
        request: PrepareRequest,
    ) -> Result<Prepared> {
        let (pending_writes, analyzed) = self.refresh(ctx, &request)?;
        self.changed |= !analyzed.is_empty();
        if !args.builds_std() && !self.config.builds_std() {
            self.changed |= self.ensure_targets(ctx, args)?;
        }
        Ok(Prepared {
            project: self.project.clone(),
            setup: self,
            selected: request.selected,
            built: request.built,
            linkable: request.linkable,
            for_tests: builds_tests(args),
            purpose: request.purpose,
            overrides: request.overrides,
            overridden: BTreeMap::new(),
            pending_writes,
            stale: request.stale,
            analyzed,
        })
    }

    /// Analyzes the selected members, and those that they depend on by path, unless their
    /// cached recipes are current; returns the files to write, and the identifiers of the
    /// analyzed members.
    fn refresh(
        &mut self,
        ctx: &Context,
        request: &PrepareRequest,
    ) -> Result<(PendingWrites, Vec<String>)> {
        let (project, opened) = (self.project.clone(), self.opened);
        let cache = ctx.cache().dir().to_owned();
        let mut worlds = None;
        let members: &mut BTreeMap<_, Cached<Option<Recipe>>> = &mut self.view.members;
        let mut pending_writes = PendingWrites::default();
        let mut ids = Vec::new();
        for index in project
            .workspace()
            .with_path_dependencies(&request.selected)
        {
            let member = &project.workspace().members[index];
            // What was built first may be for another profile or target now, or linked
            // with something else.
            let serves = |cached: &&Cached<Option<Recipe>>| {
                let recipe = cached.fact.as_ref();
                let same = |r: &Recipe| request.built.digest(&r.component_dirs) == r.built;
                cached.is_current(&self.states) && recipe.is_none_or(same)
            };
            if members.get(&member.id).filter(serves).is_some() {
                continue;
            }
            let worlds = match &mut worlds {
                Some(worlds) => worlds,
                None => worlds.insert(WorldResolver::new(ctx, &project)?),
            };
            let mut sources = Sources {
                ctx,
                project: &project,
                worlds,
                built: &request.built,
            };
            let before = members.get(&member.id);
            let start = fs::clock();
            let analyzed = analyze_member(&mut sources, member, request.stale, before)?;
            self.states.forget();
            let mut paths = analyzed.paths;
            paths.sort();
            paths.dedup();
            // Files of the cache, which may have been fetched just now, never change.
            let stamp = |path: PathBuf| match path.ends_with("Cargo.toml") {
                _ if path.starts_with(&cache) => FileStamp::now(path),
                true => FileStamp::read_since(path, opened),
                false => FileStamp::read_since(path, start),
            };
            let cached = Cached {
                stamps: paths.into_iter().map(stamp).collect(),
                fact: analyzed.recipe,
            };
            members.insert(member.id.clone(), cached);
            ids.push(member.id.clone());
            pending_writes.bindings.extend(analyzed.bindings);
            pending_writes.worlds.extend(analyzed.world);
        }
        pending_writes.lock = worlds.map(WorldResolver::finish).transpose()?.flatten();
        Ok((pending_writes, ids))
    }

    /// Installs missing standard libraries of the targets; returns whether one was not
    /// known to be installed.
    fn ensure_targets(&mut self, ctx: &Context, args: &CargoArgs) -> Result<bool> {
        let unknown: Vec<&Target> = self
            .targets
            .iter()
            .filter(|target| {
                let known = self.view.targets.get(target.name());
                !known.is_some_and(|library| fs::is_dir(library))
            })
            .collect();
        if unknown.is_empty() {
            return Ok(false);
        }
        let named = args.toolchain.as_ref().and_then(|name| name.to_str());
        let named = named.and_then(|name| name.strip_prefix('+'));
        let rustc = self.config.rustc()?;
        let toolchain = Toolchain::find(&rustc, named, &self.dir, &*ctx.exec, &ctx.env)?;
        for target in unknown {
            toolchain.ensure(target, self.project.mode, &*ctx.exec, &*ctx.shell)?;
            let library = toolchain.library(target.name());
            self.view.targets.insert(target.name().to_owned(), library);
        }
        Ok(true)
    }
}

/// Whether the command line builds tests or benches.
pub(crate) fn builds_tests(args: &CargoArgs) -> bool {
    args.subcommand
        .as_deref()
        .is_some_and(|verb| Class::of(verb) == Class::Test)
}

/// The view that an earlier run cached in the target directory: the one that is
/// given, or that of the workspace the manifest is in.
fn cached_view(
    target_dir: Option<&Path>,
    start: &Path,
    key: &str,
) -> Option<WorkspaceCache<Option<Recipe>>> {
    let given = target_dir.map(|dir| dir.join(STATE));
    let around = start.ancestors().skip(1);
    let around = around.map(|dir| dir.join("target").join(STATE));
    given
        .into_iter()
        .chain(around)
        .find_map(|state| WorkspaceCache::load(&state, key))
}

/// A key of everything but files that determines how cargo sees the workspace.
fn view_key(ctx: &Context, start: &Path, args: &CargoArgs) -> String {
    let mut parts: Vec<OsString> = vec![env!("CARGO_PKG_VERSION").into(), start.into()];
    parts.extend(args.config.iter().cloned());
    parts.extend(args.unstable.iter().cloned());
    parts.extend(args.toolchain.iter().cloned());
    for prefix in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC"] {
        for (name, value) in ctx.env.with_prefix(prefix) {
            if !name.starts_with("CARGO_TERM_") {
                parts.extend([OsString::from(name), value.to_owned()]);
            }
        }
    }
    let text: Vec<_> = parts.iter().map(|part| part.to_string_lossy()).collect();
    ContentDigest::of(text.join("\0").as_bytes())
        .hex()
        .to_owned()
}
