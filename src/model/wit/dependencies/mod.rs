//! Component dependencies: the exports of components become imports of the
//! world that is built.
//!
//! [`bind`] makes the world; [`aliases`] keeps the Rust paths of
//! cargo-component 0.21.1 alive in the bindings generated for it. The world
//! carries no attributes: what the finished component says about its imports
//! comes from [`BoundImport`] and [`FollowedImport`].

pub mod aliases;
mod build;
mod graft;
mod labels;
mod own;
mod plan;
mod reach;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use semver::Version;
use wit_parser::{Package, PackageName, Resolve, World as WitWorld};

use super::World;
use crate::base::error::Result;
use crate::base::package::PackageRef;
use aliases::Alias;

/// A component whose exports are to be imported.
#[derive(Clone, Debug)]
pub struct ComponentDependency {
    /// Its key in the manifest's table; keys differ.
    pub key: String,
    /// The package it is, where that is known.
    pub package: Option<PackageRef>,
    /// The version of that package.
    pub version: Option<Version>,
    /// The label its imports are named by: the key, if it is a plain label.
    pub label: Option<String>,
    /// The component. Its names are those of today's component model: the
    /// `unlocked-dep=<…>` of 0.21.1 has to be rewritten before.
    pub bytes: Vec<u8>,
    /// The file it was read from, for messages; none where there is none.
    pub file: Option<PathBuf>,
    /// The hints the component itself has, by the name of its import with the
    /// whole version.
    pub hints_of_imports: BTreeMap<String, String>,
}

/// The world with what the dependencies add to it.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The extended world. It holds what the world uses and no more; its
    /// packages and those the target knew keep their names.
    pub world: World,
    /// The imports that the dependencies provide, by name.
    pub bound: Vec<BoundImport>,
    /// Imports that no dependency provides, with the hint that one of them has
    /// for the same interface, by name.
    pub followed: Vec<FollowedImport>,
    /// The Rust paths of 0.21.1, for dependencies whose key is their package.
    pub aliases: Vec<Alias>,
    /// What the user should know of the dependencies, one sentence each; what
    /// there is to know of the target stays in the world.
    pub notes: Vec<String>,
}

/// An import that a dependency provides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundImport {
    /// Its name in the finished component.
    pub name: String,
    /// The place of the dependency in the list that was given.
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
    /// The place of the dependency that has the hint.
    pub dependency: usize,
    /// The hint, as that dependency has it.
    pub hint: String,
}

/// Adds the exports of the dependencies to the imports of a world; without a
/// world, to an empty one, as for a program that has dependencies only.
///
/// Neither the order of the dependencies nor anything but their content
/// matters. A dependency that cannot be imported is an error that names it by
/// its key and says why.
pub fn bind(target: Option<World>, dependencies: &[ComponentDependency]) -> Result<Bound> {
    let target = target.unwrap_or_else(empty_world);
    let mut sorted: Vec<usize> = (0..dependencies.len()).collect();
    sorted.sort_by_key(|index| &dependencies[*index].key);
    let offers = sorted
        .into_iter()
        .map(|index| read::read(index, &dependencies[index]))
        .collect::<Result<Vec<_>>>()?;
    let plan = plan::plan(&target, &offers)?;
    build::build(target, &offers, plan)
}

/// A world without imports and exports, called as the world of a component
/// that has no other name.
fn empty_world() -> World {
    let mut resolve = Resolve::default();
    let name = PackageName {
        namespace: "root".to_owned(),
        name: "component".to_owned(),
        version: None,
    };
    let package = resolve.packages.alloc(Package {
        name: name.clone(),
        docs: Default::default(),
        interfaces: Default::default(),
        worlds: Default::default(),
    });
    resolve.package_names.insert(name, package);
    let id = resolve.worlds.alloc(WitWorld {
        name: "root".to_owned(),
        imports: Default::default(),
        exports: Default::default(),
        package: Some(package),
        docs: Default::default(),
        stability: Default::default(),
        includes: Vec::new(),
        span: Default::default(),
    });
    resolve.packages[package]
        .worlds
        .insert("root".to_owned(), id);
    World {
        resolve,
        id,
        notes: Vec::new(),
        parts: Vec::new(),
    }
}
