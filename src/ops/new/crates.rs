//! The crate under a component, which cargo creates.

use std::path::Path;

use super::options::NewOptions;
use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::shell::{ColorChoice, Verbosity};

/// Runs `cargo new` or `cargo init`.
pub(in crate::ops) fn create_crate(
    ctx: &Context,
    verb: &str,
    options: &NewOptions,
    kind: Option<&str>,
) -> Result<()> {
    let program = ctx.env.get(env::CARGO).unwrap_or("cargo".as_ref());
    let mut invocation = Invocation::new(program).arg(verb).dir(&ctx.cwd).args(kind);
    for (option, value) in [
        ("--name", &options.name),
        ("--edition", &options.edition),
        ("--vcs", &options.vcs),
    ] {
        if let Some(value) = value {
            invocation = invocation.arg(option).arg(value);
        }
    }
    match ctx.shell.verbosity() {
        Verbosity::Quiet => invocation = invocation.arg("--quiet"),
        Verbosity::Normal => {}
        Verbosity::Verbose => invocation = invocation.arg("--verbose"),
    }
    if ctx.shell.color() != ColorChoice::Auto {
        let color = ctx.shell.color().as_str();
        invocation = invocation.arg("--color").arg(color);
    }
    // `--` so that a path may start with a dash.
    match ctx.exec.run(&invocation.arg("--").arg(&options.path))? {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}

/// Continues with a crate that a killed run left; cargo creates it where that is
/// missing.
pub(in crate::ops) fn resume_crate(
    ctx: &Context,
    dir: &Path,
    options: &NewOptions,
    kind: Option<&str>,
) -> Result<()> {
    let text = format!(
        "`{}`, which an interrupted run had started",
        ctx.display(dir)
    );
    ctx.shell.status("Finishing", text);
    match fs::exists(&dir.join("Cargo.toml")) {
        true => Ok(()),
        // Cargo itself was killed before it wrote a manifest.
        false => create_crate(ctx, "init", options, kind),
    }
}
