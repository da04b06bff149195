//! Hints of published components: a dependency by its path is replaced by its
//! release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use semver::{Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::NoProgress;
use crate::model::component;
use crate::model::component::WasmKind;
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
use crate::pipeline::release::Destination;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Registry;

/// The releases that this run publishes: their digests, and the addresses where
/// others find them.
pub(super) type Outgoing = BTreeMap<(PackageRef, Version), (ContentDigest, Option<String>)>;

/// The releases that take the place of dependencies by path, by their packages.
pub(super) type PathReleases = BTreeMap<PackageRef, PathRelease>;

/// The registries in which releases are searched.
pub(super) struct ReleaseLookup<'a> {
    pub ctx: &'a Context,
    pub destination: &'a Destination<'a>,
    /// The releases that this run publishes, and which are not looked for.
    pub outgoing: &'a BTreeSet<(PackageRef, Version)>,
}

/// A dependency by its path, and the release that takes its place.
pub(super) struct PathRelease {
    local: PathDependency,
    /// What a registry has, which matters only if a hint names the package; `None` for
    /// what this run publishes.
    published: Option<Result<PublishedRelease>>,
}

/// A release that a registry has.
#[derive(Clone)]
struct PublishedRelease {
    version: Version,
    digest: ContentDigest,
    /// The address where others find it.
    url: Option<String>,
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

/// The packages that hints of imports name without a digest.
pub(super) fn hinted_packages(imports: &BTreeMap<String, Attributes>) -> BTreeSet<PackageRef> {
    let hints = imports
        .values()
        .filter_map(|import| import.external_id.as_deref());
    let package = |text: &str| {
        let hint = Some(Hint::parse(text)).filter(unpinned)?;
        match &hint.known()?.location {
            HintLocation::Package { package, .. } => Some(package.clone()),
            _ => None,
        }
    };
    hints.filter_map(package).collect()
}

/// Finds the releases that take the place of a manifest's dependencies by path, and of
/// those that these have, as far as the hints of the component will name them.
pub(super) fn path_releases(
    lookup: &ReleaseLookup<'_>,
    manifest: &Manifest,
    built: &BuiltComponents,
    hinted: &BTreeSet<PackageRef>,
) -> Result<PathReleases> {
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
    let release = |(package, local): (PackageRef, PathDependency)| {
        let named = local
            .version
            .clone()
            .map(|version| (package.clone(), version));
        let is_outgoing = named.is_some_and(|release| lookup.outgoing.contains(&release));
        let published = (!is_outgoing).then(|| lookup.published(manifest, &local));
        (package, PathRelease { local, published })
    };
    let locals = locals.into_iter();
    let locals = locals.filter(|(package, _)| hinted.contains(package));
    Ok(locals.map(release).collect())
}

/// Replaces hints of dependencies by path with those of their releases.
pub(super) fn pin_hints(
    releases: &PathReleases,
    outgoing: &Outgoing,
    manifest: &Manifest,
    bytes: &[u8],
) -> Result<Vec<u8>> {
    let mut imports = BTreeMap::new();
    for import in names::imports(bytes)? {
        let hint = import.external_id.as_deref().map(Hint::parse);
        let Some(Hint::Known(known)) = hint.filter(unpinned) else {
            continue;
        };
        let HintLocation::Package { package, .. } = &known.location else {
            continue;
        };
        let release = releases.get(package).ok_or_else(|| {
            Error::input(format!("the hint `{known}` does not name a release"))
                .with_cause(format!("it is the hint of the import `{}`", import.name))
                .hint("use a release of the dependency whose hints have digests, set `hints = \"none\"`, or use `--composed` to publish the linked component")
        })?;
        let known = release.pin(outgoing, manifest, known.item)?;
        let attributes = Attributes {
            implements: None,
            external_id: Some(Hint::Known(known).text()),
        };
        imports.insert(import.name, attributes);
    }
    let exports = BTreeMap::new();
    attributes::add(bytes, &RootAttributes { imports, exports })
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

impl PathRelease {
    /// The hint of the release, which has the digest of its content.
    fn pin(
        &self,
        outgoing: &Outgoing,
        manifest: &Manifest,
        item: Option<String>,
    ) -> Result<KnownHint> {
        let package = &self.local.package;
        let PublishedRelease {
            version,
            digest,
            url,
        } = match &self.published {
            Some(published) => published.clone()?,
            None => self.outgoing(outgoing)?,
        };
        let located = url.as_deref().and_then(location_of_hint);
        let requirement = hint_requirement(Some(&self.local.requirement), Some(&version));
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

    /// The release among those that this run publishes before.
    fn outgoing(&self, outgoing: &Outgoing) -> Result<PublishedRelease> {
        let package = &self.local.package;
        let found = self.local.version.clone().and_then(|version| {
            let (digest, url) = outgoing.get(&(package.clone(), version.clone()))?;
            Some(PublishedRelease {
                version,
                digest: digest.clone(),
                url: url.clone(),
            })
        });
        found.ok_or_else(|| {
            Error::input(format!(
                "`{package}` depends on the package that is published before it"
            ))
            .hint("remove one of the two dependencies")
        })
    }
}

impl ReleaseLookup<'_> {
    /// Finds the release in a registry that takes the place of a dependency; an
    /// error where it lacks what the dependency has.
    fn published(&self, manifest: &Manifest, local: &PathDependency) -> Result<PublishedRelease> {
        let package = &local.package;
        let mut searched = Vec::new();
        // The registry that is published to may have earlier releases.
        let here = self
            .destination
            .requested
            .filter(|_| local.registry.is_none());
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
            let bytes = fs::read(&file)?;
            let is_component = component::kind(&bytes) == Some(WasmKind::Component);
            if !is_component || component::has_only_types(&bytes) {
                return Err(Error::input(format!(
                    "the published `{package}@{version}` is not a component, unlike the package at its path"
                ))
                .with_cause(format!("it is in {}", registry.location(package)))
                .hint(format!(
                    "increase the version of `{package}`, and publish it too"
                )));
            }
            if let Some(difference) = first_incompatibility(&fs::read(&local.file)?, &bytes)? {
                return Err(Error::input(format!(
                    "the published `{package}@{version}` lacks exports of the package at its path"
                ))
                .with_cause(difference)
                .hint(format!(
                    "increase the version of `{package}`, and publish it too"
                )));
            }
            let url = registry.url(package, &version);
            return Ok(PublishedRelease {
                version,
                digest: release.digest,
                url,
            });
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
        let registries = self.destination.registries;
        let route = registries.route(package, requested, &named_registries(manifest))?;
        if self.destination.offline && !route.backend.is_local() {
            return Err(Error::input(format!(
                "checking the registry `{}` for `{package}` needs network access, which is disabled",
                route.name
            ))
            .hint("remove `--offline` or `--frozen`"));
        }
        registries.open(&route)
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
