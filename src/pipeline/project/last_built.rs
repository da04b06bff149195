//! The component that a package was last built to.

use std::path::{Path, PathBuf};

use crate::model::component::{WasmKind, kind};
use crate::system::cargo::workspace::{Member, TargetRole, Workspace};
use crate::system::fs;

/// The newest component of a package's library or program in the target directory, of any
/// wasm target and profile; none if it was not built.
pub(crate) fn last_built(workspace: &Workspace, member: &Member) -> Option<PathBuf> {
    let names: Vec<String> = member
        .targets
        .iter()
        .filter_map(|target| match target.role {
            TargetRole::Library if target.cdylib => Some(target.name.replace('-', "_")),
            TargetRole::Binary => Some(target.name.clone()),
            _ => None,
        })
        .collect();
    let is_wasm = |dir: &PathBuf| {
        let name = dir.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with("wasm32-")
    };
    let targets = directories(&workspace.target_directory).filter(is_wasm);
    let profiles = targets.flat_map(|target| directories(&target).collect::<Vec<_>>());
    let files = profiles.flat_map(|profile| {
        let file = |name: &String| profile.join(format!("{name}.wasm"));
        names.iter().map(file).collect::<Vec<_>>()
    });
    let components = files.filter(|file| {
        // The kind is in the first bytes.
        let start = fs::read_part(file, 0, 8);
        start.is_ok_and(|bytes| kind(&bytes) == Some(WasmKind::Component))
    });
    components.max_by_key(|file| fs::modified(file))
}

fn directories(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::list(dir).unwrap_or_default().into_iter();
    entries.filter(|path| fs::is_dir(path))
}
