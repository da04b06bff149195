//! The world that `--target` names, found on disk or in a registry.

use std::path::{Path, PathBuf};

use super::registry::{RegistryWorld, TargetLookup, find_in_registry, parse_package_world};
use super::world::{check_world, is_world, unescaped};
use crate::base::error::{Error, Result};
use crate::model::manifest::edit::TargetEntry;
use crate::model::manifest::{LocalTarget, Target};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::current_package::manifest_of_current_package;
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::relative_path::relative_path;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// A world that exists.
#[derive(Clone, Debug)]
pub struct FoundTarget {
    /// The target as the user wrote it.
    pub text: String,
    location: WorldLocation,
}

/// The place where a world was found.
#[derive(Clone, Debug)]
enum WorldLocation {
    /// A directory or file by its absolute path, with the name of the world.
    Local(PathBuf, Option<String>),
    /// A package of a registry.
    Registry(RegistryWorld),
}

impl FoundTarget {
    /// Finds `<path>[/<world>]` or `<ns>:<pkg>[/<world>][@<requirement>]`.
    /// A path that is the whole of `text` is preferred.
    pub(super) fn find(ctx: &Context, text: &str, lookup: &TargetLookup<'_>) -> Result<Self> {
        let found = |location| FoundTarget {
            text: text.to_owned(),
            location,
        };
        let local = |path: &Path, world: Option<&str>| {
            let path = fs::canonical(&ctx.absolute(path))?;
            let shown = path.display().to_string();
            check_world(&shown, &source::read(&path)?.main, world)?;
            Ok(found(WorldLocation::Local(path, world.map(str::to_owned))))
        };
        let whole = Path::new(text);
        if fs::exists(&ctx.absolute(whole)) {
            return local(whole, None);
        }
        if let Some(asked) = parse_package_world(text)? {
            let world = find_in_registry(ctx, &asked, lookup)?;
            return Ok(found(WorldLocation::Registry(world)));
        }
        if let Some(world) = whole.file_name().and_then(|name| name.to_str())
            && let world = unescaped(world)
            && is_world(world)
            && let Some(path) = whole.parent().filter(|p| !p.as_os_str().is_empty())
            && fs::exists(&ctx.absolute(path))
        {
            return local(path, Some(world));
        }
        Err(Error::input(format!("target `{text}` was not found"))
            .hint("give a WIT directory or file, followed by `/<world>` if it has several, or a package from a registry, `namespace:name/world`"))
    }

    /// Loads a local world with all that it needs, so that a wrong one is refused before a
    /// crate is created.
    pub(super) fn check(&self, ctx: &Context, mode: LockMode) -> Result<()> {
        let WorldLocation::Local(path, world) = &self.location else {
            return Ok(());
        };
        let mode = Config::load(&ctx.cwd, &ctx.env, &[])?.lock_mode(mode)?;
        // Of the manifest, only the registries count.
        let mut manifest = manifest_of_current_package(ctx)?;
        manifest.bindings = Default::default();
        manifest.target = Target::Local(LocalTarget {
            path: Some(path.clone()),
            world: world.clone(),
            ..LocalTarget::default()
        });
        let mut worlds = WorldResolver::without_workspace(ctx, mode, Unpinned::Refuse);
        let loaded = worlds.resolve(&manifest);
        loaded
            .map(|_| ())
            .map_err(|e| e.with_cause(format!("it was given as `--target {}`", self.text)))
    }

    /// The entry for the manifest in `dir`, which must exist.
    pub fn entry(&self, dir: &Path) -> Result<TargetEntry> {
        match &self.location {
            WorldLocation::Local(path, world) => Ok(TargetEntry::Local {
                path: relative_path(&fs::canonical(dir)?, path),
                world: world.clone(),
            }),
            WorldLocation::Registry(world) => Ok(world.entry()),
        }
    }
}
