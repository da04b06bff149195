//! Where packages come from and go to: the seam [`Registry`], the
//! configuration that says which registry a package is in, and the backends.
//!
//! Backends block; who needs several answers asks from several threads.

pub mod address;
pub mod artifacts;
mod authority;
pub mod cache;
pub mod cancellable;
pub mod config;
mod hosts;
pub mod index;
mod index_client;
mod interface;
pub mod layers;
pub mod local;
mod locator;
mod loopback;
pub mod memory;
pub mod oci;
pub mod open;
pub mod public;
mod registries;
pub mod routes;
pub mod search_routes;
mod secret;
pub mod settings;
pub mod stored;
pub mod url_route;
#[cfg(feature = "warg")]
pub mod warg;

pub use artifacts::{Artifacts, FoundArtifact, LoginOutcome};
pub use index::{IndexReader, IndexRoute};
pub use interface::{PackageList, Publication, Registry, Release};
pub use oci::reference::Reference;
pub use registries::{ArtifactsOpener, Opener, Registries};
pub use secret::Secret;
