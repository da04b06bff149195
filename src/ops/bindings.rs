//! What `cargo component bindings` does.

use std::path::{Path, PathBuf};

use crate::base::error::Result;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::ready::prepare;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;

/// Brings the bindings of the selected packages up to date.
pub fn bindings(ctx: &Context, args: &CargoArgs, stale: StaleBindings) -> Result<()> {
    let mut prepared = prepare(ctx, args, stale)?;
    prepared.write(ctx)?;
    prepared.store_view(ctx);
    Ok(())
}

/// Brings the bindings of the package with this manifest up to date; returns the
/// path of its bindings file, if it has one.
pub fn of_package(ctx: &Context, manifest: &Path, mode: LockMode) -> Result<Option<PathBuf>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(manifest.to_owned());
    args.own.native = true;
    args.lock_mode = mode;
    let mut prepared = prepare(ctx, &args, StaleBindings::WriteFirst)?;
    prepared.write(ctx)?;
    let recipes = prepared
        .selected
        .iter()
        .filter_map(|member| prepared.recipe(*member));
    Ok(recipes.filter_map(|recipe| recipe.bindings.clone()).next())
}
