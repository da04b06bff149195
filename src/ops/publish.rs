//! `cargo component publish`: a release build, all checks, and then the upload.

mod committed;
mod pins;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use semver::Version;

pub use self::committed::UncommittedChanges;
use self::committed::refuse_uncommitted;
use self::pins::Outgoing;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::{Dependency, DependencySource, Manifest, Target};
use crate::pipeline::build::cargo::{BuildOutput, build_prepared};
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::linked::linked;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::prepare::{BuildSetup, Prepared};
use crate::pipeline::build::ready::prepare_in;
use crate::pipeline::fetch::access::on_command_line;
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::manifests::named_registries;
use crate::pipeline::release::compatible::Neighbours;
use crate::pipeline::release::order::publish_order;
use crate::pipeline::release::{
    BreakingChange, Destination, ExistingRelease, PublishMode, ReadyRelease, upload,
};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::workspace::Member;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Registry;

/// What is published of a component with dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishedContent {
    /// The component itself, with hints for its dependencies.
    Component,
    /// The component linked with its dependencies.
    Composed,
}

/// The options of `cargo component publish`.
#[derive(Clone, Debug)]
pub struct PublishOptions {
    /// The registry to publish to; `None` takes that of the package.
    pub registry: Option<String>,
    /// What is done with versions that are published already.
    pub existing: ExistingRelease,
    /// What is done with versions that break compatible ones.
    pub breaking: BreakingChange,
    /// What is published of a component with dependencies.
    pub content: PublishedContent,
    /// What is done with changes that are not committed to git.
    pub uncommitted: UncommittedChanges,
    /// Whether anything is published.
    pub mode: PublishMode,
}

/// A package to publish, as its manifest says before it is built.
struct Candidate {
    member: usize,
    manifest: Rc<Manifest>,
    package: PackageRef,
    version: Version,
    /// The packages that it depends on.
    needs: Vec<PackageRef>,
}

/// Builds the selected packages (`args` is a release build) and publishes
/// their components, each after those it needs. Nothing is published unless all
/// of them can be. What registries have is found out before cargo builds the packages.
pub fn publish(ctx: &Context, args: &CargoArgs, options: &PublishOptions) -> Result<()> {
    let setup = BuildSetup::open(ctx, args)?;
    let project = setup.project.clone();
    if options.content == PublishedContent::Component {
        for member in &project.selected {
            let member = &project.workspace().members[*member];
            pins::refuse_paths(&*project.manifest(ctx, member)?)?;
        }
    }
    let candidates = candidates(ctx, &project)?;
    if candidates.is_empty() {
        return Err(Error::input("none of the selected packages is a component")
            .hint("add `[package.metadata.component]` with a `package` name to Cargo.toml"));
    }
    if options.uncommitted == UncommittedChanges::Refuse {
        let members = &project.workspace().members;
        let dir = |candidate: &Candidate| members[candidate.member].dir().to_owned();
        let dirs: Vec<_> = candidates.iter().map(dir).collect();
        let mut others: Vec<_> = members
            .iter()
            .map(|member| member.dir().to_owned())
            .collect();
        let workspace = project.workspace();
        others.push(workspace.target_directory.clone());
        if workspace.build_directory != workspace.target_directory {
            others.push(workspace.build_directory.clone());
        }
        refuse_uncommitted(ctx, &dirs, &others)?;
    }
    let requested = options.registry.as_deref();
    let requested = requested.map(|name| on_command_line(ctx, name));
    let destination = Destination {
        registries: &ctx.registries(&project.workspace().root)?,
        requested: requested.as_deref(),
        offline: project.mode.is_offline(),
        existing: options.existing,
    };
    let packages: Vec<_> = candidates.iter().map(|c| (&c.package, &*c.needs)).collect();
    let mut planned = Vec::new();
    for index in publish_order(&packages) {
        let candidate = &candidates[index];
        planned.push(Planned::of(ctx, &destination, candidate, options.breaking)?);
    }
    let prepared = prepare_in(ctx, args, StaleBindings::Write, setup, None)?;
    if options.content == PublishedContent::Component {
        find_releases(ctx, &destination, &mut planned, &prepared)?;
    }
    let built = build_prepared(ctx, args, prepared)?;
    let mut outgoing = Outgoing::new();
    let mut ready = Vec::new();
    for one in planned {
        let url = one.url.clone();
        let one = one.ready(ctx, &built, options.content, &outgoing)?;
        if !one.published {
            let release = (one.package.clone(), one.version.clone());
            outgoing.insert(release, (one.digest.clone(), url));
        }
        ready.push(one);
    }
    ready
        .iter()
        .try_for_each(|one| upload(ctx, one, options.mode))
}

/// The packages to publish: the selected ones with our section.
fn candidates(ctx: &Context, project: &Project) -> Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    for index in &project.selected {
        let member = &project.workspace().members[*index];
        let manifest = project.manifest(ctx, member)?;
        if !manifest.declared {
            continue;
        }
        let Some(package) = manifest.package.clone() else {
            return Err(Error::input(format!(
                "package `{}` is missing a `package.metadata.component.package` setting in its manifest",
                member.name
            ))
            .hint(format!(
                "add `package = \"namespace:{}\"` under `[package.metadata.component]`",
                member.name
            )));
        };
        candidates.push(Candidate {
            member: *index,
            needs: needs(ctx, project, &manifest),
            manifest,
            package,
            version: member.version.clone(),
        });
    }
    Ok(candidates)
}

/// Finds the releases that take the place of dependencies by path, except for those that
/// this run publishes. Their crates were built by now, what depends on them was not.
fn find_releases(
    ctx: &Context,
    destination: &Destination<'_>,
    planned: &mut [Planned<'_>],
    prepared: &Prepared,
) -> Result<()> {
    let new = planned.iter().filter(|one| !one.published);
    let new = new.map(|one| (one.candidate.package.clone(), one.candidate.version.clone()));
    let lookup = pins::ReleaseLookup {
        ctx,
        destination,
        outgoing: &new.collect(),
    };
    for one in planned.iter_mut().filter(|one| !one.published) {
        let Candidate {
            member, manifest, ..
        } = one.candidate;
        let recipe = prepared.recipe(*member);
        let hinted = recipe.map(|recipe| pins::hinted_packages(&recipe.attributes.imports));
        let hinted = hinted.unwrap_or_default();
        one.releases = pins::path_releases(&lookup, manifest, &prepared.built, &hinted)?;
    }
    Ok(())
}

/// A package to publish, with everything that registries have to say about it.
struct Planned<'a> {
    candidate: &'a Candidate,
    registry: Arc<dyn Registry>,
    /// Whether the registry has the version already, which then stays.
    published: bool,
    /// The address where others find it.
    url: Option<String>,
    /// The releases that it must not break.
    neighbours: Neighbours,
    /// The releases that take the place of dependencies by path.
    releases: pins::PathReleases,
}

impl<'a> Planned<'a> {
    fn of(
        ctx: &Context,
        destination: &Destination<'_>,
        candidate: &'a Candidate,
        breaking: BreakingChange,
    ) -> Result<Self> {
        let Candidate {
            package, version, ..
        } = candidate;
        let named = named_registries(&candidate.manifest);
        let (registry, published) = destination.open_registry(package, version, &named)?;
        let neighbours = match breaking {
            BreakingChange::Refuse if !published => {
                Neighbours::fetch(ctx, &*registry, package, version)?
            }
            _ => Neighbours::default(),
        };
        Ok(Planned {
            candidate,
            published,
            url: registry.url(package, version),
            neighbours,
            releases: pins::PathReleases::new(),
            registry,
        })
    }

    /// The release of the component that was built, which is checked before the upload;
    /// `outgoing` are the releases that are published before it.
    fn ready(
        self,
        ctx: &Context,
        built: &BuildOutput,
        content: PublishedContent,
        outgoing: &Outgoing,
    ) -> Result<ReadyRelease> {
        let candidate = self.candidate;
        let member = &built.prepared.workspace().members[candidate.member];
        let artifact = one_component(built, candidate.member)?;
        let file = match (self.published, content) {
            // It stays as it is.
            (true, _) => artifact.path.clone(),
            (false, PublishedContent::Composed) => linked(ctx, &built.prepared, artifact)?,
            (false, PublishedContent::Component) => artifact.path.clone(),
        };
        let file = match self.published || candidate.manifest.dependencies.is_empty() {
            true => file,
            false => self.pinned(&built.prepared, file, outgoing)?,
        };
        let (digest, size) = fs::digest(&file)?;
        let ready = ReadyRelease {
            noun: "component",
            package: candidate.package.clone(),
            annotations: annotations(member),
            version: candidate.version.clone(),
            file,
            digest,
            size,
            registry: self.registry,
            published: self.published,
            built_from: artifact.path.clone(),
        };
        self.neighbours.refuse_breaking(&ready)?;
        Ok(ready)
    }

    /// A file like the given one, in which the hints of dependencies by path are those of
    /// their releases.
    fn pinned(&self, prepared: &Prepared, file: PathBuf, outgoing: &Outgoing) -> Result<PathBuf> {
        let Candidate {
            manifest, package, ..
        } = self.candidate;
        let before = fs::read(&file)?;
        let pinned = pins::pin_hints(&self.releases, outgoing, manifest, &before)?;
        if pinned == before {
            return Ok(file);
        }
        let dir = prepared.state_dir().join("published");
        let dir = dir.join(package.namespace());
        let file = dir.join(format!("{}.wasm", package.name()));
        fs::write_atomic(&file, &pinned)?;
        Ok(file)
    }
}

/// The annotations of a release from the metadata of its crate.
fn annotations(member: &Member) -> BTreeMap<String, String> {
    let about = &member.about;
    let mut annotations = BTreeMap::new();
    let authors = (!about.authors.is_empty()).then(|| about.authors.join(","));
    for (key, value) in [
        ("authors", authors.as_ref()),
        ("description", about.description.as_ref()),
        ("licenses", about.license.as_ref()),
        ("source", about.repository.as_ref()),
        ("url", about.homepage.as_ref()),
    ] {
        if let Some(value) = value {
            annotations.insert(key.to_owned(), value.clone());
        }
    }
    annotations.insert("version".to_owned(), member.version.to_string());
    annotations
}

/// The packages that a manifest names, those of other members also by path.
fn needs(ctx: &Context, project: &Project, manifest: &Manifest) -> Vec<PackageRef> {
    let member_at = |path: &Path| {
        let member = project.member_at(path).ok()??;
        let member = &project.workspace().members[member];
        project.manifest(ctx, member).ok()?.package.clone()
    };
    let named = |dependency: &Dependency| match &dependency.source {
        DependencySource::Path { path, .. } => member_at(path).or(dependency.package.clone()),
        DependencySource::Registry { .. } | DependencySource::Oci { .. } => {
            dependency.package.clone()
        }
    };
    let mut needs: Vec<PackageRef> = manifest.dependencies.values().filter_map(named).collect();
    match &manifest.target {
        Target::Registry(target) => needs.push(target.package.clone()),
        Target::Oci(_) => {}
        Target::Local(target) => {
            let entries = target.dependencies.iter().flat_map(|table| table.values());
            needs.extend(entries.filter_map(named));
        }
    }
    needs
}

/// The component of a package; an error where it does not have exactly one.
fn one_component(built: &BuildOutput, member: usize) -> Result<&ComponentArtifact> {
    let name = &built.prepared.workspace().members[member].name;
    let of_member = |artifact: &&ComponentArtifact| {
        artifact.member == member && artifact.component.is_some() && !artifact.cargo_artifact.test
    };
    let all: Vec<&ComponentArtifact> = built.artifacts.iter().filter(of_member).collect();
    match all.as_slice() {
        [one] => Ok(one),
        [] => Err(
            Error::input(format!("the package `{name}` has no component"))
                .hint("add `crate-type = [\"cdylib\"]` under `[lib]`, or a program"),
        ),
        many => {
            let names: Vec<_> = many
                .iter()
                .map(|m| format!("`{}`", m.cargo_artifact.target))
                .collect();
            Err(Error::input(format!(
                "expected one output from `cargo build`, got {}: {}",
                many.len(),
                names.join(", ")
            ))
            .hint(format!("leave one component in the package `{name}`")))
        }
    }
}
