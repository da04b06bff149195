//! The world with the imports that dependencies add to it.

use super::aliases::Alias;
use crate::model::wit::World;

/// A world with the imports that dependencies add to it.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The extended world, with only what it uses. Its packages and those of the
    /// target keep their names.
    pub world: World,
    /// The imports that the dependencies provide, by name.
    pub bound: Vec<BoundImport>,
    /// Imports that no dependency provides, with the hint that one of them has
    /// for the same interface, by name.
    pub followed: Vec<FollowedImport>,
    /// The Rust paths of 0.21.1, for dependencies whose key is their package.
    pub aliases: Vec<Alias>,
    /// What the user should know of the dependencies, one sentence each; notes
    /// about the target are those of the world.
    pub notes: Vec<String>,
}

/// An import that a dependency provides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundImport {
    /// Its name in the finished component.
    pub name: String,
    /// The index of the dependency in the list that was given.
    pub dependency: usize,
    /// The plain name of the dependency's export, the fragment of a hint;
    /// `None` is its root, or the interface that `implements` or the name says.
    pub item: Option<String>,
    /// The interface that the import implements, where its name is a label.
    pub implements: Option<String>,
}

/// An import that has to be linked to what a dependency is linked to, so that
/// both have one type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FollowedImport {
    /// Its name in the finished component.
    pub name: String,
    /// The index of the dependency that has the hint.
    pub dependency: usize,
    /// The hint, as that dependency has it.
    pub hint: String,
}
