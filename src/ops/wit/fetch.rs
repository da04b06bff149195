//! `cargo component wit fetch`: what a WIT package needs, beside it in `deps`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::project::{Kind, Member, Project, WitOptions, find};
use super::resolve::{Resolved, Session};
use super::written::{Written, digest_below, digest_of};
use crate::advice::{Error, Result};
use crate::context::Context;
use crate::fs;
use crate::ops::wit_deps::{self, DepsOptions};
use crate::package::ContentDigest;
use crate::wit::Origin;
use crate::wit::write::{Rendered, beside, folder};

/// What the packages are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Text: `<name>/package.wit`.
    #[default]
    Wit,
    /// As they are in registries: `<name>.wasm`.
    Wasm,
}

/// What is done where `deps` or the lock file are not what they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drift {
    /// They are written.
    #[default]
    Write,
    /// It is an error, and nothing is written.
    Refuse,
}

/// Everything one entry of `deps` has: paths below it with their content; the
/// path of a file that is an entry itself is empty.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// Brings `deps` up to date: everything the packages meant need that is not
/// there already.
///
/// What `fetch` did not write, or what was changed since, is left as it is,
/// counts as part of the project, and is named where it is in the way. The new
/// folder is made aside and then put in the place of the old one; where nothing
/// changes nothing is written.
pub fn fetch(ctx: &Context, options: &WitOptions, (form, drift): (Form, Drift)) -> Result<()> {
    let project = find(ctx, options)?;
    if let Kind::Deps(manifest) = &project.kind {
        let of = of_deps(&project, manifest);
        return match drift {
            Drift::Write => wit_deps::lock(ctx, &of),
            Drift::Refuse => wit_deps::check(ctx, &of),
        };
    }
    let mut session = Session::new(ctx, &project)?;
    fetch_with(ctx, &project, &mut session, (form, drift))?;
    match (drift, session.lock()) {
        (Drift::Refuse, Some(_)) => Err(drifted(ctx, &project.lock_file)),
        _ => session.finish(),
    }
}

/// The files of a project of `wit-deps`.
pub(super) fn of_deps(project: &Project, manifest: &Path) -> DepsOptions {
    DepsOptions {
        manifest: manifest.to_owned(),
        lock: manifest.with_extension("lock"),
        deps: fs::parent(manifest).join("deps"),
        mode: project.mode,
    }
}

/// As [`fetch`], without a look at the lock file afterwards.
pub(super) fn fetch_with(
    ctx: &Context,
    project: &Project,
    session: &mut Session<'_>,
    (form, drift): (Form, Drift),
) -> Result<()> {
    let mut places: BTreeMap<&Path, Vec<&Member>> = BTreeMap::new();
    for member in &project.members {
        places.entry(&member.deps).or_default().push(member);
    }
    for (deps, members) in places {
        let mut written = Written::of(ctx, deps);
        let unknown = |path: &PathBuf| !written.is_own(path);
        let there = entries(deps)?;
        if there.iter().any(unknown) {
            written.would_be(ctx, session.old());
        }
        let own: Vec<&PathBuf> = there.iter().filter(|path| written.is_own(path)).collect();
        let mut new: BTreeMap<String, Files> = BTreeMap::new();
        for member in members {
            let resolved = session.resolve(member, &|path| own.iter().any(|own| *own == path))?;
            for note in &resolved.package.notes {
                ctx.shell.note(note.clone());
            }
            for (name, files) in needed(&resolved, deps, form)? {
                new.entry(name).or_insert(files);
            }
        }
        let kept: Vec<&PathBuf> = there.iter().filter(|path| !own.contains(path)).collect();
        refuse_clash(ctx, &kept, &new)?;
        let digests: BTreeMap<String, ContentDigest> = new
            .iter()
            .map(|(name, files)| (name.clone(), digest(files)))
            .collect();
        let same = own.len() == digests.len()
            && own.iter().all(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                digests.get(&*name) == digest_below(path).ok().as_ref()
            });
        if !same && drift == Drift::Refuse {
            return Err(drifted(ctx, deps));
        }
        if !same {
            swap(ctx, deps, (&kept, &new))?;
        }
        if drift == Drift::Write {
            written.keep(&digests);
        }
    }
    Ok(())
}

fn drifted(ctx: &Context, path: &Path) -> Error {
    Error::input(format!("`{}` is not up to date", ctx.display(path)))
        .hint("run `cargo component wit fetch` without `--check`")
}

/// The entries of `deps`, but for what manages it.
fn entries(deps: &Path) -> Result<Vec<PathBuf>> {
    match fs::is_dir(deps) {
        true => fs::list(deps),
        false => Ok(Vec::new()),
    }
}

fn digest(files: &Files) -> ContentDigest {
    digest_of(files.iter().map(|(p, b)| (p.as_path(), b.as_slice())))
}

/// What is to be in `deps` for one package.
fn needed(resolved: &Resolved, deps: &Path, form: Form) -> Result<Vec<(String, Files)>> {
    let mut all = Vec::new();
    let there = |one: &Rendered| match &one.origin {
        Origin::Path(path) => path.starts_with(deps),
        _ => false,
    };
    for one in beside(&resolved.package)?.into_iter().filter(|o| !there(o)) {
        let name = folder(&one.name);
        match (form, &one.origin) {
            (Form::Wit, _) => {
                let file = (PathBuf::from("package.wit"), one.text.into_bytes());
                all.push((name, vec![file]));
            }
            (Form::Wasm, Origin::Fetched) => {
                let found = resolved.fetched.iter().find(|fetched| {
                    let (ns, package) = (fetched.package.namespace(), fetched.package.name());
                    let version = one.name.version.as_ref();
                    ns == one.name.namespace
                        && package == one.name.name
                        && version.is_none_or(|version| *version == fetched.version)
                });
                if let Some(found) = found {
                    let file = (PathBuf::new(), fs::read(&found.file)?);
                    all.push((format!("{name}.wasm"), vec![file]));
                }
            }
            (Form::Wasm, Origin::Path(path)) if resolved.overrides.contains(path) => {
                all.push(copied(path, name)?);
            }
            (Form::Wasm, Origin::Path(_)) => {
                let file = (PathBuf::from("package.wit"), one.text.into_bytes());
                all.push((name, vec![file]));
            }
            // In the file of the package that needs it.
            (Form::Wasm, Origin::Enclosed | Origin::Main) => {}
        }
    }
    Ok(all)
}

/// A copy of WIT that an override leads to, with all that is in its folder.
fn copied(path: &Path, name: String) -> Result<(String, Files)> {
    let single = !fs::is_dir(path);
    if single && path.extension().is_some_and(|e| e == "wasm") {
        return Ok((
            format!("{name}.wasm"),
            vec![(PathBuf::new(), fs::read(path)?)],
        ));
    }
    let mut files = Vec::new();
    for file in fs::files_below(path)? {
        let below = match single {
            true => PathBuf::from(file.file_name().unwrap_or_default()),
            false => file.strip_prefix(path).unwrap_or(&file).to_owned(),
        };
        files.push((below, fs::read(&file)?));
    }
    Ok((name, files))
}

/// Something of the user's stands where a package has to be put.
fn refuse_clash(ctx: &Context, kept: &[&PathBuf], new: &BTreeMap<String, Files>) -> Result<()> {
    for path in kept {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if new.contains_key(&*name) {
            return Err(Error::input(format!(
                "`{}` is in the way of a package that has to be put there",
                ctx.display(path)
            ))
            .because("it was not written by `fetch`, or was changed since")
            .hint("remove it, or give it another name if it is yours"));
        }
        let shown = ctx.display(path);
        let text = format!("`{shown}`, which fetch did not write");
        ctx.shell.detail("Keeping", text);
    }
    Ok(())
}

/// Puts the new folder in the place of the old one.
fn swap(
    ctx: &Context,
    deps: &Path,
    (kept, new): (&[&PathBuf], &BTreeMap<String, Files>),
) -> Result<()> {
    let made = fs::aside(deps)?;
    let root = made.path();
    for (name, files) in new {
        for (below, bytes) in files {
            let path = match below.as_os_str().is_empty() {
                true => root.join(name),
                false => root.join(name).join(below),
            };
            fs::write_atomic(&path, bytes)?;
        }
    }
    for path in kept {
        fs::copy_all(path, &root.join(path.file_name().unwrap_or_default()))?;
    }
    if new.is_empty() && kept.is_empty() {
        fs::remove_all(deps)?;
    } else {
        fs::swap_in(made, deps)?;
    }
    let packages = match new.len() {
        1 => "1 package".to_owned(),
        many => format!("{many} packages"),
    };
    let shown = ctx.display(deps);
    ctx.shell
        .status("Fetched", format!("{packages} into `{shown}`"));
    Ok(())
}
