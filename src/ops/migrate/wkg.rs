//! `wkg.toml` and `wkg.lock` of a crate: the overrides become entries of the
//! manifest, and locked versions stay.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::draft::Draft;
use super::source_crate::Crate;
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::lockfile;
use crate::model::manifest::edit::{DependencyEntry, DependencyTable, ManifestEdit};
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::WkgManifest;
use crate::model::manifest::{Manifest, ManifestFile, Target};
use crate::model::wit::{Request, Sources, declared_packages, overridable_packages};
use crate::pipeline::fetch::lock_session::LOCK_FILE;
use crate::pipeline::fetch::requirement::exactly;
use crate::pipeline::project::relative_path::relative_path;
use crate::system::fs;
use crate::system::source;
use crate::system::source::TargetSources;

/// Migrates the nearest `wkg.toml` and `wkg.lock` of a crate.
pub(super) fn migrate(draft: &mut Draft<'_>, of: &Crate<'_>, manifest: &Manifest) -> Result<()> {
    if let Some(path) = nearest(of, "wkg.toml") {
        let text = fs::read_text(&path)?;
        let wkg = wkg::read(ManifestFile::new(&path, &text))?;
        migrate_overrides(draft, of, manifest, &wkg)?;
    }
    migrate_lock(draft, of)
}

/// The nearest file of this name, up to the repository or the workspace.
fn nearest(of: &Crate<'_>, name: &str) -> Option<PathBuf> {
    let dir = of.member.dir();
    let is_repository = |dir: &&Path| fs::exists(&dir.join(".git"));
    let end = dir.ancestors().find(is_repository);
    let end = end.unwrap_or(&of.workspace.root);
    let below = |dir: &&Path| dir.starts_with(end);
    let files = dir.ancestors().take_while(below).map(|dir| dir.join(name));
    files.into_iter().find(|path| fs::exists(path))
}

/// Copies the entries of a `wkg.lock` beside the crate or in its workspace,
/// unless there is a lock file of ours: builds remove entries from that which
/// the crate does not need, and these must not come back.
fn migrate_lock(draft: &mut Draft<'_>, of: &Crate<'_>) -> Result<()> {
    let to = of.workspace.root.join(LOCK_FILE);
    if fs::exists(&to) {
        return Ok(());
    }
    let dirs = [of.member.dir(), &of.workspace.root];
    let files = dirs.map(|dir| dir.join("wkg.lock"));
    let Some(path) = files.iter().find(|path| fs::exists(path)) else {
        return Ok(());
    };
    let text = fs::read_text(path)?;
    let theirs = lockfile::parse(path, &text)?.without_registries();
    let mut ours = match draft.text(&to)? {
        Some(text) => lockfile::parse(&to, &text)?,
        None => lockfile::Lockfile::default(),
    };
    let before = ours.clone();
    for entry in theirs.entries() {
        ours.insert_missing(entry.clone());
    }
    match ours == before {
        true => Ok(()),
        false => draft.put(&to, lockfile::print(&ours)),
    }
}

/// Turns overrides into entries of `target.dependencies`.
fn migrate_overrides(
    draft: &mut Draft<'_>,
    of: &Crate<'_>,
    manifest: &Manifest,
    wkg: &WkgManifest,
) -> Result<()> {
    let shown = &wkg.file.path;
    if wkg.overrides.is_empty() {
        return Ok(());
    }
    if !of.calls().is_empty() {
        draft.found(shown, "overrides of `wkg`, which are kept: `cargo component wit fetch` applies them when it fills the `deps` directory that the macro reads");
        return Ok(());
    }
    draft.found(shown, "overrides of `wkg`");
    let TargetSources::Local(local) = source::collect_sources(manifest)? else {
        draft.by_hand(
            shown,
            "the overrides have no effect, since the target is not WIT of this package and includes its own dependencies",
        );
        return Ok(());
    };
    let sources = &local.request.sources;
    let own = declared_packages(std::slice::from_ref(&sources.main));
    let named = named_packages(sources)?;
    let present = entries(manifest);
    let mut added: BTreeMap<PackageRef, DependencyEntry> = BTreeMap::new();
    for (package, entry) in &wkg.overrides {
        let is = |name: &&PackageName| is_of(package, name);
        if present.contains(package) || own.iter().any(|name| is(&name)) {
            continue;
        }
        match (&entry.path, &entry.requirement) {
            (Some(path), _) if !fs::exists(path) => {
                draft.by_hand(shown, format!("the path of `{package}` does not exist"));
            }
            (Some(path), _) => {
                let dir = fs::canonical(of.member.dir())?;
                report_nested_overrides(draft, path, wkg);
                let path = relative_path(&dir, &fs::canonical(path)?);
                added.insert(package.clone(), by_path(path));
            }
            (None, Some(requirement)) => {
                let mut names = named.iter().filter(is).peekable();
                match names.peek().is_some() && names.all(|name| name.version.is_none()) {
                    true => {
                        added.insert(package.clone(), by_version(requirement.to_string()));
                    }
                    false => draft.by_hand(shown, format!(
                        "the override `{requirement}` of `{package}` does not apply: a crate uses the version in its WIT; change it there"
                    )),
                }
            }
            (None, None) => {}
        }
    }
    if added.is_empty() {
        return Ok(());
    }
    if !local.request.declared {
        add_missing_entries(&mut added, &named, sources);
    }
    write_overrides(draft, of, shown, &added)
}

/// Adds entries to the manifest, unless the world cannot be read with them.
fn write_overrides(
    draft: &mut Draft<'_>,
    of: &Crate<'_>,
    shown: &Path,
    added: &BTreeMap<PackageRef, DependencyEntry>,
) -> Result<()> {
    let Some(text) = draft.text(of.path())? else {
        return Ok(());
    };
    let mut edit = ManifestEdit::new(of.path(), &text)?;
    for (package, entry) in added {
        edit.add_dependency(DependencyTable::Target, &package.to_string(), entry)?;
    }
    let text = edit.text();
    match of.loads(&text) {
        Ok(()) => draft.put(of.path(), text),
        Err(error) => {
            draft.by_hand(
                shown,
                format!("the world cannot be read with its overrides: {error}"),
            );
            Ok(())
        }
    }
}

/// Reports the `wkg.toml` of an override, whose overrides `wkg` applies as well.
fn report_nested_overrides(draft: &mut Draft<'_>, path: &Path, wkg: &WkgManifest) {
    for dir in [path, fs::parent(path)] {
        let file = dir.join("wkg.toml");
        let text = fs::read_text(&file).unwrap_or_default();
        let same = fs::canonical(&file).ok() == fs::canonical(&wkg.file.path).ok();
        if !same && text.contains("[overrides") {
            draft.by_hand(
                &file,
                "its overrides apply to `wkg` only; add the ones you need to `target.dependencies`",
            );
        }
    }
}

/// Adds entries for all packages that the WIT names and `deps` does not have:
/// a crate with a table of dependencies takes them from there only.
pub(super) fn add_missing_entries(
    added: &mut BTreeMap<PackageRef, DependencyEntry>,
    named: &[PackageName],
    sources: &Sources,
) {
    let deps = declared_packages(&sources.deps);
    for name in named {
        let in_deps = deps.iter().any(|known| {
            let same = known.namespace == name.namespace && known.name == name.name;
            same && (name.version.is_none() || known.version == name.version)
        });
        let package: Result<PackageRef> = format!("{}:{}", name.namespace, name.name).parse();
        if let (Ok(package), false) = (package, in_deps) {
            let version = name.version.as_ref();
            let version = version.map_or("*".to_owned(), |v| exactly(v).to_string());
            added.entry(package).or_insert_with(|| by_version(version));
        }
    }
}

/// The packages that WIT names, whether `deps` has them or not.
pub(super) fn named_packages(sources: &Sources) -> Result<Vec<PackageName>> {
    overridable_packages(&Request::of(Sources {
        main: sources.main.clone(),
        deps: Vec::new(),
    }))
}

/// The packages that the manifest has entries for.
pub(super) fn entries(manifest: &Manifest) -> Vec<PackageRef> {
    let Target::Local(target) = &manifest.target else {
        return Vec::new();
    };
    let entries = target.dependencies.iter().flatten();
    entries.filter_map(|(_, d)| d.package.clone()).collect()
}

pub(super) fn is_of(package: &PackageRef, name: &PackageName) -> bool {
    name.namespace == package.namespace() && name.name == package.name()
}

fn by_path(path: String) -> DependencyEntry {
    DependencyEntry {
        path: Some(path),
        ..EMPTY
    }
}

pub(super) fn by_version(version: String) -> DependencyEntry {
    DependencyEntry {
        version: Some(version),
        ..EMPTY
    }
}

pub(super) const EMPTY: DependencyEntry = DependencyEntry {
    package: None,
    version: None,
    registry: None,
    path: None,
    oci: None,
    allow: None,
};
