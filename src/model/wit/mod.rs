//! WorldResolver: from the sources of WIT to one merged `wit_parser::Resolve`, and
//! from there to Rust bindings. Pure; reading files is [`crate::system::source`]'s.

pub mod bindings;
mod circle;
#[cfg(feature = "cli")]
pub mod compare;
mod complete;
#[cfg(feature = "cli")]
mod contents;
mod decode;
#[cfg(feature = "cli")]
pub mod dependencies;
mod derives;
mod diagnose;
#[cfg(feature = "cli")]
pub mod generate;
#[cfg(feature = "cli")]
pub mod header;
mod helpers;
mod limits;
mod load;
mod needed;
mod parts;
mod placeholder;
mod placeholders;
mod plain;
mod put;
mod restore;
#[cfg(feature = "cli")]
pub mod scaffold;
mod section;
mod select;
mod supplement;
#[cfg(feature = "cli")]
pub mod template;
#[cfg(feature = "cli")]
pub mod text;
pub mod types;
mod unmet;
mod walk;
mod words;
#[cfg(feature = "cli")]
pub mod write;

use std::path::{Path, PathBuf};

use semver::VersionReq;
use wit_parser::{PackageId, PackageName, Resolve, WorldId};

#[cfg(feature = "cli")]
pub use contents::{foreign, interfaces};
pub use decode::{Undecodable, decode};
#[cfg(feature = "cli")]
pub use diagnose::is_absent_package;
#[cfg(feature = "cli")]
pub use load::syntax_errors;
pub use load::{declared_packages, load, load_package, worlds};
pub use parts::{Origin, Part, named_by_component};
pub use plain::without_attributes;
pub use unmet::{Unmet, replaceable, unmet};

/// One file of WIT text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its path, as it is shown in errors.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// The source of one package (and the packages nested in it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// WIT text: the files of a directory, or one file.
    Text {
        /// The directory or file.
        path: PathBuf,
        /// The files; a directory may have none.
        files: Vec<TextFile>,
    },
    /// A wasm file: a WIT package in its binary form, or a component, which
    /// counts by its WIT.
    Wasm {
        /// The file.
        path: PathBuf,
        /// Its content.
        bytes: Vec<u8>,
    },
}

impl Entry {
    /// The directory or file.
    pub fn path(&self) -> &Path {
        match self {
            Entry::Text { path, .. } | Entry::Wasm { path, .. } => path,
        }
    }
}

/// A directory or file of WIT, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// What was read first.
    pub main: Entry,
    /// The entries of its `deps` directory.
    pub deps: Vec<Entry>,
}

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
    fn meant(&self, name: &PackageName) -> PackageName {
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
fn meant(raised: &[Raised], name: &PackageName) -> PackageName {
    let is = |raised: &&Raised| {
        let (to, version) = (&raised.to, name.version.as_ref());
        let fits = version.is_some_and(|version| raised.from.matches(version));
        to.namespace == name.namespace && to.name == name.name && fits
    };
    let raised = raised.iter().find(is);
    raised.map_or_else(|| name.clone(), |raised| raised.to.clone())
}

/// A package of WIT with everything it needs, in one merged resolve.
#[derive(Clone, Debug)]
pub struct Package {
    /// Everything known.
    pub resolve: Resolve,
    /// The package in it.
    pub id: PackageId,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
    /// The packages it was loaded from, also those it does not use.
    pub parts: Vec<Part>,
}

impl Package {
    /// Its name, with its version where it has one.
    pub fn name(&self) -> &PackageName {
        &self.resolve.packages[self.id].name
    }
}

/// The world a package implements, in one merged resolve.
#[derive(Clone, Debug)]
pub struct World {
    /// Everything known.
    pub resolve: Resolve,
    /// The world in it.
    pub id: WorldId,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
    /// The packages it was loaded from, also those it does not use.
    pub parts: Vec<Part>,
}

impl World {
    /// The name of the world, `namespace:name/world@version`.
    pub fn name(&self) -> String {
        let world = &self.resolve.worlds[self.id];
        match world.package {
            Some(package) => self.resolve.id_of_name(package, &world.name),
            None => world.name.clone(),
        }
    }
}
