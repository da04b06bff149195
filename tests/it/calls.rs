//! How often the tool asks the system for files, beside what cargo asks: work is counted, since
//! times tell nothing on a busy machine.
//!
//! `strace` lists the calls of the tool's main thread; those of programs that it runs are not
//! among them.

use std::collections::BTreeMap;
use std::process::Command;

use crate::components::{made, one_target, program, run, sound};
use crate::observe::manifest;
use crate::support::Project;

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// The calls with a path in the project, each by its name and that path, relative to the project.
fn calls(project: &Project, line: &str) -> Vec<(String, String)> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let own = project.command(line);
    let mut command = project.clean("strace");
    command.args(["-qq", "-e", "trace=%file", "-o"]);
    command.arg(log.path()).arg(own.get_program());
    command.args(own.get_args());
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command).ok();
    let root = format!("{}/", project.root().display());
    let text = std::fs::read_to_string(log.path()).unwrap();
    let call = |line: &str| {
        let (name, rest) = line.split_once('(')?;
        let path = rest.split('"').nth(1)?.strip_prefix(&root)?;
        Some((name.to_owned(), path.to_owned()))
    };
    text.lines().filter_map(call).collect()
}

/// The calls that look for a path or open it, of which there should be one for each path.
fn looked_at(calls: &[(String, String)]) -> BTreeMap<&str, usize> {
    let mut times = BTreeMap::new();
    for (name, path) in calls {
        if ["stat", "open"].iter().any(|word| name.contains(word)) {
            *times.entry(path.as_str()).or_default() += 1;
        }
    }
    times
}

/// A workspace with this many programs that are components.
fn members(count: usize) -> Project {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"member*\"]\n",
    );
    for at in 0..count {
        let name = format!("member{at}");
        project
            .write(&format!("{name}/Cargo.toml"), manifest(&name, ""))
            .write(&format!("{name}/wit/world.wit"), "package a:b; world w {}")
            .write(&format!("{name}/src/main.rs"), "fn main() {}");
    }
    project
}

#[test]
fn a_build_that_changes_nothing_looks_at_each_file_once() {
    if !is_there("strace") {
        eprintln!("skipped: there is no strace");
        return;
    }
    let of = |count: usize| {
        let project = members(count);
        // The first build creates Cargo.lock and `target`, which the second notices.
        calls(&project, "build");
        calls(&project, "build");
        calls(&project, "build")
    };
    let (one, five) = (of(1), of(5));
    for (path, times) in looked_at(&five) {
        // Cargo's configuration is read before anything is known of the workspace.
        let twice = path.starts_with(".cargo/") || path == "Cargo.toml" || path == "Cargo.lock";
        let most = if twice { 2 } else { 1 };
        assert!(times <= most, "{times} times `{path}`:\n{five:#?}");
    }
    // For each member: its manifest, the places of its targets, its WIT and its repository; the
    // record, the module and the component, and the link to the component.
    let each = (five.len() - one.len()) / 4;
    assert!(each <= 20, "{each} calls for each member:\n{five:#?}");
    let directories = five.iter().filter(|(name, _)| name.contains("mkdir"));
    assert_eq!(directories.count(), 1, "{five:#?}");
}

#[test]
fn a_change_of_code_alone_does_not_link_again_to_check() {
    if !is_there("strace") {
        eprintln!("skipped: there is no strace");
        return;
    }
    let project = Project::empty();
    let part = made(
        "package t:part@1.0.0; world part { export number: func() -> u32; export other: func() -> u32; }",
        "(module
          (func (export \"number\") (result i32) (i32.const 1))
          (func (export \"other\") (result i32) (i32.const 2)))",
    );
    project.write("app/part.wasm", part);
    let code = "mod bindings;\nfn main() { println!(\"{}\", bindings::part::number()); }\n";
    let dependency =
        "[package.metadata.component.dependencies]\n\"t:part\" = { path = \"part.wasm\" }\n";
    program(&project, "app", code, dependency);
    one_target(&project);
    let build = "build --manifest-path app/Cargo.toml";
    let built = || sound(&project.bytes("target/wasm32-wasip1/debug/app.wasm"));
    let reads = || {
        let calls = calls(&project, build);
        built();
        let opened = calls
            .iter()
            .filter(|(name, path)| name.contains("open") && path.ends_with("part.wasm"));
        opened.count()
    };
    run(&project, build).ok();
    assert_eq!(reads(), 0);
    project.replace("app/src/main.rs", "{}", "the number {}");
    assert_eq!(reads(), 0);
    // What it imports is another thing.
    project.replace("app/src/main.rs", "number()", "other()");
    assert!(reads() > 0);
    assert_eq!(reads(), 0);
}
