//! What became of a document: instances, what each is given, and what stays
//! open.

use std::collections::HashMap;

use wac_graph::{CompositionGraph, NodeId, NodeKind};

use super::Reference;
use crate::base::error::{Error, Result};
use crate::model::component::compose::answer::compatible;
use crate::model::component::compose::graph::{Component, Edge, Graph};
use crate::model::component::compose::part::Part;
use crate::model::component::names;
use crate::model::component::names::{Name, Side};

/// The instances of a composition.
pub(super) struct Instances<'i> {
    graph: &'i CompositionGraph,
    /// The package of the document.
    name: &'i str,
    /// Each with its component.
    all: Vec<(NodeId, &'i Part<'i>)>,
    places: HashMap<NodeId, usize>,
}

/// An import of an instance that the composition imports, too.
struct Open<'i> {
    /// The name the composition has it under.
    name: String,
    /// The name it has in the component.
    import: &'i Name,
    /// The instance.
    of: usize,
}

impl<'i> Instances<'i> {
    /// Those in a graph of the library; `parts` are the packages it is of.
    pub fn of(
        graph: &'i CompositionGraph,
        (name, parts): (&'i str, &'i [(&Reference, Part<'i>)]),
    ) -> Self {
        let mut all = Vec::new();
        let mut places = HashMap::new();
        for node in graph.node_ids() {
            // What comes out of an instance has a package, too.
            let package = match graph[node].kind() {
                NodeKind::Instantiation(_) => graph[node].package().map(|id| &graph[id]),
                _ => None,
            };
            let Some(package) = package else { continue };
            let is_it = |reference: &Reference| {
                reference.name == package.name() && reference.version.as_ref() == package.version()
            };
            if let Some((_, part)) = parts.iter().find(|(reference, _)| is_it(reference)) {
                places.insert(node, all.len());
                all.push((node, part));
            }
        }
        Instances {
            graph,
            name,
            all,
            places,
        }
    }

    /// The instance that something comes from, with the export it is of; none
    /// for an import of the composition.
    fn origin(&self, mut node: NodeId) -> Option<(usize, Option<&'i str>)> {
        let mut export = None;
        loop {
            if let Some(place) = self.places.get(&node) {
                return Some((*place, export));
            }
            let (source, name) = self.graph.get_alias_source(node)?;
            (node, export) = (source, Some(name));
        }
    }

    /// What the instances import from outside: what nothing is given for, and
    /// what an import of the document is given for.
    fn open(&self) -> Vec<Open<'i>> {
        let mut open = Vec::new();
        for (of, (node, part)) in self.all.iter().enumerate() {
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
                open.push(Open {
                    name: name.to_owned(),
                    import: &item.name,
                    of,
                });
            }
        }
        open
    }

    /// The composition with the attributes of what stays open, and of exports
    /// that keep their names.
    pub fn with_attributes(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let open = self.open();
        self.unambiguous(&open)?;
        let exports = self.exports();
        let mut known = open
            .iter()
            .map(|open| open.import)
            .chain(exports.values().copied());
        // Then it is as it should be, and may be large.
        if known.all(|name| name.implements.is_none() && name.external_id.is_none()) {
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
            // What the library wrote is of the document.
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

    /// Labels are local to a component: two imports under one label become
    /// one, which cannot come from two places.
    fn unambiguous(&self, open: &[Open<'_>]) -> Result<()> {
        for (at, one) in open.iter().enumerate() {
            let Some(hint) = &one.import.external_id else {
                continue;
            };
            let other = open[..at].iter().find(|other| {
                other.name == one.name
                    && !one.name.contains('/')
                    && other
                        .import
                        .external_id
                        .as_ref()
                        .is_some_and(|id| id != hint)
            });
            if let Some(other) = other {
                let called = |open: &Open<'_>| self.all[open.of].1.name;
                let wanted = other.import.external_id.as_deref().unwrap_or_default();
                return Err(Error::input(format!(
                    "the open import `{}` has two conflicting definitions",
                    one.name
                ))
                .because(format!(
                    "`{}` has the hint `{wanted}` for it, but `{}` has `{hint}`",
                    called(other),
                    called(one)
                ))
                .hint(format!(
                    "pass `{}` to one of them as an argument, such as an `import` of another name",
                    one.import.name
                )));
            }
        }
        Ok(())
    }

    /// The names that exports of the composition have in their component.
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

    /// The composition as data; the document is the first of its components.
    pub fn graph(&self) -> Graph {
        let open = self.open();
        let mut graph = Graph::default();
        graph.components.push(Component {
            name: self.name.to_owned(),
            open: Vec::new(),
        });
        for (of, (node, part)) in self.all.iter().enumerate() {
            let again = self.all.iter().filter(|(_, other)| other.name == part.name);
            let name = match (again.count(), self.graph[*node].name()) {
                (2.., Some(name)) => format!("{} ({name})", part.name),
                _ => part.name.to_owned(),
            };
            let own = open.iter().filter(|open| open.of == of);
            graph.components.push(Component {
                name,
                open: own.map(|open| open.name.clone()).collect(),
            });
        }
        let mut link = |from: usize, import: &str, (to, export): (usize, Option<&str>)| {
            graph.links.push(Edge {
                from,
                to: to + 1,
                import: import.to_owned(),
                export: export.map(str::to_owned),
                implied: false,
            });
        };
        for node in self.graph.node_ids() {
            if let (Some(name), Some(origin)) = (self.graph[node].export_name(), self.origin(node))
            {
                link(0, name, origin);
            }
        }
        for (of, (node, _)) in self.all.iter().enumerate() {
            for (import, argument) in self.graph.get_instantiation_arguments(*node) {
                if let Some(origin) = self.origin(argument) {
                    link(of + 1, import, origin);
                }
            }
        }
        graph
            .links
            .sort_by(|a, b| (a.from, &a.import).cmp(&(b.from, &b.import)));
        graph
    }
}
