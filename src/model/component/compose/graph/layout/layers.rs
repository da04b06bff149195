//! The layer of each box, label and piece of an arrow.

use std::ops::Range;

use super::super::data::{Component, Graph};
use super::super::measure::{LINE_HEIGHT, shortened, width};
use super::super::text::clean;
use super::bundles::{Bundle, bundles};

/// The distance between the text of a box and its border, in pixels.
pub(super) const PADDING: i64 = 11;

/// The distance between an arrow and its label, in pixels.
pub(super) const LABEL_GAP: i64 = 7;

/// The distance between the arrows at one side of a box, in pixels.
pub(super) const PORT_DISTANCE: i64 = 14;

/// The distance between the corner of a box and the arrows at its side, in pixels.
pub(super) const PORT_MARGIN: i64 = 16;

/// What has a place in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The box of the component at this position.
    Box(usize),
    /// The label of the bundle at this position. Its arrow passes at the left.
    Label(usize),
    /// The arrow of the bundle at this position, which passes the layer.
    Lane(usize),
}

/// Something that has a place in a layer. Its position is that of its anchor, where arrows
/// arrive and leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vertex {
    pub kind: Kind,
    /// How far it reaches to the left of its anchor.
    pub left: i64,
    /// How far it reaches to the right of its anchor.
    pub right: i64,
    pub height: i64,
}

impl Vertex {
    fn of_box(component: usize, lines: &[String], arrows: usize) -> Self {
        let arrows = i64::try_from(arrows).unwrap_or(i64::MAX / 64);
        let ports = (arrows - 1).max(0) * PORT_DISTANCE + 2 * PORT_MARGIN;
        let width = (widest(lines) + 2 * PADDING).max(ports);
        Vertex {
            kind: Kind::Box(component),
            left: width / 2,
            right: width - width / 2,
            height: height(lines) + 2 * PADDING,
        }
    }

    fn of_label(bundle: usize, lines: &[String]) -> Self {
        Vertex {
            kind: Kind::Label(bundle),
            left: 0,
            right: LABEL_GAP + widest(lines),
            height: height(lines),
        }
    }

    fn of_lane(bundle: usize) -> Self {
        Vertex {
            kind: Kind::Lane(bundle),
            left: 0,
            right: 0,
            height: 0,
        }
    }

    /// Whether it is a box, and not a part of an arrow.
    pub fn is_box(&self) -> bool {
        matches!(self.kind, Kind::Box(_))
    }

    /// The room left free at either side.
    pub fn free(&self) -> i64 {
        match self.kind {
            Kind::Box(_) => 16,
            Kind::Label(_) => 10,
            Kind::Lane(_) => 7,
        }
    }
}

fn widest(lines: &[String]) -> i64 {
    lines.iter().map(|line| width(line)).max().unwrap_or(0)
}

fn height(lines: &[String]) -> i64 {
    lines.iter().map(|_| LINE_HEIGHT).sum()
}

/// A graph in layers, in which each segment leads from one layer to the next.
#[derive(Debug)]
pub(super) struct Layered {
    pub vertices: Vec<Vertex>,
    /// The vertices of each layer, from left to right. Boxes are in every other layer, starting
    /// with the first one; labels are in those between.
    pub layers: Vec<Vec<usize>>,
    /// The vertices in the layer above to which each vertex has a segment.
    pub above: Vec<Vec<usize>>,
    /// The vertices in the layer below to which each vertex has a segment.
    pub below: Vec<Vec<usize>>,
    pub bundles: Vec<Bundle>,
    /// The vertices that each bundle passes, from top to bottom. The first and last ones are boxes.
    pub chains: Vec<Vec<usize>>,
    /// The lines of text of each component.
    pub texts: Vec<Vec<String>>,
}

impl Layered {
    /// The boxes, labels and pieces of arrows of a graph, in an order without meaning. The vertex
    /// of a component has the position of the component.
    pub fn new(graph: &Graph) -> Self {
        let (mut bundles, ranks) = bundles(graph);
        // Those without a choice for their label come first.
        bundles.sort_by_key(|bundle| ranks[bundle.lower] - ranks[bundle.upper]);
        let mut layered = Layered {
            vertices: Vec::new(),
            layers: vec![Vec::new(); ranks.iter().max().map_or(0, |last| 2 * last + 1)],
            above: Vec::new(),
            below: Vec::new(),
            bundles: Vec::new(),
            chains: Vec::new(),
            texts: graph.components.iter().map(lines).collect(),
        };
        let mut at_top = vec![0; ranks.len()];
        let mut at_bottom = vec![0; ranks.len()];
        for bundle in &bundles {
            at_bottom[bundle.upper] += 1;
            at_top[bundle.lower] += 1;
        }
        for (at, rank) in ranks.iter().enumerate() {
            let vertex = Vertex::of_box(at, &layered.texts[at], at_top[at].max(at_bottom[at]));
            layered.add(vertex, 2 * rank);
        }
        // The width of the labels in each layer.
        let mut taken = vec![0; layered.layers.len()];
        for bundle in bundles {
            let between = 2 * ranks[bundle.upper] + 1..2 * ranks[bundle.lower];
            let chain = layered.add_chain(&bundle, between, &mut taken);
            layered.chains.push(chain);
            layered.bundles.push(bundle);
        }
        layered
    }

    /// Adds what is between the boxes of a bundle, in these layers. The label is in the one that
    /// is narrowest yet.
    fn add_chain(
        &mut self,
        bundle: &Bundle,
        layers: Range<usize>,
        taken: &mut [i64],
    ) -> Vec<usize> {
        let for_labels = layers.clone().step_by(2);
        let of_label = for_labels.min_by_key(|layer| taken[*layer]);
        let at = self.bundles.len();
        let mut chain = vec![bundle.upper];
        for layer in layers {
            let mut vertex = Vertex::of_lane(at);
            if of_label == Some(layer) {
                vertex = Vertex::of_label(at, &bundle.lines);
                taken[layer] += vertex.right;
            }
            chain.push(self.add(vertex, layer));
        }
        chain.push(bundle.lower);
        for segment in chain.windows(2) {
            self.below[segment[0]].push(segment[1]);
            self.above[segment[1]].push(segment[0]);
        }
        chain
    }

    fn add(&mut self, vertex: Vertex, layer: usize) -> usize {
        let at = self.vertices.len();
        self.vertices.push(vertex);
        self.layers[layer].push(at);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        at
    }
}

/// What the box of a component says: its name and its open imports.
fn lines(component: &Component) -> Vec<String> {
    let needs = component.needs();
    let needs = needs.iter().map(|need| format!("needs {}", clean(need)));
    let lines = std::iter::once(clean(&component.name)).chain(needs);
    lines.map(|line| shortened(&line)).collect()
}
