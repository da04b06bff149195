//! Verbs of cargo.

use std::ffi::OsString;
use std::process::ExitCode;

use super::options::{GlobalOptions, shell};
use super::{exit, setup};
use crate::base::error::Result;
use crate::ops::cargo::cargo_verb;
use crate::ops::fetch::fetch;
use crate::ops::run::{Purpose, run as run_component};
use crate::ops::test::test;
use crate::system::cargo::arguments::{CargoArgs, OWN_OPTIONS};
use crate::system::cargo::verb::Class;
use crate::system::context::Context;
use crate::system::env::Env;

/// What stands below our own help.
pub(super) const SUMMARY: &str = "\
Commands of cargo, with every option of theirs:
  build, b    Compile the packages and make components of them
  run, r      Build and run a component: a program, an HTTP service, or a function by --invoke
  serve       Build and serve an HTTP component
  test, t     Run tests as components
  bench       Run benches as components
  check, c    Check for the wasm target (--native for the host)
  fetch       Download crates, WIT packages and components for builds without the network
  …           clippy, doc, fix, and any other subcommand

See `cargo component help <command>` for the options of one.";

/// What stands above cargo's help of `run`, whose options `serve` has.
const SERVE: &str = "\
Build and serve an HTTP component

Usage: cargo component serve [OPTIONS]

It takes the options of `cargo run`, which are:

";

/// What stands below our options of `fetch`.
const FETCH: &str = "
Beside crates it resolves, locks and downloads the WIT packages and components of all
members, and installs the standard library of the wasm target, so that `build --offline`
needs no network afterwards.
";

/// Our options of a verb, below cargo's own help.
fn options(verb: &str) -> String {
    let mut text = String::from("\nOptions of cargo component:\n");
    for own in OWN_OPTIONS
        .iter()
        .filter(|own| own.known.applies_to(Some(verb)))
    {
        text.push_str(&format!("      {:<26} {}\n", own.usage, own.help));
    }
    if verb == "fetch" {
        text.push_str(FETCH);
        return text;
    }
    text.push_str("\nThe target is what `--target`, CARGO_BUILD_TARGET or cargo's configuration asks for, else wasm32-wasip1.\n");
    text
}

/// Runs a verb of cargo.
pub(super) fn run(args: &[OsString], env: Env) -> ExitCode {
    let args = match CargoArgs::parse(args) {
        Ok(args) => args,
        Err(error) => return exit::code(&GlobalOptions::default().shell(&env), Err(error)),
    };
    let shell = shell(&env, (args.quiet, args.verbose), args.color);
    let own = &args.own;
    let (config, cache) = (own.registry_config.clone(), own.cache_dir.clone());
    let packages = setup::packages((&env, &shell), config, cache);
    let context = Context::system(env, Box::new(shell.clone()), packages);
    let result =
        context.and_then(|ctx| dispatch(&ctx, &args).map_err(|error| error.relative_to(&ctx.cwd)));
    exit::code(&shell, result)
}

fn dispatch(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let verb = args.subcommand.as_deref().unwrap_or_default();
    let class = Class::of(verb);
    if args.help {
        return help(ctx, args, class);
    }
    match (class, verb) {
        (Class::Run, "serve") => run_component(ctx, args, Purpose::Serve),
        (Class::Run, _) => run_component(ctx, args, Purpose::Run),
        (Class::Test, _) => test(ctx, args),
        (Class::Fetch, _) => fetch(ctx, args),
        _ => cargo_verb(ctx, args),
    }
}

/// Cargo's help, then ours.
fn help(ctx: &Context, args: &CargoArgs, class: Class) -> Result<()> {
    let verb = args.subcommand.as_deref().unwrap_or_default();
    let of_cargo = if verb == "serve" { "run" } else { verb };
    if verb == "serve" {
        ctx.shell.write_data(SERVE.as_bytes())?;
    }
    crate::ops::cargo::cargo_help(ctx, args, of_cargo)?;
    match class {
        Class::Foreign | Class::Unknown => Ok(()),
        _ => ctx.shell.write_data(options(verb).as_bytes()),
    }
}
