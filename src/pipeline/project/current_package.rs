//! The manifest and the configuration that apply in the current directory, read
//! without cargo.

use std::path::PathBuf;

use crate::base::error::Result;
use crate::model::manifest;
use crate::model::manifest::root::{WorkspaceRole, workspace_role};
use crate::model::manifest::{Manifest, ManifestFile, WorkspaceManifest};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;
use crate::system::fs;

/// The manifest of the package in the current directory; an empty one if there is
/// none.
pub(crate) fn manifest_of_current_package(ctx: &Context) -> Result<Manifest> {
    let manifests = || ctx.cwd.ancestors().map(|dir| dir.join("Cargo.toml"));
    let Some(path) = manifests().find(|path| fs::exists(path)) else {
        let none = ManifestFile::new(ctx.cwd.join("Cargo.toml"), "");
        return manifest::read(none, &WorkspaceManifest::default());
    };
    let read = |path: PathBuf| -> Result<ManifestFile> {
        let text = fs::read_text(&path)?;
        Ok(ManifestFile::new(path, &text))
    };
    let file = read(path)?;
    let mut shared = WorkspaceManifest::default();
    let above = match workspace_role(&file)? {
        WorkspaceRole::Member(dir) => vec![dir.join("Cargo.toml")],
        WorkspaceRole::Root(_) => vec![file.path.clone()],
        WorkspaceRole::Unspecified => manifests().filter(|path| *path != file.path).collect(),
    };
    for path in above.into_iter().filter(|path| fs::exists(path)) {
        let root = read(path)?;
        if let WorkspaceRole::Root(found) = workspace_role(&root)? {
            if found.includes(file.dir()) {
                shared = manifest::read_workspace(&root)?;
            }
            break;
        }
    }
    manifest::read(file, &shared)
}

/// The lock mode of the current directory, where no package is needed.
pub(crate) fn current_lock_mode(ctx: &Context, args: &CargoArgs) -> Result<LockMode> {
    Config::load(&ctx.cwd, &ctx.env, &args.config)?.lock_mode(args.lock_mode)
}
