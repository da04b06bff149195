//! Packages that a manifest names by an OCI reference. The name and version of such
//! a package are known from the lock file, or once its bytes are fetched.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::{Version, VersionReq};

use super::access::{digest_mismatch, not_found};
use super::fetched::Fetched;
use super::packages::{Packages, must_not_change, run_parallel};
use super::reference::artifact_reference;
use crate::base::error::{Error, Excerpt, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::component::hint::KnownHint;
use crate::model::component::outline::{Outline, outline};
use crate::model::lockfile::{Locked, Lockfile};
use crate::model::manifest::{Dependency, DependencySource, Manifest, OciTarget};
use crate::model::resolver::{PackageSource, Requirement};
use crate::pipeline::fetch::lock_session::LOCK_FILE;
use crate::system::fs;
use crate::system::registry::cache::{Cache, ProgressWriter};
use crate::system::registry::oci::reference::Target;
use crate::system::registry::public::Reach;
use crate::system::registry::routes::ManifestRegistries;
use crate::system::registry::{Artifacts, FoundArtifact, Reference, Registries, Release, routes};

/// A request for an artifact, with the place that requires it.
pub(crate) struct RequestedArtifact {
    reference: Reference,
    /// The package that it has to contain, if that is specified.
    expected: Option<PackageRef>,
    /// The package name of a component without any other name.
    unnamed: Option<PackageRef>,
    by: String,
    at: Option<Excerpt>,
    /// The network addresses that its host may have.
    reach: Reach,
}

impl RequestedArtifact {
    /// The artifact of an entry of a table of dependencies; `None` if it is
    /// something else.
    pub fn of_entry(key: &str, dependency: &Dependency) -> Result<Option<Self>> {
        let DependencySource::Oci { reference } = &dependency.source else {
            return Ok(None);
        };
        let at = dependency.file.excerpt(dependency.span.clone());
        let manifest = dependency.file.path.file_name().unwrap_or_default();
        Ok(Some(RequestedArtifact {
            reference: reference.parse().map_err(|e: Error| e.at(at.clone()))?,
            expected: dependency.package.clone(),
            unnamed: None,
            by: format!("the entry `{key}` of `{}`", manifest.display()),
            at: Some(at),
            reach: Reach::Anywhere,
        }))
    }

    /// As [`RequestedArtifact::of_entry`], for a table of components: where the
    /// entry has a label and no package, the repository names the component.
    pub fn of_component(key: &str, dependency: &Dependency) -> Result<Option<Self>> {
        let requested = Self::of_entry(key, dependency)?;
        Ok(requested.map(|mut requested| {
            requested.unnamed = Some(requested.reference.package());
            requested
        }))
    }

    /// The artifact that a command line names, which may have to contain a given
    /// package. A component without a name is named after its repository.
    pub fn of_command_line(reference: &str, package: Option<&PackageRef>) -> Result<Self> {
        let reference: Reference = reference.parse()?;
        Ok(RequestedArtifact {
            expected: package.cloned(),
            unnamed: Some(reference.package()),
            reference,
            by: "the command line".to_owned(),
            at: None,
            reach: Reach::Anywhere,
        })
    }

    /// The artifact of an entry of `deps.toml`.
    pub fn of_deps(reference: &str) -> Result<Self> {
        Ok(RequestedArtifact {
            reference: reference.parse()?,
            expected: None,
            unnamed: Some("root:component".parse()?),
            by: "`deps.toml`".to_owned(),
            at: None,
            reach: Reach::Anywhere,
        })
    }

    /// The artifact that `target` of a manifest names.
    pub fn of_target(manifest: &Manifest, target: &OciTarget) -> Result<Self> {
        let at = manifest.file.excerpt(target.span.clone());
        Ok(RequestedArtifact {
            reference: target
                .reference
                .parse()
                .map_err(|e: Error| e.at(at.clone()))?,
            expected: None,
            // As its world is called where it is read as WIT.
            unnamed: Some("root:component".parse()?),
            by: "`target` in `Cargo.toml`".to_owned(),
            at: Some(at),
            reach: Reach::Anywhere,
        })
    }

    /// The artifact that a hint points to, whose host must be within `reach`; `by`
    /// is the component with the hint.
    pub fn of_hint(known: &KnownHint, by: String, reach: Reach) -> Result<Self> {
        let bare = KnownHint {
            location: known.location.clone(),
            digest: None,
            requirement: None,
            item: None,
        };
        let text = bare.to_string();
        let text = text.strip_prefix("oci://").unwrap_or(&text);
        let reference: Reference = text.parse()?;
        Ok(RequestedArtifact {
            expected: None,
            // Where it was found names it, never what is in the file.
            unnamed: Some(reference.package()),
            reference,
            by,
            at: None,
            reach,
        })
    }

    /// The artifact of an entry of the lock file; `None` if the entry is not for an
    /// artifact.
    pub fn of_locked(locked: &Locked) -> Option<Self> {
        Some(RequestedArtifact {
            reference: artifact_reference(locked.registry.as_deref())?,
            expected: Some(locked.package.clone()),
            unnamed: None,
            by: format!("`{LOCK_FILE}`"),
            at: None,
            reach: Reach::Anywhere,
        })
    }

    /// The reference of the requested artifact.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The text that the lock file has in place of a registry.
    pub fn label(&self) -> String {
        format!("oci://{}", self.reference)
    }

    /// The entry of the lock file that answers it.
    fn locked<'l>(&self, lock: &'l Lockfile) -> Option<&'l Locked> {
        let label = self.label();
        lock.entries().iter().find(|entry| {
            let expected = self.expected.as_ref();
            entry.registry.as_deref() == Some(&label)
                && expected.is_none_or(|package| entry.package == *package)
        })
    }

    /// The entry of the lock file for it. Since a reference selects no version, the
    /// requirement admits all.
    pub fn to_locked(&self, found: &Fetched) -> Locked {
        Locked {
            package: found.package.clone(),
            registry: Some(self.label()),
            requirement: VersionReq::STAR,
            version: found.version.clone(),
            digest: found.digest.clone(),
            source: None,
            address: None,
            imports: None,
        }
    }

    /// The equivalent requirement, for the package that was found.
    pub fn to_requirement(&self, found: &Fetched) -> Requirement {
        Requirement {
            source: PackageSource {
                package: found.package.clone(),
                registry: Some(self.label()),
                address: None,
            },
            version_req: VersionReq::STAR,
            required_by: vec![self.by.clone()],
            excerpt: self.at.clone(),
        }
    }

    fn explain(&self, error: Error) -> Error {
        let Self { reference, by, .. } = self;
        let error = error.with_cause(format!("the artifact `{reference}` is required by {by}"));
        match &self.at {
            Some(at) => error.at(at.clone()),
            None => error,
        }
    }
}

/// The registry of a reference, whose host must be within `reach`.
pub(crate) fn host(
    reference: &Reference,
    reach: &Reach,
    registries: &Registries<'_>,
) -> Result<Arc<dyn Artifacts>> {
    let prefix = format!("{}/", reference.repository);
    let route = routes::host(&reference.host, &prefix, registries.layers());
    registries.artifacts(&route.within(reach.clone()))
}

impl Packages<'_> {
    /// Fetches artifacts into the cache and returns their packages in the same
    /// order. A locked artifact keeps its digest, even if its tag has moved;
    /// `locked` is the path of the lock file if nothing may be added to it.
    pub fn artifacts(
        &self,
        requested: &[RequestedArtifact],
        lock: &Lockfile,
        locked: Option<&Path>,
    ) -> Result<Vec<Fetched>> {
        let fetch = ArtifactFetcher {
            registries: &self.registries,
            cache: &self.cache,
            offline: self.mode.is_offline(),
        };
        let places = run_parallel(requested.iter().collect(), |requested| {
            let place = match (requested.locked(lock), locked) {
                (Some(entry), _) => Ok(ArtifactPlace::Locked(entry)),
                (None, Some(path)) => Err(must_not_change(path)),
                (None, None) => fetch.find_latest(requested),
            };
            place.map_err(|e| requested.explain(e))
        })?;
        let is_missing = |place: &&ArtifactPlace| self.cache.get(place.digest()).is_none();
        let missing = places.iter().filter(is_missing).count();
        if missing > 0 {
            let artifacts = if missing == 1 {
                "artifact"
            } else {
                "artifacts"
            };
            let text = format!("{missing} {artifacts}");
            self.ctx.shell.status("Downloading", text);
        }
        let _held = (missing > 0).then(|| self.hold_cache());
        let progress = &*self.progress("Downloading", missing);
        let all = requested.iter().zip(places).collect();
        run_parallel(all, |(requested, place): (&RequestedArtifact, _)| {
            let fetched = match place {
                ArtifactPlace::Locked(entry) => fetch.fetch_locked(requested, entry, progress),
                ArtifactPlace::Latest(artifacts, found) => {
                    fetch.fetch_latest(requested, &*artifacts, found, progress)
                }
            };
            progress.item();
            fetched.map_err(|e| requested.explain(e))
        })
    }

    /// For each release, the digest that its tag points to now, if it differs from
    /// the locked one; `None` for a release without a tag.
    pub fn changed_tags(
        &self,
        all: &[(&Requirement, &Fetched)],
    ) -> Result<Vec<Option<ContentDigest>>> {
        let (registries, offline) = (&self.registries, self.mode.is_offline());
        let find = |reference: &Reference| {
            if offline {
                return Err(Error::input(format!(
                    "checking where `{reference}` points to needs network access, which is disabled"
                ))
                .hint("remove `--offline` or `--frozen`"));
            }
            let found = host(reference, &Reach::Anywhere, registries)?.find(reference)?;
            found.ok_or_else(|| not_found(reference))
        };
        run_parallel(all.to_vec(), |(requirement, locked)| {
            let label = requirement.source.registry.as_deref();
            // A directory in its place has nothing else.
            let is_asked = |label: &&str| registries.layers().replaced(label).is_none();
            match artifact_reference(label.filter(is_asked)) {
                // What a digest leads to stays the same.
                Some(reference) if matches!(reference.target, Target::Tag(_)) => {
                    let now = find(&reference)
                        .map_err(|e| requirement.explain(e))?
                        .content;
                    Ok((now != locked.digest).then_some(now))
                }
                _ => Ok(None),
            }
        })
    }
}

/// Where the bytes of an artifact are known to be.
enum ArtifactPlace<'l> {
    /// Wherever those of the lock file are.
    Locked(&'l Locked),
    /// In the registry, as the reference says now.
    Latest(Arc<dyn Artifacts>, FoundArtifact),
}

impl ArtifactPlace<'_> {
    fn digest(&self) -> &ContentDigest {
        match self {
            ArtifactPlace::Locked(entry) => &entry.digest,
            ArtifactPlace::Latest(_, found) => &found.content,
        }
    }
}

/// Fetches artifacts, on any thread.
struct ArtifactFetcher<'a> {
    registries: &'a Registries<'a>,
    cache: &'a Cache,
    offline: bool,
}

impl ArtifactFetcher<'_> {
    /// Fetches a locked artifact from the registry that the project's configuration
    /// puts in place of its reference, if any.
    fn replaced(
        &self,
        label: &str,
        entry: &Locked,
        progress: &dyn Progress,
    ) -> Result<Option<PathBuf>> {
        if self.registries.layers().replaced(label).is_none() {
            return Ok(None);
        }
        let named = ManifestRegistries::default();
        let route = self.registries.route(&entry.package, Some(label), &named)?;
        let registry = self.registries.open(&route)?;
        let release = Release {
            version: entry.version.clone(),
            digest: entry.digest.clone(),
            size: None,
        };
        let file = self
            .cache
            .get_or_fetch(&*registry, &entry.package, &release, progress)?;
        Ok(Some(file))
    }

    /// Fetches a locked artifact by its digest.
    fn fetch_locked(
        &self,
        requested: &RequestedArtifact,
        entry: &Locked,
        progress: &dyn Progress,
    ) -> Result<Fetched> {
        let reference = &requested.reference;
        let here = self.cache.get(&entry.digest);
        let replaced = || self.replaced(&requested.label(), entry, progress);
        let file = match here.map_or_else(replaced, |f| Ok(Some(f)))? {
            Some(file) => file,
            None if self.offline => {
                return Err(Error::input(format!(
                    "the artifact `{reference}` is not in the cache, and network access is disabled"
                ))
                .hint("run the command once without `--offline`"));
            }
            None => {
                let artifacts = host(reference, &requested.reach, self.registries)?;
                self.cache.get_or_write(
                    &entry.digest,
                    |to| {
                        let mut to = ProgressWriter { to, progress };
                        artifacts.read(reference, &entry.digest, None, &mut to)
                    },
                    |found| digest_mismatch(reference, &entry.digest, found),
                )?
            }
        };
        Ok(Fetched {
            package: entry.package.clone(),
            version: entry.version.clone(),
            digest: entry.digest.clone(),
            file,
        })
    }

    /// Finds the artifact that the reference points to now.
    fn find_latest(&self, requested: &RequestedArtifact) -> Result<ArtifactPlace<'static>> {
        let reference = &requested.reference;
        if self.offline {
            return Err(Error::input(format!(
                "the artifact `{reference}` is not locked, and network access is disabled"
            ))
            .hint("run the command once without `--offline`"));
        }
        let artifacts = host(reference, &requested.reach, self.registries)?;
        let found = artifacts
            .find(reference)?
            .ok_or_else(|| not_found(reference))?;
        Ok(ArtifactPlace::Latest(artifacts, found))
    }

    /// Fetches an artifact that was found.
    fn fetch_latest(
        &self,
        requested: &RequestedArtifact,
        artifacts: &dyn Artifacts,
        found: FoundArtifact,
        progress: &dyn Progress,
    ) -> Result<Fetched> {
        let reference = &requested.reference;
        let file = self.cache.get_or_write(
            &found.content,
            |to| {
                let mut to = ProgressWriter { to, progress };
                artifacts.read(reference, &found.content, Some(found.size), &mut to)
            },
            |digest| digest_mismatch(reference, &found.content, digest),
        )?;
        let (package, version) = identity(requested, &found, &file)?;
        Ok(Fetched {
            package,
            version,
            digest: found.content,
            file,
        })
    }
}

/// The package and version of an artifact. WIT contains its own name; a component is
/// named by its entry or by its repository.
fn identity(
    requested: &RequestedArtifact,
    found: &FoundArtifact,
    file: &Path,
) -> Result<(PackageRef, Version)> {
    let reference = &requested.reference;
    let outline = outline(&fs::read(file)?)
        .map_err(|e| e.context(format!("`{reference}` is not a package")))?;
    let (package, version) = match outline {
        Outline::Wit {
            package, version, ..
        } => {
            if let Some(expected) = requested.expected.as_ref().filter(|name| **name != package) {
                return Err(Error::input(format!(
                    "`{reference}` contains the package `{package}`, not `{expected}`"
                ))
                .hint(format!("rename the entry to `\"{package}\"`")));
            }
            (package, version)
        }
        Outline::Component { version, .. } => {
            let named = requested.expected.as_ref().or(requested.unnamed.as_ref());
            let package = named.cloned().ok_or_else(|| {
                Error::input(format!(
                    "the package name of the component `{reference}` is not known"
                ))
                .hint("add `package = \"namespace:name\"` to the entry")
            })?;
            // A tag that is a version decides, and not what the file says.
            (package, reference.version().or(version))
        }
        Outline::Module => {
            return Err(Error::input(format!(
                "`{reference}` is a core module, not a component or WIT package"
            ))
            .hint("ask the publisher of the artifact"));
        }
    };
    let annotated = found.annotations.get("org.opencontainers.image.version");
    let version = version
        .or_else(|| annotated?.parse().ok())
        .or_else(|| reference.version())
        .unwrap_or(Version::new(0, 0, 0));
    Ok((package, version))
}
