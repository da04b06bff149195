//! What `cargo component targets` does.

use std::path::{Path, PathBuf};

use semver::VersionReq;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::component::names;
use crate::model::component::targets::mismatches;
use crate::model::manifest::{LocalTarget, Target};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::World;
use crate::pipeline::fetch::worlds::{WorldResolver, world_of};
use crate::pipeline::link::override_options::ComponentSource;
use crate::pipeline::project::current_package::current_lock_mode;
use crate::pipeline::project::current_package::manifest_of_current_package;
use crate::pipeline::project::manifests::Unpinned;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// A world that the command line names.
#[derive(Debug, PartialEq, Eq)]
enum RequestedWorld {
    /// The absolute path of a directory or file of WIT, and a world in it.
    Local(PathBuf, Option<String>),
    /// A package of a registry, a world in it, and the versions that are allowed.
    Package(PackageRef, Option<String>, VersionReq),
}

/// Checks that a component conforms to a world, both as the command line names them.
///
/// # Errors
///
/// If it does not conform; every mismatch is a cause of the error.
pub fn targets(ctx: &Context, args: &CargoArgs, component: &str, world: &str) -> Result<()> {
    let requested = parse_world(ctx, world)?;
    let mode = current_lock_mode(ctx, args)?;
    let (name, file) = ComponentSource::parse(ctx, component)?.fetch(ctx, mode)?;
    let world = load(
        ctx,
        WorldResolver::without_workspace(ctx, mode, Unpinned::Refuse),
        requested,
    )
    .map_err(|e| e.with_cause(format!("it was given as `--world {world}`")))?;
    for note in &world.notes {
        ctx.shell.note(note.clone());
    }
    let bytes = fs::read(&file)?;
    let reasons = mismatches(&bytes, &world.resolve, world.id)
        .map_err(|e| e.context(format!("failed to compare `{name}`")))?;
    let shown = world.name();
    if reasons.is_empty() {
        ctx.shell.status(
            "Checked",
            format!("`{name}` conforms to the world `{shown}`"),
        );
        return Ok(());
    }
    let mut imports = names::imports(&bytes)?.into_iter();
    let hinted = imports.any(|import| import.external_id.is_some());
    let error = Error::input(format!("`{name}` does not conform to the world `{shown}`"));
    let error = reasons.into_iter().fold(error, Error::with_cause);
    Err(match hinted {
        true => error.hint(format!("link it first: `cargo component compose {component}`")),
        false => error.hint(
            "build it for this world, or link the missing imports with `cargo component compose --with`",
        ),
    })
}

fn load(ctx: &Context, mut worlds: WorldResolver<'_>, requested: RequestedWorld) -> Result<World> {
    // Of the manifest, only the registries count.
    let mut manifest = manifest_of_current_package(ctx)?;
    manifest.bindings = Default::default();
    manifest.target = Target::Local(LocalTarget::default());
    match requested {
        RequestedWorld::Local(path, world) => {
            manifest.target = Target::Local(LocalTarget {
                path: Some(path),
                world,
                ..LocalTarget::default()
            });
            let loaded = worlds.resolve(&manifest)?;
            let loaded = loaded.ok_or_else(|| Error::input("there is no WIT to read"))?;
            Ok(loaded.world)
        }
        RequestedWorld::Package(package, world, requirement) => {
            let requirement = Requirement {
                source: PackageSource {
                    package,
                    registry: None,
                    address: None,
                },
                version_req: requirement,
                required_by: vec!["`--world`".to_owned()],
                excerpt: None,
            };
            let found = worlds.fetch(&manifest, &[requirement])?;
            Ok(world_of(&manifest, &found, world.as_deref())?.world)
        }
    }
}

/// Parses a path of WIT with an optional world, or a package with an optional world
/// and requirement.
fn parse_world(ctx: &Context, text: &str) -> Result<RequestedWorld> {
    let whole = ctx.absolute(Path::new(text));
    if fs::exists(&whole) {
        return Ok(RequestedWorld::Local(whole, None));
    }
    if let Some((path, world)) = text.rsplit_once('/') {
        let path = ctx.absolute(Path::new(path));
        if fs::exists(&path) {
            return Ok(RequestedWorld::Local(path, Some(world.to_owned())));
        }
    }
    let (name, requirement) = match text.split_once('@') {
        Some((name, requirement)) => (
            name,
            requirement.parse().map_err(|e| {
                Error::usage(format!(
                    "invalid version `{requirement}` in `--world {text}`"
                ))
                .with_cause(e)
                .hint("use a version or requirement, such as `1.2`")
            })?,
        ),
        None => (text, VersionReq::STAR),
    };
    let (package, world) = match name.split_once('/') {
        Some((package, world)) => (package, Some(world.to_owned())),
        None => (name, None),
    };
    let package = package.parse().map_err(|e: Error| {
        Error::usage(format!("`--world {text}` does not name a world"))
            .with_cause(e)
            .with_cause("no file or directory has this path either")
            .hint("use `namespace:name/world@1.2` or `path/world`")
    })?;
    Ok(RequestedWorld::Package(package, world, requirement))
}
