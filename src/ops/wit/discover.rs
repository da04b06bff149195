//! The search for the project with WIT packages, from the current directory
//! outwards.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::project::{ProjectKind, ProjectSearch, WitMember, WitOptions, WitProject};
use crate::base::error::{Error, Result};
use crate::model::lockfile::LockForm;
use crate::model::manifest::wasm_toml::WasmManifest;
use crate::model::manifest::wit_toml;
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::WkgManifest;
use crate::model::manifest::{ManifestFile, Target};
use crate::pipeline::project::manifests;
use crate::pipeline::project::recover::recover_directories;
use crate::pipeline::project::wasm_toml;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::cargo::spec::matches_glob;
use crate::system::cargo::workspace::Workspace;
use crate::system::cargo::workspace_cache::Cached;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source::{has_wit, wit_path};

/// Finds the project of the current directory, or of the directory of WIT that
/// the options name, and reports which it is.
///
/// From the directory outwards, the first one that has something counts;
/// within one, `wkg.toml` comes before `wit.toml`, that before a `Cargo.toml`
/// with our section, then `wit/deps.toml`, `wasm.toml`, any `Cargo.toml`, and WIT alone.
pub fn find(ctx: &Context, options: &WitOptions) -> Result<WitProject> {
    let mut project = discover(ctx, options)?;
    if recover_project(ctx, &project) {
        project = discover(ctx, options)?;
    }
    if options.search == ProjectSearch::Any {
        project.report_found(ctx);
    }
    Ok(project)
}

/// Finishes or undoes what killed runs left in the directories of a project;
/// whether a change of files was among it.
fn recover_project(ctx: &Context, project: &WitProject) -> bool {
    fs::remove_leftovers(&ctx.cache().dir().join("fetched"));
    let mut dirs = vec![project.root.as_path(), fs::parent(&project.lock_file)];
    for member in project.all.iter().chain(&project.members) {
        dirs.extend([
            &*member.wit,
            fs::parent(&member.wit),
            fs::parent(&member.deps),
        ]);
        if let Some(manifest) = &member.manifest {
            dirs.push(manifest.file.dir());
        }
    }
    dirs.sort();
    dirs.dedup();
    recover_directories(ctx, dirs)
}

/// As [`find`], without recovery and without a message.
pub(super) fn discover(ctx: &Context, options: &WitOptions) -> Result<WitProject> {
    let mode = lock_mode(ctx, options.mode);
    let given = options.wit_dir.as_ref().map(|dir| ctx.absolute(dir));
    if let Some(dir) = given.as_ref().filter(|dir| !fs::exists(dir)) {
        return Err(Error::input(format!(
            "the directory `{}` does not exist",
            ctx.display(dir)
        ))
        .hint("give the directory with the `.wit` files"));
    }
    match options.search {
        ProjectSearch::Any => {}
        ProjectSearch::Wkg => return wkg_project(ctx, given, mode),
        ProjectSearch::Wit => return wit_cli_project(ctx, mode),
    }
    let start = given.clone().unwrap_or_else(|| ctx.cwd.clone());
    let mut above = None;
    for dir in start.ancestors() {
        if let Some(mut project) = project_at(ctx, dir, mode)? {
            if let Some(whole) = enclosing_project(ctx, &project, given.is_some())? {
                project = whole;
            }
            if !select_members(&mut project, &start, given.as_deref()) {
                continue;
            }
            if is_unrelated(&project, &start) {
                above = above.or(Some(project.members[0].wit.clone()));
                continue;
            }
            return Ok(project);
        }
    }
    if let Some(wit) = given {
        return Ok(plain_project(WitMember::of(wit), &ctx.cwd, mode));
    }
    let error = Error::input(format!(
        "no WIT was found in `{}`, and no project with WIT in its parent directories",
        ctx.cwd.display()
    ));
    Err(match above {
        Some(wit) => error
            .with_cause(format!(
                "the WIT in `{}` has no manifest that includes this directory",
                wit.display()
            ))
            .hint(format!("to use it, add `--wit-dir {}`", wit.display())),
        None => error.hint(
            "run the command in a directory with `.wit` files, or create a package with `cargo component wit init <path>`",
        ),
    })
}

/// Whether a folder of WIT above `start` has nothing to do with it: without a
/// manifest a folder covers itself, what is below it, and its parent if it is
/// called `wit`.
fn is_unrelated(project: &WitProject, start: &Path) -> bool {
    let inside = |member: &WitMember| start.starts_with(&member.wit);
    matches!(project.kind, ProjectKind::Plain)
        && start != project.root
        && !project.members.iter().any(inside)
}

/// The lock mode with the network settings of cargo's configuration. One that
/// cannot be read is only a warning here: requests over the network read it
/// again.
fn lock_mode(ctx: &Context, mode: LockMode) -> LockMode {
    let config = Config::load(&ctx.cwd, &ctx.env, &[]);
    config
        .and_then(|config| config.lock_mode(mode))
        .unwrap_or_else(|error| {
            let text = format!("cargo's configuration was ignored: {error}");
            ctx.shell.warn(text);
            mode
        })
}

/// The project of `wkg` at or above the current directory.
fn wkg_project(ctx: &Context, given: Option<PathBuf>, mode: LockMode) -> Result<WitProject> {
    let has = |dir: &&Path| fs::exists(&dir.join("wkg.toml"));
    let found = match ctx.cwd.ancestors().find(has) {
        Some(dir) => project_at(ctx, dir, mode)?,
        None => None,
    };
    let wit = given.clone().unwrap_or_else(|| ctx.cwd.join("wit"));
    let Some(mut project) = found else {
        return Ok(plain_project(WitMember::of(wit), &ctx.cwd, mode));
    };
    let member = project
        .members
        .iter()
        .find(|m| same_path(&m.wit, &wit))
        .cloned();
    // Without a directory the whole workspace is selected.
    if given.is_some() || !project.is_workspace() {
        project.members = vec![member.unwrap_or_else(|| WitMember::of(wit))];
    }
    Ok(project)
}

/// The project of the `wit` CLI at or above the current directory.
fn wit_cli_project(ctx: &Context, mode: LockMode) -> Result<WitProject> {
    let has = |dir: &&Path| fs::exists(&dir.join("wit.toml"));
    let found = match ctx.cwd.ancestors().find(has) {
        Some(dir) => project_at(ctx, dir, mode)?,
        None => None,
    };
    found.ok_or_else(|| {
        Error::input("failed to find a WIT package configuration file `wit.toml`")
            .hint("create one with `wit init`")
    })
}

/// The project that encloses another one: a workspace of `wkg` that has it as a
/// member; or for a plain folder of WIT, the project of `wkg` or the crate that
/// has its WIT there.
fn enclosing_project(
    ctx: &Context,
    project: &WitProject,
    given: bool,
) -> Result<Option<WitProject>> {
    let alone = match &project.kind {
        ProjectKind::Plain => true,
        ProjectKind::Wkg(manifest) => manifest.workspace.is_none(),
        _ => false,
    };
    let [member] = project.members.as_slice() else {
        return Ok(None);
    };
    let plain = matches!(project.kind, ProjectKind::Plain);
    let has = |whole: &WitProject| whole.members.iter().any(|m| same_path(&m.wit, &member.wit));
    for dir in project.root.ancestors().skip(1).filter(|_| alone) {
        let beside = dir == fs::parent(&project.root);
        if fs::exists(&dir.join("wkg.toml")) {
            let whole = project_at(ctx, dir, project.mode)?;
            return Ok(match whole {
                Some(whole) if whole.is_workspace() => Some(whole).filter(has),
                Some(mut whole) if plain && (given || (beside && !has_wit(&dir.join("wit")))) => {
                    whole.members = vec![member.clone()];
                    whole.all.clone_from(&whole.members);
                    Some(whole)
                }
                _ => None,
            });
        }
        if plain && fs::exists(&dir.join("Cargo.toml")) {
            // A crate that cannot be read does not enclose the folder.
            let whole = crate_project(ctx, dir, project.mode).ok().flatten();
            return Ok(whole.filter(has));
        }
    }
    Ok(None)
}

/// Selects the packages of the directory that is given, or else those of the
/// current one; whether there are any.
fn select_members(project: &mut WitProject, start: &Path, given: Option<&Path>) -> bool {
    let root = project.root.clone();
    let inside = |member: &&WitMember| {
        let dir = match member.wit.ends_with("wit") {
            true => fs::parent(&member.wit),
            false => &member.wit,
        };
        start.starts_with(dir) && dir != root
    };
    if let Some(given) = given {
        let is = |member: &&WitMember| same_path(&member.wit, given);
        let found = project.members.iter().find(is).cloned();
        let alone = matches!(project.kind, ProjectKind::Wkg(_)) && !project.is_workspace();
        match (found, alone) {
            (Some(member), _) => project.members = vec![member],
            // The directory of WIT may have any name.
            (None, true) => project.members = vec![WitMember::of(given.to_owned())],
            (None, false) => return false,
        }
        return true;
    }
    if let Some(member) = project.members.iter().find(inside).cloned() {
        project.members = vec![member];
    }
    true
}

fn same_path(a: &Path, b: &Path) -> bool {
    match (fs::canonical(a), fs::canonical(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn plain_project(member: WitMember, root: &Path, mode: LockMode) -> WitProject {
    WitProject {
        kind: ProjectKind::Plain,
        root: root.to_owned(),
        members: vec![member.clone()],
        all: vec![member],
        lock_file: root.join(LockForm::Wkg.file_name()),
        mode,
    }
}

/// The project whose root is exactly this directory.
fn project_at(ctx: &Context, dir: &Path, mode: LockMode) -> Result<Option<WitProject>> {
    let one = |kind, wit, form: LockForm| WitProject {
        kind,
        root: dir.to_owned(),
        members: vec![WitMember::of(wit)],
        all: Vec::new(),
        lock_file: dir.join(form.file_name()),
        mode,
    };
    let read = |name: &str| -> Result<Option<ManifestFile>> {
        let path = dir.join(name);
        let text = fs::read_text_if_exists(&path)?;
        Ok(text.map(|text| ManifestFile::new(path, &text)))
    };
    if let Some(file) = read("wkg.toml")? {
        let manifest = wkg::read(file)?;
        return workspace_of_wkg(manifest, one).map(Some);
    }
    if let Some(file) = read("wit.toml")? {
        let kind = ProjectKind::Wit(wit_toml::read(file)?);
        return Ok(Some(one(kind, dir.to_owned(), LockForm::Wit)));
    }
    let of_crate = match fs::exists(&dir.join("Cargo.toml")) {
        true => crate_project(ctx, dir, mode)?,
        false => None,
    };
    let deps = dir.join("wit").join("deps.toml");
    // A crate with our section has a manifest and a lock file for its WIT; the
    // entries of `deps.toml` beside that are fetched first.
    let declared = |member: &WitMember| member.manifest.as_ref().is_some_and(|m| m.declared);
    let ours = of_crate
        .as_ref()
        .is_some_and(|p| p.members.iter().any(declared));
    if fs::exists(&deps) && !ours {
        return Ok(Some(one(
            ProjectKind::Deps(deps),
            dir.join("wit"),
            LockForm::Wkg,
        )));
    }
    if !ours
        && let Some(manifest) = wasm_toml::read(dir)?
        && let Some(wit) = wit_of_wasm_toml(&manifest)
    {
        return Ok(Some(one(ProjectKind::Wasm(manifest), wit, LockForm::Wit)));
    }
    if of_crate.is_some() {
        return Ok(of_crate);
    }
    let wit = dir.join("wit");
    if has_wit(&wit) {
        return Ok(Some(one(ProjectKind::Plain, wit, LockForm::Wkg)));
    }
    // A folder called `wit`, or below one, is a part of another project.
    let part = dir.components().any(|part| part.as_os_str() == "wit");
    if has_wit(dir) && (!part || !has_wit(&fs::parent(dir).join("wit"))) {
        return Ok(Some(one(ProjectKind::Plain, dir.to_owned(), LockForm::Wkg)));
    }
    Ok(None)
}

/// The directory of the WIT of a `wasm.toml`; `None` if it has none, as where only components
/// are installed.
fn wit_of_wasm_toml(manifest: &WasmManifest) -> Option<PathBuf> {
    let dir = manifest.file.dir();
    let set = manifest.package.as_ref().and_then(|of| of.wit.clone());
    let places = [dir.join("wit"), dir.to_owned()];
    set.into_iter().chain(places).find(|place| has_wit(place))
}

/// The project of a `wkg.toml`.
fn workspace_of_wkg(
    manifest: WkgManifest,
    one: impl FnOnce(ProjectKind, PathBuf, LockForm) -> WitProject,
) -> Result<WitProject> {
    let dir = manifest.file.dir().to_owned();
    let Some(members) = &manifest.workspace else {
        let beside = !fs::exists(&dir.join("wit")) && has_wit(&dir);
        let wit = if beside { dir } else { dir.join("wit") };
        return Ok(one(ProjectKind::Wkg(manifest), wit, LockForm::Wkg));
    };
    let mut found: Vec<PathBuf> = Vec::new();
    for pattern in &members.patterns {
        for path in expand_pattern(&dir, pattern)? {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    let deps = dir.join("wkg").join("deps");
    let missing = found.iter().find(|path| !fs::is_dir(path));
    if let Some(missing) = missing {
        let message = format!("the member `{}` does not exist", missing.display());
        let error = manifest.file.error(members.span.clone(), message);
        return Err(error.hint("create it, or correct `members`"));
    }
    let members = found.into_iter().map(|path| WitMember {
        wit: match has_wit(&path) {
            true => path,
            false => path.join("wit"),
        },
        deps: deps.clone(),
        manifest: None,
    });
    let members: Vec<WitMember> = members.collect();
    let mut project = one(ProjectKind::Wkg(manifest), dir, LockForm::Wkg);
    project.all = members.clone();
    project.members = members;
    Ok(project)
}

/// The directories that a pattern of members matches. A pattern without
/// wildcards matches one path; others match directories with WIT only.
fn expand_pattern(root: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    if !pattern.contains(['*', '?', '[']) {
        return Ok(vec![root.join(pattern)]);
    }
    let mut dirs = vec![root.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for dir in dirs {
            if !part.contains(['*', '?', '[']) {
                next.push(dir.join(part));
                continue;
            }
            let below = fs::list(&dir).unwrap_or_default();
            let named = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                !name.starts_with('.') && matches_glob(part, &name)
            };
            next.extend(below.into_iter().filter(named).filter(|p| fs::is_dir(p)));
        }
        dirs = next;
    }
    dirs.retain(|dir| has_wit(dir) || has_wit(&dir.join("wit")));
    Ok(dirs)
}

/// The project of a `Cargo.toml`; `None` if no package of it has WIT.
fn crate_project(ctx: &Context, dir: &Path, mode: LockMode) -> Result<Option<WitProject>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    args.lock_mode = mode;
    let project = match manifests::Project::load(ctx, &args) {
        Ok(project) => project,
        // WIT can be read where cargo is missing or refuses the manifest.
        Err(error) => {
            let text = format!(
                "Cargo.toml without cargo, which failed: {}",
                error.message()
            );
            ctx.shell.detail("Reading", text);
            let workspace = Workspace::from_manifests(dir)?;
            let selected = workspace.default_members.clone();
            let workspace = Cached {
                stamps: Vec::new(),
                fact: workspace,
            };
            manifests::Project::of(Rc::new(workspace), selected, mode, &args)
        }
    };
    let mut members = Vec::new();
    let workspace = project.workspace();
    for index in &project.selected {
        let manifest = project.manifest(ctx, &workspace.members[*index])?;
        let Target::Local(target) = &manifest.target else {
            continue;
        };
        if let Some(wit) = wit_path(&manifest, target)? {
            members.push(WitMember {
                manifest: Some(manifest),
                ..WitMember::of(wit)
            });
        }
    }
    if members.is_empty() {
        return Ok(None);
    }
    Ok(Some(WitProject {
        root: dir.to_owned(),
        all: members.clone(),
        members,
        lock_file: workspace.root.join(LockForm::Crate.file_name()),
        kind: ProjectKind::Crate(project),
        mode,
    }))
}
