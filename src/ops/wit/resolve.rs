//! A WIT package with everything it needs: from overrides, the other packages
//! of the project, `deps`, the lock file with the cache, and registries, in
//! this order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use semver::VersionReq;
use wit_parser::PackageName;

use super::overrides::Overrides;
use super::project::{ProjectKind, WitMember};
use super::resolver::{IgnorePath, ResolveStrategy, Resolved, WitResolver};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::lockfile::{LockForm, Locked};
use crate::model::manifest::wkg::WkgManifest;
use crate::model::manifest::{Dependency, DependencySource};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::{
    ParsedSources, PinnedVersion, Request, Sources, declared_packages, is_absent_package,
    load_package, parse,
};
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::packages::PackageRequest;
use crate::pipeline::fetch::requirement::{registry_requirement, wit_requirement};
use crate::system::fs;
use crate::system::source;
use crate::system::source::{TargetSources, collect_sources_without};

impl WitResolver<'_> {
    /// Finds everything a package needs. Only the cache is written.
    pub fn resolve(&mut self, member: &WitMember, ignore: IgnorePath<'_>) -> Result<Resolved> {
        let local = match &member.manifest {
            None => return self.resolve_by_wit_names(member, ignore),
            Some(manifest) => collect_sources_without(manifest, ignore)?,
        };
        let TargetSources::Local(mut local) = local else {
            return Err(Error::input(format!(
                "`{}` has no WIT of its own",
                self.ctx.display(&member.wit)
            )));
        };
        self.overlay_texts(&mut local.request.sources);
        match (&mut self.strategy, &member.manifest) {
            (ResolveStrategy::Crate(worlds), Some(manifest)) => {
                let (mut request, _) = worlds.request(manifest, *local)?;
                request.declared = false;
                request.all_features = true;
                Ok(Resolved {
                    overrides: request.overrides.iter().map(path_of).collect(),
                    package: load_package(&request)?,
                    fetched: worlds
                        .take_requests()
                        .into_iter()
                        .map(|a| a.found)
                        .collect(),
                })
            }
            _ => self.resolve_by_wit_names(member, ignore),
        }
    }

    fn resolve_by_wit_names(
        &mut self,
        member: &WitMember,
        ignore: IgnorePath<'_>,
    ) -> Result<Resolved> {
        let mut sources = self.read(&member.wit)?;
        if member.deps != member.wit.join("deps") {
            sources.deps.extend(source::read_packages(&member.deps)?);
        }
        sources.deps.retain(|entry| !ignore(entry.path()));
        let own = declared_packages(std::slice::from_ref(&sources.main));
        let mut request = Request::of(sources);
        let (mut fetched, mut manifests) = (Vec::new(), Vec::new());
        let requirements = match &self.project.kind {
            ProjectKind::Wkg(manifest) => {
                let mut overrides = Overrides::new(&own);
                for path in own_manifests(member) {
                    if path != manifest.file.path
                        && let Some(found) = self.read_wkg_manifest(&path)?
                    {
                        overrides.add_manifest(&found)?;
                        manifests.push(found);
                    }
                }
                manifests.push(manifest.clone());
                overrides.add_manifest(manifest)?;
                request.overrides = overrides.sources;
                overrides.requirements
            }
            _ => BTreeMap::new(),
        };
        self.siblings(&mut request, member)?;
        let dependencies = match &self.project.kind {
            ProjectKind::Wit(manifest) => Some(&manifest.dependencies),
            ProjectKind::Wasm(manifest) => Some(&manifest.interfaces),
            _ => None,
        };
        if let Some(dependencies) = dependencies {
            self.add_entries(dependencies, &mut request, &mut fetched)?;
        }
        let mut parsed = self.fetch_missing(&mut request, &requirements, &mut fetched)?;
        let named = request.fetched.len();
        for manifest in &manifests {
            self.fetch_unnamed(manifest, &own, &mut request, &mut fetched)?;
        }
        if request.fetched.len() > named {
            parsed = parse(&request)?;
        }
        let package = parsed
            .load_package(&request)
            .map_err(|e| match is_absent_package(&e) {
                true => e.replace_hint(self.project.missing_package_hint(self.ctx, member)),
                false => e,
            })?;
        self.record_required(&package, member);
        Ok(Resolved {
            overrides: request.overrides.iter().map(path_of).collect(),
            package,
            fetched,
        })
    }

    /// Adds the packages of the entries of a manifest.
    fn add_entries(
        &mut self,
        dependencies: &BTreeMap<String, Dependency>,
        request: &mut Request<'_>,
        fetched: &mut Vec<Fetched>,
    ) -> Result<()> {
        let mut wanted = Vec::new();
        for (key, dependency) in dependencies {
            if let DependencySource::Path { path, .. } = &dependency.source {
                let at = dependency.file.excerpt(dependency.span.clone());
                request.overrides.push(source::read(path).map_err(|e| {
                    e.context(format!("failed to read the dependency `{key}`"))
                        .at(at)
                })?);
            }
            if let Some(artifact) = RequestedArtifact::of_entry(key, dependency)? {
                let found = self.artifact(artifact)?;
                request.chosen.push(found.name()?);
                request.fetched.push(found.entry()?);
                fetched.push(found);
            }
            wanted.extend(registry_requirement(key, dependency));
        }
        for found in self.fetch(&wanted)? {
            request.chosen.push(found.name()?);
            request.fetched.push(found.entry()?);
            fetched.push(found);
        }
        Ok(())
    }

    /// Fetches the packages that the WIT names until none is missing, and returns
    /// all of them parsed.
    fn fetch_missing(
        &mut self,
        request: &mut Request<'_>,
        requirements: &BTreeMap<PackageRef, VersionReq>,
        fetched: &mut Vec<Fetched>,
    ) -> Result<ParsedSources> {
        let mut before: Vec<PackageName> = Vec::new();
        loop {
            let parsed = parse(request)?;
            let mut missing = parsed.missing_packages(request);
            // A package that its override does not have is refused by the caller.
            missing.retain(|missing_packages| !before.contains(&missing_packages.name));
            before.extend(
                missing
                    .iter()
                    .map(|missing_packages| missing_packages.name.clone()),
            );
            let mut requests: Vec<Requirement> =
                missing.iter().filter_map(wit_requirement).collect();
            for requested in &mut requests {
                if let Some(requirement) = requirements.get(&requested.source.package) {
                    requested.version_req = requirement.clone();
                }
            }
            requests.dedup_by(|a, b| a.source == b.source && a.version_req == b.version_req);
            // Packages without a route are refused by the caller, too.
            requests = self.with_route(requests);
            if requests.is_empty() {
                return Ok(parsed);
            }
            for found in self.fetch(&requests)? {
                if let Some(from) = requirements.get(&found.package) {
                    let to = found.name()?;
                    request.chosen.push(to.clone());
                    request.pinned.push(PinnedVersion {
                        to,
                        from: from.clone(),
                    });
                }
                request.fetched.push(found.entry()?);
                fetched.push(found);
            }
        }
    }

    /// Fetches the packages that a `wkg.toml` requires and no WIT names yet, as
    /// wkg does, so that new WIT finds them.
    fn fetch_unnamed(
        &mut self,
        manifest: &WkgManifest,
        own: &[PackageName],
        request: &mut Request<'_>,
        fetched: &mut Vec<Fetched>,
    ) -> Result<()> {
        let mut known = own.to_vec();
        let overrides = request.overrides.iter().map(|sources| &sources.main);
        for entry in request.sources.deps.iter().chain(overrides) {
            known.extend(declared_packages(std::slice::from_ref(entry)));
        }
        for (package, entry) in &manifest.overrides {
            let is = |name: &PackageName| {
                name.namespace == package.namespace() && name.name == package.name()
            };
            if entry.path.is_none() && known.iter().any(is) {
                self.lock_state.found_in_deps.push(PackageName {
                    namespace: package.namespace().to_owned(),
                    name: package.name().to_owned(),
                    version: None,
                });
            }
            let at_hand = known.iter().any(is) || fetched.iter().any(|f| f.package == *package);
            let (None, Some(requirement), false) = (&entry.path, &entry.requirement, at_hand)
            else {
                continue;
            };
            let requirements = [Requirement {
                source: PackageSource {
                    package: package.clone(),
                    registry: None,
                    address: None,
                },
                version_req: requirement.clone(),
                required_by: vec!["an override in `wkg.toml`".to_owned()],
                excerpt: Some(manifest.file.excerpt(entry.span.clone())),
            }];
            for found in self.fetch(&self.with_route(requirements.into()))? {
                request.fetched.push(found.entry()?);
                fetched.push(found);
            }
        }
        Ok(())
    }

    /// The requirements that a registry is configured for, or that are locked
    /// and cached.
    fn with_route(&self, mut requirements: Vec<Requirement>) -> Vec<Requirement> {
        let ResolveStrategy::WitNames(packages, named) = &self.strategy else {
            return Vec::new();
        };
        let lock = self.reusable_entries();
        requirements.retain(|requirement| {
            let locked = requirement.source.locked(&lock, &requirement.version_req);
            packages.has_route(requirement, named)
                || locked.is_some_and(|l| self.ctx.cache().get(&l.digest).is_some())
        });
        requirements
    }

    fn fetch(&mut self, requirements: &[Requirement]) -> Result<Vec<Fetched>> {
        let (lock, locked) = (self.reusable_entries(), self.locked_path());
        let ResolveStrategy::WitNames(packages, named) = &mut self.strategy else {
            return Ok(Vec::new());
        };
        if requirements.is_empty() {
            return Ok(Vec::new());
        }
        let found = packages.fetch(&PackageRequest {
            requirements,
            named,
            lock: &lock,
            locked,
        })?;
        for (requirement, found) in requirements.iter().zip(&found) {
            let PackageSource {
                package, registry, ..
            } = &requirement.source;
            let registry = match self.project.lock_form() {
                LockForm::Wkg => packages
                    .route(&requirement.source, named)
                    .ok()
                    .map(|r| r.name),
                _ => registry.clone(),
            };
            let before = self.lock_state.reusable.entries().iter().find(|entry| {
                entry.package == *package && entry.requirement == requirement.version_req
            });
            self.lock_state.resolved.insert(Locked {
                package: package.clone(),
                registry: registry.or_else(|| before.and_then(|entry| entry.registry.clone())),
                requirement: requirement.version_req.clone(),
                version: found.version.clone(),
                digest: found.digest.clone(),
                source: None,
                address: None,
                imports: None,
            });
        }
        Ok(found)
    }

    fn artifact(&mut self, requirement: RequestedArtifact) -> Result<Fetched> {
        let locked = self.locked_path();
        let ResolveStrategy::WitNames(packages, _) = &mut self.strategy else {
            return Err(Error::input(
                "OCI artifacts can only be fetched for a crate",
            ));
        };
        let requirement = [requirement];
        let found = packages.artifacts(&requirement, &self.lock_state.reusable, locked)?;
        let [requirement] = requirement;
        let found = found.into_iter().next();
        let found = found.ok_or_else(|| Error::input("nothing was fetched"))?;
        self.lock_state
            .resolved
            .insert(requirement.to_locked(&found));
        Ok(found)
    }
}

/// The paths that the `wkg.toml` of a package itself can have.
fn own_manifests(member: &WitMember) -> [PathBuf; 2] {
    [fs::parent(&member.wit), &member.wit].map(|dir| dir.join("wkg.toml"))
}

fn path_of(sources: &Sources) -> PathBuf {
    sources.main.path().to_owned()
}
