//! From tables of dependencies, and of components that a host embeds, to
//! [`Dependency`] and [`EmbeddedComponent`].

use std::collections::BTreeMap;
use std::str::FromStr as _;

use toml_edit::Item;

use super::dependency::{Dependency, DependencySource};
use super::embedded::EmbeddedComponent;
use super::entry_keys::{ARTIFACT, DEPENDENCY};
use super::keys::Key;
use super::section::WorkspaceManifest;
use super::table::Table;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::{PackageRef, is_label};
use crate::model::capabilities::{CapabilityPattern, CapabilityRules};

/// Reads what is allowed, denied and stubbed.
pub(super) fn rules(table: &Table<'_>) -> Result<CapabilityRules> {
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

pub(super) fn package_ref(table: &Table<'_>, key: &str) -> Result<Option<PackageRef>> {
    let Some(text) = table.string(key)? else {
        return Ok(None);
    };
    let parsed = PackageRef::from_str(&text);
    parsed
        .map(Some)
        .map_err(|e| e.at(table.file.excerpt(table.entry_span(key))))
}

/// Reads the artifact under `oci`. Its whole syntax is checked where it is
/// fetched.
pub(super) fn reference(table: &Table<'_>) -> Result<Option<String>> {
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
        .map(|(key, item)| {
            let read = dependency(table, key, item, DEPENDENCY, workspace)?;
            Ok((key.to_owned(), read))
        })
        .collect()
}

/// Reads the components that a host embeds.
pub(super) fn artifacts(table: &Table<'_>) -> Result<BTreeMap<String, EmbeddedComponent>> {
    let mut found: BTreeMap<String, EmbeddedComponent> = BTreeMap::new();
    for (key, item) in table.entries() {
        let compose = match table.get(key).is_some_and(Item::is_table_like) {
            true => table.table(key)?.map(|entry| entry.bool("compose")),
            false => None,
        };
        let compose = compose.transpose()?.flatten().unwrap_or(false);
        let read = dependency(table, key, item, ARTIFACT, &WorkspaceManifest::default())?;
        let embedded = EmbeddedComponent {
            dependency: read,
            compose,
        };
        let variable = EmbeddedComponent::variable(key);
        let mut keys = found.keys();
        if let Some(other) = keys.find(|other| EmbeddedComponent::variable(other) == variable) {
            let file = &table.file;
            return Err(file
                .error(
                    table.key_span(key),
                    format!(
                        "`{other}` and `{key}` in `{}` have one variable, `{variable}`",
                        table.name
                    ),
                )
                .hint(format!(
                    "rename `{key}`; name its package by `package = \"…\"`"
                )));
        }
        found.insert(key.to_owned(), embedded);
    }
    Ok(found)
}

/// Reads dependencies on packages of WIT, which can do nothing.
pub(super) fn wit_dependencies(
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
    keys: &[Key],
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
    let entry = entry.known(keys)?;
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
