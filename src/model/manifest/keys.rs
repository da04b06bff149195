//! The keys of our tables in Cargo.toml: name, type, default and text. The
//! reader, the reference and the JSON schema come from here.

/// The values that a key may have.
#[derive(Clone, Copy, Debug)]
pub enum ValueKind {
    /// A string, called text below.
    String,
    /// A path, relative to the directory of the Cargo.toml.
    Path,
    /// Either `true` or `false`.
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

/// A key of a table, with its documentation.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The name of the key.
    pub name: &'static str,
    /// The values that it may have.
    pub kind: ValueKind,
    /// The value it has when absent, as TOML; empty for none.
    pub default: &'static str,
    /// The meaning of the key, in Markdown.
    pub about: &'static str,
}

pub(super) const fn key(
    name: &'static str,
    kind: ValueKind,
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

/// The keys of `[package.metadata.component]`.
pub const COMPONENT: &[Key] = &[
    key(
        "package",
        ValueKind::String,
        "",
        "The name to publish under, `namespace:name`.",
    ),
    key(
        "target",
        ValueKind::StringOrTable(TARGET),
        "",
        "The world the component implements: `\"namespace:name[/world]@requirement\"` from a registry, or a table.",
    ),
    key(
        "dependencies",
        ValueKind::Dependencies,
        "",
        "Components this one imports from.",
    ),
    key(
        "registries",
        ValueKind::Registries,
        "",
        "Registries by name; `default` is used where nothing else names one.",
    ),
    key(
        "adapter",
        ValueKind::Path,
        "",
        "A core module that adapts `wasi_snapshot_preview1`, instead of the built-in ones.",
    ),
    key(
        "proxy",
        ValueKind::Bool,
        "false",
        "Use the built-in proxy adapter for a library. It offers HTTP services only what they may use: no file system, no environment.",
    ),
    key(
        "bindings",
        ValueKind::Table(BINDINGS),
        "",
        "How bindings are generated.",
    ),
    key(
        "world-check",
        ValueKind::Word(&["allow", "warn", "deny"]),
        "\"allow\"",
        "What happens when the component imports what its world does not name. Rust's standard library imports WASI in every component, hence the default.",
    ),
    key(
        "hints",
        ValueKind::Word(&["location", "package", "none"]),
        "\"location\"",
        "What the component says about where its imports come from: the address of the release, only its package and version, or nothing.",
    ),
    key(
        "compose",
        ValueKind::Bool,
        "false",
        "Write the component linked with its dependencies beside it in every build, as `--compose` does.",
    ),
];

/// The keys of `[workspace.metadata.component]`.
pub const WORKSPACE: &[Key] = &[
    key(
        "registries",
        ValueKind::Registries,
        "",
        "Registries by name, for all members.",
    ),
    key(
        "bindings",
        ValueKind::Table(BINDINGS),
        "",
        "Settings each member starts from; a member's own `bindings` win key by key.",
    ),
    key(
        "adapter",
        ValueKind::Path,
        "",
        "The adapter of members that name none.",
    ),
    key(
        "dependencies",
        ValueKind::Dependencies,
        "",
        "What `{ workspace = true }` stands for in a member's `dependencies` or `target.dependencies`.",
    ),
];

/// The keys of the `target` table.
pub const TARGET: &[Key] = &[
    key(
        "package",
        ValueKind::String,
        "",
        "A package of a registry that has the world; needs `version`.",
    ),
    key(
        "version",
        ValueKind::String,
        "",
        "The versions of `package` that will do.",
    ),
    key(
        "world",
        ValueKind::String,
        "",
        "The world; may be left out where the package has only one.",
    ),
    key(
        "registry",
        ValueKind::String,
        "",
        "The name of the registry of `package`.",
    ),
    key(
        "oci",
        ValueKind::String,
        "",
        "An OCI artifact that has the world, `host/repository:tag` or `host/repository@sha256:…`, instead of `package`.",
    ),
    key(
        "path",
        ValueKind::Path,
        "\"wit\"",
        "A directory of WIT, or one `.wit` file.",
    ),
    key(
        "dependencies",
        ValueKind::Dependencies,
        "",
        "Packages the WIT in `path` names. Entries win over packages in its `deps` directory. When the table is there, it and `deps` must have every package the WIT names directly.",
    ),
];

/// The keys of an entry of `dependencies` or `target.dependencies`; a plain text
/// is its `version`.
pub const DEPENDENCY: &[Key] = &[
    key(
        "version",
        ValueKind::String,
        "",
        "The versions that will do, as in cargo.",
    ),
    key(
        "package",
        ValueKind::String,
        "",
        "The package, where the entry's key is not its name.",
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
        "A file or directory instead of a registry; with `version`, the release once published.",
    ),
    key(
        "oci",
        ValueKind::String,
        "",
        "An OCI artifact, `host/repository:tag` or `host/repository@sha256:…`, instead of a version in a registry. What it holds says which package it is.",
    ),
    key(
        "workspace",
        ValueKind::Bool,
        "",
        "`true` takes the entry of the same key from `[workspace.metadata.component.dependencies]`.",
    ),
];

/// The keys of an entry of `registries` that is a table.
pub const REGISTRY: &[Key] = &[key("url", ValueKind::String, "", "Where the registry is.")];

/// The keys of the `bindings` table.
pub const BINDINGS: &[Key] = &[
    key(
        "path",
        ValueKind::Path,
        "\"src/bindings.rs\"",
        "The file the bindings are written to; where a workspace says so, relative to each member.",
    ),
    key(
        "async",
        ValueKind::BoolOrStrings,
        "true",
        "Whether `async` functions get `async` bindings. A list names those that do not: `ns:pkg/iface#func`, perhaps after `import:` or `export:`.",
    ),
    key(
        "features",
        ValueKind::Strings,
        "[]",
        "Features of the WIT to use: items gated by `@unstable(feature = …)`.",
    ),
    key(
        "all-features",
        ValueKind::Bool,
        "false",
        "Use every feature of the WIT.",
    ),
    key("format", ValueKind::Bool, "true", "Format the bindings."),
    key(
        "ownership",
        ValueKind::Word(&["owning", "borrowing", "borrowing-duplicate-if-necessary"]),
        "\"owning\"",
        "How generated types hold their content.",
    ),
    key(
        "derives",
        ValueKind::Strings,
        "[]",
        "Derive attributes added to the generated records, variants and enums whose content can have them.",
    ),
    key(
        "additional_derives_ignore",
        ValueKind::Strings,
        "[]",
        "Types, by their name in the WIT, that get none of `derives`.",
    ),
    key(
        "additional_type_attributes",
        ValueKind::StringsTable,
        "{}",
        "Attributes of single types: from `ns:pkg/iface/type` to `#[…]`, or a list of them.",
    ),
    key(
        "additional_member_attributes",
        ValueKind::StringsTable,
        "{}",
        "Attributes of single fields and cases: from `ns:pkg/iface/type.member` to `#[…]`, or a list of them.",
    ),
    key(
        "std_feature",
        ValueKind::Bool,
        "false",
        "Guard what needs `std` by `cfg(feature = \"std\")`.",
    ),
    key(
        "raw_strings",
        ValueKind::Bool,
        "false",
        "Take strings that are arguments as `&[u8]`.",
    ),
    key("skip", ValueKind::Strings, "[]", "Functions to leave out."),
    key(
        "stubs",
        ValueKind::Bool,
        "false",
        "Also generate an implementation that does nothing.",
    ),
    key(
        "export_prefix",
        ValueKind::String,
        "",
        "A text put before the names of exports.",
    ),
    key(
        "with",
        ValueKind::StringTable,
        "{}",
        "Rust paths to use for interfaces or types instead of generating them; `\"generate\"` says to generate one.",
    ),
    key(
        "generate_all",
        ValueKind::Bool,
        "true",
        "Generate interfaces of other packages too, where `with` has none.",
    ),
    key(
        "merge_structurally_equal_types",
        ValueKind::Bool,
        "false",
        "Generate one type for all that have the same content; the others are aliases of it.",
    ),
    key(
        "chainable_methods",
        ValueKind::Strings,
        "[]",
        "Imported methods without a result that return their resource: `all`, `ns:pkg/iface#resource` or `ns:pkg/iface#[method]resource.name`. With `&` before it they return a reference, with `-` they are left out; the first that fits counts.",
    ),
    key(
        "bitflags_path",
        ValueKind::String,
        "",
        "The Rust path of the crate `bitflags` that flags use.",
    ),
    key(
        "map_type",
        ValueKind::String,
        "",
        "The Rust path of the type for maps, which implements `WitMap` of the runtime crate.",
    ),
    key(
        "type_section_suffix",
        ValueKind::String,
        "",
        "A text put after the name of the section that holds the world.",
    ),
    key(
        "disable_run_ctors_once_workaround",
        ValueKind::Bool,
        "false",
        "Do not guard against constructors running twice.",
    ),
    key(
        "default_bindings_module",
        ValueKind::String,
        "",
        "The module the export macro takes when none is given.",
    ),
    key(
        "export_macro_name",
        ValueKind::String,
        "\"export\"",
        "The name of the export macro.",
    ),
    key(
        "pub_export_macro",
        ValueKind::Bool,
        "false",
        "Make the export macro public.",
    ),
    key(
        "generate_unused_types",
        ValueKind::Bool,
        "false",
        "Generate types nothing uses.",
    ),
    key(
        "disable_custom_section_link_helpers",
        ValueKind::Bool,
        "false",
        "Leave out what makes the linker keep the section that holds the world.",
    ),
];
