//! The runner of components, and which permissions it can grant.

use std::ffi::OsString;

use super::component_file::ComponentFile;
use super::permissions::{Network, Permissions};
use crate::base::error::{Error, Result};

/// The program or engine that runs components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Runner {
    /// The engine inside this tool.
    #[default]
    Embedded,
    /// The program configured in cargo as the runner of the target.
    Configured {
        /// The program, found on `PATH` if it is a bare name.
        program: OsString,
        /// The arguments before the `--`.
        args: Vec<OsString>,
    },
}

impl Runner {
    /// Fails if the runner has no way to grant these permissions.
    pub fn check_permissions(&self, permissions: &Permissions) -> Result<()> {
        match self {
            Runner::Embedded => Ok(()),
            Runner::Configured { program, .. } => refuse_unsupported(program, permissions),
        }
    }
}

/// Fails if a configured runner has no way to grant these permissions.
pub(super) fn refuse_unsupported(program: &OsString, permissions: &Permissions) -> Result<()> {
    let refused = if !permissions.dirs.is_empty() {
        "directories"
    } else if permissions.network == Network::Full {
        "network access"
    } else if permissions.max_memory.is_some() {
        "a memory limit"
    } else if permissions.timeout.is_some() {
        "a time limit"
    } else {
        return Ok(());
    };
    Err(not_passed_on(program, refused))
}

/// Fails if a profile is requested, which a configured runner does not write.
pub(super) fn refuse_profile(program: &OsString, file: &ComponentFile) -> Result<()> {
    match &file.profile {
        None => Ok(()),
        Some(_) => Err(not_passed_on(program, "the request for a profile")),
    }
}

/// The error for what a configured runner has no common option for.
fn not_passed_on(program: &OsString, refused: &str) -> Error {
    let program = program.to_string_lossy();
    Error::usage(format!(
        "{refused} cannot be passed to the configured runner `{program}`"
    ))
    .hint(format!(
        "add the corresponding option of `{program}` to the runner's own arguments"
    ))
}
