//! The names at the root of a component, read and rewritten.
//!
//! Only names change, and only the sections that contain a changed name; every
//! other byte stays as it is.

mod legacy;
mod name;
mod rewrite;
mod root;

pub use name::{Name, Side};
pub(super) use name::{label, unused_label};
pub(super) use rewrite::rewrite_root;
pub use root::{exports, imports, renamed, with_current_names, without_attributes};
pub(super) use root::{legacy_labels, relabelled, with_attributes};

#[cfg(test)]
mod tests;
