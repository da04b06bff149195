//! The keys of the manifests of WIT packages: `wkg.toml` of wkg 0.16 and
//! `wit.toml` of the `wit` CLI 0.16.

use super::keys::{Key, ValueKind, key};

/// The keys of `wkg.toml`.
pub const WKG: &[Key] = &[
    key(
        "overrides",
        ValueKind::Table("", &[]),
        "",
        "Sources of packages other than their registry, by `namespace:name`.",
    ),
    key(
        "metadata",
        ValueKind::Table("", METADATA),
        "",
        "Information about the package.",
    ),
    key(
        "workspace",
        ValueKind::Table("", WKG_WORKSPACE),
        "",
        "Several packages in one project; excludes the other tables.",
    ),
];

/// The keys of an entry of `[overrides]`.
pub const OVERRIDE: &[Key] = &[
    key(
        "path",
        ValueKind::Path,
        "",
        "A directory of WIT, a `.wit` file, or a WIT package in binary form.",
    ),
    key(
        "version",
        ValueKind::String,
        "",
        "A version requirement as in cargo; any version in this range that the WIT names is replaced by the locked one.",
    ),
];

/// The keys of `[workspace]` of `wkg.toml`.
pub const WKG_WORKSPACE: &[Key] = &[
    key(
        "members",
        ValueKind::Strings,
        "",
        "Directories of packages; the wildcards `*`, `?` and `[…]` match directories that have a `.wit` file.",
    ),
    key(
        "metadata",
        ValueKind::Table("", METADATA),
        "",
        "Metadata for members that have none of their own.",
    ),
];

/// The keys of `[metadata]` of `wkg.toml`.
pub const METADATA: &[Key] = &[
    key(
        "authors",
        ValueKind::String,
        "",
        "The authors of the package.",
    ),
    key("author", ValueKind::String, "", "The same."),
    key(
        "description",
        ValueKind::String,
        "",
        "A description of the package.",
    ),
    key(
        "licenses",
        ValueKind::String,
        "",
        "The license as an SPDX expression.",
    ),
    key("license", ValueKind::String, "", "The same."),
    key(
        "source",
        ValueKind::String,
        "",
        "The URL of the source code.",
    ),
    key("repository", ValueKind::String, "", "The same."),
    key(
        "homepage",
        ValueKind::String,
        "",
        "The URL of the home page.",
    ),
    key(
        "revision",
        ValueKind::String,
        "",
        "The revision in the repository.",
    ),
];
