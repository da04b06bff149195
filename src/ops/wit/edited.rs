//! Files of a project that are edited together: checked first, then written,
//! all of them or none.

use std::path::PathBuf;

use super::project::{Kind, Member, Project};
use super::resolve::{Session, Texts};
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
pub(super) fn own_texts(member: &Member) -> Result<Vec<TextFile>> {
    match source::read(&member.wit)?.main {
        Entry::Text { files, .. } => Ok(files),
        Entry::Wasm { path, .. } => Err(Error::input(format!(
            "`{}` is a binary package, which cannot be edited",
            path.display()
        ))
        .hint("edit its `.wit` files instead")),
    }
}

/// Resolves packages as they would be with other texts, and with the answers of
/// the lock file but for the packages that are chosen anew. Nothing but the
/// cache is written.
pub(super) fn check(
    ctx: &Context,
    (project, members): (&Project, &[Member]),
    texts: &Texts,
    anew: impl Fn(&PackageRef) -> bool,
) -> Result<()> {
    let changed = as_edited(project, texts)?;
    let mut session = Session::new(ctx, &changed)?.with_texts(texts.clone());
    session.forget(anew);
    for member in members {
        session.resolve(member, &|_| false).map_err(|e| {
            e.context("nothing was written, since the resulting WIT would be invalid")
        })?;
    }
    Ok(())
}

/// A project as it is to be, as far as its manifests go.
pub(super) fn as_edited(project: &Project, texts: &Texts) -> Result<Project> {
    if let Kind::Crate(workspace) = &project.kind {
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
pub(super) struct Before(Texts);

impl Before {
    /// Reads the files of packages and the manifests that say where others come
    /// from.
    pub fn read(project: &Project, members: &[Member]) -> Result<Self> {
        let mut all = Texts::new();
        for member in members {
            // What is no text is not edited.
            for file in own_texts(member).unwrap_or_default() {
                all.insert(file.path, file.text);
            }
            let manifest = Table::of(project, member)?.path;
            if let Some(text) = fs::read_text_if_exists(&manifest)? {
                all.insert(manifest, text);
            }
        }
        Ok(Before(all))
    }

    /// Writes other texts, all or none; an error of the kind
    /// [`Changed`](crate::base::error::ErrorKind::Changed) if one of the files does
    /// not say any more what it did before.
    pub fn write(&self, texts: &Texts) -> Result<()> {
        let mut change = Change::new();
        self.add_to(&mut change, texts);
        change.commit()
    }

    /// The same, together with other files.
    pub fn add_to(&self, change: &mut Change, texts: &Texts) {
        for (path, text) in texts {
            change.text(path, self.0.get(path).map(String::as_str), text);
        }
    }
}

fn manifest_path(project: &Project) -> Option<PathBuf> {
    match &project.kind {
        Kind::Plain => Some(project.root.join("wkg.toml")),
        _ => project.manifest().map(ToOwned::to_owned),
    }
}

/// The table of a project's manifest that says where packages come from.
pub(super) struct Table {
    /// The manifest.
    pub path: PathBuf,
    /// Which table of it.
    pub which: DependencyTable,
    known: Vec<Known>,
    /// Whether the table is there.
    pub is_there: bool,
}

/// An entry of such a table.
#[derive(Clone, Debug)]
pub(super) struct Known {
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

impl Table {
    /// The one of the package's project. A project without a manifest gets a
    /// `wkg.toml`, once there is something to say.
    pub fn of(project: &Project, member: &Member) -> Result<Self> {
        let entries = |entries: &BTreeMap<String, Dependency>| entries.iter().map(of).collect();
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
            Kind::Wkg(manifest) => {
                let own = match (project.is_workspace(), fs::read_text_if_exists(&path)?) {
                    (false, _) => Some(manifest.clone()),
                    (true, Some(text)) => Some(wkg::read(ManifestFile::new(&path, &text))?),
                    (true, None) => None,
                };
                let overrides = own.map(|own| own.overrides).unwrap_or_default();
                let known = overrides.iter().map(|(package, entry)| Known {
                    key: package.to_string(),
                    package: Some(package.clone()),
                    requirement: entry.requirement.clone(),
                    registry: None,
                    path: entry.path.clone(),
                });
                (DependencyTable::Overrides, known.collect(), true)
            }
            Kind::Plain => (DependencyTable::Overrides, Vec::new(), true),
            Kind::Wit(manifest) => (DependencyTable::Wit, entries(&manifest.dependencies), true),
            Kind::Crate(_) => {
                let table = member.manifest.as_ref().and_then(|m| match &m.target {
                    Target::Local(target) => target.dependencies.as_ref(),
                    _ => None,
                });
                let known = table.map(entries).unwrap_or_default();
                (DependencyTable::Target, known, table.is_some())
            }
            Kind::Deps(path) => {
                let file = ManifestFile::new(path, &fs::read_text(path)?);
                let manifest = deps::read(file)?;
                (DependencyTable::Deps, of_deps(&manifest), true)
            }
        };
        Ok(Table {
            path,
            which,
            known,
            is_there,
        })
    }

    /// All entries.
    pub fn entries(&self) -> &[Known] {
        &self.known
    }

    /// The entry of a package.
    pub fn find(&self, package: &PackageRef) -> Option<&Known> {
        let is = |known: &&Known| known.package.as_ref() == Some(package);
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
fn of_deps(manifest: &deps::DepsManifest) -> Vec<Known> {
    let known = |(key, entry): (&String, &deps::DepsEntry)| {
        let mut known = Known {
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

fn of((key, dependency): (&String, &Dependency)) -> Known {
    let mut known = Known {
        key: key.clone(),
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
