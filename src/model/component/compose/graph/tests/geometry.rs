//! The layout of random graphs, judged by where things are.

use std::collections::BTreeSet;

use super::super::layout::{Layout, Point, Rectangle, layout};
use super::super::text::clean;
use super::super::{Component, Edge, Graph};
use crate::model::component::compose::tests::random::Random;

/// How many links a random graph has for each component, roughly.
#[derive(Clone, Copy)]
enum Density {
    None,
    Tree,
    Sparse,
    Dense,
}

/// A name: short, long, very long, of wide or of invisible characters, or empty.
fn name(random: &mut Random) -> String {
    let number = random.below(1000);
    match random.below(12) {
        0..4 => format!("a{number}"),
        4..8 => format!("namespace:package-{number}/interface@1.{number}.0"),
        8 => format!("a-very-long-name-{number}-").repeat(1 + random.below(9)),
        9 => format!("接口{number}🦀e\u{301}\u{200b}").repeat(1 + random.below(12)),
        10 => format!("<\"&\n\u{7}{number}"),
        _ => String::new(),
    }
}

/// A graph without circles, in which the order of the components says nothing about their links.
fn graph(random: &mut Random, components: usize, density: Density) -> Graph {
    let mut graph = Graph::default();
    for _ in 0..components {
        let open = (0..random.below(4)).map(|_| name(random)).collect();
        graph.components.push(Component {
            name: name(random),
            open,
        });
    }
    let mut order: Vec<usize> = (0..components).collect();
    for at in 1..components {
        order.swap(at, random.below(at + 1));
    }
    let mut add = |random: &mut Random, from: usize, to: usize| {
        graph.links.push(Edge {
            from: order[from],
            to: order[to],
            import: name(random),
            export: (!random.once_in(3)).then(|| name(random)),
            implied: random.once_in(4),
        });
    };
    for to in 1..components {
        let links = match density {
            Density::None => 0,
            Density::Tree => 1,
            Density::Sparse => random.below(4),
            Density::Dense => to / 3 + random.below(to),
        };
        for _ in 0..links {
            let from = random.below(to);
            // Some have several links to the same component.
            for _ in 0..1 + random.below(8) / 6 * random.below(6) {
                add(random, from, to);
            }
        }
    }
    graph
}

/// Whether two places have a point in common. The border belongs to the place.
fn touch(one: &Rectangle, other: &Rectangle) -> bool {
    one.left <= other.right
        && other.left <= one.right
        && one.top <= other.bottom
        && other.top <= one.bottom
}

/// The places of boxes and labels, by their left ends.
struct Places {
    sorted: Vec<(Rectangle, Option<usize>)>,
    widest: i64,
}

impl Places {
    fn new(layout: &Layout) -> Self {
        let boxes = layout.boxes.iter().map(|block| block.area);
        let boxes = boxes.zip((0..).map(Some));
        let labels = layout.labels.iter().map(|block| (block.area, None));
        let mut sorted: Vec<_> = boxes.chain(labels).collect();
        sorted.sort_by_key(|(area, _)| area.left);
        let widest = sorted.iter().map(|(area, _)| area.width()).max();
        let widest = widest.unwrap_or(0);
        Places { sorted, widest }
    }

    /// All that have a point in common with an area, with the position of the component.
    fn touching(&self, area: Rectangle) -> impl Iterator<Item = (Rectangle, Option<usize>)> {
        let left = area.left - self.widest;
        let start = self.sorted.partition_point(|(other, _)| other.left < left);
        let near = self.sorted[start..].iter().copied();
        near.take_while(move |(other, _)| other.left <= area.right)
            .filter(move |(other, _)| touch(&area, other))
    }
}

fn contains(outer: &Rectangle, inner: &Rectangle) -> bool {
    outer.left <= inner.left
        && inner.right <= outer.right
        && outer.top <= inner.top
        && inner.bottom <= outer.bottom
}

fn spanned(ends: &[Point]) -> Rectangle {
    Rectangle {
        left: ends[0].x.min(ends[1].x),
        top: ends[0].y.min(ends[1].y),
        right: ends[0].x.max(ends[1].x),
        bottom: ends[0].y.max(ends[1].y),
    }
}

/// Fails if anything overlaps or is outside.
fn check(graph: &Graph, layout: &Layout, which: &str) {
    let whole = Rectangle {
        left: 0,
        top: 0,
        right: layout.width,
        bottom: layout.height,
    };
    assert_eq!(layout.boxes.len(), graph.components.len(), "{which}");
    assert_eq!(layout.labels.len(), layout.arrows.len(), "{which}");
    let places = Places::new(layout);
    for block in layout.boxes.iter().chain(&layout.labels) {
        assert!(contains(&whole, &block.area), "{which}: {block:?}");
        assert!(!block.lines.is_empty(), "{which}");
        for (at, line) in block.lines.iter().enumerate() {
            assert!(contains(&block.area, &line.area), "{which}: {line:?}");
            if let Some(next) = block.lines.get(at + 1) {
                assert!(line.area.bottom <= next.area.top, "{which}: {line:?}");
            }
        }
        // It finds itself.
        assert_eq!(places.touching(block.area).count(), 1, "{which}: {block:?}");
    }
    for arrow in &layout.arrows {
        let link = &graph.links[arrow.links[0]];
        for ends in arrow.points.windows(2) {
            let piece = spanned(ends);
            assert!(contains(&whole, &piece), "{which}: {arrow:?}");
            for (area, component) in places.touching(piece) {
                let at_end = [Some(link.from), Some(link.to)].contains(&component);
                assert!(at_end, "{which}: {arrow:?} and {area:?}");
            }
        }
        check_ends(layout, arrow.points.as_slice(), link, which);
    }
}

/// Fails unless an arrow leads from one edge of a box to the opposite edge of the other box, and
/// only touches them.
fn check_ends(layout: &Layout, points: &[Point], link: &Edge, which: &str) {
    let [from, to] = [link.from, link.to].map(|at| layout.boxes[at].area);
    let (first, last) = (points[0], points[points.len() - 1]);
    let (upper, lower, top, bottom) = match first.y < last.y {
        true => (from, to, first, last),
        false => (to, from, last, first),
    };
    assert_eq!((top.y, bottom.y), (upper.bottom, lower.top), "{which}");
    assert!(upper.left < top.x && top.x < upper.right, "{which}");
    assert!(lower.left < bottom.x && bottom.x < lower.right, "{which}");
    for ends in points.windows(2) {
        assert!(ends[0] != ends[1], "{which}");
        assert!(
            upper.bottom <= ends[0].y && ends[0].y <= lower.top,
            "{which}"
        );
    }
}

/// Fails unless each link has an arrow to its component with a label that says its name, and no
/// two links of different ends or kinds share one.
fn check_links(graph: &Graph, layout: &Layout, which: &str) {
    let mut drawn = BTreeSet::new();
    for (arrow, label) in layout.arrows.iter().zip(&layout.labels) {
        let first = &graph.links[arrow.links[0]];
        let mut lines = label.lines.iter();
        for &at in &arrow.links {
            let link = &graph.links[at];
            assert!(drawn.insert(at), "{which}: {at} is drawn twice");
            assert_eq!(
                (link.from, link.to, link.implied),
                (first.from, first.to, first.implied)
            );
            let line = &lines.next().unwrap().text;
            assert_eq!(
                line.chars().next(),
                clean(&link.import).chars().next(),
                "{which}"
            );
            let export = link.export.as_ref();
            if export.is_some_and(|export| *export != link.import) {
                assert!(lines.next().unwrap().text.starts_with("= "), "{which}");
            }
        }
        assert_eq!(lines.next(), None, "{which}");
    }
    assert_eq!(drawn.len(), graph.links.len(), "{which}");
}

fn check_random(seed: u64, components: usize, density: Density) {
    let graph = graph(&mut Random::new(seed), components, density);
    let which = format!("graph {seed} of {components} components");
    let made = layout(&graph);
    check(&graph, &made, &which);
    check_links(&graph, &made, &which);
    assert_eq!(made, layout(&graph), "{which}: another layout");
}

#[test]
fn nothing_overlaps_in_trees_and_sparse_graphs() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let density = *random.one(&[Density::None, Density::Tree, Density::Sparse]);
        check_random(seed, 1 + random.below(60), density);
    }
}

#[test]
fn nothing_overlaps_in_dense_graphs() {
    for seed in 0..12 {
        check_random(seed, 4 + 5 * seed as usize, Density::Dense);
    }
}

#[test]
fn links_that_form_a_circle_are_drawn() {
    let mut random = Random::new(9);
    let mut made = graph(&mut random, 12, Density::Sparse);
    for link in &mut made.links {
        if random.once_in(2) {
            (link.from, link.to) = (link.to, link.from);
        }
    }
    let drawn = layout(&made);
    check(&made, &drawn, "circles");
    check_links(&made, &drawn, "circles");
    let upwards = |points: &[Point]| points[0].y > points[points.len() - 1].y;
    assert!(drawn.arrows.iter().any(|arrow| upwards(&arrow.points)));
}

#[test]
fn a_large_graph_is_laid_out() {
    check_random(1, 200, Density::Tree);
    check_random(2, 200, Density::Sparse);
    check_random(3, 200, Density::None);
}
