//! `cargo component login` and `logout`.

use crate::base::error::Result;
use crate::pipeline::fetch::access::{Access, AccessOptions};
use crate::system::context::Context;
use crate::system::registry::Secret;

/// Logs in to the registry of the options, or else the default one. Credentials
/// that the registry refuses are not saved.
pub fn login(ctx: &Context, options: &AccessOptions, user: &str, password: &Secret) -> Result<()> {
    let access = Access::new(ctx, &without_registry(options))?;
    let registry = access.host(options.registry.as_deref())?;
    let kept = registry.log_in(user, password)?;
    kept.notes
        .iter()
        .for_each(|note| ctx.shell.warn(note.clone()));
    let (host, place) = (registry.host(), kept.place.unwrap_or_default());
    ctx.shell
        .status("Login", format!("for `{host}` saved in {place}"));
    Ok(())
}

/// Removes the login for the registry of the options, or else the default one.
pub fn logout(ctx: &Context, options: &AccessOptions) -> Result<()> {
    let access = Access::new(ctx, &without_registry(options))?;
    let registry = access.host(options.registry.as_deref())?;
    let kept = registry.log_out()?;
    let host = registry.host();
    ctx.shell.status(
        "Logout",
        match kept.place {
            Some(place) => format!("for `{host}` removed from {place}"),
            None => format!("not currently logged in to `{host}`"),
        },
    );
    kept.notes
        .iter()
        .for_each(|note| ctx.shell.warn(note.clone()));
    Ok(())
}

/// The options without the registry: it is the host to log in to here, not the
/// place of a package.
fn without_registry(options: &AccessOptions) -> AccessOptions {
    AccessOptions {
        registry: None,
        ..options.clone()
    }
}
