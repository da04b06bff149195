//! Cargo is run, and what it built becomes components.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::componentize::{Made, componentize};
use super::linked;
use super::prepare::{Prepared, Purpose};
use super::recipe::{Exports, Recipe};
use super::split_command::{Share, with_trailing};
use crate::base::error::{Error, Result};
use crate::pipeline::project::select::cargo;
use crate::system::cargo::arguments::{CargoArgs, KnownOption, TargetChoice};
use crate::system::cargo::build::{MessageFormat, run};
use crate::system::cargo::verb::Class;
use crate::system::cargo::workspace::TargetRole;
use crate::system::context::Context;
use crate::system::process::Invocation;
use crate::system::shell::report;

/// What a build made, and what it was made with.
pub(crate) struct Built {
    pub prepared: Prepared,
    pub made: Vec<Made>,
    /// Cargo's command line for the members that are no components, if it is
    /// still to be run.
    pub host: Option<Invocation>,
}

/// Builds the selected packages of a workspace that is ready, and makes components
/// of them.
pub(crate) fn build_prepared(
    ctx: &Context,
    args: &CargoArgs,
    mut prepared: Prepared,
) -> Result<Built> {
    let messages = MessageFormat::from_options(&args.message_format)?;
    check_libraries(&prepared, args)?;
    prepared.write(ctx)?;
    let verb = args.subcommand.as_deref().unwrap_or("build");
    let class = Class::of(verb);
    let verb = if class == Class::Run { "build" } else { verb };
    let share = Share::of(&prepared, args);
    let mut ran = Ran::default();
    if let Some(wasm) = &share.wasm {
        let mut without = vec![KnownOption::MessageFormat, KnownOption::NoRun];
        without.extend(&wasm.without);
        let mut command = cargo(ctx, args)
            .args(args.cargo_args_for(verb, &without))
            .args(&wasm.more)
            .arg(messages.argument());
        if class == Class::Test {
            command = command.arg("--no-run");
        }
        if class == Class::Build {
            command = with_trailing(command, args);
        }
        ran = build_wasm(ctx, &mut prepared, args, &command, &messages)?;
    }
    let mut host = None;
    if class == Class::Test && !args.no_run {
        // It runs what it builds, and ours comes first.
        host = share.host(ctx, args, &prepared, &[]);
    } else if ran.error.is_none()
        && let Some(command) = share.host(ctx, args, &prepared, &[KnownOption::MessageFormat])
    {
        let mut command = command;
        let at = command.args.iter().position(|arg| arg == "--");
        let at = at.unwrap_or(command.args.len());
        command.args.insert(at, messages.argument().into());
        ctx.shell.detail("Running", format!("`{command}`"));
        let outcome = run(&*ctx.exec, &*ctx.shell, &command, &messages)?;
        ran.last = outcome.final_line.or(ran.last);
        ran.error = (outcome.code != 0).then(|| Error::child(outcome.code));
    }
    // A build for another one is not the end of it, unless it failed.
    let last = ran
        .last
        .filter(|_| ran.error.is_some() || prepared.purpose == Purpose::Requested);
    finished(ctx, last, ran.error.is_none());
    match ran.error {
        Some(error) => Err(error),
        None => Ok(Built {
            prepared,
            made: ran.made,
            host,
        }),
    }
}

/// Hands on the line that ends cargo's messages, which were held back.
pub(crate) fn finished(ctx: &Context, last: Option<String>, success: bool) {
    let failed = || json!({ "reason": "build-finished", "success": false }).to_string();
    if let Some(line) = last {
        ctx.shell.data(if success { line } else { failed() });
    }
}

/// What a run for wasm came to.
#[derive(Default)]
struct Ran {
    made: Vec<Made>,
    last: Option<String>,
    error: Option<Error>,
}

/// Runs cargo and makes components of what it built, also where it failed over
/// something else, as cargo leaves what it built.
fn build_wasm(
    ctx: &Context,
    prepared: &mut Prepared,
    args: &CargoArgs,
    command: &Invocation,
    messages: &MessageFormat,
) -> Result<Ran> {
    let lock = prepared.lock(ctx, args.profile_name());
    ctx.shell.detail("Running", format!("`{command}`"));
    let outcome = run(&*ctx.exec, &*ctx.shell, command, messages)?;
    let copy_to = prepared
        .setup
        .config
        .artifact_dir(args.artifact_dir.as_deref())?;
    let (made, mut failed) = componentize(ctx, prepared, outcome.artifacts, copy_to.as_deref());
    let mut linked = BTreeMap::new();
    for one in made.iter().filter(|made| is_linked(prepared, args, made)) {
        match linked::write_beside(ctx, prepared, one, copy_to.as_deref()) {
            Ok(path) => drop(linked.insert(one.path.clone(), path)),
            Err(error) => failed.push(error),
        }
    }
    if is_build(args) && prepared.purpose == Purpose::Requested {
        let others = made.iter().filter(|made| !linked.contains_key(&made.path));
        others.for_each(|made| warn_of_links(ctx, prepared, made));
    }
    drop(lock);
    if outcome.code == 0 {
        prepared.built();
    }
    prepared.keep(ctx);
    if messages.is_json() {
        for made in &made {
            if let Some(line) = message(prepared, made, linked.get(&made.path)) {
                ctx.shell.data(line);
            }
        }
    }
    let error = match outcome.code {
        0 => failed.pop(),
        code => Some(Error::child(code)),
    };
    failed.iter().for_each(|error| report(&*ctx.shell, error));
    Ok(Ran {
        made,
        last: outcome.final_line,
        error,
    })
}

/// Whether nothing but a build was asked for: other verbs link by themselves.
fn is_build(args: &CargoArgs) -> bool {
    let verb = args.subcommand.as_deref().unwrap_or("build");
    Class::of(verb) == Class::Build && !args.own.compose
}

/// Says that a component which is good by itself will not run.
fn warn_of_links(ctx: &Context, prepared: &Prepared, made: &Made) {
    let Err(error) = linked::check(prepared, made) else {
        return;
    };
    let shown = ctx.display(&made.path);
    let causes = error.causes().iter().map(|cause| format!(": {cause}"));
    let causes: String = causes.collect();
    ctx.shell.warn(format!(
        "`{shown}` cannot be linked with its dependencies, and so cannot run: {}{causes}",
        error.message()
    ));
    if let Some(advice) = error.advice() {
        ctx.shell.note(advice.to_owned());
    }
}

/// Whether the linked form of a component is to lie beside it.
fn is_linked(prepared: &Prepared, args: &CargoArgs, made: &Made) -> bool {
    let always = |recipe: &Recipe| recipe.compose;
    made.component.is_some()
        && !made.artifact.test
        && (args.own.compose || prepared.recipe(made.member).is_some_and(always))
}

/// The line a program reads of one component.
fn message(prepared: &Prepared, made: &Made, linked: Option<&PathBuf>) -> Option<String> {
    let facts = made.component.as_ref()?;
    let member = &prepared.workspace().members[made.member];
    let mut line = json!({
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
    if let Some(linked) = linked {
        line["linked"] = json!(linked);
    }
    Some(line.to_string())
}

/// A component package whose library is no `cdylib` would silently give
/// nothing.
fn check_libraries(prepared: &Prepared, args: &CargoArgs) -> Result<()> {
    let is_lib = |artifact: &TargetChoice| *artifact == TargetChoice::Lib;
    let tests = Class::of(args.subcommand.as_deref().unwrap_or("build")) == Class::Test;
    if tests || !args.target_choices.iter().all(is_lib) {
        return Ok(());
    }
    for index in &prepared.selected {
        let member = &prepared.workspace().members[*index];
        let implements = |r: &Recipe| r.declared && r.exports != Exports::Nothing;
        let has = |role: TargetRole| member.targets.iter().any(|target| target.role == role);
        let cdylib = member.targets.iter().any(|target| target.cdylib);
        if prepared.recipe(*index).is_some_and(implements)
            && has(TargetRole::Library)
            && !cdylib
            && !has(TargetRole::Binary)
        {
            return Err(Error::input(format!(
                "the library of the package `{}` is not a `cdylib`, so it cannot become a component",
                member.name
            ))
            .hint("add `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml"));
        }
    }
    Ok(())
}
