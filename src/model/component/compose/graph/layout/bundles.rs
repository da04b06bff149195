//! Links that share an arrow, and how far down each component is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::data::{Edge, Graph};
use super::super::measure::shortened;
use super::super::text::clean;

/// Links that share an arrow: from one component to one other, of one kind.
#[derive(Debug)]
pub(super) struct Bundle {
    /// The position of the component in the upper row; the one that imports, as a rule.
    pub upper: usize,
    /// The position of the component in the lower row.
    pub lower: usize,
    /// Whether the lower one imports from the upper one, since links form a circle.
    pub upwards: bool,
    /// The positions of the links.
    pub links: Vec<usize>,
    /// The lines of the label.
    pub lines: Vec<String>,
}

/// The links of a graph in bundles, and the row of each component: below all that import from
/// it. The two components of a bundle are in different rows. A link from a component to itself,
/// which no composition has, is left out.
pub(super) fn bundles(graph: &Graph) -> (Vec<Bundle>, Vec<usize>) {
    let order = importers_first(graph);
    let mut positions = vec![0; order.len()];
    for (position, &component) in order.iter().enumerate() {
        positions[component] = position;
    }
    let mut bundles: BTreeMap<(usize, usize, bool), Bundle> = BTreeMap::new();
    for (at, edge) in graph.links.iter().enumerate() {
        if edge.from == edge.to {
            continue;
        }
        let upwards = positions[edge.from] > positions[edge.to];
        let (upper, lower) = match upwards {
            false => (edge.from, edge.to),
            true => (edge.to, edge.from),
        };
        let key = (edge.from, edge.to, edge.implied);
        let bundle = bundles.entry(key).or_insert_with(|| Bundle {
            upper,
            lower,
            upwards,
            links: Vec::new(),
            lines: Vec::new(),
        });
        bundle.links.push(at);
        bundle.lines.extend(lines(edge));
    }
    let bundles: Vec<Bundle> = bundles.into_values().collect();
    let ranks = ranks(&order, &bundles);
    (bundles, ranks)
}

/// The import of a link, and below it the export if its name differs.
fn lines(edge: &Edge) -> Vec<String> {
    let mut lines = vec![shortened(&clean(&edge.import))];
    if let Some(export) = &edge.export
        && *export != edge.import
    {
        lines.push(shortened(&format!("= {}", clean(export))));
    }
    lines
}

/// The components, each behind those that import from it if links form no circle.
fn importers_first(graph: &Graph) -> Vec<usize> {
    let components = graph.components.len();
    let mut below = vec![Vec::new(); components];
    let mut open = vec![0_usize; components];
    for edge in &graph.links {
        below[edge.from].push(edge.to);
        open[edge.to] += 1;
    }
    let mut waiting: BTreeSet<usize> = (0..components).collect();
    let mut ready = waiting.clone();
    ready.retain(|&component| open[component] == 0);
    let mut order = Vec::with_capacity(components);
    // If none is ready, the first one that waits breaks the circle.
    while let Some(next) = ready.pop_first().or_else(|| waiting.first().copied()) {
        waiting.remove(&next);
        order.push(next);
        for &lower in &below[next] {
            open[lower] -= 1;
            if open[lower] == 0 && waiting.contains(&lower) {
                ready.insert(lower);
            }
        }
    }
    order
}

/// The row of each component: as high as possible, but without importers as low as possible.
fn ranks(order: &[usize], bundles: &[Bundle]) -> Vec<usize> {
    let mut below = vec![Vec::new(); order.len()];
    let mut has_importer = vec![false; order.len()];
    for bundle in bundles {
        below[bundle.upper].push(bundle.lower);
        has_importer[bundle.lower] = true;
    }
    let mut ranks = vec![0; order.len()];
    for &upper in order {
        for &lower in &below[upper] {
            ranks[lower] = ranks[lower].max(ranks[upper] + 1);
        }
    }
    // The root remains in the first row.
    for component in (1..order.len()).filter(|&component| !has_importer[component]) {
        let nearest = below[component].iter().map(|&lower| ranks[lower]).min();
        ranks[component] = nearest.map_or(0, |rank| rank - 1);
    }
    ranks
}
