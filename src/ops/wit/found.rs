//! Where the project with WIT packages is that the user means.

use std::path::{Path, PathBuf};

use super::project::{Kind, Member, Project, Whose, WitOptions};
use crate::base::error::{Error, Result};
use crate::model::lockfile::Form;
use crate::model::manifest::wit_toml;
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::WkgManifest;
use crate::model::manifest::{ManifestFile, Target};
use crate::pipeline::build::bindings::read_manifest;
use crate::pipeline::build::prepare::{Meant, meant};
use crate::pipeline::project::recover::settle;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::cargo::spec::matches_glob;
use crate::system::cargo::workspace::Workspace;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source::wit_path;

/// Finds the project the user stands in, or the one of the directory of WIT
/// that is given, and says which it is.
///
/// From the directory outwards, the first one that has something counts;
/// within one, `wkg.toml` comes before `wit.toml`, that before a `Cargo.toml`
/// with our section, then `wit/deps.toml`, any `Cargo.toml`, and WIT alone.
pub fn find(ctx: &Context, options: &WitOptions) -> Result<Project> {
    let mut project = found(ctx, options)?;
    if settle_all(ctx, &project) {
        project = found(ctx, options)?;
    }
    if options.whose == Whose::Any {
        project.tell(ctx);
    }
    Ok(project)
}

/// Settles what killed runs left in the directories of a project; whether there
/// was a change among it.
fn settle_all(ctx: &Context, project: &Project) -> bool {
    fs::clean(&ctx.cache().dir().join("fetched"));
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
    settle(ctx, dirs)
}

/// As [`find`], without a word.
pub(super) fn found(ctx: &Context, options: &WitOptions) -> Result<Project> {
    let mode = lock_mode(ctx, options.mode);
    let given = options.wit_dir.as_ref().map(|dir| ctx.absolute(dir));
    if let Some(dir) = given.as_ref().filter(|dir| !fs::exists(dir)) {
        return Err(Error::input(format!(
            "the directory `{}` does not exist",
            ctx.display(dir)
        ))
        .hint("give the directory with the `.wit` files"));
    }
    match options.whose {
        Whose::Any => {}
        Whose::Wkg => return as_wkg(ctx, given, mode),
        Whose::Wit => return as_wit(ctx, mode),
    }
    let start = given.clone().unwrap_or_else(|| ctx.cwd.clone());
    let mut above = None;
    for dir in start.ancestors() {
        if let Some(mut project) = at(ctx, dir, mode)? {
            if let Some(whole) = around(ctx, &project, given.is_some())? {
                project = whole;
            }
            if !narrow(&mut project, (&start, given.as_deref())) {
                continue;
            }
            if is_strangers(&project, &start) {
                above = above.or(Some(project.members[0].wit.clone()));
                continue;
            }
            return Ok(project);
        }
    }
    if let Some(wit) = given {
        return Ok(plain(Member::of(wit), &ctx.cwd, mode));
    }
    let error = Error::input(format!(
        "no WIT was found in `{}`, and no project with WIT in its parent directories",
        ctx.cwd.display()
    ));
    Err(match above {
        Some(wit) => error
            .because(format!(
                "the WIT in `{}` has no manifest that includes this directory",
                wit.display()
            ))
            .hint(format!("to use it, add `--wit-dir {}`", wit.display())),
        None => error.hint(
            "run the command in a directory with `.wit` files, or create a package with `cargo component wit init <path>`",
        ),
    })
}

/// Whether a folder of WIT was only come by on the way up: without a manifest it
/// takes in itself, what is below it, and the folder whose `wit` it is.
fn is_strangers(project: &Project, start: &Path) -> bool {
    let inside = |member: &Member| start.starts_with(&member.wit);
    matches!(project.kind, Kind::Plain)
        && start != project.root
        && !project.members.iter().any(inside)
}

/// The lock mode with what cargo's configuration says of the network. One that
/// cannot be read stops nobody here: what is asked over the network reads it anew.
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

/// The project of `wkg` where the user stands.
fn as_wkg(ctx: &Context, given: Option<PathBuf>, mode: LockMode) -> Result<Project> {
    let has = |dir: &&Path| fs::exists(&dir.join("wkg.toml"));
    let found = match ctx.cwd.ancestors().find(has) {
        Some(dir) => at(ctx, dir, mode)?,
        None => None,
    };
    let wit = given.clone().unwrap_or_else(|| ctx.cwd.join("wit"));
    let Some(mut project) = found else {
        return Ok(plain(Member::of(wit), &ctx.cwd, mode));
    };
    let member = project.members.iter().find(|m| same(&m.wit, &wit)).cloned();
    // Without a directory it is the whole workspace.
    if given.is_some() || !project.is_workspace() {
        project.members = vec![member.unwrap_or_else(|| Member::of(wit))];
    }
    Ok(project)
}

/// The project of the `wit` CLI where the user stands.
fn as_wit(ctx: &Context, mode: LockMode) -> Result<Project> {
    let has = |dir: &&Path| fs::exists(&dir.join("wit.toml"));
    let found = match ctx.cwd.ancestors().find(has) {
        Some(dir) => at(ctx, dir, mode)?,
        None => None,
    };
    found.ok_or_else(|| {
        Error::input("failed to find a WIT package configuration file `wit.toml`")
            .hint("create one with `wit init`")
    })
}

/// The project that what was found is a part of: a workspace of `wkg` it is a
/// member of; or where it is only a folder with WIT, the project of `wkg` or
/// the crate that has its WIT there.
fn around(ctx: &Context, project: &Project, given: bool) -> Result<Option<Project>> {
    let alone = match &project.kind {
        Kind::Plain => true,
        Kind::Wkg(manifest) => manifest.workspace.is_none(),
        _ => false,
    };
    let [member] = project.members.as_slice() else {
        return Ok(None);
    };
    let plain = matches!(project.kind, Kind::Plain);
    let has = |whole: &Project| whole.members.iter().any(|m| same(&m.wit, &member.wit));
    for dir in project.root.ancestors().skip(1).filter(|_| alone) {
        let beside = dir == fs::parent(&project.root);
        if fs::exists(&dir.join("wkg.toml")) {
            let whole = at(ctx, dir, project.mode)?;
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
            // One that cannot be read says nothing of this folder.
            let whole = of_crate(ctx, dir, project.mode).ok().flatten();
            return Ok(whole.filter(has));
        }
    }
    Ok(None)
}

/// Leaves the packages meant by where the user stands, or by the directory that
/// is given; whether there are any.
fn narrow(project: &mut Project, (start, given): (&Path, Option<&Path>)) -> bool {
    let root = project.root.clone();
    let inside = |member: &&Member| {
        let dir = match member.wit.ends_with("wit") {
            true => fs::parent(&member.wit),
            false => &member.wit,
        };
        start.starts_with(dir) && dir != root
    };
    if let Some(given) = given {
        let is = |member: &&Member| same(&member.wit, given);
        let found = project.members.iter().find(is).cloned();
        let alone = matches!(project.kind, Kind::Wkg(_)) && !project.is_workspace();
        match (found, alone) {
            (Some(member), _) => project.members = vec![member],
            // A directory of another name is as good.
            (None, true) => project.members = vec![Member::of(given.to_owned())],
            (None, false) => return false,
        }
        return true;
    }
    if let Some(member) = project.members.iter().find(inside).cloned() {
        project.members = vec![member];
    }
    true
}

fn same(a: &Path, b: &Path) -> bool {
    match (fs::canonical(a), fs::canonical(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn plain(member: Member, root: &Path, mode: LockMode) -> Project {
    Project {
        kind: Kind::Plain,
        root: root.to_owned(),
        members: vec![member.clone()],
        all: vec![member],
        lock_file: root.join(Form::Wkg.file_name()),
        mode,
    }
}

/// The project of exactly this directory.
fn at(ctx: &Context, dir: &Path, mode: LockMode) -> Result<Option<Project>> {
    let one = |kind, wit, form: Form| Project {
        kind,
        root: dir.to_owned(),
        members: vec![Member::of(wit)],
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
        return of_wkg(manifest, one).map(Some);
    }
    if let Some(file) = read("wit.toml")? {
        let kind = Kind::Wit(wit_toml::read(file)?);
        return Ok(Some(one(kind, dir.to_owned(), Form::Wit)));
    }
    let of_crate = match fs::exists(&dir.join("Cargo.toml")) {
        true => of_crate(ctx, dir, mode)?,
        false => None,
    };
    let deps = dir.join("wit").join("deps.toml");
    // A crate of ours has a manifest and a lock file for its WIT; what stands
    // in `deps.toml` beside that is brought first.
    let declared = |member: &Member| member.manifest.as_ref().is_some_and(|m| m.declared);
    let ours = of_crate
        .as_ref()
        .is_some_and(|p| p.members.iter().any(declared));
    if fs::exists(&deps) && !ours {
        return Ok(Some(one(Kind::Deps(deps), dir.join("wit"), Form::Wkg)));
    }
    if of_crate.is_some() {
        return Ok(of_crate);
    }
    let wit = dir.join("wit");
    if has_wit(&wit) {
        return Ok(Some(one(Kind::Plain, wit, Form::Wkg)));
    }
    // What is called `wit`, or lies in it, is part of something.
    let part = dir.components().any(|part| part.as_os_str() == "wit");
    if has_wit(dir) && (!part || !has_wit(&fs::parent(dir).join("wit"))) {
        return Ok(Some(one(Kind::Plain, dir.to_owned(), Form::Wkg)));
    }
    Ok(None)
}

/// The project of a `wkg.toml`.
fn of_wkg(
    manifest: WkgManifest,
    one: impl FnOnce(Kind, PathBuf, Form) -> Project,
) -> Result<Project> {
    let dir = manifest.file.dir().to_owned();
    let Some(members) = &manifest.workspace else {
        let beside = !fs::exists(&dir.join("wit")) && has_wit(&dir);
        let wit = if beside { dir } else { dir.join("wit") };
        return Ok(one(Kind::Wkg(manifest), wit, Form::Wkg));
    };
    let mut found: Vec<PathBuf> = Vec::new();
    for pattern in &members.patterns {
        for path in expand(&dir, pattern)? {
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
    let members = found.into_iter().map(|path| Member {
        wit: match has_wit(&path) {
            true => path,
            false => path.join("wit"),
        },
        deps: deps.clone(),
        manifest: None,
    });
    let members: Vec<Member> = members.collect();
    let mut project = one(Kind::Wkg(manifest), dir, Form::Wkg);
    project.all = members.clone();
    project.members = members;
    Ok(project)
}

/// The directories a pattern of members stands for. One without wildcards is
/// itself; of others only what has WIT counts.
fn expand(root: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
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
fn of_crate(ctx: &Context, dir: &Path, mode: LockMode) -> Result<Option<Project>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    args.lock_mode = mode;
    let (workspace, selected) = match meant(ctx, &args) {
        Ok(Meant {
            workspace,
            selected,
            ..
        }) => (workspace, selected),
        // WIT needs no cargo that works, nor a manifest that it takes.
        Err(error) => {
            let text = format!(
                "Cargo.toml without cargo, which failed: {}",
                error.message()
            );
            ctx.shell.detail("Reading", text);
            let workspace = Workspace::from_manifests(dir)?;
            let selected = workspace.default_members.clone();
            (workspace, selected)
        }
    };
    let mut members = Vec::new();
    for index in selected {
        let (manifest, _) = read_manifest(ctx, &workspace, &workspace.members[index])?;
        let Target::Local(target) = &manifest.target else {
            continue;
        };
        if let Some(wit) = wit_path(&manifest, target)? {
            members.push(Member {
                manifest: Some(Box::new(manifest)),
                ..Member::of(wit)
            });
        }
    }
    if members.is_empty() {
        return Ok(None);
    }
    Ok(Some(Project {
        root: dir.to_owned(),
        all: members.clone(),
        members,
        lock_file: workspace.root.join(Form::Crate.file_name()),
        kind: Kind::Crate(Box::new(workspace)),
        mode,
    }))
}

/// Whether a directory has `.wit` files.
pub(super) fn has_wit(dir: &Path) -> bool {
    let is_wit = |path: &PathBuf| path.extension().is_some_and(|e| e == "wit");
    fs::list(dir).is_ok_and(|entries| entries.iter().any(is_wit))
}
