//! A workspace on disk, two registries in memory, and cargo by a script.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::slashes::with_slashes;
use crate::ops::tests::samples::Said;
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::{Exec, Invocation, Output, Scripted};
use crate::system::registry::Registry;
use crate::system::registry::memory::MemoryRegistry;
use crate::system::shell::Buffer;

/// The host of the registry that a manifest has to name.
pub(super) const OTHER: &str = "other.example";

/// A workspace in a temporary directory, and the registries around it.
pub(super) struct Workshop {
    _dir: tempfile::TempDir,
    /// The directory of the workspace.
    pub root: PathBuf,
    /// The registry that packages come from and go to.
    pub registry: Arc<MemoryRegistry>,
    /// The registry at the host [`OTHER`].
    pub other: Arc<MemoryRegistry>,
    /// The directories of the members, each with name and version.
    members: Vec<Crate>,
}

/// A member of the workspace; its directory is the root or has its name.
struct Crate {
    name: String,
    version: String,
    dir: PathBuf,
}

/// The result of a verb, and what it said and started.
pub(super) struct Ran<T> {
    /// The result that the verb returned.
    pub result: Result<T>,
    /// The messages, one text each.
    pub said: Vec<String>,
    /// The command lines of programs that were started.
    pub started: Vec<String>,
}

impl<T> Ran<T> {
    /// All messages as one text.
    pub fn text(&self) -> String {
        self.said.join("\n")
    }

    /// The error that the verb ended with.
    pub fn error(&self) -> &Error {
        match &self.result {
            Ok(_) => panic!("it succeeded: {}", self.text()),
            Err(error) => error,
        }
    }

    /// Checks that the verb succeeded, and shows what happened if not.
    pub fn succeeded(self) -> Self {
        if let Err(error) = &self.result {
            panic!("{error:?}\n{}\n{:#?}", self.text(), self.started);
        }
        self
    }
}

impl Workshop {
    /// A directory with no packages, and two empty registries.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonical(dir.path()).unwrap();
        let workshop = Workshop {
            _dir: dir,
            root,
            registry: Arc::default(),
            other: Arc::default(),
            members: Vec::new(),
        };
        workshop.write("home/config.toml", "default_registry = \"r.example\"\n");
        workshop
    }

    /// A workspace of one package `app` 0.1.0 with this text after the usual
    /// tables of its manifest.
    pub fn with_app(tables: &str) -> Self {
        let mut workshop = Workshop::new();
        workshop.write("Cargo.toml", manifest("app", "0.1.0", tables));
        let dir = workshop.root.clone();
        workshop.members.push(member("app", "0.1.0", dir));
        workshop
    }

    /// A workspace of packages in directories of their names, each with version and
    /// tables of its manifest.
    pub fn with_members(members: &[[&str; 3]]) -> Self {
        let mut workshop = Workshop::new();
        let names: Vec<_> = members.iter().map(|[name, ..]| *name).collect();
        workshop.write(
            "Cargo.toml",
            format!("[workspace]\nmembers = {names:?}\nresolver = \"3\"\n"),
        );
        for [name, version, tables] in members {
            let path = format!("{name}/Cargo.toml");
            workshop.write(&path, manifest(name, version, tables));
            let dir = workshop.root.join(name);
            workshop.members.push(member(name, version, dir));
        }
        workshop
    }

    /// Writes a file below the root.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write_atomic(&self.root.join(path), content.as_ref()).unwrap();
    }

    /// The text of a file below the root.
    pub fn read(&self, path: &str) -> String {
        fs::read_text(&self.root.join(path)).unwrap()
    }

    /// Whether there is a file or directory below the root.
    pub fn has(&self, path: &str) -> bool {
        fs::exists(&self.root.join(path))
    }

    /// The bytes that the registry has for a release `namespace:name@version`.
    pub fn published(&self, release: &str) -> Option<Vec<u8>> {
        let (package, version) = parsed(release);
        let found = self.registry.release(&package, &version).unwrap()?;
        let mut bytes = Vec::new();
        self.registry.fetch(&package, &found, &mut bytes).unwrap();
        Some(bytes)
    }

    /// The answer of `cargo metadata`.
    pub fn metadata(&self) -> Output {
        let ids: Vec<String> = self.members.iter().map(Crate::id).collect();
        let packages: Vec<Value> = self.members.iter().map(Crate::json).collect();
        answer(&json!({
            "packages": packages, "workspace_members": ids, "workspace_default_members": ids,
            "resolve": null, "target_directory": self.root.join("target"),
            "version": 1, "workspace_root": self.root, "metadata": null,
        }))
    }

    /// The answer of rustc about its sysroot, which has the usual target.
    pub fn sysroot(&self) -> Output {
        let sysroot = self.root.join("sysroot");
        let library = sysroot.join("lib/rustlib/wasm32-wasip1/lib");
        fs::create_dir(&library).unwrap();
        Output {
            stdout: sysroot.display().to_string().into_bytes(),
            ..Output::default()
        }
    }

    /// Writes modules as cargo would, and gives cargo's messages about them.
    pub fn built(&self, modules: &[(&str, Vec<u8>)]) -> Output {
        let mut stdout = String::new();
        for (name, module) in modules {
            let of_name = self.members.iter().find(|member| member.name == *name);
            let member = of_name.unwrap();
            let file = format!("target/wasm32-wasip1/release/deps/{name}.wasm");
            self.write(&file, module);
            stdout += &json!({
                "reason": "compiler-artifact", "package_id": member.id(),
                "target": member.target(), "profile": { "test": false },
                "filenames": [self.root.join(file.replace("deps/", ""))],
                "executable": null, "fresh": false,
            })
            .to_string();
            stdout.push('\n');
        }
        stdout += "{\"reason\":\"build-finished\",\"success\":true}\n";
        Output {
            stdout: stdout.into_bytes(),
            ..Output::default()
        }
    }

    /// Runs a verb in the root; programs give these answers, in order.
    pub fn run<T>(&self, answers: Vec<Output>, verb: impl Fn(&Context) -> Result<T>) -> Ran<T> {
        self.run_in("", answers, verb)
    }

    /// As [`Workshop::run`], in a directory below the root.
    pub fn run_in<T>(
        &self,
        dir: &str,
        answers: Vec<Output>,
        verb: impl Fn(&Context) -> Result<T>,
    ) -> Ran<T> {
        let said = Rc::new(Buffer::default());
        let exec = Arc::new(Scripted::new(answers));
        let (registry, other) = (self.registry.clone(), self.other.clone());
        let ctx = Context {
            cwd: self.root.join(dir),
            env: Env::from_vars([("HOME", self.root.join("home"))]),
            shell: Box::new(Said(said.clone())),
            exec: Box::new(LinkingPrograms(exec.clone())),
            packages: PackageAccess {
                config: Some(self.root.join("home/config.toml")),
                cache: self.root.join("cache"),
                open: Box::new(move |route| match route.backend.host().as_deref() {
                    Some(OTHER) => Ok(other.clone()),
                    _ => Ok(registry.clone()),
                }),
                ..PackageAccess::default()
            },
        };
        let result = verb(&ctx);
        Ran {
            result,
            said: said.messages().into_iter().map(with_slashes).collect(),
            started: exec
                .invocations()
                .iter()
                .map(|invocation| with_slashes(invocation.to_string()))
                .collect(),
        }
    }
}

impl Crate {
    fn id(&self) -> String {
        let dir = self.dir.display();
        format!("path+file://{dir}#{}@{}", self.name, self.version)
    }

    fn target(&self) -> Value {
        json!({
            "name": self.name, "kind": ["cdylib"], "crate_types": ["cdylib"],
            "src_path": self.dir.join("src/lib.rs"), "edition": "2024",
        })
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "version": self.version, "id": self.id(), "source": null,
            "dependencies": [], "targets": [self.target()], "features": {},
            "manifest_path": self.dir.join("Cargo.toml"), "edition": "2024",
        })
    }
}

fn member(name: &str, version: &str, dir: PathBuf) -> Crate {
    Crate {
        name: name.to_owned(),
        version: version.to_owned(),
        dir,
    }
}

fn manifest(name: &str, version: &str, tables: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n{tables}")
}

fn answer(value: &Value) -> Output {
    Output {
        stdout: value.to_string().into_bytes(),
        ..Output::default()
    }
}

fn parsed(release: &str) -> (PackageRef, semver::Version) {
    let (package, version) = release.split_once('@').unwrap();
    (package.parse().unwrap(), version.parse().unwrap())
}

/// Adds a release `namespace:name@version` to a registry.
pub(super) fn insert(registry: &MemoryRegistry, release: &str, bytes: impl Into<Vec<u8>>) {
    let (package, version) = parsed(release);
    registry.insert(package, version, bytes);
}

/// Answers by a script, and puts what a build made beside `deps`, as cargo does.
struct LinkingPrograms(Arc<Scripted>);

/// Copies the files that one line of cargo's messages names from `deps`.
fn link(line: &str) -> Result<()> {
    let message: Value = serde_json::from_str(line).unwrap();
    for file in message["filenames"].as_array().into_iter().flatten() {
        let file = Path::new(file.as_str().unwrap());
        let name = file.file_name().unwrap();
        fs::copy_atomic(&fs::parent(file).join("deps").join(name), file)?;
    }
    Ok(())
}

impl Exec for LinkingPrograms {
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
        self.0.lines(invocation, &mut |line| {
            link(line)?;
            each(line)
        })
    }
}
