//! Worlds: from the sources of WIT to one merged `wit_parser::Resolve`, and
//! from there to Rust bindings. Pure; reading files is [`crate::system::source`]'s.

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
mod entry;
#[cfg(feature = "cli")]
pub mod generate;
mod group;
#[cfg(feature = "cli")]
pub mod header;
mod helpers;
mod limits;
mod load;
mod needed;
mod parts;
mod placeholder;
mod placeholders;
mod plain;
mod put;
mod request;
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
mod unmet;
mod walk;
mod words;
mod world;
#[cfg(feature = "cli")]
pub mod write;

#[cfg(feature = "cli")]
pub use contents::{foreign, interfaces};
pub use decode::{Undecodable, decode};
#[cfg(feature = "cli")]
pub use diagnose::is_absent_package;
pub use entry::{Entry, Sources, TextFile};
#[cfg(feature = "cli")]
pub use load::syntax_errors;
pub use load::{declared_packages, load, load_package, worlds};
pub use parts::{Origin, Part, named_by_component};
pub use plain::without_attributes;
pub use request::{PinnedVersion, Request};
pub use unmet::{Unmet, replaceable, unmet};
pub use world::{Package, World};
