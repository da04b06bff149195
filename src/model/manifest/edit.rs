//! Edits of a `Cargo.toml` that make a package a component, and of the tables
//! of dependencies of any manifest.
//!
//! Comments and order of the document stay, what is set already stays as it
//! is, and an edit made twice changes nothing the second time.

mod allowing;
mod component;
mod dependencies;
mod document;
mod migration;
mod tables;
pub mod wit_toml;

pub use allowing::entry_allowing;
pub use component::{ComponentTable, CrateDependency, TargetEntry, WasiEntry};
pub use dependencies::{DependencyEntry, DependencyTable, EntryChange};
pub use document::ManifestEdit;
pub use migration::ReplaceOutcome;
pub use wit_toml::wit_manifest;
