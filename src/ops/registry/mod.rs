//! `cargo component registry`: releases and artifacts of registries, without a
//! project.

pub(in crate::ops) mod facts;
mod facts_format;
pub mod get;
pub mod info;
pub mod push;
pub mod versions;

pub use facts_format::FactsFormat;
