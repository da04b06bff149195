//! A child process that uses the standard streams of this tool.

use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::process::Invocation;

/// Runs a command with the standard streams of this tool.
///
/// # Errors
///
/// If it exits with another code than 0, the error has that code.
pub(crate) fn child(ctx: &Context, command: &Invocation) -> Result<()> {
    ctx.shell.detail("Running", format!("`{command}`"));
    match ctx.exec.run(command)? {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}
