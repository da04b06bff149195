//! Files of a project that are edited together: checked first, then written,
//! all of them or none.

use std::path::PathBuf;

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
use semver::VersionReq;
use std::collections::BTreeMap;

/// The files of WIT that a package consists of.
pub(super) fn wit_files(member: &WitMember) -> Result<Vec<TextFile>> {
    match source::read(&member.wit)?.main {
        Entry::Text { files, .. } => Ok(files),
        Entry::Wasm { path, .. } => Err(Error::input(format!(
            "`{}` is a package in its binary form, which cannot be edited",
            path.display()
        ))
        .hint("work on its `.wit` files")),
    }
}

/// Resolves packages as they would be with other texts, and with the answers of
/// the lock file but for the packages that are chosen anew. Nothing but the
/// cache is written.
pub(super) fn check(
    ctx: &Context,
    project: &WitProject,
    members: &[WitMember],
    texts: &FileTexts,
    anew: impl Fn(&PackageRef) -> bool,
) -> Result<()> {
    let changed = with_edits(project, texts)?;
    let mut resolver = WitResolver::new(ctx, &changed)?.with_texts(texts.clone());
    resolver.forget(anew);
    for member in members {
        resolver
            .resolve(member, &|_| false)
            .map_err(|e| e.context("nothing was written, since the WIT would not hold together"))?;
    }
    Ok(())
}

/// A project as it is to be, as far as its manifests go.
pub(super) fn with_edits(project: &WitProject, texts: &FileTexts) -> Result<WitProject> {
    if let ProjectKind::Crate(workspace) = &project.kind {
        let mut edited = project.clone();
        let root = workspace.root.join("Cargo.toml");
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
                **manifest = manifest::read(file, &shared)?;
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

/// What files say before it is thought out what they are to say.
#[derive(Debug, Default)]
pub(super) struct OriginalTexts(FileTexts);

impl OriginalTexts {
    /// Reads the files of packages and the manifests that say where others come
    /// from.
    pub fn read(project: &WitProject, members: &[WitMember]) -> Result<Self> {
        let mut all = FileTexts::new();
        for member in members {
            // What is no text is not edited.
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

    /// Writes other texts, all or none; an error of the kind
    /// [`Changed`](crate::base::error::ErrorKind::Changed) if one of the files does
    /// not say any more what it did before.
    pub fn write(&self, texts: &FileTexts) -> Result<()> {
        let mut change = Change::new();
        self.add_to(&mut change, texts);
        change.commit()
    }

    /// The same, together with other files.
    pub fn add_to(&self, change: &mut Change, texts: &FileTexts) {
        for (path, text) in texts {
            change.text(path, self.0.get(path).map(String::as_str), text);
        }
    }
}

fn manifest_path(project: &WitProject) -> Option<PathBuf> {
    match &project.kind {
        ProjectKind::Plain => Some(project.root.join("wkg.toml")),
        _ => project.manifest().map(ToOwned::to_owned),
    }
}

/// The table of a project's manifest that says where packages come from.
pub(super) struct ManifestTable {
    /// The manifest.
    pub path: PathBuf,
    /// Which table of it.
    pub which: DependencyTable,
    known: Vec<ManifestEntry>,
    /// Whether the table is there.
    pub is_there: bool,
}

/// An entry of such a table.
#[derive(Clone, Debug)]
pub(super) struct ManifestEntry {
    /// Its key.
    pub key: String,
    /// The package, where it is known.
    pub package: Option<PackageRef>,
    /// The versions that will do.
    pub requirement: Option<VersionReq>,
    /// The registry asked for by name.
    pub registry: Option<String>,
    /// WIT on disk.
    pub path: Option<PathBuf>,
}

impl ManifestTable {
    /// The one of the package's project. A project without a manifest gets a
    /// `wkg.toml`, once there is something to say.
    pub fn of(project: &WitProject, member: &WitMember) -> Result<Self> {
        let entries = |entries: &BTreeMap<String, Dependency>| {
            entries
                .iter()
                .map(|(key, dependency)| entry_of(key, dependency))
                .collect()
        };
        let path = match (&member.manifest, project.is_workspace()) {
            (Some(manifest), _) => manifest.file.path.clone(),
            // wkg has no overrides beside `[workspace]`.
            (None, true)
                if member.wit.ends_with("wit") && fs::parent(&member.wit) != project.root =>
            {
                fs::parent(&member.wit).join("wkg.toml")
            }
            (None, true) => member.wit.join("wkg.toml"),
            (None, false) => manifest_path(project).unwrap_or_default(),
        };
        let (which, known, is_there) = match &project.kind {
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
            ProjectKind::Wit(manifest) => {
                (DependencyTable::Wit, entries(&manifest.dependencies), true)
            }
            ProjectKind::Crate(_) => {
                let table = member.manifest.as_ref().and_then(|m| match &m.target {
                    Target::Local(target) => target.dependencies.as_ref(),
                    _ => None,
                });
                let known = table.map(entries).unwrap_or_default();
                (DependencyTable::Target, known, table.is_some())
            }
            ProjectKind::Deps(path) => {
                let file = ManifestFile::new(path, &fs::read_text(path)?);
                let manifest = deps::read(file)?;
                (DependencyTable::Deps, of_deps(&manifest), true)
            }
        };
        Ok(ManifestTable {
            path,
            which,
            known,
            is_there,
        })
    }

    /// All entries.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.known
    }

    /// The entry of a package.
    pub fn find(&self, package: &PackageRef) -> Option<&ManifestEntry> {
        let is = |known: &&ManifestEntry| known.package.as_ref() == Some(package);
        self.known.iter().find(is)
    }

    /// The manifest, to be edited.
    pub fn edit(&self) -> Result<ManifestEdit> {
        let text = fs::read_text_if_exists(&self.path)?;
        ManifestEdit::new(&self.path, &text.unwrap_or_default())
    }
}

/// What a `deps.toml` has. A path or an address does not say which package it
/// leads to; its key does, by convention, without the namespace.
fn of_deps(manifest: &deps::DepsManifest) -> Vec<ManifestEntry> {
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
