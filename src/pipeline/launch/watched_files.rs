//! Which changes of files are a reason to build again.
//!
//! Everything in the directories of the packages counts, since a build may need a file that
//! does not exist yet, and elsewhere the files that the build reads. A file counts as changed
//! when it has another content than before, and what the tool writes itself does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::base::package::ContentDigest;
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::prepare::Prepared;
use crate::pipeline::build::sources::{source_files, sources_of};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::{Exec, Invocation};
use crate::system::watch::{Changes, WatchScope, is_left_out};

/// The files that are watched, with their contents as far as these are known.
#[derive(Debug, Default)]
pub(crate) struct WatchedFiles {
    /// The directories to watch.
    pub scope: WatchScope,
    /// The files that a build reads, wherever they are.
    sources: BTreeSet<PathBuf>,
    /// The files that a build writes.
    generated: BTreeSet<PathBuf>,
    /// Directories that the component may write to.
    writable: Vec<PathBuf>,
    /// The contents of files that changed or were generated; `None` for no file.
    contents: BTreeMap<PathBuf, Option<ContentDigest>>,
}

impl WatchedFiles {
    /// Adds a directory with everything in it.
    pub fn add_tree(&mut self, dir: &Path) {
        self.scope.trees.insert(dir.to_owned());
    }

    /// Adds a file that a build reads, or a directory of such files. Files that tools made
    /// are left out.
    pub fn add_source(&mut self, path: &Path) {
        // The system names a file without detours, which those of `include_str!` may have.
        let has_detour = path.components().any(|part| part == Component::ParentDir);
        let direct = has_detour.then(|| fs::canonical(path).ok()).flatten();
        let path = direct.as_deref().unwrap_or(path);
        let is_git = path.components().any(|part| part.as_os_str() == ".git");
        if is_git || self.is_excluded(path) {
            return;
        }
        self.sources.insert(path.to_owned());
        if self.is_in_tree(path) {
            return;
        }
        match fs::is_dir(path) {
            true => self.add_tree(path),
            false => drop(self.scope.directories.insert(fs::parent(path).to_owned())),
        }
    }

    /// Leaves a file or directory out, even if it is in a tree.
    pub fn exclude(&mut self, path: &Path) {
        self.scope.excluded.insert(path.to_owned());
    }

    /// Adds a directory that the component may write to: unless it has sources, what happens
    /// in it is no reason to build.
    pub fn add_writable(&mut self, dir: &Path) {
        self.writable.push(dir.to_owned());
    }

    /// Adds what the packages that will be built are made from, as far as it is known before
    /// the build, and the files that the build will write.
    pub fn add_packages(&mut self, ctx: &Context, prepared: &Prepared) {
        let workspace = prepared.workspace();
        self.exclude(&prepared.setup.target_dir);
        self.exclude(&workspace.build_directory);
        self.exclude(ctx.cache().dir());
        for index in workspace.with_path_dependencies(&prepared.selected) {
            self.add_tree(workspace.members[index].dir());
        }
        for dir in prepared.linkable.directories() {
            self.add_tree(dir);
        }
        let own = prepared.selected.iter();
        let own = own.map(|member| source_files(prepared, *member));
        let built = prepared.linkable.all().map(|built| built.sources.clone());
        for files in own.chain(built) {
            files.read.iter().for_each(|path| self.add_source(path));
            self.generated.extend(files.generated);
        }
        let configured = prepared.setup.config.files();
        configured.iter().for_each(|path| self.add_source(path));
        self.generated.insert(workspace.root.join("Cargo.lock"));
        self.generated.extend(prepared.pending_writes.paths());
    }

    /// Adds what a component was built from.
    pub fn add_component(
        &mut self,
        ctx: &Context,
        prepared: &Prepared,
        artifact: &ComponentArtifact,
    ) {
        let sources = sources_of(ctx, prepared, artifact);
        sources.iter().for_each(|path| self.add_source(path));
    }

    /// Takes what a build has written for its last content.
    pub fn remember_generated(&mut self) {
        for path in &self.generated {
            self.contents.insert(path.clone(), content(path));
        }
    }

    /// The files that count and have another content than before. Git is asked which of
    /// the files that no build has read are to be ignored.
    pub fn changed(&mut self, exec: &dyn Exec, changes: &Changes) -> BTreeSet<PathBuf> {
        let mut paths = BTreeSet::new();
        let all = self.scope.trees.iter().filter(|_| changes.incomplete);
        for path in changes.paths.iter().chain(all) {
            self.files_at(path, &mut paths);
        }
        paths.retain(|path| self.has_changed(path));
        for tree in &self.scope.trees {
            let unknown = paths.iter().filter(|path| path.starts_with(tree));
            let unknown = unknown.filter(|path| !self.sources.contains(*path));
            let unknown: Vec<&PathBuf> = unknown.collect();
            for path in ignored(exec, tree, &unknown) {
                paths.remove(&path);
            }
        }
        paths
    }

    /// Collects the files at a path that count: the file, those in the directory, or those
    /// that were in a directory that is gone.
    fn files_at(&self, path: &Path, found: &mut BTreeSet<PathBuf>) {
        if fs::is_dir(path) {
            if self.is_in_tree(path) || self.scope.trees.contains(path) {
                let entries = fs::list(path).unwrap_or_default();
                entries.iter().for_each(|entry| self.files_at(entry, found));
            }
        } else if self.counts(path) {
            found.insert(path.to_owned());
        }
        if !fs::exists(path) {
            let known = self.sources.iter().chain(self.contents.keys());
            found.extend(known.filter(|known| known.starts_with(path)).cloned());
        }
    }

    fn counts(&self, path: &Path) -> bool {
        let is_found = self.is_in_tree(path) && !self.is_written(path);
        // What the tool says about a change of its own output would be another change.
        self.sources.contains(path) || (is_found && !fs::is_printed_to(path))
    }

    /// Whether a path is below one of the trees and not left out of it.
    fn is_in_tree(&self, path: &Path) -> bool {
        let is_below = |tree: &PathBuf| {
            let below = || path.ancestors().take_while(|part| part != tree);
            path != tree && path.starts_with(tree) && !below().any(is_left_out)
        };
        !self.is_excluded(path) && self.scope.trees.iter().any(is_below)
    }

    fn is_excluded(&self, path: &Path) -> bool {
        let mut excluded = self.scope.excluded.iter();
        excluded.any(|excluded| path.starts_with(excluded))
    }

    /// Whether a path is where the component writes and no source is.
    fn is_written(&self, path: &Path) -> bool {
        let has_sources = |dir: &PathBuf| self.sources.iter().any(|file| file.starts_with(dir));
        let mut writable = self.writable.iter();
        writable.any(|dir| path.starts_with(dir) && !has_sources(dir))
    }

    /// Whether a file has another content than before, which becomes its last content.
    fn has_changed(&mut self, path: &Path) -> bool {
        let now = content(path);
        let exists = now.is_some();
        match self.contents.insert(path.to_owned(), now.clone()) {
            Some(before) => before != now,
            // What was there only for a moment is a temporary file of an editor.
            None => exists || self.sources.contains(path),
        }
    }
}

/// The content of a file; `None` if it cannot be read.
fn content(path: &Path) -> Option<ContentDigest> {
    fs::digest(path).ok().map(|(digest, _)| digest)
}

/// The paths below a directory that git ignores; none without git or a repository.
fn ignored(exec: &dyn Exec, dir: &Path, paths: &[&PathBuf]) -> Vec<PathBuf> {
    if paths.is_empty() {
        return Vec::new();
    }
    let names = paths.iter().map(|path| path.to_string_lossy());
    let names: Vec<_> = names.collect();
    let invocation = Invocation::new("git")
        .args([
            "-c",
            "core.fsmonitor=false",
            "check-ignore",
            "-z",
            "--stdin",
        ])
        .dir(dir)
        .input(names.join("\0").into_bytes());
    let Ok(output) = exec.output(&invocation) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.split('\0').filter(|name| !name.is_empty());
    names.map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::System;

    struct Files {
        dir: tempfile::TempDir,
        files: WatchedFiles,
    }

    impl Files {
        /// A package with `src/lib.rs`, in a repository that ignores these files.
        fn new(ignored: &[&str]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let init = Invocation::new("git").args(["init", "-q"]).dir(dir.path());
            assert_eq!(System.output(&init).unwrap().code, 0);
            let mut files = WatchedFiles::default();
            files.add_tree(dir.path());
            let files = Files { dir, files };
            files.write(".gitignore", &ignored.join("\n"));
            files.write("src/lib.rs", "one");
            files
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.path(name);
            fs::create_dir(fs::parent(&path)).unwrap();
            fs::write_atomic(&path, text.as_bytes()).unwrap();
        }

        /// The files that count as changed after events for these paths.
        fn changed(&mut self, names: &[&str]) -> Vec<String> {
            let changes = Changes {
                paths: names.iter().map(|name| self.path(name)).collect(),
                incomplete: false,
            };
            let changed = self.files.changed(&System, &changes);
            let name = |path: &PathBuf| {
                let name = path.strip_prefix(self.dir.path()).unwrap();
                name.to_string_lossy().replace('\\', "/")
            };
            changed.iter().map(name).collect()
        }
    }

    #[test]
    fn a_file_changes_with_its_content() {
        let mut files = Files::new(&[]);
        files.files.add_source(&files.path("src/lib.rs"));
        assert_eq!(files.changed(&["src/lib.rs"]), ["src/lib.rs"]);
        assert!(files.changed(&["src/lib.rs"]).is_empty());
        files.write("src/lib.rs", "two");
        assert_eq!(files.changed(&["src/lib.rs"]), ["src/lib.rs"]);
        fs::remove_file(&files.path("src/lib.rs")).unwrap();
        assert_eq!(files.changed(&["src/lib.rs"]), ["src/lib.rs"]);
        assert!(files.changed(&["src/lib.rs"]).is_empty());
    }

    #[test]
    fn files_in_directories_that_come_and_go_count() {
        let mut files = Files::new(&[]);
        files.write("src/a/b/c.rs", "");
        assert_eq!(files.changed(&["src/a"]), ["src/a/b/c.rs"]);
        fs::remove_all(&files.path("src/a")).unwrap();
        assert_eq!(files.changed(&["src/a"]), ["src/a/b/c.rs"]);
    }

    #[test]
    fn what_tools_write_does_not_count() {
        let mut files = Files::new(&["notes.txt", "src/lib.rs"]);
        for name in [
            "target/x.d",
            ".git/notes",
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "out/log",
            "caches/CACHEDIR.TAG",
            "caches/x",
            "notes.txt",
        ] {
            files.write(name, "");
        }
        files.files.exclude(&files.path("target"));
        files.files.add_writable(&files.path("out"));
        files.files.add_source(&files.path("src/lib.rs"));
        let all = Changes {
            incomplete: true,
            ..Changes::default()
        };
        let lib = files.path("src/lib.rs");
        // Git ignores it, but the build reads it.
        assert_eq!(files.files.changed(&System, &all), [lib].into());
        assert!(files.changed(&["src/gone.rs"]).is_empty());
        // A directory with sources counts, although the component may write to it.
        files.files.add_writable(&files.path("src"));
        files.write("src/new.rs", "");
        assert_eq!(files.changed(&["src/new.rs"]), ["src/new.rs"]);
    }

    #[test]
    fn what_a_build_writes_is_no_change_until_somebody_edits_it() {
        let mut files = Files::new(&[]);
        files.write("src/bindings.rs", "generated");
        files.files.generated.insert(files.path("src/bindings.rs"));
        files.files.remember_generated();
        assert!(files.changed(&["src/bindings.rs"]).is_empty());
        files.write("src/bindings.rs", "edited");
        assert_eq!(files.changed(&["src/bindings.rs"]), ["src/bindings.rs"]);
    }

    #[test]
    fn sources_elsewhere_count_and_their_neighbours_do_not() {
        let mut files = Files::new(&[]);
        let dir = tempfile::tempdir().unwrap();
        let other = fs::canonical(dir.path()).unwrap();
        let [source, neighbour] = ["a.txt", "b.txt"].map(|name| other.join(name));
        for path in [&source, &neighbour] {
            fs::write_atomic(path, b"").unwrap();
        }
        let detour = other.join("..").join(other.file_name().unwrap());
        files.files.add_source(&detour.join("a.txt"));
        assert!(files.files.scope.directories.contains(&other));
        let changes = Changes {
            paths: [source.clone(), neighbour].into(),
            incomplete: false,
        };
        let changed = files.files.changed(&System, &changes);
        assert_eq!(changed, [source].into());
    }
}
