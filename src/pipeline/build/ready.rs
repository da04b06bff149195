//! Builds, each after the components that it depends on: the only loop over
//! builds.

use std::path::Path;
use std::rc::Rc;

use super::cargo::{Built, build_prepared};
use super::componentize::Made;
use super::order::{Order, Step};
use super::pending_writes::Stale;
use super::prepare::{BuildSetup, Prepared, Purpose, Request};
use crate::base::error::{Error, Result};
use crate::pipeline::link::built::{BuiltComponent, BuiltComponents};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// Prepares the packages that the command line selects, after the components that
/// they depend on by their directories were built. Nothing of the packages is
/// written before [`Prepared::write`].
pub(crate) fn prepare(ctx: &Context, args: &CargoArgs, stale: Stale) -> Result<Prepared> {
    prepare_in(ctx, args, stale, BuildSetup::open(ctx, args)?)
}

/// As [`prepare`], in a workspace that is known.
fn prepare_in(
    ctx: &Context,
    args: &CargoArgs,
    stale: Stale,
    setup: BuildSetup,
) -> Result<Prepared> {
    let Order {
        workspaces, steps, ..
    } = Order::of(ctx, args, setup)?;
    let mut workspaces: Vec<Option<BuildSetup>> = workspaces.into_iter().map(Some).collect();
    let mut built = BuiltComponents::default();
    for step in steps {
        let setup = workspaces[step.workspace].take();
        let (component, setup) = build_step(ctx, &step, &built, setup.ok_or_else(lost)?)?;
        workspaces[step.workspace] = Some(setup);
        built.insert(step.dir, component);
    }
    let mut setup = workspaces[0].take().ok_or_else(lost)?;
    setup.choose_targets(args)?;
    let request = Request {
        selected: setup.project.selected.clone(),
        built: Rc::new(built),
        purpose: Purpose::Requested,
        stale,
    };
    setup.prepare(ctx, args, request)
}

/// Each build gives its workspace back.
fn lost() -> Error {
    Error::input("a workspace was lost between two builds")
}

/// Builds the crate of one step; its component, and the workspace as it is then.
fn build_step(
    ctx: &Context,
    step: &Step,
    built: &BuiltComponents,
    mut setup: BuildSetup,
) -> Result<(BuiltComponent, BuildSetup)> {
    setup.choose_targets(&step.args)?;
    let request = Request {
        selected: step.selected.clone(),
        built: Rc::new(built.clone()),
        purpose: Purpose::Dependency,
        stale: Stale::Write,
    };
    let prepared = setup.prepare(ctx, &step.args, request)?;
    let built = build_prepared(ctx, &step.args, prepared)?;
    let component = component_of(ctx, &built, &step.dir)?;
    Ok((component, built.prepared.setup))
}

/// Builds the packages that the command line selects, and makes components of them.
pub(crate) fn build(ctx: &Context, args: &CargoArgs) -> Result<Built> {
    build_in(ctx, args, BuildSetup::open(ctx, args)?)
}

/// As [`build`], in a workspace that is known.
pub(crate) fn build_in(ctx: &Context, args: &CargoArgs, setup: BuildSetup) -> Result<Built> {
    let prepared = prepare_in(ctx, args, Stale::Write, setup)?;
    build_prepared(ctx, args, prepared)
}

/// The one component of the package in a directory.
fn component_of(ctx: &Context, built: &Built, dir: &Path) -> Result<BuiltComponent> {
    let workspace = built.prepared.workspace();
    let here = |made: &&Made| {
        let member = &workspace.members[made.member];
        let example = made.artifact.kinds.iter().any(|kind| kind == "example");
        fs::canonical(member.dir()).is_ok_and(|path| path == dir)
            && made.component.is_some()
            && !made.artifact.test
            && !example
    };
    let all: Vec<_> = built.made.iter().filter(here).collect();
    let library = all.iter().find(|made| !made.artifact.is_program());
    let shown = ctx.display(dir);
    let made = match (library, all.as_slice()) {
        (Some(library), _) => library,
        (None, [one]) => one,
        (None, []) => {
            return Err(
                Error::input(format!("`{shown}` builds no component")).hint(
                    "add `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml, or a `main` function",
                ),
            );
        }
        (None, many) => {
            return Err(Error::input(format!(
                "`{shown}` has {} programs, but a dependency must be exactly one component",
                many.len()
            ))
            .hint("keep one component in the package, or give the path of a component file"));
        }
    };
    let member = &workspace.members[made.member];
    let recipe = built.prepared.recipe(made.member).cloned();
    let recipe = recipe.unwrap_or_default();
    Ok(BuiltComponent {
        parts: recipe.parts,
        answers: recipe.answers,
        file: made.path.clone(),
        package: built
            .prepared
            .project
            .manifest(ctx, member)?
            .package
            .clone(),
        version: member.version.clone(),
    })
}
