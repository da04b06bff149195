//! A workspace on disk with a registry in memory: what operations run in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, PackageId, Resolve};

use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::{Exec, Invocation, Output, Scripted};
use crate::system::registry::memory::MemoryRegistry;
use crate::system::shell::{Buffer, ColorChoice, Message, Shell, Verbosity, render_error};

/// The configuration that leads every package to the registry in memory, which
/// counts as one that is reached by the network.
const CONFIG: &str = "default_registry = \"registry.example\"\n";

/// What a test looks at while or after an operation uses it.
struct Shared<T>(Arc<T>);

impl Exec for Shared<Scripted> {
    fn run(&self, invocation: &Invocation) -> Result<i32> {
        self.0.run(invocation)
    }

    fn output(&self, invocation: &Invocation) -> Result<Output> {
        self.0.output(invocation)
    }

    fn lines(
        &self,
        invocation: &Invocation,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<i32> {
        self.0.lines(invocation, each)
    }
}

/// A shell whose messages outlive its context.
struct Said(Rc<Buffer>);

impl Shell for Said {
    fn print(&self, message: Message) {
        self.0.print(message);
    }

    fn verbosity(&self) -> Verbosity {
        self.0.verbosity()
    }

    fn color(&self) -> ColorChoice {
        self.0.color()
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        self.0.write_data(bytes)
    }
}

/// A workspace on disk, with its own home, and a registry in memory.
pub(super) struct Sandbox {
    _temporary: tempfile::TempDir,
    /// The root of the workspace, and the directory that operations run in.
    pub root: PathBuf,
    /// The registry that every package is in.
    pub memory: Arc<MemoryRegistry>,
}

impl Sandbox {
    /// A workspace with these files; the packages are found by their `Cargo.toml`.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let top = fs::canonical(temporary.path()).unwrap();
        let sandbox = Sandbox {
            _temporary: temporary,
            root: top.join("work"),
            memory: Arc::default(),
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
        let memory = self.memory.clone();
        PackageAccess {
            config: Some(home.join("config.toml")),
            cache: home.join("cache"),
            open: Box::new(move |_| Ok(memory.clone())),
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
        let ctx = Context {
            cwd: self.root.clone(),
            env: Env::from_vars([("HOME", fs::parent(&self.root).join("home"))]),
            shell: Box::new(Said(said.clone())),
            exec: Box::new(Shared(exec.clone())),
            packages,
        };
        let asked = self.memory.requests().len();
        fs::take_reads();
        let result = operation(&ctx);
        let reads = fs::take_reads().into_iter();
        let above = format!("{}/", fs::parent(&self.root).display());
        let root = self.root.display().to_string();
        let shown = |text: String| text.replace(&root, "ROOT").replace(&above, "ABOVE/");
        Run {
            error: result.err().map(|error| shown(render_error(&error, false))),
            messages: said.messages().into_iter().map(shown).collect(),
            programs: exec
                .invocations()
                .iter()
                .map(|invocation| shown(invocation.to_string()))
                .collect(),
            requests: self.memory.requests().split_off(asked),
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

/// The command line of a verb, split at its spaces.
pub(super) fn args(line: &str) -> CargoArgs {
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    CargoArgs::parse(&words).unwrap()
}

/// A package by its name.
pub(super) fn of(name: &str) -> PackageRef {
    name.parse().unwrap()
}

/// The texts of packages, each after those that it needs, with the last one of them.
fn parsed(texts: &[&str]) -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let push = |text: &&str| resolve.push_source("parsed.wit", text).unwrap();
    let last = texts.iter().map(push).last();
    (resolve, last.unwrap())
}

/// The last of these packages of WIT in its binary form.
pub(super) fn wit(texts: &[&str]) -> Vec<u8> {
    let (resolve, last) = parsed(texts);
    wit_component::encode(&resolve, last, false).unwrap()
}

/// A module for the world of the last of these packages, as a build would make it.
pub(super) fn module(texts: &[&str]) -> Vec<u8> {
    let (resolve, last) = parsed(texts);
    let world = resolve.select_world(&[last], None).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let utf8 = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
    module
}

/// The component of such a module.
pub(super) fn component(texts: &[&str]) -> Vec<u8> {
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true);
    encoder.module(&module(texts)).unwrap().encode().unwrap()
}
