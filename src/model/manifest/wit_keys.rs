//! The keys of the manifests of WIT packages: `wkg.toml` of wkg 0.16 and
//! `wit.toml` of the `wit` CLI 0.16.

use super::keys::{Key, ValueKind, key};

/// The keys of `wkg.toml`.
pub const WKG: &[Key] = &[
    key(
        "overrides",
        ValueKind::Table(&[]),
        "",
        "Where packages come from instead of their registry, by `namespace:name`.",
    ),
    key(
        "metadata",
        ValueKind::Table(METADATA),
        "",
        "What the package says about itself.",
    ),
    key(
        "workspace",
        ValueKind::Table(WKG_WORKSPACE),
        "",
        "Several packages in one project; stands alone.",
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
        "The versions that will do, as a requirement of cargo; what the WIT names in that range gets the version that is locked.",
    ),
];

/// The keys of `[workspace]` of `wkg.toml`.
pub const WKG_WORKSPACE: &[Key] = &[
    key(
        "members",
        ValueKind::Strings,
        "",
        "Directories of packages; `*`, `?` and `[…]` stand for directories that have a `.wit` file.",
    ),
    key(
        "metadata",
        ValueKind::Table(METADATA),
        "",
        "What members say about themselves where they have no metadata of their own.",
    ),
];

/// The keys of `[metadata]` of `wkg.toml`.
pub const METADATA: &[Key] = &[
    key("authors", ValueKind::String, "", "Who wrote it."),
    key("author", ValueKind::String, "", "The same."),
    key("description", ValueKind::String, "", "What it is."),
    key("licenses", ValueKind::String, "", "An SPDX expression."),
    key("license", ValueKind::String, "", "The same."),
    key(
        "source",
        ValueKind::String,
        "",
        "The address of its source.",
    ),
    key("repository", ValueKind::String, "", "The same."),
    key(
        "homepage",
        ValueKind::String,
        "",
        "The address of its page.",
    ),
    key(
        "revision",
        ValueKind::String,
        "",
        "The revision in its repository.",
    ),
];
