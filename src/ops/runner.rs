//! What runs a component that was built: the runner cargo's configuration names
//! for its target, or the engine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::build::Built;
use super::componentize::Made;
use super::prepare::Prepared;
use crate::advice::{Error, Result};
use crate::cargo::config;
use crate::component::attributes;
use crate::component::encode::{Adapter, encode};
use crate::component::{self, Kind};
use crate::context::Context;
use crate::env::Env;
use crate::fs;
use crate::runtime::{self, Runner};

/// What runs components, by target triple.
#[derive(Debug)]
pub(super) struct Runners(Vec<(String, Runner)>);

impl Runners {
    /// The engine for every target; fails where there is none.
    pub(super) fn embedded() -> Result<Self> {
        runtime::available().map_err(|error| error.hint("install with `--features runtime`"))?;
        Ok(Runners(Vec::new()))
    }

    /// Those of the targets that are built for; fails on one that is not there.
    pub(super) fn find(ctx: &Context, prepared: &Prepared) -> Result<Self> {
        let mut found = Vec::new();
        for target in &prepared.targets {
            let runner = match prepared.config.runner(target, &*ctx.exec)? {
                Some(runner) => {
                    check(&runner, &ctx.env)?;
                    ctx.shell
                        .detail("Using", format!("the runner of {}", runner.place));
                    Runner::Configured {
                        program: runner.program,
                        args: runner.args.into_iter().map(Into::into).collect(),
                    }
                }
                None => {
                    runtime::available().map_err(|error| {
                        error.hint(format!(
                            "install with `--features runtime`, or name a runner in \
                             `target.{}.runner` of cargo's configuration",
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

    /// The one for a component, whose target its path tells.
    pub(super) fn of(&self, made: &Made) -> Runner {
        let parts: Vec<&OsStr> = made.path.iter().collect();
        let named = self.0.iter().find(|(triple, _)| {
            let triple = OsStr::new(triple);
            parts.contains(&triple)
        });
        // With `--artifact-dir` the path says nothing, but one target is usual.
        let runner = named.or_else(|| self.0.first());
        runner.map(|(_, runner)| runner.clone()).unwrap_or_default()
    }
}

/// Fails if the program is not there, before anything is built for it.
fn check(runner: &config::Runner, env: &Env) -> Result<()> {
    let program = Path::new(&runner.program);
    let there = |path: &Path| {
        let found = fs::exists(path) && !fs::is_dir(path);
        // Windows finds `x.exe` by the name `x`.
        found || (cfg!(windows) && fs::exists(&path.with_extension("exe")))
    };
    let found = match program.components().count() {
        1 => env
            .search_path()
            .iter()
            .any(|dir| there(&dir.join(program))),
        _ => there(program),
    };
    if found {
        return Ok(());
    }
    let name = program.display();
    Err(Error::input(format!("failed to find the runner `{name}`"))
        .because(format!("it is configured by {}", runner.place))
        .hint(format!(
            "install `{name}`, or remove the setting to run in the embedded engine"
        )))
}

/// The file to hand to the runner: the component, without attributes for a
/// configured runner, which may not know them. A plain program for WASI 0.1
/// is made a component for the engine.
pub(super) fn runnable(built: &Built, made: &Made, runner: &Runner) -> Result<PathBuf> {
    let aside = |name: &str| {
        let file = made
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let place = built.prepared.state_dir().join("run");
        place.join(format!("{file}-{name}.wasm"))
    };
    let embedded = matches!(runner, Runner::Embedded);
    let recipe = built.prepared.recipe(made.member);
    if made.component.is_some() {
        if embedded || recipe.is_none_or(|recipe| recipe.attributes.is_empty()) {
            return Ok(made.path.clone());
        }
        let plain = attributes::strip(&fs::read(&made.path)?)?;
        let path = aside("plain");
        fs::write_if_changed(&path, &plain)?;
        return Ok(path);
    }
    let bytes = fs::read(&made.path)?;
    if !embedded || component::kind(&bytes) != Some(Kind::Module) {
        return Ok(made.path.clone());
    }
    let path = aside("program");
    fs::write_if_changed(&path, &encode(&bytes, &Adapter::Command)?)?;
    Ok(path)
}
