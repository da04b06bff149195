//! Hints of what is published: a component that was found by its path is
//! called by its release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use semver::{Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Unseen;
use crate::model::component::attributes;
use crate::model::component::attributes::{Attributes, RootAttributes};
use crate::model::component::compatible::broken;
use crate::model::component::hint::{Hint, Known, Place, Wanted};
use crate::model::component::names;
use crate::model::manifest::{Dependency, DependencySource, HintPolicy, Manifest};
use crate::pipeline::build::dependencies::Session;
use crate::pipeline::fetch::worlds::registries;
use crate::pipeline::link::provided::{from_path, place_of, said};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::{Registries, Registry};

/// The digests of releases that go out in this run, and the text of where
/// others find them.
pub(super) type Outgoing = BTreeMap<(PackageRef, Version), (ContentDigest, Option<String>)>;

/// Where releases are looked for.
pub(super) struct Places<'a> {
    pub ctx: &'a Context,
    pub registries: &'a Registries<'a>,
    /// The registry that is published to, where the command line says it.
    pub asked: Option<&'a str>,
    pub offline: bool,
    pub outgoing: &'a Outgoing,
}

/// A component that was built with, by its path.
struct Local {
    package: PackageRef,
    version: Option<Version>,
    file: PathBuf,
    requirement: VersionReq,
    registry: Option<String>,
}

/// Refuses entries that say nothing of a release.
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

/// The component with the hints of releases in place of those of paths.
pub(super) fn pinned(
    places: &Places<'_>,
    (manifest, session): (&Manifest, &Session),
    component: &[u8],
) -> Result<Vec<u8>> {
    let mut locals: BTreeMap<PackageRef, Local> = BTreeMap::new();
    for (package, built) in session.packages() {
        let local = Local {
            package: package.clone(),
            version: Some(built.version),
            file: built.file,
            requirement: VersionReq::STAR,
            registry: None,
        };
        locals.insert(package, local);
    }
    for (key, dependency) in &manifest.dependencies {
        let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
        if let Some(local) = Local::of(key, dependency, session).map_err(at)? {
            locals.insert(local.package.clone(), local);
        }
    }
    let mut imports = BTreeMap::new();
    for import in names::imports(component)? {
        let hint = import.external_id.as_deref().map(Hint::parse);
        let Some(Hint::Known(known)) = hint.filter(unpinned) else {
            continue;
        };
        let Place::Package { package, .. } = &known.place else {
            continue;
        };
        let local = locals.get(package).ok_or_else(|| {
            Error::input(format!("the hint `{known}` does not name a release"))
                .because(format!("it is the hint of the import `{}`", import.name))
                .hint("use a release of the dependency whose hints have digests, set `hints = \"none\"`, or use `--composed` to publish the linked component")
        })?;
        let known = places.pin(manifest, local, known.item)?;
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

impl Local {
    /// That of an entry with a path; none of any other.
    fn of(key: &str, dependency: &Dependency, session: &Session) -> Result<Option<Self>> {
        let DependencySource::Path {
            requirement,
            registry,
            ..
        } = &dependency.source
        else {
            return Ok(None);
        };
        let provided = from_path(key, dependency, session)?;
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
            .because(format!("`{requirement}` is required"))
            .hint("correct `version`"));
        }
        Ok(Some(Local {
            package,
            version: provided.version,
            file: provided.file,
            requirement: requirement.clone(),
            registry: registry.clone(),
        }))
    }
}

impl Places<'_> {
    /// The hint of the release that takes the place of a component.
    fn pin(&self, manifest: &Manifest, local: &Local, item: Option<String>) -> Result<Known> {
        let package = &local.package;
        let going = |version: &Version| self.outgoing.get(&(package.clone(), version.clone()));
        let going = local.version.as_ref().and_then(|v| Some((v, going(v)?)));
        let (version, digest, url) = match going {
            Some((version, (digest, url))) => (version.clone(), digest.clone(), url.clone()),
            None => self.published(manifest, local)?,
        };
        let located = url.as_deref().and_then(place_of);
        let requirement = said(Some(&local.requirement), Some(&version));
        Ok(Known {
            place: match located.filter(|_| manifest.hints == HintPolicy::Location) {
                Some(place) => place,
                None => Place::Package {
                    package: package.clone(),
                    release: Wanted::Exact(version),
                },
            },
            digest: Some(digest),
            requirement,
            item,
        })
    }

    /// The release of a registry that takes the place of a component, which
    /// has to have what the component has.
    fn published(
        &self,
        manifest: &Manifest,
        local: &Local,
    ) -> Result<(Version, ContentDigest, Option<String>)> {
        let package = &local.package;
        let mut looked = Vec::new();
        // Where this run publishes, others may have been published before.
        let here = self.asked.filter(|_| local.registry.is_none());
        let ways = here
            .map(Some)
            .into_iter()
            .chain([local.registry.as_deref()]);
        for asked in ways {
            let registry = match self.open(manifest, package, asked) {
                // One place is enough.
                Err(_) if !looked.is_empty() => break,
                opened => opened?,
            };
            looked.push(registry.location(package));
            let version = match &local.version {
                Some(version) => Some(version.clone()),
                None => newest(&*registry, local)?,
            };
            let Some(version) = version else { continue };
            let Some(release) = registry.release(package, &version)? else {
                continue;
            };
            let cache = self.ctx.cache();
            let file = cache.get_or_fetch(&*registry, package, &release, &Unseen)?;
            if let Some(told) = broken(&fs::read(&local.file)?, &fs::read(&file)?)? {
                return Err(Error::input(format!(
                    "the published `{package}@{version}` lacks exports of the package at its path"
                ))
                .because(told)
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
        .because(format!("it was not found in {}", looked.join(" and ")))
        .hint("publish it first, or together with this package: `cargo component publish --workspace`"))
    }

    fn open(
        &self,
        manifest: &Manifest,
        package: &PackageRef,
        asked: Option<&str>,
    ) -> Result<std::sync::Arc<dyn Registry>> {
        let route = self
            .registries
            .route(package, asked, &registries(manifest))?;
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

/// The newest version that will do.
fn newest(registry: &dyn Registry, local: &Local) -> Result<Option<Version>> {
    let listed = registry.versions(&local.package)?.unwrap_or_default();
    let fit = listed
        .into_iter()
        .filter(|listed| !listed.yanked && local.requirement.matches(&listed.version));
    Ok(fit.map(|listed| listed.version).max())
}
