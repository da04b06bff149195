//! Linking the components of a plan.

use std::collections::BTreeMap;

use super::composition::{Composition, OpenImport};
use super::graph::{Component, Edge, Graph};
use super::matching::ProvidedPart;
use super::plan::Plan;
use super::wiring::Wiring;
use super::{order, parsed, wiring};
use crate::base::error::Result;
use crate::base::parallel;
use crate::model::component::names;
use crate::model::component::names::Name;

/// The result of a composition.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The composed component. No name in the components it contains has
    /// attributes.
    pub bytes: Vec<u8>,
    /// The components and the links between them.
    pub graph: Graph,
    /// The imports of the composed component, with attributes.
    pub open: Vec<Name>,
}

/// Links the components of a plan.
///
/// The result is valid. Every node that the root needs becomes one instance. If
/// two components have open imports with the same label, one of the labels is
/// prefixed with the name of its component.
pub fn link(plan: &Plan<'_>) -> Result<Linked> {
    let order = order::sorted(plan)?;
    let files = order
        .iter()
        .map(|&node| parsed::component_bytes(&plan.nodes[node]));
    let files = files.collect::<Result<Vec<_>>>()?;
    let size = files.iter().map(|bytes| bytes.len()).sum();
    let nodes = order.iter().zip(&files).collect();
    let read = parallel::compute_sized(size, nodes, |(&node, bytes)| {
        Ok((node, parsed::parse(&plan.nodes[node].name, bytes)?))
    });
    let (mut parts, mut code) = (BTreeMap::new(), Vec::new());
    for read in read {
        let (node, (part, own)) = read?;
        code.extend(own.into_iter().map(|code| (part.name, code)));
        parts.insert(node, part);
    }
    let wired = wiring::wire(plan, &order, &parts)?;
    let composition = Composition {
        plan,
        order: &order,
        parts: &parts,
        wired: &wired,
    };
    let bytes = parsed::beside_validation(code, || composition.bytes())?;
    Ok(Linked {
        open: names::imports(&bytes)?,
        graph: graph_of(plan, &order, &wired, &composition.open()),
        bytes,
    })
}

/// The graph of a composition.
fn graph_of(plan: &Plan<'_>, order: &[usize], wired: &Wiring, open: &[OpenImport]) -> Graph {
    let mut graph = Graph::default();
    let mut positions = BTreeMap::new();
    for &node in order.iter().rev() {
        positions.insert(node, graph.components.len());
        let own = open.iter().filter(|import| import.node == node);
        graph.components.push(Component {
            name: plan.nodes[node].name.clone(),
            open: own.map(|import| import.name.name.clone()).collect(),
        });
    }
    for &node in order.iter().rev() {
        for (import, source) in &wired[&node] {
            graph.links.push(Edge {
                from: positions[&node],
                to: positions[&source.node],
                import: import.clone(),
                export: match &source.part {
                    ProvidedPart::Root => None,
                    ProvidedPart::Export(name) => Some(name.clone()),
                    // It belongs to the link of its interface.
                    ProvidedPart::Type(..) => continue,
                },
                implied: !plan.nodes[node].links.contains_key(import),
            });
        }
    }
    graph
}
