//! Access to registries for packages and artifacts that a command line names.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use semver::{Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::progress::{Progress, ProgressSize};
use crate::model::resolver::ListedVersion;
use crate::pipeline::fetch::look_up::similar;
use crate::pipeline::project::current_package::manifest_of_current_package;
use crate::pipeline::project::manifests::named_registries;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;
use crate::system::registry::cache::{Cache, ProgressWriter};
use crate::system::registry::routes;
use crate::system::registry::routes::{ManifestRegistries, Route};
use crate::system::registry::stored::StoredFiles;
use crate::system::registry::{Artifacts, FoundArtifact, Reference, Registries, Registry, Release};

/// A package or artifact that a command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A package, with the version that is selected.
    Package(PackageRef, VersionSelection),
    /// An artifact of an OCI registry.
    Reference(Reference),
}

/// The version of a package that is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionSelection {
    /// The highest version, including pre-releases.
    Newest,
    /// Exactly this version is requested.
    Exactly(Version),
    /// The highest version that satisfies the requirement.
    Matching(VersionReq),
}

impl FromStr for Subject {
    type Err = Error;

    /// Parses a package, `namespace:name`, with an optional version or requirement
    /// after `@`, or an OCI reference, whose name contains a `/`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        if name.contains('/') {
            return text.parse().map(Subject::Reference);
        }
        let package = name.parse::<PackageRef>()?;
        let pick = match version {
            None => VersionSelection::Newest,
            Some(version) => match (version.parse(), version.parse()) {
                (Ok(version), _) => VersionSelection::Exactly(version),
                (_, Ok(requirement)) => VersionSelection::Matching(requirement),
                (_, Err(e)) => {
                    return Err(Error::usage(format!(
                        "invalid version `{version}` of `{package}`"
                    ))
                    .with_cause(e)
                    .hint("use a version, such as `1.2.3`, or a requirement, such as `1.2`"));
                }
            },
        };
        Ok(Subject::Package(package, pick))
    }
}

/// The options by which a command reaches registries.
#[derive(Clone, Debug, Default)]
pub struct AccessOptions {
    /// The name or address of the registry, instead of the configured one.
    pub registry: Option<String>,
    /// How the network may be used.
    pub mode: LockMode,
}

/// The registries that apply in the current directory: those of its package, if
/// there is one, and those of the configuration.
pub(crate) struct Access<'a> {
    ctx: &'a Context,
    pub(super) registries: Registries<'a>,
    pub(super) named: ManifestRegistries,
    pub(super) registry_option: Option<String>,
    offline: bool,
    pub cache: Cache,
}

/// A release that was found in a registry.
pub(crate) struct LocatedRelease {
    pub release: Release,
    pub registry: Arc<dyn Registry>,
    pub route: Route,
}

impl<'a> Access<'a> {
    pub fn new(ctx: &'a Context, options: &AccessOptions) -> Result<Self> {
        let mode = Config::load(&ctx.cwd, &ctx.env, &[])?.lock_mode(options.mode)?;
        let registry_option = options.registry.as_deref();
        let registry_option = registry_option.map(|name| on_command_line(ctx, name));
        let mut registries = ctx.registries(&ctx.cwd)?;
        let named = named_registries(&manifest_of_current_package(ctx)?);
        // A name that the manifest gives to an address is not the user's word.
        let address = registry_option.as_deref();
        let address =
            address.filter(|registry_option| !named.registries.contains_key(*registry_option));
        if let Some(host) = address.and_then(routes::host_of_address) {
            registries = registries.with_host(host);
        }
        Ok(Access {
            ctx,
            registries,
            named,
            registry_option,
            offline: mode.is_offline(),
            cache: ctx.cache(),
        })
    }

    /// The route to the registry of a package.
    fn route(&self, package: &PackageRef) -> Result<Route> {
        let mut route =
            self.registries
                .route(package, self.registry_option.as_deref(), &self.named)?;
        if self.registry_option.is_some() {
            route.chosen_by = "`--registry`".to_owned();
        }
        self.allowed(route)
    }

    /// Whether a route needs the network, which is disabled.
    pub fn is_disabled(&self, route: &Route) -> bool {
        self.offline && !route.backend.is_local()
    }

    /// Whether network access is disabled.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// Refuses a route that needs the network where that is disabled.
    fn allowed(&self, route: Route) -> Result<Route> {
        match self.is_disabled(&route) {
            true => Err(Error::input(format!(
                "accessing the registry `{}` needs network access, which is disabled",
                route.name
            ))
            .hint("remove `--offline` or `--frozen`")),
            false => Ok(route),
        }
    }

    /// The registry of a package, with the route to it.
    pub fn open(&self, package: &PackageRef) -> Result<(Arc<dyn Registry>, Route)> {
        let route = self.route(package)?;
        Ok((self.registries.open(&route)?, route))
    }

    /// All versions of a package, the newest first.
    pub fn versions(
        &self,
        package: &PackageRef,
        registry: &dyn Registry,
        route: &Route,
    ) -> Result<Vec<ListedVersion>> {
        let versions = registry.versions(package);
        let versions = versions.map_err(|e| with_route(e, route))?;
        let mut versions = versions
            .filter(|versions| !versions.is_empty())
            .ok_or_else(|| {
                let error =
                    Error::input(format!("the package `{package}` was not found")).with_cause(
                        format!("it was not found in {}", registry.location(package)),
                    );
                with_route(error, route).hint(match similar(registry, package) {
                    Some(similar) => format!("did you mean `{similar}`?"),
                    None => "check the name, or give another registry with `--registry`".to_owned(),
                })
            })?;
        versions.sort_by(|a, b| b.version.cmp(&a.version));
        Ok(versions)
    }

    /// Finds the selected release of a package in its registry.
    pub fn locate(&self, package: &PackageRef, pick: &VersionSelection) -> Result<LocatedRelease> {
        let (registry, route) = self.open(package)?;
        let version = match pick {
            VersionSelection::Exactly(version) => version.clone(),
            _ => {
                let versions = self.versions(package, &*registry, &route)?;
                choose(package, pick, &versions)?
            }
        };
        let release = registry.release(package, &version);
        match release.map_err(|e| with_route(e, &route))? {
            Some(release) => Ok(LocatedRelease {
                release,
                registry,
                route,
            }),
            None => Err(with_route(
                Error::input(format!("`{package}@{version}` was not found"))
                    .with_cause(format!(
                        "it was not found in {}",
                        registry.location(package)
                    ))
                    .hint(format!("see `cargo component registry versions {package}`")),
                &route,
            )),
        }
    }

    /// The selected version of a package with its file in the cache; `None` unless
    /// network access is disabled and the cache has a version.
    pub fn cached(
        &self,
        package: &PackageRef,
        pick: &VersionSelection,
    ) -> Result<Option<(Version, PathBuf)>> {
        let registry_option = self.registry_option.as_deref();
        let route = self
            .registries
            .route(package, registry_option, &self.named)?;
        if !self.offline || route.backend.is_local() {
            return Ok(None);
        }
        let address = route.backend.to_string();
        let mut there = Vec::new();
        for record in StoredFiles::read(&self.cache)?.records {
            let digest = self
                .cache
                .recorded_digest(package, &record.version, &address);
            let file = digest.and_then(|digest| self.cache.get(&digest));
            if let Some(file) = file.filter(|_| record.package == *package) {
                there.push((record.version, file));
            }
        }
        there.sort_by(|a, b| b.0.cmp(&a.0));
        let listed = |(version, _): &(Version, PathBuf)| ListedVersion {
            version: version.clone(),
            yanked: false,
        };
        let all: Vec<ListedVersion> = there.iter().map(listed).collect();
        if all.is_empty() {
            return Ok(None);
        }
        let version = choose(package, pick, &all).map_err(|e| {
            e.with_cause("only the cache was searched, since network access is disabled")
        })?;
        Ok(there.into_iter().find(|(other, _)| *other == version))
    }

    /// The registry of a reference.
    pub fn artifacts(&self, reference: &Reference) -> Result<Arc<dyn Artifacts>> {
        let prefix = format!("{}/", reference.repository);
        // The user has just written it.
        let layers = self.registries.layers().clone().with_host(&reference.host);
        let route = routes::host(&reference.host, &prefix, &layers);
        self.registries.artifacts(&self.allowed(route)?)
    }

    /// The artifact that a reference points to, and the registry that has it.
    pub fn find(&self, reference: &Reference) -> Result<(FoundArtifact, Arc<dyn Artifacts>)> {
        let artifacts = self.artifacts(reference)?;
        let found = artifacts.find(reference)?;
        Ok((found.ok_or_else(|| not_found(reference))?, artifacts))
    }

    /// Shows the progress of a download of this many bytes.
    pub fn download_progress(&self, size: Option<u64>) -> Box<dyn Progress> {
        let extent = size.map_or(ProgressSize::Items(1), ProgressSize::Bytes);
        self.ctx.shell.progress("Downloading", extent)
    }

    /// Fetches an artifact into the cache, and returns the path of its file.
    pub fn fetch_artifact(
        &self,
        reference: &Reference,
        found: &FoundArtifact,
        artifacts: &dyn Artifacts,
    ) -> Result<PathBuf> {
        let size = Some(found.size);
        self.cache.get_or_write(
            &found.content,
            |to| {
                let progress = &*self.download_progress(size);
                let mut to = ProgressWriter { to, progress };
                artifacts.read(reference, &found.content, size, &mut to)
            },
            |digest| digest_mismatch(reference, &found.content, digest),
        )
    }

    /// The registry to log in to: one by its name, a host, or the default one. Only
    /// the user's own configuration decides where a password is sent, since a
    /// project could give the name to any host.
    pub fn host(&self, registry: Option<&str>) -> Result<Arc<dyn Artifacts>> {
        let layers = self.registries.layers().private();
        let nobody = ManifestRegistries::default();
        let route = match registry {
            Some(name) if layers.registry_names().contains(&name) => {
                routes::registry(name, &nobody, &layers)?
            }
            Some(name) if self.is_of_project(name) => return Err(self.of_project(Some(name))),
            Some(text) => {
                let bare = ["oci://", "https://", "http://"]
                    .iter()
                    .find_map(|s| text.strip_prefix(s));
                let host = bare.unwrap_or(text).split('/').next().unwrap_or_default();
                let mut route = routes::host(host, "", &layers.with_host(host));
                route.chosen_by = "the command line".to_owned();
                Some(route)
            }
            None => routes::default_registry(&nobody, &layers)?,
        };
        let route = route.ok_or_else(|| self.of_project(None))?;
        self.registries.artifacts(&self.allowed(route)?)
    }

    /// Whether a name is not a host and only the project's configuration has it.
    fn is_of_project(&self, name: &str) -> bool {
        let is_host = name.contains(['.', ':', '/']) || name == "localhost";
        let layers = self.registries.layers();
        let known = self.named.registries.contains_key(name);
        !is_host && (known || layers.registry_names().contains(&name))
    }

    /// The error for a registry that only the project names.
    fn of_project(&self, name: Option<&str>) -> Error {
        let layers = self.registries.layers();
        let route = match name {
            Some(name) => routes::registry(name, &self.named, layers),
            None => routes::default_registry(&self.named, layers),
        };
        let host = route.ok().flatten().and_then(|route| route.backend.host());
        match (name, host) {
            (Some(name), host) => Error::usage(format!(
                "the registry `{name}` is configured by the project, so it may not receive a password"
            ))
            .hint(match host {
                Some(host) => format!(
                    "if you trust `{host}`, log in to the host itself: `cargo component login {host}`"
                ),
                None => "give a host, such as `cargo component login ghcr.io`".to_owned(),
            }),
            (None, host) => Error::usage(
                "no registry was given, and your own configuration has no default registry",
            )
            .hint(format!(
                "give its host, such as `cargo component login {}`",
                host.unwrap_or_else(|| "ghcr.io".to_owned())
            )),
        }
    }
}

/// A registry from the command line, where relative paths start from the current
/// directory.
pub(crate) fn on_command_line(ctx: &Context, name: &str) -> String {
    let path = name.strip_prefix("file:").unwrap_or(name);
    match path.starts_with("//") || (path == name && !name.starts_with('.')) {
        true => name.to_owned(),
        false => format!("file:{}", ctx.cwd.join(path).display()),
    }
}

/// The selected version among those listed, which are sorted from the newest.
pub(crate) fn choose(
    package: &PackageRef,
    pick: &VersionSelection,
    versions: &[ListedVersion],
) -> Result<Version> {
    let fits = |listed: &&ListedVersion| match pick {
        VersionSelection::Newest => !listed.yanked,
        VersionSelection::Exactly(version) => listed.version == *version,
        VersionSelection::Matching(requirement) => {
            !listed.yanked && requirement.matches(&listed.version)
        }
    };
    let found = versions.iter().find(fits);
    found.map(|listed| listed.version.clone()).ok_or_else(|| {
        let all: Vec<String> = versions
            .iter()
            .take(8)
            .map(|listed| match listed.yanked {
                true => format!("{} (withdrawn)", listed.version),
                false => listed.version.to_string(),
            })
            .collect();
        let registry_option = match pick {
            VersionSelection::Matching(requirement) => format!(" matching `{requirement}`"),
            VersionSelection::Exactly(version) => format!(" `{version}`"),
            VersionSelection::Newest => String::new(),
        };
        Error::input(format!(
            "the package `{package}` has no version{registry_option}"
        ))
        .with_cause(format!("the available versions are {}", all.join(", ")))
        .hint(format!(
            "use one of them: `{package}@{}`",
            versions[0].version
        ))
    })
}

pub(crate) fn with_route(error: Error, route: &Route) -> Error {
    error.with_cause(format!("the registry is set in {}", route.chosen_by))
}

pub(crate) fn not_found(reference: &Reference) -> Error {
    Error::input(format!("`{reference}` was not found"))
        .with_cause("it does not exist, or access is denied")
        .hint(format!(
            "check the name, or log in with `cargo component login {}`",
            reference.host
        ))
}

/// The error for content whose digest differs from that of the manifest.
pub(crate) fn digest_mismatch(
    reference: &Reference,
    expected: &crate::base::package::ContentDigest,
    found: &crate::base::package::ContentDigest,
) -> Error {
    Error::input(format!(
        "the content of `{reference}` has digest `{found}` but `{expected}` was expected"
    ))
    .hint("try again; if the error persists, the registry is broken or not trustworthy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_withdrawn_is_taken_only_by_its_version() {
        let listed = |text: &str| ListedVersion {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        let versions = ["!2.0.0", "1.1.0", "!1.0.0"].map(listed);
        let package: PackageRef = "a:b".parse().unwrap();
        let chosen = |pick| choose(&package, &pick, &versions).map(|v| v.to_string());
        assert_eq!(chosen(VersionSelection::Newest).unwrap(), "1.1.0");
        let withdrawn = VersionSelection::Exactly("2.0.0".parse().unwrap());
        assert_eq!(chosen(withdrawn).unwrap(), "2.0.0");
        let error = chosen(VersionSelection::Matching("2".parse().unwrap())).unwrap_err();
        assert!(error.to_string().contains("2.0.0 (withdrawn)"), "{error}");
    }

    #[test]
    fn packages_and_references_are_told_apart() {
        let package = |text: &str| match text.parse().unwrap() {
            Subject::Package(package, pick) => (package.to_string(), pick),
            Subject::Reference(reference) => panic!("{reference}"),
        };
        assert_eq!(package("a:b"), ("a:b".into(), VersionSelection::Newest));
        let exact = VersionSelection::Exactly("1.2.3-rc.1".parse().unwrap());
        assert_eq!(package("a:b@1.2.3-rc.1"), ("a:b".into(), exact));
        let matching = VersionSelection::Matching("1.2".parse().unwrap());
        assert_eq!(package("a:b@1.2"), ("a:b".into(), matching));
        for text in ["ghcr.io/a/b:1.0", "oci://ghcr.io/a/b:1.0", "a/b"] {
            assert!(
                matches!(text.parse().unwrap(), Subject::Reference(_)),
                "{text}"
            );
        }
        for bad in ["a", "a:b@one", "A:b", "ghcr.io/a/b@1"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}
