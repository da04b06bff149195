//! The registry of a locked artifact, which is the artifact's reference.

use crate::system::registry::Reference;

/// The reference that stands in the place of a registry, in the lock file and
/// in what comes of it. The address of a registry has neither tag nor digest.
pub(crate) fn reference(registry: Option<&str>) -> Option<Reference> {
    let registry = registry?;
    let reference: Reference = registry.strip_prefix("oci://")?.parse().ok()?;
    (format!("oci://{reference}") == registry).then_some(reference)
}
