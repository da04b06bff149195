//! Files of a project that are edited together: checked first, then written,
//! all of them or none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use semver::VersionReq;

use super::project::{ProjectKind, WitMember, WitProject};
use super::resolver::{FileTexts, WitResolver};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest;
use crate::model::manifest::deps;
use crate::model::manifest::deps::DepsSource;
use crate::model::manifest::edit::{DependencyTable, ManifestEdit};
use crate::model::manifest::wkg;
use crate::model::manifest::{Dependency, DependencySource, ManifestFile, Target, read_workspace};
use crate::model::wit::{Entry, TextFile};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::source;

/// The `.wit` files of a package; an error for one in its binary form.
pub(super) fn wit_files(member: &WitMember) -> Result<Vec<TextFile>> {
    match source::read(&member.wit)?.main {
        Entry::Text { files, .. } => Ok(files),
        Entry::Wasm(file) => Err(Error::input(format!(
            "`{}` is a binary package, which cannot be edited",
            file.path.display()
        ))
        .hint("edit its `.wit` files instead")),
    }
}

/// Resolves packages with new texts of files; locked versions stay but for
/// packages that are chosen anew. An error means that the new texts do not load.
/// Only the cache is written.
pub(super) fn check_edits(
    ctx: &Context,
    project: &WitProject,
    members: &[WitMember],
    texts: &FileTexts,
    anew: impl Fn(&PackageRef) -> bool,
) -> Result<()> {
    let changed = with_edits(project, texts)?;
    let mut resolver = WitResolver::new(ctx, &changed)?.with_texts(texts.clone());
    resolver.forget(|entry| anew(&entry.package));
    for member in members {
        resolver.resolve(member, &|_| false).map_err(|e| {
            e.context("nothing was written, since the resulting WIT would be invalid")
        })?;
    }
    Ok(())
}

/// The project with new texts of its manifests.
pub(super) fn with_edits(project: &WitProject, texts: &FileTexts) -> Result<WitProject> {
    if let ProjectKind::Crate(workspace) = &project.kind {
        let mut edited = project.clone();
        let root = workspace.root_manifest();
        let shared = match texts.get(&root) {
            Some(text) => Some(text.clone()),
            None => fs::read_text_if_exists(&root)?,
        };
        let shared = read_workspace(&ManifestFile::new(&root, &shared.unwrap_or_default()))?;
        for member in edited.members.iter_mut().chain(&mut edited.all) {
            if let Some(manifest) = &mut member.manifest
                && let Some(text) = texts.get(&manifest.file.path)
            {
                let file = ManifestFile::new(&manifest.file.path, text);
                *manifest = Rc::new(manifest::read(file, &shared)?);
            }
        }
        return Ok(edited);
    }
    let manifest = manifest_path(project);
    match manifest.as_ref().and_then(|path| texts.get_key_value(path)) {
        Some((path, text)) => project.with_manifest(path, text),
        None => Ok(project.clone()),
    }
}

/// The texts of files before they are edited.
#[derive(Debug, Default)]
pub(super) struct OriginalTexts(FileTexts);

impl OriginalTexts {
    /// Reads the WIT of packages and the manifests with their dependencies.
    pub fn read(project: &WitProject, members: &[WitMember]) -> Result<Self> {
        let mut all = FileTexts::new();
        for member in members {
            // Binary packages are not edited.
            for file in wit_files(member).unwrap_or_default() {
                all.insert(file.path, file.text);
            }
            let manifest = ManifestTable::of(project, member)?.path;
            if let Some(text) = fs::read_text_if_exists(&manifest)? {
                all.insert(manifest, text);
            }
        }
        Ok(OriginalTexts(all))
    }

    /// Writes new texts, all or none; an error of the kind
    /// [`Changed`](crate::base::error::ErrorKind::Changed) if one of the files was
    /// changed since it was read.
    pub fn write(&self, texts: &FileTexts) -> Result<()> {
        let mut change = Change::new();
        self.add_to(&mut change, texts);
        change.commit()
    }

    /// As [`OriginalTexts::write`], as a part of another change.
    pub fn add_to(&self, change: &mut Change, texts: &FileTexts) {
        for (path, text) in texts {
            change.write_text(path, self.0.get(path).map(String::as_str), text);
        }
    }
}

fn manifest_path(project: &WitProject) -> Option<PathBuf> {
    match &project.kind {
        ProjectKind::Plain => Some(project.root.join("wkg.toml")),
        _ => project.manifest().map(ToOwned::to_owned),
    }
}

/// The table of a project's manifest that has its dependencies or overrides.
pub(super) struct ManifestTable {
    /// The path of the manifest.
    pub path: PathBuf,
    /// The table within the manifest.
    pub kind: DependencyTable,
    entries: Vec<ManifestEntry>,
    /// Whether the manifest has the table.
    pub exists: bool,
}

/// An entry of a [`ManifestTable`].
#[derive(Clone, Debug)]
pub(super) struct ManifestEntry {
    /// The key of the entry.
    pub key: String,
    /// The package, where the entry names it.
    pub package: Option<PackageRef>,
    /// The versions that it allows.
    pub requirement: Option<VersionReq>,
    /// The name of the registry that it requests.
    pub registry: Option<String>,
    /// The path of its WIT on disk.
    pub path: Option<PathBuf>,
}

impl ManifestTable {
    /// Reads the table of a package. A project without a manifest gets a
    /// `wkg.toml` with its first entry.
    pub fn of(project: &WitProject, member: &WitMember) -> Result<Self> {
        let read_entries = |entries: &BTreeMap<String, Dependency>| {
            entries
                .iter()
                .map(|(key, dependency)| entry_of(key, dependency))
                .collect()
        };
        let path = match (&member.manifest, project.is_workspace()) {
            (Some(manifest), _) => manifest.file.path.clone(),
            // wkg allows no overrides in a manifest with `[workspace]`.
            (None, true)
                if member.wit.ends_with("wit") && fs::parent(&member.wit) != project.root =>
            {
                fs::parent(&member.wit).join("wkg.toml")
            }
            (None, true) => member.wit.join("wkg.toml"),
            (None, false) => manifest_path(project).unwrap_or_default(),
        };
        let (kind, entries, exists) = match &project.kind {
            ProjectKind::Wkg(manifest) => {
                let own = match (project.is_workspace(), fs::read_text_if_exists(&path)?) {
                    (false, _) => Some(manifest.clone()),
                    (true, Some(text)) => Some(wkg::read(ManifestFile::new(&path, &text))?),
                    (true, None) => None,
                };
                let overrides = own.map(|own| own.overrides).unwrap_or_default();
                let known = overrides.iter().map(|(package, entry)| ManifestEntry {
                    key: package.to_string(),
                    package: Some(package.clone()),
                    requirement: entry.requirement.clone(),
                    registry: None,
                    path: entry.path.clone(),
                });
                (DependencyTable::Overrides, known.collect(), true)
            }
            ProjectKind::Plain => (DependencyTable::Overrides, Vec::new(), true),
            ProjectKind::Wit(manifest) => (
                DependencyTable::Wit,
                read_entries(&manifest.dependencies),
                true,
            ),
            ProjectKind::Wasm(manifest) => {
                let path = manifest.file.path.display();
                return Err(Error::unsupported(format!(
                    "`{path}` belongs to the `component` CLI, and this tool does not change it"
                ))
                .hint(
                    "use `component install`, or move the entries to a `wkg.toml` or `wit.toml`",
                ));
            }
            ProjectKind::Crate(_) => {
                let table = member.manifest.as_ref().and_then(|m| match &m.target {
                    Target::Local(target) => target.dependencies.as_ref(),
                    _ => None,
                });
                let known = table.map(read_entries).unwrap_or_default();
                (DependencyTable::Target, known, table.is_some())
            }
            ProjectKind::Deps(path) => {
                let file = ManifestFile::new(path, &fs::read_text(path)?);
                let manifest = deps::read(file)?;
                (DependencyTable::Deps, entries_of_deps(&manifest), true)
            }
        };
        Ok(ManifestTable {
            path,
            kind,
            entries,
            exists,
        })
    }

    /// All entries of the table.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// The entry of a package, if there is one.
    pub fn find(&self, package: &PackageRef) -> Option<&ManifestEntry> {
        let is = |known: &&ManifestEntry| known.package.as_ref() == Some(package);
        self.entries.iter().find(is)
    }

    /// Reads the manifest as a document to edit.
    pub fn edit(&self) -> Result<ManifestEdit> {
        let text = fs::read_text_if_exists(&self.path)?;
        ManifestEdit::new(&self.path, &text.unwrap_or_default())
    }
}

/// The entries of a `deps.toml`. One with a path or an address does not name its
/// package; its key does by convention, without the namespace.
fn entries_of_deps(manifest: &deps::DepsManifest) -> Vec<ManifestEntry> {
    let known = |(key, entry): (&String, &deps::DepsEntry)| {
        let mut known = ManifestEntry {
            key: key.clone(),
            package: None,
            requirement: None,
            registry: None,
            path: None,
        };
        match &entry.source {
            DepsSource::Package {
                package,
                requirement,
                registry,
            } => {
                known.package = Some(package.clone());
                known.requirement = Some(requirement.clone());
                known.registry.clone_from(registry);
            }
            DepsSource::Path(path) => known.path = Some(manifest.file.dir().join(path)),
            DepsSource::Archive { .. } | DepsSource::Git { .. } | DepsSource::Oci(_) => {}
        }
        known
    };
    manifest.entries.iter().map(known).collect()
}

fn entry_of(key: &str, dependency: &Dependency) -> ManifestEntry {
    let mut known = ManifestEntry {
        key: key.to_owned(),
        package: dependency.package.clone().or_else(|| key.parse().ok()),
        requirement: None,
        registry: None,
        path: None,
    };
    match &dependency.source {
        DependencySource::Registry {
            requirement,
            registry,
        } => {
            known.requirement = Some(requirement.clone());
            known.registry = registry.clone();
        }
        DependencySource::Path { path, .. } => known.path = Some(path.clone()),
        DependencySource::Oci { .. } => {}
    }
    known
}
