//! What `cargo component targets` does.

use crate::pipeline::project::here::manifest_here;
use crate::pipeline::project::manifests::Unpinned;
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
use crate::pipeline::link::override_options::Named;
use crate::pipeline::project::here::mode_here;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// A world on a command line.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// In a directory or file of WIT; absolute.
    Local(PathBuf, Option<String>),
    /// In a package of a registry.
    Package(PackageRef, Option<String>, VersionReq),
}

/// Says whether a component fits a world. An error if not, with every reason.
pub fn targets(ctx: &Context, args: &CargoArgs, (what, world): (&str, &str)) -> Result<()> {
    let asked = asked(ctx, world)?;
    let mode = mode_here(ctx, args)?;
    let (name, file) = Named::parse(ctx, what)?.find(ctx, mode)?;
    let world = load(
        ctx,
        WorldResolver::alone(ctx, mode, Unpinned::Refuse),
        asked,
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
        true => error.hint(format!("link it first: `cargo component compose {what}`")),
        false => error.hint(
            "build it for this world, or link the missing imports with `cargo component compose --with`",
        ),
    })
}

fn load(ctx: &Context, mut worlds: WorldResolver<'_>, asked: Asked) -> Result<World> {
    // Of the manifest, only the registries count.
    let mut manifest = manifest_here(ctx)?;
    manifest.bindings = Default::default();
    manifest.target = Target::Local(LocalTarget::default());
    match asked {
        Asked::Local(path, world) => {
            manifest.target = Target::Local(LocalTarget {
                path: Some(path),
                world,
                ..LocalTarget::default()
            });
            let loaded = worlds.resolve(&manifest)?;
            let loaded = loaded.ok_or_else(|| Error::input("there is no WIT to read"))?;
            Ok(loaded.world)
        }
        Asked::Package(package, world, requirement) => {
            let wanted = Requirement {
                source: PackageSource {
                    package,
                    registry: None,
                    address: None,
                },
                version_req: requirement,
                required_by: vec!["`--world`".to_owned()],
                excerpt: None,
            };
            let found = worlds.fetch(&manifest, &[wanted])?;
            Ok(world_of(&manifest, &found, world.as_deref())?.world)
        }
    }
}

/// Reads a path of WIT, perhaps with a world behind it, or a package, perhaps
/// with a world and a requirement.
fn asked(ctx: &Context, text: &str) -> Result<Asked> {
    let whole = ctx.absolute(Path::new(text));
    if fs::exists(&whole) {
        return Ok(Asked::Local(whole, None));
    }
    if let Some((path, world)) = text.rsplit_once('/') {
        let path = ctx.absolute(Path::new(path));
        if fs::exists(&path) {
            return Ok(Asked::Local(path, Some(world.to_owned())));
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
    Ok(Asked::Package(package, world, requirement))
}
