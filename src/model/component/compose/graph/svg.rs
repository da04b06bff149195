//! The graph of a composition as an SVG drawing.
//!
//! Components are boxes in rows, each below all that import from it. Links are
//! curves from the lower edge of one box to the upper edge of another.

use std::fmt::Write as _;

use super::data::{Edge, Graph};
use super::text::clean;

// All measures are in pixels.
const LETTER_WIDTH: usize = 7;
const LINE_HEIGHT: usize = 18;
const PADDING: usize = 12;
const COLUMN_GAP: usize = 40;
const ROW_GAP: usize = 90;
const MARGIN: usize = 20;

struct BoxShape {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    lines: Vec<String>,
}

/// The graph as SVG.
pub fn svg(graph: &Graph) -> String {
    let (boxes, width, height) = layout(graph);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"12\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (at, edge) in graph.links.iter().enumerate() {
        let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
        // The links of one component start and end at different points.
        let start = from.x + point_on_edge(from.width, at, |e| e.from == edge.from, graph);
        let end = to.x + point_on_edge(to.width, at, |e| e.to == edge.to, graph);
        let (top, bottom) = (from.y + from.height, to.y);
        let half = edge.label().chars().count() * LETTER_WIDTH / 2;
        let bend = bottom.saturating_sub(top) / 2;
        let dashes = if edge.implied {
            " stroke-dasharray=\"4 3\""
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "<path d=\"M{start} {top}C{start} {} {end} {} {end} {bottom}\" fill=\"none\" \
             stroke=\"black\"{dashes} marker-end=\"url(#tip)\"/>",
            top + bend,
            bottom.saturating_sub(bend),
        );
        let _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
            // The text stays inside the drawing.
            ((start + end) / 2).clamp(half, width - half),
            // Neighbouring texts are on different lines.
            (top + bottom) / 2 + (at % 3) * LINE_HEIGHT - LINE_HEIGHT,
            escaped(&edge.label())
        );
    }
    for (at, shape) in boxes.iter().enumerate() {
        let stroke = if at == 0 { 2 } else { 1 };
        let _ = writeln!(
            text,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"#f4f4f4\" \
             stroke=\"black\" stroke-width=\"{stroke}\"/>",
            shape.x, shape.y, shape.width, shape.height
        );
        for (line, words) in shape.lines.iter().enumerate() {
            let fill = if line == 0 { "black" } else { "#555" };
            let _ = writeln!(
                text,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{fill}\">{}</text>",
                shape.x + shape.width / 2,
                shape.y + PADDING + line * LINE_HEIGHT + LINE_HEIGHT / 2 + 2,
                escaped(words)
            );
        }
    }
    text.push_str("</svg>\n");
    text
}

/// The distance from the left end of an edge of this width to the point where the
/// link at `index` meets it.
fn point_on_edge(width: usize, index: usize, same: impl Fn(&Edge) -> bool, graph: &Graph) -> usize {
    let all = graph.links.iter().filter(|edge| same(edge)).count();
    let before = graph.links[..index]
        .iter()
        .filter(|edge| same(edge))
        .count();
    width * (before + 1) / (all + 1)
}

/// The boxes of the components, and width and height of the drawing.
fn layout(graph: &Graph) -> (Vec<BoxShape>, usize, usize) {
    let rows = rows(graph);
    let mut boxes: Vec<BoxShape> = Vec::new();
    for component in &graph.components {
        let mut lines = vec![clean(&component.name)];
        lines.extend(
            component
                .needs()
                .iter()
                .map(|need| format!("needs {}", clean(need))),
        );
        let letters = lines.iter().map(|line| line.chars().count()).max();
        boxes.push(BoxShape {
            x: 0,
            y: 0,
            width: letters.unwrap_or(0) * LETTER_WIDTH + 2 * PADDING,
            height: lines.len() * LINE_HEIGHT + 2 * PADDING - (LINE_HEIGHT - LETTER_WIDTH) / 2,
            lines,
        });
    }
    let row_count = rows.iter().copied().max().map_or(0, |row| row + 1);
    let members = |row: usize| {
        let members = rows.iter().enumerate().filter(move |(_, of)| **of == row);
        members.map(|(at, _)| at).collect::<Vec<_>>()
    };
    let breadth = |row: &Vec<usize>, boxes: &[BoxShape]| {
        row.iter()
            .map(|at| boxes[*at].width + COLUMN_GAP)
            .sum::<usize>()
    };
    let rows: Vec<Vec<usize>> = (0..row_count).map(members).collect();
    let widest = rows
        .iter()
        .map(|row| breadth(row, &boxes))
        .max()
        .unwrap_or(0);
    let mut y = MARGIN;
    for row in &rows {
        let mut x = MARGIN + COLUMN_GAP / 2 + (widest - breadth(row, &boxes)) / 2;
        for &at in row {
            (boxes[at].x, boxes[at].y) = (x, y);
            x += boxes[at].width + COLUMN_GAP;
        }
        let highest = row.iter().map(|at| boxes[*at].height).max().unwrap_or(0);
        y += highest + ROW_GAP;
    }
    let height = y.saturating_sub(ROW_GAP) + MARGIN;
    (boxes, widest + 2 * MARGIN, height)
}

/// The row of each component: below every one that imports from it. Links form
/// no circle, so that at most as many rounds as components are needed.
fn rows(graph: &Graph) -> Vec<usize> {
    let mut rows = vec![0; graph.components.len()];
    for _ in 0..graph.components.len() {
        let before = rows.clone();
        for edge in &graph.links {
            rows[edge.to] = rows[edge.to].max(rows[edge.from] + 1);
        }
        if rows == before {
            break;
        }
    }
    rows
}

fn escaped(text: &str) -> String {
    let text = clean(text).replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// The positions of the boxes, and width and height of the drawing.
#[cfg(test)]
pub(super) fn layout_of(graph: &Graph) -> (Vec<(usize, usize)>, usize, usize) {
    let (boxes, width, height) = layout(graph);
    (
        boxes.iter().map(|shape| (shape.x, shape.y)).collect(),
        width,
        height,
    )
}
