//! The instances that a document creates, with their arguments and open imports.

use std::collections::HashMap;

use wac_graph::{CompositionGraph, NodeId, NodeKind};

use super::reference::PackageReference;
use crate::base::error::{Error, Result};
use crate::model::component::compose::graph::{Component, Edge, Graph};
use crate::model::component::compose::matching::compatible;
use crate::model::component::compose::parsed::ParsedComponent;
use crate::model::component::names;
use crate::model::component::names::{Name, Side};

/// The instances of a composition.
pub(super) struct Instances<'i> {
    graph: &'i CompositionGraph,
    /// The package name of the document.
    name: &'i str,
    /// The instances with their components.
    all: Vec<(NodeId, &'i ParsedComponent<'i>)>,
    /// The positions of the instances in `all`.
    positions: HashMap<NodeId, usize>,
}

/// An import of an instance that the composition imports as well.
struct InstanceImport<'i> {
    /// The name in the composition.
    name: String,
    /// The name in the component of the instance.
    import: &'i Name,
    /// The position of the instance.
    instance: usize,
}

impl<'i> Instances<'i> {
    /// The instances in a graph of the library; `name` is the package name of the
    /// document, and `parts` are the packages it refers to.
    pub fn of(
        graph: &'i CompositionGraph,
        name: &'i str,
        parts: &'i [(&PackageReference, ParsedComponent<'i>)],
    ) -> Self {
        let mut all = Vec::new();
        let mut positions = HashMap::new();
        for node in graph.node_ids() {
            // Exports of an instance have a package as well.
            let package = match graph[node].kind() {
                NodeKind::Instantiation(_) => graph[node].package().map(|id| &graph[id]),
                _ => None,
            };
            let Some(package) = package else { continue };
            let is_package = |reference: &PackageReference| {
                reference.name == package.name() && reference.version.as_ref() == package.version()
            };
            if let Some((_, part)) = parts.iter().find(|(reference, _)| is_package(reference)) {
                positions.insert(node, all.len());
                all.push((node, part));
            }
        }
        Instances {
            graph,
            name,
            all,
            positions,
        }
    }

    /// The position of the instance that a node comes from, with the export it is
    /// part of; none for an import of the composition.
    fn origin(&self, mut node: NodeId) -> Option<(usize, Option<&'i str>)> {
        let mut export = None;
        loop {
            if let Some(position) = self.positions.get(&node) {
                return Some((*position, export));
            }
            let (source, name) = self.graph.get_alias_source(node)?;
            (node, export) = (source, Some(name));
        }
    }

    /// The open imports of the instances: those without an argument, and those
    /// whose argument is an import of the document.
    fn open(&self) -> Vec<InstanceImport<'i>> {
        let mut open = Vec::new();
        for (instance, (node, part)) in self.all.iter().enumerate() {
            let given: HashMap<_, _> = self.graph.get_instantiation_arguments(*node).collect();
            for item in &part.imports {
                let own = item.name.name.as_str();
                let name = match given.get(own) {
                    None => own,
                    Some(argument) => match self.graph.get_import_name(*argument) {
                        Some(name) => name,
                        None => continue,
                    },
                };
                open.push(InstanceImport {
                    name: name.to_owned(),
                    import: &item.name,
                    instance,
                });
            }
        }
        open
    }

    /// The composition with the attributes of the open imports, and of the exports
    /// that keep their names.
    pub fn with_attributes(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let open = self.open();
        self.check_labels(&open)?;
        let exports = self.exports();
        let mut known = open
            .iter()
            .map(|open| open.import)
            .chain(exports.values().copied());
        // Nothing has to be rewritten, which saves time for a large component.
        if known.all(Name::is_plain) {
            return Ok(bytes);
        }
        let written: Vec<Name> = [names::imports(&bytes)?, names::exports(&bytes)?].concat();
        names::with_attributes(&bytes, &|side, name| {
            let known = match side {
                Side::Import => {
                    let same = open.iter().filter(|open| compatible(&open.name, name));
                    let best = same.rev().max_by_key(|open| {
                        (open.import.external_id.is_some(), open.import.name == name)
                    })?;
                    best.import
                }
                Side::Export => exports.get(name).copied()?,
            };
            // The attributes that the library wrote are those of the document.
            let written = written.iter().find(|written| written.name == name);
            let implements = written.and_then(|written| written.implements.clone());
            let label = !name.contains('/');
            let implements = implements.or_else(|| known.implements.clone().filter(|_| label));
            Some(Name {
                name: name.to_owned(),
                implements,
                external_id: known.external_id.clone(),
            })
        })
    }

    /// Fails if two imports with one label have different hints: labels are local to
    /// a component, and in the composition they would be one import.
    fn check_labels(&self, open: &[InstanceImport<'_>]) -> Result<()> {
        for (index, import) in open.iter().enumerate() {
            let Some(hint) = &import.import.external_id else {
                continue;
            };
            let other = open[..index].iter().find(|other| {
                other.name == import.name
                    && !import.name.contains('/')
                    && other
                        .import
                        .external_id
                        .as_ref()
                        .is_some_and(|id| id != hint)
            });
            if let Some(other) = other {
                let name_of = |open: &InstanceImport<'_>| self.all[open.instance].1.name;
                let other_hint = other.import.external_id.as_deref().unwrap_or_default();
                return Err(Error::input(format!(
                    "the open import `{}` has two conflicting definitions",
                    import.name
                ))
                .with_cause(format!(
                    "`{}` has the hint `{other_hint}` for it, but `{}` has `{hint}`",
                    name_of(other),
                    name_of(import)
                ))
                .hint(format!(
                    "pass `{}` to one of them as an argument, such as an `import` of another name",
                    import.import.name
                )));
            }
        }
        Ok(())
    }

    /// The exports of the composition, with their names in the component that
    /// exports them.
    fn exports(&self) -> HashMap<&'i str, &'i Name> {
        let mut found = HashMap::new();
        for node in self.graph.node_ids() {
            if let Some(name) = self.graph[node].export_name()
                && let Some((instance, Some(export))) = self.origin(node)
            {
                let mut own = self.all[instance].1.exports.iter();
                if let Some(item) = own.find(|item| item.name.name == export) {
                    found.insert(name, &item.name);
                }
            }
        }
        found
    }

    /// The graph of the composition; the document is its first component.
    pub fn graph(&self) -> Graph {
        let open = self.open();
        let mut graph = Graph::default();
        graph.components.push(Component {
            name: self.name.to_owned(),
            open: Vec::new(),
        });
        for (position, (node, part)) in self.all.iter().enumerate() {
            let same_name = self.all.iter().filter(|(_, other)| other.name == part.name);
            let name = match (same_name.count(), self.graph[*node].name()) {
                (2.., Some(name)) => format!("{} ({name})", part.name),
                _ => part.name.to_owned(),
            };
            let own = open.iter().filter(|open| open.instance == position);
            graph.components.push(Component {
                name,
                open: own.map(|open| open.name.clone()).collect(),
            });
        }
        let mut link = |from: usize, import: &str, to: usize, export: Option<&str>| {
            graph.links.push(Edge {
                from,
                to: to + 1,
                import: import.to_owned(),
                export: export.map(str::to_owned),
                implied: false,
            });
        };
        for node in self.graph.node_ids() {
            if let Some(name) = self.graph[node].export_name()
                && let Some((to, export)) = self.origin(node)
            {
                link(0, name, to, export);
            }
        }
        for (position, (node, _)) in self.all.iter().enumerate() {
            for (import, argument) in self.graph.get_instantiation_arguments(*node) {
                if let Some((to, export)) = self.origin(argument) {
                    link(position + 1, import, to, export);
                }
            }
        }
        graph
            .links
            .sort_by(|a, b| (a.from, &a.import).cmp(&(b.from, &b.import)));
        graph
    }
}
