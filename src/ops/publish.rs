//! `cargo component publish`: a release build, all checks, and then the upload.

mod pins;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::pins::Outgoing;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::{Dependency, DependencySource, Manifest, Target};
use crate::pipeline::build::cargo::BuildOutput;
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::linked::linked;
use crate::pipeline::build::prepare::BuildSetup;
use crate::pipeline::build::ready::build_in;
use crate::pipeline::fetch::access::on_command_line;
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::manifests::named_registries;
use crate::pipeline::release::compatible::refuse_breaking;
use crate::pipeline::release::order::publish_order;
use crate::pipeline::release::{
    BreakingChange, Destination, ExistingRelease, PublishMode, ReadyRelease, upload,
};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::workspace::Member;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Registries;

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
    /// Whether anything is published.
    pub mode: PublishMode,
}

/// A package to publish.
struct Candidate {
    member: usize,
    manifest: Rc<Manifest>,
    package: PackageRef,
    /// The packages that it depends on.
    needs: Vec<PackageRef>,
}

/// Builds the selected packages (`args` is a release build) and publishes
/// their components, each after those it needs. Nothing is published unless all
/// of them can be.
pub fn publish(ctx: &Context, args: &CargoArgs, options: &PublishOptions) -> Result<()> {
    let setup = BuildSetup::open(ctx, args)?;
    if options.content == PublishedContent::Component {
        let project = &setup.project;
        for member in &project.selected {
            let member = &project.workspace().members[*member];
            pins::refuse_paths(&*project.manifest(ctx, member)?)?;
        }
    }
    let built = build_in(ctx, args, setup)?;
    let candidates = candidates(ctx, &built)?;
    if candidates.is_empty() {
        return Err(Error::input("none of the selected packages is a component")
            .hint("add `[package.metadata.component]` with a `package` name to Cargo.toml"));
    }
    let requested = options.registry.as_deref();
    let preparing = Preparing {
        ctx,
        built: &built,
        registries: &ctx.registries(&built.prepared.workspace().root)?,
        requested: requested.map(|name| on_command_line(ctx, name)),
        options,
    };
    let packages: Vec<_> = candidates.iter().map(|c| (&c.package, &*c.needs)).collect();
    let mut outgoing = Outgoing::new();
    let mut ready = Vec::new();
    for index in publish_order(&packages) {
        let one = preparing.prepare(&candidates[index], &outgoing)?;
        if !one.published {
            let url = one.registry.url(&one.package, &one.version);
            let release = (one.package.clone(), one.version.clone());
            outgoing.insert(release, (one.digest.clone(), url));
        }
        ready.push(one);
    }
    for one in ready.iter().filter(|ready| !ready.published) {
        if options.breaking == BreakingChange::Refuse {
            refuse_breaking(ctx, one)?;
        }
    }
    ready
        .iter()
        .try_for_each(|one| upload(ctx, one, options.mode))
}

/// The packages to publish: the selected ones with our section.
fn candidates(ctx: &Context, built: &BuildOutput) -> Result<Vec<Candidate>> {
    let workspace = built.prepared.workspace();
    let mut candidates = Vec::new();
    for index in &built.prepared.selected {
        let recipe = built.prepared.recipe(*index);
        if !recipe.is_some_and(|recipe| recipe.declared) {
            continue;
        }
        let member = &workspace.members[*index];
        let manifest = built.prepared.project.manifest(ctx, member)?;
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
            needs: needs(ctx, &built.prepared.project, &manifest),
            manifest,
            package,
        });
    }
    Ok(candidates)
}

/// The build and the registries that releases are prepared with.
struct Preparing<'a> {
    ctx: &'a Context,
    built: &'a BuildOutput,
    registries: &'a Registries<'a>,
    /// The registry of the command line.
    requested: Option<String>,
    options: &'a PublishOptions,
}

impl Preparing<'_> {
    /// Prepares and checks a release before the upload; `outgoing` are the releases
    /// that are published before it.
    fn prepare(&self, candidate: &Candidate, outgoing: &Outgoing) -> Result<ReadyRelease> {
        let Candidate {
            manifest, package, ..
        } = candidate;
        let member = &self.built.prepared.workspace().members[candidate.member];
        let artifact = one_component(self.built, candidate.member)?;
        let version = member.version.clone();
        let destination = Destination {
            registries: self.registries,
            requested: self.requested.as_deref(),
            offline: self.built.prepared.project.mode.is_offline(),
            existing: self.options.existing,
        };
        let (registry, published) =
            destination.open_registry(package, &version, &named_registries(manifest))?;
        let file = match published {
            // It stays as it is.
            true => artifact.path.clone(),
            false => self.content_file(candidate, artifact, outgoing)?,
        };
        let (digest, size) = fs::digest(&file)?;
        Ok(ReadyRelease {
            noun: "component",
            package: package.clone(),
            annotations: annotations(member),
            version,
            file,
            digest,
            size,
            registry,
            published,
            built_from: artifact.path.clone(),
        })
    }

    /// The file to publish.
    fn content_file(
        &self,
        candidate: &Candidate,
        artifact: &ComponentArtifact,
        outgoing: &Outgoing,
    ) -> Result<PathBuf> {
        let prepared = &self.built.prepared;
        let manifest = &candidate.manifest;
        let file = match self.options.content {
            PublishedContent::Composed => linked(self.ctx, prepared, artifact)?,
            PublishedContent::Component => artifact.path.clone(),
        };
        if manifest.dependencies.is_empty() {
            return Ok(file);
        }
        let lookup = pins::ReleaseLookup {
            ctx: self.ctx,
            registries: self.registries,
            requested: self.requested.as_deref(),
            offline: prepared.project.mode.is_offline(),
            outgoing,
        };
        let before = fs::read(&file)?;
        let pinned = pins::pin_hints(&lookup, manifest, &prepared.built, &before)?;
        if pinned == before {
            return Ok(file);
        }
        let package = &candidate.package;
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
