//! `cargo component run` and `serve` of the component that is built.

mod prebuilt;

use crate::pipeline::build::pending_writes::StaleBindings;
use std::path::Path;

use self::prebuilt::run_component;
use crate::base::error::{Error, ErrorKind, Result};
use crate::pipeline::build::cargo::{BuildOutput, build_prepared};
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::ready::prepare;
pub use crate::pipeline::launch::invoke::Purpose;
use crate::pipeline::launch::invoke::{
    DEFAULT_ADDRESS, command_line, invoke, nothing_to_run, report_end, report_profile,
    requested_profile, serve,
};
use crate::pipeline::launch::permissions::{
    granted_permissions, with_own_requests, with_request_timeout,
};
use crate::pipeline::launch::runner::{Runners, runnable, target_of};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::target::{Target, WasmTarget};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{ComponentFile, EntryPoint, Interrupts, Program, Runner};

/// The way in which a component runs.
#[derive(Clone, Copy, Debug)]
enum Task<'a> {
    /// Call a function in the engine.
    Call(&'a str),
    /// Start its program, with the configured runner if there is one.
    Start,
    /// Serve its HTTP handler in the engine.
    Serve,
}

/// Builds the selected packages and runs the one component among them.
pub fn run(ctx: &Context, args: &CargoArgs, purpose: Purpose) -> Result<()> {
    let permissions = granted_permissions(ctx, args)?;
    check_options(args)?;
    let profile = requested_profile(ctx, args)?;
    if let Some(what) = &args.own.component {
        return run_component(ctx, args, what, &permissions, purpose);
    }
    let prepared = prepare(ctx, args, StaleBindings::Write)?;
    // Without a runner nothing is built.
    let runners = match args.own.invoke {
        Some(_) => Runners::embedded()?,
        None => Runners::find(ctx, &prepared)?,
    };
    runners.check_permissions(&permissions)?;
    let built = build_prepared(ctx, args, prepared)?;
    let artifact = choose(&built, purpose)?;
    let runner = runners.of(&built, artifact);
    let file = ComponentFile {
        profile,
        ..runnable(ctx, &built, artifact, &runner)?
    };
    let permissions = with_own_requests(ctx, permissions, &built, artifact)?;
    let task = match &args.own.invoke {
        Some(call) => Task::Call(call),
        None => {
            let component = BuiltComponent {
                built: &built,
                artifact,
                path: &file.path,
            };
            task(ctx, args, &component, &runner, purpose)?
        }
    };
    ctx.shell.status(
        "Running",
        command_line(ctx.display(&artifact.path), &permissions),
    );
    match task {
        Task::Call(call) => invoke(ctx, &file, call, &permissions)
            .map_err(|error| naming_library(error, &built, artifact, call)),
        Task::Serve => {
            let addr = args.own.addr.as_deref().unwrap_or(DEFAULT_ADDRESS);
            serve(ctx, &file, addr, &with_request_timeout(&permissions, args))
        }
        Task::Start => {
            let interrupts = Interrupts::of(&permissions);
            let program = Program::open(&runner, &*ctx.exec, &file, interrupts, &*ctx.shell)?;
            let ended = program.run(&permissions)?;
            report_profile(ctx, &file);
            report_end(ctx, &ended)
        }
    }
}

/// The error of a call, with the library that exports the function where the program beside
/// it was called.
fn naming_library(
    error: Error,
    built: &BuildOutput,
    called: &ComponentArtifact,
    call: &str,
) -> Error {
    let function = call.split('(').next().unwrap_or(call).trim();
    let exports = |artifact: &&ComponentArtifact| {
        let is_library = !artifact.cargo_artifact.test && !artifact.cargo_artifact.is_program();
        let functions = || runtime::functions(&fs::read(&artifact.path)?);
        let exported = || functions().and_then(|all| runtime::resolve(function, &all).map(drop));
        is_library && exported().is_ok()
    };
    let is_unknown = error.kind() == ErrorKind::Usage && called.cargo_artifact.is_program();
    let mut artifacts = built.artifacts.iter().filter(|_| is_unknown);
    let Some(library) = artifacts.find(exports) else {
        return error;
    };
    let package = &built.prepared.workspace().members[library.member].name;
    error
        .with_cause(format!(
            "the program `{}` was called",
            called.cargo_artifact.target
        ))
        .replace_hint(match library.member == called.member {
            true => "the library of the package exports it: add `--lib`".to_owned(),
            false => format!("the package `{package}` exports it: add `--package {package}`"),
        })
}

/// A component of a build that is to run.
struct BuiltComponent<'a> {
    built: &'a BuildOutput,
    artifact: &'a ComponentArtifact,
    /// The file that runs, which may be a linked one.
    path: &'a Path,
}

/// What to do with a component by its exports; an error where they have nothing
/// to run.
fn task(
    ctx: &Context,
    args: &CargoArgs,
    component: &BuiltComponent<'_>,
    runner: &Runner,
    purpose: Purpose,
) -> Result<Task<'static>> {
    let BuiltComponent {
        built,
        artifact,
        path,
    } = *component;
    let name = ctx.display(&artifact.path);
    let no_address = |what: String, hint: &str| match &args.own.addr {
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
    match (runtime::entry_point(&fs::read(path)?)?, purpose) {
        (EntryPoint::Http(_), _) => Ok(Task::Serve),
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
        (entry, _) => Err(nothing_to_run(&name.to_string(), &entry, purpose)),
    }
}

/// Whether a component was built for a target without WASI.
fn without_system(built: &BuildOutput, artifact: &ComponentArtifact) -> bool {
    target_of(built, artifact).is_some_and(|target| target.kind() == WasmTarget::Unknown)
}

/// Refuses options that contradict each other, before anything is built.
fn check_options(args: &CargoArgs) -> Result<()> {
    let own = &args.own;
    if own
        .invoke
        .as_deref()
        .is_some_and(|call| call.trim().is_empty())
    {
        return Err(Error::usage("`--invoke` needs a function").hint("use `--invoke 'name(…)'`"));
    }
    let Some(addr) = &own.addr else {
        return Ok(());
    };
    if own.invoke.is_some() {
        return Err(
            Error::usage("`--addr` cannot be used with `--invoke`").hint("remove one of them")
        );
    }
    let port = addr.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(_)) => Ok(()),
        _ => Err(
            Error::usage(format!("`{addr}` is not an address with a port"))
                .hint("use `HOST:PORT`, such as `127.0.0.1:8080` or `[::1]:0`"),
        ),
    }
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
