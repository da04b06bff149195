//! The keys of `artifacts`: the components that a host embeds.

use super::keys::{Key, ValueKind, key};

/// The keys of an entry of `artifacts`; a plain text is its `version`.
pub const ARTIFACT: &[Key] = &[
    key(
        "version",
        ValueKind::String,
        "",
        "The version requirement, as in cargo.",
    ),
    key(
        "package",
        ValueKind::String,
        "",
        "The package name, if the key of the entry is not that name.",
    ),
    key(
        "registry",
        ValueKind::String,
        "",
        "The name of the registry.",
    ),
    key(
        "path",
        ValueKind::Path,
        "",
        "The directory of a crate that builds the component, or a component file.",
    ),
    key(
        "oci",
        ValueKind::String,
        "",
        "An OCI artifact, `host/repository:tag` or `host/repository@sha256:…`, instead of a version in a registry.",
    ),
    key(
        "compose",
        ValueKind::Bool,
        "false",
        "Embed the component linked with its dependencies.",
    ),
];
