//! `run` and `serve` of an existing component: `--component`.

use std::path::{Path, PathBuf};

use super::launch::{Launch, Task};
use super::request::RunRequest;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::names;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::launch::invoke::{Purpose, nothing_to_run, served_address};
use crate::pipeline::launch::permissions::with_request_timeout;
use crate::pipeline::link::foreign::{HintOptions, link_foreign};
use crate::pipeline::link::override_options::{ComponentSource, OverrideRequest};
use crate::pipeline::link::resolution::Releases;
use crate::pipeline::project::current_package::current_lock_mode;
use crate::pipeline::project::manifests::Unpinned;
use crate::system::cargo::arguments::{CargoArgs, PackageSelection};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{ComponentFile, EntryPoint, Optimization, Runner, TraceOptions};

/// Links a component by its hints, to be run in the engine. Nothing is built, and
/// nothing of the project is read but its registries.
pub(super) fn prepare(ctx: &Context, request: &RunRequest<'_>, what: &str) -> Result<Launch> {
    let args = request.args;
    refuse_build_options(args)?;
    runtime::available().map_err(|error| error.hint("install with `--features runtime`"))?;
    let mode = current_lock_mode(ctx, args)?;
    let (name, file) = ComponentSource::parse(ctx, what)?.fetch(ctx, mode)?;
    let options = HintOptions {
        overrides: OverrideRequest::parse(ctx, &args.own.with, &[])?.fetch(ctx, mode)?,
        releases: match args.own.fresh {
            true => Releases::Newest,
            false => Releases::Named,
        },
    };
    let worlds = WorldResolver::without_workspace(ctx, mode, Unpinned::of(args));
    let file = ComponentFile {
        path: linked(ctx, worlds, &name, &file, options)?,
        optimization: Optimization::Full,
        trace: TraceOptions::new(&ctx.env, &ctx.cwd),
        profile: request.profile.clone(),
    };
    let task = match &args.own.invoke {
        Some(call) => Task::Call(call.clone()),
        None => task(request, &name, &file.path)?,
    };
    let permissions = &request.permissions;
    Ok(Launch {
        permissions: match &task {
            Task::Serve(_) => with_request_timeout(permissions, args),
            _ => permissions.clone(),
        },
        name,
        file,
        runner: Runner::Embedded,
        task,
        source: None,
    })
}

/// What to do with a component by its exports; an error where they have nothing to run.
fn task(request: &RunRequest<'_>, name: &str, path: &Path) -> Result<Task> {
    match (runtime::entry_point(&fs::read(path)?)?, request.purpose) {
        (EntryPoint::Http(_), _) => Ok(Task::Serve(served_address(request.args))),
        (EntryPoint::Command(_), Purpose::Run) if request.args.own.addr.is_some() => {
            let text = format!("`{name}` is a program, so `--addr` has no effect");
            Err(Error::usage(text).hint("remove it"))
        }
        (EntryPoint::Command(_), Purpose::Run) => Ok(Task::Start),
        (entry, purpose) => Err(nothing_to_run(name, &entry, purpose)),
    }
}

/// The file to run: the component itself, or where it has hints, the component
/// linked by them, which is stored in the cache.
fn linked(
    ctx: &Context,
    worlds: WorldResolver<'_>,
    name: &str,
    file: &Path,
    options: HintOptions,
) -> Result<PathBuf> {
    let imports = names::imports(&fs::read(file)?)
        .map_err(|e| e.context(format!("failed to read the component `{name}`")))?;
    let has_hint = |import: &names::Name| import.external_id.is_some();
    if options.overrides.is_empty() && !imports.iter().any(has_hint) {
        return Ok(file.to_owned());
    }
    let (linked, _) = link_foreign(ctx, worlds, name, file, options)?;
    let digest = ContentDigest::of(&linked.bytes);
    ctx.cache().get_or_write(
        &digest,
        |to| {
            to.write_all(&linked.bytes)
                .map_err(|e| Error::io("write", &ctx.cache().dir().join(digest.to_string()), &e))
        },
        |_| Error::input(format!("failed to store `{name}` in the cache")),
    )
}

/// Refuses options that only builds have.
fn refuse_build_options(args: &CargoArgs) -> Result<()> {
    let option = match args {
        _ if args.selection() != PackageSelection::Default => "--package",
        _ if args.manifest_path.is_some() => "--manifest-path",
        _ if !args.target_choices.is_empty() => "--bin",
        _ if !args.targets.is_empty() => "--target",
        _ if args.profile.is_some() => "--profile",
        _ if args.release => "--release",
        _ => return Ok(()),
    };
    Err(Error::usage(format!(
        "`--component` builds nothing, so `{option}` cannot be used with it"
    ))
    .hint("remove one of them"))
}
