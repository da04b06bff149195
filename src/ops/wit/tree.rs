//! What `cargo component wit tree` does.

use super::deps_record::DepsRecord;
use super::discover::find;
use super::project::{WitMember, WitOptions, WitProject};
use super::resolver::WitResolver;
use crate::base::error::Result;
use crate::model::resolver::graph::{Graph, Node, PackageKind, PackageLocation};
use crate::model::wit::{LoadedPackage, Origin};
use crate::ops::tree::{PackageNode, TreeOptions, needs, show, wit_node};
use crate::pipeline::fetch::fetched::Fetched;
use crate::system::context::Context;

/// Shows what the selected packages need, and where each dependency comes from.
/// Packages that were not locked are locked, as by a build.
pub fn tree(ctx: &Context, options: &WitOptions, shown: &TreeOptions) -> Result<()> {
    let project = find(ctx, options)?;
    let mut resolver = WitResolver::refusing_drift(ctx, &project)?;
    let mut graph = Graph::default();
    let mut roots = Vec::new();
    for member in &project.members {
        roots.push(add(ctx, &mut graph, &project, &mut resolver, member)?);
    }
    resolver.finish()?;
    show(ctx, &graph, roots, shown)
}

/// Adds a package and everything it needs to the graph; the index of its node.
fn add(
    ctx: &Context,
    graph: &mut Graph,
    project: &WitProject,
    resolver: &mut WitResolver<'_>,
    member: &WitMember,
) -> Result<usize> {
    // Packages that `fetch` wrote are shown with their registry.
    let written = DepsRecord::of(ctx, &member.deps);
    let resolved = resolver.resolve(member, &|path| written.own_digest(path).is_some())?;
    let name = resolved.package.name();
    let root = graph.add(own_node(name, member));
    let mut known = Vec::new();
    for part in &resolved.package.parts {
        let other = match &part.origin {
            Origin::Path(path) => project.all.iter().find(|other| other.wit == *path),
            _ => None,
        };
        let fetched = resolved.fetched.iter().find(|fetched| is(fetched, part));
        let position = match (&part.origin, other, fetched) {
            (Origin::Main, ..) if part.name == *name => root,
            (Origin::Main, ..) => {
                graph.add(wit_node(&part.name).at(PackageLocation::Path(member.wit.clone())))
            }
            (_, Some(other), _) => graph.add(own_node(&part.name, other)),
            (Origin::Path(path), ..) => {
                graph.add(wit_node(&part.name).at(PackageLocation::Path(path.clone())))
            }
            (Origin::Fetched, _, Some(fetched)) => {
                let mut node = wit_node(&part.name);
                node.version = Some(fetched.version.clone());
                node.digest = Some(fetched.digest.clone());
                let place = resolver.describe_origin(member, fetched)?;
                graph.add(node.at(PackageLocation::Registry(place)))
            }
            _ => graph.add(wit_node(&part.name)),
        };
        known.push(PackageNode {
            name: &part.name,
            node: position,
        });
    }
    let parts = &resolved.package.parts;
    for (part, from) in parts.iter().zip(&known) {
        needs(graph, from.node, &part.needs, &known);
        // Only the manifest requires the package then.
        let is_named = parts.iter().any(|other| other.needs.contains(&part.name));
        if part.origin == Origin::Fetched && !is_named {
            graph.needs(root, from.node);
        }
    }
    Ok(root)
}

/// The node of a package of the project itself.
fn own_node(name: &wit_parser::PackageName, member: &WitMember) -> Node {
    let package = format!("{}:{}", name.namespace, name.name);
    let node = Node::new(package, name.version.clone(), PackageKind::Member);
    node.at(PackageLocation::Path(member.wit.clone()))
}

/// Whether a part is a package that was fetched.
fn is(fetched: &Fetched, part: &LoadedPackage) -> bool {
    let version = part.name.version.as_ref();
    fetched.package.namespace() == part.name.namespace
        && fetched.package.name() == part.name.name
        && version.is_none_or(|version| *version == fetched.version)
}
