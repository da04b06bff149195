//! Hints of published components: a dependency by its path is replaced by its
//! release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use semver::{Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::NoProgress;
use crate::model::component::attributes;
use crate::model::component::attributes::{Attributes, RootAttributes};
use crate::model::component::compatible::first_incompatibility;
use crate::model::component::hint::{Hint, HintLocation, HintRelease, KnownHint};
use crate::model::component::names;
use crate::model::manifest::{Dependency, DependencySource, HintPolicy, Manifest};
use crate::pipeline::fetch::component_origins::location_of_hint;
use crate::pipeline::link::built::BuiltComponents;
use crate::pipeline::link::component::hint_requirement;
use crate::pipeline::link::provided::from_path;
use crate::pipeline::project::manifests::named_registries;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::{Registries, Registry};

/// The releases that this run publishes: their digests, and the addresses where
/// others find them.
pub(super) type Outgoing = BTreeMap<(PackageRef, Version), (ContentDigest, Option<String>)>;

/// The registries in which releases are searched.
pub(super) struct ReleaseLookup<'a> {
    pub ctx: &'a Context,
    pub registries: &'a Registries<'a>,
    /// The registry of the command line that is published to.
    pub requested: Option<&'a str>,
    pub offline: bool,
    pub outgoing: &'a Outgoing,
}

/// A dependency by its path that the component was built with.
struct PathDependency {
    package: PackageRef,
    version: Option<Version>,
    file: PathBuf,
    requirement: VersionReq,
    registry: Option<String>,
}

/// Refuses entries with a path that name no release.
pub(super) fn refuse_paths(manifest: &Manifest) -> Result<()> {
    for (key, dependency) in &manifest.dependencies {
        if let DependencySource::Path {
            requirement: None, ..
        } = &dependency.source
        {
            return Err(Error::input(format!(
                "the dependency `{key}` has only a path, which others cannot use"
            ))
            .at(dependency.file.excerpt(dependency.span.clone()))
            .hint("add the `version` of its release, or use `--composed` to publish the linked component"));
        }
    }
    Ok(())
}

/// Replaces hints of dependencies by path with those of their releases.
pub(super) fn pin_hints(
    lookup: &ReleaseLookup<'_>,
    manifest: &Manifest,
    built: &BuiltComponents,
    component: &[u8],
) -> Result<Vec<u8>> {
    let mut locals: BTreeMap<PackageRef, PathDependency> = BTreeMap::new();
    for (package, component) in built.by_package() {
        let local = PathDependency {
            package: package.clone(),
            version: Some(component.version),
            file: component.file,
            requirement: VersionReq::STAR,
            registry: None,
        };
        locals.insert(package, local);
    }
    for (key, dependency) in &manifest.dependencies {
        let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
        if let Some(local) = PathDependency::of(key, dependency, built).map_err(at)? {
            locals.insert(local.package.clone(), local);
        }
    }
    let mut imports = BTreeMap::new();
    for import in names::imports(component)? {
        let hint = import.external_id.as_deref().map(Hint::parse);
        let Some(Hint::Known(known)) = hint.filter(unpinned) else {
            continue;
        };
        let HintLocation::Package { package, .. } = &known.location else {
            continue;
        };
        let local = locals.get(package).ok_or_else(|| {
            Error::input(format!("the hint `{known}` does not name a release"))
                .with_cause(format!("it is the hint of the import `{}`", import.name))
                .hint("use a release of the dependency whose hints have digests, set `hints = \"none\"`, or use `--composed` to publish the linked component")
        })?;
        let known = lookup.pin(manifest, local, known.item)?;
        let attributes = Attributes {
            implements: None,
            external_id: Some(Hint::Known(known).text()),
        };
        imports.insert(import.name, attributes);
    }
    let exports = BTreeMap::new();
    attributes::add(component, &RootAttributes { imports, exports })
}

fn unpinned(hint: &Hint) -> bool {
    hint.known().is_some_and(|known| known.digest.is_none())
}

impl PathDependency {
    /// Reads an entry with a path; `None` for other entries.
    fn of(key: &str, dependency: &Dependency, built: &BuiltComponents) -> Result<Option<Self>> {
        let DependencySource::Path {
            requirement,
            registry,
            ..
        } = &dependency.source
        else {
            return Ok(None);
        };
        let provided = from_path(key, dependency, built)?;
        let (Some(provided), Some(requirement)) = (provided, requirement) else {
            return Ok(None);
        };
        let package = provided.package.ok_or_else(|| {
            Error::input(format!("the package name of the dependency `{key}` is not known"))
                .hint("set `package` under `[package.metadata.component]` in its Cargo.toml, or add `package` to the entry")
        })?;
        if let Some(version) = &provided.version
            && !requirement.matches(version)
        {
            return Err(Error::input(format!(
                "the dependency `{key}` is `{package}@{version}` at its path, which does not match its `version`"
            ))
            .with_cause(format!("`{requirement}` is required"))
            .hint("correct `version`"));
        }
        Ok(Some(PathDependency {
            package,
            version: provided.version,
            file: provided.file,
            requirement: requirement.clone(),
            registry: registry.clone(),
        }))
    }
}

impl ReleaseLookup<'_> {
    /// The hint of the release that takes the place of a dependency.
    fn pin(
        &self,
        manifest: &Manifest,
        local: &PathDependency,
        item: Option<String>,
    ) -> Result<KnownHint> {
        let package = &local.package;
        let find_outgoing =
            |version: &Version| self.outgoing.get(&(package.clone(), version.clone()));
        let outgoing = local.version.as_ref();
        let outgoing = outgoing.and_then(|version| Some((version, find_outgoing(version)?)));
        let (version, digest, url) = match outgoing {
            Some((version, (digest, url))) => (version.clone(), digest.clone(), url.clone()),
            None => self.published(manifest, local)?,
        };
        let located = url.as_deref().and_then(location_of_hint);
        let requirement = hint_requirement(Some(&local.requirement), Some(&version));
        Ok(KnownHint {
            location: match located.filter(|_| manifest.hints == HintPolicy::Location) {
                Some(place) => place,
                None => HintLocation::Package {
                    package: package.clone(),
                    release: HintRelease::Exact(version),
                },
            },
            digest: Some(digest),
            requirement,
            item,
        })
    }

    /// Finds the release in a registry that takes the place of a dependency; an
    /// error where it lacks what the dependency has.
    fn published(
        &self,
        manifest: &Manifest,
        local: &PathDependency,
    ) -> Result<(Version, ContentDigest, Option<String>)> {
        let package = &local.package;
        let mut searched = Vec::new();
        // The registry that is published to may have earlier releases.
        let here = self.requested.filter(|_| local.registry.is_none());
        let registries = here
            .map(Some)
            .into_iter()
            .chain([local.registry.as_deref()]);
        for requested in registries {
            let registry = match self.open(manifest, package, requested) {
                // One registry that answers is enough.
                Err(_) if !searched.is_empty() => break,
                opened => opened?,
            };
            searched.push(registry.location(package));
            let version = match &local.version {
                Some(version) => Some(version.clone()),
                None => newest(&*registry, local)?,
            };
            let Some(version) = version else { continue };
            let Some(release) = registry.release(package, &version)? else {
                continue;
            };
            let cache = self.ctx.cache();
            let file = cache.get_or_fetch(&*registry, package, &release, &NoProgress)?;
            if let Some(difference) =
                first_incompatibility(&fs::read(&local.file)?, &fs::read(&file)?)?
            {
                return Err(Error::input(format!(
                    "the published `{package}@{version}` lacks exports of the package at its path"
                ))
                .with_cause(difference)
                .hint(format!(
                    "increase the version of `{package}`, and publish it too"
                )));
            }
            let url = registry.url(package, &version);
            return Ok((version, release.digest, url));
        }
        let shown = match &local.version {
            Some(version) => format!("{package}@{version}"),
            None => format!("{package}@{}", local.requirement),
        };
        let of = manifest.package.as_ref().map(ToString::to_string);
        Err(Error::input(format!(
            "`{shown}` is not published, and `{}` depends on it",
            of.unwrap_or_default()
        ))
        .with_cause(format!("it was not found in {}", searched.join(" and ")))
        .hint("publish it first, or together with this package: `cargo component publish --workspace`"))
    }

    fn open(
        &self,
        manifest: &Manifest,
        package: &PackageRef,
        requested: Option<&str>,
    ) -> Result<std::sync::Arc<dyn Registry>> {
        let route = self
            .registries
            .route(package, requested, &named_registries(manifest))?;
        if self.offline && !route.backend.is_local() {
            return Err(Error::input(format!(
                "checking the registry `{}` for `{package}` needs network access, which is disabled",
                route.name
            ))
            .hint("remove `--offline` or `--frozen`"));
        }
        self.registries.open(&route)
    }
}

/// The newest version that the requirement allows.
fn newest(registry: &dyn Registry, local: &PathDependency) -> Result<Option<Version>> {
    let listed = registry.versions(&local.package)?.unwrap_or_default();
    let fit = listed
        .into_iter()
        .filter(|listed| !listed.yanked && local.requirement.matches(&listed.version));
    Ok(fit.map(|listed| listed.version).max())
}
