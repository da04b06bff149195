//! A program that takes over all streams of the tool.

use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::process::Invocation;

/// Runs cargo with all our streams.
pub(crate) fn child(ctx: &Context, command: &Invocation) -> Result<()> {
    ctx.shell.detail("Running", format!("`{command}`"));
    match ctx.exec.run(command)? {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}
