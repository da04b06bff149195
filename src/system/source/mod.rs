//! The places WIT comes from: directories and files, and for `deps.toml` also
//! archives and git repositories.

#[cfg(feature = "lock")]
pub mod archive;
#[cfg(feature = "bindings")]
mod directory;
#[cfg(feature = "lock")]
pub mod download;
#[cfg(feature = "lock")]
pub mod extraction;
#[cfg(feature = "lock")]
pub mod git;
#[cfg(feature = "lock")]
mod gzip;
#[cfg(feature = "lock")]
mod netrc;
#[cfg(feature = "bindings")]
mod world;

#[cfg(feature = "bindings")]
pub use directory::{beside, read, watched};
#[cfg(feature = "bindings")]
pub use world::{Gathered, Loaded, Local, gather, gather_but, load, wit_path, world};
