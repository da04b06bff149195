//! `cargo component test` and `bench`.

use crate::base::error::{Error, Result};
use crate::pipeline::build::cargo::{BuildOutput, build_prepared};
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::ready::prepare;
use crate::pipeline::launch::child::child;
use crate::pipeline::launch::libtest;
use crate::pipeline::launch::permissions::{granted_permissions, with_own_requests};
use crate::pipeline::launch::runner::{Runners, runnable};
use crate::system::cargo::arguments::{CargoArgs, TargetChoice};
use crate::system::context::Context;
use crate::system::runtime::Permissions;
use crate::system::shell::{Message, Verbosity};

/// The variables of libtest itself, handed on as on the host.
const LIBTEST: &str = "RUST_TEST_";

/// The number of threads, which a component has only one of. Told of more, libtest would
/// not print the name of a test before it runs.
const THREADS: &str = "RUST_TEST_THREADS";

/// Builds the tests or benches and runs each executable; stops after the first
/// that fails, unless told otherwise.
pub fn test(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let bench = args.subcommand.as_deref() == Some("bench");
    if args.target_choices.contains(&TargetChoice::Doc) {
        return Err(
            Error::unsupported("documentation tests cannot be run as components")
                .hint("run them on the host with `cargo test --doc`"),
        );
    }
    let permissions = test_permissions(ctx, args, bench)?;
    let prepared = prepare(ctx, args, StaleBindings::Write)?;
    if args.no_run {
        return build_prepared(ctx, args, prepared).map(|_| ());
    }
    let runners = Runners::find(ctx, &prepared)?;
    runners.require_wasi(&prepared)?;
    runners.check_permissions(&permissions)?;
    let built = build_prepared(ctx, args, prepared)?;
    let executables = executables(&built);
    if executables.is_empty() && (built.host.is_none() || !built.artifacts.is_empty()) {
        return Err(Error::input(format!(
            "a component test target must be available for `cargo component {}`",
            if bench { "bench" } else { "test" }
        ))
        .hint("run the command in a component package, or select one with `--package`"));
    }
    let mut failed: Vec<(i32, String)> = Vec::new();
    for artifact in executables {
        let runner = runners.of(&built, artifact);
        let file = runnable(ctx, &built, artifact, &runner)?;
        ctx.shell.status(
            "Running",
            format!(
                "{} ({})",
                name(&built, artifact),
                ctx.display(&artifact.path)
            ),
        );
        let permissions = with_own_requests(ctx, permissions.clone(), &built, artifact)?;
        let code = libtest::run(ctx, &runner, &file, &permissions)?;
        if code != 0 {
            failed.push((code, rerun(&built, artifact)));
            if !args.no_fail_fast {
                break;
            }
        }
    }
    // What is not ours comes last, and hides nothing.
    let host = built.host.as_ref().map(|command| child(ctx, command));
    let Some((code, _)) = failed.first() else {
        return host.unwrap_or(Ok(()));
    };
    let code = *code;
    let summary = match failed.as_slice() {
        [(_, options)] => {
            let what = if bench { "bench" } else { "test" };
            format!("{what} failed, to rerun pass `{options}`")
        }
        many => {
            let options = many.iter().map(|(_, options)| format!("\n    `{options}`"));
            format!(
                "{} targets failed:{}",
                many.len(),
                options.collect::<String>()
            )
        }
    };
    ctx.shell.print(Message::Error(Error::input(summary)));
    Err(Error::child(code))
}

/// The options that rerun an executable, as cargo reports them.
fn rerun(built: &BuildOutput, artifact: &ComponentArtifact) -> String {
    let members = &built.prepared.workspace().members;
    let package = match members.len() {
        1 => String::new(),
        _ => format!("-p {} ", members[artifact.member].name),
    };
    let target = &artifact.cargo_artifact.target;
    package
        + &match artifact.cargo_artifact.kinds.first().map(String::as_str) {
            Some(kind @ ("bin" | "test" | "bench" | "example")) => format!("--{kind} {target}"),
            _ => "--lib".to_owned(),
        }
}

/// The permissions of every test executable, with its arguments in cargo's order.
fn test_permissions(ctx: &Context, args: &CargoArgs, bench: bool) -> Result<Permissions> {
    let mut permissions = granted_permissions(ctx, args)?;
    let mut first: Vec<String> = Vec::new();
    if bench {
        first.push("--bench".to_owned());
    }
    // As cargo does.
    if ctx.shell.verbosity() == Verbosity::Quiet {
        first.push("--quiet".to_owned());
    }
    for word in &args.words {
        first.push(word.to_string_lossy().into_owned());
    }
    permissions.args.splice(0..0, first);
    let inherited = ctx.env.with_prefix(LIBTEST).into_iter();
    let inherited = inherited.filter_map(|(name, value)| {
        let value = value.to_str()?;
        Some((name.to_owned(), value.to_owned()))
    });
    // Those by option follow, and win.
    permissions.env.splice(0..0, inherited);
    permissions.env.retain(|(name, _)| name != THREADS);
    Ok(permissions)
}

/// The tests and benches in cargo's order, which is not that in which they
/// were built: by package, then unit tests, integration tests and benches, by
/// name. Programs that integration tests may start are none of them.
fn executables(built: &BuildOutput) -> Vec<&ComponentArtifact> {
    let members = &built.prepared.workspace().members;
    let mut found: Vec<&ComponentArtifact> = built
        .artifacts
        .iter()
        .filter(|artifact| {
            artifact.cargo_artifact.test && artifact.cargo_artifact.executable.is_some()
        })
        .collect();
    found.sort_by_key(|artifact| {
        let kind = artifact.cargo_artifact.kinds.first().map(String::as_str);
        let rank = match kind {
            Some("bin") => 1,
            Some("test") => 2,
            Some("bench") => 3,
            Some("example") => 4,
            _ => 0,
        };
        let member = &members[artifact.member];
        (
            &member.name,
            rank,
            &artifact.cargo_artifact.target,
            &artifact.path,
        )
    });
    found
}

/// The name of an executable in cargo's output.
fn name(built: &BuildOutput, artifact: &ComponentArtifact) -> String {
    let member = &built.prepared.workspace().members[artifact.member];
    let source = artifact.cargo_artifact.source.strip_prefix(member.dir());
    let source = source.unwrap_or(&artifact.cargo_artifact.source).display();
    match artifact.cargo_artifact.kinds.first().map(String::as_str) {
        Some("test") => format!("{source}"),
        Some("bench") => format!("benches {source}"),
        _ => format!("unittests {source}"),
    }
}
