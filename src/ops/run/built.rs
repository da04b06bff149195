//! `run` and `serve` of the component that is built.

use std::path::Path;

use super::launch::{Launch, LaunchSource, Task};
use super::request::RunRequest;
use crate::base::error::{Error, Result};
use crate::pipeline::build::cargo::{BuildOutput, build_prepared};
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::prepare::Prepared;
use crate::pipeline::build::ready;
use crate::pipeline::launch::invoke::{Purpose, nothing_to_run, served_address};
use crate::pipeline::launch::permissions::{with_own_requests, with_request_timeout};
use crate::pipeline::launch::runner::{Runners, runnable, target_of};
use crate::system::cargo::target::{Target, WasmTarget};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{ComponentFile, EntryPoint, Runner};

/// Builds the selected packages, and chooses the one component among them. `on_prepared`
/// gets the packages before they are built.
pub(super) fn prepare(
    ctx: &Context,
    request: &RunRequest<'_>,
    on_prepared: &mut dyn FnMut(&Prepared),
) -> Result<Launch> {
    let args = request.args;
    let prepared = ready::prepare(ctx, args, StaleBindings::Write)?;
    on_prepared(&prepared);
    // Without a runner nothing is built.
    let runners = match args.own.invoke {
        Some(_) => Runners::embedded()?,
        None => Runners::find(ctx, &prepared)?,
    };
    runners.check_permissions(&request.permissions)?;
    let built = build_prepared(ctx, args, prepared)?;
    let artifact = choose(&built, request.purpose)?.clone();
    let runner = runners.of(&built, &artifact);
    let file = ComponentFile {
        profile: request.profile.clone(),
        ..runnable(ctx, &built, &artifact, &runner)?
    };
    let granted = request.permissions.clone();
    let permissions = with_own_requests(ctx, granted, &built, &artifact)?;
    let name = ctx.display(&artifact.path).to_string();
    let source = LaunchSource { built, artifact };
    let task = match &args.own.invoke {
        Some(call) => Task::Call(call.clone()),
        None => task(request, &source, &name, &file.path, &runner)?,
    };
    Ok(Launch {
        permissions: match &task {
            Task::Serve(_) => with_request_timeout(&permissions, args),
            _ => permissions,
        },
        name,
        file,
        runner,
        task,
        source: Some(source),
    })
}

/// What to do with a component by its exports; an error where they have nothing
/// to run.
fn task(
    request: &RunRequest<'_>,
    source: &LaunchSource,
    name: &str,
    path: &Path,
    runner: &Runner,
) -> Result<Task> {
    let LaunchSource { built, artifact } = source;
    let own = &request.args.own;
    let no_address = |what: String, hint: &str| match &own.addr {
        None => Ok(Task::Start),
        Some(_) => Err(Error::usage(format!("{what}, so `--addr` has no effect")).hint(hint)),
    };
    if let Runner::Configured { program, .. } = runner {
        let program = program.to_string_lossy();
        return no_address(
            format!("the configured runner `{program}` determines the address"),
            "add the runner's own option for the address to its arguments",
        );
    }
    // Most components need not be read to know it.
    let facts = artifact.component.as_ref();
    let entry = match facts.and_then(|facts| runtime::entry_point_of(&facts.surface.exports)) {
        Some(entry) => entry,
        None => runtime::entry_point(&fs::read(path)?)?,
    };
    match (entry, request.purpose) {
        (EntryPoint::Http(_), _) => Ok(Task::Serve(served_address(request.args))),
        (EntryPoint::Command(_), Purpose::Run) => {
            no_address(format!("`{name}` is a program"), "remove it")
        }
        (EntryPoint::Library(_), Purpose::Run)
            if artifact.cargo_artifact.is_program() && without_system(built, artifact) =>
        {
            let target = target_of(built, artifact).map_or("", Target::name);
            Err(Error::input(format!(
                "`{name}` cannot run: programs need WASI, which the target `{target}` does not provide"
            ))
            .hint("use `--target wasm32-wasip1` or `--target wasm32-wasip2`"))
        }
        (entry, _) => Err(nothing_to_run(name, &entry, request.purpose)),
    }
}

/// Whether a component was built for a target without WASI.
fn without_system(built: &BuildOutput, artifact: &ComponentArtifact) -> bool {
    target_of(built, artifact).is_some_and(|target| target.kind() == WasmTarget::Unknown)
}

/// The one component of a build to run; an error where there are several.
fn choose(built: &BuildOutput, purpose: Purpose) -> Result<&ComponentArtifact> {
    let verb = match purpose {
        Purpose::Run => "run",
        Purpose::Serve => "serve",
    };
    let all = || {
        built
            .artifacts
            .iter()
            .filter(|artifact| !artifact.cargo_artifact.test)
    };
    let programs: Vec<&ComponentArtifact> = all()
        .filter(|artifact| artifact.cargo_artifact.is_program())
        .collect();
    let preferred = all().find(|artifact| {
        let member = &built.prepared.workspace().members[artifact.member];
        artifact.cargo_artifact.is_program()
            && member.default_run.as_ref() == Some(&artifact.cargo_artifact.target)
    });
    let candidates = match programs.is_empty() {
        true => all().collect(),
        false => programs,
    };
    match (preferred, candidates.as_slice()) {
        (Some(preferred), _) => Ok(preferred),
        (None, [one]) => Ok(one),
        (None, []) => Err(Error::input(format!(
            "a component bin target must be available for `cargo component {verb}`"
        ))
        .hint("run the command in a component package, or select one with `--package`")),
        (None, [first, rest @ ..])
            if rest.iter().all(|artifact| {
                (artifact.member, &artifact.cargo_artifact.target) == (first.member, &first.cargo_artifact.target)
            }) =>
        {
            Err(Error::input(format!(
                "`cargo component {verb}` can run `{}` for one target only, but it was built for several",
                first.cargo_artifact.target
            ))
            .hint("select one with `--target`"))
        }
        (None, many) => {
            let names: Vec<_> = many
                .iter()
                .map(|artifact| format!("`{}`", artifact.cargo_artifact.target))
                .collect();
            Err(Error::input(format!(
                "`cargo component {verb}` can run at most one component, but multiple were specified"
            ))
            .with_cause(format!("the components are {}", names.join(", ")))
            .hint("select one with `--package`, `--bin` or `--example`, or with `default-run` in Cargo.toml"))
        }
    }
}
