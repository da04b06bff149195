//! Runs a component: calls a function, serves its HTTP handler, or passes its exit
//! code on.

use std::sync::{Arc, mpsc};

use crate::base::error::{Error, Result};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::runtime;
use crate::system::runtime::{
    CallOutcome, ComponentFile, EntryPoint, ExitStatus, Permissions, ProfileOutput, Server,
    ServerEvent,
};

/// The address at which HTTP handlers are served by default.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

/// The address at which the command line has an HTTP handler served.
pub(crate) fn served_address(args: &CargoArgs) -> String {
    let addr = args.own.addr.as_deref();
    addr.unwrap_or(DEFAULT_ADDRESS).to_owned()
}

/// The way in which the user wants to run a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Run its program, serve its handler, or call a function, depending on its
    /// exports.
    Run,
    /// Serve its HTTP handler.
    Serve,
}

/// The error for a component that has nothing to run, or to serve.
pub(crate) fn nothing_to_run(name: &str, entry: &EntryPoint, purpose: Purpose) -> Error {
    let functions: &[_] = match (entry, purpose) {
        (_, Purpose::Serve) => {
            return Error::input(format!(
                "`{name}` cannot be served, since it exports no HTTP handler"
            ))
            .hint("export `wasi:http/incoming-handler` or `wasi:http/handler`, or use `cargo component run`");
        }
        (EntryPoint::Library(functions), Purpose::Run) => functions,
        (_, Purpose::Run) => &[],
    };
    let names: Vec<String> = functions.iter().map(|f| format!("`{f}`")).collect();
    let error = Error::input(format!(
        "`{name}` cannot be run, since it exports neither `wasi:cli/run` nor an HTTP handler"
    ));
    match functions.first() {
        Some(first) => error
            .with_cause(format!("its exports are {}", names.join(", ")))
            .hint(format!("call a function with `--invoke '{first}(…)'`")),
        None => error.hint("add a `main` function, or export a function"),
    }
}

/// The name of a component with its arguments, quoted as cargo shows commands.
pub(crate) fn command_line(name: &str, permissions: &Permissions) -> String {
    let mut text = format!("`{name}");
    for argument in &permissions.args {
        match argument.is_empty() || argument.contains(char::is_whitespace) {
            true => text.push_str(&format!(" {argument:?}")),
            false => text.push_str(&format!(" {argument}")),
        }
    }
    text.push('`');
    text
}

/// The profile that the command line requests.
pub(crate) fn requested_profile(ctx: &Context, args: &CargoArgs) -> Result<Option<ProfileOutput>> {
    let Some(path) = &args.own.profile_out else {
        return Ok(None);
    };
    let output = ProfileOutput::new(path.clone())?;
    let path = ctx.absolute(path);
    Ok(Some(ProfileOutput { path, ..output }))
}

/// Reports the profile that a run has written, if it was requested.
pub(crate) fn report_profile(ctx: &Context, file: &ComponentFile) {
    if let Some(profile) = &file.profile {
        let text = format!("profile `{}`", ctx.display(&profile.path));
        ctx.shell.status("Wrote", text);
    }
}

/// Calls a function of a component and prints what it returns.
pub(crate) fn invoke(
    ctx: &Context,
    file: &ComponentFile,
    call: &str,
    permissions: &Permissions,
) -> Result<()> {
    let outcome = runtime::invoke(file, call, permissions, &*ctx.shell)?;
    report_profile(ctx, file);
    match outcome {
        CallOutcome::Returned { values, refusals } => {
            for value in values {
                ctx.shell.data(value);
            }
            if let Some(refusals) = refusals {
                ctx.shell.warn(refusals);
            }
            Ok(())
        }
        CallOutcome::Exited(end) => report_end(ctx, &end),
    }
}

/// Refuses a profile of an HTTP service.
pub(crate) fn refuse_profile(file: &ComponentFile) -> Result<()> {
    if file.profile.is_none() {
        return Ok(());
    }
    let text = "`--profile-out` profiles programs and calls, not HTTP services";
    Err(Error::usage(text).hint("call a function with `--invoke`"))
}

/// Serves the HTTP handler of a component until it is interrupted.
pub(crate) fn serve(
    ctx: &Context,
    file: &ComponentFile,
    addr: &str,
    permissions: &Permissions,
) -> Result<()> {
    refuse_profile(file)?;
    let (sender, events) = mpsc::channel();
    let on_event = move |event| {
        // Nobody receives it at the end.
        let _ = sender.send(event);
    };
    let shell = &*ctx.shell;
    // It serves until it is dropped.
    let _server = Server::start(file, addr, permissions, Arc::new(on_event), shell)?;
    for event in events {
        if let ServerEvent::Interrupted = event {
            break;
        }
        report_event(ctx, event);
    }
    Ok(())
}

/// Reports an event of a server.
pub(crate) fn report_event(ctx: &Context, event: ServerEvent) {
    match event {
        ServerEvent::Listening(addr) => ctx.shell.status("Serving", format!("http://{addr}/")),
        ServerEvent::Failed(error) => ctx.shell.warn(failed_request(&error)),
        ServerEvent::ClientLeft(what) => ctx
            .shell
            .detail("Ended", format!("{what}, whose client disconnected")),
        ServerEvent::Refused(refusal) => ctx.shell.warn(refusal),
        ServerEvent::Interrupted => {}
    }
}

/// The warning about a request that failed; the stack has lines of its own.
fn failed_request(error: &Error) -> String {
    let mut text = format!("a request failed: {error}");
    if let Some(hint) = error.advice() {
        text.push_str(&format!("; {hint}"));
    }
    for line in error.trace().iter().flat_map(|trace| trace.lines()) {
        text.push_str(&format!("\n  {line}"));
    }
    text
}

/// Turns the exit code of a component into the result of the command; a trap
/// and missing permissions are reported.
pub(crate) fn report_end(ctx: &Context, end: &ExitStatus) -> Result<()> {
    if let Some(missed) = &end.refusals {
        ctx.shell.warn(missed.clone());
    }
    if let Some(fault) = &end.fault {
        crate::system::shell::report(&*ctx.shell, fault);
    }
    match end.code {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}
