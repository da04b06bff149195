//! `cargo component login` and `logout`.

use std::io::{IsTerminal as _, Read as _};

use clap::Args;

use super::options::LockOptions;
use crate::base::error::{Error, ErrorKind, Result};
use crate::ops::login::{login, logout};
use crate::pipeline::fetch::access::AccessOptions;
use crate::system::context::Context;
use crate::system::registry::Secret;

/// Log in to an OCI registry
///
/// The login is tried first, and then kept where docker keeps it: by its
/// credential helper, or in its `config.json`; in podman's file where
/// `REGISTRY_AUTH_FILE` names it and `DOCKER_CONFIG` nothing. For crates there
/// is `cargo login`.
#[derive(Args, Debug)]
pub(super) struct Login {
    /// The host, or the name of a configured registry; the default registry without it
    #[arg(value_name = "REGISTRY")]
    registry: Option<String>,

    /// The user
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
            Error::usage("the user to log in as is missing").hint("add `--username <USER>`")
        })?;
        login(ctx, &options, &user, &password()?)
    }
}

/// The password on standard input, which is piped: what is typed would be seen.
fn password() -> Result<Secret> {
    /// More than any token has.
    const LONGEST: u64 = 64 << 10;
    let input = std::io::stdin();
    if input.is_terminal() {
        return Err(
            Error::usage("a password is not read from a terminal, where it would be seen")
                .hint("pipe it: `cargo component login … --password-stdin < file`"),
        );
    }
    let mut text = String::new();
    input
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|e| Error::new(ErrorKind::Io, "failed to read the password").with_cause(e))?;
    Ok(Secret(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Forget the login to an OCI registry
///
/// For crates there is `cargo logout`.
#[derive(Args, Debug)]
pub(super) struct Logout {
    /// The host, or the name of a configured registry; the default registry without it
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
