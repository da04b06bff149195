//! The subcommands of cargo.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use super::options::{GlobalOptions, shell};
use super::{exit, setup};
use crate::base::error::Result;
use crate::ops::cargo::{cargo_verb, refuse_misspelled};
use crate::ops::cargo_options::refuse_unknown_options;
use crate::ops::doc::doc_wit;
use crate::ops::fetch::fetch;
use crate::ops::run::{OnInterrupt, Purpose, run as run_component, watch as watch_component};
use crate::ops::test::test;
use crate::system::cargo::arguments::{CargoArgs, OWN_OPTIONS};
use crate::system::cargo::verb::Class;
use crate::system::context::Context;
use crate::system::env::Env;

/// The end of our own help: a list of cargo's subcommands.
pub(super) const SUMMARY: &str = "\
Cargo commands, with all of cargo's options:
  build, b    Compile the packages and create components
  run, r      Build and run a component: a program, an HTTP service, or one function (--invoke)
  serve       Build and serve an HTTP component
  test, t     Run tests as components
  bench       Run benchmarks as components
  check, c    Check for the wasm target (--native for the host)
  fetch       Download crates, WIT packages and components, for offline builds
  doc, d      Document crates, or WIT (--wit)
  …           clippy, fix, and any other subcommand

See `cargo component help <command>` for the options of a command.";

/// The head of the help of `serve`; cargo's help of `run` follows, whose options `serve` has.
const SERVE: &str = "\
Build and serve an HTTP component

Usage: cargo component serve [OPTIONS]

It accepts the options of `cargo run`, which are:

";

/// The end of the help of `fetch`, below our options.
const FETCH: &str = "
Besides crates, this command resolves, locks and downloads the WIT packages and components of
all members, and installs the standard library of the wasm target. `build --offline` then
works without the network.
";

/// How many bytes of stack a thread gets that does what otherwise the main thread does, as
/// much as that has on most systems.
const MAIN_STACK: usize = 8 << 20;

/// The exit code of a program that panicked.
const PANICKED: u8 = 101;

/// The help text for our options of a subcommand, which follows cargo's own help.
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
    text.push_str("\nThe target is the one set by `--target`, CARGO_BUILD_TARGET or cargo's configuration, or else wasm32-wasip1.\n");
    text
}

/// Runs a subcommand of cargo, or one that cargo lacks but that takes its options.
/// `similar` is the subcommand of this tool that is suggested if there is no such one.
pub(super) fn run(args: &[OsString], env: Env, similar: Option<&str>) -> ExitCode {
    let args = match CargoArgs::parse(args) {
        Ok(args) => args,
        Err(error) => return exit::code(&GlobalOptions::default().shell(&env), Err(error)),
    };
    let similar = similar.map(str::to_owned);
    match args.own.watch {
        false => execute(&args, env, similar.as_deref(), Arc::new(|| {})),
        true => interruptible(move |interrupt| execute(&args, env, similar.as_deref(), interrupt)),
    }
}

/// Does work that Ctrl-C has to end at once, whatever it does, in a thread of its own.
/// Returns the exit code of the work, or success when the function that the work is given
/// is called first. The process ends then, and the work with it.
fn interruptible(work: impl FnOnce(OnInterrupt) -> ExitCode + Send + 'static) -> ExitCode {
    /// Sends the exit code even if the work panics.
    struct Ended(mpsc::Sender<ExitCode>, ExitCode);

    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.send(self.1);
        }
    }

    let (sender, ended) = mpsc::channel();
    let interrupted = sender.clone();
    let interrupt = move || {
        // Nobody receives it after the end.
        let _ = interrupted.send(ExitCode::SUCCESS);
    };
    let thread = std::thread::Builder::new().stack_size(MAIN_STACK);
    let started = thread.spawn(move || {
        let mut ended = Ended(sender, ExitCode::from(PANICKED));
        ended.1 = work(Arc::new(interrupt));
    });
    match started {
        Ok(_) => ended.recv().unwrap_or(ExitCode::FAILURE),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Runs a subcommand to its end.
fn execute(
    args: &CargoArgs,
    env: Env,
    similar: Option<&str>,
    on_interrupt: OnInterrupt,
) -> ExitCode {
    let shell = shell(&env, args.quiet, args.verbose, args.color);
    let own = &args.own;
    let (config, cache) = (own.registry_config.clone(), own.cache_dir.clone());
    let packages = setup::packages(&env, &shell, Path::new("."), config, cache);
    let context = Context::system(env, Box::new(shell.clone()), packages);
    let result = context.and_then(|ctx| {
        let result = dispatch(&ctx, args, similar, on_interrupt);
        result.map_err(|error| error.relative_to(&ctx.cwd))
    });
    exit::code(&shell, result)
}

fn dispatch(
    ctx: &Context,
    args: &CargoArgs,
    similar: Option<&str>,
    on_interrupt: OnInterrupt,
) -> Result<()> {
    let verb = args.subcommand.as_deref().unwrap_or_default();
    let class = Class::of(verb);
    if let Some(similar) = similar {
        refuse_misspelled(ctx, args, similar)?;
    }
    if args.help {
        return help(ctx, args, class);
    }
    refuse_unknown_options(ctx, args)?;
    match (class, verb) {
        (Class::Run, verb) => {
            let purpose = match verb {
                "serve" => Purpose::Serve,
                _ => Purpose::Run,
            };
            match args.own.watch {
                true => watch_component(ctx, args, purpose, on_interrupt),
                false => run_component(ctx, args, purpose),
            }
        }
        (Class::Test, _) => test(ctx, args),
        (Class::Fetch, _) => fetch(ctx, args),
        (Class::Check, "doc") if args.own.wit.is_some() => doc_wit(ctx, args),
        _ => cargo_verb(ctx, args),
    }
}

/// Prints cargo's help of a subcommand, then that of our options.
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
