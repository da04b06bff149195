//! What a world is loaded from, and which versions its references take.

use semver::VersionReq;
use wit_parser::PackageName;

use super::entry::{Entry, Sources};

/// The sources of a world, and how it is loaded from them.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The WIT of the project.
    pub sources: Sources,
    /// Packages that win over those of `deps`: the entries of
    /// `target.dependencies` that were found, with the packages in their `deps`.
    pub overrides: Vec<Sources>,
    /// The packages that were fetched from registries.
    pub fetched: Vec<Entry>,
    /// The packages of `deps` that the manifest's table of target
    /// dependencies chose: an unversioned reference takes their version.
    pub chosen: Vec<PackageName>,
    /// The packages whose version a manifest decided.
    pub pinned: Vec<PinnedVersion>,
    /// Whether the manifest has that table: then every package the WIT names
    /// directly must be in it or in `deps`.
    pub declared: bool,
    /// The name of the world; `None` for the only one of the package.
    pub world: Option<&'a str>,
    /// Features of the WIT to use.
    pub features: &'a [String],
    /// Whether all features of the WIT are used.
    pub all_features: bool,
}

impl Request<'_> {
    /// A request for these sources alone, with every feature.
    #[cfg(feature = "cli")]
    pub fn of(sources: Sources) -> Self {
        Request {
            sources,
            overrides: Vec::new(),
            fetched: Vec::new(),
            chosen: Vec::new(),
            pinned: Vec::new(),
            declared: false,
            world: None,
            features: &[],
            all_features: true,
        }
    }

    /// The package that a reference stands for, with the version that was decided
    /// on.
    pub(super) fn effective_name(&self, name: &PackageName) -> PackageName {
        effective_name(&self.pinned, name)
    }
}

/// A package whose version a manifest decided: what refers to a version that
/// fits the requirement gets that one.
#[derive(Clone, Debug)]
pub struct PinnedVersion {
    /// The package, with the version that was decided on.
    pub to: PackageName,
    /// The versions that it replaces.
    pub from: VersionReq,
}

/// The package that a reference stands for, with the version that was decided
/// on.
pub(super) fn effective_name(pinned: &[PinnedVersion], name: &PackageName) -> PackageName {
    let matches = |pinned: &&PinnedVersion| {
        let (to, version) = (&pinned.to, name.version.as_ref());
        let fits = version.is_some_and(|version| pinned.from.matches(version));
        to.namespace == name.namespace && to.name == name.name && fits
    };
    let pinned = pinned.iter().find(matches);
    pinned.map_or_else(|| name.clone(), |pinned| pinned.to.clone())
}
