//! A workspace on disk with a registry in memory: what operations run in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::samples::{Said, wit};
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::base::slashes::with_slashes;
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::{Exec, Invocation, Output, Scripted};
use crate::system::registry::memory::MemoryRegistry;
use crate::system::shell::{Buffer, render_error};

/// The configuration that leads every package to the registry in memory, which
/// counts as one that is reached by the network.
const CONFIG: &str = "default_registry = \"registry.example\"\n";

/// Programs that answer by a script which outlives the context, and that note what
/// registries had been asked when cargo last started.
struct Programs {
    scripted: Arc<Scripted>,
    registries: Asked,
    before_cargo: Arc<Mutex<(usize, usize)>>,
}

impl Programs {
    fn note(&self, invocation: &Invocation) {
        if invocation.to_string().starts_with("cargo ") {
            *self.before_cargo.lock().unwrap() = self.registries.counts();
        }
    }
}

impl Exec for Programs {
    fn run(&self, invocation: &Invocation) -> Result<i32> {
        self.note(invocation);
        self.scripted.run(invocation)
    }

    fn output(&self, invocation: &Invocation) -> Result<Output> {
        self.note(invocation);
        self.scripted.output(invocation)
    }

    fn lines(
        &self,
        invocation: &Invocation,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<i32> {
        self.note(invocation);
        self.scripted.lines(invocation, each)
    }
}

/// The registry in memory, and how often it was opened.
#[derive(Clone, Default)]
struct Asked {
    memory: Arc<MemoryRegistry>,
    opened: Arc<AtomicUsize>,
}

impl Asked {
    /// The numbers of requests and of openings so far.
    fn counts(&self) -> (usize, usize) {
        let opened = self.opened.load(Ordering::Relaxed);
        (self.memory.requests().len(), opened)
    }
}

/// A workspace on disk, with its own home, and a registry in memory.
pub(super) struct Sandbox {
    _temporary: tempfile::TempDir,
    /// The root of the workspace, and the directory that operations run in.
    pub root: PathBuf,
    /// The registry that every package is in.
    pub memory: Arc<MemoryRegistry>,
    asked: Asked,
}

impl Sandbox {
    /// A workspace with these files; the packages are found by their `Cargo.toml`.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let top = fs::canonical(temporary.path()).unwrap();
        let asked = Asked::default();
        let sandbox = Sandbox {
            _temporary: temporary,
            root: top.join("work"),
            memory: asked.memory.clone(),
            asked,
        };
        for (path, text) in files {
            sandbox.write(path, text);
        }
        sandbox.write("../home/config.toml", CONFIG);
        for target in ["wasm32-wasip1", "wasm32-wasip2"] {
            let library = sandbox.sysroot().join("lib/rustlib").join(target);
            fs::create_dir(&library.join("lib")).unwrap();
        }
        sandbox
    }

    /// One package at the root, with this component section and this WIT.
    pub fn package(section: &str, wit: &str) -> Self {
        let manifest = manifest("app", section);
        Sandbox::new(&[("Cargo.toml", &manifest), ("wit/world.wit", wit)])
    }

    fn sysroot(&self) -> PathBuf {
        fs::parent(&self.root).join("sysroot")
    }

    /// Writes a file of the workspace, and the directories above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir(fs::parent(&path)).unwrap();
        fs::write_atomic(&path, content.as_ref()).unwrap();
    }

    /// The text of a file of the workspace, if it is there.
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_text_if_exists(&self.root.join(path)).unwrap()
    }

    /// Removes a file or a directory of the workspace, there or not.
    pub fn remove(&self, path: &str) {
        let path = self.root.join(path);
        match path.is_file() {
            true => fs::remove_file(&path).unwrap(),
            false => fs::remove_all(&path).unwrap(),
        }
    }

    /// The lock file, which has to be there.
    pub fn lock(&self) -> String {
        self.read("Cargo-component.lock").expect("a lock file")
    }

    /// Publishes packages of WIT, each by its text, to the registry in memory.
    pub fn publish_wit(&self, texts: &[&str]) {
        for text in texts {
            let name = text.split([' ', ';']).nth(1).unwrap();
            let (package, version) = name.split_once('@').unwrap();
            let version = version.parse().unwrap();
            self.memory.insert(of(package), version, wit(&[text]));
        }
    }

    /// Withdraws a release, which is there, from the registry in memory.
    pub fn yank(&self, package: &str, version: &str) {
        self.memory.yank(&of(package), &version.parse().unwrap());
    }

    /// What `cargo metadata` says of the workspace, read from its manifests.
    pub fn metadata(&self) -> Output {
        metadata_of(&self.root)
    }

    /// What `cargo metadata` says of another workspace, by its path from this one.
    pub fn metadata_of(&self, path: &str) -> Output {
        metadata_of(&fs::canonical(&self.root.join(path)).unwrap())
    }

    /// What `rustc --print sysroot` says: a toolchain that has the targets.
    pub fn toolchain(&self) -> Output {
        succeeded(self.sysroot().display().to_string())
    }

    /// Runs an operation in which programs give these answers, in their order.
    pub fn run(
        &self,
        answers: impl IntoIterator<Item = Output>,
        operation: impl FnOnce(&Context) -> Result<()>,
    ) -> Run {
        self.run_with(answers, self.access(), operation)
    }

    /// The access to the registry in memory, and to the cache of this sandbox.
    pub fn access(&self) -> PackageAccess {
        let home = fs::parent(&self.root).join("home");
        let asked = self.asked.clone();
        PackageAccess {
            config: Some(home.join("config.toml")),
            cache: home.join("cache"),
            open: Box::new(move |_| {
                asked.opened.fetch_add(1, Ordering::Relaxed);
                Ok(asked.memory.clone())
            }),
            ..PackageAccess::default()
        }
    }

    /// As [`Sandbox::run`], with another access to packages.
    pub fn run_with(
        &self,
        answers: impl IntoIterator<Item = Output>,
        packages: PackageAccess,
        operation: impl FnOnce(&Context) -> Result<()>,
    ) -> Run {
        let exec = Arc::new(Scripted::new(answers));
        let said = Rc::new(Buffer::default());
        let before_cargo = Arc::<Mutex<(usize, usize)>>::default();
        let ctx = Context {
            cwd: self.root.clone(),
            env: Env::from_vars([("HOME", fs::parent(&self.root).join("home"))]),
            shell: Box::new(Said(said.clone())),
            exec: Box::new(Programs {
                scripted: exec.clone(),
                registries: self.asked.clone(),
                before_cargo: before_cargo.clone(),
            }),
            packages,
        };
        let asked = self.memory.requests().len();
        fs::take_reads();
        let result = operation(&ctx);
        let reads = fs::take_reads().into_iter();
        let above = with_slashes(format!("{}/", fs::parent(&self.root).display()));
        let root = with_slashes(self.root.display().to_string());
        let shown = |text: String| {
            let text = with_slashes(text).replace(&root, "ROOT");
            text.replace(&above, "ABOVE/")
        };
        let (requests, opened) = *before_cargo.lock().unwrap();
        let mut late = self.memory.requests().split_off(requests);
        let opened = self.asked.counts().1 - opened;
        late.extend((0..opened).map(|_| "open".to_owned()));
        Run {
            error: result.err().map(|error| shown(render_error(&error, false))),
            messages: said.messages().into_iter().map(shown).collect(),
            programs: exec
                .invocations()
                .iter()
                .map(|invocation| shown(invocation.to_string()))
                .collect(),
            requests: self.memory.requests().split_off(asked),
            late,
            manifests: reads
                .filter(|(path, _)| path.ends_with("Cargo.toml"))
                .map(|(path, count)| (shown(path.display().to_string()), count))
                .collect(),
        }
    }
}

/// What an operation did, with `ROOT` in the place of the workspace's path.
#[derive(Debug)]
pub(super) struct Run {
    /// The error as it would be printed; none if the operation succeeded.
    pub error: Option<String>,
    /// What was said, one entry for each message.
    pub messages: Vec<String>,
    /// The command lines of the programs that ran.
    pub programs: Vec<String>,
    /// What the registry was asked, in words.
    pub requests: Vec<String>,
    /// What it was asked after cargo had started for the last time, and `open` for each
    /// time that it was opened after that.
    pub late: Vec<String>,
    /// How often each manifest was read.
    pub manifests: BTreeMap<String, usize>,
}

impl Run {
    /// The run, which has to have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.error, None, "{:#?}", self.messages);
        self
    }

    /// Checks that the operation failed, with these texts in its error.
    #[track_caller]
    pub fn refused(self, texts: &[&str]) -> Self {
        let error = self.error.as_deref().expect("an error");
        for text in texts {
            assert!(error.contains(text), "`{text}` is missing in:\n{error}");
        }
        self
    }

    /// Checks that one of the messages is or has this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let mut messages = self.messages.iter();
        let said = messages.any(|message| message.contains(text));
        assert!(said, "`{text}` is missing in:\n{:#?}", self.messages);
        self
    }

    /// Checks that every manifest was read once, and cargo asked at most once for
    /// each workspace.
    #[track_caller]
    pub fn reads_once(self, manifests: &[&str]) -> Self {
        let full = |path: &&str| match path.starts_with("ABOVE/") {
            true => ((*path).to_owned(), 1),
            false => (format!("ROOT/{path}"), 1),
        };
        assert_eq!(self.manifests, manifests.iter().map(full).collect());
        let is_metadata = |program: &&String| program.contains(" metadata ");
        let mut asked: Vec<&String> = self.programs.iter().filter(is_metadata).collect();
        let all = asked.len();
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), all, "{:#?}", self.programs);
        self
    }
}

/// The text of a manifest of a package whose component section is `section`.
pub(super) fn manifest(name: &str, section: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n{section}"
    )
}

/// What cargo says of a build of libraries, each with its directory below the root, its
/// name and its module, which is written where cargo says that it is.
pub(super) fn built(sandbox: &Sandbox, profile: &str, modules: &[(&str, &str, Vec<u8>)]) -> Output {
    let mut lines = String::new();
    for (dir, name, module) in modules {
        let file = format!("target/wasm32-wasip1/{profile}/{name}.wasm");
        sandbox.write(&file, module);
        let dir = fs::canonical(&sandbox.root.join(dir)).unwrap();
        let line = json!({
            "reason": "compiler-artifact",
            "package_id": id(&dir, name),
            "target": { "name": name, "kind": ["cdylib"], "crate_types": ["cdylib"] },
            "profile": { "test": false },
            "filenames": [sandbox.root.join(file)],
        });
        lines += &format!("{line}\n");
    }
    succeeded(lines)
}

/// What `cargo metadata` says of the packages below a directory.
fn metadata_of(root: &Path) -> Output {
    let files = fs::files_below(root).unwrap();
    let manifests = files.iter().filter(|path| path.ends_with("Cargo.toml"));
    let packages: Vec<Value> = manifests.filter_map(|path| described(path)).collect();
    let ids: Vec<&Value> = packages.iter().map(|package| &package["id"]).collect();
    let metadata = json!({
        "packages": packages,
        "workspace_members": ids,
        "workspace_default_members": ids,
        "workspace_root": root,
        "target_directory": root.join("target"),
        "resolve": null,
        "version": 1,
    });
    succeeded(metadata.to_string())
}

/// What `cargo metadata` says of the package of one manifest; `None` where it
/// has no package.
fn described(path: &Path) -> Option<Value> {
    // Not through the door, where reads are counted.
    let text = std::fs::read_to_string(path).unwrap();
    let name = text.split_once("[package]")?.1;
    let name = name.split_once("name = \"")?.1.split_once('"')?.0;
    let dir = fs::parent(path);
    let dependency = json!({
        "name": "wit-bindgen",
        "source": "registry+https://crates.example/index",
        "req": "^0.57",
        "kind": null,
        "optional": false,
        "uses_default_features": false,
        "features": ["realloc", "std", "bitflags"],
        "target": null,
    });
    Some(json!({
        "name": name,
        "version": "1.0.0",
        "id": id(dir, name),
        "manifest_path": path,
        "dependencies": [dependency],
        "features": {},
        "targets": [{
            "name": name,
            "kind": ["cdylib"],
            "crate_types": ["cdylib"],
            "src_path": dir.join("src/lib.rs"),
        }],
    }))
}

/// The identifier of a package, as cargo gives it.
fn id(dir: &Path, name: &str) -> String {
    format!("path+file://{}#{name}@1.0.0", dir.display())
}

/// A program that succeeds, and prints this.
pub(super) fn succeeded(stdout: impl Into<Vec<u8>>) -> Output {
    Output {
        stdout: stdout.into(),
        ..Output::default()
    }
}

/// A program that fails with this code.
pub(super) fn failed(code: i32) -> Output {
    Output {
        code,
        ..Output::default()
    }
}

/// A package by its name.
pub(super) fn of(name: &str) -> PackageRef {
    name.parse().unwrap()
}
