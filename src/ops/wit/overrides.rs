//! Overrides of a `wkg.toml`, and of those beside the WIT they lead to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::VersionReq;
use wit_parser::PackageName;

use crate::advice::Result;
use crate::fs;
use crate::manifest::ManifestFile;
use crate::manifest::wkg::{self, WkgManifest};
use crate::package::PackageRef;
use crate::source::read;
use crate::wit::{Sources, declared_packages};

/// Overrides of a `wkg.toml`, and of those beside the WIT they lead to.
pub(super) struct Overrides<'o> {
    /// The packages that are being built, which nothing overrides.
    own: &'o [PackageName],
    seen: Vec<PathBuf>,
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
            seen: Vec::new(),
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

    /// Takes those of a manifest, and of those they lead to.
    pub fn take(&mut self, manifest: &WkgManifest) -> Result<()> {
        if self.seen.contains(&manifest.file.path) {
            return Ok(());
        }
        self.seen.push(manifest.file.path.clone());
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
            if self.own.iter().any(own) || self.seen.contains(path) {
                continue;
            }
            self.seen.push(path.clone());
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
