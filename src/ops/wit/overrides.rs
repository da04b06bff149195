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

/// Overrides of a `wkg.toml`, and of those beside the WIT they lead to.
pub(super) struct Overrides<'o> {
    /// The packages that are being built, which nothing overrides.
    own: &'o [PackageName],
    /// Manifests and WIT that were taken, by one path each however they are
    /// named.
    stamps: Vec<PathBuf>,
    /// The WIT they lead to.
    pub sources: Vec<Sources>,
    /// The versions that will do of other packages.
    pub requirements: BTreeMap<PackageRef, VersionReq>,
}

impl<'o> Overrides<'o> {
    /// None yet.
    pub fn new(own: &'o [PackageName]) -> Self {
        Overrides {
            own,
            stamps: Vec::new(),
            sources: Vec::new(),
            requirements: BTreeMap::new(),
        }
    }

    /// Takes those of a file, if it is there.
    fn beside(&mut self, path: &Path) -> Result<()> {
        match fs::read_text_if_exists(path)? {
            Some(text) => self.take(&wkg::read(ManifestFile::new(path, &text))?),
            None => Ok(()),
        }
    }

    /// Whether a path was not come by before; from now on it was.
    fn is_new(&mut self, path: &Path) -> bool {
        // What is not there, or not yet, leads nowhere else.
        let path = fs::canonical(path).unwrap_or_else(|_| path.to_owned());
        let new = !self.stamps.contains(&path);
        if new {
            self.stamps.push(path);
        }
        new
    }

    /// Takes those of a manifest, and of those they lead to.
    pub fn take(&mut self, manifest: &WkgManifest) -> Result<()> {
        if !self.is_new(&manifest.file.path) {
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
            if self.own.iter().any(own) || !self.is_new(path) {
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
                self.beside(&dir.join("wkg.toml"))?;
            }
        }
        Ok(())
    }
}

/// Whether two sources are of the same package.
fn same_main(a: &Sources, b: &Sources) -> bool {
    let name = |sources: &Sources| {
        let names = declared_packages(std::slice::from_ref(&sources.main));
        names.into_iter().next()
    };
    name(a).is_some_and(|a| Some(a) == name(b))
}
