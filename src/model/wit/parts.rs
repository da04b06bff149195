//! The packages a world was loaded from, and which of them name which.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wit_component::DecodedWasm;
use wit_parser::{PackageName, Resolve, WorldId, WorldItem};

use super::entry::Entry;
use super::group::{Group, Rank};

/// A package that a world was loaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedPackage {
    /// The name, with the version where it has one.
    pub name: PackageName,
    /// The packages it names, with the versions that were chosen.
    pub needs: Vec<PackageName>,
    /// Where the package comes from.
    pub origin: Origin,
}

/// Where a [`LoadedPackage`] comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The WIT that was loaded first: the project's own, or its target.
    Main,
    /// A directory or file of the project.
    Path(PathBuf),
    /// A package of a registry.
    Fetched,
    /// A copy in the file of another package.
    Enclosed,
}

/// The packages of these groups, with where each comes from.
pub(super) fn parts(
    groups: &[Group],
    origins: &BTreeMap<PackageName, (Rank, PathBuf)>,
) -> Vec<LoadedPackage> {
    let packages = groups
        .iter()
        .flat_map(|group| group.packages().map(move |package| (group.rank, package)));
    packages
        .map(|(rank, package)| LoadedPackage {
            name: package.name.clone(),
            needs: package.foreign_deps.keys().cloned().collect(),
            origin: match (rank, origins.get(&package.name)) {
                (Rank::Main, _) => Origin::Main,
                (Rank::Fetched, _) => Origin::Fetched,
                (Rank::Override | Rank::Deps | Rank::Beside, Some((_, path))) => {
                    Origin::Path(path.clone())
                }
                _ => Origin::Enclosed,
            },
        })
        .collect()
}

/// The packages whose interfaces a component imports or exports; none for a file
/// that is no component or cannot be read.
pub fn packages_named_by_component(entry: &Entry) -> Vec<PackageName> {
    let Entry::Wasm(file) = entry else {
        return Vec::new();
    };
    match file.decoded() {
        Ok(DecodedWasm::Component(resolve, world)) => named(resolve, *world),
        _ => Vec::new(),
    }
}

fn named(resolve: &Resolve, world: WorldId) -> Vec<PackageName> {
    let world = &resolve.worlds[world];
    let interface = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => resolve.interfaces[*id].package,
        _ => None,
    };
    let items = world.imports.values().chain(world.exports.values());
    let mut names: Vec<PackageName> = items
        .filter_map(interface)
        .filter(|package| Some(*package) != world.package)
        .map(|package| resolve.packages[package].name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}
