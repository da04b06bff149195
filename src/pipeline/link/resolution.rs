//! The resolution of a tree of components: chooses releases for the requirements of
//! a manifest and of hints together, under the lock file, fetches and locks them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::built::BuiltComponent;
use super::closure::{admits, release_replaced};
use super::files::ComponentFiles;
use super::override_options::Overrides;
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::capabilities::HostImports;
use crate::model::component::capabilities::unhinted;
use crate::model::component::hint::{Hint, HintLocation, KnownHint};
use crate::model::component::names::Name;
use crate::model::manifest::Manifest;
use crate::model::resolver::components::{
    ComponentRequirement, ComponentResolution, Facts, Origin, Release, solve,
};
use crate::model::resolver::{PackageSource, Requirement};
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::component_origins::{
    hint_at_version, origin_of_artifact, origin_of_location, versions_of,
};
use crate::pipeline::fetch::component_versions::{FetchedRelease, ResolvedTree, without_version};
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::requirement::{exactly, registry_requirement};
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::pipeline::project::manifests::named_registries;
use crate::system::registry::oci::reference::package_of;

/// The choice of releases for a tree of components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Releases {
    /// The newest compatible releases of those that registries list.
    #[default]
    Newest,
    /// The releases that hints name; the higher one where two differ.
    Named,
}

/// The requirements that are resolved, and the facts that are known so far.
pub(crate) struct Resolution<'r, 'a> {
    pub(crate) worlds: &'r mut WorldResolver<'a>,
    pub(crate) manifest: &'r Manifest,
    pub(crate) releases: Releases,
    /// The display name of the root.
    pub(crate) root: String,
    pub(crate) roots: Vec<ComponentRequirement>,
    pub(crate) facts: Facts,
    /// The sources of packages in their registries.
    pub(crate) sources: BTreeMap<Origin, PackageSource>,
    /// The hints that point to each package.
    pub(crate) hints: BTreeMap<Origin, Vec<KnownHint>>,
    /// The packages that the project itself depends on, whose hosts are trusted.
    pub(crate) trusted: BTreeSet<Origin>,
    pub(crate) overrides: Option<&'r Overrides>,
    pub(crate) built: Option<&'r BTreeMap<PackageRef, BuiltComponent>>,
    pub(crate) tree: ResolvedTree,
    files: Rc<ComponentFiles>,
    /// What the components that were read import from outside, by their files.
    imports: BTreeMap<PathBuf, HostImports>,
}

/// The role of the component whose hints are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The component that is linked.
    Root,
    /// A component that was built here.
    Own,
    /// A component from a registry or a file.
    Foreign,
    /// A component that overrides an import, and which may need the component that
    /// it replaces.
    Override,
}

impl<'r, 'a> Resolution<'r, 'a> {
    /// A resolution without requirements for a manifest; `root` is the display name
    /// of the whole.
    pub fn new(worlds: &'r mut WorldResolver<'a>, manifest: &'r Manifest, root: String) -> Self {
        Resolution {
            worlds,
            manifest,
            releases: Releases::Newest,
            root,
            roots: Vec::new(),
            facts: Facts::default(),
            sources: BTreeMap::new(),
            hints: BTreeMap::new(),
            trusted: BTreeSet::new(),
            overrides: None,
            built: None,
            tree: ResolvedTree::default(),
            files: Rc::default(),
            imports: BTreeMap::new(),
        }
    }

    /// Sets the files that were read already.
    pub(super) fn with_files(mut self, files: Rc<ComponentFiles>) -> Self {
        self.files = files;
        self
    }

    /// Sets the choice of releases.
    pub fn with_releases(mut self, releases: Releases) -> Self {
        self.releases = releases;
        self
    }

    /// Ignores the hints of imports that are overridden.
    pub fn with_overrides(mut self, overrides: &'r Overrides) -> Self {
        self.overrides = Some(overrides);
        self
    }

    /// Ignores the hints to packages that were built here.
    pub fn with_built(mut self, built: &'r BTreeMap<PackageRef, BuiltComponent>) -> Self {
        self.built = Some(built);
        self
    }

    /// Adds the requirements of the manifest's entries in registries.
    pub fn entries(&mut self) -> Result<()> {
        let manifest = self.manifest;
        for (key, dependency) in &manifest.dependencies {
            if let Some(requirement) = registry_requirement(key, dependency) {
                let mut requirement = self.worlds.addressed(manifest, &[requirement])?;
                let need = self.entry(requirement.remove(0))?;
                self.tree.entries.insert(key.clone(), need);
            }
        }
        let mut keys = Vec::new();
        let mut requirement = Vec::new();
        for (key, dependency) in &manifest.dependencies {
            if let Some(one) = RequestedArtifact::of_component(key, dependency)? {
                keys.push(key);
                requirement.push(one);
            }
        }
        let found = self.worlds.artifacts(&requirement)?;
        for ((key, requirement), found) in keys.into_iter().zip(&requirement).zip(found) {
            self.artifact(key, requirement, &found)?;
        }
        Ok(())
    }

    fn entry(&mut self, requirement: Requirement) -> Result<ComponentRequirement> {
        let origin = self.worlds.origin(self.manifest, &requirement);
        let origin = origin.map_err(|e| requirement.explain(e))?;
        let locked = requirement
            .source
            .locked(self.worlds.lock(), &requirement.version_req);
        let locked = locked.filter(|locked| requirement.version_req.matches(&locked.version));
        if let Some(locked) = locked {
            let key = (origin.clone(), requirement.version_req.to_string());
            self.facts.answers.insert(key, locked.version.clone());
        }
        self.record_origin(&origin, Some(&requirement.source));
        self.trusted.insert(origin.clone());
        let need = ComponentRequirement {
            origin,
            requirement,
            chain: vec![self.root.clone()],
            hinted_version: None,
        };
        self.roots.push(need.clone());
        Ok(need)
    }

    /// Adds an artifact that the manifest names, which allows no other release.
    fn artifact(
        &mut self,
        key: &str,
        requested: &RequestedArtifact,
        found: &Fetched,
    ) -> Result<()> {
        let name = format!("{}@{}", found.package, found.version);
        let needs = self.needs(&name, &found.file, Role::Foreign)?;
        let resolved = ResolvedRequest {
            requirement: requested.to_requirement(found),
            found: found.clone(),
        };
        if let Some((origin, version)) = origin_of_artifact(requested.reference()) {
            let mut needed = resolved.requirement.clone();
            needed.version_req = exactly(&version);
            let need = ComponentRequirement {
                origin: origin.clone(),
                requirement: needed,
                chain: vec![self.root.clone()],
                hinted_version: None,
            };
            let key = (origin.clone(), need.requirement.version_req.to_string());
            self.facts.answers.insert(key, version.clone());
            self.trusted.insert(origin.clone());
            self.record_origin(&origin, None);
            self.roots.push(need);
            let release = (origin, version);
            self.facts.needs.insert(release.clone(), needs);
            let fetched = found.clone();
            self.tree
                .found
                .insert(release, FetchedRelease { name, fetched });
        } else {
            self.add(&name, needs);
        }
        self.tree.artifacts.insert(key.to_owned(), resolved);
        Ok(())
    }

    /// Adds the requirements of the hints of the component called `name`.
    pub fn component(&mut self, name: &str, file: &Path, role: Role) -> Result<()> {
        let needs = self.needs(name, file, role)?;
        match role {
            Role::Root => self.roots.extend(needs),
            _ => self.add(name, needs),
        }
        Ok(())
    }

    /// Adds the requirement of a hint that the component `by` will have.
    pub(crate) fn hint(&mut self, known: &KnownHint, by: &str) -> Result<()> {
        if let Some(need) = self.requirement_of_hint(known)? {
            self.trusted.insert(need.origin.clone());
            self.add(by, vec![need]);
        }
        Ok(())
    }

    /// Adds requirements of a component that the root depends on.
    fn add(&mut self, by: &str, needs: Vec<ComponentRequirement>) {
        for mut need in needs {
            need.chain = vec![self.root.clone(), by.to_owned()];
            self.roots.push(need);
        }
    }

    /// The requirements of a component's hints, except those that are satisfied
    /// otherwise or may not be followed.
    pub(crate) fn needs(
        &mut self,
        name: &str,
        file: &Path,
        role: Role,
    ) -> Result<Vec<ComponentRequirement>> {
        let imports = self.files.imports(file);
        let imports =
            imports.map_err(|e| e.context(format!("failed to read the component `{name}`")))?;
        self.imports.insert(file.to_owned(), unhinted(&imports));
        self.needs_of(name, imports, role)
    }

    /// Adds the requirements of the hints that the root called `name` will have, once
    /// it is built.
    pub fn root_imports(&mut self, name: &str, imports: Vec<Name>) -> Result<()> {
        let needs = self.needs_of(name, imports, Role::Root)?;
        self.roots.extend(needs);
        Ok(())
    }

    fn needs_of(
        &mut self,
        name: &str,
        imports: Vec<Name>,
        role: Role,
    ) -> Result<Vec<ComponentRequirement>> {
        let mut needs = Vec::new();
        for import in imports {
            let hint = import.external_id.as_deref().map(Hint::parse);
            let Some(known) = hint.as_ref().and_then(Hint::known) else {
                continue;
            };
            if self.is_answered(&import, known, role) || !self.worlds.may_follow(known) {
                continue;
            }
            if let Some(mut need) = self.requirement_of_hint(known)? {
                if role == Role::Own {
                    self.trusted.insert(need.origin.clone());
                }
                need.chain = vec![self.root.clone()];
                need.requirement.required_by = vec![
                    format!("the import `{}` of `{name}`", import.name),
                    format!("its hint `{known}`"),
                ];
                needs.push(need);
            }
        }
        Ok(needs)
    }

    /// Whether an override or a built component satisfies an import.
    fn is_answered(&self, import: &Name, known: &KnownHint, role: Role) -> bool {
        let overrides = self.overrides.filter(|_| role != Role::Override);
        if overrides
            .is_some_and(|overrides| overrides.matches(import, Some(known), role == Role::Root))
        {
            return true;
        }
        let HintLocation::Package { package, release } = &known.location else {
            return false;
        };
        let built = self.built.and_then(|built| built.get(package));
        known.digest.is_none() && built.is_some_and(|built| admits(release, built))
    }

    /// The requirement of a hint; `None` where it names one artifact without a
    /// version.
    fn requirement_of_hint(&mut self, known: &KnownHint) -> Result<Option<ComponentRequirement>> {
        let (hinted, requirement) = versions_of(known);
        let package = match &known.location {
            HintLocation::Package { package, .. } | HintLocation::Url { package, .. } => {
                package.clone()
            }
            HintLocation::Oci {
                host, repository, ..
            } => package_of(host, repository),
        };
        let requirement = Requirement {
            source: PackageSource {
                package,
                registry: None,
                address: None,
            },
            version_req: requirement,
            required_by: vec![format!("the hint `{known}`")],
            excerpt: None,
        };
        let mut requirement = self
            .worlds
            .addressed(self.manifest, &[requirement])?
            .remove(0);
        let (origin, source) = match &known.location {
            HintLocation::Package { package, .. } => {
                let named = named_registries(self.manifest);
                match self.worlds.packages()?.has_route(&requirement, &named) {
                    true => {
                        let origin = self.worlds.origin(self.manifest, &requirement)?;
                        (origin, Some(requirement.source.clone()))
                    }
                    false => {
                        let name = package.to_string();
                        let address = String::new();
                        (Origin { name, address }, None)
                    }
                }
            }
            place => match origin_of_location(place) {
                Some((origin, _)) => (origin, None),
                None => return Ok(None),
            },
        };
        if let Ok(package) = origin.name.parse() {
            requirement.source.package = package;
        }
        self.record_origin(&origin, source.as_ref());
        let place = without_version(&known.location);
        self.tree.origins.insert(place, origin.clone());
        let known = known.clone();
        let hints = self.hints.entry(origin.clone()).or_default();
        if !hints.contains(&known) {
            hints.push(known);
        }
        Ok(Some(ComponentRequirement {
            origin,
            requirement,
            chain: Vec::new(),
            hinted_version: hinted,
        }))
    }

    /// Records the source of a package, and its locked versions.
    fn record_origin(&mut self, origin: &Origin, source: Option<&PackageSource>) {
        if let Some(source) = source {
            let of = self.sources.entry(origin.clone());
            of.or_insert_with(|| source.clone());
        }
        if self.releases == Releases::Newest {
            let versions = self.worlds.locked_versions(origin, source);
            let of = self.facts.locked.entry(origin.clone()).or_default();
            of.extend(versions);
        }
    }

    /// Chooses releases, fetches them and locks them.
    pub fn solve(mut self) -> Result<ResolvedTree> {
        loop {
            let (versions, needs) = match solve(&self.roots, &self.facts)? {
                ComponentResolution::Missing { versions, needs } => (versions, needs),
                ComponentResolution::Solved(solution) => {
                    self.tree.solution = solution;
                    break;
                }
            };
            for origin in versions {
                let versions = self.list(&origin)?;
                self.facts.versions.insert(origin, versions);
            }
            self.fetch(needs)?;
        }
        self.lock()?;
        Ok(self.tree)
    }

    /// Locks the chosen releases, and compares them with the digests of hints.
    fn lock(&mut self) -> Result<()> {
        for need in self.tree.entries.values() {
            let requirement = need.requirement.version_req.to_string();
            let Some((_, found)) = self.tree.of(need.origin.clone(), &requirement) else {
                continue;
            };
            let found = found.fetched.clone();
            let requirement = need.requirement.clone();
            let session = self.worlds.session();
            let source = session.source_of(&requirement, &found.digest);
            let locked = found.to_locked(&requirement, source);
            self.worlds
                .record(locked, ResolvedRequest { requirement, found });
        }
        let releases: Vec<Release> = self.tree.solution.releases.iter().cloned().collect();
        for release in releases {
            let Some(found) = self.tree.found.get(&release).cloned() else {
                continue;
            };
            for known in self.hints_of(&release) {
                if let Some(digest) = &known.digest
                    && *digest != found.fetched.digest
                {
                    return Err(release_replaced(known, digest, &found.fetched.digest));
                }
            }
            self.lock_hints(&release, &found.fetched)?;
        }
        self.record_imports()
    }

    /// Records what the releases of the tree import.
    fn record_imports(&mut self) -> Result<()> {
        let releases = self.tree.found.values().map(|release| &release.fetched);
        let artifacts = self.tree.artifacts.values().map(|resolved| &resolved.found);
        for found in releases.chain(artifacts) {
            if let Some(imports) = self.imports.get(&found.file) {
                let session = self.worlds.session_mut();
                session.record_imports(&found.digest, imports)?;
            }
        }
        Ok(())
    }

    /// Locks a release for the hints that it answers.
    fn lock_hints(&mut self, release: &Release, found: &Fetched) -> Result<()> {
        let all = self.tree.solution.needs.iter();
        let needs: Vec<&ComponentRequirement> =
            all.filter(|need| need.origin == release.0).collect();
        let answered = |known: &&KnownHint| {
            let (hinted, requirement) = versions_of(known);
            let key = (release.0.clone(), requirement.to_string());
            self.tree.solution.answers.get(&key) == Some(&release.1)
                && needs.iter().any(|need| {
                    need.hinted_version == hinted && need.requirement.version_req == requirement
                })
        };
        let hints = self.hints.get(&release.0).into_iter().flatten();
        let hints: Vec<KnownHint> = hints.filter(answered).cloned().collect();
        // What an update may take answers all of them.
        let comparators = needs
            .iter()
            .flat_map(|need| need.requirement.version_req.comparators.clone());
        let mut all = semver::VersionReq::STAR;
        for one in comparators.filter(|one| {
            let alone = semver::VersionReq {
                comparators: vec![one.clone()],
            };
            alone.matches(&release.1)
        }) {
            if !all.comparators.contains(&one) {
                all.comparators.push(one);
            }
        }
        for known in hints {
            let known = hint_at_version(&known, &release.1)?;
            let (locked, mut requirement) = self.worlds.pin(self.manifest, &known, found)?;
            if !matches!(known.location, HintLocation::Oci { .. }) {
                requirement.version_req = all.clone();
            }
            let found = found.clone();
            self.worlds
                .record(locked, ResolvedRequest { requirement, found });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
