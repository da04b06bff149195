//! Composition: a component and those that provide its imports, made one.
//!
//! The caller resolves hints and decides which component is linked to which
//! ([`Plan`]). Here the exports are found that provide the imports (`matching`,
//! `wiring`), and one component is written (`assemble`).

mod assemble;
mod composition;
mod diagnose;
pub mod graph;
mod library;
mod lift;
mod linking;
mod matching;
mod order;
mod parsed;
mod plan;
pub mod wac;
mod wiring;

pub use linking::{Linked, link};
pub use matching::compatible;
pub use plan::{Link, Node, Plan};

#[cfg(test)]
mod tests;
