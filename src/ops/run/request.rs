//! What a command line of `run` or `serve` asks for.

use crate::base::error::{Error, Result};
use crate::pipeline::launch::invoke::{Purpose, requested_profile};
use crate::pipeline::launch::permissions::granted_permissions;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::runtime::{Permissions, ProfileOutput};

/// A command line whose options are valid, and what they grant.
pub(super) struct RunRequest<'a> {
    /// The command line as a whole.
    pub args: &'a CargoArgs,
    /// Whether the component runs or is served.
    pub purpose: Purpose,
    /// What the command line grants the component.
    pub permissions: Permissions,
    /// The profile that is to be written.
    pub profile: Option<ProfileOutput>,
}

impl<'a> RunRequest<'a> {
    /// Checks the options of a command line, before anything is built.
    pub fn new(ctx: &Context, args: &'a CargoArgs, purpose: Purpose) -> Result<Self> {
        let permissions = granted_permissions(ctx, args)?;
        check_options(args)?;
        Ok(RunRequest {
            args,
            purpose,
            permissions,
            profile: requested_profile(ctx, args)?,
        })
    }
}

/// Refuses options that contradict each other.
fn check_options(args: &CargoArgs) -> Result<()> {
    let own = &args.own;
    if own
        .invoke
        .as_deref()
        .is_some_and(|call| call.trim().is_empty())
    {
        return Err(Error::usage("`--invoke` needs a function").hint("use `--invoke 'name(…)'`"));
    }
    let Some(addr) = &own.addr else {
        return Ok(());
    };
    if own.invoke.is_some() {
        return Err(
            Error::usage("`--addr` cannot be used with `--invoke`").hint("remove one of them")
        );
    }
    let port = addr.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(_)) => Ok(()),
        _ => Err(
            Error::usage(format!("`{addr}` is not an address with a port"))
                .hint("use `HOST:PORT`, such as `127.0.0.1:8080` or `[::1]:0`"),
        ),
    }
}
