//! A component that is ready to run, and how it runs.

use crate::base::error::{Error, ErrorKind, Result};
use crate::pipeline::build::cargo::BuildOutput;
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::launch::invoke::{command_line, invoke, report_end, report_profile, serve};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{ComponentFile, Interrupts, Permissions, Program, Runner};

/// The way in which a component runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Call a function in the engine.
    Call(String),
    /// Start its program, with the configured runner if there is one.
    Start,
    /// Serve its HTTP handler in the engine, at this address.
    Serve(String),
}

/// A component with everything that its run needs.
pub(super) struct Launch {
    /// The name of the component for messages.
    pub name: String,
    /// The file that runs, which may be a linked one.
    pub file: ComponentFile,
    /// The engine or program that runs it.
    pub runner: Runner,
    /// What it may do.
    pub permissions: Permissions,
    /// The way in which it runs.
    pub task: Task,
    /// The build that it comes from; `None` for a component that existed.
    pub source: Option<LaunchSource>,
}

/// The build that a component comes from.
pub(super) struct LaunchSource {
    /// Everything that was built.
    pub built: BuildOutput,
    /// The component that runs.
    pub artifact: ComponentArtifact,
}

impl Launch {
    /// Runs it to its end, or serves it until Ctrl-C.
    pub fn run(&self, ctx: &Context) -> Result<()> {
        self.report_running(ctx);
        match &self.task {
            Task::Call(call) => self.call(ctx, call),
            Task::Serve(addr) => serve(ctx, &self.file, addr, &self.permissions),
            Task::Start => {
                let interrupts = Interrupts::of(&self.permissions);
                let (file, shell) = (&self.file, &*ctx.shell);
                let program = Program::open(&self.runner, &*ctx.exec, file, interrupts, shell)?;
                let ended = program.run(&self.permissions)?;
                report_profile(ctx, file);
                report_end(ctx, &ended)
            }
        }
    }

    /// Reports which component runs, with its arguments.
    pub fn report_running(&self, ctx: &Context) {
        let line = command_line(&self.name, &self.permissions);
        ctx.shell.status("Running", line);
    }

    /// Calls a function and prints what it returns.
    pub fn call(&self, ctx: &Context, call: &str) -> Result<()> {
        let called = invoke(ctx, &self.file, call, &self.permissions);
        called.map_err(|error| match &self.source {
            Some(source) => naming_library(error, source, call),
            None => error,
        })
    }
}

/// The error of a call, with the library that exports the function where the program beside
/// it was called.
fn naming_library(error: Error, source: &LaunchSource, call: &str) -> Error {
    let LaunchSource {
        built,
        artifact: called,
    } = source;
    let function = call.split('(').next().unwrap_or(call).trim();
    let exports = |artifact: &&ComponentArtifact| {
        let is_library = !artifact.cargo_artifact.test && !artifact.cargo_artifact.is_program();
        let functions = || runtime::functions(&fs::read(&artifact.path)?);
        let exported = || functions().and_then(|all| runtime::resolve(function, &all).map(drop));
        is_library && exported().is_ok()
    };
    let is_unknown = error.kind() == ErrorKind::Usage && called.cargo_artifact.is_program();
    let mut artifacts = built.artifacts.iter().filter(|_| is_unknown);
    let Some(library) = artifacts.find(exports) else {
        return error;
    };
    let package = &built.prepared.workspace().members[library.member].name;
    error
        .with_cause(format!(
            "the program `{}` was called",
            called.cargo_artifact.target
        ))
        .replace_hint(match library.member == called.member {
            true => "the library of the package exports it: add `--lib`".to_owned(),
            false => format!("the package `{package}` exports it: add `--package {package}`"),
        })
}
