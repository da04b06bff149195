//! Overrides of a `wkg.toml`, and of those beside the WIT they lead to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::VersionReq;
use wit_parser::PackageName;

use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::manifest::ManifestFile;
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::WkgManifest;
use crate::model::wit::{Sources, declared_packages};
use crate::system::fs;
use crate::system::source::read;

/// Overrides of a `wkg.toml`, and of those beside the WIT that they lead to.
pub(super) struct Overrides<'o> {
    /// The packages that are being built, which nothing overrides.
    own: &'o [PackageName],
    /// Canonical paths of the manifests and WIT that were added.
    seen: Vec<PathBuf>,
    /// The WIT that the overrides lead to.
    pub sources: Vec<Sources>,
    /// The versions that are allowed of other packages.
    pub requirements: BTreeMap<PackageRef, VersionReq>,
}

impl<'o> Overrides<'o> {
    /// An empty set of overrides.
    pub fn new(own: &'o [PackageName]) -> Self {
        Overrides {
            own,
            seen: Vec::new(),
            sources: Vec::new(),
            requirements: BTreeMap::new(),
        }
    }

    /// Adds the overrides of a file, if it exists.
    fn add_file(&mut self, path: &Path) -> Result<()> {
        match fs::read_text_if_exists(path)? {
            Some(text) => self.add_manifest(&wkg::read(ManifestFile::new(path, &text))?),
            None => Ok(()),
        }
    }

    /// Records a path; whether it was not recorded before.
    fn record_path(&mut self, path: &Path) -> bool {
        // A path that does not exist has no other names.
        let path = fs::canonical(path).unwrap_or_else(|_| path.to_owned());
        let new = !self.seen.contains(&path);
        if new {
            self.seen.push(path);
        }
        new
    }

    /// Adds the overrides of a manifest, and of the manifests that they lead to.
    pub fn add_manifest(&mut self, manifest: &WkgManifest) -> Result<()> {
        if !self.record_path(&manifest.file.path) {
            return Ok(());
        }
        for (package, entry) in &manifest.overrides {
            let own = |name: &PackageName| {
                name.namespace == package.namespace() && name.name == package.name()
            };
            let Some(path) = &entry.path else {
                if let Some(requirement) = &entry.requirement {
                    let known = self.requirements.entry(package.clone());
                    known.or_insert_with(|| requirement.clone());
                }
                continue;
            };
            // wkg fails on the first of these.
            if self.own.iter().any(own) || !self.record_path(path) {
                continue;
            }
            let sources = read(path).map_err(|e| {
                e.context(format!("failed to read the override of `{package}`"))
                    .at(manifest.file.excerpt(entry.span.clone()))
            })?;
            let known = self.sources.iter().any(|known| same_main(known, &sources));
            if !known {
                self.sources.push(sources);
            }
            for dir in [path.as_path(), fs::parent(path)] {
                self.add_file(&dir.join("wkg.toml"))?;
            }
        }
        Ok(())
    }
}

/// Whether two sources have the same main package.
fn same_main(a: &Sources, b: &Sources) -> bool {
    let name = |sources: &Sources| {
        let names = declared_packages(std::slice::from_ref(&sources.main));
        names.into_iter().next()
    };
    name(a).is_some_and(|a| Some(a) == name(b))
}
