//! From the text of a Cargo.toml to [`Manifest`] and [`WorkspaceManifest`].

use std::collections::BTreeMap;
use std::str::FromStr as _;

use toml_edit::Document;

use super::file::ManifestFile;
use super::keys;
use super::read_bindings::settings;
use super::read_dependencies::{
    artifacts, dependencies, package_ref, reference, rules, wit_dependencies,
};
use super::section::{HintPolicy, Manifest, WorkspaceManifest, WorldCheck};
use super::table::Table;
use super::target::{LocalTarget, OciTarget, RegistryTarget, Target};
use super::wasi::policy;
use crate::base::error::Result;
use crate::base::package::PackageRef;

/// Reads the component part of a package's manifest. Without the section it has
/// the defaults, and `declared` is false.
///
/// Errors name the key, with its line and column.
pub fn read(file: ManifestFile, workspace: &WorkspaceManifest) -> Result<Manifest> {
    let document = parse(&file)?;
    let section = section(&file, &document, "package")?;
    let mut manifest = Manifest {
        declared: section.is_some(),
        package: None,
        target: Target::Local(LocalTarget::default()),
        dependencies: BTreeMap::new(),
        artifacts: BTreeMap::new(),
        dev_dependencies: BTreeMap::new(),
        capabilities: workspace.capabilities.clone(),
        registries: workspace.registries.clone(),
        adapter: workspace.adapter.clone(),
        adapter_at: workspace.adapter_at.clone(),
        proxy: false,
        wasi: None,
        bindings: workspace.bindings.clone(),
        world_check: WorldCheck::default(),
        hints: HintPolicy::default(),
        compose: false,
        file: file.clone(),
    };
    let Some(table) = section else {
        return Ok(manifest);
    };
    let table = table.known(keys::COMPONENT)?;
    manifest.package = package_ref(&table, "package")?;
    if let Some(item) = table.get("target") {
        manifest.target = match item.as_str() {
            Some(text) => Target::Registry(target_string(&table, text)?),
            None => target_table(table.table_or("target", "a string or a table")?, workspace)?,
        };
    }
    if let Some(entries) = table.table("dependencies")? {
        manifest.dependencies = dependencies(&entries, workspace)?;
    }
    if let Some(entries) = table.table("artifacts")? {
        manifest.artifacts = artifacts(&entries)?;
        // A host that only embeds components is none itself.
        let mut keys = table.entries().map(|(key, _)| key);
        manifest.declared = keys.any(|key| !["artifacts", "registries"].contains(&key));
    }
    if let Some(dependencies) = table.table("dev-dependencies")? {
        let read = self::dependencies(&dependencies, workspace)?.into_iter();
        manifest.dev_dependencies = read.map(|(key, of)| (key, of.for_tests())).collect();
    }
    manifest.registries.extend(registries(&table)?);
    if let Some(adapter) = table.path("adapter")? {
        manifest.adapter = Some(adapter);
        manifest.adapter_at = Some(table.file.excerpt(table.entry_span("adapter")));
    }
    manifest.proxy = table.bool("proxy")?.unwrap_or(false);
    manifest.wasi = policy(&table)?;
    if manifest.wasi.is_some() {
        // That of the workspace is for members that do not say otherwise.
        (manifest.adapter, manifest.adapter_at) = (None, None);
    }
    if let Some(bindings) = table.table("bindings")? {
        settings(&bindings.known(keys::BINDINGS)?, &mut manifest.bindings)?;
    }
    let check = table.word("world-check", &["allow", "warn", "deny"])?;
    // The imports of a library without WASI are what it is about.
    let default = usize::from(manifest.wasi.is_some());
    manifest.world_check =
        [WorldCheck::Allow, WorldCheck::Warn, WorldCheck::Deny][check.unwrap_or(default)];
    let hints = table.word("hints", &["location", "package", "none"])?;
    manifest.hints =
        [HintPolicy::Location, HintPolicy::Package, HintPolicy::None][hints.unwrap_or(0)];
    manifest.compose = table.bool("compose")?.unwrap_or(false);
    Ok(manifest)
}

/// Reads what the workspace of this manifest shares, if it shares anything.
pub fn read_workspace(file: &ManifestFile) -> Result<WorkspaceManifest> {
    let document = parse(file)?;
    let mut manifest = WorkspaceManifest::default();
    let Some(table) = section(file, &document, "workspace")? else {
        return Ok(manifest);
    };
    let table = table.known(keys::WORKSPACE)?;
    manifest.registries = registries(&table)?;
    manifest.adapter = table.path("adapter")?;
    let at = || table.file.excerpt(table.entry_span("adapter"));
    manifest.adapter_at = manifest.adapter.as_ref().map(|_| at());
    if let Some(bindings) = table.table("bindings")? {
        settings(&bindings.known(keys::BINDINGS)?, &mut manifest.bindings)?;
    }
    if let Some(entries) = table.table("dependencies")? {
        // Nothing is inherited here, and `workspace = true` finds nothing.
        manifest.dependencies = dependencies(&entries, &WorkspaceManifest::default())?;
    }
    if let Some(capabilities) = table.table("capabilities")? {
        manifest.capabilities = rules(&capabilities.known(keys::CAPABILITIES)?)?;
    }
    Ok(manifest)
}

pub(super) fn parse(file: &ManifestFile) -> Result<Document<String>> {
    Document::parse(file.text.to_string()).map_err(|e| {
        let message = format!("failed to read `{}`", file.path.display());
        file.error(e.span().unwrap_or_default(), message)
            .with_cause(e.message())
    })
}

/// The table `[<root>.metadata.component]`, if it exists.
fn section<'a>(
    file: &'a ManifestFile,
    document: &'a Document<String>,
    root: &str,
) -> Result<Option<Table<'a>>> {
    Table::section(file, document.as_table(), root)
}

/// Reads a target in the form `namespace:name[/world]@requirement`.
fn target_string(table: &Table<'_>, text: &str) -> Result<RegistryTarget> {
    let error = |message: String| table.error("target", message);
    let Some((name, requirement)) = text.split_once('@') else {
        return Err(
            error(format!("invalid target `{text}`: expected target format `<package-name>[/<world>]@<version>`"))
                .hint(format!("add the version: `{text}@<version>`, or use `target = {{ path = \"…\" }}` for local WIT")),
        );
    };
    let (package, world) = match name.split_once('/') {
        Some((package, world)) => (package, Some(world)),
        None => (name, None),
    };
    if let Some(world) = world
        && let Err(cause) = wit_parser::validate_id(world)
    {
        return Err(error(format!("invalid target world name `{world}`")).with_cause(cause));
    }
    Ok(RegistryTarget {
        package: PackageRef::from_str(package)
            .map_err(|e| e.at(table.file.excerpt(table.entry_span("target"))))?,
        world: world.map(str::to_owned),
        requirement: requirement.parse().map_err(|e| {
            error(format!("invalid target version `{requirement}`"))
                .with_cause(e)
                .hint("use cargo's syntax, such as `@1.2` or `@=1.2.3`")
        })?,
        registry: None,
        span: table.entry_span("target"),
    })
}

fn target_table(table: Option<Table<'_>>, workspace: &WorkspaceManifest) -> Result<Target> {
    let Some(table) = table else {
        return Ok(Target::Local(LocalTarget::default()));
    };
    let table = table.known(keys::TARGET)?;
    let conflict = |key: &str, other: &str| {
        table.error(
            key,
            format!("cannot specify both `{key}` and `{other}` fields in a target entry"),
        )
    };
    let world = table.string("world")?;
    let requirement = table.requirement("version")?;
    let registry = table.string("registry")?;
    let dependencies = table
        .table("dependencies")?
        .map(|dependencies| wit_dependencies(&dependencies, workspace))
        .transpose()?;
    if let Some(reference) = reference(&table)? {
        let other = ["package", "version", "registry", "path"];
        if let Some(other) = other.into_iter().find(|key| table.has(key)) {
            return Err(
                conflict(other, "oci").hint("the artifact contains its package name and version")
            );
        }
        if dependencies.as_ref().is_some_and(|d| !d.is_empty()) {
            return Err(conflict("dependencies", "oci")
                .hint("the artifact contains its package name and version"));
        }
        return Ok(Target::Oci(OciTarget {
            reference,
            world,
            span: table.entry_span("oci"),
        }));
    }
    if let Some(package) = package_ref(&table, "package")? {
        if dependencies.as_ref().is_some_and(|d| !d.is_empty()) {
            return Err(conflict("dependencies", "package"));
        }
        if table.has("path") {
            return Err(conflict("path", "package"));
        }
        let Some(requirement) = requirement else {
            return Err(table
                .error("package", "missing field `version`")
                .hint(format!(
                    "add `version = \"…\"` beside `package = \"{package}\"`"
                )));
        };
        return Ok(Target::Registry(RegistryTarget {
            package,
            world,
            requirement,
            registry,
            span: table.entry_span("package"),
        }));
    }
    for key in ["version", "registry"] {
        if table.has(key) {
            return Err(conflict(key, "path").hint("a target of a registry also needs `package`"));
        }
    }
    let named = ["world", "path"].into_iter().find(|key| table.has(key));
    Ok(Target::Local(LocalTarget {
        path: table.path("path")?,
        world,
        dependencies,
        span: named.map(|key| table.entry_span(key)).unwrap_or_default(),
    }))
}

fn registries(table: &Table<'_>) -> Result<BTreeMap<String, String>> {
    let Some(table) = table.table("registries")? else {
        return Ok(BTreeMap::new());
    };
    let mut registries = BTreeMap::new();
    for (name, item) in table.entries() {
        let url = match item.as_str() {
            Some(text) => Some(text.to_owned()),
            None => match table.table_or(name, "a URL or a table with `url`")? {
                Some(entry) => entry.known(keys::REGISTRY)?.string("url")?,
                None => None,
            },
        };
        let missing = || {
            table
                .error(name, format!("the registry `{name}` has no `url`"))
                .hint(format!("write `{name} = {{ url = \"https://…\" }}`"))
        };
        let url = url.ok_or_else(missing)?;
        if url.is_empty() {
            return Err(missing());
        }
        // Relative to the file that has it, whoever inherits it.
        let relative = url
            .strip_prefix("file:")
            .filter(|path| !path.starts_with("//"));
        let relative = relative.or(Some(url.as_str()).filter(|url| url.starts_with('.')));
        let url = match relative {
            Some(path) => format!("file:{}", table.file.dir().join(path).display()),
            None => url,
        };
        registries.insert(name.to_owned(), url);
    }
    Ok(registries)
}
