//! What a world is loaded from, and which versions its references take.

use semver::VersionReq;
use wit_parser::PackageName;

use super::entry::{Entry, Sources};

/// What to load a world from, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The WIT of the project.
    pub sources: Sources,
    /// Packages that win over those of `deps`: the entries of
    /// `target.dependencies` that were found, with the packages beside them.
    pub overrides: Vec<Sources>,
    /// Packages of registries.
    pub fetched: Vec<Entry>,
    /// The packages of `deps` that the manifest's table of target
    /// dependencies chose: an unversioned reference takes their version.
    pub chosen: Vec<PackageName>,
    /// Packages whose version a manifest decided.
    pub raised: Vec<Raised>,
    /// Whether the manifest has that table: then every package the WIT names
    /// directly must be in it or in `deps`.
    pub declared: bool,
    /// The world asked for.
    pub world: Option<&'a str>,
    /// Features of the WIT to use.
    pub features: &'a [String],
    /// Use all features.
    pub all_features: bool,
}

impl Request<'_> {
    /// These sources alone, with every feature; nothing is chosen.
    #[cfg(feature = "cli")]
    pub fn of(sources: Sources) -> Self {
        Request {
            sources,
            overrides: Vec::new(),
            fetched: Vec::new(),
            chosen: Vec::new(),
            raised: Vec::new(),
            declared: false,
            world: None,
            features: &[],
            all_features: true,
        }
    }

    /// The name a reference to a package stands for.
    pub(super) fn meant(&self, name: &PackageName) -> PackageName {
        meant(&self.raised, name)
    }
}

/// A package whose version a manifest decided: what refers to a version that
/// fits the requirement gets that one.
#[derive(Clone, Debug)]
pub struct Raised {
    /// The package, with the version that was decided on.
    pub to: PackageName,
    /// The versions it stands for.
    pub from: VersionReq,
}

/// The name a reference to a package stands for.
pub(super) fn meant(raised: &[Raised], name: &PackageName) -> PackageName {
    let is = |raised: &&Raised| {
        let (to, version) = (&raised.to, name.version.as_ref());
        let fits = version.is_some_and(|version| raised.from.matches(version));
        to.namespace == name.namespace && to.name == name.name && fits
    };
    let raised = raised.iter().find(is);
    raised.map_or_else(|| name.clone(), |raised| raised.to.clone())
}
