//! From a command line to the component that it runs.

use super::launch::Launch;
use super::request::RunRequest;
use super::{built, prebuilt};
use crate::base::error::Result;
use crate::pipeline::build::prepare::Prepared;
use crate::system::context::Context;

/// The component that a command line runs, built or fetched. Before a build, `on_prepared`
/// gets the packages that will be built.
pub(super) fn prepare(
    ctx: &Context,
    request: &RunRequest<'_>,
    on_prepared: &mut dyn FnMut(&Prepared),
) -> Result<Launch> {
    match &request.args.own.component {
        Some(what) => prebuilt::prepare(ctx, request, what),
        None => built::prepare(ctx, request, on_prepared),
    }
}
