//! Worlds: from the sources of WIT to one merged `wit_parser::Resolve`, and
//! from there to Rust bindings. Pure; reading files is [`crate::source`]'s.

pub mod bindings;
#[cfg(feature = "cli")]
pub mod compare;
mod complete;
#[cfg(feature = "cli")]
pub mod dependencies;
mod diagnose;
mod load;
mod parts;
mod plain;
#[cfg(feature = "cli")]
pub mod scaffold;
#[cfg(feature = "cli")]
pub mod template;
mod unmet;
mod walk;
mod words;

use std::path::PathBuf;

use wit_parser::{PackageName, Resolve, WorldId};

pub use load::{declared_packages, encoded, load, worlds};
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
