//! `cargo component run` and `serve`.

mod built;
mod launch;
mod prebuilt;
mod prepare;
mod request;
mod watch;

use self::prepare::prepare;
use self::request::RunRequest;
pub use self::watch::OnInterrupt;
use self::watch::WatchSession;
use crate::base::error::Result;
pub use crate::pipeline::launch::invoke::Purpose;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Builds the selected packages and runs the one component among them, or runs the
/// component of `--component`.
pub fn run(ctx: &Context, args: &CargoArgs, purpose: Purpose) -> Result<()> {
    let request = RunRequest::new(ctx, args, purpose)?;
    prepare(ctx, &request, &mut |_| {})?.run(ctx)
}

/// As [`run`], and again each time a file changes that the component is made from. Ends with
/// an error only; when Ctrl-C has to end it, `on_interrupt` is called from another thread.
///
/// # Errors
///
/// If the command line is invalid, nothing can be watched, or the address of an HTTP service
/// cannot be used. A build that fails is reported, and the next change begins another one.
pub fn watch(
    ctx: &Context,
    args: &CargoArgs,
    purpose: Purpose,
    on_interrupt: OnInterrupt,
) -> Result<()> {
    let request = RunRequest::new(ctx, args, purpose)?;
    WatchSession::start(ctx, &request, on_interrupt)?.run()
}
