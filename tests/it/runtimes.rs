//! The releases of runtime crates that bindings run on: what `runtimes.txt`
//! says was tried with cargo, one by one, by the ignored test.

use std::fmt::Write as _;
use std::path::Path;

use crate::authoring::{manifest, share_target};
use crate::golden;
use crate::support::Project;

/// The minor versions of each crate that were tried.
const RELEASES: &[(&str, std::ops::RangeInclusive<u32>)] =
    &[("wit-bindgen-rt", 21..=44), ("wit-bindgen", 16..=63)];

/// Worlds, with the code that implements them.
const WORLDS: &[(&str, &str, &str)] = &[
    (
        "numbers",
        "world w { export f: func(a: u32) -> u32; }",
        "impl bindings::Guest for C { fn f(a: u32) -> u32 { a } }",
    ),
    (
        "lists",
        "world w { import log: func(m: list<option<string>>); export f: func(x: list<string>) -> list<string>; }",
        "impl bindings::Guest for C { fn f(x: Vec<String>) -> Vec<String> { bindings::log(&[Some(\"a\".into()), None]); x } }",
    ),
    (
        "resources",
        "interface i { resource r { constructor(n: u32); get: func() -> u32; } } world w { import i; export i; }",
        "struct R(u32); impl bindings::exports::a::b::i::Guest for C { type R = R; } impl bindings::exports::a::b::i::GuestR for R { fn new(n: u32) -> Self { R(n) } fn get(&self) -> u32 { self.0 } }",
    ),
    (
        "flags",
        "interface i { flags fl { a, b } f: func(x: fl) -> fl; } world w { import i; export i; }",
        "use bindings::exports::a::b::i; impl i::Guest for C { fn f(x: i::Fl) -> i::Fl { x } }",
    ),
    (
        "async",
        "world w { export f: async func(a: u32) -> u32; }",
        "impl bindings::Guest for C { async fn f(a: u32) -> u32 { a } }",
    ),
];

/// What the table has for one crate, release and world.
fn outcome(project: &Project, crate_: &str, minor: u32, world: (&str, &str)) -> &'static str {
    let (wit, code) = world;
    let features = match crate_ {
        "wit-bindgen-rt" if minor < 23 => "features = []",
        "wit-bindgen-rt" => "features = [\"bitflags\"]",
        _ if minor < 45 => "default-features = false, features = [\"realloc\"]",
        _ => "default-features = false, features = [\"realloc\", \"std\", \"bitflags\", \"async\"]",
    };
    let name = format!("runtime-{crate_}-{minor}");
    let dependency = format!("{crate_} = {{ version = \"0.{minor}\", {features} }}");
    manifest(
        project,
        &name,
        &format!("{dependency}\n\n[package.metadata.component]\n"),
    );
    project
        .write("wit/w.wit", format!("package a:b;\n{wit}\n"))
        .write("src/lib.rs", format!("#[allow(warnings)]\nmod bindings;\n#[allow(dead_code)]\nstruct C;\n{code}\nbindings::export!(C with_types_in bindings);\n"));
    let bound = project.component("bindings");
    if bound.code != 0 {
        assert!(
            bound.stderr.contains("help: run `cargo add"),
            "{}",
            bound.stderr
        );
        return "refused";
    }
    let checked = project.cargo("check --target wasm32-wasip1");
    match checked.code {
        0 => "runs",
        _ if checked.stderr.contains("failed to select a version") => "no such release",
        _ => "fails",
    }
}

/// The rows of the table that were recorded.
fn recorded() -> Vec<(String, Vec<String>)> {
    let rows = include_str!("runtimes.txt").lines().skip(1);
    rows.map(|row| {
        let (name, cells) = row.split_at(22);
        let cells = cells
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty());
        (name.trim().to_owned(), cells.map(str::to_owned).collect())
    })
    .collect()
}

#[test]
fn what_was_tried_is_run_or_refused() {
    let rows = recorded();
    assert!(rows.len() > 60, "{}", rows.len());
    for (name, cells) in rows {
        let gone = cells.iter().all(|cell| cell == "no such release");
        for cell in &cells {
            assert!(
                gone || cell == "runs" || cell == "refused",
                "{name}: {cell}"
            );
        }
    }
}

#[test]
#[ignore = "compiles some hundred crates"]
fn every_release_runs_or_is_refused() {
    let mut table = format!("{:22}", "");
    for (world, ..) in WORLDS {
        let _ = write!(table, "{world:17}");
    }
    for (crate_, minors) in RELEASES {
        for minor in minors.clone() {
            let project = Project::empty();
            share_target(&project);
            let _ = write!(table, "\n{:22}", format!("{crate_} 0.{minor}"));
            for (_, wit, code) in WORLDS {
                let cell = outcome(&project, crate_, minor, (wit, code));
                let _ = write!(table, "{cell:17}");
            }
        }
    }
    let table: String = table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/runtimes.txt");
    golden::assert(&path, &table);
}
