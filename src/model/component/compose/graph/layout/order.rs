//! The order of the vertices in each layer, with few crossings of segments.
//!
//! A layer after the other is sorted by where the neighbours in the layer before are on
//! average, down and up again (the barycenter method), and then neighbours change places where
//! that saves crossings. The best order that was met remains.

use super::layers::Layered;

/// How often the layers are gone through at most.
const ROUNDS: usize = 24;

/// How many rounds without a better order are the last ones.
const PATIENCE: usize = 6;

/// How many segments are looked at altogether, roughly: the time for large graphs is bounded.
const EFFORT: usize = 1_000_000;

/// Orders the vertices of each layer.
pub(super) fn reduce_crossings(layered: &mut Layered) {
    start(layered);
    let mut positions = vec![0; layered.vertices.len()];
    for layer in &layered.layers {
        number(layer, &mut positions);
    }
    let segments = layered.below.iter().map(Vec::len).sum::<usize>();
    let mut passes = EFFORT / (segments + 1);
    let mut fewest = crossings(layered, &positions);
    let mut best = layered.layers.clone();
    let mut in_vain = 0;
    for round in 0..ROUNDS {
        if fewest == 0 || in_vain == PATIENCE || passes == 0 {
            break;
        }
        sweep(layered, &mut positions, round % 2 == 0);
        while passes > 0 && exchange(layered, &mut positions) {
            passes -= 1;
        }
        passes = passes.saturating_sub(1);
        let now = crossings(layered, &positions);
        in_vain += 1;
        if now < fewest {
            fewest = now;
            in_vain = 0;
            best.clone_from(&layered.layers);
        }
    }
    layered.layers = best;
}

/// Orders the vertices as they are met on the way down from each that has none above, so that
/// a tree has no crossings.
fn start(layered: &mut Layered) {
    let mut layer_of = vec![0; layered.vertices.len()];
    for (at, layer) in layered.layers.iter().enumerate() {
        for &vertex in layer {
            layer_of[vertex] = at;
        }
    }
    layered.layers.iter_mut().for_each(Vec::clear);
    let mut met = vec![false; layered.vertices.len()];
    let tops = (0..layered.vertices.len()).filter(|&vertex| layered.above[vertex].is_empty());
    for top in tops {
        let mut open = vec![top];
        while let Some(vertex) = open.pop() {
            if !std::mem::replace(&mut met[vertex], true) {
                layered.layers[layer_of[vertex]].push(vertex);
                open.extend(layered.below[vertex].iter().rev());
            }
        }
    }
}

fn number(layer: &[usize], positions: &mut [usize]) {
    for (position, &vertex) in layer.iter().enumerate() {
        positions[vertex] = position;
    }
}

/// Sorts each layer by the one above it, or by the one below it, from there on.
fn sweep(layered: &mut Layered, positions: &mut [usize], down: bool) {
    let neighbours = if down { &layered.above } else { &layered.below };
    let mut sort = |layer: &mut Vec<usize>| {
        // Those without neighbours keep their places.
        let has_any = |vertex: &usize| !neighbours[*vertex].is_empty();
        let places: Vec<usize> = (0..layer.len()).filter(|at| has_any(&layer[*at])).collect();
        let mut sorted: Vec<(f64, usize)> = Vec::with_capacity(places.len());
        for &at in &places {
            let of_it = &neighbours[layer[at]];
            let sum: usize = of_it.iter().map(|&other| positions[other]).sum();
            sorted.push((sum as f64 / of_it.len() as f64, layer[at]));
        }
        sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (at, (_, vertex)) in places.into_iter().zip(sorted) {
            layer[at] = vertex;
        }
        number(layer, positions);
    };
    match down {
        true => layered.layers.iter_mut().for_each(&mut sort),
        false => layered.layers.iter_mut().rev().for_each(&mut sort),
    }
}

/// Exchanges neighbours in each layer where that saves crossings, and says whether it did.
fn exchange(layered: &mut Layered, positions: &mut [usize]) -> bool {
    let mut better = false;
    for layer in &mut layered.layers {
        let sorted = |vertices: &[usize]| {
            let mut sorted: Vec<usize> = vertices.iter().map(|&other| positions[other]).collect();
            sorted.sort_unstable();
            sorted
        };
        let mut ends: Vec<[Vec<usize>; 2]> = layer
            .iter()
            .map(|&vertex| {
                [
                    sorted(&layered.above[vertex]),
                    sorted(&layered.below[vertex]),
                ]
            })
            .collect();
        for right in 1..layer.len() {
            let [one, other] = [&ends[right - 1], &ends[right]];
            let now = crossed(&one[0], &other[0]) + crossed(&one[1], &other[1]);
            let then = crossed(&other[0], &one[0]) + crossed(&other[1], &one[1]);
            if then < now {
                layer.swap(right - 1, right);
                ends.swap(right - 1, right);
                better = true;
            }
        }
        number(layer, positions);
    }
    better
}

/// How many segments of a vertex cross those of another one at its right, given the sorted
/// positions of their other ends.
fn crossed(of_left: &[usize], of_right: &[usize]) -> usize {
    let mut before = 0;
    let mut count = 0;
    for end in of_left {
        while of_right.get(before).is_some_and(|other| other < end) {
            before += 1;
        }
        count += before;
    }
    count
}

/// The number of crossings, counted in a tree of sums for each pair of layers.
fn crossings(layered: &Layered, positions: &[usize]) -> usize {
    let mut count = 0;
    for pair in layered.layers.windows(2) {
        // At each position the number of segments so far, summed up as in a Fenwick tree.
        let mut sums = vec![0_usize; pair[1].len() + 1];
        let mut all = 0;
        for &vertex in &pair[0] {
            let ends = layered.below[vertex].iter().map(|&other| positions[other]);
            let mut ends: Vec<usize> = ends.collect();
            ends.sort_unstable();
            for &end in &ends {
                let mut at = end + 1;
                count += all;
                while at > 0 {
                    count -= sums[at];
                    at &= at - 1;
                }
            }
            for end in ends {
                let mut at = end + 1;
                while at < sums.len() {
                    sums[at] += 1;
                    at += at & at.wrapping_neg();
                }
                all += 1;
            }
        }
    }
    count
}
