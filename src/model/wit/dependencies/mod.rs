//! Component dependencies: the exports of components become imports of the
//! world that is built.
//!
//! [`bind()`] builds the world; [`aliases`] keeps the Rust paths of
//! cargo-component 0.21.1 working in the bindings generated for it. The world has
//! no attributes: those of the imports of the finished component come from
//! [`BoundImport`] and [`FollowedImport`].

pub mod aliases;
mod bind;
mod bound;
mod build;
mod builder;
mod dependency;
mod import;
mod labels;
mod plan;
mod reach;
mod read;
mod satisfied;
#[cfg(test)]
mod tests;

pub use bind::bind;
pub use bound::{Bound, BoundImport, FollowedImport};
pub use dependency::ComponentDependency;
