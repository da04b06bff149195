//! The workspace that a Cargo.toml belongs to.

use std::path::{Path, PathBuf};

use super::file::ManifestFile;
use super::read::parse;
use crate::base::error::Result;

/// The role of a manifest in a workspace, as far as it declares one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspaceRole {
    /// It has the table `workspace`.
    Root(WorkspaceRoot),
    /// `package.workspace` names the directory of the root.
    Member(PathBuf),
    /// It declares nothing: a directory above may have the root.
    Unspecified,
}

/// The root of a workspace, with the directories it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRoot {
    members: Vec<PathBuf>,
    exclude: Vec<PathBuf>,
}

impl WorkspaceRoot {
    /// The directories of members, which may have wildcards in their names.
    pub fn members(&self) -> &[PathBuf] {
        &self.members
    }

    /// Whether a package in this directory, below the root's, belongs to it.
    pub fn includes(&self, dir: &Path) -> bool {
        let is_in = |list: &[PathBuf]| list.iter().any(|path| dir.starts_with(path));
        is_in(&self.members) || !is_in(&self.exclude)
    }
}

/// Reads the role of a manifest in its workspace.
pub fn workspace_role(file: &ManifestFile) -> Result<WorkspaceRole> {
    let document = parse(file)?;
    let dir = file.dir();
    if let Some(table) = document.get("workspace").and_then(|w| w.as_table_like()) {
        let paths = |key: &str| -> Vec<PathBuf> {
            let array = table.get(key).and_then(|paths| paths.as_array());
            let paths = array.into_iter().flatten();
            paths
                .filter_map(|path| path.as_str())
                .map(|path| dir.join(path))
                .collect()
        };
        return Ok(WorkspaceRole::Root(WorkspaceRoot {
            members: paths("members"),
            exclude: paths("exclude"),
        }));
    }
    let package = document.get("package").and_then(|p| p.get("workspace"));
    Ok(match package.and_then(|path| path.as_str()) {
        Some(path) => WorkspaceRole::Member(dir.join(path)),
        None => WorkspaceRole::Unspecified,
    })
}

/// The root manifest of the workspace that the package in `dir` belongs to, by
/// cargo's rules; none where it is its own. `read` gives the text of a file that is
/// there.
pub fn find_root(
    dir: &Path,
    read: impl Fn(&Path) -> Result<Option<String>>,
) -> Result<Option<PathBuf>> {
    for ancestor in dir.ancestors() {
        let path = ancestor.join("Cargo.toml");
        let Some(text) = read(&path)? else {
            continue;
        };
        match workspace_role(&ManifestFile::new(&path, &text))? {
            WorkspaceRole::Root(root) if ancestor == dir || root.includes(dir) => {
                return Ok(Some(path));
            }
            WorkspaceRole::Member(root) => return Ok(Some(root.join("Cargo.toml"))),
            WorkspaceRole::Root(_) | WorkspaceRole::Unspecified => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> WorkspaceRole {
        workspace_role(&ManifestFile::new("/w/Cargo.toml", text)).unwrap()
    }

    #[test]
    fn a_manifest_says_where_its_workspace_is() {
        assert_eq!(
            of("# [workspace]\n[package]\nname = \"a\""),
            WorkspaceRole::Unspecified
        );
        assert_eq!(
            of("[package]\ndescription = \"[workspace]\""),
            WorkspaceRole::Unspecified
        );
        assert_eq!(
            of("[package]\nversion.workspace = true\nworkspace = \"../r\""),
            WorkspaceRole::Member("/w/../r".into())
        );
        for text in ["[workspace]", "workspace = {}", "[workspace.package]"] {
            assert!(matches!(of(text), WorkspaceRole::Root(_)), "{text}");
        }
    }

    #[test]
    fn a_root_includes_what_it_does_not_exclude() {
        let place = of("[workspace]\nmembers = [\"x/in\"]\nexclude = [\"x\"]");
        let WorkspaceRole::Root(root) = place else {
            panic!("{place:?}");
        };
        assert!(root.includes(Path::new("/w/a")) && root.includes(Path::new("/w/x/in")));
        assert!(!root.includes(Path::new("/w/x/out")));
    }
}
