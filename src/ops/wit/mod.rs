//! `cargo component wit`: the verbs on packages of WIT, over one notion of a
//! project.

pub mod add;
pub mod build;
pub mod check;
mod deps_folder;
mod deps_record;
mod discover;
mod edits;
pub mod fetch;
pub mod init;
mod lock;
mod lookup;
pub mod outdated;
mod overrides;
pub mod project;
pub mod publish;
pub mod remove;
mod resolve;
mod resolver;
mod siblings;
pub mod tree;
pub mod update;
pub mod upgrade;
pub mod world;

pub use deps_folder::DepsFormat;
pub use discover::find;
pub use project::{ProjectKind, ProjectSearch, WitOptions, WitProject};
