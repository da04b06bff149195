//! `cargo component wit fetch`: what a WIT package needs, beside it in `deps`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::project::{Kind, Member, Project, WitOptions, find};
use super::resolve::{LeaveOut, Resolved, Session};
use super::written::{Written, digest_below, digest_of};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::wit::Origin;
use crate::model::wit::write::{Rendered, beside, folder, refuse_same_folder};
use crate::ops::wit_deps::{self, DepsOptions};
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

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
    fs::again(|| fetch_for(ctx, &project, (form, drift)))
}

fn fetch_for(ctx: &Context, project: &Project, (form, drift): (Form, Drift)) -> Result<()> {
    if matches!(project.kind, Kind::Deps(_)) && form == Form::Wasm {
        return Err(
            Error::usage("the entries of a `deps.toml` can be fetched as text only")
                .hint("remove `--type`"),
        );
    }
    for deps in deps_files(project) {
        match drift {
            Drift::Write => wit_deps::lock(ctx, &deps)?,
            Drift::Refuse => wit_deps::check(ctx, &deps)?,
        }
    }
    if let Kind::Deps(_) = &project.kind {
        return Ok(());
    }
    let mut session = Session::new(ctx, project)?;
    let places = plan(ctx, project, &mut session, Some(form))?;
    if drift == Drift::Refuse {
        return match (places.iter().find(|place| !place.same), session.lock()) {
            (Some(place), _) => Err(drifted(ctx, place.deps)),
            (None, Some(_)) => Err(drifted(ctx, &project.lock_file)),
            (None, None) => Ok(()),
        };
    }
    if project.mode.is_locked() && session.lock().is_some() {
        return Err(must_not_change(&project.lock_file));
    }
    write(ctx, (session, places), Change::new())
}

/// Makes a change, and with it several `deps` and the lock file what they are to
/// be: all of it or nothing.
pub(super) fn write(
    ctx: &Context,
    (session, places): (Session<'_>, Vec<Place<'_>>),
    mut change: Change,
) -> Result<()> {
    for place in &places {
        place.add_to(&mut change)?;
    }
    session.finish_with(change)?;
    for place in places {
        place.tell(ctx);
        place.written.keep(&place.digests);
    }
    Ok(())
}

/// The files of `wit-deps` in a project: of one of its own, or of crates.
pub(super) fn deps_files(project: &Project) -> Vec<DepsOptions> {
    let of = |member: &Member| {
        let manifest = member.wit.join("deps.toml");
        fs::exists(&manifest).then(|| DepsOptions {
            lock: manifest.with_extension("lock"),
            deps: member.deps.clone(),
            mode: project.mode,
            manifest,
        })
    };
    match project.kind {
        Kind::Deps(_) | Kind::Crate(_) => project.members.iter().filter_map(of).collect(),
        _ => Vec::new(),
    }
}

/// One `deps`, with what is to be in it.
pub(super) struct Place<'p> {
    deps: &'p Path,
    /// What is not ours.
    kept: Vec<PathBuf>,
    new: BTreeMap<String, Files>,
    digests: BTreeMap<String, ContentDigest>,
    /// Whether it is so already.
    same: bool,
    written: Written,
    /// Whether anything in it is ours.
    pub has_own: bool,
    /// Keeps other runs away until it is written.
    _lock: Option<fs::Lock>,
}

/// Resolves the packages meant, as if nothing of ours were in their `deps`.
/// Without a form they get the one that what is there has.
pub(super) fn plan<'p>(
    ctx: &Context,
    project: &'p Project,
    session: &mut Session<'_>,
    form: Option<Form>,
) -> Result<Vec<Place<'p>>> {
    let mut members: BTreeMap<&Path, Vec<&Member>> = BTreeMap::new();
    for member in &project.members {
        members.entry(&member.deps).or_default().push(member);
    }
    let mut places = Vec::new();
    for (deps, members) in members {
        places.push(place(ctx, session, (deps, members), form)?);
    }
    Ok(places)
}

fn place<'p>(
    ctx: &Context,
    session: &mut Session<'_>,
    (deps, members): (&'p Path, Vec<&Member>),
    form: Option<Form>,
) -> Result<Place<'p>> {
    let mut written = Written::of(ctx, deps);
    let lock = written.lock(ctx, deps);
    let there = entries(deps)?;
    if there.iter().any(|path| !written.is_own(path)) {
        written.would_be(ctx, session.before());
    }
    let (mut own, mut kept): (Vec<PathBuf>, Vec<PathBuf>) =
        there.into_iter().partition(|path| written.is_own(path));
    own.extend(adopted((session, deps, &members), &mut kept)?);
    // What the cache lost is not asked for again while it is here.
    let cached = session.is_cached();
    let partial = session.is_partial() || !cached;
    let is_wasm = |path: &PathBuf| path.extension().is_some_and(|e| e == "wasm");
    let form = form.unwrap_or(match own.iter().any(is_wasm) {
        true => Form::Wasm,
        false => Form::Wit,
    });
    let left_out = |path: &Path| cached && own.iter().any(|own| *own == path);
    let mut all = all_needed(ctx, session, (deps, members), (&left_out, form))?;
    if partial {
        // Packages that are not looked at may need more than a copy has.
        let is = |path: &PathBuf, name: &String| path.file_name().is_some_and(|n| *n == **name);
        all.retain(|name, needed| needed.whole || !own.iter().any(|path| is(path, name)));
    }
    let new: BTreeMap<String, Files> = all
        .into_iter()
        .map(|(name, needed)| (name, needed.files))
        .collect();
    let mut digests: BTreeMap<String, ContentDigest> = new
        .iter()
        .map(|(name, files)| (name.clone(), digest(files)))
        .collect();
    // Somebody else wrote the same.
    let is_new = |path: &mut PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let wanted = digests.get(&*name);
        wanted.is_some_and(|wanted| digest_below(path).is_ok_and(|found| found == *wanted))
    };
    own.extend(kept.extract_if(.., is_new));
    refuse_clash(ctx, &kept, &new)?;
    if partial {
        for path in &own {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !new.contains_key(&*name) {
                digests.insert(name.into_owned(), digest_below(path)?);
                kept.push(path.clone());
            }
        }
    }
    let same = own.len() == digests.len()
        && own.iter().all(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            digests.get(&*name) == digest_below(path).ok().as_ref()
        });
    Ok(Place {
        deps,
        kept,
        new,
        digests,
        same,
        written,
        has_own: !own.is_empty(),
        _lock: lock,
    })
}

/// Without a lock file and what was noted beside it, `deps` may still have what
/// `fetch` wrote: what it would write now, to the byte, if it knew nothing of it.
/// Where that cannot be found out everything is the user's.
fn adopted(
    (session, deps, members): (&Session<'_>, &Path, &[&Member]),
    kept: &mut Vec<PathBuf>,
) -> Result<Vec<PathBuf>> {
    let written = |path: &PathBuf| match path.extension() {
        Some(end) if end == "wasm" => true,
        _ => fs::exists(&path.join("package.wit")),
    };
    if session.has_lock() || !kept.iter().any(written) {
        return Ok(Vec::new());
    }
    let mut apart = Session::new(session.ctx, session.project)?;
    let theirs = |path: &Path| kept.iter().any(|kept| kept == path);
    let is_there = |path: &Path| path.starts_with(deps) && !theirs(path);
    let mut would_be = Vec::new();
    for member in members {
        let Ok(resolved) = apart.resolve(member, &theirs) else {
            return Ok(Vec::new());
        };
        for form in [Form::Wit, Form::Wasm] {
            for (name, needed) in needed(&resolved, &is_there, form)? {
                would_be.push((name, digest(&needed.files)));
            }
        }
    }
    let is_same = |path: &mut PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut all = would_be.iter().filter(|(known, _)| *known == *name);
        all.any(|(_, digest)| digest_below(path).is_ok_and(|found| found == *digest))
    };
    Ok(kept.extract_if(.., is_same).collect())
}

/// What is to be in one `deps` for all packages that share it.
fn all_needed(
    ctx: &Context,
    session: &mut Session<'_>,
    (deps, members): (&Path, Vec<&Member>),
    (left_out, form): (LeaveOut<'_>, Form),
) -> Result<BTreeMap<String, Needed>> {
    let mut all: BTreeMap<String, Needed> = BTreeMap::new();
    for member in members {
        let resolved = session.resolve(member, left_out)?;
        for note in &resolved.package.notes {
            ctx.shell.note(note.clone());
        }
        let there = |path: &Path| path.starts_with(deps) || session.is_member(path);
        for (name, needed) in needed(&resolved, &there, form)? {
            let better = all
                .get(&name)
                .is_none_or(|known| needed.whole && !known.whole);
            if better {
                all.insert(name, needed);
            }
        }
    }
    Ok(all)
}

impl Place<'_> {
    /// Has the new folder put in the place of the old one, unless that is what
    /// it is to be.
    fn add_to(&self, change: &mut Change) -> Result<()> {
        if self.same {
            return Ok(());
        }
        if self.new.is_empty() && self.kept.is_empty() {
            return change.remove_dir(self.deps);
        }
        let root = change.dir(self.deps)?;
        for (name, files) in &self.new {
            for (below, bytes) in files {
                let path = match below.as_os_str().is_empty() {
                    true => root.join(name),
                    false => root.join(name).join(below),
                };
                fs::create_dir(fs::parent(&path))?;
                fs::write_new(&path, bytes, false)?;
            }
        }
        for path in &self.kept {
            fs::copy_all(path, &root.join(path.file_name().unwrap_or_default()))?;
        }
        Ok(())
    }

    /// Tells what was written.
    fn tell(&self, ctx: &Context) {
        let shown = ctx.display(self.deps);
        let packages = match self.new.len() {
            _ if self.same => return,
            0 => {
                let text = format!("unused packages from `{shown}`");
                ctx.shell.status("Removed", text);
                return;
            }
            1 => "1 package".to_owned(),
            many => format!("{many} packages"),
        };
        let text = format!("{packages} into `{shown}`");
        ctx.shell.status("Fetched", text);
    }
}

fn drifted(ctx: &Context, path: &Path) -> Error {
    Error::input(format!("`{}` is out of date", ctx.display(path)))
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

/// A package that is to be in `deps`.
struct Needed {
    files: Files,
    /// Whether it is more than the copy that another package has of it.
    whole: bool,
}

/// What is to be in `deps` for one package, without what is at some paths.
fn needed(
    resolved: &Resolved,
    left_out: &dyn Fn(&Path) -> bool,
    form: Form,
) -> Result<Vec<(String, Needed)>> {
    let mut all = Vec::new();
    let there = |one: &Rendered| match &one.origin {
        Origin::Path(path) => left_out(path),
        _ => false,
    };
    let mut missing = beside(&resolved.package)?;
    missing.retain(|one| !there(one));
    refuse_same_folder(&missing)?;
    for one in missing {
        let whole = one.origin != Origin::Enclosed;
        if let Some((name, files)) = as_files(resolved, (one, form), left_out)? {
            all.push((name, Needed { files, whole }));
        }
    }
    Ok(all)
}

/// One package as an entry of `deps`; none where it is in that of another one.
fn as_files(
    resolved: &Resolved,
    (one, form): (Rendered, Form),
    left_out: &dyn Fn(&Path) -> bool,
) -> Result<Option<(String, Files)>> {
    let name = folder(&one.name);
    let text = |text: String| vec![(PathBuf::from("package.wit"), text.into_bytes())];
    Ok(match (form, &one.origin) {
        (Form::Wit, _) => Some((name, text(one.text))),
        (Form::Wasm, Origin::Fetched) => {
            let found = resolved.fetched.iter().find(|fetched| {
                let (ns, package) = (fetched.package.namespace(), fetched.package.name());
                let version = one.name.version.as_ref();
                ns == one.name.namespace
                    && package == one.name.name
                    && version.is_none_or(|version| *version == fetched.version)
            });
            match found {
                Some(found) => {
                    let file = (PathBuf::new(), fs::read(&found.file)?);
                    Some((format!("{name}.wasm"), vec![file]))
                }
                None => None,
            }
        }
        (Form::Wasm, Origin::Path(path)) if resolved.overrides.contains(path) => {
            Some(copied(path, name, left_out)?)
        }
        (Form::Wasm, Origin::Path(_)) => Some((name, text(one.text))),
        // In the file of the package that needs it.
        (Form::Wasm, Origin::Enclosed | Origin::Main) => None,
    })
}

/// A copy of WIT that an override leads to: of a folder its `.wit` files and
/// the WIT in its `deps`, without what is hidden there, a link, or at some
/// paths.
fn copied(path: &Path, name: String, left_out: &dyn Fn(&Path) -> bool) -> Result<(String, Files)> {
    let single = !fs::is_dir(path);
    if single && path.extension().is_some_and(|e| e == "wasm") {
        return Ok((
            format!("{name}.wasm"),
            vec![(PathBuf::new(), fs::read(path)?)],
        ));
    }
    if single {
        let below = PathBuf::from(path.file_name().unwrap_or_default());
        return Ok((name, vec![(below, fs::read(path)?)]));
    }
    let root = fs::canonical(path)?;
    let mut found = Vec::new();
    for entry in fs::list(&root)? {
        match fs::is_dir(&entry) {
            true if entry.ends_with("deps") => wit_below(&entry, left_out, &mut found)?,
            // As it is loaded, which follows links.
            false if entry.extension().is_some_and(|e| e == "wit") => found.push(entry),
            _ => {}
        }
    }
    let mut files = Vec::new();
    for file in found {
        let below = file.strip_prefix(&root).unwrap_or(&file).to_owned();
        files.push((below, fs::read(&file)?));
    }
    Ok((name, files))
}

/// The WIT in a directory and below, text or binary, sorted.
fn wit_below(
    path: &Path,
    left_out: &dyn Fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || fs::is_link(path) || left_out(path) {
        return Ok(());
    }
    if fs::is_dir(path) {
        let entries = fs::list(path)?;
        return entries
            .iter()
            .try_for_each(|entry| wit_below(entry, left_out, found));
    }
    if path.extension().is_some_and(|e| e == "wit" || e == "wasm") {
        found.push(path.to_owned());
    }
    Ok(())
}

/// Something of the user's stands where a package has to be put.
fn refuse_clash(ctx: &Context, kept: &[PathBuf], new: &BTreeMap<String, Files>) -> Result<()> {
    for path in kept {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if new.contains_key(&*name) {
            return Err(Error::input(format!(
                "`{}` exists, but a package must be written there",
                ctx.display(path)
            ))
            .because("`fetch` did not write it, or it was changed since")
            .hint("remove it, or rename it if it is yours"));
        }
        let shown = ctx.display(path);
        let text = format!("`{shown}`, which `fetch` did not write");
        ctx.shell.detail("Keeping", text);
    }
    Ok(())
}
