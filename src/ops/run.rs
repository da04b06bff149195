//! `cargo component run` and `serve`.

mod by_name;

use std::path::Path;

use super::run::by_name::run_component;
use crate::base::error::{Error, Result};
use crate::pipeline::build::bindings::Stale;
use crate::pipeline::build::cargo::{Built, build_prepared};
use crate::pipeline::build::componentize::Made;
use crate::pipeline::build::prepare::prepare;
use crate::pipeline::launch::permissions::{grant, of_own_code, of_requests};
use crate::pipeline::launch::runner::{Runners, runnable, target_of};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::target::{Target, WasmTarget};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{Called, Ended, Entry, Event, Grant, Interrupts, Program, Runner};

/// Where an HTTP handler is served when nothing else is said.
pub(super) const ADDRESS: &str = "127.0.0.1:8080";

/// What is asked of the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Whatever it is for: run its program, serve its handler, call a function.
    Run,
    /// Serve its handler.
    Serve,
}

/// What is done with the component.
#[derive(Clone, Copy, Debug)]
enum Task<'a> {
    /// Call this function in the engine.
    Call(&'a str),
    /// Hand it to what runs programs; a configured runner gets everything.
    Start,
    /// Serve its HTTP handler in the engine.
    Serve,
}

/// Builds, then runs the one component that was built.
pub fn run(ctx: &Context, args: &CargoArgs, purpose: Purpose) -> Result<()> {
    let grant = grant(ctx, args)?;
    check_options(args)?;
    if let Some(what) = &args.own.component {
        return run_component(ctx, args, (what, &grant, purpose));
    }
    let prepared = prepare(ctx, args, Stale::Write)?;
    // What could not run anything should not build for it either.
    let runners = match args.own.invoke {
        Some(_) => Runners::embedded()?,
        None => Runners::find(ctx, &prepared)?,
    };
    runners.take(&grant)?;
    let built = build_prepared(ctx, args, prepared)?;
    let made = choose(&built, purpose)?;
    let runner = runners.of(&built, made);
    let path = runnable(ctx, (&built, made), &runner)?;
    let grant = of_own_code(grant, &built, made)?;
    let task = match &args.own.invoke {
        Some(call) => Task::Call(call),
        None => task(ctx, args, (&built, made, &path), (&runner, purpose))?,
    };
    ctx.shell
        .status("Running", command_line(ctx.display(&made.path), &grant));
    match task {
        Task::Call(call) => invoke(ctx, &path, call, &grant),
        Task::Serve => {
            let addr = args.own.addr.as_deref().unwrap_or(ADDRESS);
            serve(ctx, &path, addr, &of_requests(&grant, args))
        }
        Task::Start => {
            let program = Program::open(&runner, &*ctx.exec, &path, Interrupts::of(&grant))?;
            ended(ctx, &program.run(&grant)?)
        }
    }
}

/// What the component is for, by its exports, or why nothing can be done.
fn task(
    ctx: &Context,
    args: &CargoArgs,
    (built, made, path): (&Built, &Made, &Path),
    (runner, purpose): (&Runner, Purpose),
) -> Result<Task<'static>> {
    let name = ctx.display(&made.path);
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
    match (runtime::entry(&fs::read(path)?)?, purpose) {
        (Entry::Http(_), _) => Ok(Task::Serve),
        (Entry::Command(_), Purpose::Run) => {
            no_address(format!("`{name}` is a program"), "remove it")
        }
        (Entry::Library(_), Purpose::Run)
            if made.artifact.is_program() && without_system(built, made) =>
        {
            let target = target_of(built, made).map_or("", Target::name);
            Err(Error::input(format!(
                "`{name}` cannot run: programs need WASI, which the target `{target}` does not provide"
            ))
            .hint("use `--target wasm32-wasip1` or `--target wasm32-wasip2`"))
        }
        (entry, _) => Err(nothing_to_run(&name.to_string(), (&entry, purpose))),
    }
}

/// Why a component that is no program cannot be run, or served.
pub(super) fn nothing_to_run(name: &str, (entry, purpose): (&Entry, Purpose)) -> Error {
    let functions: &[_] = match (entry, purpose) {
        (_, Purpose::Serve) => {
            return Error::input(format!(
                "`{name}` cannot be served, since it exports no HTTP handler"
            ))
            .hint("export `wasi:http/incoming-handler` or `wasi:http/handler`, or use `cargo component run`");
        }
        (Entry::Library(functions), Purpose::Run) => functions,
        (_, Purpose::Run) => &[],
    };
    let names: Vec<String> = functions.iter().map(|f| format!("`{f}`")).collect();
    let error = Error::input(format!(
        "`{name}` cannot be run, since it exports neither `wasi:cli/run` nor an HTTP handler"
    ));
    match functions.first() {
        Some(first) => error
            .because(format!("it exports {}", names.join(", ")))
            .hint(format!("call a function with `--invoke '{first}(…)'`")),
        None => error.hint("add a `main` function, or export a function"),
    }
}

/// Whether it was built for a target without WASI.
fn without_system(built: &Built, made: &Made) -> bool {
    target_of(built, made).is_some_and(|target| target.sort() == WasmTarget::Unknown)
}

/// Refuses what our options cannot mean, before anything is built for it.
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

/// The one component to run.
fn choose(built: &Built, purpose: Purpose) -> Result<&Made> {
    let verb = match purpose {
        Purpose::Run => "run",
        Purpose::Serve => "serve",
    };
    let all = || built.made.iter().filter(|made| !made.artifact.test);
    let programs: Vec<&Made> = all().filter(|made| made.artifact.is_program()).collect();
    let preferred = all().find(|made| {
        let member = &built.prepared.workspace().members[made.member];
        made.artifact.is_program() && member.default_run.as_ref() == Some(&made.artifact.target)
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
            if rest.iter().all(|made| {
                (made.member, &made.artifact.target) == (first.member, &first.artifact.target)
            }) =>
        {
            Err(Error::input(format!(
                "`cargo component {verb}` can run `{}` for one target only, but it was built for several",
                first.artifact.target
            ))
            .hint("select one with `--target`"))
        }
        (None, many) => {
            let names: Vec<_> = many
                .iter()
                .map(|made| format!("`{}`", made.artifact.target))
                .collect();
            Err(Error::input(format!(
                "`cargo component {verb}` can run at most one component, but multiple were specified"
            ))
            .because(format!("the components are {}", names.join(", ")))
            .hint("select one with `--package`, `--bin` or `--example`, or with `default-run` in Cargo.toml"))
        }
    }
}

/// The component with its arguments, as cargo shows what it runs.
pub(super) fn command_line(shown: std::path::Display<'_>, grant: &Grant) -> String {
    let mut text = format!("`{shown}");
    for argument in &grant.args {
        match argument.is_empty() || argument.contains(char::is_whitespace) {
            true => text.push_str(&format!(" {argument:?}")),
            false => text.push_str(&format!(" {argument}")),
        }
    }
    text.push('`');
    text
}

pub(super) fn invoke(ctx: &Context, path: &Path, call: &str, grant: &Grant) -> Result<()> {
    match runtime::invoke(path, call, grant)? {
        Called::Returned { values, missed } => {
            for value in values {
                ctx.shell.data(value);
            }
            if let Some(missed) = missed {
                ctx.shell.warn(missed);
            }
            Ok(())
        }
        Called::Ended(end) => ended(ctx, &end),
    }
}

pub(super) fn serve(ctx: &Context, path: &Path, addr: &str, grant: &Grant) -> Result<()> {
    let code = runtime::serve(path, addr, grant, &mut |event| {
        match event {
            Event::Listening(addr) => ctx.shell.status("Serving", format!("http://{addr}/")),
            Event::Failed(error) => ctx.shell.warn(match error.advice() {
                Some(hint) => format!("a request failed: {error}; {hint}"),
                None => format!("a request failed: {error}"),
            }),
            Event::Left(what) => ctx
                .shell
                .detail("Ended", format!("{what}, whose client disconnected")),
            Event::Missed(missed) => ctx.shell.warn(missed),
        }
        Ok(())
    })?;
    match code {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}

/// The exit code of a component as ours; a trap is told, and what it lacked.
pub(super) fn ended(ctx: &Context, end: &Ended) -> Result<()> {
    if let Some(missed) = &end.missed {
        ctx.shell.warn(missed.clone());
    }
    if let Some(fault) = &end.fault {
        crate::system::shell::report(&*ctx.shell, fault);
    }
    match end.code {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}
