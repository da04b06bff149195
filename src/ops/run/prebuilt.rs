//! `run` and `serve` of an existing component: `--component`.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::names;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::launch::invoke::{
    DEFAULT_ADDRESS, Purpose, command_line, invoke, nothing_to_run, report_end, report_profile,
    requested_profile, serve,
};
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
use crate::system::runtime::{
    ComponentFile, EntryPoint, Interrupts, Optimization, Permissions, Program, Runner, TraceOptions,
};

/// Links a component by its hints and runs it in the engine. Nothing is built,
/// and nothing of the project is read but its registries.
pub(super) fn run_component(
    ctx: &Context,
    args: &CargoArgs,
    what: &str,
    permissions: &Permissions,
    purpose: Purpose,
) -> Result<()> {
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
        profile: requested_profile(ctx, args)?,
    };
    let report_running = || {
        let line = command_line(Path::new(&name).display(), permissions);
        ctx.shell.status("Running", line);
    };
    if let Some(call) = &args.own.invoke {
        report_running();
        return invoke(ctx, &file, call, permissions);
    }
    match (runtime::entry_point(&fs::read(&file.path)?)?, purpose) {
        (EntryPoint::Http(_), _) => {
            report_running();
            let addr = args.own.addr.as_deref().unwrap_or(DEFAULT_ADDRESS);
            serve(ctx, &file, addr, &with_request_timeout(permissions, args))
        }
        (EntryPoint::Command(_), Purpose::Run) => {
            if args.own.addr.is_some() {
                let text = format!("`{name}` is a program, so `--addr` has no effect");
                return Err(Error::usage(text).hint("remove it"));
            }
            report_running();
            let interrupts = Interrupts::of(permissions);
            let program = Program::open(
                &Runner::Embedded,
                &*ctx.exec,
                &file,
                interrupts,
                &*ctx.shell,
            )?;
            let ended = program.run(permissions)?;
            report_profile(ctx, &file);
            report_end(ctx, &ended)
        }
        (entry, _) => Err(nothing_to_run(&name, &entry, purpose)),
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
