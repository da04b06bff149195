//! A package or world of WIT with everything it needs.

use wit_parser::{PackageId, PackageName, Resolve, WorldId};

use super::parts::LoadedPackage;

/// A package of WIT with everything it needs, in one merged resolve.
#[derive(Clone, Debug)]
pub struct Package {
    /// The merged packages, with everything they refer to.
    pub resolve: Resolve,
    /// The package in the resolve.
    pub id: PackageId,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
    /// The packages it was loaded from, also those it does not use.
    pub parts: Vec<LoadedPackage>,
}

impl Package {
    /// The name of the package, with its version where it has one.
    pub fn name(&self) -> &PackageName {
        &self.resolve.packages[self.id].name
    }
}

/// The world a package implements, in one merged resolve.
#[derive(Clone, Debug)]
pub struct World {
    /// The merged packages, with everything they refer to.
    pub resolve: Resolve,
    /// The world in the resolve.
    pub id: WorldId,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
    /// The packages it was loaded from, also those it does not use.
    pub parts: Vec<LoadedPackage>,
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
