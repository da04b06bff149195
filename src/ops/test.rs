//! `cargo component test` and `bench`.

use super::bindings::Stale;
use super::build::build_prepared;
use super::libtest;
use super::prepare::prepare;
use super::run::grant;
use super::runner::{Runners, runnable};
use crate::advice::{Error, Result};
use crate::cargo::arguments::CargoArgs;
use crate::context::Context;

/// Builds the tests or benches and runs each executable; stops after the first
/// that fails, unless told otherwise.
pub fn test(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let bench = args.subcommand.as_deref() == Some("bench");
    let mut grant = grant(ctx, args)?;
    let mut first: Vec<String> = Vec::new();
    if bench {
        first.push("--bench".to_owned());
    }
    for word in &args.words {
        first.push(word.to_string_lossy().into_owned());
    }
    grant.args.splice(0..0, first);
    let prepared = prepare(ctx, args, Stale::Write)?;
    if args.no_run {
        return build_prepared(ctx, args, prepared).map(|_| ());
    }
    let runners = Runners::find(ctx, &prepared)?;
    let built = build_prepared(ctx, args, prepared)?;
    let executables: Vec<_> = built
        .made
        .iter()
        .filter(|made| made.artifact.executable.is_some())
        .filter(|made| made.artifact.is_program())
        .collect();
    if executables.is_empty() {
        return Err(Error::input(format!(
            "a component test target must be available for `cargo component {}`",
            if bench { "bench" } else { "test" }
        ))
        .hint("go to a component package, or name one by `--package`"));
    }
    let mut failed = None;
    for made in executables {
        let runner = runners.of(made);
        let path = runnable(&built, made, &runner)?;
        let member = &built.prepared.workspace().members[made.member];
        let source = made.artifact.source.strip_prefix(member.dir());
        let source = source.unwrap_or(&made.artifact.source).display();
        let what = match made.artifact.kinds.first().map(String::as_str) {
            Some("test") => format!("{source}"),
            Some("bench") => format!("benches {source}"),
            _ => format!("unittests {source}"),
        };
        ctx.shell
            .status("Running", format!("{what} ({})", ctx.display(&made.path)));
        let code = libtest::run(ctx, &runner, &path, &grant)?;
        if code != 0 {
            failed.get_or_insert(code);
            if !args.no_fail_fast {
                break;
            }
        }
    }
    match failed {
        None => Ok(()),
        Some(code) => Err(Error::child(code)),
    }
}
