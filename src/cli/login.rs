//! `cargo component login` and `logout`.

use std::io::{IsTerminal as _, Read as _};

use clap::Args;

use super::options::LockOptions;
use crate::base::error::{Error, ErrorKind, Result};
use crate::ops::login::{login, logout};
use crate::pipeline::fetch::access::AccessOptions;
use crate::system::context::Context;
use crate::system::env;
use crate::system::registry::Secret;
use crate::system::shell::ask_hidden;

/// Log in to an OCI registry
///
/// The credentials are verified, and then stored where docker stores them: in its credential
/// helper or its `config.json`. If only `REGISTRY_AUTH_FILE` is set and not `DOCKER_CONFIG`,
/// they are stored in that file, as podman does. The password is asked for on the terminal, which
/// does not show it, or read from a pipe. For crates.io, use `cargo login`.
#[derive(Args, Debug)]
pub(super) struct Login {
    /// Host, or name of a configured registry [default: the default registry]
    #[arg(value_name = "REGISTRY")]
    registry: Option<String>,

    /// User name to log in with
    #[arg(long, short, visible_alias = "user", value_name = "USER")]
    username: Option<String>,

    /// Read the password from standard input, which must not be a terminal
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    lock: LockOptions,
}

impl Login {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = AccessOptions {
            registry: self.registry,
            mode: self.lock.mode(),
        };
        let user = self.username.ok_or_else(|| {
            Error::usage("no user name was given").hint("add `--username <USER>`")
        })?;
        login(
            ctx,
            &options,
            &user,
            &password(ctx, self.password_stdin, &user)?,
        )
    }
}

/// Asks for the password on the terminal, or reads it from standard input where that is a
/// pipe. With `from_pipe` it must be one.
fn password(ctx: &Context, from_pipe: bool, user: &str) -> Result<Secret> {
    /// The longest password that is read, in bytes; every token is shorter.
    const LONGEST: u64 = 64 << 10;
    let input = std::io::stdin();
    if input.is_terminal() && !from_pipe {
        if cfg!(windows)
            && ctx
                .env
                .get(env::TERM_PROGRAM)
                .is_some_and(|name| name == "mintty")
        {
            return Err(Error::usage("this terminal cannot hide a password")
                .hint("pipe the password: `… < file`, or use another terminal"));
        }
        return match ask_hidden(&format!("Password for `{user}`: "))? {
            empty if empty.is_empty() => Err(Error::usage("no password was given")
                .hint("type the password or an access token, then press Enter")),
            password => Ok(Secret(password)),
        };
    }
    if input.is_terminal() {
        return Err(Error::usage(
            "`--password-stdin` reads the password from a pipe, but standard input is a terminal",
        )
        .hint("remove it to be asked for the password, or pipe the password: `… < file`"));
    }
    let mut text = String::new();
    input
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|e| Error::new(ErrorKind::Io, "failed to read the password").with_cause(e))?;
    Ok(Secret(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Remove the stored credentials for an OCI registry
///
/// For crates.io, use `cargo logout`.
#[derive(Args, Debug)]
pub(super) struct Logout {
    /// Host, or name of a configured registry [default: the default registry]
    #[arg(value_name = "REGISTRY")]
    registry: Option<String>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Logout {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = AccessOptions {
            registry: self.registry,
            mode: self.lock.mode(),
        };
        logout(ctx, &options)
    }
}
