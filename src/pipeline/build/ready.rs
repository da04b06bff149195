//! Runs builds in order, each after those of the components that it depends on.

use std::path::Path;
use std::rc::Rc;

use super::cargo::{BuildOutput, build_prepared};
use super::component_choice::artifact_of;
use super::order::{BuildOrder, BuildStep};
use super::pending_writes::StaleBindings;
use super::prepare::{BuildPurpose, BuildSetup, PrepareRequest, Prepared};
use super::sources::source_files;
use crate::base::error::{Error, Result};
use crate::pipeline::link::built::{BuiltComponent, BuiltComponents};
use crate::pipeline::link::override_options::{OverrideRequest, Overrides};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Prepares the packages that the command line selects, after the components that
/// they depend on by their directories were built. Nothing of the packages is
/// written before [`Prepared::write`].
pub(crate) fn prepare(ctx: &Context, args: &CargoArgs, stale: StaleBindings) -> Result<Prepared> {
    let request = OverrideRequest::of(ctx, args)?;
    let setup = BuildSetup::open(ctx, args)?;
    prepare_in(ctx, args, stale, setup, request)
}

/// As [`prepare`], in a workspace that is known, and with these overrides. Those in
/// registries are fetched before anything is built, those of crates are built first.
pub(crate) fn prepare_in(
    ctx: &Context,
    args: &CargoArgs,
    stale: StaleBindings,
    setup: BuildSetup,
    request: Option<OverrideRequest<'_>>,
) -> Result<Prepared> {
    let overrides = request.map(|request| request.fetch(ctx, setup.project.mode));
    let overrides = overrides.transpose()?;
    let overriding = overrides.as_ref().map(Overrides::crates);
    let BuildOrder {
        workspaces,
        steps,
        needed,
        ..
    } = BuildOrder::of(ctx, args, setup, &overriding.unwrap_or_default())?;
    let mut workspaces: Vec<Option<BuildSetup>> = workspaces.into_iter().map(Some).collect();
    let mut built = BuiltComponents::default();
    let mut own = None;
    for (at, step) in steps.into_iter().enumerate() {
        if at == needed {
            own = Some(Rc::new(built.clone()));
        }
        let setup = workspaces[step.workspace].take();
        let (component, setup) = build_step(ctx, &step, &built, setup.ok_or_else(lost_workspace)?)?;
        workspaces[step.workspace] = Some(setup);
        let known = workspaces.iter().flatten();
        known.for_each(BuildSetup::forget_states);
        built.insert(step.dir, component);
    }
    let mut setup = workspaces[0].take().ok_or_else(lost_workspace)?;
    setup.choose_targets(args)?;
    let built = Rc::new(built);
    let request = PrepareRequest {
        selected: setup.project.selected.clone(),
        built: own.unwrap_or_else(|| built.clone()),
        overrides: overrides.map(|overrides| overrides.with_built(&built)),
        linkable: built,
        purpose: BuildPurpose::Requested,
        stale,
    };
    setup.prepare(ctx, args, request)
}

/// The error for a workspace that a build did not return, which cannot happen.
fn lost_workspace() -> Error {
    Error::input("a workspace was lost between two builds")
}

/// Builds the crate of one step; returns its component and the updated workspace.
fn build_step(
    ctx: &Context,
    step: &BuildStep,
    built: &BuiltComponents,
    mut setup: BuildSetup,
) -> Result<(BuiltComponent, BuildSetup)> {
    setup.choose_targets(&step.args)?;
    let built = Rc::new(built.clone());
    let request = PrepareRequest {
        selected: step.selected.clone(),
        linkable: built.clone(),
        built,
        purpose: BuildPurpose::Dependency,
        stale: StaleBindings::Write,
        overrides: None,
    };
    let prepared = setup.prepare(ctx, &step.args, request)?;
    let built = build_prepared(ctx, &step.args, prepared)?;
    let component = component_of(ctx, &built, &step.dir)?;
    Ok((component, built.prepared.setup))
}

/// Builds the packages that the command line selects, and makes components of them.
pub(crate) fn build(ctx: &Context, args: &CargoArgs) -> Result<BuildOutput> {
    build_with(ctx, args, OverrideRequest::of(ctx, args)?)
}

/// As [`build`], for components that are linked with these overrides.
pub(crate) fn build_with(
    ctx: &Context,
    args: &CargoArgs,
    request: Option<OverrideRequest<'_>>,
) -> Result<BuildOutput> {
    let setup = BuildSetup::open(ctx, args)?;
    let prepared = prepare_in(ctx, args, StaleBindings::Write, setup, request)?;
    build_prepared(ctx, args, prepared)
}

/// Finds the component of the package in a directory.
fn component_of(ctx: &Context, built: &BuildOutput, dir: &Path) -> Result<BuiltComponent> {
    let prepared = &built.prepared;
    let artifact = artifact_of(ctx, prepared, &built.artifacts, dir)?;
    let member = &prepared.workspace().members[artifact.member];
    let facts = artifact.component.as_ref();
    let recipe = prepared.recipe(artifact.member).cloned();
    let recipe = recipe.unwrap_or_default();
    Ok(BuiltComponent {
        parts: recipe.parts,
        links: recipe.links,
        file: artifact.path.clone(),
        sends_requests: facts.is_some_and(|facts| facts.sends_requests),
        package: prepared.project.manifest(ctx, member)?.package.clone(),
        version: member.version.clone(),
        sources: source_files(prepared, artifact.member),
    })
}
