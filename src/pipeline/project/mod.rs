//! The packages that a command works on, with their manifests, each of which is read
//! once.

pub mod current_package;
pub mod last_built;
pub mod manifest_write;
pub mod manifests;
pub mod output;
pub mod recover;
pub mod relative_path;
pub mod select;
pub mod wasm_toml;
