//! What `cargo component update` does.

mod breaking;

use std::rc::Rc;

use self::breaking::{RaisedManifests, outgrown_requirements};
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::pipeline::fetch::worlds::WorldResolver;
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

/// Raises the requirements of manifests that do not allow the newest versions, of all packages
/// or of some, and then does the same as [`update`]. If that fails, the manifests are what
/// they were before.
pub fn update_breaking(ctx: &Context, args: &CargoArgs, options: &UpdateOptions) -> Result<()> {
    let project = Project::load(ctx, args)?;
    let raised = outgrown_requirements(ctx, &project, &options.packages)?;
    for one in &raised {
        let text = format!("`{}` {} -> ^{}", one.package, one.before, one.now);
        match options.dry_run {
            true => ctx.shell.status("Would", format!("upgrade {text}")),
            false => ctx.shell.status("Upgrading", text),
        }
    }
    if raised.is_empty() {
        ctx.shell
            .note("all requirements allow the newest versions".to_owned());
    } else if options.dry_run {
        let text = "not updating Cargo.toml and component lock file due to --dry-run option";
        ctx.shell.warn(text.to_owned());
        return Ok(());
    }
    let manifests = RaisedManifests::read(&raised)?;
    manifests.write()?;
    let options = UpdateOptions {
        packages: locked_packages(ctx, &project, &options.packages)?,
        ..options.clone()
    };
    update(ctx, args, &options).or_else(|error| {
        manifests.take_back()?;
        Err(match raised.is_empty() {
            true => error,
            false => error.with_cause("the requirements in Cargo.toml are the same as before"),
        })
    })
}

/// Those of the packages that are in the lock file: a requirement that is raised is answered
/// anew in any case.
fn locked_packages(
    ctx: &Context,
    project: &Rc<Project>,
    packages: &[PackageRef],
) -> Result<Vec<PackageRef>> {
    let worlds = WorldResolver::new(ctx, project)?;
    let entries = worlds.lock().entries();
    let is_locked = |package: &&PackageRef| entries.iter().any(|e| e.package == **package);
    Ok(packages.iter().filter(is_locked).cloned().collect())
}
