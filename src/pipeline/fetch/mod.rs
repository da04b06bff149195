//! From requirements to bytes, under the lock: packages, artifacts and worlds.

pub mod access;
pub mod artifacts;
pub mod component_origins;
pub mod component_releases;
pub mod component_versions;
pub mod fetched;
pub mod lock_session;
pub mod lock_update;
pub mod locked;
mod look_up;
pub mod packages;
pub mod reference;
pub mod registry_source;
mod release_job;
pub mod requirement;
pub mod search_access;
pub mod siblings;
pub mod worlds;
