//! How bindings are generated: the `bindings` table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::base::error::Excerpt;

/// How generated types hold their content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// All content is owned.
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
    /// All functions get them.
    #[default]
    All,
    /// No function gets them.
    None,
    /// All functions get them but these: `pkg:name/iface#func`, perhaps after `import:` or
    /// `export:`.
    AllBut(Vec<String>),
}

/// The `bindings` table. Names and defaults are those of cargo-component
/// 0.21.1, see [`BINDINGS`](super::keys::BINDINGS).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the key of the same name in `keys`, `with_at` where those of `with` stand"
)]
pub struct BindingsSettings {
    pub path: Option<PathBuf>,
    pub wit: Option<PathBuf>,
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
            wit: None,
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
