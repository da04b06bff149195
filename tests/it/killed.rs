//! Runs that are killed at each system call that changes the file system: the
//! same command line succeeds afterwards, with the same result as without the
//! kill, and leaves nothing foreign.
//!
//! `strace` kills, before the call is made. Only calls of the tool's own main
//! thread count, not those of programs that it runs. Opening a file that is new
//! and writing it are no moments of their own: every such file has a temporary
//! name then, and a kill at the call that gives it another one leaves it too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::authoring::{RUNTIME, share_target, snapshot};
use crate::registry_local::publish_wit;
use crate::support::{Output, Project};

/// What changes the file system; a `?` stands before names that not every
/// processor has.
const CALLS: &str = "?rename,?renameat,renameat2,?unlink,unlinkat,?rmdir,?mkdir,mkdirat,?link,\
    linkat,?symlink,symlinkat,?chmod,fchmod,fchmodat,ftruncate,copy_file_range,sendfile";

const IO: &str = "package demo:io@0.2.0; interface streams { f: func(); }";
const IO_NEWER: &str = "package demo:io@0.2.1; interface streams { f: func(); g: func(); }";
const NET: &str =
    "package demo:net@1.0.0; interface sockets { use demo:io/streams@0.2.0.{}; h: func(); }";

/// What is done, and to what.
struct Case {
    name: &'static str,
    line: &'static str,
    /// Where it is done.
    dir: &'static str,
    setup: fn(&Project),
    /// Every how many of the calls is one to be killed at.
    step: usize,
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// A registry in a directory, and a cache of its own.
fn project() -> Project {
    let project = Project::empty();
    let net = NET.replace("use demo:io/streams@0.2.0.{}; ", "");
    publish_wit(&project, &[IO, IO_NEWER, &net]);
    let root = project.path("registry");
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\ndemo = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            root.display().to_string()
        ),
    );
    project
}

fn surrounded(project: &Project, command: &mut Command, dir: &str) {
    command
        .current_dir(project.path(dir))
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"))
        .env("DOCKER_CONFIG", project.path("docker"));
}

fn run(project: &Project, dir: &str, line: &str) -> Output {
    let mut command = project.command(line);
    surrounded(project, &mut command, dir);
    project.run(command)
}

/// Runs it until the call of this number; how it ended if that was before.
fn killed_at(project: &Project, case: &Case, number: usize) -> Option<Output> {
    let mut command = project.clean("strace");
    let inject = format!("inject={CALLS}:signal=KILL:when={number}");
    command.args(["-qq", "-o", "/dev/null", "-e"]);
    command.arg(format!("trace={CALLS}")).args(["-e", &inject]);
    let own = project.command(case.line);
    command.arg(own.get_program()).args(own.get_args());
    surrounded(project, &mut command, case.dir);
    let output = project.run(command);
    (output.code != -1).then_some(output)
}

/// The files by their path in the project, but for the cache.
fn files(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let root = project.root();
    let below = |path: PathBuf| path.strip_prefix(root).unwrap().to_owned();
    let all = snapshot(project).into_iter();
    let all = all.map(|(path, content)| (below(path), content));
    all.filter(|(path, _)| !path.starts_with("cache") && path != Path::new("config.toml"))
        .collect()
}

/// What killed runs left, anywhere in the project.
fn leftovers(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(".cargo-component-") && name != ".cargo-component-vendor" {
            found.push(path);
        } else if path.is_dir() && !path.is_symlink() {
            found.extend(leftovers(&path));
        }
    }
    found
}

/// Kills it at every call; at how many it was killed.
fn kill_everywhere(case: &Case) -> usize {
    let fresh = || {
        let project = project();
        (case.setup)(&project);
        project
    };
    let whole = fresh();
    run(&whole, case.dir, case.line).ok();
    let expected = files(&whole);
    let mut killed = 0;
    for number in (1..).step_by(case.step) {
        let project = fresh();
        let what = format!("`{}`, killed at call {number}", case.name);
        if let Some(output) = killed_at(&project, case, number) {
            output.ok();
            assert_eq!(files(&project), expected, "{what}");
            break;
        }
        killed += 1;
        let output = run(&project, case.dir, case.line);
        assert_eq!(output.code, 0, "{what}: {output}");
        let found = files(&project);
        for path in expected.keys().chain(found.keys()) {
            let text = |files: &BTreeMap<PathBuf, Vec<u8>>| {
                let content = files.get(path);
                content.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            };
            let (found, expected) = (text(&found), text(&expected));
            assert_eq!(found, expected, "{what}: {}\n{output}", path.display());
        }
        let left = leftovers(project.root());
        assert!(left.is_empty(), "{what}: {left:?}\n{output}");
        let begun = project.path("cache/begun");
        assert!(!begun.exists(), "{what}: a crate is still being begun");
    }
    killed
}

fn wkg(project: &Project) {
    project
        .write("pkg/wkg.toml", "# mine\n")
        .write("pkg/wit/mine.wit", "package demo:mine@0.1.0;\n\n/// Mine.\nworld app {\n    import demo:io/streams@0.2.0;\n}\n");
}

/// With `deps` as an older world had it, and a file of the user in it.
fn fetched(project: &Project) {
    wkg(project);
    project.write(
        "pkg/wit/mine.wit",
        "package demo:mine@0.1.0;\nworld app {\n    import demo:net/sockets@1.0.0;\n}\n",
    );
    run(project, "pkg", "wit fetch").ok();
    project.write("pkg/wit/deps/own/p.wit", "package my:thing; interface i {}");
    wkg(project);
}

fn upgradable(project: &Project) {
    wkg(project);
    run(project, "pkg", "wit fetch").ok();
    project.write("pkg/wit/deps/own/p.wit", "package my:thing; interface i {}");
}

fn deps(project: &Project) {
    project
        .write(
            "pkg/wit/deps.toml",
            "one = { path = \"../src/one\" }\ntwo = { path = \"../src/two\" }\n",
        )
        .write("pkg/src/one/a.wit", "package a:one; interface i {}")
        .write("pkg/src/two/b.wit", "package a:two; interface i {}")
        .write(
            "pkg/src/two/deps/three/c.wit",
            "package a:three; interface i {}",
        );
    run(project, "pkg", "deps lock").ok();
    project
        .write("pkg/wit/deps/mine/p.wit", "package my:thing;")
        .write("pkg/wit/deps/one/notes.md", "mine")
        .write("pkg/src/one/a.wit", "package a:one; interface j {}")
        .write(
            "pkg/src/two/deps/three/c.wit",
            "package a:three; interface j {}",
        );
}

fn guest(project: &Project) {
    project
        .write(
            "pkg/Cargo.toml",
            format!(
                "# mine\n[package]\nname = \"killed-guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\n{RUNTIME}\n\
                 [package.metadata.component]\npackage = \"demo:guest\"\n"
            ),
        )
        .write("pkg/src/lib.rs", "mod bindings;\n")
        .write("pkg/wit/world.wit", "package demo:guest;\nworld app {\n    import demo:io/streams@0.2.0;\n}\n");
}

/// With a requirement of its own for a package of WIT.
fn requiring(project: &Project, requirement: &str) {
    guest(project);
    let table = format!(
        "\n[package.metadata.component.target.dependencies]\n\"demo:io\" = \"{requirement}\"\n"
    );
    let manifest = project.read("pkg/Cargo.toml") + &table;
    project.write("pkg/Cargo.toml", manifest).write(
        "pkg/wit/world.wit",
        "package demo:guest;\nworld app {\n    import demo:io/streams;\n}\n",
    );
}

/// With a requirement that only older versions meet.
fn outgrown(project: &Project) {
    requiring(project, "0.1");
}

/// With a locked version that has a newer one.
fn locked(project: &Project) {
    requiring(project, "0.2");
    let newer = "registry/demo/io/0.2.1.wasm";
    let bytes = project.bytes(newer);
    std::fs::remove_file(project.path(newer)).unwrap();
    run(project, "pkg", "update").ok();
    project.write(newer, bytes);
}

fn migratable(project: &Project) {
    project
        .write(
            "pkg/wit.toml",
            "# mine\nversion = \"0.4.0\"\n\n[dependencies]\n\"demo:io\" = \"0.2.0\"\n",
        )
        .write(
            "pkg/one.wit",
            "package demo:mine;\n\n/// Mine.\nworld app {}\n",
        )
        .write("pkg/two.wit", "interface two {}\n");
}

fn built(project: &Project) {
    guest(project);
    share_target(project);
}

fn theirs(project: &Project) {
    let world = "package my:place; world app { export f: func(a: string) -> list<u32>; }";
    project.write("theirs/wit/world.wit", world);
}

fn empty(_: &Project) {}

const CASES: &[Case] = &[
    Case {
        name: "add",
        line: "add demo:io",
        dir: "pkg",
        setup: guest,
        step: 1,
    },
    Case {
        name: "add two",
        line: "add demo:io demo:net@1",
        dir: "pkg",
        setup: guest,
        step: 1,
    },
    Case {
        name: "add another version",
        line: "add demo:io@0.2",
        dir: "pkg",
        setup: outgrown,
        step: 1,
    },
    Case {
        name: "update --breaking",
        line: "update --breaking",
        dir: "pkg",
        setup: outgrown,
        step: 1,
    },
    Case {
        name: "bindings",
        line: "bindings",
        dir: "pkg",
        setup: guest,
        step: 1,
    },
    Case {
        name: "update",
        line: "update",
        dir: "pkg",
        setup: locked,
        step: 1,
    },
    Case {
        name: "vendor",
        line: "vendor vendored",
        dir: "pkg",
        setup: guest,
        step: 1,
    },
    Case {
        name: "migrate",
        line: "migrate --allow-dirty",
        dir: "pkg",
        setup: migratable,
        step: 1,
    },
    Case {
        name: "wit fetch",
        line: "wit fetch",
        dir: "pkg",
        setup: fetched,
        step: 1,
    },
    Case {
        name: "wit add",
        line: "wit add demo:net/sockets@^1",
        dir: "pkg",
        setup: wkg,
        step: 1,
    },
    Case {
        name: "wit upgrade",
        line: "wit upgrade",
        dir: "pkg",
        setup: upgradable,
        step: 1,
    },
    Case {
        name: "wit publish",
        line: "wit publish --skip-existing",
        dir: "pkg",
        setup: wkg,
        step: 1,
    },
    Case {
        name: "deps lock",
        line: "deps lock",
        dir: "pkg",
        setup: deps,
        step: 1,
    },
    Case {
        name: "deps update",
        line: "deps update",
        dir: "pkg",
        setup: deps,
        step: 1,
    },
    Case {
        name: "new",
        line: "new --vcs none --lib made",
        dir: ".",
        setup: empty,
        step: 1,
    },
    Case {
        name: "new for a world",
        line: "new --vcs none --lib --target theirs/wit made",
        dir: ".",
        setup: theirs,
        step: 1,
    },
    Case {
        name: "new for a program",
        line: "new --vcs none --bin made",
        dir: ".",
        setup: empty,
        step: 1,
    },
    Case {
        name: "init",
        line: "init --vcs none --lib made",
        dir: ".",
        setup: empty,
        step: 1,
    },
    Case {
        name: "config",
        line: "config set default_registry here --project",
        dir: ".",
        setup: empty,
        step: 1,
    },
];

/// These run the compiler: only some of their calls are looked at.
const BUILDS: &[Case] = &[
    Case {
        name: "build",
        line: "build",
        dir: "pkg",
        setup: built,
        step: 2,
    },
    Case {
        name: "publish",
        line: "publish --skip-existing",
        dir: "pkg",
        setup: built,
        step: 4,
    },
];

#[test]
fn whoever_is_killed_at_any_call_is_continued() {
    if !is_there("strace") {
        eprintln!("skipped: there is no strace");
        return;
    }
    thread::scope(|scope| {
        let half = CASES.len() / 2;
        for cases in [&CASES[..half], &CASES[half..]] {
            scope.spawn(move || {
                for case in cases {
                    let killed = kill_everywhere(case);
                    assert!(
                        killed >= 1,
                        "`{}` was killed {killed} times only",
                        case.name
                    );
                }
            });
        }
    });
}

#[test]
fn whoever_is_killed_while_building_is_continued() {
    if !is_there("strace") {
        eprintln!("skipped: there is no strace");
        return;
    }
    for case in BUILDS {
        let killed = kill_everywhere(case);
        assert!(
            killed >= 1,
            "`{}` was killed {killed} times only",
            case.name
        );
    }
}
