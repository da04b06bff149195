//! The effects of a new component dependency on existing ones: an interface that two
//! of them export is imported under one label each, so that the Rust path of the
//! older one changes.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::base::error::Result;
use crate::model::component::compose::compatible;
use crate::model::component::names;
use crate::model::manifest::{Dependency, DependencySource, Manifest};
use crate::model::resolver::Requirement;
use crate::pipeline::fetch::requirement::registry_requirement;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::project::manifests::Project;
use crate::system::context::Context;
use crate::system::fs;

/// One note for each interface that both the component and another dependency of the
/// manifest export. Only files and cached, locked releases are considered.
pub(crate) fn import_renames(
    ctx: &Context,
    project: &Rc<Project>,
    manifest: &Manifest,
    key: &str,
    file: &Path,
) -> Result<Vec<String>> {
    let mut worlds = WorldResolver::new(ctx, project)?;
    let new = interfaces(file);
    let mut notes = Vec::new();
    let others = manifest
        .dependencies
        .iter()
        .filter(|(other, _)| *other != key);
    for (other, dependency) in others {
        let Some(file) = file_of(ctx, &mut worlds, manifest, other, dependency)? else {
            continue;
        };
        for interface in interfaces(&file) {
            if new.iter().any(|new| compatible(new, &interface)) {
                notes.push(format!(
                    "`{other}` also exports `{interface}`: from the next build on, it is imported under one label per dependency, and its Rust path changes"
                ));
            }
        }
    }
    Ok(notes)
}

/// The file of an entry's component, if it is on this machine.
fn file_of(
    ctx: &Context,
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
    key: &str,
    dependency: &Dependency,
) -> Result<Option<PathBuf>> {
    if let DependencySource::Path { path, .. } = &dependency.source {
        return Ok((!fs::is_dir(path)).then(|| path.clone()));
    }
    let Some(requirement) = registry_requirement(key, dependency) else {
        return Ok(None);
    };
    let requirement = worlds.addressed(manifest, &[requirement])?;
    let locked = |requirement: &Requirement| {
        let locked = requirement
            .source
            .locked(worlds.lock(), &requirement.version_req)?;
        ctx.cache().get(&locked.digest)
    };
    Ok(requirement.first().and_then(locked))
}

/// The interfaces that a component exports; none if it cannot be read, which the
/// build reports.
fn interfaces(file: &Path) -> Vec<String> {
    let exports = fs::read(file).and_then(|bytes| names::exports(&bytes));
    let names = exports.unwrap_or_default().into_iter();
    let interface = |name: names::Name| name.interface().map(str::to_owned);
    names.filter_map(interface).collect()
}
