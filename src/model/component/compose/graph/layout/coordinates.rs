//! The positions of the vertices from left to right, so that long arrows are straight.
//!
//! The method is that of Brandes and Köpf ("Fast and Simple Horizontal Coordinate Assignment",
//! 2001): vertices are put below each other in blocks, each with the middle one of its
//! neighbours, from the top or the bottom and from the left or the right. The
//! average of the two middle ones of these four positions keeps all distances.

use std::collections::HashSet;

use super::layers::Layered;

/// The side from which layers are gone through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Start,
    End,
}

/// The position of each vertex: of the middle of a box, of the arrow in a lane and beside a label.
/// Neighbours in a layer do not overlap.
pub(super) fn anchors(layered: &Layered) -> Vec<i64> {
    let crossing = crossing_segments(layered);
    let mut ways = Vec::new();
    for vertical in [Side::Start, Side::End] {
        for horizontal in [Side::Start, Side::End] {
            let view = View::new(layered, vertical, horizontal);
            let mut of_way = view.positions(&view.blocks(&crossing));
            if horizontal == Side::End {
                of_way
                    .iter_mut()
                    .for_each(|position| *position = -*position);
            }
            ways.push((horizontal, of_way));
        }
    }
    // All are moved to the narrowest one: to its left end or to its right one.
    let ends = |of_way: &[i64]| {
        let lefts = of_way.iter().zip(&layered.vertices);
        let left = lefts.map(|(x, vertex)| x - vertex.left).min();
        let rights = of_way.iter().zip(&layered.vertices);
        let right = rights.map(|(x, vertex)| x + vertex.right).max();
        left.zip(right).unwrap_or((0, 0))
    };
    let all_ends: Vec<(i64, i64)> = ways.iter().map(|(_, of_way)| ends(of_way)).collect();
    let narrowest = all_ends.iter().min_by_key(|(left, right)| right - left);
    let (left, right) = narrowest.copied().unwrap_or((0, 0));
    for ((horizontal, of_way), ends) in ways.iter_mut().zip(all_ends) {
        let by = match horizontal {
            Side::Start => left - ends.0,
            Side::End => right - ends.1,
        };
        of_way.iter_mut().for_each(|position| *position += by);
    }
    let average = |vertex: usize| {
        let mut positions: Vec<i64> = ways.iter().map(|(_, of_way)| of_way[vertex]).collect();
        positions.sort_unstable();
        (positions[1] + positions[2]).div_euclid(2)
    };
    (0..layered.vertices.len()).map(average).collect()
}

/// The segments of boxes, from top to bottom, that cross a segment of a long arrow.
fn crossing_segments(layered: &Layered) -> HashSet<(usize, usize)> {
    let mut found = HashSet::new();
    let mut positions = vec![0; layered.vertices.len()];
    for pair in layered.layers.windows(2) {
        let (upper, lower) = (&pair[0], &pair[1]);
        number(upper, &mut positions);
        let inner = |vertex: usize| {
            let above = layered.above[vertex].first().copied();
            above.filter(|&above| {
                !layered.vertices[vertex].is_box() && !layered.vertices[above].is_box()
            })
        };
        let (mut left, mut next) = (0, 0);
        for (at, &vertex) in lower.iter().enumerate() {
            let right = match inner(vertex) {
                Some(above) => positions[above],
                None if at + 1 == lower.len() => upper.len(),
                None => continue,
            };
            for &between in &lower[next..=at] {
                if inner(between).is_some() {
                    continue;
                }
                for &above in &layered.above[between] {
                    if positions[above] < left || positions[above] > right {
                        found.insert((above, between));
                    }
                }
            }
            (left, next) = (right, at + 1);
        }
    }
    found
}

fn number(layer: &[usize], positions: &mut [usize]) {
    for (position, &vertex) in layer.iter().enumerate() {
        positions[vertex] = position;
    }
}

/// The layers as seen from the top or the bottom, and from the left or the right.
struct View<'a> {
    layered: &'a Layered,
    layers: Vec<Vec<usize>>,
    positions: Vec<usize>,
    vertical: Side,
    horizontal: Side,
}

impl<'a> View<'a> {
    fn new(layered: &'a Layered, vertical: Side, horizontal: Side) -> Self {
        let mut layers = layered.layers.clone();
        if vertical == Side::End {
            layers.reverse();
        }
        if horizontal == Side::End {
            layers.iter_mut().for_each(|layer| layer.reverse());
        }
        let mut positions = vec![0; layered.vertices.len()];
        for layer in &layers {
            number(layer, &mut positions);
        }
        View {
            layered,
            layers,
            positions,
            vertical,
            horizontal,
        }
    }

    /// For each vertex the first one of its block. The vertices of a block are in different
    /// layers, and no two blocks cross.
    fn blocks(&self, crossing: &HashSet<(usize, usize)>) -> Vec<usize> {
        let mut firsts: Vec<usize> = (0..self.layered.vertices.len()).collect();
        let before = match self.vertical {
            Side::Start => &self.layered.above,
            Side::End => &self.layered.below,
        };
        for layer in &self.layers {
            // One behind the last vertex of the layer before that has its successor.
            let mut free = 0;
            for &vertex in layer {
                let mut neighbours = before[vertex].clone();
                neighbours.sort_by_key(|&other| self.positions[other]);
                let Some(last) = neighbours.len().checked_sub(1) else {
                    continue;
                };
                for middle in [neighbours[last / 2], neighbours[last.div_ceil(2)]] {
                    let segment = match self.vertical {
                        Side::Start => (middle, vertex),
                        Side::End => (vertex, middle),
                    };
                    if self.positions[middle] >= free && !crossing.contains(&segment) {
                        firsts[vertex] = firsts[middle];
                        free = self.positions[middle] + 1;
                        break;
                    }
                }
            }
        }
        firsts
    }

    /// The positions of the vertices if each block is as far to the start as possible, and then
    /// as near to those behind it as possible.
    fn positions(&self, firsts: &[usize]) -> Vec<i64> {
        // For each block those right behind it, with the distance.
        let mut behind: Vec<Vec<(usize, i64)>> = vec![Vec::new(); firsts.len()];
        let mut open = vec![0_usize; firsts.len()];
        for layer in &self.layers {
            for pair in layer.windows(2) {
                behind[firsts[pair[0]]].push((firsts[pair[1]], self.distance(pair[0], pair[1])));
                open[firsts[pair[1]]] += 1;
            }
        }
        let is_first = |vertex: &usize| firsts[*vertex] == *vertex;
        let blocks = (0..firsts.len()).filter(is_first);
        let mut order: Vec<usize> = blocks.filter(|&block| open[block] == 0).collect();
        let mut positions = vec![0; firsts.len()];
        let mut next = 0;
        while let Some(&block) = order.get(next) {
            next += 1;
            for &(other, distance) in &behind[block] {
                positions[other] = positions[other].max(positions[block] + distance);
                open[other] -= 1;
                if open[other] == 0 {
                    order.push(other);
                }
            }
        }
        for &block in order.iter().rev() {
            let nearest = behind[block]
                .iter()
                .map(|(other, by)| positions[*other] - by);
            if let Some(nearest) = nearest.min() {
                positions[block] = nearest;
            }
        }
        firsts.iter().map(|&first| positions[first]).collect()
    }

    /// The least distance of the anchors of two neighbours.
    fn distance(&self, vertex: usize, behind: usize) -> i64 {
        let [one, other] = [vertex, behind].map(|at| &self.layered.vertices[at]);
        let [one_side, other_side] = match self.horizontal {
            Side::Start => [one.right, other.left],
            Side::End => [one.left, other.right],
        };
        one_side + one.free() + other.free() + other_side
    }
}
