//! The queries of a resolution: which releases exist, and what the chosen ones need.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::closure::hint_display_name;
use super::resolution::{Releases, Resolution, Role};
use crate::base::error::{Error, Result};
use crate::model::component::hint::{HintLocation, KnownHint};
use crate::model::lockfile::{Locked, Lockfile};
use crate::model::resolver::components::{ComponentRequirement, Origin, Release, Versions};
use crate::pipeline::fetch::component_origins::{hint_at_version, is_entry_of, versions_of};
use crate::pipeline::fetch::component_versions::FetchedRelease;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::packages::{PackageRequest, must_not_change};
use crate::pipeline::fetch::requirement::exactly;
use crate::pipeline::project::manifests::named_registries;
use crate::system::registry::public::Reach;

impl Resolution<'_, '_> {
    /// The first requirement on a package, for error messages.
    fn first(&self, origin: &Origin) -> Option<&ComponentRequirement> {
        let all = self.facts.needs.values().flatten();
        self.roots
            .iter()
            .chain(all)
            .find(|need| need.origin == *origin)
    }

    /// The releases of a package: those that its registry lists, if one is
    /// configured, otherwise those that hints name.
    pub(crate) fn list(&mut self, origin: &Origin) -> Result<Versions> {
        let named =
            |need: &ComponentRequirement| need.origin == *origin && need.hinted_version.is_some();
        let all = self.facts.needs.values().flatten();
        let is_named = self.roots.iter().chain(all).any(named);
        if self.releases == Releases::Named && is_named {
            return Ok(Versions::Hinted);
        }
        let source = match self.sources.get(origin) {
            Some(source) => Some(source.clone()),
            None => self.worlds.configured(self.manifest, origin)?,
        };
        let Some(source) = source else {
            return Ok(Versions::Hinted);
        };
        self.sources.insert(origin.clone(), source.clone());
        if self.worlds.session().refuses_unlocked() {
            return Err(must_not_change(self.worlds.session().path()));
        }
        let Some(need) = self.first(origin) else {
            return Ok(Versions::Hinted);
        };
        let mut requirement = need.requirement.clone();
        requirement.source = source;
        let named = named_registries(self.manifest);
        let packages = self.worlds.packages()?;
        let catalog = packages.versions(vec![(&requirement, &named)])?;
        if let Some(precise) = catalog.precise(&requirement.source) {
            self.facts.precise.insert(origin.clone(), precise.clone());
        }
        if let Some(asked) = catalog.asked(&requirement.source) {
            self.facts.asked.insert(origin.clone(), asked.clone());
        }
        let listed = catalog.versions(&requirement.source).unwrap_or_default();
        Ok(Versions::ListedVersion(listed.to_vec()))
    }

    /// Fetches releases, and reads their hints.
    pub(crate) fn fetch(&mut self, releases: BTreeSet<Release>) -> Result<()> {
        let mut requirements = Vec::new();
        let mut requested_releases = Vec::new();
        let mut lock = Lockfile::default();
        let mut found = Vec::new();
        for release in releases {
            if let Some(file) = self.cached(&release) {
                found.push((release, file));
                continue;
            }
            let Some(source) = self.sources.get(&release.0).cloned() else {
                let requirement = self.hinted(&release)?;
                found.push((release, requirement));
                continue;
            };
            let mut requirement = match self.first(&release.0) {
                Some(need) => need.requirement.clone(),
                None => continue,
            };
            requirement.version_req = exactly(&release.1);
            requirement.source = source;
            if let Some(locked) = self.locked(&release) {
                lock.insert(Locked {
                    package: requirement.source.package.clone(),
                    registry: requirement.source.registry.clone(),
                    requirement: requirement.version_req.clone(),
                    address: requirement.source.address.clone(),
                    ..locked
                });
            }
            requirements.push(requirement);
            requested_releases.push(release);
        }
        if !requirements.is_empty() {
            let named = named_registries(self.manifest);
            // What is not locked was chosen from the list.
            for requirement in requirements.iter().filter(|requirement| {
                requirement
                    .source
                    .locked(&lock, &requirement.version_req)
                    .is_none()
            }) {
                if self.worlds.session().refuses_unlocked() {
                    return Err(must_not_change(self.worlds.session().path()));
                }
                self.worlds
                    .packages()?
                    .versions(vec![(requirement, &named)])?;
            }
            let request = PackageRequest {
                requirements: &requirements,
                named: &named,
                lock: &lock,
                locked: None,
            };
            let fetched = self.worlds.packages()?.fetch(&request)?;
            for (release, fetched) in requested_releases.into_iter().zip(fetched) {
                let name = format!("{}@{}", fetched.package, fetched.version);
                found.push((release, FetchedRelease { name, fetched }));
            }
        }
        for (release, found) in found {
            let file: PathBuf = found.fetched.file.clone();
            let needs = self.needs(&found.name, &file, Role::Foreign)?;
            self.facts.needs.insert(release.clone(), needs);
            self.tree.found.insert(release, found);
        }
        Ok(())
    }

    /// The entry of the lock file for a release.
    fn locked(&self, (origin, version): &Release) -> Option<Locked> {
        let source = self.sources.get(origin);
        let entries = self.worlds.lock().entries().iter();
        let mut entries = entries.filter(|entry| entry.version == *version);
        entries
            .find(|entry| is_entry_of(entry, origin, source))
            .cloned()
    }

    /// The hints that name a release.
    pub(crate) fn hints_of<'h>(
        &'h self,
        release: &'h Release,
    ) -> impl Iterator<Item = &'h KnownHint> {
        let hints = self.hints.get(&release.0).into_iter().flatten();
        hints.filter(|known| versions_of(known).0.as_ref() == Some(&release.1))
    }

    /// The cached release for a hint with a digest, outside of workspaces, where
    /// nothing has to be locked.
    fn cached(&self, release: &Release) -> Option<FetchedRelease> {
        let known = self
            .hints_of(release)
            .find(|known| known.digest.is_some())?;
        let digest = known.digest.clone()?;
        let file = self.worlds.cached(&digest)?;
        let package = release.0.name.parse();
        Some(FetchedRelease {
            name: hint_display_name(known),
            fetched: Fetched {
                package: package.ok()?,
                version: release.1.clone(),
                digest,
                file,
            },
        })
    }

    /// Fetches a release by the hints that point to it.
    fn hinted(&mut self, release: &Release) -> Result<FetchedRelease> {
        let (origin, version) = release;
        let known = self.hints_of(release).next();
        let known = known.or_else(|| self.hints.get(origin)?.first());
        let known = known.ok_or_else(|| {
            Error::input(format!(
                "the registry of `{}@{version}` is not known",
                origin.name
            ))
        })?;
        let known = hint_at_version(known, version)?;
        let by = self
            .first(origin)
            .map(|need| need.requirement.required_by.join(": "));
        let because = |e: Error| match &by {
            Some(by) => e.with_cause(format!("it is required by {by}")),
            None => e,
        };
        let reach = match self.trusted.contains(origin) {
            true => Reach::Anywhere,
            false => {
                let reach = self.worlds.check_host(self.manifest, &known);
                reach.map_err(because)?
            }
        };
        let fetched = self
            .worlds
            .fetch_hinted(self.manifest, &known, &self.root, reach);
        let fetched = fetched.map_err(because)?;
        let name = match &known.location {
            HintLocation::Oci { .. } => hint_display_name(&known),
            _ => format!("{}@{}", fetched.package, fetched.version),
        };
        Ok(FetchedRelease { name, fetched })
    }
}
