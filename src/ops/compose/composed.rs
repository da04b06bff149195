//! The result of a composition.

use std::path::PathBuf;

use crate::model::component::compose::Linked;
use crate::pipeline::fetch::lock_update::LockUpdate;

/// A composed component, before it is written.
pub(super) struct Composed {
    /// The component or document that it was composed from.
    pub source: PathBuf,
    /// The component with what was linked.
    pub linked: Linked,
    /// The new lock file, where it has to change.
    pub lock: Option<LockUpdate>,
}
