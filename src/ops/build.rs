//! `cargo component build` and every other verb of cargo.

use std::ffi::OsString;

use serde_json::json;

use super::bindings::Stale;
use super::componentize::{Made, componentize};
use super::prepare::{Prepared, cargo, in_package, prepare};
use super::recipe::{Exports, Recipe};
use crate::advice::{Error, Result};
use crate::cargo::arguments::{Artifact, CargoArgs, Known, Selection};
use crate::cargo::build::{Messages, run};
use crate::cargo::workspace::{Member, Role};
use crate::context::Context;
use crate::process::Invocation;
use crate::shell::report;

/// What a verb of cargo means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It builds, and its modules become components: `build`, `rustc`.
    Build,
    /// Its components are then run: `run`, `serve`.
    Run,
    /// Its tests are built and then run: `test`, `bench`.
    Test,
    /// It looks at code as it is for the target: `check`, `clippy`, `doc`, ….
    Check,
    /// A subcommand we know nothing of, which may well look at code.
    Unknown,
    /// It has nothing to do with code: `metadata`, `fmt`, `clean`, ….
    Foreign,
}

impl Class {
    /// The class of a subcommand.
    pub fn of(subcommand: &str) -> Self {
        match subcommand {
            "build" | "rustc" => Class::Build,
            "run" | "serve" => Class::Run,
            "test" | "bench" => Class::Test,
            "check" | "clippy" | "doc" | "fix" | "rustdoc" => Class::Check,
            "clean" | "config" | "fetch" | "fmt" | "generate-lockfile" | "help" | "info"
            | "locate-project" | "metadata" | "pkgid" | "read-manifest" | "report" | "tree"
            | "verify-project" | "version" => Class::Foreign,
            _ => Class::Unknown,
        }
    }
}

/// Runs a verb of cargo whose result is not run: builds components, or checks
/// code with bindings up to date and for the wasm target.
pub fn cargo_verb(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let verb = args.subcommand.clone().unwrap_or_default();
    match Class::of(&verb) {
        Class::Build => build(ctx, args).map(|_| ()),
        Class::Foreign => exec(ctx, args, Vec::new()),
        Class::Unknown => {
            // It may have a workspace, or none at all.
            // `--list` and the like have no subcommand.
            match args
                .subcommand
                .as_ref()
                .map(|_| prepare(ctx, args, Stale::Write))
            {
                Some(Ok(prepared)) => prepared.keep(ctx),
                Some(Err(error)) if in_package(ctx, args) => {
                    let text = format!("the bindings were not brought up to date: {error}");
                    ctx.shell.warn(text);
                }
                _ => {}
            }
            exec(ctx, args, Vec::new())
        }
        _ => {
            let mut prepared = prepare(ctx, args, Stale::Write)?;
            let (more, hosts) = wasm_selection(&prepared, args);
            exec(ctx, args, more)?;
            prepared.built();
            prepared.keep(ctx);
            host_members(ctx, args, &prepared, &hosts)
        }
    }
}

/// What a build made, and what it was made with.
pub(super) struct Built {
    pub prepared: Prepared,
    pub made: Vec<Made>,
}

/// Builds the selected packages and makes components of them.
pub(super) fn build(ctx: &Context, args: &CargoArgs) -> Result<Built> {
    let prepared = prepare(ctx, args, Stale::Write)?;
    build_prepared(ctx, args, prepared)
}

/// As [`build`], in a workspace that is ready.
pub(super) fn build_prepared(
    ctx: &Context,
    args: &CargoArgs,
    mut prepared: Prepared,
) -> Result<Built> {
    let messages = Messages::asked(&args.message_format)?;
    check_libraries(&prepared, args)?;
    let verb = args.subcommand.as_deref().unwrap_or("build");
    let class = Class::of(verb);
    let verb = if class == Class::Run { "build" } else { verb };
    let (more, hosts) = wasm_selection(&prepared, args);
    let mut command = cargo(ctx, args)
        .args(args.cargo_args_for(verb, &[Known::MessageFormat, Known::NoRun]))
        .args(more)
        .arg(messages.argument());
    if class == Class::Test {
        command = command.arg("--no-run");
    }
    if class == Class::Build && !args.trailing.is_empty() {
        command = command.arg("--").args(&args.trailing);
    }
    let made = build_wasm(ctx, (&mut prepared, args), &command, &messages)?;
    host_members(ctx, args, &prepared, &hosts)?;
    Ok(Built { prepared, made })
}

/// Runs cargo and makes components of what it built, also where it failed over
/// something else, as cargo leaves what it built.
fn build_wasm(
    ctx: &Context,
    (prepared, args): (&mut Prepared, &CargoArgs),
    command: &Invocation,
    messages: &Messages,
) -> Result<Vec<Made>> {
    let lock = prepared.lock(ctx, args.profile_name());
    ctx.shell.detail("Running", format!("`{command}`"));
    let outcome = run(&*ctx.exec, &*ctx.shell, command, messages)?;
    let copy_to = prepared.config.artifact_dir(args.artifact_dir.as_deref())?;
    let (made, mut failed) = componentize(ctx, prepared, outcome.artifacts, copy_to.as_deref());
    drop(lock);
    if outcome.code == 0 {
        prepared.built();
    }
    prepared.keep(ctx);
    if messages.is_json() {
        for line in made.iter().filter_map(|made| message(prepared, made)) {
            ctx.shell.data(line);
        }
        outcome
            .last
            .into_iter()
            .for_each(|line| ctx.shell.data(line));
    }
    let last = match outcome.code {
        0 => failed.pop(),
        code => Some(Error::child(code)),
    };
    failed.iter().for_each(|error| report(&*ctx.shell, error));
    last.map_or(Ok(made), Err)
}

/// The line a program reads of one component.
fn message(prepared: &Prepared, made: &Made) -> Option<String> {
    let facts = made.component.as_ref()?;
    let member = &prepared.workspace().members[made.member];
    let line = json!({
        "reason": "component-artifact",
        "package_id": member.id,
        "manifest_path": member.manifest_path,
        "target": { "name": made.artifact.target, "kind": made.artifact.kinds },
        "path": made.path,
        "world": facts.world,
        "imports": facts.surface.imports,
        "exports": facts.surface.exports,
        "digest": facts.digest,
        "fresh": made.fresh,
    });
    Some(line.to_string())
}

/// Runs cargo as the user wrote it, with `more` at the end.
fn exec(ctx: &Context, args: &CargoArgs, more: Vec<OsString>) -> Result<()> {
    let mut command = cargo(ctx, args).args(args.cargo_args()).args(more);
    if !args.trailing.is_empty() {
        command = command.arg("--").args(&args.trailing);
    }
    ctx.shell.detail("Running", format!("`{command}`"));
    match ctx.exec.run(&command)? {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}

/// What to add to cargo's command line for the wasm targets: `--target` where
/// nothing else names one, and in a mixed workspace what leaves the members
/// out that are no components; those are the second answer.
fn wasm_selection(prepared: &Prepared, args: &CargoArgs) -> (Vec<OsString>, Vec<usize>) {
    let mut more: Vec<OsString> = Vec::new();
    if prepared.implicit_target {
        for target in &prepared.targets {
            more.extend([OsString::from("--target"), target.name().into()]);
        }
    }
    if args.own.native && args.targets.is_empty() && prepared.configured_target {
        more.extend(["--target", "host-tuple"].map(OsString::from));
    }
    if prepared.targets.is_empty() || matches!(args.selection(), Selection::Packages(_)) {
        return (more, Vec::new());
    }
    let (components, hosts): (Vec<usize>, Vec<usize>) = prepared
        .selected
        .iter()
        .partition(|member| prepared.recipe(**member).is_some());
    if components.is_empty() || hosts.is_empty() {
        return (more, Vec::new());
    }
    let (option, members) = match args.selection() {
        Selection::Workspace { .. } => ("--exclude", &hosts),
        _ => ("--package", &components),
    };
    for member in members {
        let member: &Member = &prepared.workspace().members[*member];
        let name = format!("{}@{}", member.name, member.version);
        more.extend([OsString::from(option), name.into()]);
    }
    (more, hosts)
}

/// Builds the members that are no components for the host, if asked to.
fn host_members(
    ctx: &Context,
    args: &CargoArgs,
    prepared: &Prepared,
    hosts: &[usize],
) -> Result<()> {
    if !args.own.host_members || hosts.is_empty() {
        return Ok(());
    }
    let verb = args.subcommand.as_deref().unwrap_or("build");
    let without = [
        Known::Target,
        Known::Workspace,
        Known::Exclude,
        Known::Package,
    ];
    let mut command = cargo(ctx, args).args(args.cargo_args_for(verb, &without));
    for member in hosts {
        let member = &prepared.workspace().members[*member];
        let name = format!("{}@{}", member.name, member.version);
        command = command.arg("--package").arg(name);
    }
    if prepared.configured_target {
        // Cargo's own configuration names a wasm target, which is not meant.
        command = command.arg("--target").arg("host-tuple");
    }
    if !args.trailing.is_empty() {
        command = command.arg("--").args(&args.trailing);
    }
    ctx.shell.detail("Running", format!("`{command}`"));
    match ctx.exec.run(&command)? {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}

/// A component package whose library is no `cdylib` would silently give
/// nothing.
fn check_libraries(prepared: &Prepared, args: &CargoArgs) -> Result<()> {
    let is_lib = |artifact: &Artifact| *artifact == Artifact::Lib;
    let tests = Class::of(args.subcommand.as_deref().unwrap_or("build")) == Class::Test;
    if tests || !args.artifacts.iter().all(is_lib) {
        return Ok(());
    }
    for index in &prepared.selected {
        let member = &prepared.workspace().members[*index];
        let implements = |r: &Recipe| r.declared && r.exports != Exports::Nothing;
        let has = |role: Role| member.targets.iter().any(|target| target.role == role);
        let cdylib = member.targets.iter().any(|target| target.cdylib);
        if prepared.recipe(*index).is_some_and(implements)
            && has(Role::Library)
            && !cdylib
            && !has(Role::Binary)
        {
            return Err(Error::input(format!(
                "the library of the package `{}` is no `cdylib`, so that no component comes of it",
                member.name
            ))
            .hint("add `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml"));
        }
    }
    Ok(())
}

/// Shows cargo's own help for a verb.
pub fn cargo_help(ctx: &Context, args: &CargoArgs, verb: &str) -> Result<()> {
    match ctx
        .exec
        .run(&cargo(ctx, args).args(args.cargo_args_for(verb, &[])))?
    {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}
