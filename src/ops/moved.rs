//! What a new component dependency does to those that are there: an interface
//! that two of them export is imported under a label for each, and the Rust
//! path of the older one changes.

use std::path::{Path, PathBuf};

use super::prepare::Meant;
use super::resolve::Worlds;
use crate::advice::Result;
use crate::component::compose::compatible;
use crate::component::names;
use crate::context::Context;
use crate::fs;
use crate::manifest::{Dependency, DependencySource, Manifest};

/// One sentence for each interface that the component exports, and another
/// dependency of the manifest, too. Only what is on this machine is looked at:
/// files, and releases that are locked and in the cache.
pub(super) fn moved(
    ctx: &Context,
    (meant, manifest): (&Meant, &Manifest),
    (key, file): (&str, &Path),
) -> Result<Vec<String>> {
    let worlds = Worlds::new(ctx, &meant.workspace, meant.mode)?;
    let new = interfaces(file);
    let mut notes = Vec::new();
    let others = manifest
        .dependencies
        .iter()
        .filter(|(other, _)| *other != key);
    for (other, dependency) in others {
        let Some(file) = file_of(ctx, &worlds, dependency) else {
            continue;
        };
        for interface in interfaces(&file) {
            if new.iter().any(|new| compatible(new, &interface)) {
                notes.push(format!(
                    "`{other}` exports `{interface}`, too: from the next build on it is imported under a label for each, and its Rust path changes"
                ));
            }
        }
    }
    Ok(notes)
}

/// The component of an entry, if it is here.
fn file_of(ctx: &Context, worlds: &Worlds<'_>, dependency: &Dependency) -> Option<PathBuf> {
    match &dependency.source {
        DependencySource::Path { path, .. } => (!fs::is_dir(path)).then(|| path.clone()),
        DependencySource::Registry {
            requirement,
            registry,
        } => {
            let package = dependency.package.as_ref()?;
            let lock = worlds.lock();
            let locked = lock.find(package, registry.as_deref(), requirement)?;
            ctx.cache().get(&locked.digest)
        }
        DependencySource::Oci { .. } => None,
    }
}

/// The interfaces a component exports; none of what cannot be read, which the
/// build tells.
fn interfaces(file: &Path) -> Vec<String> {
    let exports = fs::read(file).and_then(|bytes| names::exports(&bytes));
    let names = exports.unwrap_or_default().into_iter();
    let interface = |name: names::Name| name.interface().map(str::to_owned);
    names.filter_map(interface).collect()
}
