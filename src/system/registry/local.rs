//! A directory as a registry: `<root>/<namespace>/<name>/<version>.wasm`, the
//! layout of wasm-pkg.

use std::io::Write;
use std::path::{Path, PathBuf};

use semver::Version;

use super::interface::{PackageList, Publication, Registry, Release};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::resolver::ListedVersion;
use crate::model::search::content;
use crate::system::fs;

/// The largest file that is read for its description, in bytes.
const LARGEST_DESCRIBED: u64 = 32 << 20;

/// A registry in a directory, which need not be there before something is
/// published.
#[derive(Clone, Debug)]
pub struct LocalRegistry {
    root: PathBuf,
}

impl LocalRegistry {
    /// The registry in this directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        LocalRegistry { root: root.into() }
    }

    // Names and versions are validated types, so that no path leaves the root.
    fn dir(&self, package: &PackageRef) -> PathBuf {
        self.root.join(package.namespace()).join(package.name())
    }

    /// The path of a version of a package, which need not be there.
    pub fn file(&self, package: &PackageRef, version: &Version) -> PathBuf {
        self.dir(package).join(format!("{version}.wasm"))
    }
}

impl Registry for LocalRegistry {
    fn location(&self, package: &PackageRef) -> String {
        format!("`{}`", self.dir(package).display())
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>> {
        let dir = self.dir(package);
        if !fs::is_dir(&dir) {
            return Ok(None);
        }
        let version = |path: &Path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".wasm")?;
            name.parse::<Version>().ok()
        };
        let files = fs::list(&dir)?;
        let versions = files.iter().filter_map(|path| version(path));
        Ok(Some(
            versions
                .map(|version| ListedVersion {
                    version,
                    yanked: false,
                })
                .collect(),
        ))
    }

    fn packages(&self) -> Result<PackageList> {
        if !fs::is_dir(&self.root) {
            return Ok(PackageList::Names(Vec::new()));
        }
        let name = |dir: &Path| dir.file_name()?.to_str().map(str::to_owned);
        let mut packages = Vec::new();
        for namespace in fs::list(&self.root)? {
            let Some(namespace_name) = name(&namespace).filter(|_| fs::is_dir(&namespace)) else {
                continue;
            };
            let names = fs::list(&namespace)?;
            let names = names
                .iter()
                .filter(|dir| fs::is_dir(dir))
                .filter_map(|dir| name(dir));
            packages
                .extend(names.filter_map(|name| format!("{namespace_name}:{name}").parse().ok()));
        }
        Ok(PackageList::Names(packages))
    }

    fn description(&self, package: &PackageRef, version: &Version) -> Result<Option<String>> {
        let file = self.file(package, version);
        match fs::size(&file)? <= LARGEST_DESCRIBED {
            true => Ok(content::description(&fs::read(&file)?)),
            false => Ok(None),
        }
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        let file = self.file(package, version);
        if !fs::exists(&file) {
            return Ok(None);
        }
        let (digest, size) = fs::digest(&file)?;
        Ok(Some(Release {
            version: version.clone(),
            digest,
            size: Some(size),
        }))
    }

    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()> {
        fs::copy_to(&self.file(package, &release.version), to)
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        let file = self.file(publication.package, publication.version);
        // Another run may publish the same version.
        match fs::copy_new(publication.content, &file)? {
            true => Ok(()),
            false => Err(already(publication, &file)),
        }
    }
}

fn already(publication: &Publication<'_>, file: &Path) -> Error {
    Error::input(format!(
        "`{}@{}` is already published, in `{}`",
        publication.package,
        publication.version,
        file.display()
    ))
    .hint("increase its version")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::package::ContentDigest;

    #[test]
    fn what_is_published_is_listed_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let content = dir.path().join("content");
        fs::write_atomic(&content, b"bytes").unwrap();
        let registry = LocalRegistry::new(dir.path().join("registry"));
        let package: PackageRef = "a:b".parse().unwrap();
        assert!(registry.versions(&package).unwrap().is_none());
        let digest = ContentDigest::of(b"bytes");
        for version in ["1.0.0", "1.1.0-rc.1+x"] {
            let version = version.parse().unwrap();
            let publication = Publication {
                progress: &crate::base::progress::NoProgress,
                package: &package,
                version: &version,
                content: &content,
                digest: &digest,
                annotations: &BTreeMap::new(),
            };
            registry.publish(&publication).unwrap();
            assert!(registry.publish(&publication).is_err());
        }
        // Other files are no versions.
        fs::write_atomic(&registry.dir(&package).join("latest.wasm"), b"").unwrap();
        assert_eq!(registry.versions(&package).unwrap().unwrap().len(), 2);
        let names = PackageList::Names(vec!["a:b".parse().unwrap()]);
        assert_eq!(registry.packages().unwrap(), names);
        let version = "1.0.0".parse().unwrap();
        let release = registry.release(&package, &version).unwrap().unwrap();
        assert_eq!((&release.digest, release.size), (&digest, Some(5)));
        let mut bytes = Vec::new();
        registry.fetch(&package, &release, &mut bytes).unwrap();
        assert_eq!(bytes, b"bytes");
        let version = "2.0.0".parse().unwrap();
        assert!(registry.release(&package, &version).unwrap().is_none());
    }
}
