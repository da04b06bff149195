//! What can be seen from outside: wasm files, and which programs were started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_component::component::{self, Surface, WasmKind};

use crate::support::{Project, make_executable};

/// Where the component of the package `hello` lies after a plain build.
pub const HELLO: &str = "target/wasm32-wasip1/debug/hello.wasm";

/// The names of a component, which must be valid.
#[track_caller]
pub fn component(project: &Project, path: &str) -> Surface {
    let bytes = project.bytes(path);
    assert_eq!(component::kind(&bytes), Some(WasmKind::Component), "{path}");
    let features = wasmparser::WasmFeatures::all();
    let mut validator = wasmparser::Validator::new_with_features(features);
    if let Err(error) = validator.validate_all(&bytes) {
        panic!("{path}: {error}");
    }
    wit_component::decode(&bytes).unwrap_or_else(|e| panic!("{path}: {e:#}"));
    component::surface(&bytes).unwrap()
}

/// Whether the file is a core module.
#[track_caller]
pub fn is_module(project: &Project, path: &str) -> bool {
    matches!(
        component::kind(&project.bytes(path)),
        Some(WasmKind::Module | WasmKind::Guest)
    )
}

/// The files of WebAssembly below a directory that cargo keeps for itself: in `deps`, and
/// since 1.100 in `out`.
pub fn intermediate(project: &Project, dir: &str) -> Vec<String> {
    let is_own = |file: &PathBuf| {
        let parent = file.parent().unwrap();
        file.extension().is_some_and(|e| e == "wasm")
            && (parent.ends_with("deps") || parent.ends_with("out"))
            && !file.starts_with("cargo-component")
    };
    let files = tree(&project.path(dir)).into_iter().filter(is_own);
    let paths = files.map(|file| format!("{dir}/{}", file.to_str().unwrap()));
    paths.collect()
}

/// The directories of targets below `target`.
pub fn targets(project: &Project) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(project.path("target"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "cargo-component" && name != "tmp")
        .collect();
    names.sort();
    names
}

/// A project with one file, `src/main.rs` or `src/lib.rs`, and no dependency.
pub fn bare(name: &str, source: &str) -> Project {
    let project = Project::empty();
    let library = match source.contains("fn main") {
        true => "",
        false => "[lib]\ncrate-type = [\"cdylib\"]\n",
    };
    let file = match library {
        "" => "src/main.rs",
        _ => "src/lib.rs",
    };
    project
        .write("Cargo.toml", manifest(name, library))
        .write(file, source);
    project
}

/// A manifest with the component section at its end.
pub fn manifest(name: &str, more: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}\n[package.metadata.component]\n"
    )
}

/// Stand-ins on `PATH` for the programs the tool may start; each notes its
/// arguments and then is the real one.
pub struct Tools {
    dir: tempfile::TempDir,
}

impl Tools {
    pub fn new() -> Self {
        let tools = Tools {
            dir: tempfile::tempdir().unwrap(),
        };
        for name in ["cargo", "rustc", "git", "rustup"] {
            let real = on_path(name);
            tools.script(name, &format!("exec '{}' \"$@\"", real.display()));
        }
        tools
    }

    /// Replaces what a stand-in does after it made its note.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        let log = self.log();
        let text = format!(
            "#!/bin/sh\necho \"{name} $*\" >> '{}'\n{body}\n",
            log.display()
        );
        fs::write(&path, text).unwrap();
        make_executable(&path);
        path
    }

    /// A place for more files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// The command with these programs found first.
    pub fn on(&self, mut command: Command) -> Command {
        let mut path = self.dir.path().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.env("PATH", path);
        command.env("CARGO", self.dir.path().join("cargo"));
        command
    }

    /// The command lines since the last time.
    pub fn started(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let _ = fs::remove_file(self.log());
        text.lines().map(str::to_owned).collect()
    }
}

/// The first program of that name on `PATH`.
pub fn on_path(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is not on PATH"))
}

/// Everything below a directory, as paths relative to it, sorted.
pub fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path.strip_prefix(dir).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}
