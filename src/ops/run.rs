//! `cargo component run` and `serve`.

mod built;
mod launch;
mod prebuilt;
mod request;

use self::launch::Launch;
use self::request::RunRequest;
use crate::base::error::Result;
pub use crate::pipeline::launch::invoke::Purpose;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Builds the selected packages and runs the one component among them, or runs the
/// component of `--component`.
pub fn run(ctx: &Context, args: &CargoArgs, purpose: Purpose) -> Result<()> {
    let request = RunRequest::new(ctx, args, purpose)?;
    prepare(ctx, &request)?.run(ctx)
}

/// The component that a command line runs, built or fetched.
fn prepare(ctx: &Context, request: &RunRequest<'_>) -> Result<Launch> {
    match &request.args.own.component {
        Some(what) => prebuilt::prepare(ctx, request, what),
        None => built::prepare(ctx, request),
    }
}
