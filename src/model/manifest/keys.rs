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
    /// One of these words, or a table with these keys.
    WordOrTable(&'static [&'static str], &'static [Key]),
    /// A table with these keys, by the name of its definition in the schema.
    Table(&'static str, &'static [Key]),
    /// A table from names to dependencies.
    Dependencies,
    /// A table from names to components that a host embeds.
    Artifacts,
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
        "Components whose exports this component imports.",
    ),
    key(
        "artifacts",
        ValueKind::Artifacts,
        "",
        "Components that a host embeds, built or fetched by its build script. A package with only this table, and `registries` for it, is no component.",
    ),
    key(
        "dev-dependencies",
        ValueKind::Dependencies,
        "",
        "Components that only `test` and `bench` link: one with the key of an entry of `dependencies` takes its place, another one answers imports that it exports.",
    ),
    key(
        "registries",
        ValueKind::Registries,
        "",
        "Registries by name; `default` is used for packages without a registry of their own.",
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
        "Use the built-in proxy adapter for a library. It provides only what HTTP proxies may use: no file system and no environment.",
    ),
    key(
        "wasi",
        ValueKind::WordOrTable(WASI_MODES, WASI),
        "",
        "Build the library without WASI: `\"none\"` imports only what its world does, `\"stderr\"` also standard error. By default, it imports all of WASI that its code uses.",
    ),
    key(
        "bindings",
        ValueKind::Table("bindings", BINDINGS),
        "",
        "Settings for the generated bindings.",
    ),
    key(
        "world-check",
        ValueKind::Word(&["allow", "warn", "deny"]),
        "\"allow\"",
        "What to do if the component imports something that its world does not declare. The default is `allow`, since Rust's standard library imports WASI in every component; with `wasi` it is `warn`.",
    ),
    key(
        "hints",
        ValueKind::Word(&["location", "package", "none"]),
        "\"location\"",
        "What the component records about the origin of its imports: the address of the release, only its package and version, or nothing.",
    ),
    key(
        "compose",
        ValueKind::Bool,
        "false",
        "In every build, also write the component linked with its dependencies, like `--compose`.",
    ),
];

/// The values of `wasi`, and of `mode` in its table.
pub(super) const WASI_MODES: &[&str] = &["none", "stderr"];

/// The keys of the `wasi` table.
pub const WASI: &[Key] = &[
    key(
        "mode",
        ValueKind::Word(WASI_MODES),
        "",
        "What stays of WASI: nothing, or standard error. Required.",
    ),
    key(
        "randomness",
        ValueKind::Word(&["trap", "fixed"]),
        "\"trap\"",
        "What happens if the code asks for random numbers, as `HashMap::new` does: the component traps, or it gets numbers that are the same in every run.",
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
        ValueKind::Table("bindings", BINDINGS),
        "",
        "Default settings for all members; a member's own `bindings` override them key by key.",
    ),
    key(
        "adapter",
        ValueKind::Path,
        "",
        "The adapter for members that set none.",
    ),
    key(
        "dependencies",
        ValueKind::Dependencies,
        "",
        "Entries that members inherit with `{ workspace = true }` in `dependencies`, `dev-dependencies` or `target.dependencies`.",
    ),
    key(
        "capabilities",
        ValueKind::Table("capabilities", CAPABILITIES),
        "",
        "What the component dependencies of all members may do.",
    ),
];

/// The keys of the `capabilities` table of a workspace.
pub const CAPABILITIES: &[Key] = &[
    key(
        "allow",
        ValueKind::Strings,
        "",
        "What every dependency may import from outside, beside what its own entry allows: words, packages or interfaces. If absent, everything that no entry restricts.",
    ),
    key(
        "deny",
        ValueKind::Strings,
        "[]",
        "What no dependency may import from outside, whatever is allowed.",
    ),
];

/// The keys of the `target` table.
pub const TARGET: &[Key] = &[
    key(
        "package",
        ValueKind::String,
        "",
        "The registry package that contains the world; requires `version`.",
    ),
    key(
        "version",
        ValueKind::String,
        "",
        "The version requirement for `package`, as in cargo.",
    ),
    key(
        "world",
        ValueKind::String,
        "",
        "The name of the world; optional if the package has only one.",
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
        "An OCI artifact that contains the world, `host/repository:tag` or `host/repository@sha256:…`, instead of `package`.",
    ),
    key(
        "path",
        ValueKind::Path,
        "\"wit\"",
        "A directory with `.wit` files, or one `.wit` file.",
    ),
    key(
        "dependencies",
        ValueKind::Dependencies,
        "",
        "Packages that the WIT in `path` uses. Entries take precedence over packages in its `deps` directory. If the table is present, it and `deps` must contain every package that the WIT uses directly.",
    ),
];

/// The keys of an entry of `registries` that is a table.
pub const REGISTRY: &[Key] = &[key(
    "url",
    ValueKind::String,
    "",
    "The URL of the registry.",
)];

/// The keys of the `bindings` table.
pub const BINDINGS: &[Key] = &[
    key(
        "path",
        ValueKind::Path,
        "\"src/bindings.rs\"",
        "The file for the bindings; if set by the workspace, it is relative to each member.",
    ),
    key(
        "wit",
        ValueKind::Path,
        "",
        "A directory for the whole world as WIT, component dependencies included, for other generators of bindings. Without `path`, no Rust code is generated then.",
    ),
    key(
        "async",
        ValueKind::BoolOrStrings,
        "true",
        "Whether `async` functions get `async` bindings. A list names the functions that do not: `ns:pkg/iface#func`, optionally prefixed with `import:` or `export:`.",
    ),
    key(
        "features",
        ValueKind::Strings,
        "[]",
        "Features of the WIT to enable: items gated by `@unstable(feature = …)`.",
    ),
    key(
        "all-features",
        ValueKind::Bool,
        "false",
        "Enable all features of the WIT.",
    ),
    key(
        "format",
        ValueKind::Bool,
        "true",
        "Format the generated bindings.",
    ),
    key(
        "ownership",
        ValueKind::Word(&["owning", "borrowing", "borrowing-duplicate-if-necessary"]),
        "\"owning\"",
        "Whether generated types own or borrow their content.",
    ),
    key(
        "derives",
        ValueKind::Strings,
        "[]",
        "Derive attributes added to generated records, variants and enums whose content supports them.",
    ),
    key(
        "additional_derives_ignore",
        ValueKind::Strings,
        "[]",
        "Types, by their name in the WIT, that do not get the `derives`.",
    ),
    key(
        "additional_type_attributes",
        ValueKind::StringsTable,
        "{}",
        "Attributes for single types: maps `ns:pkg/iface/type` to `#[…]`, or a list of them.",
    ),
    key(
        "additional_member_attributes",
        ValueKind::StringsTable,
        "{}",
        "Attributes for single fields and cases: maps `ns:pkg/iface/type.member` to `#[…]`, or a list of them.",
    ),
    key(
        "std_feature",
        ValueKind::Bool,
        "false",
        "Guard code that needs `std` with `cfg(feature = \"std\")`.",
    ),
    key(
        "raw_strings",
        ValueKind::Bool,
        "false",
        "Pass string arguments as `&[u8]`.",
    ),
    key("skip", ValueKind::Strings, "[]", "Functions to omit."),
    key(
        "stubs",
        ValueKind::Bool,
        "false",
        "Also generate a stub implementation.",
    ),
    key(
        "export_prefix",
        ValueKind::String,
        "",
        "A prefix for the names of exports.",
    ),
    key(
        "with",
        ValueKind::StringTable,
        "{}",
        "Rust paths to use for interfaces or types instead of generating them; `\"generate\"` generates the interface.",
    ),
    key(
        "generate_all",
        ValueKind::Bool,
        "true",
        "Also generate interfaces of other packages that are not in `with`.",
    ),
    key(
        "merge_structurally_equal_types",
        ValueKind::Bool,
        "false",
        "Generate one type for all types with the same structure; the others become aliases.",
    ),
    key(
        "chainable_methods",
        ValueKind::Strings,
        "[]",
        "Imported methods without a result that return their resource: `all`, `ns:pkg/iface#resource` or `ns:pkg/iface#[method]resource.name`. With the prefix `&` they return a reference, with `-` they are excluded; the first match applies.",
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
        "A suffix for the name of the custom section that contains the world.",
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
        "The module that the export macro uses if none is given.",
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
        "Also generate types that are not used.",
    ),
    key(
        "disable_custom_section_link_helpers",
        ValueKind::Bool,
        "false",
        "Omit the code that makes the linker keep the custom section with the world.",
    ),
];
