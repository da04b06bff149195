//! What a Cargo.toml says of the workspace it belongs to.

use std::path::{Path, PathBuf};

use super::file::ManifestFile;
use super::read::parse;
use crate::base::error::Result;

/// The place of a manifest in its workspace, by its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It has the table `workspace`.
    Root(Root),
    /// `package.workspace` names the directory of the root.
    Below(PathBuf),
    /// It says nothing: a directory above may have the root.
    Unsaid,
}

/// Which directories a root takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    members: Vec<PathBuf>,
    exclude: Vec<PathBuf>,
}

impl Root {
    /// The directories it lists, which may have wildcards in their names.
    pub fn members(&self) -> &[PathBuf] {
        &self.members
    }

    /// Whether a package in this directory, below the root's, belongs to it.
    pub fn takes(&self, dir: &Path) -> bool {
        let is_in = |list: &[PathBuf]| list.iter().any(|path| dir.starts_with(path));
        is_in(&self.members) || !is_in(&self.exclude)
    }
}

/// Reads what a manifest says of its workspace.
pub fn place(file: &ManifestFile) -> Result<Place> {
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
        return Ok(Place::Root(Root {
            members: paths("members"),
            exclude: paths("exclude"),
        }));
    }
    let package = document.get("package").and_then(|p| p.get("workspace"));
    Ok(match package.and_then(|path| path.as_str()) {
        Some(path) => Place::Below(dir.join(path)),
        None => Place::Unsaid,
    })
}

/// The root manifest of the workspace that the package in `dir` belongs to, by
/// cargo's rules; none where it is its own. `read` gives the text of a file that is
/// there.
pub fn of(dir: &Path, read: impl Fn(&Path) -> Result<Option<String>>) -> Result<Option<PathBuf>> {
    for ancestor in dir.ancestors() {
        let path = ancestor.join("Cargo.toml");
        let Some(text) = read(&path)? else {
            continue;
        };
        match place(&ManifestFile::new(&path, &text))? {
            Place::Root(root) if ancestor == dir || root.takes(dir) => return Ok(Some(path)),
            Place::Below(root) => return Ok(Some(root.join("Cargo.toml"))),
            Place::Root(_) | Place::Unsaid => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Place {
        place(&ManifestFile::new("/w/Cargo.toml", text)).unwrap()
    }

    #[test]
    fn a_manifest_says_where_its_workspace_is() {
        assert_eq!(of("# [workspace]\n[package]\nname = \"a\""), Place::Unsaid);
        assert_eq!(
            of("[package]\ndescription = \"[workspace]\""),
            Place::Unsaid
        );
        assert_eq!(
            of("[package]\nversion.workspace = true\nworkspace = \"../r\""),
            Place::Below("/w/../r".into())
        );
        for text in ["[workspace]", "workspace = {}", "[workspace.package]"] {
            assert!(matches!(of(text), Place::Root(_)), "{text}");
        }
    }

    #[test]
    fn a_root_takes_what_it_does_not_exclude() {
        let place = of("[workspace]\nmembers = [\"x/in\"]\nexclude = [\"x\"]");
        let Place::Root(root) = place else {
            panic!("{place:?}");
        };
        assert!(root.takes(Path::new("/w/a")) && root.takes(Path::new("/w/x/in")));
        assert!(!root.takes(Path::new("/w/x/out")));
    }
}
