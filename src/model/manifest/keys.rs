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
        "Components this one imports from.",
    ),
    key(
        "registries",
        Kind::Registries,
        "",
        "Registries by name; `default` is used where nothing else names one.",
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
        "Use the built-in proxy adapter for a library. It offers HTTP services only what they may use: no file system, no environment.",
    ),
    key(
        "bindings",
        Kind::Table(BINDINGS),
        "",
        "How bindings are generated.",
    ),
    key(
        "world-check",
        Kind::Word(&["allow", "warn", "deny"]),
        "\"allow\"",
        "What happens when the component imports what its world does not name. Rust's standard library imports WASI in every component, hence the default.",
    ),
    key(
        "hints",
        Kind::Word(&["location", "package", "none"]),
        "\"location\"",
        "What the component says about where its imports come from: the address of the release, only its package and version, or nothing.",
    ),
    key(
        "compose",
        Kind::Bool,
        "false",
        "Write the component linked with its dependencies beside it in every build, as `--compose` does.",
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
        "Settings each member starts from; a member's own `bindings` win key by key.",
    ),
    key(
        "adapter",
        Kind::Path,
        "",
        "The adapter of members that name none.",
    ),
    key(
        "dependencies",
        Kind::Dependencies,
        "",
        "What `{ workspace = true }` stands for in a member's `dependencies` or `target.dependencies`.",
    ),
];

/// The `target` table.
pub const TARGET: &[Key] = &[
    key(
        "package",
        Kind::String,
        "",
        "A package of a registry that has the world; needs `version`.",
    ),
    key(
        "version",
        Kind::String,
        "",
        "The versions of `package` that will do.",
    ),
    key(
        "world",
        Kind::String,
        "",
        "The world; may be left out where the package has only one.",
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
        "An OCI artifact that has the world, `host/repository:tag` or `host/repository@sha256:…`, instead of `package`.",
    ),
    key(
        "path",
        Kind::Path,
        "\"wit\"",
        "A directory of WIT, or one `.wit` file.",
    ),
    key(
        "dependencies",
        Kind::Dependencies,
        "",
        "Packages the WIT in `path` names. Entries win over packages in its `deps` directory. When the table is there, it and `deps` must have every package the WIT names directly.",
    ),
];

/// An entry of `dependencies` or `target.dependencies`; a plain text is its
/// `version`.
pub const DEPENDENCY: &[Key] = &[
    key(
        "version",
        Kind::String,
        "",
        "The versions that will do, as in cargo.",
    ),
    key(
        "package",
        Kind::String,
        "",
        "The package, where the entry's key is not its name.",
    ),
    key("registry", Kind::String, "", "The name of the registry."),
    key(
        "path",
        Kind::Path,
        "",
        "A file or directory instead of a registry; with `version`, the release once published.",
    ),
    key(
        "oci",
        Kind::String,
        "",
        "An OCI artifact, `host/repository:tag` or `host/repository@sha256:…`, instead of a version in a registry. What it holds says which package it is.",
    ),
    key(
        "workspace",
        Kind::Bool,
        "",
        "`true` takes the entry of the same key from `[workspace.metadata.component.dependencies]`.",
    ),
];

/// An entry of `registries` that is a table.
pub const REGISTRY: &[Key] = &[key("url", Kind::String, "", "Where the registry is.")];

/// The `bindings` table.
pub const BINDINGS: &[Key] = &[
    key(
        "path",
        Kind::Path,
        "\"src/bindings.rs\"",
        "The file the bindings are written to; where a workspace says so, relative to each member.",
    ),
    key(
        "async",
        Kind::BoolOrStrings,
        "true",
        "Whether `async` functions get `async` bindings. A list names those that do not: `ns:pkg/iface#func`, perhaps after `import:` or `export:`.",
    ),
    key(
        "features",
        Kind::Strings,
        "[]",
        "Features of the WIT to use: items gated by `@unstable(feature = …)`.",
    ),
    key(
        "all-features",
        Kind::Bool,
        "false",
        "Use every feature of the WIT.",
    ),
    key("format", Kind::Bool, "true", "Format the bindings."),
    key(
        "ownership",
        Kind::Word(&["owning", "borrowing", "borrowing-duplicate-if-necessary"]),
        "\"owning\"",
        "How generated types hold their content.",
    ),
    key(
        "derives",
        Kind::Strings,
        "[]",
        "Derive attributes added to the generated records, variants and enums whose content can have them.",
    ),
    key(
        "additional_derives_ignore",
        Kind::Strings,
        "[]",
        "Types, by their name in the WIT, that get none of `derives`.",
    ),
    key(
        "additional_type_attributes",
        Kind::StringsTable,
        "{}",
        "Attributes of single types: from `ns:pkg/iface/type` to `#[…]`, or a list of them.",
    ),
    key(
        "additional_member_attributes",
        Kind::StringsTable,
        "{}",
        "Attributes of single fields and cases: from `ns:pkg/iface/type.member` to `#[…]`, or a list of them.",
    ),
    key(
        "std_feature",
        Kind::Bool,
        "false",
        "Guard what needs `std` by `cfg(feature = \"std\")`.",
    ),
    key(
        "raw_strings",
        Kind::Bool,
        "false",
        "Take strings that are arguments as `&[u8]`.",
    ),
    key("skip", Kind::Strings, "[]", "Functions to leave out."),
    key(
        "stubs",
        Kind::Bool,
        "false",
        "Also generate an implementation that does nothing.",
    ),
    key(
        "export_prefix",
        Kind::String,
        "",
        "A text put before the names of exports.",
    ),
    key(
        "with",
        Kind::StringTable,
        "{}",
        "Rust paths to use for interfaces or types instead of generating them; `\"generate\"` says to generate one.",
    ),
    key(
        "generate_all",
        Kind::Bool,
        "true",
        "Generate interfaces of other packages too, where `with` has none.",
    ),
    key(
        "merge_structurally_equal_types",
        Kind::Bool,
        "false",
        "Generate one type for all that have the same content; the others are aliases of it.",
    ),
    key(
        "chainable_methods",
        Kind::Strings,
        "[]",
        "Imported methods without a result that return their resource: `all`, `ns:pkg/iface#resource` or `ns:pkg/iface#[method]resource.name`. With `&` before it they return a reference, with `-` they are left out; the first that fits counts.",
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
        "A text put after the name of the section that holds the world.",
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
        "The module the export macro takes when none is given.",
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
        "Generate types nothing uses.",
    ),
    key(
        "disable_custom_section_link_helpers",
        Kind::Bool,
        "false",
        "Leave out what makes the linker keep the section that holds the world.",
    ),
];
