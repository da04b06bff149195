//! `cargo component build` and every other verb of cargo.

use crate::base::error::{Error, Result};
use crate::pipeline::build::cargo::{BuildOutput, print_final_line};
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::ready::{build, prepare};
use crate::pipeline::build::split_command::{CommandSplit, with_trailing};
use crate::pipeline::launch::child::child;
use crate::pipeline::project::select::{cargo, in_package};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::build::{MessageFormat, run};
use crate::system::cargo::config::Config;
use crate::system::cargo::verb::Class;
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;

/// Runs a verb of cargo whose result is not run: builds components, or checks
/// code with bindings up to date and for the wasm target.
pub fn cargo_verb(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let verb = args.subcommand.clone().unwrap_or_default();
    match Class::of(&verb) {
        Class::Build => build(ctx, args).map(|built| note_hints(ctx, &built)),
        Class::Foreign => exec(ctx, args),
        Class::Unknown => {
            // It may have a workspace, or none at all.
            if has_subcommand(ctx, args, &verb)
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
    let mut prepared = prepare(ctx, args, StaleBindings::Write)?;
    prepared.write(ctx)?;
    prepared.store_view(ctx);
    Ok(())
}

/// Refuses a subcommand that cargo does not have, and suggests `similar` instead.
pub fn refuse_misspelled(ctx: &Context, args: &CargoArgs, similar: &str) -> Result<()> {
    let verb = args.subcommand.as_deref().unwrap_or_default();
    match Class::of(verb) == Class::Unknown && !has_subcommand(ctx, args, verb) {
        true => Err(Error::usage(format!("no such command: `{verb}`"))
            .hint(format!("did you mean `{similar}`?"))),
        false => Ok(()),
    }
}

/// Whether cargo has a subcommand by an alias or a program `cargo-<verb>`; cargo's
/// built-in ones are known otherwise.
fn has_subcommand(ctx: &Context, args: &CargoArgs, verb: &str) -> bool {
    if verb.is_empty() {
        // `--list` and the like.
        return false;
    }
    let name = format!("cargo-{verb}{}", if cfg!(windows) { ".exe" } else { "" });
    let config = Config::load(&ctx.cwd, &ctx.env, &args.config);
    let home = config.as_ref().ok().and_then(Config::home);
    let mut places = ctx.env.paths(env::PATH);
    places.extend(home.map(|home| home.join("bin")));
    places.iter().any(|dir| fs::exists(&dir.join(&name)))
        || config.is_ok_and(|config| config.has_alias(verb))
}

/// Runs a command of cargo that checks code, with current bindings and for the wasm
/// target.
fn check(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let mut prepared = prepare(ctx, args, StaleBindings::Write)?;
    prepared.write(ctx)?;
    let split = CommandSplit::of(&prepared, args);
    let verb = args.subcommand.as_deref().unwrap_or("check");
    let wasm = split.wasm.as_ref().map(|wasm| {
        let command = cargo(ctx, args).args(args.cargo_args_for(verb, &wasm.omitted_options));
        with_trailing(command.args(&wasm.added_arguments), args)
    });
    let host = split.host(ctx, args, &prepared, &[]);
    let messages = MessageFormat::from_options(&args.message_format);
    // Two runs of cargo end with one message for whoever reads them.
    let read = messages.ok().filter(|_| wasm.is_some() && host.is_some());
    let mut last = None;
    for command in wasm.iter().chain(&host) {
        ctx.shell.detail("Running", format!("`{command}`"));
        let code = match read.as_ref().filter(|messages| messages.is_json()) {
            None => ctx.exec.run(command)?,
            Some(messages) => {
                let outcome = run(&*ctx.exec, &*ctx.shell, command, messages)?;
                last = outcome.final_line;
                outcome.code
            }
        };
        if code == 0 {
            prepared.record_success();
        }
        // Also where code is wrong: that says nothing of the WIT.
        prepared.store_view(ctx);
        if code != 0 {
            print_final_line(ctx, last, false);
            return Err(Error::child(code));
        }
    }
    print_final_line(ctx, last, true);
    Ok(())
}

/// Notes once for each target directory that some tools cannot read components with
/// hints.
fn note_hints(ctx: &Context, built: &BuildOutput) {
    let has_hints = |artifact: &&ComponentArtifact| {
        let recipe = built.prepared.recipe(artifact.member);
        let attributes = recipe.map(|recipe| &recipe.attributes.imports);
        let has_hint = |name: &String| {
            let import = attributes.and_then(|imports| imports.get(name));
            import.is_some_and(|import| import.external_id.is_some())
        };
        let facts = artifact.component.as_ref();
        facts.is_some_and(|facts| facts.surface.imports.iter().any(has_hint))
    };
    let Some(artifact) = built.artifacts.iter().find(has_hints) else {
        return;
    };
    let marker = built.prepared.state_dir().join("hints-noted");
    if fs::exists(&marker) {
        return;
    }
    ctx.shell.note(format!(
        "`{}` has hints that say where the components of its imports are found; engines and registries from before 2026 cannot read them; to omit them, set `hints = \"none\"` or build with `--compose`",
        artifact.cargo_artifact.target
    ));
    // Without it the note comes again.
    let _ = fs::write_atomic(&marker, b"");
}

/// Runs cargo as the user wrote it.
fn exec(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let command = cargo(ctx, args).args(args.cargo_args());
    child(ctx, &with_trailing(command, args))
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
