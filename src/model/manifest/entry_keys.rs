//! The keys of entries that name a component or package: of dependencies, and of what a host
//! embeds.

use super::keys::{Key, ValueKind, key};

/// The version of an entry that may be a release.
const VERSION: Key = key(
    "version",
    ValueKind::String,
    "",
    "The version requirement, as in cargo.",
);

/// The package of such an entry.
const PACKAGE: Key = key(
    "package",
    ValueKind::String,
    "",
    "The package name, if the key of the entry is not that name.",
);

/// The registry of such an entry.
const REGISTRY: Key = key(
    "registry",
    ValueKind::String,
    "",
    "The name of the registry.",
);

/// The keys of an entry of `dependencies`, `dev-dependencies` or `target.dependencies`; a
/// plain text is its `version`.
pub const DEPENDENCY: &[Key] = &[
    VERSION,
    PACKAGE,
    REGISTRY,
    key(
        "path",
        ValueKind::Path,
        "",
        "A file or directory instead of a registry; with `version`, the published component depends on that release.",
    ),
    key(
        "oci",
        ValueKind::String,
        "",
        "An OCI artifact, `host/repository:tag` or `host/repository@sha256:…`, instead of a version in a registry. The package name is taken from its content.",
    ),
    key(
        "allow",
        ValueKind::Strings,
        "",
        "What the component may import from outside, with everything that it is linked with: words like `clocks`, packages like `wasi:random`, or interfaces. If absent, everything. Not in `target.dependencies`.",
    ),
    key(
        "deny",
        ValueKind::Strings,
        "[]",
        "What it may not import, whatever is allowed. Not in `target.dependencies`.",
    ),
    key(
        "stub",
        ValueKind::Strings,
        "[]",
        "Imports, as in `deny`, that a generated stub answers when the component is linked, and that it thus does not import from outside. Not in `target.dependencies`.",
    ),
    key(
        "workspace",
        ValueKind::Bool,
        "",
        "`true` inherits the entry with the same key from `[workspace.metadata.component.dependencies]`.",
    ),
];

/// The keys of an entry of `artifacts`; a plain text is its `version`.
pub const ARTIFACT: &[Key] = &[
    VERSION,
    PACKAGE,
    REGISTRY,
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
