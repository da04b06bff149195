//! The keys of our tables in Cargo.toml, once: name, type, default and text.

/// What a key's value may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    String,
    /// A path, relative to the directory of the Cargo.toml.
    Path,
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    Strings,
    /// A table from names to texts.
    StringTable,
    /// A table from names to a text or a list of texts.
    StringsTable,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true`, `false` or a list of texts.
    BoolOrStrings,
    /// A table from names to a text or a table with a `url`.
    Registries,
    /// A text, or a table with these keys.
    StringOrTable(&'static [Key]),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table from names to dependencies.
    Dependencies,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// The value it has when absent, as TOML; empty for none.
    pub default: &'static str,
    /// What it means, in Markdown.
    pub about: &'static str,
}

pub(super) const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Key {
    Key {
        name,
        kind,
        default,
        about,
    }
}

/// `[package.metadata.component]`.
pub const COMPONENT: &[Key] = &[
    key(
        "package",
        Kind::String,
        "",
        "The name to publish under, `namespace:name`.",
    ),
    key(
        "target",
        Kind::StringOrTable(TARGET),
        "",
        "The world the component implements: `\"namespace:name[/world]@requirement\"` from a registry, or a table.",
    ),
    key(
        "dependencies",
        Kind::Dependencies,
        "",
        "Components whose exports this component imports.",
    ),
    key(
        "registries",
        Kind::Registries,
        "",
        "Registries by name; `default` is used for packages without a registry of their own.",
    ),
    key(
        "adapter",
        Kind::Path,
        "",
        "A core module that adapts `wasi_snapshot_preview1`, instead of the built-in ones.",
    ),
    key(
        "proxy",
        Kind::Bool,
        "false",
        "Use the built-in proxy adapter for a library. It provides only what HTTP proxies may use: no file system and no environment.",
    ),
    key(
        "bindings",
        Kind::Table(BINDINGS),
        "",
        "Settings for the generated bindings.",
    ),
    key(
        "world-check",
        Kind::Word(&["allow", "warn", "deny"]),
        "\"allow\"",
        "What to do if the component imports something that its world does not declare. The default is `allow`, since Rust's standard library imports WASI in every component.",
    ),
    key(
        "hints",
        Kind::Word(&["location", "package", "none"]),
        "\"location\"",
        "What the component records about the origin of its imports: the address of the release, only its package and version, or nothing.",
    ),
    key(
        "compose",
        Kind::Bool,
        "false",
        "In every build, also write the component linked with its dependencies, like `--compose`.",
    ),
];

/// `[workspace.metadata.component]`.
pub const WORKSPACE: &[Key] = &[
    key(
        "registries",
        Kind::Registries,
        "",
        "Registries by name, for all members.",
    ),
    key(
        "bindings",
        Kind::Table(BINDINGS),
        "",
        "Default settings for all members; a member's own `bindings` override them key by key.",
    ),
    key(
        "adapter",
        Kind::Path,
        "",
        "The adapter for members that set none.",
    ),
    key(
        "dependencies",
        Kind::Dependencies,
        "",
        "Entries that members inherit with `{ workspace = true }` in `dependencies` or `target.dependencies`.",
    ),
];

/// The `target` table.
pub const TARGET: &[Key] = &[
    key(
        "package",
        Kind::String,
        "",
        "The registry package that contains the world; requires `version`.",
    ),
    key(
        "version",
        Kind::String,
        "",
        "The version requirement for `package`, as in cargo.",
    ),
    key(
        "world",
        Kind::String,
        "",
        "The name of the world; optional if the package has only one.",
    ),
    key(
        "registry",
        Kind::String,
        "",
        "The name of the registry of `package`.",
    ),
    key(
        "oci",
        Kind::String,
        "",
        "An OCI artifact that contains the world, `host/repository:tag` or `host/repository@sha256:…`, instead of `package`.",
    ),
    key(
        "path",
        Kind::Path,
        "\"wit\"",
        "A directory with `.wit` files, or one `.wit` file.",
    ),
    key(
        "dependencies",
        Kind::Dependencies,
        "",
        "Packages that the WIT in `path` uses. Entries take precedence over packages in its `deps` directory. If the table is present, it and `deps` must contain every package that the WIT uses directly.",
    ),
];

/// An entry of `dependencies` or `target.dependencies`; a plain text is its
/// `version`.
pub const DEPENDENCY: &[Key] = &[
    key(
        "version",
        Kind::String,
        "",
        "The version requirement, as in cargo.",
    ),
    key(
        "package",
        Kind::String,
        "",
        "The package name, if the key of the entry is not that name.",
    ),
    key("registry", Kind::String, "", "The name of the registry."),
    key(
        "path",
        Kind::Path,
        "",
        "A file or directory instead of a registry; with `version`, the published component depends on that release.",
    ),
    key(
        "oci",
        Kind::String,
        "",
        "An OCI artifact, `host/repository:tag` or `host/repository@sha256:…`, instead of a version in a registry. The package name is taken from its content.",
    ),
    key(
        "workspace",
        Kind::Bool,
        "",
        "`true` inherits the entry with the same key from `[workspace.metadata.component.dependencies]`.",
    ),
];

/// An entry of `registries` that is a table.
pub const REGISTRY: &[Key] = &[key("url", Kind::String, "", "The URL of the registry.")];

/// The `bindings` table.
pub const BINDINGS: &[Key] = &[
    key(
        "path",
        Kind::Path,
        "\"src/bindings.rs\"",
        "The file for the bindings; if set by the workspace, it is relative to each member.",
    ),
    key(
        "async",
        Kind::BoolOrStrings,
        "true",
        "Whether `async` functions get `async` bindings. A list names the functions that do not: `ns:pkg/iface#func`, optionally prefixed with `import:` or `export:`.",
    ),
    key(
        "features",
        Kind::Strings,
        "[]",
        "Features of the WIT to enable: items gated by `@unstable(feature = …)`.",
    ),
    key(
        "all-features",
        Kind::Bool,
        "false",
        "Enable all features of the WIT.",
    ),
    key(
        "format",
        Kind::Bool,
        "true",
        "Format the generated bindings.",
    ),
    key(
        "ownership",
        Kind::Word(&["owning", "borrowing", "borrowing-duplicate-if-necessary"]),
        "\"owning\"",
        "Whether generated types own or borrow their content.",
    ),
    key(
        "derives",
        Kind::Strings,
        "[]",
        "Derive attributes added to generated records, variants and enums whose content supports them.",
    ),
    key(
        "additional_derives_ignore",
        Kind::Strings,
        "[]",
        "Types, by their name in the WIT, that do not get the `derives`.",
    ),
    key(
        "additional_type_attributes",
        Kind::StringsTable,
        "{}",
        "Attributes for single types: maps `ns:pkg/iface/type` to `#[…]`, or a list of them.",
    ),
    key(
        "additional_member_attributes",
        Kind::StringsTable,
        "{}",
        "Attributes for single fields and cases: maps `ns:pkg/iface/type.member` to `#[…]`, or a list of them.",
    ),
    key(
        "std_feature",
        Kind::Bool,
        "false",
        "Guard code that needs `std` with `cfg(feature = \"std\")`.",
    ),
    key(
        "raw_strings",
        Kind::Bool,
        "false",
        "Pass string arguments as `&[u8]`.",
    ),
    key("skip", Kind::Strings, "[]", "Functions to omit."),
    key(
        "stubs",
        Kind::Bool,
        "false",
        "Also generate a stub implementation.",
    ),
    key(
        "export_prefix",
        Kind::String,
        "",
        "A prefix for the names of exports.",
    ),
    key(
        "with",
        Kind::StringTable,
        "{}",
        "Rust paths to use for interfaces or types instead of generating them; `\"generate\"` generates the interface.",
    ),
    key(
        "generate_all",
        Kind::Bool,
        "true",
        "Also generate interfaces of other packages that are not in `with`.",
    ),
    key(
        "merge_structurally_equal_types",
        Kind::Bool,
        "false",
        "Generate one type for all types with the same structure; the others become aliases.",
    ),
    key(
        "chainable_methods",
        Kind::Strings,
        "[]",
        "Imported methods without a result that return their resource: `all`, `ns:pkg/iface#resource` or `ns:pkg/iface#[method]resource.name`. With the prefix `&` they return a reference, with `-` they are excluded; the first match applies.",
    ),
    key(
        "bitflags_path",
        Kind::String,
        "",
        "The Rust path of the crate `bitflags` that flags use.",
    ),
    key(
        "map_type",
        Kind::String,
        "",
        "The Rust path of the type for maps, which implements `WitMap` of the runtime crate.",
    ),
    key(
        "type_section_suffix",
        Kind::String,
        "",
        "A suffix for the name of the custom section that contains the world.",
    ),
    key(
        "disable_run_ctors_once_workaround",
        Kind::Bool,
        "false",
        "Do not guard against constructors running twice.",
    ),
    key(
        "default_bindings_module",
        Kind::String,
        "",
        "The module that the export macro uses if none is given.",
    ),
    key(
        "export_macro_name",
        Kind::String,
        "\"export\"",
        "The name of the export macro.",
    ),
    key(
        "pub_export_macro",
        Kind::Bool,
        "false",
        "Make the export macro public.",
    ),
    key(
        "generate_unused_types",
        Kind::Bool,
        "false",
        "Also generate types that are not used.",
    ),
    key(
        "disable_custom_section_link_helpers",
        Kind::Bool,
        "false",
        "Omit the code that makes the linker keep the custom section with the world.",
    ),
];
