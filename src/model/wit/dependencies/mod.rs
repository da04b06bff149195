//! Component dependencies: the exports of components become imports of the
//! world that is built.
//!
//! [`bind`] makes the world; [`aliases`] keeps the Rust paths of
//! cargo-component 0.21.1 alive in the bindings generated for it. The world
//! carries no attributes: what the finished component says about its imports
//! comes from [`BoundImport`] and [`FollowedImport`].

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
