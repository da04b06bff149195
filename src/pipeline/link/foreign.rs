//! Links components that are not built here by their hints.

use std::path::Path;
use std::rc::Rc;

use super::composition::{Composition, link_files, link_parts};
use super::files::ComponentFiles;
use crate::base::error::Result;
use crate::model::component::compose::Linked;
use crate::pipeline::fetch::lock_session::LOCK_FILE;
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::built::BuiltComponents;
use crate::pipeline::link::closure::DependencyClosure;
use crate::pipeline::link::override_options::Overrides;
use crate::pipeline::link::resolution::{Releases, Resolution, Role};
use crate::pipeline::project::current_package::{current_lock_mode, manifest_of_current_package};
use crate::pipeline::project::manifests::{Project, Unpinned};
use crate::pipeline::project::select::in_package;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// The resolver for the current directory: under the lock file of the
/// workspace, if it has one or the current package is a component.
pub(crate) fn current_resolver<'a>(
    ctx: &'a Context,
    args: &CargoArgs,
    unpinned: Unpinned,
) -> Result<WorldResolver<'a>> {
    if in_package(ctx, args) {
        let project = Project::load(ctx, args)?.with_unpinned(unpinned);
        let locked = fs::exists(&project.workspace().root.join(LOCK_FILE));
        // Packages that are no components have no lock file of ours.
        if locked || manifest_of_current_package(ctx)?.declared {
            return WorldResolver::new(ctx, &project);
        }
    }
    Ok(WorldResolver::without_workspace(
        ctx,
        current_lock_mode(ctx, args)?,
        unpinned,
    ))
}

/// The options for following the hints of a component that is not built here.
#[derive(Debug, Default)]
pub(crate) struct HintOptions {
    /// The overrides of hints on the command line.
    pub overrides: Overrides,
    /// The choice of releases that are linked.
    pub releases: Releases,
}

/// Links a component with the components of its hints or of the overrides. Returns
/// the result, and the update of the lock file if it has to change.
pub(crate) fn link_foreign(
    ctx: &Context,
    mut worlds: WorldResolver<'_>,
    name: &str,
    file: &Path,
    options: HintOptions,
) -> Result<(Linked, Option<LockUpdate>)> {
    let HintOptions {
        overrides,
        releases,
    } = options;
    let files = Rc::new(ComponentFiles::kept());
    overrides.check_files(&files)?;
    let manifest = manifest_of_current_package(ctx)?;
    let resolution = Resolution::new(&mut worlds, &manifest, name.to_owned());
    let mut resolution = resolution
        .with_releases(releases)
        .with_overrides(&overrides)
        .with_files(files.clone());
    resolution.component(name, file, Role::Root)?;
    for (name, file) in overrides.files() {
        resolution.component(name, file, Role::Override)?;
    }
    let tree = resolution.solve()?;
    let closure = DependencyClosure::new(&mut worlds, &manifest, BuiltComponents::default());
    let mut closure = closure
        .with_overrides(overrides)
        .with_tree(tree)
        .with_files(files.clone());
    let root = closure.root(name, file)?;
    let (parts, overrides, _) = closure.into_parts();
    overrides.check(name, &files.imports(file)?)?;
    report_linking(ctx, file);
    let linked = link_files(&Composition { parts, root }, &files);
    let linked = linked.map_err(|e| e.context(format!("failed to link `{name}`")))?;
    Ok((linked, worlds.finish()?))
}

/// Links the parts of a composition, and reports the step.
pub(crate) fn link_and_report(
    ctx: &Context,
    name: &str,
    file: &Path,
    composition: &Composition,
) -> Result<Linked> {
    report_linking(ctx, file);
    link_parts(composition).map_err(|e| e.context(format!("failed to link `{name}`")))
}

fn report_linking(ctx: &Context, file: &Path) {
    let shown = ctx.display(file);
    ctx.shell.status("Linking", format!("`{shown}`"));
}
