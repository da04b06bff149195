//! `cargo component migrate`: projects of other tools become projects of this
//! one. Each origin has a file of its own, from texts to texts; nothing is
//! written before all of them are known.

mod crate_0_21;
mod draft;
mod handmade;
mod source_crate;
mod wasm_toml;
mod wit_toml;
mod wkg;

use std::path::{Path, PathBuf};

use self::draft::{Draft, colored};
use self::source_crate::{Crate, sources};
use crate::base::error::{Error, Result};
use crate::model::lockfile::LockForm;
use crate::model::manifest;
use crate::model::manifest::{ManifestFile, WorkspaceManifest};
use crate::pipeline::fetch::packages::must_not_change;
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::manifests::is_component;
use crate::pipeline::project::recover::{recover_directories, recover_member};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::source::has_wit;

/// What is done with the changes, which are always shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The changes are written.
    Make(Tree),
    /// The changes are only shown.
    Show,
    /// The changes are an error.
    Refuse,
}

/// The state that the repository must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    /// All changes are committed.
    Clean,
    /// Uncommitted changes are allowed.
    Any,
}

/// Migrates the project of the current directory to the layout of this tool. What
/// works already stays; what has to be done by hand is reported at the end.
pub fn migrate(ctx: &Context, args: &CargoArgs, changes: Changes) -> Result<()> {
    let mut draft = Draft::new(ctx);
    let root = match find_project(ctx, args)? {
        MigratedProject::Crates => crates(&mut draft, args)?,
        MigratedProject::Wit(dir) => {
            wit(&mut draft, &dir)?;
            dir
        }
    };
    let diff = draft.diff(&root);
    if !diff.is_empty() {
        ctx.shell.styled_data(&colored(&diff))?;
    }
    let changed: Vec<PathBuf> = draft.changed().into_iter().map(Path::to_owned).collect();
    let files = match changed.len() {
        1 => "1 file".to_owned(),
        many => format!("{many} files"),
    };
    let result = match (changes, locked(args, &changed)) {
        _ if changed.is_empty() => {
            ctx.shell
                .status("Finished", "nothing to migrate".to_owned());
            Ok(())
        }
        (Changes::Make(_), Some(lock)) => Err(must_not_change(lock)),
        (Changes::Show, _) => {
            let text = format!("{files} would change; nothing was written because of `--dry-run`");
            ctx.shell.warn(text);
            Ok(())
        }
        (Changes::Refuse, _) => {
            Err(Error::input(format!("{files} would change")).hint("run `cargo component migrate`"))
        }
        (Changes::Make(tree), None) => {
            if tree == Tree::Clean {
                refuse_dirty(ctx, &root)?;
            }
            draft.write()?;
            for path in &changed {
                let verb = if fs::exists(path) {
                    "Migrated"
                } else {
                    "Removed"
                };
                ctx.shell.status(verb, format!("`{}`", ctx.display(path)));
            }
            Ok(())
        }
    };
    for text in draft.by_hand {
        ctx.shell.warn(text);
    }
    result
}

/// The lock file that would change although the lock mode forbids that.
fn locked<'p>(args: &CargoArgs, changed: &'p [PathBuf]) -> Option<&'p Path> {
    let forms = [LockForm::Crate, LockForm::Wkg, LockForm::Wit].map(LockForm::file_name);
    let is_lock = |path: &&PathBuf| forms.iter().any(|name| path.ends_with(name));
    let lock = changed.iter().find(is_lock);
    lock.filter(|_| args.lock_mode.is_locked())
        .map(PathBuf::as_path)
}

/// The kind of project that is migrated.
enum MigratedProject {
    /// The project consists of packages of cargo.
    Crates,
    /// WIT in a directory, without a crate.
    Wit(PathBuf),
}

/// Finds the nearest project. The folder `wit` of a crate is a part of that.
fn find_project(ctx: &Context, args: &CargoArgs) -> Result<MigratedProject> {
    if args.manifest_path.is_some() {
        return Ok(MigratedProject::Crates);
    }
    let is_crate = |dir: &Path| fs::exists(&dir.join("Cargo.toml"));
    for dir in ctx.cwd.ancestors() {
        if is_crate(dir) {
            return Ok(MigratedProject::Crates);
        }
        let part = dir.file_name().is_some_and(|name| name == "wit");
        if part && is_crate(fs::parent(dir)) {
            continue;
        }
        let marks = ["wit.toml", "wkg.toml", "wit/deps.toml", "wasm.toml"];
        // A folder of WIT without a manifest covers what is below it, and its parent
        // if it is called `wit`.
        let wit = || has_wit(dir) || (dir == ctx.cwd && has_wit(&dir.join("wit")));
        if marks.iter().any(|mark| fs::exists(&dir.join(mark))) || wit() {
            return Ok(MigratedProject::Wit(dir.to_owned()));
        }
    }
    Err(Error::input(format!(
        "no project was found in `{}` or its parent directories",
        ctx.cwd.display()
    ))
    .hint("run the command in a crate or a directory of WIT"))
}

/// Migrates a folder of WIT.
fn wit(draft: &mut Draft<'_>, dir: &Path) -> Result<()> {
    recover_directories(draft.ctx, [dir, &dir.join("wit")]);
    if fs::exists(&dir.join("wkg.toml")) {
        draft.found(
            &dir.join("wkg.toml"),
            "a `wkg` project, which works unchanged: `cargo component wit`",
        );
    }
    deps(draft, dir);
    wasm_toml::report_project(draft, dir);
    wit_toml::migrate(draft, dir)
}

/// Reports a project of `wit-deps`, which needs no migration.
fn deps(draft: &Draft<'_>, dir: &Path) {
    let path = dir.join("wit").join("deps.toml");
    if fs::exists(&path) {
        draft.found(
            &path,
            "a `deps.toml` of `wit-deps`, which works unchanged: `cargo component deps`",
        );
    }
}

/// Migrates the selected packages; the directory of their workspace.
fn crates(draft: &mut Draft<'_>, args: &CargoArgs) -> Result<PathBuf> {
    let ctx = draft.ctx;
    let project = Project::load(ctx, args)?;
    let workspace = project.workspace();
    recover_directories(ctx, [workspace.root.as_path()]);
    let root = workspace.root.join("Cargo.toml");
    let shared = match fs::read_text_if_exists(&root)? {
        Some(text) => manifest::read_workspace(&ManifestFile::new(&root, &text))?,
        None => WorkspaceManifest::default(),
    };
    for index in &project.selected {
        let member = &workspace.members[*index];
        let mut of = Crate {
            ctx,
            workspace,
            member,
            shared: &shared,
            sources: Vec::new(),
        };
        recover_member(ctx, member);
        if of.uses_wit_bindgen() {
            of.sources = sources(member.dir())?;
        }
        migrate_crate(&of, draft)?;
    }
    Ok(workspace.root.clone())
}

/// Migrates one package of cargo.
fn migrate_crate(of: &Crate<'_>, draft: &mut Draft<'_>) -> Result<()> {
    let dir = of.member.dir();
    for dir in [dir.to_owned(), dir.join("wit")] {
        wit_toml::migrate(draft, &dir)?;
    }
    deps(draft, dir);
    crate_0_21::migrate(draft, of)?;
    let manifest = of.drafted(draft)?;
    if is_component(&manifest, of.member) {
        handmade::migrate(draft, of, &manifest)?;
        let manifest = of.drafted(draft)?;
        wkg::migrate(draft, of, &manifest)?;
        let manifest = of.drafted(draft)?;
        wasm_toml::migrate(draft, of, &manifest)?;
    }
    // The new manifest has to be valid.
    of.drafted(draft).map(|_| ())
}

/// An error where a repository has uncommitted changes, which would mix with
/// those of the migration.
fn refuse_dirty(ctx: &Context, root: &Path) -> Result<()> {
    if !root.ancestors().any(|dir| fs::exists(&dir.join(".git"))) {
        return Ok(());
    }
    let ask = Invocation::new("git").args(["status", "--porcelain", "--", "."]);
    let unsure = |error: Error| {
        error
            .context("failed to check for uncommitted changes with git")
            .hint("use `--allow-dirty` to migrate anyway")
    };
    let output = ctx.exec.output(&ask.dir(root)).map_err(unsure)?;
    if output.code != 0 {
        let status = String::from_utf8_lossy(&output.stderr);
        return Err(unsure(Error::input(status.trim())));
    }
    let status = String::from_utf8_lossy(&output.stdout);
    if status.trim().is_empty() {
        return Ok(());
    }
    let files = status.lines().filter_map(|line| line.get(3..)).take(5);
    let files: Vec<_> = files.map(|file| format!("`{file}`")).collect();
    let more = if status.lines().count() > 5 {
        ", …"
    } else {
        ""
    };
    Err(Error::input(format!(
        "there are uncommitted changes: {}{more}",
        files.join(", ")
    ))
    .hint("commit or stash them, or use `--allow-dirty` to migrate anyway"))
}
