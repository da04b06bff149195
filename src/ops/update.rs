//! What `cargo component update` does.

use crate::base::error::Result;
pub use crate::pipeline::link::update::UpdateOptions;
use crate::pipeline::link::update::update_project;
use crate::pipeline::project::manifests::Project;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Chooses versions anew for the whole workspace, or for some packages, writes
/// the lock file and reports what changed. Entries that no requirement needs any
/// more are removed.
pub fn update(ctx: &Context, args: &CargoArgs, options: &UpdateOptions) -> Result<()> {
    update_project(ctx, &Project::load(ctx, args)?, options)
}
