//! The `deps` folders of a project: which entries they are to have, and how they
//! are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::deps_record::{DepsRecord, digest_below, digest_of};
use super::project::{WitMember, WitProject};
use super::resolver::{IgnorePath, Resolved, WitResolver};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::wit::Origin;
use crate::model::wit::write::{
    RenderedPackage, folder as folder_name, refuse_same_folder, render_dependencies,
};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// The format in which packages are written into `deps`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DepsFormat {
    /// Packages as text: `<name>/package.wit`.
    #[default]
    Wit,
    /// Packages as registries have them: `<name>.wasm`.
    Wasm,
}

/// The files of one entry of `deps`: paths below it with their bytes. The path is
/// empty where the entry itself is a file.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// The entries of a folder that `fetch` wrote, with their digests.
type Own = BTreeMap<PathBuf, ContentDigest>;

/// Commits a change together with several `deps` folders and the lock file: all
/// of it or nothing.
pub(super) fn write(
    ctx: &Context,
    resolver: WitResolver<'_>,
    folders: Vec<DepsFolder<'_>>,
    mut change: Change,
) -> Result<()> {
    for folder in &folders {
        folder.add_to(&mut change)?;
    }
    resolver.finish_with(change)?;
    for folder in folders {
        folder.report_written(ctx);
        folder.written.save(&folder.digests);
    }
    Ok(())
}

/// A `deps` folder with the entries that it is to have.
pub(super) struct DepsFolder<'p> {
    /// The path of the folder.
    pub deps: &'p Path,
    /// Entries that `fetch` did not write, which stay.
    kept: Vec<PathBuf>,
    new: BTreeMap<String, Files>,
    digests: BTreeMap<String, ContentDigest>,
    /// Whether the folder is up to date already.
    pub is_current: bool,
    written: DepsRecord,
    /// Whether `fetch` wrote any entry of the folder.
    pub has_own: bool,
    /// Keeps other runs from the folder until it is written.
    _lock: Option<fs::Lock>,
}

/// Resolves the selected packages, as if `fetch` had not written anything into
/// their `deps`. Without a format they get that of the existing entries.
pub(super) fn plan<'p>(
    ctx: &Context,
    project: &'p WitProject,
    resolver: &mut WitResolver<'_>,
    format: Option<DepsFormat>,
) -> Result<Vec<DepsFolder<'p>>> {
    let mut members: BTreeMap<&Path, Vec<&WitMember>> = BTreeMap::new();
    for member in &project.members {
        members.entry(&member.deps).or_default().push(member);
    }
    let mut folders = Vec::new();
    for (deps, members) in members {
        folders.push(plan_folder(ctx, resolver, deps, members, format)?);
    }
    Ok(folders)
}

fn plan_folder<'p>(
    ctx: &Context,
    resolver: &mut WitResolver<'_>,
    deps: &'p Path,
    members: Vec<&WitMember>,
    format: Option<DepsFormat>,
) -> Result<DepsFolder<'p>> {
    let mut written = DepsRecord::of(ctx, deps);
    let lock = written.lock(ctx, deps);
    let mut own = Own::new();
    let mut kept = entries(deps)?;
    adopt(&mut own, &mut kept, |path| written.own_digest(path));
    if !kept.is_empty() {
        written.add_locked(ctx, resolver.locked_on_disk());
        adopt(&mut own, &mut kept, |path| written.own_digest(path));
    }
    adopt_unrecorded(resolver, deps, &members, (&mut own, &mut kept))?;
    // Packages that the cache lost are not fetched again while `deps` has them.
    let cached = resolver.is_cached();
    let partial = resolver.is_partial() || !cached;
    let is_wasm = |path: &PathBuf| path.extension().is_some_and(|e| e == "wasm");
    let format = format.unwrap_or(match own.keys().any(is_wasm) {
        true => DepsFormat::Wasm,
        false => DepsFormat::Wit,
    });
    let ignored = |path: &Path| cached && own.contains_key(path);
    let mut all = all_needed(resolver, deps, members, &ignored, format)?;
    if partial {
        // Members that are not selected may need more than a copy has.
        let is = |path: &PathBuf, name: &String| path.file_name().is_some_and(|n| *n == **name);
        all.retain(|name, needed| needed.whole || !own.keys().any(|path| is(path, name)));
    }
    let new: BTreeMap<String, Files> = all
        .into_iter()
        .map(|(name, needed)| (name, needed.files))
        .collect();
    let mut digests: BTreeMap<String, ContentDigest> = new
        .iter()
        .map(|(name, files)| (name.clone(), digest(files)))
        .collect();
    // Entries of others with the same content are as good as ours.
    adopt(&mut own, &mut kept, |path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let wanted = digests.get(&*name)?;
        digest_below(path).ok().filter(|found| found == wanted)
    });
    refuse_clash(ctx, &kept, &new)?;
    if partial {
        for (path, digest) in &own {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !new.contains_key(&*name) {
                digests.insert(name.into_owned(), digest.clone());
                kept.push(path.clone());
            }
        }
    }
    let is_current = own.len() == digests.len()
        && own.iter().all(|(path, digest)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            digests.get(&*name) == Some(digest)
        });
    Ok(DepsFolder {
        deps,
        kept,
        new,
        digests,
        is_current,
        written,
        has_own: !own.is_empty(),
        _lock: lock,
    })
}

/// Moves entries that `own_digest` has a digest of to those that are `fetch`'s own.
fn adopt(
    own: &mut Own,
    kept: &mut Vec<PathBuf>,
    own_digest: impl Fn(&Path) -> Option<ContentDigest>,
) {
    kept.retain(|path| match own_digest(path) {
        Some(digest) => {
            own.insert(path.clone(), digest);
            false
        }
        None => true,
    });
}

/// Moves the entries that `fetch` wrote where neither a lock file nor a record knows
/// of them to its own: those that equal what it would write now. Where that cannot be
/// resolved all entries are the user's.
fn adopt_unrecorded(
    resolver: &WitResolver<'_>,
    deps: &Path,
    members: &[&WitMember],
    (own, kept): (&mut Own, &mut Vec<PathBuf>),
) -> Result<()> {
    let written = |path: &PathBuf| match path.extension() {
        Some(end) if end == "wasm" => true,
        _ => fs::exists(&path.join("package.wit")),
    };
    if resolver.has_lock() || !kept.iter().any(written) {
        return Ok(());
    }
    let mut apart = WitResolver::new(resolver.ctx, resolver.project)?;
    let theirs = |path: &Path| kept.iter().any(|kept| kept == path);
    let is_there = |path: &Path| path.starts_with(deps) && !theirs(path);
    let mut would_be = Vec::new();
    for member in members {
        let Ok(resolved) = apart.resolve(member, &theirs) else {
            return Ok(());
        };
        for format in [DepsFormat::Wit, DepsFormat::Wasm] {
            for (name, needed) in needed(&resolved, &is_there, format)? {
                would_be.push((name, digest(&needed.files)));
            }
        }
    }
    adopt(own, kept, |path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut all = would_be.iter().filter(|(known, _)| *known == *name);
        let digest = digest_below(path).ok()?;
        all.any(|(_, known)| *known == digest).then_some(digest)
    });
    Ok(())
}

/// The entries of one `deps` for all packages that share it.
fn all_needed(
    resolver: &mut WitResolver<'_>,
    deps: &Path,
    members: Vec<&WitMember>,
    ignored: IgnorePath<'_>,
    format: DepsFormat,
) -> Result<BTreeMap<String, Needed>> {
    let mut all: BTreeMap<String, Needed> = BTreeMap::new();
    for member in members {
        let resolved = resolver.resolve(member, ignored)?;
        for note in &resolved.package.notes {
            resolver.ctx.shell.note(note.clone());
        }
        let there = |path: &Path| path.starts_with(deps) || resolver.is_member(path);
        for (name, needed) in needed(&resolved, &there, format)? {
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

impl DepsFolder<'_> {
    /// Adds the replacement of the folder to a change, unless it is up to date.
    fn add_to(&self, change: &mut Change) -> Result<()> {
        if self.is_current {
            return Ok(());
        }
        if self.new.is_empty() && self.kept.is_empty() {
            return change.remove_dir(self.deps);
        }
        let root = change.replace_dir(self.deps)?;
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

    /// Reports how many packages were written.
    fn report_written(&self, ctx: &Context) {
        let shown = ctx.display(self.deps);
        let packages = match self.new.len() {
            _ if self.is_current => return,
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

/// The entries of `deps`; none where the folder is missing.
fn entries(deps: &Path) -> Result<Vec<PathBuf>> {
    match fs::is_dir(deps) {
        true => fs::list(deps),
        false => Ok(Vec::new()),
    }
}

fn digest(files: &Files) -> ContentDigest {
    digest_of(files.iter().map(|(p, b)| (p.as_path(), b.as_slice())))
}

/// A package that `deps` is to have.
struct Needed {
    files: Files,
    /// Whether it is the whole package, not the part that another one encloses.
    whole: bool,
}

/// The entries of `deps` for one package, without those at ignored paths.
fn needed(
    resolved: &Resolved,
    ignored: &dyn Fn(&Path) -> bool,
    format: DepsFormat,
) -> Result<Vec<(String, Needed)>> {
    let mut all = Vec::new();
    let there = |one: &RenderedPackage| match &one.origin {
        Origin::Path(path) => ignored(path),
        _ => false,
    };
    let mut missing = render_dependencies(&resolved.package)?;
    missing.retain(|one| !there(one));
    refuse_same_folder(&missing)?;
    for one in missing {
        let whole = one.origin != Origin::Enclosed;
        if let Some((name, files)) = as_files(resolved, one, format, ignored)? {
            all.push((name, Needed { files, whole }));
        }
    }
    Ok(all)
}

/// One package as an entry of `deps`; `None` where another entry encloses it.
fn as_files(
    resolved: &Resolved,
    one: RenderedPackage,
    format: DepsFormat,
    ignored: &dyn Fn(&Path) -> bool,
) -> Result<Option<(String, Files)>> {
    let name = folder_name(&one.name);
    let text = |text: String| vec![(PathBuf::from("package.wit"), text.into_bytes())];
    Ok(match (format, &one.origin) {
        (DepsFormat::Wit, _) => Some((name, text(one.text))),
        (DepsFormat::Wasm, Origin::Fetched) => {
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
        (DepsFormat::Wasm, Origin::Path(path)) if resolved.overrides.contains(path) => {
            Some(copied(path, name, ignored)?)
        }
        (DepsFormat::Wasm, Origin::Path(_)) => Some((name, text(one.text))),
        // The file of the package that needs it encloses it.
        (DepsFormat::Wasm, Origin::Enclosed | Origin::Main) => None,
    })
}

/// A copy of WIT that an override leads to: of a folder its `.wit` files and
/// the WIT in its `deps`, without hidden files, links and ignored paths.
fn copied(path: &Path, name: String, ignored: &dyn Fn(&Path) -> bool) -> Result<(String, Files)> {
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
            true if entry.ends_with("deps") => wit_below(&entry, ignored, &mut found)?,
            // Links are followed here, as they are when the WIT is loaded.
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

/// Collects the WIT in a directory and below, text or binary, sorted.
fn wit_below(path: &Path, ignored: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || fs::is_link(path) || ignored(path) {
        return Ok(());
    }
    if fs::is_dir(path) {
        let entries = fs::list(path)?;
        return entries
            .iter()
            .try_for_each(|entry| wit_below(entry, ignored, found));
    }
    if path.extension().is_some_and(|e| e == "wit" || e == "wasm") {
        found.push(path.to_owned());
    }
    Ok(())
}

/// An error if an entry of the user has the name of a new one; reports the
/// entries that stay.
fn refuse_clash(ctx: &Context, kept: &[PathBuf], new: &BTreeMap<String, Files>) -> Result<()> {
    for path in kept {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if new.contains_key(&*name) {
            return Err(Error::input(format!(
                "`{}` exists, but a package must be written there",
                ctx.display(path)
            ))
            .with_cause("`fetch` did not write it, or it was changed since")
            .hint("remove it, or rename it if it is yours"));
        }
        let shown = ctx.display(path);
        let text = format!("`{shown}`, which `fetch` did not write");
        ctx.shell.detail("Keeping", text);
    }
    Ok(())
}
