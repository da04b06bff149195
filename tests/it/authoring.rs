//! What the tests of worlds and bindings share: WIT that comes with crates,
//! small manifests, one directory to build in.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::Project;

/// A dependency that serves all synchronous bindings.
pub const RUNTIME: &str = "wit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\", \"std\", \"bitflags\"] }";

/// A dependency that serves all bindings.
pub const ASYNC_RUNTIME: &str = "wit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\", \"std\", \"bitflags\", \"async\"] }";

/// The sources of one of the crates this package is built and tested with,
/// the newest where there are several.
pub fn crate_root(name: &str) -> PathBuf {
    static ROOTS: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .exec()
            .unwrap();
        let mut packages = metadata.packages;
        packages.sort_by(|a, b| b.version.cmp(&a.version));
        let root = |p: &cargo_metadata::Package| p.manifest_path.parent().unwrap().into();
        packages
            .iter()
            .map(|p| (p.name.to_string(), root(p)))
            .collect()
    });
    let found = roots.iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no crate {name}")).1.clone()
}

/// The WIT packages of WASI 0.2 as files, one a package.
pub fn wasi_0_2() -> PathBuf {
    crate_root("wasip2").join("wit/deps")
}

/// The WIT packages of WASI 0.3 as files, one a package.
pub fn wasi_0_3() -> PathBuf {
    crate_root("wasip3").join("wit/deps")
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => {
                // Not `fs::copy`: the sources in a registry may be read-only.
                fs::write(&to, fs::read(entry.path()).unwrap()).unwrap();
            }
        }
    }
}

/// A library without code and with this component section; its directory is
/// the project's.
pub fn library(name: &str, section: &str) -> Project {
    let project = Project::empty();
    manifest(&project, name, &format!("{RUNTIME}\n\n{section}"));
    project.write("src/lib.rs", "");
    project
}

/// Writes the manifest of a library: `rest` starts within `[dependencies]`.
pub fn manifest(project: &Project, name: &str, rest: &str) {
    let text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\n{rest}\n"
    );
    project.write("Cargo.toml", text);
}

/// Lets the project build where other projects of these tests do, so that
/// what they depend on is compiled once. Their names must differ.
pub fn share_target(project: &Project) {
    let dir = target_dir();
    project.write(
        ".cargo/config.toml",
        format!("[build]\ntarget-dir = '{}'\n", dir.display()),
    );
}

/// Where the projects of [`share_target`] build.
pub fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("authoring")
}

/// The component that a project of [`share_target`] was built to.
pub fn component(triple: &str, name: &str) -> Vec<u8> {
    let path = target_dir().join(triple).join("debug").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The files of a project with their content, without what cargo builds.
pub fn snapshot(project: &Project) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(dir: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    walk(&path, files);
                }
            } else {
                let content = fs::read(&path).unwrap_or_default();
                files.push((path, content));
            }
        }
    }
    let mut files = Vec::new();
    walk(project.root(), &mut files);
    files.sort();
    files
}
