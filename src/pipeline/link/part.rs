//! A component of a composition, and what answers its imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One component of a composition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// What it is called in messages.
    pub name: String,
    /// The file that holds it.
    pub file: PathBuf,
    /// What answers its imports.
    pub links: BTreeMap<String, PartLink>,
    /// The imports that stay open because somebody wants it.
    #[serde(default)]
    pub keep: BTreeSet<String>,
    /// The address of its registry: the same bytes of two registries are two
    /// packages.
    #[serde(default)]
    pub origin: Option<String>,
}

/// What answers an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartLink {
    /// The component, by its place among the parts.
    pub part: usize,
    /// The export of it; none for what fits by name, or its root.
    pub item: Option<String>,
}
