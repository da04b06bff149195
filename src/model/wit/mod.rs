//! Worlds: from the sources of WIT to one merged `wit_parser::Resolve`, and
//! from there to Rust bindings. Pure: [`crate::system::source`] reads the files.

mod attributes;
mod binary;
pub mod bindings;
mod circle;
#[cfg(feature = "cli")]
pub mod compare;
mod complete;
#[cfg(feature = "cli")]
mod contents;
mod decode;
#[cfg(feature = "cli")]
pub mod dependencies;
mod derives;
mod diagnose;
#[cfg(feature = "cli")]
pub mod docs;
mod entry;
#[cfg(feature = "cli")]
pub mod generate;
mod group;
#[cfg(feature = "cli")]
pub mod header;
mod helpers;
#[cfg(feature = "cli")]
pub mod http_service;
mod insert_placeholders;
mod limits;
mod load;
mod missing;
mod needed;
mod parts;
mod placeholder_builder;
mod placeholders;
mod request;
#[cfg(feature = "cli")]
pub mod resolved_world;
mod restore;
pub mod runtime;
#[cfg(feature = "cli")]
pub mod scaffold;
mod section;
mod select;
mod supplement;
#[cfg(feature = "cli")]
pub mod template;
#[cfg(feature = "cli")]
pub mod text;
pub mod types;
mod walk;
mod words;
mod world;
#[cfg(feature = "cli")]
pub mod write;

pub use attributes::without_attributes;
#[cfg(feature = "cli")]
pub use contents::{declared_interfaces, referenced_packages};
pub use decode::{Undecodable, decode};
#[cfg(feature = "cli")]
pub use diagnose::is_absent_package;
pub use entry::{Entry, Sources, TextFile, WasmFile};
#[cfg(feature = "cli")]
pub use load::syntax_errors;
pub use load::{ParsedSources, declared_packages, load, load_package, parse, worlds};
pub use missing::{MissingPackage, missing_packages, overridable_packages};
pub use parts::{LoadedPackage, Origin, packages_named_by_component};
pub use request::{PinnedVersion, Request};
pub use world::{Package, World};
