//! What `cargo component tree` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use wit_parser::PackageName;

use crate::base::error::{Error, Result, nearest};
use crate::model::capabilities::HostImports;
use crate::model::component::capabilities::host_imports;
use crate::model::manifest::{DependencySource, Manifest, Target};
use crate::model::resolver::graph;
use crate::model::resolver::graph::{
    Direction, Graph, GraphContent, Node, PackageKind, PackageLocation,
};
use crate::model::wit::{Origin, packages_named_by_component};
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::pipeline::link::capabilities::{open_imports, stubbed_imports};
use crate::pipeline::link::part::Part;
use crate::pipeline::link::without_build::{DependenciesWithoutBuild, dependencies_without_build};
use crate::pipeline::project::last_built::last_built;
use crate::pipeline::project::manifests::{Project, is_component, named_registries};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::workspace::Member;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// The format of the output on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Lines of text, for people.
    #[default]
    Text,
    /// One document of JSON.
    Json,
}

/// The options of `cargo component tree`.
#[derive(Clone, Debug, Default)]
pub struct TreeOptions {
    /// The package whose dependents are shown, `name` or `name@version`; without it,
    /// the dependencies of the workspace's packages are shown.
    pub invert: Option<String>,
    /// Whether to show the dependents of packages that occur several times.
    pub duplicates: bool,
    /// The largest depth that is shown.
    pub depth: Option<usize>,
    /// Whether to show components with what they may do.
    pub content: GraphContent,
    /// The format of the output.
    pub format: Format,
}

/// Shows the dependencies of the selected packages. Packages that are not locked yet
/// get locked, as by a build.
pub fn tree(ctx: &Context, args: &CargoArgs, options: &TreeOptions) -> Result<()> {
    let project = Project::load(ctx, args)?;
    let mut worlds = WorldResolver::new(ctx, &project)?;
    let mut graph = Graph::default();
    let mut roots = Vec::new();
    for index in &project.selected {
        let member = &project.workspace().members[*index];
        let manifest = project.manifest(ctx, member)?;
        if is_component(&manifest, member) {
            let mut resolver = DependencyResolver {
                ctx,
                project: &project,
                worlds: &mut worlds,
                content: options.content,
            };
            roots.push(add_member(&mut graph, &mut resolver, member, &manifest)?);
        }
    }
    if roots.is_empty() {
        let text = "none of the selected packages is a component";
        ctx.shell.note(text.to_owned());
    }
    if let Some(update) = worlds.finish()? {
        update.write(ctx)?;
    }
    show(ctx, &graph, roots, options)
}

/// Shows the requested part of a graph.
pub(super) fn show(
    ctx: &Context,
    graph: &Graph,
    roots: Vec<usize>,
    options: &TreeOptions,
) -> Result<()> {
    let part = match &options.invert {
        Some(name) => graph::GraphPart {
            roots: matching(graph, name)?,
            direction: Direction::NeededBy,
            depth: options.depth,
            content: options.content,
        },
        None if options.duplicates => graph::GraphPart {
            roots: graph.duplicates(),
            direction: Direction::NeededBy,
            depth: options.depth,
            content: options.content,
        },
        None => graph::GraphPart {
            roots,
            direction: Direction::Needs,
            depth: options.depth,
            content: options.content,
        },
    };
    if options.duplicates && part.roots.is_empty() {
        ctx.shell.note("there are no duplicates".to_owned());
    }
    match options.format {
        Format::Text => {
            let lines = graph.text(&part);
            lines.into_iter().for_each(|line| ctx.shell.data(line));
        }
        Format::Json => ctx.shell.data(format!("{:#}", graph.json(&part))),
    }
    Ok(())
}

/// A workspace whose dependencies are added to a graph, with the resolver of its
/// worlds.
struct DependencyResolver<'r, 'a> {
    ctx: &'r Context,
    project: &'r Rc<Project>,
    worlds: &'r mut WorldResolver<'a>,
    content: GraphContent,
}

impl DependencyResolver<'_, '_> {
    /// What the component of a member imports as it was last built, if that is asked for.
    fn last_imports(&self, project: &Project, member: &Member) -> Result<Option<HostImports>> {
        if self.content != GraphContent::Capabilities {
            return Ok(None);
        }
        let file = last_built(project.workspace(), member);
        file.map(|file| host_imports(&fs::read(&file)?)).transpose()
    }

    /// The same for the crate in a directory.
    fn last_imports_of(&self, dir: &Path) -> Result<Option<HostImports>> {
        if self.content != GraphContent::Capabilities || !fs::is_dir(dir) {
            return Ok(None);
        }
        let project = match self.project.member_at(dir)? {
            Some(_) => self.project.clone(),
            None => self.project.outside(self.ctx, dir)?,
        };
        match project.member_at(dir)? {
            Some(member) => self.last_imports(&project, &project.workspace().members[member]),
            None => Ok(None),
        }
    }
}

/// A WIT package that is in the graph.
pub(super) struct PackageNode<'n> {
    /// The name of the package.
    pub name: &'n PackageName,
    /// The position of its node in the graph.
    pub node: usize,
}

/// Adds a member of the workspace and everything that it needs; returns its node.
fn add_member(
    graph: &mut Graph,
    resolver: &mut DependencyResolver<'_, '_>,
    member: &Member,
    manifest: &Manifest,
) -> Result<usize> {
    let place = PackageLocation::Path(member.dir().to_owned());
    let version = Some(member.version.clone());
    let mut root = Node::new(&member.name, version, PackageKind::Member).at(place);
    root.imports = resolver.last_imports(resolver.project, member)?;
    let root = graph.add(root);
    let parts = resolver
        .worlds
        .resolve(manifest)?
        .map(|loaded| loaded.world.parts);
    let parts = parts.unwrap_or_default();
    let requests = resolver.worlds.take_requests();
    let is_local = matches!(manifest.target, Target::Local(_));
    let mut known = Vec::new();
    for part in &parts {
        let position = match &part.origin {
            Origin::Main if is_local => root,
            Origin::Path(path) => {
                graph.add(wit_node(&part.name).at(PackageLocation::Path(path.clone())))
            }
            Origin::Main | Origin::Fetched => {
                match requests.iter().find(|request| request.is(&part.name)) {
                    Some(request) => {
                        graph.add(request.node(resolver.worlds, manifest, PackageKind::Wit)?)
                    }
                    None => graph.add(wit_node(&part.name)),
                }
            }
            Origin::Enclosed => graph.add(wit_node(&part.name)),
        };
        known.push(PackageNode {
            name: &part.name,
            node: position,
        });
    }
    for (part, from) in parts.iter().zip(&known) {
        needs(graph, from.node, &part.needs, &known);
    }
    match &manifest.target {
        Target::Registry(_) | Target::Oci(_) => {
            let targets = parts.iter().zip(&known);
            let target = targets.filter(|(part, _)| part.origin == Origin::Main);
            target.for_each(|(_, to)| graph.needs(root, to.node));
        }
        Target::Local(target) => {
            for dependency in target.dependencies.iter().flatten().map(|(_, d)| d) {
                for (part, to) in parts.iter().zip(&known) {
                    let chosen = match (&dependency.source, &part.origin) {
                        (DependencySource::Path { path, .. }, Origin::Path(from)) => path == from,
                        (
                            DependencySource::Registry { .. } | DependencySource::Oci { .. },
                            Origin::Fetched,
                        ) => {
                            let named = requests.iter().filter(|request| request.is(&part.name));
                            let mut places = named.map(|request| &request.requirement.excerpt);
                            let at = dependency.file.excerpt(dependency.span.clone());
                            places.any(|place| place.as_ref() == Some(&at))
                        }
                        _ => false,
                    };
                    if chosen {
                        graph.needs(root, to.node);
                    }
                }
            }
        }
    }
    for to in add_components(graph, resolver, manifest, &known)? {
        graph.needs(root, to);
    }
    for to in add_components(graph, resolver, &manifest.for_tests(), &known)? {
        graph.tests_need(root, to);
    }
    Ok(root)
}

/// Adds the components a manifest depends on, and those they need; returns the positions
/// of the former.
fn add_components(
    graph: &mut Graph,
    resolver: &mut DependencyResolver<'_, '_>,
    manifest: &Manifest,
    known: &[PackageNode<'_>],
) -> Result<Vec<usize>> {
    if manifest.dependencies.is_empty() {
        return Ok(Vec::new());
    }
    let DependenciesWithoutBuild { parts, entries, .. } =
        dependencies_without_build(resolver.ctx, resolver.project, resolver.worlds, manifest)?;
    let requests = resolver.worlds.take_requests();
    let mut positions = BTreeMap::new();
    // What only directories below need is added with them.
    for place in needed(&parts, entries.values().copied().collect()) {
        let part = &parts[place];
        let mut node = match requests
            .iter()
            .find(|request| request.found.file == part.file)
        {
            Some(request) => request.node(resolver.worlds, manifest, PackageKind::Component)?,
            // Only an entry leads to a file.
            None => {
                let entry = entries.iter().find(|(_, entry)| **entry == place);
                let key = entry.map_or(&part.name, |(key, _)| key);
                file_node(manifest, key, &part.file)
            }
        };
        node.imports = Some(open_imports(part)?);
        // Elsewhere a release is one node, whatever its entries have as `stub`.
        if resolver.content == GraphContent::Capabilities {
            node.stubbed = stubbed_imports(part)?;
        }
        let position = graph.add(node);
        let named = packages_named_by_component(&source::read(&part.file)?.main);
        add_named(graph, position, &named, known);
        positions.insert(place, position);
    }
    for (place, from) in &positions {
        let links = parts[*place].links.values().map(|link| link.part);
        links.for_each(|to| graph.needs(*from, positions[&to]));
    }
    let mut direct = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        let position = match (entries.get(key), &dependency.source) {
            (Some(place), _) => positions[place],
            (None, DependencySource::Path { path, .. }) => {
                let before = graph.nodes().len();
                let mut node = file_node(manifest, key, path);
                if let Some(imports) = resolver.last_imports_of(path)? {
                    let (open, stubbed) = dependency.capabilities.split_stubbed(&imports);
                    (node.imports, node.stubbed) = (Some(open), stubbed);
                }
                let position = graph.add(node);
                // Once is enough, and directories may go in a circle.
                if graph.nodes().len() > before && fs::is_dir(path) {
                    add_directory(graph, resolver, position, path, known)?;
                }
                position
            }
            (None, _) => continue,
        };
        direct.push(position);
    }
    Ok(direct)
}

/// The indices of some parts and of all parts that they need.
fn needed(parts: &[Part], mut open: Vec<usize>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    while let Some(place) = open.pop() {
        if found.insert(place) {
            open.extend(parts[place].links.values().map(|link| link.part));
        }
    }
    found
}

/// Adds what the crate in a directory depends on, under the lock file of its
/// own workspace. That of another workspace is not written.
fn add_directory(
    graph: &mut Graph,
    resolver: &mut DependencyResolver<'_, '_>,
    position: usize,
    dir: &Path,
    known: &[PackageNode<'_>],
) -> Result<()> {
    let manifest = |project: &Project, member: usize| {
        project.manifest(resolver.ctx, &project.workspace().members[member])
    };
    if let Some(member) = resolver.project.member_at(dir)? {
        let manifest = manifest(resolver.project, member)?;
        for to in add_components(graph, resolver, &manifest, known)? {
            graph.needs(position, to);
        }
        return Ok(());
    }
    let outside = resolver.project.outside(resolver.ctx, dir)?;
    let Some(member) = outside.member_at(dir)? else {
        return Ok(());
    };
    let manifest = manifest(&outside, member)?;
    let mut worlds = WorldResolver::with_mode(resolver.ctx, &outside, resolver.worlds.mode())?;
    let mut outside_resolver = DependencyResolver {
        ctx: resolver.ctx,
        project: &outside,
        worlds: &mut worlds,
        content: resolver.content,
    };
    for to in add_components(graph, &mut outside_resolver, &manifest, known)? {
        graph.needs(position, to);
    }
    worlds.finish().map(|_| ())
}

/// The entry of a manifest that is a directory or a file.
fn file_node(manifest: &Manifest, key: &str, path: &Path) -> Node {
    let entry = manifest.dependencies.get(key);
    let package = entry.and_then(|entry| entry.package.as_ref());
    let name = package.map_or_else(|| key.to_owned(), ToString::to_string);
    let path = fs::canonical(path).unwrap_or_else(|_| path.to_owned());
    Node::new(name, None, PackageKind::Component).at(PackageLocation::Path(path))
}

/// Adds edges to the packages that a component names. Those that are not among the
/// known ones are contained in the component itself.
fn add_named(graph: &mut Graph, from: usize, names: &[PackageName], known: &[PackageNode<'_>]) {
    for name in names {
        match known.iter().any(|known| known.name == name) {
            true => needs(graph, from, std::slice::from_ref(name), known),
            false => {
                let to = graph.add(wit_node(name));
                graph.needs(from, to);
            }
        }
    }
}

/// Adds edges from a node to those known packages that it needs.
pub(super) fn needs(
    graph: &mut Graph,
    from: usize,
    names: &[PackageName],
    known: &[PackageNode<'_>],
) {
    for name in names {
        let found = known.iter().find(|known| known.name == name);
        if let Some(to) = found {
            graph.needs(from, to.node);
        }
    }
}

/// The node of a WIT package without a location.
pub(super) fn wit_node(name: &PackageName) -> Node {
    let package = format!("{}:{}", name.namespace, name.name);
    Node::new(package, name.version.clone(), PackageKind::Wit)
}

impl ResolvedRequest {
    /// Whether the request was resolved to the package of this name.
    fn is(&self, name: &PackageName) -> bool {
        let found = &self.found;
        found.package.namespace() == name.namespace
            && found.package.name() == name.name
            && name.version.as_ref().is_none_or(|v| *v == found.version)
    }

    fn node(
        &self,
        worlds: &mut WorldResolver<'_>,
        manifest: &Manifest,
        kind: PackageKind,
    ) -> Result<Node> {
        let named = named_registries(manifest);
        let place = worlds
            .packages()?
            .display_location(&self.requirement.source, &named)?;
        let (name, version) = (self.found.package.to_string(), self.found.version.clone());
        let mut node = Node::new(name, Some(version), kind);
        node.digest = Some(self.found.digest.clone());
        Ok(node.at(PackageLocation::Registry(place)))
    }
}

/// The nodes that `name` or `name@version` selects.
fn matching(graph: &Graph, requested: &str) -> Result<Vec<usize>> {
    let (name, version) = match requested.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (requested, None),
    };
    let nodes = || graph.nodes().iter().enumerate();
    let fits = |node: &Node| {
        let is = |requirement: &str| {
            node.version.as_ref().map(ToString::to_string) == Some(requirement.into())
        };
        node.name == name && version.is_none_or(is)
    };
    let found: Vec<usize> = nodes()
        .filter(|(_, node)| fits(node))
        .map(|(position, _)| position)
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let versions: Vec<String> = nodes()
        .filter(|(_, node)| node.name == name)
        .filter_map(|(_, node)| node.version.as_ref().map(ToString::to_string))
        .collect();
    let error = Error::input(format!("none of the selected packages needs `{requested}`"));
    if !versions.is_empty() {
        return Err(error.hint(format!(
            "the version in the tree is `{name}@{}`",
            versions.join(", ")
        )));
    }
    let names = graph.nodes().iter().map(|node| node.name.as_str());
    Err(match nearest(name, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("run `cargo component tree` to see all packages"),
    })
}
