//! `cargo component run` and `serve`.

use std::path::{Path, PathBuf};

use super::build::{Built, build};
use super::componentize::Made;
use crate::advice::{Error, Result};
use crate::cargo::arguments::CargoArgs;
use crate::cargo::target::Target;
use crate::component::attributes;
use crate::component::encode::{Adapter, encode};
use crate::component::{self, Kind};
use crate::context::Context;
use crate::fs;
use crate::runtime::{self, Called, Ended, Entry, Event, Grant, Preopen, Program, Runner};

/// Where an HTTP handler is served when nothing else is said.
const ADDRESS: &str = "127.0.0.1:8080";

/// What is asked of the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Whatever it is for: run its program, serve its handler, call a function.
    Run,
    /// Serve its handler.
    Serve,
}

/// Builds, then runs the one component that was built.
pub fn run(ctx: &Context, args: &CargoArgs, purpose: Purpose) -> Result<()> {
    let grant = grant(ctx, args)?;
    let built = build(ctx, args)?;
    let verb = match purpose {
        Purpose::Run => "run",
        Purpose::Serve => "serve",
    };
    let made = choose(&built, verb)?;
    let target = target_of(&built, made);
    let runner = runner(ctx, &built, target)?;
    let path = runnable(&built, made, &runner)?;
    ctx.shell
        .status("Running", command_line(ctx, &made.path, &grant));
    if let Some(call) = &args.own.invoke {
        return invoke(ctx, &path, call, &grant);
    }
    if let Runner::Configured { .. } = runner {
        return ended(
            ctx,
            &Program::open(&runner, &*ctx.exec, &path)?.run(&grant)?,
        );
    }
    let entry = runtime::entry(&fs::read(&path)?)?;
    let addr = args.own.addr.as_deref().unwrap_or(ADDRESS);
    match (entry, purpose) {
        (Entry::Http(_), _) => serve(ctx, &path, addr, &grant),
        (Entry::Command(_), Purpose::Run) => ended(
            ctx,
            &Program::open(&runner, &*ctx.exec, &path)?.run(&grant)?,
        ),
        (_, Purpose::Serve) => Err(Error::input(format!(
            "`{}` exports no HTTP handler, so that it cannot be served",
            ctx.display(&made.path)
        ))
        .hint("export `wasi:http/incoming-handler`, or use `cargo component run`")),
        (Entry::Library(functions), Purpose::Run) => {
            let names: Vec<String> = functions.iter().map(|f| format!("`{f}`")).collect();
            let error = Error::input(format!(
                "`{}` exports neither `wasi:cli/run` nor an HTTP handler, so that nothing says what to run",
                ctx.display(&made.path)
            ));
            Err(match functions.first() {
                Some(first) => error
                    .because(format!("it exports {}", names.join(", ")))
                    .hint(format!("call a function: `--invoke '{first}(…)'`")),
                None => error.hint("make it a program with a `main`, or export a function"),
            })
        }
    }
}

/// What the command line grants the component.
pub(super) fn grant(ctx: &Context, args: &CargoArgs) -> Result<Grant> {
    let text = |value: &std::ffi::OsString| -> Result<String> {
        value.to_str().map(str::to_owned).ok_or_else(|| {
            Error::usage(format!(
                "the argument `{}` is not UTF-8, which a component cannot be given",
                value.to_string_lossy()
            ))
        })
    };
    let mut grant = Grant::default();
    for argument in args.own.program_args.iter().chain(&args.trailing) {
        grant.args.push(text(argument)?);
    }
    for pair in &args.own.env {
        let pair = text(pair)?;
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => {
                let value = ctx.env.inherited(&pair).ok_or_else(|| {
                    Error::usage(format!(
                        "the variable `{pair}` is not set, so it cannot be handed on"
                    ))
                    .hint(format!("give its value: `--env {pair}=…`"))
                })?;
                (pair, value)
            }
        };
        grant.env.push((name, value));
    }
    for dir in &args.own.dirs {
        let mut preopen = Preopen::parse(&text(dir)?)?;
        preopen.host = ctx.absolute(&preopen.host);
        grant.dirs.push(preopen);
    }
    Ok(grant)
}

/// The one component to run.
fn choose<'a>(built: &'a Built, verb: &str) -> Result<&'a Made> {
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
        .hint("go to a component package, or name one by `--package`")),
        (None, many) => {
            let names: Vec<_> = many
                .iter()
                .map(|made| format!("`{}`", made.artifact.target))
                .collect();
            Err(Error::input(format!(
                "`cargo component {verb}` can run at most one component, but multiple were specified"
            ))
            .because(format!("they are {}", names.join(", ")))
            .hint("choose one by `--package`, `--bin` or `--example`, or by `default-run` in Cargo.toml"))
        }
    }
}

/// The target a component was built for, told by its path.
pub(super) fn target_of<'a>(built: &'a Built, made: &Made) -> Option<&'a Target> {
    let targets = &built.prepared.targets;
    let named = |target: &&Target| {
        made.path
            .components()
            .any(|part| part.as_os_str() == target.triple())
    };
    targets.iter().find(named).or_else(|| targets.first())
}

/// The runner cargo's configuration has for the target, or the engine.
pub(super) fn runner(ctx: &Context, built: &Built, target: Option<&Target>) -> Result<Runner> {
    let Some(target) = target else {
        return Ok(Runner::Embedded);
    };
    let configured = built.prepared.config.runner(target, &*ctx.exec)?;
    Ok(match configured {
        Some(runner) => {
            ctx.shell
                .detail("Using", format!("the runner of {}", runner.place));
            Runner::Configured {
                program: runner.program,
                args: runner.args.into_iter().map(Into::into).collect(),
            }
        }
        None => Runner::Embedded,
    })
}

/// The file to hand to the runner: the component, without attributes for a
/// configured runner, which may not know them. A plain program for WASI 0.1
/// is made a component for the engine.
pub(super) fn runnable(built: &Built, made: &Made, runner: &Runner) -> Result<PathBuf> {
    let aside = |name: &str| {
        let file = made
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let place = built.prepared.state_dir().join("run");
        place.join(format!("{file}-{name}.wasm"))
    };
    let embedded = matches!(runner, Runner::Embedded);
    let recipe = built.prepared.recipe(made.member);
    if made.component.is_some() {
        if embedded || recipe.is_none_or(|recipe| recipe.attributes.is_empty()) {
            return Ok(made.path.clone());
        }
        let plain = attributes::strip(&fs::read(&made.path)?)?;
        let path = aside("plain");
        fs::write_if_changed(&path, &plain)?;
        return Ok(path);
    }
    let bytes = fs::read(&made.path)?;
    if !embedded || component::kind(&bytes) != Some(Kind::Module) {
        return Ok(made.path.clone());
    }
    let path = aside("program");
    fs::write_if_changed(&path, &encode(&bytes, &Adapter::Command)?)?;
    Ok(path)
}

/// The component with its arguments, as cargo shows what it runs.
pub(super) fn command_line(ctx: &Context, path: &Path, grant: &Grant) -> String {
    let mut text = format!("`{}", ctx.display(path));
    for argument in &grant.args {
        text.push(' ');
        text.push_str(argument);
    }
    text.push('`');
    text
}

fn invoke(ctx: &Context, path: &Path, call: &str, grant: &Grant) -> Result<()> {
    match runtime::invoke(path, call, grant)? {
        Called::Returned(values) => {
            for value in values {
                ctx.shell.data(value);
            }
            Ok(())
        }
        Called::Ended(end) => ended(ctx, &end),
    }
}

fn serve(ctx: &Context, path: &Path, addr: &str, grant: &Grant) -> Result<()> {
    let code = runtime::serve(path, addr, grant, &mut |event| {
        match event {
            Event::Listening(addr) => ctx.shell.status("Serving", format!("http://{addr}/")),
            Event::Failed(error) => ctx.shell.warn(format!("a request failed: {error}")),
        }
        Ok(())
    })?;
    match code {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}

/// The exit code of a component as ours; a trap is told.
fn ended(ctx: &Context, end: &Ended) -> Result<()> {
    if let Some(fault) = &end.fault {
        crate::shell::report(&*ctx.shell, fault);
    }
    match end.code {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}
