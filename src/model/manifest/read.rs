//! From the text of a Cargo.toml to [`Manifest`] and [`WorkspaceManifest`].

use std::collections::BTreeMap;
use std::str::FromStr as _;

use toml_edit::{Document, Item};

use super::dependency::{Dependency, DependencySource};
use super::file::ManifestFile;
use super::keys;
use super::read_bindings::settings;
use super::section::{HintPolicy, Manifest, WorkspaceManifest, WorldCheck};
use super::table::Table;
use super::target::{LocalTarget, OciTarget, RegistryTarget, Target};
use super::wasi::policy;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::{PackageRef, is_label};
use crate::model::capabilities::{CapabilityPattern, CapabilityRules};

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
    if let Some(dependencies) = table.table("dependencies")? {
        manifest.dependencies = self::dependencies(&dependencies, workspace)?;
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
    if let Some(dependencies) = table.table("dependencies")? {
        // Nothing is inherited here, and `workspace = true` finds nothing.
        manifest.dependencies = self::dependencies(&dependencies, &WorkspaceManifest::default())?;
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

/// Reads what is allowed, denied and stubbed.
fn rules(table: &Table<'_>) -> Result<CapabilityRules> {
    let patterns = |key: &str| -> Result<Option<Vec<CapabilityPattern>>> {
        let Some(texts) = table.strings(key)? else {
            return Ok(None);
        };
        let read = texts.iter().map(|text| text.parse::<CapabilityPattern>());
        let read: Result<Vec<CapabilityPattern>> = read.collect();
        let at = |e: Error| e.at(table.file.excerpt(table.entry_span(key)));
        read.map(Some).map_err(at)
    };
    Ok(CapabilityRules {
        allow: patterns("allow")?,
        deny: patterns("deny")?.unwrap_or_default(),
        stub: patterns("stub")?.unwrap_or_default(),
    })
}

fn package_ref(table: &Table<'_>, key: &str) -> Result<Option<PackageRef>> {
    let Some(text) = table.string(key)? else {
        return Ok(None);
    };
    let parsed = PackageRef::from_str(&text);
    parsed
        .map(Some)
        .map_err(|e| e.at(table.file.excerpt(table.entry_span(key))))
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

/// Reads the artifact under `oci`. Its whole syntax is checked where it is
/// fetched.
fn reference(table: &Table<'_>) -> Result<Option<String>> {
    let reference = table.string("oci")?;
    match reference.as_deref() {
        Some(text) if !text.contains('/') => Err(table
            .error(
                "oci",
                format!("invalid OCI reference `{text}` in `{}`", table.name),
            )
            .hint("use `host/repository:tag` or `host/repository@sha256:…`")),
        _ => Ok(reference),
    }
}

pub(super) fn dependencies(
    table: &Table<'_>,
    workspace: &WorkspaceManifest,
) -> Result<BTreeMap<String, Dependency>> {
    table
        .entries()
        .map(|(key, item)| Ok((key.to_owned(), dependency(table, key, item, workspace)?)))
        .collect()
}

/// Reads dependencies on packages of WIT, which can do nothing.
fn wit_dependencies(
    table: &Table<'_>,
    workspace: &WorkspaceManifest,
) -> Result<BTreeMap<String, Dependency>> {
    let dependencies = dependencies(table, workspace)?;
    let mut entries = dependencies.iter();
    match entries.find(|(_, dependency)| !dependency.capabilities.is_empty()) {
        None => Ok(dependencies),
        Some((key, _)) => Err(table
            .error(
                key,
                format!(
                    "`allow`, `deny` and `stub` of `{key}` in `{}` have no meaning",
                    table.name
                ),
            )
            .hint("remove them: a package of WIT does nothing, only components do")),
    }
}

fn dependency(
    table: &Table<'_>,
    key: &str,
    item: &Item,
    workspace: &WorkspaceManifest,
) -> Result<Dependency> {
    let named = PackageRef::from_str(key);
    if named.is_err() && !is_label(key) {
        return Err(table
            .file
            .error(
                table.key_span(key),
                format!("invalid dependency name `{key}` in `{}`", table.name),
            )
            .hint("use `namespace:name` for a package, or a label in lower case"));
    }
    let needs_package = || {
        table
            .file
            .error(
                table.key_span(key),
                format!(
                    "the dependency `{key}` in `{}` has no package name",
                    table.name
                ),
            )
            .hint(format!("add `package = \"namespace:{key}\"`"))
    };
    let span = table.entry_span(key);
    let file = table.file.clone();
    if item.is_str() {
        let requirement = table.requirement(key)?.unwrap_or_default();
        return Ok(Dependency {
            package: Some(named.map_err(|_| needs_package())?),
            source: DependencySource::Registry {
                requirement,
                registry: None,
            },
            capabilities: CapabilityRules::default(),
            file,
            span,
        });
    }
    let Some(entry) = table.table_or(key, "a version or a table")? else {
        return Err(needs_package());
    };
    let entry = entry.known(keys::DEPENDENCY)?;
    if entry.has("workspace") {
        return inherited(&entry, key, workspace);
    }
    let package = package_ref(&entry, "package")?.or(named.ok());
    let capabilities = rules(&entry)?;
    let source = dependency_source(&entry)?;
    if package.is_none() && matches!(source, DependencySource::Registry { .. }) {
        return Err(needs_package());
    }
    Ok(Dependency {
        package,
        source,
        capabilities,
        file,
        span,
    })
}

fn dependency_source(entry: &Table<'_>) -> Result<DependencySource> {
    let requirement = entry.requirement("version")?;
    let registry = entry.string("registry")?;
    if let Some(reference) = reference(entry)? {
        let other = ["version", "registry", "path"];
        return match other.into_iter().find(|key| entry.has(key)) {
            Some(key) => Err(entry
                .error(
                    key,
                    format!("cannot specify both `oci` and `{key}` fields in a dependency entry"),
                )
                .hint("the version is the tag or digest of the reference")),
            None => Ok(DependencySource::Oci { reference }),
        };
    }
    if let Some(path) = entry.path("path")? {
        let unversioned = ["registry", "package"]
            .into_iter()
            .find(|key| entry.has(key) && requirement.is_none());
        if let Some(key) = unversioned {
            return Err(entry
                .error(
                    key,
                    format!("cannot specify both `path` and `{key}` fields in a dependency entry"),
                )
                .hint("add `version` to set the release to use once published"));
        }
        return Ok(DependencySource::Path {
            path,
            requirement,
            registry,
        });
    }
    match requirement {
        Some(requirement) => Ok(DependencySource::Registry {
            requirement,
            registry,
        }),
        None => {
            let message = format!("missing field `version` in `{}`", entry.name);
            let at = ["package", "registry"]
                .into_iter()
                .find(|key| entry.has(key));
            let place = at.map_or_else(|| entry.span(), |key| entry.entry_span(key));
            Err(entry
                .file
                .error(place, message)
                .hint("add `version = \"…\"`, `path = \"…\"` or `oci = \"…\"`"))
        }
    }
}

/// Reads `{ workspace = true }`, which has no other key.
fn inherited(entry: &Table<'_>, key: &str, workspace: &WorkspaceManifest) -> Result<Dependency> {
    if entry.bool("workspace")? != Some(true) {
        return Err(entry.error("workspace", "`workspace` can only be `true`"));
    }
    if let Some((other, _)) = entry.entries().find(|(name, _)| *name != "workspace") {
        return Err(entry.error(
            other,
            format!(
                "`{other}` cannot be used with `workspace = true` in `{}`",
                entry.name
            ),
        ));
    }
    workspace.dependencies.get(key).cloned().ok_or_else(|| {
        let message = format!(
            "`{key}` is inherited, but `workspace.metadata.component.dependencies` has no such key"
        );
        let error = entry.error("workspace", message);
        let known = workspace.dependencies.keys().map(String::as_str);
        match nearest(key, known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!(
                "add `\"{key}\" = \"…\"` under `[workspace.metadata.component.dependencies]`"
            )),
        }
    })
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
