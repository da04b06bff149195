//! The components that were built from directories in this run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;

use super::component::ProvidedComponent;
use super::part::{Part, PartLink};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::hint::{HintLocation, HintRelease};
use crate::model::manifest::Dependency;
use crate::system::fs;

/// Files that a component was made from, besides those that cargo knows of.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceFiles {
    /// The files and directories that were read: manifests, lock files, WIT.
    pub read: BTreeSet<PathBuf>,
    /// The files that the tool itself wrote from these.
    pub generated: BTreeSet<PathBuf>,
}

/// A component that was built from the crate in a directory.
#[derive(Clone, Debug)]
pub(crate) struct BuiltComponent {
    /// The file of the component.
    pub file: PathBuf,
    /// The package that its manifest names.
    pub package: Option<PackageRef>,
    /// The version of the crate.
    pub version: Version,
    /// Whether it imports an interface that sends HTTP requests.
    pub sends_requests: bool,
    /// The components that it may be linked with.
    pub parts: Vec<Part>,
    /// Which of these parts answers an import, by the import's name.
    pub links: BTreeMap<String, PartLink>,
    /// What it was made from.
    pub sources: SourceFiles,
}

/// The components that were built from directories, each directory once.
#[derive(Clone, Debug, Default)]
pub(crate) struct BuiltComponents {
    by_directory: BTreeMap<PathBuf, BuiltComponent>,
}

impl BuiltComponents {
    /// Adds the component of the crate in a directory, whose path is canonical.
    pub fn insert(&mut self, dir: PathBuf, component: BuiltComponent) {
        self.by_directory.insert(dir, component);
    }

    /// All of the components.
    pub fn all(&self) -> impl Iterator<Item = &BuiltComponent> {
        self.by_directory.values()
    }

    /// The directory of the crate whose component is this file.
    pub fn crate_of(&self, file: &Path) -> Option<&Path> {
        let mut known = self.by_directory.iter();
        let (dir, _) = known.find(|(_, component)| component.file == file)?;
        Some(dir)
    }

    /// The directories of the crates that they were built from.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.by_directory.keys().map(PathBuf::as_path)
    }

    /// A digest of what is known about the components of these directories
    /// except their bytes and sources: their files, packages and versions, and what they are linked
    /// with, at any depth. `None` if one of them was not built in this run.
    pub fn digest(&self, dirs: &[PathBuf]) -> Option<ContentDigest> {
        let mut text = String::new();
        for dir in dirs {
            let BuiltComponent {
                file,
                package,
                version,
                sends_requests,
                parts,
                links,
                sources: _,
            } = self.by_directory.get(&fs::canonical(dir).ok()?)?;
            let known = (file, package, version, sends_requests, parts, links);
            text.push_str(&format!("{}: {known:?}\n", dir.display()));
        }
        Some(ContentDigest::of(text.as_bytes()))
    }

    /// The component in a file, if it was built in this run.
    pub fn in_file(&self, file: &Path) -> Option<&BuiltComponent> {
        let mut built = self.by_directory.values();
        built.find(|built| built.file == file)
    }

    /// The component of the crate in a directory, if it was built in this run.
    pub fn in_directory(&self, dir: &Path) -> Option<&BuiltComponent> {
        self.by_directory.get(&fs::canonical(dir).ok()?)
    }

    /// The components by their packages.
    pub fn by_package(&self) -> BTreeMap<PackageRef, BuiltComponent> {
        let built = self.by_directory.values();
        let named = |built: &BuiltComponent| Some((built.package.clone()?, built.clone()));
        built.filter_map(named).collect()
    }

    /// The component of an entry of a manifest whose directory was built.
    ///
    /// # Errors
    ///
    /// If the directory was not built, or is another package than the entry
    /// says.
    pub fn provided_component(
        &self,
        key: &str,
        dependency: &Dependency,
        dir: &Path,
    ) -> Result<ProvidedComponent> {
        let dir = fs::canonical(dir)?;
        let found = self.by_directory.get(&dir).ok_or_else(|| {
            Error::input(format!("the dependency `{key}` was not built"))
                .with_cause(format!("its directory is `{}`", dir.display()))
                .hint("run `cargo component build`")
        })?;
        if let (Some(named), Some(is)) = (&dependency.package, &found.package)
            && named != is
        {
            return Err(Error::input(format!(
                "the dependency `{key}` is the package `{is}`, not `{named}`"
            ))
            .hint(format!("rename the entry to `\"{is}\"`, or to a label")));
        }
        let package = found.package.clone().or(dependency.package.clone());
        Ok(ProvidedComponent {
            key: key.to_owned(),
            location: package.clone().map(|package| HintLocation::Package {
                package,
                release: HintRelease::Exact(found.version.clone()),
            }),
            package,
            version: Some(found.version.clone()),
            file: found.file.clone(),
            digest: None,
            requirement: None,
            origin: None,
        })
    }
}
