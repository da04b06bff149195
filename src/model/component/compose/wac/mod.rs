//! Composition as a `.wac` document describes it.
//!
//! The document is parsed here and its references to packages are returned; the
//! caller finds the packages and passes their bytes. The language is that of the
//! library `wac-parser`, which builds the graph as well; attributes, names in
//! older formats and the checks are as with every other composition.

mod diagnose;
mod document;
mod excerpt;
mod instances;
mod reference;
mod visit;

pub use document::{compose, references, syntax_tree};
pub use excerpt::excerpt;
pub use reference::PackageReference;

#[cfg(test)]
mod tests;
