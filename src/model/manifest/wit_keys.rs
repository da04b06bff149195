//! The keys of the manifests of WIT packages, once: `wkg.toml` of wkg 0.16 and
//! `wit.toml` of the `wit` CLI 0.16.

use super::keys::{Key, Kind, key};

/// `wkg.toml`.
pub const WKG: &[Key] = &[
    key(
        "overrides",
        Kind::Table(&[]),
        "",
        "Where packages come from instead of their registry, by `namespace:name`.",
    ),
    key(
        "metadata",
        Kind::Table(METADATA),
        "",
        "What the package says about itself.",
    ),
    key(
        "workspace",
        Kind::Table(WKG_WORKSPACE),
        "",
        "Several packages in one project; stands alone.",
    ),
];

/// An entry of `[overrides]`.
pub const OVERRIDE: &[Key] = &[
    key(
        "path",
        Kind::Path,
        "",
        "A directory of WIT, a `.wit` file, or a WIT package in binary form.",
    ),
    key(
        "version",
        Kind::String,
        "",
        "The versions that will do, as a requirement of cargo; what the WIT names in that range gets the version that is locked.",
    ),
];

/// `[workspace]` of `wkg.toml`.
pub const WKG_WORKSPACE: &[Key] = &[
    key(
        "members",
        Kind::Strings,
        "",
        "Directories of packages; `*`, `?` and `[…]` stand for directories that have a `.wit` file.",
    ),
    key(
        "metadata",
        Kind::Table(METADATA),
        "",
        "What members say about themselves where they have no metadata of their own.",
    ),
];

/// `[metadata]` of `wkg.toml`.
pub const METADATA: &[Key] = &[
    key("authors", Kind::String, "", "Who wrote it."),
    key("author", Kind::String, "", "The same."),
    key("description", Kind::String, "", "What it is."),
    key("licenses", Kind::String, "", "An SPDX expression."),
    key("license", Kind::String, "", "The same."),
    key("source", Kind::String, "", "The address of its source."),
    key("repository", Kind::String, "", "The same."),
    key("homepage", Kind::String, "", "The address of its page."),
    key(
        "revision",
        Kind::String,
        "",
        "The revision in its repository.",
    ),
];
