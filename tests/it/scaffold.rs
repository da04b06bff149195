//! The implementation that is scaffolded for a world compiles, whatever the
//! world: tried on every world and, exported, on every interface of the
//! packages that come with wit-parser's tests and with the engine's WASI.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cargo_component::process::{Exec as _, Invocation, System};
use cargo_component::wit::scaffold;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_parser::{Resolve, WorldId};

#[test]
fn every_implementation_for_wasi_compiles() {
    let mut project = Project::new();
    for name in ["wasip2", "wasip3"] {
        let dir = root(name).join("wit/deps");
        let mut resolve = together(&dir);
        let versions: BTreeSet<_> = resolve
            .packages
            .iter()
            .filter_map(|(_, package)| package.name.version.as_ref())
            .map(ToString::to_string)
            .collect();
        assert_eq!(versions.len(), 1, "{versions:?}");
        export_everything(&mut resolve, Exports::Package);
        let worlds: Vec<_> = resolve.worlds.iter().map(|(id, _)| id).collect();
        for world in worlds {
            project.add(&bindings(&resolve, world).unwrap());
        }
    }
    let count = project.modules.len();
    assert!(count > 20, "only {count} worlds were bound");
    project.check();
}

/// A package that has all those in `dir` as its `deps`.
fn together(dir: &Path) -> Resolve {
    let copy = tempfile::tempdir().unwrap();
    write(&copy.path().join("none.wit"), "package no:thing;");
    for entry in dir.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let to = copy.path().join("deps").join(path.file_name().unwrap());
        write(&to, &std::fs::read_to_string(&path).unwrap());
    }
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    resolve.push_path(copy.path()).unwrap();
    resolve
}

#[test]
#[ignore = "compiles more than 500 worlds, for a minute; needs wasm32-wasip2 and the crate wit-bindgen"]
fn every_implementation_compiles() {
    let mut project = Project::new();
    for path in corpus() {
        let mut resolve = Resolve {
            all_features: true,
            ..Resolve::default()
        };
        // Some of the files are there to show what is refused.
        if resolve.push_path(&path).is_err() {
            continue;
        }
        export_everything(&mut resolve, Exports::Interfaces);
        let worlds: Vec<_> = resolve.worlds.iter().map(|(id, _)| id).collect();
        for world in worlds {
            if let Some(bindings) = bindings(&resolve, world) {
                project.add(&bindings);
            }
        }
    }
    let count = project.modules.len();
    assert!(count > 500, "only {count} worlds were bound");
    project.check();
}

/// The sources of one of our dependencies, the newest where there are several.
fn root(name: &str) -> PathBuf {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .exec()
        .unwrap();
    let packages = metadata.packages.iter().filter(|p| p.name == name);
    let newest = packages.max_by_key(|p| p.version.clone()).unwrap();
    newest.manifest_path.parent().unwrap().into()
}

/// Directories and files of WIT from the sources of our own dependencies.
fn corpus() -> Vec<PathBuf> {
    let cases = std::fs::read_dir(root("wit-parser").join("tests/ui")).unwrap();
    let mut paths: Vec<PathBuf> = cases
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|e| e == "wit"))
        .filter(|path| !path.ends_with("parse-fail"))
        .collect();
    paths.sort();
    paths.push(root("wasmtime-wasi").join("src/p2/wit"));
    paths.push(root("wasmtime-wasi").join("src/p3/wit"));
    paths.push(root("wasmtime-wasi-http").join("wit"));
    paths.push(root("wasmtime-wasi-http").join("src/p3/wit"));
    paths
}

/// What a world exports.
#[derive(Clone, Copy, PartialEq)]
enum Exports {
    /// All interfaces of a package.
    Package,
    /// That, and each interface alone.
    Interfaces,
}

/// Adds worlds that export what is there.
fn export_everything(resolve: &mut Resolve, what: Exports) {
    let mut worlds = Vec::new();
    for (_, package) in &resolve.packages {
        let name = &package.name;
        let version = name.version.as_ref().map(|v| format!("@{v}"));
        let exports = package.interfaces.keys().map(|interface| {
            let version = version.as_deref().unwrap_or_default();
            format!(
                "export %{}:%{}/%{interface}{version};",
                name.namespace, name.name
            )
        });
        let exports: Vec<String> = exports.collect();
        worlds.push(exports.join("\n"));
        if what == Exports::Interfaces {
            worlds.extend(exports);
        }
    }
    for (index, exports) in worlds.iter().enumerate() {
        let text = format!("package exports:w{index};\nworld w {{ {exports} }}");
        let mut extended = resolve.clone();
        // Not every set of interfaces can be exported together.
        if extended.push_str("w.wit", &text).is_ok() {
            *resolve = extended;
        }
    }
}

/// The bindings of a world, unless the generator cannot make them.
fn bindings(resolve: &Resolve, world: WorldId) -> Option<String> {
    let options = wit_bindgen_rust::Opts {
        format: true,
        generate_all: true,
        runtime_path: Some("wit_bindgen::rt".to_owned()),
        ..Default::default()
    };
    let generate = || {
        let mut files = Files::default();
        let mut generator = options.build();
        generator
            .generate(&mut resolve.clone(), world, &mut files)
            .ok()?;
        let (_, bindings) = files.iter().next()?;
        String::from_utf8(bindings.to_vec()).ok()
    };
    catch_unwind(AssertUnwindSafe(generate)).ok().flatten()
}

/// One crate with a module for each world.
struct Project {
    dir: tempfile::TempDir,
    modules: Vec<String>,
}

impl Project {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let manifest = format!(
            "[package]\nname = \"worlds\"\nedition = \"2024\"\n\n[dependencies.wit-bindgen]\n\
             version = \"={}\"\ndefault-features = false\n\
             features = [\"realloc\", \"std\", \"bitflags\", \"async\"]\n\n[workspace]\n",
            scaffold::WIT_BINDGEN
        );
        write(&dir.path().join("Cargo.toml"), &manifest);
        Project {
            dir,
            modules: Vec::new(),
        }
    }

    fn add(&mut self, bindings: &str) {
        let module = format!("m{}", self.modules.len());
        let dir = self.dir.path().join("src").join(&module);
        write(&dir.join("bindings.rs"), bindings);
        let text = scaffold::implementation(bindings).unwrap();
        write(&dir.join("mod.rs"), &text);
        self.modules.push(module);
    }

    /// Fails where an implementation does not compile. Bindings that do not
    /// compile themselves are taken out until all others are known.
    fn check(mut self) {
        let library = self.dir.path().join("src/lib.rs");
        let check = Invocation::new(env!("CARGO"))
            .args(["check", "--target", "wasm32-wasip2"])
            .args(["--message-format", "short", "--target-dir"])
            // What the crate depends on is kept for the next run.
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold"))
            .dir(self.dir.path());
        loop {
            let text = self.modules.iter().fold(String::new(), |mut text, module| {
                let _ = writeln!(text, "mod {module};");
                text
            });
            write(&library, &text);
            let output = System.output(&check).unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            if output.code == 0 {
                assert!(!said.contains("warning"), "{said}");
                return;
            }
            assert!(!said.contains("mod.rs"), "{said}");
            let before = self.modules.len();
            self.modules
                .retain(|module| !said.contains(&format!("src/{module}/bindings.rs")));
            assert_ne!(before, self.modules.len(), "{said}");
        }
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
