//! The heights of the layers, and the corners of the arrows.

use super::super::measure::{LINE_HEIGHT, width};
use super::layers::{Kind, LABEL_GAP, Layered, PADDING, PORT_DISTANCE, PORT_MARGIN};
use super::shapes::{Arrow, Block, Layout, Line, Point, Rectangle};

/// The distance between the content of a drawing and its border, in pixels.
const MARGIN: i64 = 20;

/// The height of the room between two layers, in pixels: the least, and the largest.
const CHANNEL: [i64; 2] = [20, 150];

/// The least distance between what is in a layer and the ends of the layer, in pixels: from there
/// to a box, arrows are straight.
const CLEARANCE: i64 = 5;

/// How many pixels an arrow may move sidewards for each pixel of that height.
const SLOPE: i64 = 5;

/// The heights of a layer: its upper and its lower end.
#[derive(Clone, Copy, Debug)]
struct Row {
    top: i64,
    bottom: i64,
}

/// The layout of vertices with these anchors.
pub(super) fn layout(layered: &Layered, anchors: &[i64]) -> Layout {
    let lefts = layered.vertices.iter().zip(anchors);
    let left = lefts.map(|(vertex, x)| x - vertex.left).min().unwrap_or(0);
    let anchors: Vec<i64> = anchors.iter().map(|x| x - left + MARGIN).collect();
    let rights = layered.vertices.iter().zip(&anchors);
    let right = rights.map(|(vertex, x)| x + vertex.right).max();
    let mut layer_of = vec![0; anchors.len()];
    for (at, layer) in layered.layers.iter().enumerate() {
        layer.iter().for_each(|&vertex| layer_of[vertex] = at);
    }
    let ways = ways(layered, &anchors);
    let rows = rows(layered, &layer_of, &ways);
    let mut layout = Layout {
        width: right.unwrap_or(MARGIN) + MARGIN,
        height: rows.last().map_or(MARGIN, |row| row.bottom - CLEARANCE) + MARGIN,
        boxes: Vec::new(),
        arrows: Vec::new(),
        labels: Vec::new(),
    };
    for (at, text) in layered.texts.iter().enumerate() {
        let vertex = &layered.vertices[at];
        let top = rows[layer_of[at]].top + CLEARANCE;
        let area = Rectangle {
            left: anchors[at] - vertex.left,
            top,
            right: anchors[at] + vertex.right,
            bottom: top + vertex.height,
        };
        layout.boxes.push(of_box(area, text));
    }
    for (at, chain) in layered.chains.iter().enumerate() {
        let (bundle, rows) = (&layered.bundles[at], &rows[layer_of[chain[0]]..]);
        let start = layout.boxes[bundle.upper].area.bottom;
        let end = layout.boxes[bundle.lower].area.top;
        let mut points = points(&ways[at], rows, start, end);
        if bundle.upwards {
            points.reverse();
        }
        let links = bundle.links.clone();
        layout.arrows.push(Arrow { points, links });
        for (&vertex, row) in chain.iter().zip(rows) {
            if layered.vertices[vertex].kind == Kind::Label(at) {
                let top = (row.top + row.bottom - layered.vertices[vertex].height) / 2;
                let left = anchors[vertex] + LABEL_GAP;
                layout.labels.push(of_label(left, top, &bundle.lines));
            }
        }
    }
    layout
}

/// Where the arrow of each bundle is in each layer that it passes.
fn ways(layered: &Layered, anchors: &[i64]) -> Vec<Vec<i64>> {
    let of_chain = |chain: &Vec<usize>| chain.iter().map(|&vertex| anchors[vertex]).collect();
    let mut ways: Vec<Vec<i64>> = layered.chains.iter().map(of_chain).collect();
    for component in 0..layered.texts.len() {
        let vertex = &layered.vertices[component];
        let left = anchors[component] - vertex.left + PORT_MARGIN;
        let right = anchors[component] + vertex.right - PORT_MARGIN;
        let mut spread_at = |neighbours: &[usize], at_end: bool| {
            let mut neighbours = neighbours.to_vec();
            neighbours.sort_unstable_by_key(|&other| anchors[other]);
            let desired: Vec<i64> = neighbours.iter().map(|&other| anchors[other]).collect();
            for (other, x) in neighbours.into_iter().zip(spread(&desired, left, right)) {
                let (Kind::Label(bundle) | Kind::Lane(bundle)) = layered.vertices[other].kind
                else {
                    continue;
                };
                let way = &mut ways[bundle];
                let at = if at_end { way.len() - 1 } else { 0 };
                way[at] = x;
            }
        };
        spread_at(&layered.below[component], false);
        spread_at(&layered.above[component], true);
    }
    ways
}

/// Points between left and right with the distance of arrows at a box, each near to the desired
/// one: where they would be too close, a group is around its average. The desired ones are sorted.
fn spread(desired: &[i64], left: i64, right: i64) -> Vec<i64> {
    // Without the distances, the points only must not be in another order: neighbours that are
    // get the same place, their average.
    let mut groups: Vec<(i64, i64)> = Vec::new();
    let mut distance = 0;
    for x in desired {
        let mut group = (x - distance, 1);
        while let Some(last) = groups.pop_if(|last| last.0 * group.1 >= group.0 * last.1) {
            group = (group.0 + last.0, group.1 + last.1);
        }
        groups.push(group);
        distance += PORT_DISTANCE;
    }
    let last = right - (distance - PORT_DISTANCE);
    let mut points = Vec::with_capacity(desired.len());
    for (sum, count) in groups {
        for _ in 0..count {
            let moved = PORT_DISTANCE * i64::try_from(points.len()).unwrap_or(0);
            points.push(sum.div_euclid(count).min(last).max(left) + moved);
        }
    }
    points
}

/// The rows of the layers. The room between two of them grows with how far arrows move sidewards.
fn rows(layered: &Layered, layer_of: &[usize], ways: &[Vec<i64>]) -> Vec<Row> {
    let mut shifts = vec![0; layered.layers.len()];
    for (chain, way) in layered.chains.iter().zip(ways) {
        for (at, ends) in way.windows(2).enumerate() {
            let shift = &mut shifts[layer_of[chain[0]] + at];
            *shift = ends[0].abs_diff(ends[1]).max(*shift);
        }
    }
    let mut rows = Vec::new();
    let mut top = MARGIN - CLEARANCE;
    for (layer, shift) in layered.layers.iter().zip(shifts) {
        let heights = layer.iter().map(|&vertex| layered.vertices[vertex].height);
        let bottom = top + heights.max().unwrap_or(0) + 2 * CLEARANCE;
        rows.push(Row { top, bottom });
        let shift = i64::try_from(shift).unwrap_or(i64::MAX);
        top = bottom + (CHANNEL[0] + shift / SLOPE).min(CHANNEL[1]);
    }
    rows
}

/// The corners of an arrow from the lower edge of a box to the upper edge of another one.
fn points(way: &[i64], rows: &[Row], start: i64, end: i64) -> Vec<Point> {
    let mut points = vec![Point {
        x: way[0],
        y: start,
    }];
    for (at, (&x, row)) in way.iter().zip(rows).enumerate() {
        if at > 0 {
            points.push(Point { x, y: row.top });
        }
        if at + 1 < way.len() {
            points.push(Point { x, y: row.bottom });
        }
    }
    points.extend(way.last().map(|&x| Point { x, y: end }));
    // Straight on is no corner.
    let mut corners: Vec<Point> = Vec::new();
    for point in points {
        if let [.., before, last] = corners[..]
            && before.x == last.x
            && last.x == point.x
        {
            corners.pop();
        }
        corners.push(point);
    }
    corners
}

/// A box whose lines are in the middle.
fn of_box(area: Rectangle, text: &[String]) -> Block {
    let lines = text.iter().zip(0..).map(|(text, line)| {
        let left = area.left + (area.width() - width(text)) / 2;
        one_line(left, area.top + PADDING + line * LINE_HEIGHT, text)
    });
    Block {
        area,
        lines: lines.collect(),
    }
}

/// A label whose lines start at the left.
fn of_label(left: i64, top: i64, text: &[String]) -> Block {
    let lines = text.iter().zip(0..);
    let lines: Vec<Line> = lines
        .map(|(text, line)| one_line(left, top + line * LINE_HEIGHT, text))
        .collect();
    let right = lines.iter().map(|line| line.area.right).max();
    let bottom = lines.iter().map(|line| line.area.bottom).max();
    Block {
        area: Rectangle {
            left,
            top,
            right: right.unwrap_or(left),
            bottom: bottom.unwrap_or(top),
        },
        lines,
    }
}

fn one_line(left: i64, top: i64, text: &str) -> Line {
    Line {
        area: Rectangle {
            left,
            top,
            right: left + width(text),
            bottom: top + LINE_HEIGHT,
        },
        text: text.to_owned(),
    }
}
