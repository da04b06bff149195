//! `run` and `serve` of a component that is made already: `--component`.

use std::path::{Path, PathBuf};

use super::{ADDRESS, Purpose, command_line, ended, invoke, nothing_to_run, serve};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::names;
use crate::ops::compose::{Following, Releases, Unpinned, link_foreign, mode_here};
use crate::pipeline::fetch::worlds::Worlds;
use crate::pipeline::launch::permissions::of_requests;
use crate::pipeline::link::override_options::{Asked, Named};
use crate::system::cargo::arguments::{CargoArgs, Selection};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{Entry, Grant, Interrupts, Program, Runner};

/// Links a component by its hints and runs it in the engine. Nothing is built,
/// and nothing of the project is read but its registries.
pub(super) fn run_component(
    ctx: &Context,
    args: &CargoArgs,
    (what, grant, purpose): (&str, &Grant, Purpose),
) -> Result<()> {
    refuse_of_builds(args)?;
    runtime::available().map_err(|error| error.hint("install with `--features runtime`"))?;
    let mode = mode_here(ctx, args)?;
    let (name, file) = Named::parse(ctx, what)?.find(ctx, mode)?;
    let following = Following {
        chosen: Asked::read(ctx, &args.own.with, &[])?.find(ctx, mode)?,
        unpinned: match args.own.trust_unpinned {
            true => Unpinned::Follow,
            false => Unpinned::Refuse,
        },
        releases: match args.own.fresh {
            true => Releases::Newest,
            false => Releases::Named,
        },
    };
    let worlds = Worlds::alone(ctx, mode);
    let file = linked(ctx, worlds, (&name, &file), following)?;
    let say = || {
        let line = command_line(Path::new(&name).display(), grant);
        ctx.shell.status("Running", line);
    };
    if let Some(call) = &args.own.invoke {
        say();
        return invoke(ctx, &file, call, grant);
    }
    match (runtime::entry(&fs::read(&file)?)?, purpose) {
        (Entry::Http(_), _) => {
            say();
            let addr = args.own.addr.as_deref().unwrap_or(ADDRESS);
            serve(ctx, &file, addr, &of_requests(grant, args))
        }
        (Entry::Command(_), Purpose::Run) => {
            if args.own.addr.is_some() {
                let text = format!("`{name}` is a program, so `--addr` has no effect");
                return Err(Error::usage(text).hint("remove it"));
            }
            say();
            let interrupts = Interrupts::of(grant);
            let program = Program::open(&Runner::Embedded, &*ctx.exec, &file, interrupts)?;
            ended(ctx, &program.run(grant)?)
        }
        (entry, _) => Err(nothing_to_run(&name, (&entry, purpose))),
    }
}

/// The file to run: the component itself, or what its hints make of it, which
/// is kept in the cache.
fn linked(
    ctx: &Context,
    worlds: Worlds<'_>,
    (name, file): (&str, &Path),
    following: Following,
) -> Result<PathBuf> {
    let imports = names::imports(&fs::read(file)?)
        .map_err(|e| e.context(format!("failed to read the component `{name}`")))?;
    let has_hint = |import: &names::Name| import.external_id.is_some();
    if following.chosen.is_empty() && !imports.iter().any(has_hint) {
        return Ok(file.to_owned());
    }
    let (linked, _) = link_foreign(ctx, worlds, (name, file), following)?;
    let digest = ContentDigest::of(&linked.bytes);
    ctx.cache().keep(
        &digest,
        |to| {
            to.write_all(&linked.bytes)
                .map_err(|e| Error::io("write", &ctx.cache().dir().join(digest.to_string()), &e))
        },
        |_| Error::input(format!("failed to store `{name}` in the cache")),
    )
}

/// Refuses what only a build could mean.
fn refuse_of_builds(args: &CargoArgs) -> Result<()> {
    let option = match args {
        _ if args.selection() != Selection::Default => "--package",
        _ if args.manifest_path.is_some() => "--manifest-path",
        _ if !args.artifacts.is_empty() => "--bin",
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
