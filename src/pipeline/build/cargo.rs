//! Runs cargo, and makes components of the modules that it built.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::componentize::{ComponentArtifact, componentize};
use super::hand_over::hand_over;
use super::linked;
use super::prepare::{BuildPurpose, Prepared};
use super::recipe::{Exports, Recipe};
use super::split_command::{CommandSplit, with_trailing};
use crate::base::error::{Error, Result};
use crate::pipeline::project::select::cargo;
use crate::system::cargo::arguments::{CargoArgs, KnownOption, TargetChoice};
use crate::system::cargo::build::{BuiltArtifact, MessageFormat, run};
use crate::system::cargo::verb::Class;
use crate::system::cargo::workspace::TargetRole;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::shell::report;

/// The results of a build, with the workspace it was built in.
pub(crate) struct BuildOutput {
    pub prepared: Prepared,
    pub artifacts: Vec<ComponentArtifact>,
    /// Cargo's command line for the members that are not components, if it has not run
    /// yet.
    pub host: Option<Invocation>,
}

/// Builds the selected packages of a prepared workspace, and makes components of them.
pub(crate) fn build_prepared(
    ctx: &Context,
    args: &CargoArgs,
    mut prepared: Prepared,
) -> Result<BuildOutput> {
    let messages = MessageFormat::from_options(&args.message_format)?;
    check_libraries(&prepared, args)?;
    prepared.write(ctx)?;
    prepared.resolve_overrides(ctx)?;
    let verb = args.subcommand.as_deref().unwrap_or("build");
    let class = Class::of(verb);
    let verb = if class == Class::Run { "build" } else { verb };
    let split = CommandSplit::of(&prepared, args);
    let mut wasm_run = WasmRun::default();
    if let Some(wasm) = &split.wasm {
        let mut without = vec![KnownOption::MessageFormat, KnownOption::NoRun];
        without.extend(&wasm.omitted_options);
        let mut command = cargo(ctx, args)
            .args(args.cargo_args_for(verb, &without))
            .args(&wasm.added_arguments)
            .arg(messages.argument());
        if class == Class::Test {
            command = command.arg("--no-run");
        }
        if class == Class::Build {
            command = with_trailing(command, args);
        }
        wasm_run = build_wasm(ctx, &mut prepared, args, &command, &messages)?;
    }
    let mut host = None;
    if class == Class::Test && !args.no_run {
        // It runs what it builds, and ours comes first.
        let command = split.host(ctx, args, &prepared, &[]);
        let command = command.map(|c| hand_over(ctx, args, &prepared, &wasm_run.artifacts, c));
        host = command.transpose()?;
    } else if wasm_run.error.is_none()
        && let Some(command) = split.host(ctx, args, &prepared, &[KnownOption::MessageFormat])
    {
        let mut command = hand_over(ctx, args, &prepared, &wasm_run.artifacts, command)?;
        let at = command.args.iter().position(|arg| arg == "--");
        let at = at.unwrap_or(command.args.len());
        command.args.insert(at, messages.argument().into());
        ctx.shell.detail("Running", format!("`{command}`"));
        let outcome = run(&*ctx.exec, &*ctx.shell, &command, &messages)?;
        wasm_run.final_line = outcome.final_line.or(wasm_run.final_line);
        wasm_run.error = (outcome.code != 0).then(|| Error::child(outcome.code));
    }
    // A build for another one is not the end of it, unless it failed.
    let final_line = wasm_run
        .final_line
        .filter(|_| wasm_run.error.is_some() || prepared.purpose == BuildPurpose::Requested);
    print_final_line(ctx, final_line, wasm_run.error.is_none());
    match wasm_run.error {
        Some(error) => Err(error),
        None => Ok(BuildOutput {
            prepared,
            artifacts: wasm_run.artifacts,
            host,
        }),
    }
}

/// Prints the last line of cargo's messages, which was held back until now.
pub(crate) fn print_final_line(ctx: &Context, final_line: Option<String>, success: bool) {
    let failed = || json!({ "reason": "build-finished", "success": false }).to_string();
    if let Some(line) = final_line {
        ctx.shell.data(if success { line } else { failed() });
    }
}

/// The result of running cargo for wasm.
#[derive(Default)]
struct WasmRun {
    artifacts: Vec<ComponentArtifact>,
    final_line: Option<String>,
    error: Option<Error>,
}

/// Runs cargo and makes components of what it built, even if it failed in another
/// package, since cargo keeps what it built.
fn build_wasm(
    ctx: &Context,
    prepared: &mut Prepared,
    args: &CargoArgs,
    command: &Invocation,
    messages: &MessageFormat,
) -> Result<WasmRun> {
    let lock = prepared.lock(ctx, args.profile_name());
    ctx.shell.detail("Running", format!("`{command}`"));
    let outcome = run(&*ctx.exec, &*ctx.shell, command, messages)?;
    let copy_to = prepared
        .setup
        .config
        .artifact_dir(args.artifact_dir.as_deref())?;
    let replaced = replaced(ctx, prepared, &outcome.artifacts);
    let (artifacts, mut failed) =
        componentize(ctx, prepared, outcome.artifacts, copy_to.as_deref());
    let mut linked = BTreeMap::new();
    if replaced.is_none() {
        for artifact in artifacts
            .iter()
            .filter(|artifact| is_linked(prepared, args, artifact))
        {
            match linked::write_linked(ctx, prepared, artifact, copy_to.as_deref()) {
                Ok(path) => drop(linked.insert(artifact.path.clone(), path)),
                Err(error) => failed.push(error),
            }
        }
        if is_build(args) && prepared.purpose == BuildPurpose::Requested {
            let others = artifacts
                .iter()
                .filter(|artifact| !linked.contains_key(&artifact.path));
            others.for_each(|artifact| warn_of_links(ctx, prepared, artifact));
        }
    }
    failed.extend(replaced);
    drop(lock);
    if outcome.code == 0 {
        prepared.record_success();
    }
    prepared.store_view(ctx);
    if messages.is_json() {
        for artifact in &artifacts {
            if let Some(line) = message(prepared, artifact, linked.get(&artifact.path)) {
                ctx.shell.data(line);
            }
        }
    }
    let error = match outcome.code {
        0 => failed.pop(),
        code => Some(Error::child(code)),
    };
    failed.iter().for_each(|error| report(&*ctx.shell, error));
    Ok(WasmRun {
        artifacts,
        final_line: outcome.final_line,
        error,
    })
}

/// The error if an artifact took the place of the component of another crate, which was built
/// earlier in this run. Cargo itself only warns of that within one workspace.
fn replaced(ctx: &Context, prepared: &Prepared, artifacts: &[BuiltArtifact]) -> Option<Error> {
    let (file, own, other) = artifacts.iter().find_map(|artifact| {
        let file = artifact.wasm()?;
        let other = prepared.linkable.crate_of(file)?;
        let own = prepared.workspace().member(&artifact.package_id)?.dir();
        let is_same = fs::canonical(own).is_ok_and(|own| own == other);
        (!is_same).then_some((file, own, other))
    })?;
    let cause = format!(
        "it was the component of the crate in `{}`, and now is that of the crate in `{}`",
        ctx.display(other),
        ctx.display(own)
    );
    Some(
        Error::input(format!("`{}` is the file of two crates", ctx.display(file)))
            .with_cause(cause)
            .hint("give one of them another name, or each workspace a target directory of its own; then run `cargo clean`, since cargo takes what it built for current"),
    )
}

/// Whether the command only builds: the other commands link components themselves.
fn is_build(args: &CargoArgs) -> bool {
    let verb = args.subcommand.as_deref().unwrap_or("build");
    Class::of(verb) == Class::Build && !args.own.compose
}

/// Warns about a valid component that cannot be linked, and so cannot run.
fn warn_of_links(ctx: &Context, prepared: &Prepared, artifact: &ComponentArtifact) {
    let Err(error) = linked::check(prepared, artifact) else {
        return;
    };
    let shown = ctx.display(&artifact.path);
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

/// Whether the linked form of a component is written next to it.
fn is_linked(prepared: &Prepared, args: &CargoArgs, artifact: &ComponentArtifact) -> bool {
    let always = |recipe: &Recipe| recipe.compose;
    artifact.component.is_some()
        && !artifact.cargo_artifact.test
        && (args.own.compose || prepared.recipe(artifact.member).is_some_and(always))
}

/// The JSON message about one component.
fn message(
    prepared: &Prepared,
    artifact: &ComponentArtifact,
    linked: Option<&PathBuf>,
) -> Option<String> {
    let facts = artifact.component.as_ref()?;
    let member = &prepared.workspace().members[artifact.member];
    let mut line = json!({
        "reason": "component-artifact",
        "package_id": member.id,
        "manifest_path": member.manifest_path,
        "target": { "name": artifact.cargo_artifact.target, "kind": artifact.cargo_artifact.kinds },
        "path": artifact.path,
        "world": facts.world,
        "imports": facts.surface.imports,
        "exports": facts.surface.exports,
        "digest": facts.digest,
        "fresh": artifact.fresh,
    });
    if let Some(linked) = linked {
        line["linked"] = json!(linked);
    }
    Some(line.to_string())
}

/// Refuses a component package whose library is not a `cdylib`: cargo would build it, and
/// no component would result.
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
