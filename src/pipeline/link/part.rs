//! The components of a composition, with the links of their imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One component of a composition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The name that messages use for it.
    pub name: String,
    /// The file that holds it.
    pub file: PathBuf,
    /// The links of its imports, by name.
    pub links: BTreeMap<String, PartLink>,
    /// The imports that an override keeps open.
    #[serde(default)]
    pub keep: BTreeSet<String>,
    /// The imports that a generated stub answers in the place of the host.
    #[serde(default)]
    pub stubs: BTreeSet<String>,
    /// The address of its registry, since equal bytes of two registries are two
    /// packages.
    #[serde(default)]
    pub origin: Option<String>,
}

#[cfg(test)]
impl Part {
    /// A part without links whose component is written to a directory, from its text.
    pub fn written(dir: &std::path::Path, name: &str, text: &str) -> Self {
        let file = dir.join(name);
        crate::system::fs::write_atomic(&file, &wat::parse_str(text).unwrap()).unwrap();
        Part {
            name: name.to_owned(),
            file,
            links: BTreeMap::new(),
            keep: BTreeSet::new(),
            stubs: BTreeSet::new(),
            origin: None,
        }
    }
}

/// The link of an import to the part that satisfies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartLink {
    /// The index of the component among the parts.
    pub part: usize,
    /// The name of its export; `None` where the interface matches by name.
    pub item: Option<String>,
}
