//! The variables that cargo sets for build scripts.

use std::ffi::OsStr;

use crate::base::error::{Error, Result};
use crate::system::env::{Env, Variable};

/// The value of a variable that every build script has.
pub(super) fn required(env: &Env, variable: Variable) -> Result<&OsStr> {
    env.get(variable).ok_or_else(|| {
        Error::input(format!("the variable `{}` is not set", variable.name))
            .hint("call this from a build script that cargo runs")
    })
}
