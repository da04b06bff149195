//! `[package.metadata.component]` of a Cargo.toml and what a workspace shares
//! by `[workspace.metadata.component]`: types, and reading them from text.
//!
//! The keys, their types and their texts stand once, in [`keys`]; the reader,
//! the reference and the JSON schema all come from there.

mod bindings;
mod dependency;
#[cfg(feature = "lock")]
pub mod deps;
#[cfg(feature = "cli")]
pub mod edit;
mod embedded;
pub mod entry_keys;
mod file;
pub mod keys;
#[cfg(feature = "bindings")]
mod read;
#[cfg(feature = "bindings")]
mod read_bindings;
#[cfg(feature = "bindings")]
mod read_dependencies;
#[cfg(feature = "bindings")]
pub mod root;
#[cfg(feature = "cli")]
pub mod schema;
mod section;
#[cfg_attr(
    not(feature = "bindings"),
    allow(dead_code, reason = "`deps.toml` has strings only")
)]
pub(crate) mod table;
mod target;
#[cfg(feature = "bindings")]
mod wasi;
#[cfg(feature = "cli")]
pub mod wasm_toml;
#[cfg(feature = "cli")]
pub mod wit_keys;
#[cfg(feature = "cli")]
pub mod wit_toml;
#[cfg(feature = "cli")]
pub mod wkg;

pub use bindings::{AsyncSetting, BindingsSettings, Ownership};
pub use dependency::{Dependency, DependencySource};
pub use embedded::EmbeddedComponent;
pub use file::ManifestFile;
#[cfg(feature = "bindings")]
pub use read::{read, read_workspace};
pub use section::{
    HintPolicy, KeptWasi, Manifest, Randomness, WasiPolicy, WorkspaceManifest, WorldCheck,
};
pub use target::{LocalTarget, OciTarget, RegistryTarget, Target};

#[cfg(test)]
#[cfg(feature = "bindings")]
mod tests;
