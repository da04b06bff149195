//! The names in a project that can be typed after a verb, for the completion of shells.

use std::collections::BTreeSet;

use crate::base::error::Result;
use crate::model::manifest::{Dependency, Manifest, Target};
use crate::pipeline::project::current_package::manifest_of_current_package;
use crate::pipeline::project::manifests::Project;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// The kind of names that are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// The packages of the workspace.
    Members,
    /// The keys of all dependency tables of the current package.
    Dependencies,
    /// The packages that these entries name, `namespace:name`.
    Packages,
}

/// Prints names, one on each line, sorted.
///
/// # Errors
///
/// If a manifest cannot be read.
pub fn names(ctx: &Context, args: &CargoArgs, kind: NameKind) -> Result<()> {
    let names: BTreeSet<String> = match kind {
        NameKind::Members => {
            let project = Project::load(ctx, args)?;
            let members = project.workspace().members.iter();
            members.map(|member| member.name.clone()).collect()
        }
        NameKind::Dependencies => entries(&manifest_of_current_package(ctx)?)
            .map(|(key, _)| key.clone())
            .collect(),
        NameKind::Packages => entries(&manifest_of_current_package(ctx)?)
            .filter_map(|(_, entry)| Some(entry.package.as_ref()?.to_string()))
            .collect(),
    };
    for name in names {
        ctx.shell.data(name);
    }
    Ok(())
}

/// The entries of all dependency tables, with their keys.
fn entries(manifest: &Manifest) -> impl Iterator<Item = (&String, &Dependency)> {
    let target = match &manifest.target {
        Target::Local(local) => local.dependencies.as_ref(),
        _ => None,
    };
    manifest
        .dependencies
        .iter()
        .chain(&manifest.dev_dependencies)
        .chain(target.into_iter().flatten())
}
