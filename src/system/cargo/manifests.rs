//! The packages of a workspace from their manifests alone, for what needs no cargo:
//! names, versions and directories, but neither targets nor dependencies.

use std::path::{Path, PathBuf};

use semver::Version;
use toml_edit::Document;

use super::spec::matches_glob;
use super::workspace::{Member, PackageMetadata, Workspace};
use crate::base::error::{Error, Excerpt, Result};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::root;
use crate::model::manifest::root::{WorkspaceRole, workspace_role};
use crate::system::fs;

impl Workspace {
    /// Reads the manifests of the workspace that the package or workspace in
    /// `dir` belongs to. The packages have no targets and no dependencies; a
    /// version that is missing or cannot be read is `0.0.0`.
    pub fn from_manifests(dir: &Path) -> Result<Self> {
        let own = dir.join("Cargo.toml");
        let top = root::find_root(dir, fs::read_text_if_exists)?;
        let top = top.unwrap_or_else(|| own.clone());
        let mut members: Vec<Member> = Vec::new();
        let mut add = |path: &Path| -> Result<()> {
            let known = members.iter().any(|member| member.manifest_path == *path);
            if let Some(member) = read(path)?.filter(|_| !known) {
                members.push(member);
            }
            Ok(())
        };
        add(&own)?;
        add(&top)?;
        if let Some(text) = fs::read_text_if_exists(&top)?
            && let WorkspaceRole::Root(found) = workspace_role(&ManifestFile::new(&top, &text))?
        {
            for pattern in found.members() {
                for dir in directories_matching(pattern) {
                    // One that cannot be read is an error where it is selected.
                    add(&dir.join("Cargo.toml")).ok();
                }
            }
        }
        let here = members.iter().position(|m| m.manifest_path == own);
        let root = fs::parent(&top).to_owned();
        Ok(Workspace {
            target_directory: root.join("target"),
            build_directory: root.join("target"),
            default_members: match here {
                Some(here) => vec![here],
                None => (0..members.len()).collect(),
            },
            root,
            members,
            root_text: None,
        })
    }
}

/// The package of a manifest; `None` if it has no package or is not there.
fn read(path: &Path) -> Result<Option<Member>> {
    let Some(text) = fs::read_text_if_exists(path)? else {
        return Ok(None);
    };
    let document = Document::parse(text.clone()).map_err(|e| {
        let error = Error::input(format!("failed to parse manifest at `{}`", path.display()));
        let error = error.with_cause(e.message());
        match e.span() {
            Some(span) => error.at(Excerpt::new(path, text.as_str(), span)),
            None => error,
        }
    })?;
    let package = document.get("package");
    let field = |key: &str| package.and_then(|package| package.get(key))?.as_str();
    let version = field("version").and_then(|version| version.parse().ok());
    Ok(field("name").map(|name| Member {
        id: format!("path+file://{}#{name}", fs::parent(path).display()),
        name: name.to_owned(),
        version: version.unwrap_or(Version::new(0, 0, 0)),
        manifest_path: path.to_owned(),
        targets: Vec::new(),
        default_run: None,
        dependencies: Vec::new(),
        about: PackageMetadata::default(),
    }))
}

/// The directories that match a path whose names may have wildcards.
fn directories_matching(pattern: &Path) -> Vec<PathBuf> {
    let mut dirs = vec![PathBuf::new()];
    for part in pattern.components() {
        let word = part.as_os_str().to_string_lossy();
        if !word.contains(['*', '?', '[']) {
            dirs.iter_mut().for_each(|dir| dir.push(part));
            continue;
        }
        let entries = dirs.iter().filter_map(|dir| fs::list(dir).ok()).flatten();
        let named = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            matches_glob(&word, &name) && fs::is_dir(path)
        };
        dirs = entries.filter(named).collect();
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_read_without_cargo() {
        let temporary = tempfile::tempdir().unwrap();
        let at = |path: &str| temporary.path().join(path);
        let write = |path: &str, text: &str| fs::write_atomic(&at(path), text.as_bytes()).unwrap();
        write(
            "w/Cargo.toml",
            "[workspace]\nmembers = [\"more/*\", \"one\", \"gone\"]\n",
        );
        for name in ["one", "more/two", "more/three"] {
            let last = name.rsplit('/').next().unwrap();
            let text = format!("[package]\nname = \"{last}\"\nversion = \"1.2.3\"\n");
            write(&format!("w/{name}/Cargo.toml"), &text);
        }
        write("w/more/none/readme", "");
        let names = |of: &Workspace, which: &[usize]| -> Vec<String> {
            let names = which.iter().map(|index| of.members[*index].name.clone());
            names.collect()
        };
        let whole = Workspace::from_manifests(&at("w")).unwrap();
        assert_eq!(whole.root, at("w"));
        let mut all = names(&whole, &whole.default_members);
        all.sort();
        assert_eq!(all, ["one", "three", "two"]);
        let one = Workspace::from_manifests(&at("w/one")).unwrap();
        assert_eq!(one.root, at("w"));
        assert_eq!(names(&one, &one.default_members), ["one"]);
        assert_eq!(one.members.len(), 3);
        assert_eq!(one.members[0].version, Version::new(1, 2, 3));
        // A package is read even if cargo would refuse its version.
        write(
            "alone/Cargo.toml",
            "[package]\nname = \"a\"\nversion.workspace = true\n",
        );
        let alone = Workspace::from_manifests(&at("alone")).unwrap();
        assert_eq!(alone.members[0].version, Version::new(0, 0, 0));
        write("bad/Cargo.toml", "[package\n");
        let error = Workspace::from_manifests(&at("bad")).unwrap_err();
        assert!(error.to_string().contains("bad"), "{error}");
    }
}
