//! The registry of a locked artifact, which is the artifact's reference.

use crate::system::registry::Reference;

/// The OCI reference that the lock file has in place of a registry; `None` for the
/// address of a registry, which has neither tag nor digest.
pub(crate) fn artifact_reference(registry: Option<&str>) -> Option<Reference> {
    let registry = registry?;
    let reference: Reference = registry.strip_prefix("oci://")?.parse().ok()?;
    (format!("oci://{reference}") == registry).then_some(reference)
}
