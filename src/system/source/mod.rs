//! The sources of WIT: directories and files, and for `deps.toml` also
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
pub use directory::{has_wit, read, read_packages, watched_paths};
#[cfg(feature = "bindings")]
pub use world::{
    LoadedWorld, LocalSources, TargetSources, collect_sources, collect_sources_without, load,
    load_from_disk, wit_path,
};
