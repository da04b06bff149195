//! The keys of the manifests of WIT packages, once: `wkg.toml` of wkg 0.16 and
//! `wit.toml` of the `wit` CLI 0.16.

use super::keys::{Key, Kind, key};

/// `wkg.toml`.
pub const WKG: &[Key] = &[
    key(
        "overrides",
        Kind::Table(&[]),
        "",
        "Sources of packages other than their registry, by `namespace:name`.",
    ),
    key(
        "metadata",
        Kind::Table(METADATA),
        "",
        "Information about the package.",
    ),
    key(
        "workspace",
        Kind::Table(WKG_WORKSPACE),
        "",
        "Several packages in one project; excludes the other tables.",
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
        "A version requirement as in cargo; any version in this range that the WIT names is replaced by the locked one.",
    ),
];

/// `[workspace]` of `wkg.toml`.
pub const WKG_WORKSPACE: &[Key] = &[
    key(
        "members",
        Kind::Strings,
        "",
        "Directories of packages; the wildcards `*`, `?` and `[…]` match directories that have a `.wit` file.",
    ),
    key(
        "metadata",
        Kind::Table(METADATA),
        "",
        "Metadata for members that have none of their own.",
    ),
];

/// `[metadata]` of `wkg.toml`.
pub const METADATA: &[Key] = &[
    key("authors", Kind::String, "", "The authors of the package."),
    key("author", Kind::String, "", "An alias of `authors`."),
    key(
        "description",
        Kind::String,
        "",
        "A description of the package.",
    ),
    key(
        "licenses",
        Kind::String,
        "",
        "The license as an SPDX expression.",
    ),
    key("license", Kind::String, "", "An alias of `licenses`."),
    key("source", Kind::String, "", "The URL of the source code."),
    key("repository", Kind::String, "", "An alias of `source`."),
    key("homepage", Kind::String, "", "The URL of the home page."),
    key(
        "revision",
        Kind::String,
        "",
        "The revision in the repository.",
    ),
];
