//! `cargo component build` and every other verb of cargo.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::json;

use super::bindings::Stale;
use super::componentize::{Made, componentize};
use super::dependencies::Session;
use super::linked;
use super::prepare::{Prepared, cargo, in_package, prepare, prepare_in};
use super::recipe::{Exports, Recipe};
use super::split_command::{Share, with_trailing};
use crate::base::error::{Error, Result};
use crate::system::cargo::arguments::{Artifact, CargoArgs, Known};
use crate::system::cargo::build::{Messages, run};
use crate::system::cargo::config::Config;
use crate::system::cargo::workspace::Role;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::shell::report;

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
    /// It downloads what builds need: `fetch`.
    Fetch,
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
            "fetch" => Class::Fetch,
            "clean" | "fmt" | "generate-lockfile" | "help" | "info" | "locate-project"
            | "metadata" | "pkgid" | "read-manifest" | "report" | "verify-project" | "version" => {
                Class::Foreign
            }
            _ => Class::Unknown,
        }
    }
}

/// Runs a verb of cargo whose result is not run: builds components, or checks
/// code with bindings up to date and for the wasm target.
pub fn cargo_verb(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let verb = args.subcommand.clone().unwrap_or_default();
    match Class::of(&verb) {
        Class::Build => build(ctx, args).map(|built| note_hints(ctx, &built)),
        Class::Foreign => exec(ctx, args),
        Class::Unknown => {
            // It may have a workspace, or none at all.
            if is_there(ctx, args, &verb)
                && let Err(error) = bring_up_to_date(ctx, args)
                && in_package(ctx, args)
            {
                let text = format!("the bindings were not updated: {error}");
                ctx.shell.warn(text);
            }
            exec(ctx, args)
        }
        _ => check(ctx, args),
    }
}

fn bring_up_to_date(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let mut prepared = prepare(ctx, args, Stale::Write)?;
    prepared.write(ctx)?;
    prepared.keep(ctx);
    Ok(())
}

/// Whether cargo has such a subcommand: an alias, or a program `cargo-<verb>`.
/// Those of its own that look at code we know.
fn is_there(ctx: &Context, args: &CargoArgs, verb: &str) -> bool {
    if verb.is_empty() {
        // `--list` and the like.
        return false;
    }
    let name = format!("cargo-{verb}{}", if cfg!(windows) { ".exe" } else { "" });
    let config = Config::load(&ctx.cwd, &ctx.env, &args.config);
    let home = config.as_ref().ok().and_then(Config::home);
    let mut places = ctx.env.search_path();
    places.extend(home.map(|home| home.join("bin")));
    places.iter().any(|dir| fs::exists(&dir.join(&name)))
        || config.is_ok_and(|config| config.has_alias(verb))
}

/// Has cargo look at code, with bindings up to date and for the wasm target.
fn check(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let mut prepared = prepare(ctx, args, Stale::Write)?;
    prepared.write(ctx)?;
    let share = Share::of(&prepared, args);
    let verb = args.subcommand.as_deref().unwrap_or("check");
    let wasm = share.wasm.as_ref().map(|wasm| {
        let command = cargo(ctx, args).args(args.cargo_args_for(verb, &wasm.without));
        with_trailing(command.args(&wasm.more), args)
    });
    let host = share.host(ctx, args, &prepared, &[]);
    let messages = Messages::asked(&args.message_format);
    // Two runs of cargo end with one message for whoever reads them.
    let read = messages.ok().filter(|_| wasm.is_some() && host.is_some());
    let mut last = None;
    for command in wasm.iter().chain(&host) {
        ctx.shell.detail("Running", format!("`{command}`"));
        let code = match read.as_ref().filter(|messages| messages.is_json()) {
            None => ctx.exec.run(command)?,
            Some(messages) => {
                let outcome = run(&*ctx.exec, &*ctx.shell, command, messages)?;
                last = outcome.last;
                outcome.code
            }
        };
        if code == 0 {
            prepared.built();
        }
        // Also where code is wrong: that says nothing of the WIT.
        prepared.keep(ctx);
        if code != 0 {
            finished(ctx, last, false);
            return Err(Error::child(code));
        }
    }
    finished(ctx, last, true);
    Ok(())
}

/// What a build made, and what it was made with.
pub(crate) struct Built {
    pub prepared: Prepared,
    pub made: Vec<Made>,
    /// Cargo's command line for the members that are no components, if it is
    /// still to be run.
    pub host: Option<Invocation>,
}

/// Says once for a target directory that there are readers which cannot read a
/// component with hints.
fn note_hints(ctx: &Context, built: &Built) {
    let has_hints = |made: &&Made| {
        let recipe = built.prepared.recipe(made.member);
        let imports = recipe.map(|recipe| &recipe.attributes.imports);
        let mut imports = imports.into_iter().flat_map(|imports| imports.values());
        made.component.is_some() && imports.any(|import| import.external_id.is_some())
    };
    let Some(made) = built.made.iter().find(has_hints) else {
        return;
    };
    let marker = built.prepared.state_dir().join("hints-noted");
    if fs::exists(&marker) {
        return;
    }
    ctx.shell.note(format!(
        "`{}` has hints that say where the components of its imports are found; engines and registries from before 2026 cannot read them; to omit them, set `hints = \"none\"` or build with `--compose`",
        made.artifact.target
    ));
    // Without it the note comes again.
    let _ = fs::write_atomic(&marker, b"");
}

/// Builds the selected packages and makes components of them.
pub(crate) fn build(ctx: &Context, args: &CargoArgs) -> Result<Built> {
    let prepared = prepare(ctx, args, Stale::Write)?;
    build_prepared(ctx, args, prepared)
}

/// As [`build`], for a package that another one needs.
pub(crate) fn build_in(ctx: &Context, args: &CargoArgs, session: &Rc<Session>) -> Result<Built> {
    let prepared = prepare_in(ctx, args, Stale::Write, session)?;
    build_prepared(ctx, args, prepared)
}

/// As [`build`], in a workspace that is ready.
pub(crate) fn build_prepared(
    ctx: &Context,
    args: &CargoArgs,
    mut prepared: Prepared,
) -> Result<Built> {
    let messages = Messages::asked(&args.message_format)?;
    check_libraries(&prepared, args)?;
    prepared.write(ctx)?;
    let verb = args.subcommand.as_deref().unwrap_or("build");
    let class = Class::of(verb);
    let verb = if class == Class::Run { "build" } else { verb };
    let share = Share::of(&prepared, args);
    let mut ran = Ran::default();
    if let Some(wasm) = &share.wasm {
        let mut without = vec![Known::MessageFormat, Known::NoRun];
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
        ran = build_wasm(ctx, (&mut prepared, args), &command, &messages)?;
    }
    let mut host = None;
    if class == Class::Test && !args.no_run {
        // It runs what it builds, and ours comes first.
        host = share.host(ctx, args, &prepared, &[]);
    } else if ran.error.is_none()
        && let Some(command) = share.host(ctx, args, &prepared, &[Known::MessageFormat])
    {
        let mut command = command;
        let at = command.args.iter().position(|arg| arg == "--");
        let at = at.unwrap_or(command.args.len());
        command.args.insert(at, messages.argument().into());
        ctx.shell.detail("Running", format!("`{command}`"));
        let outcome = run(&*ctx.exec, &*ctx.shell, &command, &messages)?;
        ran.last = outcome.last.or(ran.last);
        ran.error = (outcome.code != 0).then(|| Error::child(outcome.code));
    }
    // A build for another one is not the end of it, unless it failed.
    let last = ran
        .last
        .filter(|_| ran.error.is_some() || !prepared.session.is_on_the_way());
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
fn finished(ctx: &Context, last: Option<String>, success: bool) {
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
    (prepared, args): (&mut Prepared, &CargoArgs),
    command: &Invocation,
    messages: &Messages,
) -> Result<Ran> {
    let lock = prepared.lock(ctx, args.profile_name());
    ctx.shell.detail("Running", format!("`{command}`"));
    let outcome = run(&*ctx.exec, &*ctx.shell, command, messages)?;
    let copy_to = prepared.config.artifact_dir(args.artifact_dir.as_deref())?;
    let (made, mut failed) = componentize(ctx, prepared, outcome.artifacts, copy_to.as_deref());
    let mut linked = BTreeMap::new();
    for one in made.iter().filter(|made| is_linked(prepared, args, made)) {
        match linked::write_beside(ctx, prepared, (one, copy_to.as_deref())) {
            Ok(path) => drop(linked.insert(one.path.clone(), path)),
            Err(error) => failed.push(error),
        }
    }
    if is_build(args) && !prepared.session.is_on_the_way() {
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
        last: outcome.last,
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

/// Runs cargo as the user wrote it.
fn exec(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let command = cargo(ctx, args).args(args.cargo_args());
    child(ctx, &with_trailing(command, args))
}

/// Runs cargo with all our streams.
pub(crate) fn child(ctx: &Context, command: &Invocation) -> Result<()> {
    ctx.shell.detail("Running", format!("`{command}`"));
    match ctx.exec.run(command)? {
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
                "the library of the package `{}` is not a `cdylib`, so it cannot become a component",
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
