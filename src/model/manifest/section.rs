//! The component section of a package, and what a workspace shares.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::bindings::BindingsSettings;
use super::dependency::Dependency;
use super::embedded::EmbeddedComponent;
use super::file::ManifestFile;
use super::target::Target;
use crate::base::error::Excerpt;
use crate::base::package::PackageRef;
use crate::model::capabilities::CapabilityRules;

/// The component part of one Cargo package's manifest, with what it inherits
/// from its workspace filled in. Paths are absolute if the manifest's is.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file it was read from.
    pub file: ManifestFile,
    /// Whether the manifest has the section, with more than the components that a host
    /// embeds and their registries.
    pub declared: bool,
    /// The name to publish under.
    pub package: Option<PackageRef>,
    /// The world the component implements.
    pub target: Target,
    /// Component dependencies, by key.
    pub dependencies: BTreeMap<String, Dependency>,
    /// The components that a host embeds, by key.
    pub artifacts: BTreeMap<String, EmbeddedComponent>,
    /// The component dependencies of tests alone, by key.
    pub dev_dependencies: BTreeMap<String, Dependency>,
    /// What every component dependency may do, from the workspace.
    pub capabilities: CapabilityRules,
    /// Registry names and what they stand for; the package's over the
    /// workspace's.
    pub registries: BTreeMap<String, String>,
    /// A core module used instead of the built-in adapter.
    pub adapter: Option<PathBuf>,
    /// Where the adapter is named.
    pub adapter_at: Option<Excerpt>,
    /// Whether the built-in proxy adapter is used for libraries.
    pub proxy: bool,
    /// How much of WASI a library keeps; `None` is all that its code uses.
    pub wasi: Option<WasiPolicy>,
    /// How bindings are generated.
    pub bindings: BindingsSettings,
    /// What happens when the component imports what its world does not name.
    pub world_check: WorldCheck,
    /// What the component says about where its imports come from.
    pub hints: HintPolicy,
    /// Whether builds link the component with its dependencies.
    pub compose: bool,
}

impl Manifest {
    /// The manifest with its dev-dependencies as its only dependencies: what tests are
    /// linked with beside what builds have.
    pub fn for_tests(&self) -> Manifest {
        Manifest {
            dependencies: self.dev_dependencies.clone(),
            dev_dependencies: BTreeMap::new(),
            ..self.clone()
        }
    }
}

/// What members of a workspace share.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceManifest {
    /// Registry names and what they stand for.
    pub registries: BTreeMap<String, String>,
    /// Settings a member starts from.
    pub bindings: BindingsSettings,
    /// A core module used instead of the built-in adapter.
    pub adapter: Option<PathBuf>,
    /// Where the adapter is named.
    pub adapter_at: Option<Excerpt>,
    /// What `{ workspace = true }` stands for, by key.
    pub dependencies: BTreeMap<String, Dependency>,
    /// What the component dependencies of all members may do.
    pub capabilities: CapabilityRules,
}

/// What a library without WASI keeps of it, besides what its world imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub struct WasiPolicy {
    /// The part of WASI that stays imported.
    pub kept: KeptWasi,
    /// What happens when code asks for random numbers.
    pub randomness: Randomness,
}

/// The part of WASI that a library without WASI keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub enum KeptWasi {
    /// Nothing; what is printed is dropped.
    Nothing,
    /// Standard error, to which everything goes that is printed.
    Stderr,
}

/// What happens when code without WASI asks for random numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub enum Randomness {
    /// The component traps, with a function whose name says why.
    #[default]
    Trap,
    /// The numbers are the same in every run.
    Fixed,
}

/// What happens when a component imports what its world does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub enum WorldCheck {
    /// Nothing happens: Rust's standard library imports WASI in every component.
    #[default]
    Allow,
    /// A warning is reported.
    Warn,
    /// The build fails with an error.
    Deny,
}

/// The hints in a component about where imports come from that its dependencies
/// provide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HintPolicy {
    /// The address of the release.
    #[default]
    Location,
    /// Its package and version: the reader's configuration finds it.
    Package,
    /// No hint, for tools that cannot read it.
    None,
}
