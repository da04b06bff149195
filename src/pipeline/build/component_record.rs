//! What is known about a component that was made of a module, in memory and beside the cached
//! component.

use serde::{Deserialize, Serialize};

use crate::base::package::ContentDigest;
use crate::model::component::Surface;

/// The facts about a component that messages report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentFacts {
    /// The name of the declared world.
    pub world: Option<String>,
    /// The names of its imports and exports.
    pub surface: Surface,
    /// The digest of its bytes.
    pub digest: ContentDigest,
    /// The digest of its shape, see [`crate::model::component::shape`].
    pub shape: ContentDigest,
    /// Whether it imports an interface that sends HTTP requests.
    pub sends_requests: bool,
}

/// The record stored next to a cached component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ComponentRecord {
    /// Length and modification time of the module it was made from.
    pub module: Option<(u64, u128)>,
    /// Length and modification time of the cached component, which is the same file as
    /// the one at cargo's path, where other programs can modify it.
    pub component: Option<(u64, u128)>,
    /// The digest of that module.
    pub content: ContentDigest,
    /// The digest of the recipe.
    pub recipe: ContentDigest,
    /// The facts; `None` if the module was left unchanged.
    pub facts: Option<ComponentFacts>,
    /// The warnings when it was made, which are repeated while it is current, as cargo
    /// repeats the warnings of the compiler.
    #[serde(default)]
    pub warnings: Vec<String>,
}
