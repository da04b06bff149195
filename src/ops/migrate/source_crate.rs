//! A package of cargo that is migrated, with its Rust sources.

use std::path::{Path, PathBuf};

use super::draft::Draft;
use crate::base::error::Result;
use crate::model::manifest;
use crate::model::manifest::{Manifest, ManifestFile, WorkspaceManifest};
use crate::system::cargo::workspace::{Member, Workspace};
use crate::system::context::Context;
use crate::system::fs;

/// A package of cargo that is migrated.
pub(super) struct Crate<'a> {
    pub(super) ctx: &'a Context,
    pub(super) workspace: &'a Workspace,
    pub(super) member: &'a Member,
    pub(super) shared: &'a WorkspaceManifest,
    /// The Rust sources of the package.
    pub(super) sources: Vec<RustSource>,
}

/// A Rust source of a package.
pub(super) struct RustSource {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Whether it belongs to the library or a program, not to tests and the like.
    pub(super) of_code: bool,
}

impl Crate<'_> {
    /// Reads the new manifest of the package.
    pub(super) fn drafted(&self, draft: &mut Draft<'_>) -> Result<Manifest> {
        let text = draft.text(self.path())?.unwrap_or_default();
        self.read(&text)
    }

    /// Reads the manifest from a text.
    pub(super) fn read(&self, text: &str) -> Result<Manifest> {
        manifest::read(ManifestFile::new(self.path(), text), self.shared)
    }

    /// The path of its manifest.
    pub(super) fn path(&self) -> &Path {
        &self.member.manifest_path
    }

    /// Where its generated bindings are, as far as nobody says otherwise.
    pub(super) fn bindings(&self) -> PathBuf {
        self.member.dir().join("src").join("bindings.rs")
    }

    pub(super) fn uses_wit_bindgen(&self) -> bool {
        let uses = |name: &&str| self.member.dependency(name).is_some();
        ["wit-bindgen", "wit-bindgen-rt"].iter().any(uses)
    }
}

/// The Rust sources of a package, in the folders where cargo looks for them.
pub(super) fn sources(dir: &Path) -> Result<Vec<RustSource>> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    let folders = ["src", "tests", "examples", "benches"];
    let mut open: Vec<_> = folders.map(|name| (dir.join(name), name == "src")).into();
    while let Some((folder, of_code)) = open.pop() {
        // A link may lead back to where it is.
        let Ok(place) = fs::canonical(&folder) else {
            continue;
        };
        if seen.contains(&place) || !fs::is_dir(&place) {
            continue;
        }
        seen.push(place);
        for path in fs::list(&folder)? {
            if fs::is_dir(&path) {
                open.push((path, of_code));
            } else if path.extension().is_some_and(|e| e == "rs") {
                // What is no text is no Rust.
                let Ok(text) = fs::read_text(&path) else {
                    continue;
                };
                found.push(RustSource {
                    path,
                    text,
                    of_code,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
