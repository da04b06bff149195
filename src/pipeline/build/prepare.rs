//! What every verb that drives cargo does first: find the workspace, choose
//! packages and targets, bring bindings up to date. In a workspace where
//! nothing changed, all of it comes from the kept view.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::bindings::{Stale, look, read_manifest};
use super::dependencies::{Session, directories};
use super::pending_writes::Due;
use super::recipe::Recipe;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::pipeline::fetch::worlds::Worlds;
use crate::system::cargo::arguments::{CargoArgs, Selection};
use crate::system::cargo::config::{Config, LockMode};
use crate::system::cargo::spec::Spec;
use crate::system::cargo::target::{Target, choose};
use crate::system::cargo::toolchain::Toolchain;
use crate::system::cargo::view::{Kept, Seen, View};
use crate::system::cargo::workspace::Workspace;
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;
use crate::system::process::Invocation;

/// A workspace ready for cargo.
pub(crate) struct Prepared {
    /// Cargo's configuration.
    pub config: Config,
    /// What is built for; empty for a verb that runs for the host.
    pub targets: Vec<Target>,
    /// Whether `--target` must be given to cargo because nothing else names
    /// these targets.
    pub implicit_target: bool,
    /// Packages, and the recipes of those looked at.
    pub view: View<Option<Recipe>>,
    /// The packages meant, as indices of the workspace's members.
    pub selected: Vec<usize>,
    /// Where cargo builds.
    pub target_dir: PathBuf,
    /// Whether cargo's configuration asks for a target, which a run for the
    /// host has to overrule.
    pub configured_target: bool,
    /// How lock files and the network may be used.
    pub mode: LockMode,
    /// The components that were built for these.
    pub session: Rc<Session>,
    /// What the command line links in the place of dependencies, each
    /// `IMPORT=WHAT`.
    pub with: Vec<String>,
    changed: bool,
    due: Due,
    stale: Stale,
    /// The members that were looked at.
    looked: Vec<String>,
}

impl Prepared {
    /// Writes bindings and lock file, or refuses them where they may not be
    /// stale. Cargo is not run before, and nothing is refused after.
    pub fn write(&mut self, ctx: &Context) -> Result<()> {
        let due = std::mem::take(&mut self.due);
        // A lock file that is not written is to be found missing again.
        self.changed &= self.stale != Stale::Refuse || due.lock.is_none();
        for path in due.write(ctx, self.stale)? {
            for id in &self.looked {
                let kept = self.view.members.get_mut(id);
                let seen = kept.into_iter().flat_map(|kept| &mut kept.seen);
                for seen in seen.filter(|seen| seen.is_of(&path)) {
                    *seen = Seen::now(path.clone());
                }
            }
        }
        Ok(())
    }

    /// The packages.
    pub fn workspace(&self) -> &Workspace {
        &self.view.workspace.fact
    }

    /// The recipe of a member, if it is a component that was looked at.
    pub fn recipe(&self, member: usize) -> Option<&Recipe> {
        let id = &self.workspace().members[member].id;
        self.view.members.get(id)?.fact.as_ref()
    }

    /// Where the tool keeps its own files.
    pub fn state_dir(&self) -> PathBuf {
        self.target_dir.join(STATE)
    }

    /// Keeps other runs of the tool away from the targets until it is dropped:
    /// one may not take another's component for cargo's module.
    pub fn lock(&self, ctx: &Context, profile: &str) -> Vec<fs::Lock> {
        // As cargo calls their directories.
        let profile = match profile {
            "dev" | "test" => "debug",
            "bench" => "release",
            own => own,
        };
        if !fs::exists(&self.target_dir) {
            // Cargo does so in a directory it makes: backups leave it alone.
            let tag = self.target_dir.join("CACHEDIR.TAG");
            let _ = fs::write_atomic(&tag, CACHEDIR_TAG.as_bytes());
        }
        let mut names: Vec<&str> = self.targets.iter().map(Target::triple).collect();
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

    /// Takes note that cargo succeeded: what it wrote into Cargo.lock serves,
    /// so that it is no reason to look at the members again.
    pub fn built(&mut self) {
        let lock = self.workspace().root.join("Cargo.lock");
        for kept in self.view.members.values_mut() {
            for seen in kept.seen.iter_mut().filter(|seen| seen.is_of(&lock)) {
                let now = Seen::now(lock.clone());
                self.changed |= *seen != now;
                *seen = now;
            }
        }
    }

    /// Keeps what was found out for the next run.
    pub fn keep(&self, ctx: &Context) {
        if self.changed
            && let Err(error) = self.view.store(&self.state_dir())
        {
            // The next run only has to find it out again.
            ctx.shell
                .detail("Skipping", format!("the cached workspace: {error}"));
        }
    }
}

/// See <https://bford.info/cachedir/>.
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by cargo component.
# For information about cache directory tags see https://bford.info/cachedir/
";

/// The directory of our files in cargo's target directory.
const STATE: &str = "cargo-component";

/// The packages the command line means, without a look at what they are: for
/// verbs that are to work where bindings cannot be made yet.
pub(crate) struct Meant {
    /// All packages.
    pub workspace: Workspace,
    /// The packages meant, as indices of the workspace's members.
    pub selected: Vec<usize>,
    /// How lock files and the network may be used.
    pub mode: LockMode,
}

/// Finds the packages the command line means.
pub(crate) fn meant(ctx: &Context, args: &CargoArgs) -> Result<Meant> {
    let config = Config::load(&ctx.cwd, &ctx.env, &args.config)?;
    start_manifest(&ctx.cwd, args)?;
    let workspace = workspace(ctx, args, &config)?.fact;
    let selected = select(&workspace, args)?;
    Ok(Meant {
        workspace,
        selected,
        mode: config.lock_mode(args.lock_mode)?,
    })
}

/// Prepares the packages the command line means. Nothing of theirs is written
/// before [`Prepared::write`].
pub(crate) fn prepare(ctx: &Context, args: &CargoArgs, stale: Stale) -> Result<Prepared> {
    prepare_in(ctx, args, stale, &Rc::new(Session::new(args)))
}

/// As [`prepare`], for a package that another one needs: what was built in
/// this session is not built again.
pub(crate) fn prepare_in(
    ctx: &Context,
    args: &CargoArgs,
    stale: Stale,
    session: &Rc<Session>,
) -> Result<Prepared> {
    let dir = match &args.directory {
        Some(directory) => ctx.absolute(directory),
        None => ctx.cwd.clone(),
    };
    let config = Config::load(&dir, &ctx.env, &args.config)?;
    let asked = config.targets(&args.targets)?;
    let targets = match args.own.native {
        true => Vec::new(),
        false => choose(&asked)?,
    };
    // Where cargo's configuration asks for more than is meant, cargo has to be
    // told what is meant.
    let is_target = |asked: &String| targets.iter().any(|t| asked == t.name());
    let is_asked = |target: &Target| asked.targets.iter().any(|a| a == target.name());
    let same = targets.iter().all(is_asked) && asked.targets.iter().all(is_target);
    let implicit_target = !targets.is_empty() && !same;
    let configured_target = !config.targets(&[])?.targets.is_empty();
    let start = start_manifest(&dir, args)?;
    let key = key(ctx, &start, args);
    let given_dir = config.target_dir(args.target_dir.as_deref())?;
    let found = given_dir
        .as_ref()
        .map(|dir| dir.join(STATE))
        .into_iter()
        .chain(
            start
                .ancestors()
                .skip(1)
                .map(|dir| dir.join("target").join(STATE)),
        )
        .find_map(|state| View::load(&state, &key));
    let (mut view, mut changed) = match found {
        Some(view) if view.workspace.holds() => (view, false),
        old => {
            let workspace = workspace(ctx, args, &config)?;
            let ids = |id: &String| workspace.fact.by_id(id).is_some();
            let mut members = old.map(|view| view.members).unwrap_or_default();
            members.retain(|id, _| ids(id));
            let view = View {
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
    build_first(ctx, (args, mode), (&view, &selected), session)?;
    let (due, looked) = look_at(ctx, &mut view, &selected, (stale, mode, session))?;
    changed |= !looked.is_empty();
    if !args.builds_std() && !config.builds_std() {
        changed |= ensure_targets(ctx, &mut view, (&targets, &config, &dir), args)?;
    }
    let target_dir = given_dir.unwrap_or_else(|| view.workspace.fact.target_directory.clone());
    Ok(Prepared {
        mode,
        config,
        targets,
        implicit_target,
        view,
        selected,
        target_dir,
        configured_target,
        session: session.clone(),
        with: args.own.with.clone(),
        changed,
        due,
        stale,
        looked,
    })
}

/// Whether cargo finds a manifest to start from.
pub(crate) fn in_package(ctx: &Context, args: &CargoArgs) -> bool {
    start_manifest(&ctx.cwd, args).is_ok_and(|path| fs::exists(&path))
}

/// The manifest cargo starts from.
fn start_manifest(dir: &Path, args: &CargoArgs) -> Result<PathBuf> {
    if let Some(path) = &args.manifest_path {
        return Ok(dir.join(path));
    }
    let candidates = dir.ancestors().map(|dir| dir.join("Cargo.toml"));
    let mut existing = candidates.filter(|path| fs::exists(path));
    existing.next().ok_or_else(|| {
        Error::input(format!(
            "could not find `Cargo.toml` in `{}` or any parent directory",
            dir.display()
        ))
        .hint("run the command in a package, or create one with `cargo component new <path>`")
    })
}

/// What decides, beside files, which workspace cargo sees and how.
fn key(ctx: &Context, start: &Path, args: &CargoArgs) -> String {
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

/// Cargo itself, to be run where the user stands; of the toolchain `+name`, if
/// one is asked for, which only rustup's `cargo` understands.
pub(crate) fn cargo(ctx: &Context, args: &CargoArgs) -> Invocation {
    let given = ctx.env.get(env::CARGO).filter(|_| args.toolchain.is_none());
    Invocation::new(given.unwrap_or("cargo".as_ref())).dir(&ctx.cwd)
}

fn workspace(ctx: &Context, args: &CargoArgs, config: &Config) -> Result<Kept<Workspace>> {
    let mut command = cargo(ctx, args).args(&args.toolchain);
    if let Some(directory) = &args.directory {
        command = command.arg("-C").arg(directory);
    }
    command = command.args(["metadata", "--no-deps", "--format-version=1"]);
    if let Some(path) = &args.manifest_path {
        command = command.arg("--manifest-path").arg(path);
    }
    for config in &args.config {
        command = command.arg("--config").arg(config);
    }
    for flag in &args.unstable {
        command = command.arg("-Z").arg(flag);
    }
    // Stamps are taken before anything is read: a file that changes while it
    // is read makes the view not hold, rather than hold wrongly.
    let before: Vec<Seen> = config.files().iter().cloned().map(Seen::now).collect();
    let workspace = Workspace::load(&*ctx.exec, command)?;
    let mut paths = workspace.decided_by();
    paths.sort();
    paths.dedup();
    let mut seen = before;
    seen.extend(paths.into_iter().map(Seen::now));
    Ok(Kept {
        seen,
        fact: workspace,
    })
}

/// The members the command line means.
fn select(workspace: &Workspace, args: &CargoArgs) -> Result<Vec<usize>> {
    let members = workspace.spec_members();
    let matching = |spec: &String| -> Result<Vec<usize>> { Spec::parse(spec)?.select(&members) };
    match args.selection() {
        Selection::Default => Ok(workspace.default_members.clone()),
        Selection::Packages(specs) => {
            let mut found = Vec::new();
            for spec in specs {
                match matching(spec) {
                    Ok(some) => found.extend(some),
                    // Cargo builds dependencies as well, which are no
                    // business of ours.
                    Err(_) if workspace.has_locked(&Spec::parse(spec)?) => {}
                    Err(error) => return Err(error),
                }
            }
            found.sort_unstable();
            found.dedup();
            Ok(found)
        }
        Selection::Workspace { excludes } => {
            let mut excluded = Vec::new();
            for spec in excludes {
                // Cargo warns of what excludes nothing.
                excluded.extend(matching(spec).unwrap_or_default());
            }
            Ok((0..members.len())
                .filter(|index| !excluded.contains(index))
                .collect())
        }
    }
}

/// Builds the components that the selected members depend on by their
/// directories.
fn build_first(
    ctx: &Context,
    (args, mode): (&CargoArgs, LockMode),
    (view, selected): (&View<Option<Recipe>>, &[usize]),
    session: &Rc<Session>,
) -> Result<()> {
    let workspace = &view.workspace.fact;
    for index in workspace.with_path_dependencies(selected) {
        let member = &workspace.members[index];
        let kept = view.members.get(&member.id);
        let dirs = match kept.filter(|kept| kept.holds()) {
            Some(kept) => kept.fact.as_ref().map(|recipe| recipe.first.clone()),
            None => Some(directories(&read_manifest(ctx, workspace, member)?.0)?),
        };
        if let Some(dirs) = dirs.filter(|dirs| !dirs.is_empty()) {
            session.build(ctx, (args, mode), (workspace, member.dir()), &dirs)?;
        }
    }
    Ok(())
}

/// Looks at the selected members, and those they depend on by path, unless
/// what is kept of them still holds; what is to be written, and which of them
/// were looked at.
fn look_at(
    ctx: &Context,
    view: &mut View<Option<Recipe>>,
    selected: &[usize],
    (stale, mode, session): (Stale, LockMode, &Session),
) -> Result<(Due, Vec<String>)> {
    let workspace = &view.workspace.fact;
    let mut worlds = None;
    let members: &mut BTreeMap<_, Kept<Option<Recipe>>> = &mut view.members;
    let mut due = Due::default();
    let mut ids = Vec::new();
    for index in workspace.with_path_dependencies(selected) {
        let member = &workspace.members[index];
        // What was built first may be for another profile or target now.
        let serves = |kept: &&Kept<Option<Recipe>>| {
            let recipe = kept.fact.as_ref();
            kept.holds() && recipe.is_none_or(|r| session.made(&r.first, &r.parts))
        };
        if members.get(&member.id).filter(serves).is_some() {
            continue;
        }
        let worlds = match &mut worlds {
            Some(worlds) => worlds,
            None => worlds.insert(session.worlds(ctx, workspace, mode)?),
        };
        let before = members.get(&member.id);
        let looked = look(ctx, workspace, member, (worlds, session, stale), before)?;
        let mut paths = looked.paths;
        paths.sort();
        paths.dedup();
        let kept = Kept {
            seen: paths.into_iter().map(Seen::now).collect(),
            fact: looked.recipe,
        };
        members.insert(member.id.clone(), kept);
        ids.push(member.id.clone());
        due.bindings.extend(looked.bindings);
    }
    due.lock = worlds.map(Worlds::finish).transpose()?.flatten();
    Ok((due, ids))
}

/// Sees to it that the targets' standard libraries are installed; whether one
/// was not known to be.
fn ensure_targets(
    ctx: &Context,
    view: &mut View<Option<Recipe>>,
    (targets, config, dir): (&[Target], &Config, &Path),
    args: &CargoArgs,
) -> Result<bool> {
    let unknown: Vec<&Target> = targets
        .iter()
        .filter(|target| {
            let known = view.targets.get(target.name());
            !known.is_some_and(|library| fs::is_dir(library))
        })
        .collect();
    if unknown.is_empty() {
        return Ok(false);
    }
    let mode = config.lock_mode(args.lock_mode)?;
    let named = args.toolchain.as_ref().and_then(|name| name.to_str());
    let named = named.and_then(|name| name.strip_prefix('+'));
    let toolchain = Toolchain::find((&config.rustc()?, named), dir, &*ctx.exec, &ctx.env)?;
    for target in unknown {
        toolchain.ensure(target, mode, &*ctx.exec, &*ctx.shell)?;
        let library = toolchain.library(target.name());
        view.targets.insert(target.name().to_owned(), library);
    }
    Ok(true)
}
