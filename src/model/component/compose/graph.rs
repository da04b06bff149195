//! The graph of a composition, as data and as drawings.

mod data;
mod layout;
mod measure;
mod svg;
mod text;

pub use data::{Component, Edge, Graph};
pub use svg::svg;
pub use text::{dot, mermaid};

#[cfg(test)]
mod tests;
