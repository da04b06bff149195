//! `cargo component migrate`: projects of other tools become projects of this
//! one. Each origin has a file of its own, from texts to texts; nothing is
//! written before all of them are known.

mod crate_0_21;
mod draft;
mod handmade;
mod wit_toml;
mod wkg;

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::lockfile::Form;
use crate::model::manifest;
use crate::model::manifest::{Manifest, ManifestFile, WorkspaceManifest};
use crate::pipeline::build::bindings::is_guest;
use crate::pipeline::build::prepare::{Meant, meant};
use crate::pipeline::fetch::packages::must_not_change;
use crate::pipeline::project::recover::{settle, settle_member};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::workspace::{Member, Workspace};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;

use self::draft::{Draft, colored};

/// What is done with the changes, which are shown in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// They are made.
    Make(Tree),
    /// They are not.
    Show,
    /// They are an error.
    Refuse,
}

/// Which state of a repository will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    /// One without changes that are not committed.
    Clean,
    /// Any.
    Any,
}

/// Brings the project the user stands in to the layout of this tool. What
/// works as it is stays as it is; what has to be done by hand is told at the
/// end.
pub fn migrate(ctx: &Context, args: &CargoArgs, changes: Changes) -> Result<()> {
    let mut draft = Draft::new(ctx);
    let root = match place(ctx, args)? {
        Place::Crates => crates(&mut draft, args)?,
        Place::Wit(dir) => {
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

/// The lock file that would change although it must not.
fn locked<'p>(args: &CargoArgs, changed: &'p [PathBuf]) -> Option<&'p Path> {
    let forms = [Form::Crate, Form::Wkg, Form::Wit].map(Form::file_name);
    let is_lock = |path: &&PathBuf| forms.iter().any(|name| path.ends_with(name));
    let lock = changed.iter().find(is_lock);
    lock.filter(|_| args.lock_mode.is_locked())
        .map(PathBuf::as_path)
}

/// Which project is meant.
enum Place {
    /// Packages of cargo.
    Crates,
    /// WIT in a directory, without a crate.
    Wit(PathBuf),
}

/// Finds the nearest project. WIT that lies in `wit` of a crate is part of it.
fn place(ctx: &Context, args: &CargoArgs) -> Result<Place> {
    if args.manifest_path.is_some() {
        return Ok(Place::Crates);
    }
    let is_crate = |dir: &Path| fs::exists(&dir.join("Cargo.toml"));
    for dir in ctx.cwd.ancestors() {
        if is_crate(dir) {
            return Ok(Place::Crates);
        }
        let part = dir.file_name().is_some_and(|name| name == "wit");
        if part && is_crate(fs::parent(dir)) {
            continue;
        }
        let marks = ["wit.toml", "wkg.toml", "wit/deps.toml"];
        // WIT alone takes in what is below it, and the folder whose `wit` it is.
        let wit = || has_wit(dir) || (dir == ctx.cwd && has_wit(&dir.join("wit")));
        if marks.iter().any(|mark| fs::exists(&dir.join(mark))) || wit() {
            return Ok(Place::Wit(dir.to_owned()));
        }
    }
    Err(Error::input(format!(
        "no project was found in `{}` or its parent directories",
        ctx.cwd.display()
    ))
    .hint("run the command in a crate or a directory of WIT"))
}

fn has_wit(dir: &Path) -> bool {
    let is_wit = |path: &PathBuf| path.extension().is_some_and(|e| e == "wit");
    fs::list(dir).is_ok_and(|entries| entries.iter().any(is_wit))
}

/// A folder of WIT.
fn wit(draft: &mut Draft<'_>, dir: &Path) -> Result<()> {
    settle(draft.ctx, [dir, &dir.join("wit")]);
    if fs::exists(&dir.join("wkg.toml")) {
        draft.found(
            &dir.join("wkg.toml"),
            "a `wkg` project, which works unchanged: `cargo component wit`",
        );
    }
    deps(draft, dir);
    wit_toml::migrate(draft, dir)
}

/// Says of a project of `wit-deps` that it is one.
fn deps(draft: &Draft<'_>, dir: &Path) {
    let path = dir.join("wit").join("deps.toml");
    if fs::exists(&path) {
        draft.found(
            &path,
            "a `deps.toml` of `wit-deps`, which works unchanged: `cargo component deps`",
        );
    }
}

/// The packages the command line means; the directory of their workspace.
fn crates(draft: &mut Draft<'_>, args: &CargoArgs) -> Result<PathBuf> {
    let ctx = draft.ctx;
    let Meant {
        workspace,
        selected,
        ..
    } = meant(ctx, args)?;
    settle(ctx, [workspace.root.as_path()]);
    let root = workspace.root.join("Cargo.toml");
    let shared = match fs::read_text_if_exists(&root)? {
        Some(text) => manifest::read_workspace(&ManifestFile::new(&root, &text))?,
        None => WorkspaceManifest::default(),
    };
    for index in selected {
        let member = &workspace.members[index];
        let mut of = Crate {
            ctx,
            workspace: &workspace,
            member,
            shared: &shared,
            sources: Vec::new(),
        };
        settle_member(ctx, member);
        if of.uses_wit_bindgen() {
            of.sources = sources(member.dir())?;
        }
        of.migrate(draft)?;
    }
    Ok(workspace.root)
}

/// A package of cargo.
struct Crate<'a> {
    ctx: &'a Context,
    workspace: &'a Workspace,
    member: &'a Member,
    shared: &'a WorkspaceManifest,
    /// Its Rust sources.
    sources: Vec<RustSource>,
}

/// A Rust source of a package.
struct RustSource {
    path: PathBuf,
    text: String,
    /// Whether it is of the library or a program, not of tests and the like.
    of_code: bool,
}

impl Crate<'_> {
    fn migrate(&self, draft: &mut Draft<'_>) -> Result<()> {
        let dir = self.member.dir();
        for dir in [dir.to_owned(), dir.join("wit")] {
            wit_toml::migrate(draft, &dir)?;
        }
        deps(draft, dir);
        crate_0_21::migrate(draft, self)?;
        let manifest = self.drafted(draft)?;
        if is_guest(&manifest, self.member) {
            handmade::migrate(draft, self, &manifest)?;
            let manifest = self.drafted(draft)?;
            wkg::migrate(draft, self, &manifest)?;
        }
        // What is written has to be read.
        self.drafted(draft).map(|_| ())
    }

    /// Its manifest, as it is to be.
    fn drafted(&self, draft: &mut Draft<'_>) -> Result<Manifest> {
        let text = draft.text(self.path())?.unwrap_or_default();
        self.read(&text)
    }

    /// Its manifest with this text.
    fn read(&self, text: &str) -> Result<Manifest> {
        manifest::read(ManifestFile::new(self.path(), text), self.shared)
    }

    /// The path of its manifest.
    fn path(&self) -> &Path {
        &self.member.manifest_path
    }

    /// Where its generated bindings are, as far as nobody says otherwise.
    fn bindings(&self) -> PathBuf {
        self.member.dir().join("src").join("bindings.rs")
    }

    fn uses_wit_bindgen(&self) -> bool {
        let uses = |name: &&str| self.member.dependency(name).is_some();
        ["wit-bindgen", "wit-bindgen-rt"].iter().any(uses)
    }
}

/// The Rust sources of a package, in the folders where cargo looks for them.
fn sources(dir: &Path) -> Result<Vec<RustSource>> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    let folders = ["src", "tests", "examples", "benches"];
    let mut open: Vec<_> = folders.map(|name| (dir.join(name), name == "src")).into();
    while let Some((folder, of_code)) = open.pop() {
        // A link may lead back to where it is.
        let Ok(place) = fs::canonical(&folder) else {
            continue;
        };
        if seen.contains(&place) || !fs::is_dir(&place) {
            continue;
        }
        seen.push(place);
        for path in fs::list(&folder)? {
            if fs::is_dir(&path) {
                open.push((path, of_code));
            } else if path.extension().is_some_and(|e| e == "rs") {
                // What is no text is no Rust.
                let Ok(text) = fs::read_text(&path) else {
                    continue;
                };
                found.push(RustSource {
                    path,
                    text,
                    of_code,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Fails where a repository has changes that are not committed, since those
/// made here could not be told from them.
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
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(unsure(Error::input(said.trim())));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    if said.trim().is_empty() {
        return Ok(());
    }
    let files = said.lines().filter_map(|line| line.get(3..)).take(5);
    let files: Vec<_> = files.map(|file| format!("`{file}`")).collect();
    let more = if said.lines().count() > 5 {
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
