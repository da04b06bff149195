//! `[package.metadata.component]` of a Cargo.toml and what a workspace shares
//! by `[workspace.metadata.component]`: types, and reading them from text.
//!
//! The keys, their types and their texts stand once, in [`keys`]; the reader,
//! the reference and the JSON schema all come from there.

#[cfg(feature = "bindings")]
mod bindings;
#[cfg(feature = "lock")]
pub mod deps;
#[cfg(feature = "cli")]
pub mod edit;
pub mod keys;
#[cfg(feature = "bindings")]
mod read;
#[cfg(feature = "bindings")]
pub mod root;
#[cfg(feature = "cli")]
pub mod schema;
#[cfg_attr(
    not(feature = "bindings"),
    allow(dead_code, reason = "`deps.toml` has strings only")
)]
pub(crate) mod table;
#[cfg(feature = "cli")]
pub mod wit_keys;
#[cfg(feature = "cli")]
pub mod wit_toml;
#[cfg(feature = "cli")]
pub mod wkg;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::VersionReq;

use crate::base::error::{Error, Excerpt};
use crate::base::package::PackageRef;

#[cfg(feature = "bindings")]
pub use read::{read, read_workspace};

/// A Cargo.toml as it was read: where, and the text errors point into.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// Its path, as it is shown in errors.
    pub path: PathBuf,
    /// Its whole text.
    pub text: Arc<str>,
}

impl ManifestFile {
    /// A file with its text.
    pub fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        ManifestFile {
            path: path.into(),
            text: Arc::from(text),
        }
    }

    /// The directory that relative paths in the file start from.
    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Points at a byte range of the file.
    pub fn excerpt(&self, span: Range<usize>) -> Excerpt {
        Excerpt::new(&self.path, &*self.text, span)
    }

    /// An error about a byte range of the file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        Error::input(message).at(self.excerpt(span))
    }
}

/// The component part of one Cargo package's manifest, with what it inherits
/// from its workspace filled in. Paths are absolute if the manifest's is.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file it was read from.
    pub file: ManifestFile,
    /// Whether the section is there at all.
    pub declared: bool,
    /// The name to publish under.
    pub package: Option<PackageRef>,
    /// The world the component implements.
    pub target: Target,
    /// Component dependencies, by key.
    pub dependencies: BTreeMap<String, Dependency>,
    /// Registry names and what they stand for; the package's over the
    /// workspace's.
    pub registries: BTreeMap<String, String>,
    /// A core module used instead of the built-in adapter.
    pub adapter: Option<PathBuf>,
    /// Where that is said.
    pub adapter_at: Option<Excerpt>,
    /// Whether the built-in proxy adapter is used for libraries.
    pub proxy: bool,
    /// How bindings are generated.
    pub bindings: BindingsSettings,
    /// What happens when the component imports what its world does not name.
    pub world_check: WorldCheck,
    /// What the component says about where its imports come from.
    pub hints: HintPolicy,
    /// Whether builds link the component with its dependencies.
    pub compose: bool,
}

/// What members of a workspace share.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceManifest {
    /// As in [`Manifest`].
    pub registries: BTreeMap<String, String>,
    /// Settings a member starts from.
    pub bindings: BindingsSettings,
    /// As in [`Manifest`].
    pub adapter: Option<PathBuf>,
    /// As in [`Manifest`].
    pub adapter_at: Option<Excerpt>,
    /// What `{ workspace = true }` stands for, by key.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// Where the world comes from.
#[derive(Clone, Debug)]
pub enum Target {
    /// A package of a registry.
    Registry(RegistryTarget),
    /// An artifact of an OCI registry.
    Oci(OciTarget),
    /// WIT of this project.
    Local(LocalTarget),
}

/// A world in a package of a registry.
#[derive(Clone, Debug)]
pub struct RegistryTarget {
    /// The package that has the world.
    pub package: PackageRef,
    /// The world; none means the package's only one.
    pub world: Option<String>,
    /// The versions that will do.
    pub requirement: VersionReq,
    /// The registry asked for by name.
    pub registry: Option<String>,
    /// Where the manifest says so.
    pub span: Range<usize>,
}

/// A world in an artifact of an OCI registry.
#[derive(Clone, Debug)]
pub struct OciTarget {
    /// The artifact, as it is written.
    pub reference: String,
    /// The world; none means the package's only one.
    pub world: Option<String>,
    /// Where the manifest says so.
    pub span: Range<usize>,
}

/// A world in a directory or file.
#[derive(Clone, Debug, Default)]
pub struct LocalTarget {
    /// The directory or file; none means `wit` beside the manifest, if it is
    /// there.
    pub path: Option<PathBuf>,
    /// The world; none means the package's only one.
    pub world: Option<String>,
    /// The packages the WIT names, if the table is there.
    pub dependencies: Option<BTreeMap<String, Dependency>>,
    /// Where the manifest names the path or world; empty if it does not.
    pub span: Range<usize>,
}

/// One entry of a table of dependencies.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The package meant; none where only a path and a label are given.
    pub package: Option<PackageRef>,
    /// Where it comes from.
    pub source: DependencySource,
    /// Where the manifest says so, for errors.
    pub file: ManifestFile,
    /// The byte range of the entry in that file.
    pub span: Range<usize>,
}

/// Where a dependency comes from.
#[derive(Clone, Debug)]
pub enum DependencySource {
    /// A registry: the one named, or the one the configuration has for the
    /// package.
    Registry {
        /// The versions that will do.
        requirement: VersionReq,
        /// The registry asked for by name.
        registry: Option<String>,
    },
    /// An artifact of an OCI registry.
    Oci {
        /// The artifact, as it is written.
        reference: String,
    },
    /// A file or directory; once published, the release that
    /// `requirement` names.
    Path {
        /// The file or directory.
        path: PathBuf,
        /// The versions that will do once published.
        requirement: Option<VersionReq>,
        /// The registry it is published to.
        registry: Option<String>,
    },
}

/// What happens when a component imports what its world does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub enum WorldCheck {
    /// Nothing: Rust's standard library imports WASI in every component.
    #[default]
    Allow,
    /// It is told.
    Warn,
    /// It is an error.
    Deny,
}

/// What a component says about where the imports come from that its
/// dependencies provide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HintPolicy {
    /// The address of the release.
    #[default]
    Location,
    /// Its package and version: the reader's configuration finds it.
    Package,
    /// Nothing, for tools that cannot read it.
    None,
}

/// How generated types hold their content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// Always owned.
    #[default]
    Owning,
    /// Borrowed where they are arguments of imports.
    Borrowing,
    /// Borrowed and owned versions of a type where both are needed.
    BorrowingDuplicateIfNecessary,
}

/// Which `async` functions of the WIT get `async` bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AsyncSetting {
    /// All of them.
    #[default]
    All,
    /// None of them.
    None,
    /// All but these: `pkg:name/iface#func`, perhaps after `import:` or
    /// `export:`.
    AllBut(Vec<String>),
}

/// The `bindings` table. Names and defaults are those of cargo-component
/// 0.21.1, see [`keys::BINDINGS`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the key of the same name in `keys`, `with_at` where those of `with` stand"
)]
pub struct BindingsSettings {
    pub path: Option<PathBuf>,
    pub async_: AsyncSetting,
    pub features: Vec<String>,
    pub all_features: bool,
    pub format: bool,
    pub ownership: Ownership,
    pub derives: Vec<String>,
    pub additional_derives_ignore: Vec<String>,
    pub additional_type_attributes: Vec<(String, String)>,
    pub additional_member_attributes: Vec<(String, String)>,
    pub std_feature: bool,
    pub raw_strings: bool,
    pub skip: Vec<String>,
    pub stubs: bool,
    pub export_prefix: Option<String>,
    pub with: BTreeMap<String, String>,
    pub with_at: BTreeMap<String, Excerpt>,
    pub generate_all: bool,
    pub merge_structurally_equal_types: bool,
    pub chainable_methods: Vec<String>,
    pub bitflags_path: Option<String>,
    pub map_type: Option<String>,
    pub type_section_suffix: Option<String>,
    pub disable_run_ctors_once_workaround: bool,
    pub default_bindings_module: Option<String>,
    pub export_macro_name: Option<String>,
    pub pub_export_macro: bool,
    pub generate_unused_types: bool,
    pub disable_custom_section_link_helpers: bool,
}

impl Default for BindingsSettings {
    fn default() -> Self {
        BindingsSettings {
            path: None,
            async_: AsyncSetting::All,
            features: Vec::new(),
            all_features: false,
            format: true,
            ownership: Ownership::Owning,
            derives: Vec::new(),
            additional_derives_ignore: Vec::new(),
            additional_type_attributes: Vec::new(),
            additional_member_attributes: Vec::new(),
            std_feature: false,
            raw_strings: false,
            skip: Vec::new(),
            stubs: false,
            export_prefix: None,
            with: BTreeMap::new(),
            with_at: BTreeMap::new(),
            generate_all: true,
            merge_structurally_equal_types: false,
            chainable_methods: Vec::new(),
            bitflags_path: None,
            map_type: None,
            type_section_suffix: None,
            disable_run_ctors_once_workaround: false,
            default_bindings_module: None,
            export_macro_name: None,
            pub_export_macro: false,
            generate_unused_types: false,
            disable_custom_section_link_helpers: false,
        }
    }
}

#[cfg(test)]
#[cfg(feature = "bindings")]
mod tests;
