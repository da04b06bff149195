//! The files that a component is made from: when one of them changes, it has to be built
//! again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::componentize::ComponentArtifact;
use super::prepare::Prepared;
use crate::pipeline::link::built::SourceFiles;
use crate::system::context::Context;
use crate::system::fs;

/// What a package and those that it depends on by path were analyzed from, and the lock
/// file of cargo.
pub(crate) fn source_files(prepared: &Prepared, member: usize) -> SourceFiles {
    let workspace = prepared.workspace();
    let mut files = SourceFiles::default();
    files.read.insert(workspace.root.join("Cargo.lock"));
    for index in workspace.with_path_dependencies(&[member]) {
        files.read.extend(prepared.inputs(index).map(PathBuf::from));
        let bindings = prepared.recipe(index).and_then(|r| r.bindings.clone());
        files.generated.extend(bindings);
    }
    files
}

/// The sources of a component that was built, and of those that were built for it. What
/// cargo and the tool made from these is left out, and so is the revision in the
/// repository, which is no source.
pub(crate) fn sources_of(
    ctx: &Context,
    prepared: &Prepared,
    artifact: &ComponentArtifact,
) -> BTreeSet<PathBuf> {
    let SourceFiles {
        mut read,
        mut generated,
    } = source_files(prepared, artifact.member);
    let workspace = prepared.workspace();
    let root = &workspace.root;
    read.extend(dep_info(root, &artifact.path));
    for built in prepared.built.all() {
        read.extend(built.sources.read.iter().cloned());
        read.extend(dep_info(root, &built.file));
        generated.extend(built.sources.generated.iter().cloned());
    }
    let cache = ctx.cache().dir().to_owned();
    let target = &prepared.setup.target_dir;
    let is_git = |path: &Path| path.components().any(|part| part.as_os_str() == ".git");
    read.retain(|path| {
        !generated.contains(path)
            && !path.starts_with(&cache)
            && !path.starts_with(target)
            && !path.starts_with(&workspace.build_directory)
            && !is_git(path)
            && fs::exists(path)
    });
    read
}

/// The files that cargo compiled an artifact from, as it lists them beside the artifact;
/// relative ones start from `root`.
fn dep_info(root: &Path, artifact: &Path) -> Vec<PathBuf> {
    let text = fs::read_text(&artifact.with_extension("d")).unwrap_or_default();
    let listed = text.lines().filter_map(|line| line.split_once(": "));
    listed
        .flat_map(|(_, files)| words(files))
        .map(|file| root.join(file))
        .collect()
}

/// The words of a rule of make, in which a space of a file name has a backslash before it.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, words.last_mut()) {
            (' ', _) => words.push(String::new()),
            ('\\', Some(word)) if characters.next_if_eq(&' ').is_some() => word.push(' '),
            (other, Some(word)) => word.push(other),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cargo_lists_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let artifact = dir.path().join("adder.wasm");
        let text = "/t/adder.wasm: /w/a\\ b/src/lib.rs /w/c\\d.rs src/bindings.rs\n";
        fs::write_atomic(&dir.path().join("adder.d"), text.as_bytes()).unwrap();
        let expected = ["/w/a b/src/lib.rs", "/w/c\\d.rs", "/base/src/bindings.rs"];
        assert_eq!(
            dep_info(Path::new("/base"), &artifact),
            expected.map(PathBuf::from)
        );
        let none = dir.path().join("other.wasm");
        assert!(dep_info(Path::new("/base"), &none).is_empty());
    }
}
