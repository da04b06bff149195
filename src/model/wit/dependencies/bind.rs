//! From a target world and its dependencies to the extended world.

use wit_parser::{Package, PackageName, Resolve, World as WitWorld};

use super::bound::Bound;
use super::dependency::ComponentDependency;
use super::{build, plan, read};
use crate::base::error::Result;
use crate::model::wit::World;

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
