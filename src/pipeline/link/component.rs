//! The component that a dependency entry of a manifest provides.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::hint::{Hint, HintLocation, HintRelease, KnownHint};
use crate::model::component::names;
use crate::model::component::outline::{Outline, outline};
use crate::model::manifest::{Dependency, HintPolicy, Manifest};
use crate::model::resolver::compatible_from;
use crate::system::fs;

/// The component that a dependency entry of a manifest provides.
#[derive(Clone, Debug)]
pub(crate) struct ProvidedComponent {
    /// The key of the entry.
    pub key: String,
    /// The name of its package, if known.
    pub package: Option<PackageRef>,
    /// The version of the component, if known.
    pub version: Option<Version>,
    /// The file that holds it.
    pub file: PathBuf,
    /// The location at which others find it; `None` without a package.
    pub location: Option<HintLocation>,
    /// The digest of its bytes; `None` for a component built from a directory, whose
    /// digest changes with every edit.
    pub digest: Option<ContentDigest>,
    /// The requirement of the manifest, for a package of a registry.
    pub requirement: Option<VersionReq>,
    /// The address of its registry, which tells packages of one name apart.
    pub origin: Option<String>,
}

impl ProvidedComponent {
    /// The name that messages use for it.
    pub fn display_name(&self) -> String {
        match (&self.package, &self.version) {
            (Some(package), Some(version)) => format!("{package}@{version}"),
            (Some(package), None) => package.to_string(),
            (None, _) => self.key.clone(),
        }
    }

    /// Its hint under a policy, for the export `item`.
    pub(crate) fn hint(&self, policy: HintPolicy, item: Option<&str>) -> Option<String> {
        let neutral = || {
            Some(HintLocation::Package {
                package: self.package.clone()?,
                release: self
                    .version
                    .clone()
                    .map_or(HintRelease::Any, HintRelease::Exact),
            })
        };
        let place = match policy {
            HintPolicy::None => return None,
            HintPolicy::Package => neutral()?,
            HintPolicy::Location => self.location.clone().or_else(neutral)?,
        };
        let known = KnownHint {
            location: place,
            digest: self.digest.clone(),
            requirement: hint_requirement(self.requirement.as_ref(), self.version.as_ref()),
            item: item.map(str::to_owned),
        };
        Some(Hint::Known(known).text())
    }
}

/// The requirement that a hint contains; `None` where the version that it names
/// implies the same.
pub(crate) fn hint_requirement(
    requirement: Option<&VersionReq>,
    version: Option<&Version>,
) -> Option<VersionReq> {
    let plain = version.map(compatible_from);
    let requirement = requirement.filter(|r| **r != VersionReq::STAR && Some(*r) != plain.as_ref());
    requirement.cloned()
}

/// The name of a manifest's package, or else the path of the manifest.
pub(crate) fn package_name(manifest: &Manifest) -> String {
    let text = manifest.file.text.parse::<toml_edit::DocumentMut>();
    let name = text.ok().and_then(|document| {
        let name = document.get("package")?.get("name")?;
        name.as_str().map(str::to_owned)
    });
    name.unwrap_or_else(|| manifest.file.path.display().to_string())
}

pub(crate) fn from_file(
    key: &str,
    dependency: &Dependency,
    file: PathBuf,
) -> Result<ProvidedComponent> {
    let version = version_of(key, &file)?;
    Ok(ProvidedComponent {
        key: key.to_owned(),
        package: dependency.package.clone(),
        version,
        file,
        location: None,
        digest: None,
        requirement: None,
        origin: None,
    })
}

/// The version in the metadata of a component.
///
/// # Errors
///
/// If the file is not a component.
pub(crate) fn version_of(key: &str, file: &Path) -> Result<Option<Version>> {
    let read = || outline(&fs::read(file)?);
    let outline = read().map_err(|e| {
        e.context(format!("failed to read the dependency `{key}`"))
            .hint("give a component file, or the directory of a crate that builds one")
    })?;
    match outline {
        Outline::Component { version, .. } => Ok(version),
        Outline::Wit { .. } => Err(Error::input(format!(
            "the dependency `{key}` is a WIT package, not a component"
        ))
        .hint("move the entry to `[package.metadata.component.target.dependencies]`")),
        Outline::Module => Err(Error::input(format!(
            "the dependency `{key}` is a core module, not a component"
        ))
        .hint(
            "give a component, as created by `cargo component build` or `wasm-tools component new`",
        )),
    }
}

impl ProvidedComponent {
    /// The bytes of the component, with names in the current encoding.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let bytes = fs::read(&self.file)?;
        let modern = names::with_current_names(&bytes).map(Cow::into_owned);
        modern.map_err(|e| e.context(format!("failed to read the dependency `{}`", self.key)))
    }
}

/// The hints of a component's imports, by name.
pub(crate) fn hints_of(component: &[u8]) -> Result<BTreeMap<String, String>> {
    let imports = names::imports(component)?.into_iter();
    Ok(imports
        .filter_map(|import| Some((import.name, import.external_id?)))
        .collect())
}
