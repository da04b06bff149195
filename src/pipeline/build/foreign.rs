//! Components that are not built here, linked by their hints.

use std::collections::BTreeMap;
use std::path::Path;

use super::linked::{Composition, link_parts};
use super::prepare::{in_package, meant};
use crate::base::error::Result;
use crate::model::component::compose::Linked;
use crate::model::component::names;
use crate::pipeline::fetch::access::manifest_here;
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::pipeline::fetch::worlds::{LOCK_FILE, Worlds};
use crate::pipeline::link::closure::Forest;
use crate::pipeline::link::override_options::Chosen;
use crate::pipeline::link::resolution::{Releases, Resolution, Role};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;

/// Whether hints without a digest are followed in components that are not built
/// here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpinned {
    /// They are an error.
    #[default]
    Refuse,
    /// They are followed to whatever they lead to now.
    Follow,
}

/// The resolver for the current directory: under the lock file of the
/// workspace, if it has one or the current package is a component.
pub(crate) fn worlds_here<'a>(
    ctx: &'a Context,
    args: &CargoArgs,
    mode: LockMode,
) -> Result<Worlds<'a>> {
    if in_package(ctx, args) {
        let meant = meant(ctx, args)?;
        let locked = fs::exists(&meant.workspace.root.join(LOCK_FILE));
        // Packages that are no components have no lock file of ours.
        if locked || manifest_here(ctx)?.declared {
            return Worlds::new(ctx, &meant.workspace, mode);
        }
    }
    Ok(Worlds::alone(ctx, mode))
}

/// The options for following the hints of a component that is not built here.
#[derive(Debug, Default)]
pub(crate) struct HintOptions {
    /// The components that the command line puts in the place of hints.
    pub chosen: Chosen,
    /// Whether hints without a digest are followed.
    pub unpinned: Unpinned,
    /// Which releases are linked.
    pub releases: Releases,
}

/// Links a component with what its hints lead to or the command line chose; the
/// result, and the lock file where that has to change.
pub(crate) fn link_foreign(
    ctx: &Context,
    mut worlds: Worlds<'_>,
    name: &str,
    file: &Path,
    options: HintOptions,
) -> Result<(Linked, Option<LockUpdate>)> {
    let HintOptions {
        chosen,
        unpinned,
        releases,
    } = options;
    if unpinned == Unpinned::Follow {
        worlds.trust_unpinned();
    }
    let manifest = manifest_here(ctx)?;
    let resolution = Resolution::new(&mut worlds, &manifest, name.to_owned());
    let mut resolution = resolution.taking(releases).choosing(&chosen);
    resolution.component((name, file), Role::Root)?;
    for (name, file) in chosen.files() {
        resolution.component((name, file), Role::Chosen)?;
    }
    let tree = resolution.solve()?;
    let forest = Forest::new(&mut worlds, &manifest, BTreeMap::new());
    let mut forest = forest.choosing(chosen).resolved(tree);
    let root = forest.root((name, file), (&[], &BTreeMap::new()))?;
    let (parts, chosen) = forest.into_parts();
    chosen.check((name, &names::imports(&fs::read(file)?)?))?;
    let linked = link_and_report(ctx, name, file, &Composition { parts, root })?;
    Ok((linked, worlds.finish()?))
}

/// Links the parts of a composition and reports that.
pub(crate) fn link_and_report(
    ctx: &Context,
    name: &str,
    file: &Path,
    composition: &Composition,
) -> Result<Linked> {
    ctx.shell
        .status("Linking", format!("`{}`", ctx.display(file)));
    link_parts(composition).map_err(|e| e.context(format!("failed to link `{name}`")))
}
