//! Where the boxes, arrows and labels of a drawing are.
//!
//! The layout is layered, after Sugiyama: each component is below all that import from it
//! (`bundles`, `layers`), the order in each layer has few crossings (`order`), positions are
//! chosen so that arrows are straight (`coordinates`), and arrows get their corners (`routes`).
//! Between two layers of boxes is a layer for labels. A long arrow has a place of
//! its own in each layer that it passes, as boxes and labels have; between the layers there is
//! nothing but arrows. That is why nothing can overlap.
//!
//! The libraries for this promise less: `layout-rs` writes labels along the arrows,
//! without room for them, and `rust-sugiyama` knows neither labels nor the ways of arrows.

mod bundles;
mod coordinates;
mod layers;
mod order;
mod routes;
mod shapes;

pub(super) use shapes::{Arrow, Block, Layout, Line};
#[cfg(test)]
pub(super) use shapes::{Point, Rectangle};

use super::data::Graph;
use layers::Layered;

/// The layout of a graph, the same each time.
pub(super) fn layout(graph: &Graph) -> Layout {
    let mut layered = Layered::new(graph);
    order::reduce_crossings(&mut layered);
    let anchors = coordinates::anchors(&layered);
    routes::layout(&layered, &anchors)
}
