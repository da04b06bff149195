//! `cargo component wit world`: the world of a package as WIT, component dependencies
//! included.

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::model::wit::World;
use crate::model::wit::resolved_world::{render_world, render_world_as_one_file};
use crate::pipeline::build::generated_world::GeneratedWorld;
use crate::pipeline::build::pending_writes::StaleBindings;
use crate::pipeline::build::prepare::Prepared;
use crate::pipeline::build::ready::prepare;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::provided::bind_dependencies;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Writes the world of the selected package to a directory, or prints it as one file.
///
/// The components that the package depends on by their directories are built first, since
/// their exports are part of the world.
pub fn world(ctx: &Context, args: &CargoArgs, output: Option<&Path>) -> Result<()> {
    let prepared = prepare(ctx, args, StaleBindings::WriteFirst)?;
    let (package, world) = resolve(ctx, &prepared)?;
    let Some(dir) = output else {
        ctx.shell
            .data(render_world_as_one_file(&world)?.trim_end().to_owned());
        return Ok(());
    };
    let files = GeneratedWorld {
        package,
        dir: ctx.absolute(dir),
        files: render_world(&world)?,
    };
    if files.is_stale() {
        files.check_directory(ctx)?;
        files.write(ctx)?;
    }
    Ok(())
}

/// The selected package's name, and its world with the exports of its component
/// dependencies.
fn resolve(ctx: &Context, prepared: &Prepared) -> Result<(String, World)> {
    let project = &prepared.project;
    let [member] = prepared.selected.as_slice() else {
        return Err(
            Error::usage("several packages are selected, but a world belongs to one")
                .hint("select one with `-p <package>`"),
        );
    };
    let member = &prepared.workspace().members[*member];
    let manifest = project.manifest(ctx, member)?;
    let mut worlds = WorldResolver::new(ctx, project)?;
    let loaded = worlds.resolve(&manifest)?;
    let loaded = match manifest.dependencies.is_empty() {
        true => loaded,
        false => Some(bind_dependencies(&mut worlds, &manifest, &prepared.built, loaded)?.loaded),
    };
    if let Some(lock) = worlds.finish()? {
        lock.write(ctx)?;
    }
    let Some(loaded) = loaded else {
        return Err(
            Error::input(format!("the package `{}` has no world", member.name))
                .hint("add a `wit` directory with a world, or set `target` in Cargo.toml"),
        );
    };
    Ok((member.name.clone(), loaded.world))
}
