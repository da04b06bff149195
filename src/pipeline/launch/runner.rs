//! The runner of a component: the one that cargo's configuration names for its
//! target, or the embedded engine.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::component;
use crate::model::component::WasmKind;
use crate::model::component::encode::{Adapter, encode};
use crate::model::component::names;
use crate::pipeline::build::cargo::BuildOutput;
use crate::pipeline::build::componentize::{ComponentArtifact, below_target};
use crate::pipeline::build::linked;
use crate::pipeline::build::prepare::Prepared;
use crate::system::cargo::config;
use crate::system::cargo::target::{Target, WasmTarget};
use crate::system::context::Context;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;
use crate::system::runtime;
use crate::system::runtime::{ComponentFile, Optimization, Permissions, Runner, TraceOptions};

/// The runners of components, by target triple.
#[derive(Debug)]
pub(crate) struct Runners(Vec<(String, Runner)>);

impl Runners {
    /// The engine for every target; fails where there is none.
    pub(crate) fn embedded() -> Result<Self> {
        runtime::available().map_err(|error| error.hint("install with `--features runtime`"))?;
        Ok(Runners(Vec::new()))
    }

    /// The runners of the targets that are built; fails if the program of one does
    /// not exist.
    pub(crate) fn find(ctx: &Context, prepared: &Prepared) -> Result<Self> {
        let mut found = Vec::new();
        for target in &prepared.setup.targets {
            let runner = match prepared.setup.config.runner(target, &*ctx.exec)? {
                Some(runner) => {
                    check(&runner, &ctx.env)?;
                    ctx.shell
                        .detail("Using", format!("the runner of {}", runner.origin));
                    Runner::Configured {
                        program: runner.program,
                        args: runner.args.into_iter().map(Into::into).collect(),
                    }
                }
                None => {
                    runtime::available().map_err(|error| {
                        error.hint(format!(
                            "install with `--features runtime`, or set a runner as `target.{}.runner` in cargo's configuration",
                            target.triple()
                        ))
                    })?;
                    Runner::Embedded
                }
            };
            found.push((target.triple().to_owned(), runner));
        }
        Ok(Runners(found))
    }

    /// The runner for a component.
    pub(crate) fn of(&self, built: &BuildOutput, artifact: &ComponentArtifact) -> Runner {
        let target = target_of(built, artifact).map(Target::triple);
        let named = self.0.iter().find(|(triple, _)| Some(&**triple) == target);
        let runner = named.map(|(_, runner)| runner.clone());
        runner.unwrap_or_default()
    }

    /// Fails if tests are to run in the engine for a target without WASI: no
    /// test could be started, print or fail.
    pub(crate) fn require_wasi(&self, prepared: &Prepared) -> Result<()> {
        let none = prepared.setup.targets.iter().find(|target| {
            let here = (target.triple().to_owned(), Runner::Embedded);
            target.kind() == WasmTarget::Unknown && self.0.contains(&here)
        });
        match none {
            None => Ok(()),
            Some(target) => Err(Error::input(format!(
                "tests need WASI, which the target `{}` does not provide",
                target.name()
            ))
            .hint("run them with `--target wasm32-wasip1` or `--target wasm32-wasip2`")),
        }
    }

    /// Fails if a runner does not support the permissions.
    pub(crate) fn check_permissions(&self, permissions: &Permissions) -> Result<()> {
        let mut runners = self.0.iter();
        runners.try_for_each(|(_, runner)| runner.check_permissions(permissions))
    }
}

/// The target that a component was built for, by its path; otherwise the first
/// target.
pub(crate) fn target_of<'a>(
    built: &'a BuildOutput,
    artifact: &ComponentArtifact,
) -> Option<&'a Target> {
    let targets = &built.prepared.setup.targets;
    let found = below_target(targets, &artifact.path).map(|(target, _)| target);
    found.or_else(|| targets.first())
}

/// Fails if the program is not there, before anything is built for it.
fn check(runner: &config::ConfiguredProgram, env: &Env) -> Result<()> {
    let program = Path::new(&runner.program);
    let there = |path: &Path| {
        let found = fs::exists(path) && !fs::is_dir(path);
        // Windows finds `x.exe` by the name `x`.
        found || (cfg!(windows) && fs::exists(&path.with_extension("exe")))
    };
    let found = match program.components().count() {
        1 => env
            .paths(env::PATH)
            .iter()
            .any(|dir| there(&dir.join(program))),
        _ => there(program),
    };
    if found {
        return Ok(());
    }
    let name = program.display();
    Err(Error::input(format!("failed to find the runner `{name}`"))
        .with_cause(format!("it is set by {}", runner.origin))
        .hint(format!(
            "install `{name}`, or remove the setting to run in the embedded engine"
        )))
}

/// The file that the runner gets, and how the engine compiles it: as cargo compiled the
/// crate. The file has the component, without attributes for a configured
/// runner, which may not support them. A core module for WASI 0.1 is made a
/// component for the engine.
pub(crate) fn runnable(
    ctx: &Context,
    built: &BuildOutput,
    artifact: &ComponentArtifact,
    runner: &Runner,
) -> Result<ComponentFile> {
    let (path, debug_info) = runnable_path(ctx, built, artifact, runner)?;
    let optimization = match artifact.cargo_artifact.optimized {
        true => Optimization::Full,
        false => Optimization::None,
    };
    let trace = TraceOptions {
        debug_info,
        ..TraceOptions::new(&ctx.env, &ctx.cwd)
    };
    Ok(ComponentFile {
        path,
        optimization,
        trace,
        profile: None,
    })
}

/// The file that runs, and the one with its debug information if that was removed.
fn runnable_path(
    ctx: &Context,
    built: &BuildOutput,
    artifact: &ComponentArtifact,
    runner: &Runner,
) -> Result<(PathBuf, Option<PathBuf>)> {
    let run_file = |name: &str| {
        let file = artifact
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let place = built.prepared.state_dir().join("run");
        place.join(format!("{file}-{name}.wasm"))
    };
    let embedded = matches!(runner, Runner::Embedded);
    let recipe = built.prepared.recipe(artifact.member);
    if artifact.component.is_some() {
        let (linked, debug_info) = match embedded {
            true => linked::linked_to_run(ctx, &built.prepared, artifact)?,
            false => (linked::linked(ctx, &built.prepared, artifact)?, None),
        };
        if embedded || recipe.is_none_or(|recipe| recipe.attributes.is_empty()) {
            return Ok((linked, debug_info));
        }
        let plain = names::without_attributes(&fs::read(&linked)?)?;
        let path = run_file("plain");
        fs::write_if_changed(&path, &plain)?;
        return Ok((path, None));
    }
    let bytes = fs::read(&artifact.path)?;
    if !embedded || component::kind(&bytes) != Some(WasmKind::Module) {
        return Ok((artifact.path.clone(), None));
    }
    let path = run_file("program");
    let component = encode(&bytes, &Adapter::Command).map_err(|e| {
        let module = artifact.path.display();
        e.context(format!("failed to create a component from `{module}`"))
    })?;
    fs::write_if_changed(&path, &component)?;
    Ok((path, None))
}
