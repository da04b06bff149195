//! Rules about the code, each a test that names file, line and what is wrong.
//!
//! The tables here are the rules; the files under `tests/tidy/` read the
//! source. `docs/src/architecture.md` and `docs/src/style.md` give the reasons.

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/functions.rs"]
mod functions;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/lock.rs"]
mod lock;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/rules.rs"]
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{Door, Floor, Source};

/// The floors of `src/`, lowest first. A module imports from lower floors, and
/// beside itself only what stands behind its name. Modules may be named here
/// before they exist.
const FLOORS: &[Floor] = &[
    Floor {
        name: "base",
        modules: &[("base", &[])],
    },
    Floor {
        name: "model",
        modules: &[("model", &[])],
    },
    Floor {
        name: "system",
        modules: &[("system", &[])],
    },
    Floor {
        name: "pipeline",
        modules: &[("pipeline", &[]), ("build_script", &[])],
    },
    Floor {
        name: "operations",
        modules: &[("ops", &[])],
    },
    Floor {
        name: "user",
        modules: &[("cli", &[]), ("embed", &["cli"]), ("main", &["cli"])],
    },
];

/// What only the named files (or folders, with a slash at the end) may reach.
const DOORS: &[Door] = &[
    Door {
        path: "std::fs",
        open_to: &["system/fs.rs", "system/fs/"],
        instead: "use `crate::system::fs`",
    },
    Door {
        path: "tokio::fs",
        open_to: &["system/fs.rs", "system/fs/"],
        instead: "use `crate::system::fs`",
    },
    Door {
        path: "std::env",
        open_to: &["system/env.rs", "system/context.rs", "main.rs"],
        instead: "use `crate::system::env::Env` or `Context`",
    },
    Door {
        path: "std::process::Command",
        open_to: &["system/process.rs"],
        instead: "use `crate::system::process::Exec`",
    },
    Door {
        path: "tokio::process",
        open_to: &["system/process.rs"],
        instead: "use `crate::system::process::Exec`",
    },
    Door {
        path: "wit_component::decode",
        open_to: &["model/wit/decode.rs"],
        instead: "use `crate::model::wit::decode`",
    },
    Door {
        path: "wit_parser::decoding::decode",
        open_to: &["model/wit/decode.rs"],
        instead: "use `crate::model::wit::decode`",
    },
    Door {
        path: "std::panic::catch_unwind",
        open_to: &["base/error.rs"],
        instead: "use `crate::base::error::guarded`",
    },
    Door {
        path: "clap",
        open_to: &["cli/", "main.rs"],
        instead: "hand plain values to what lies below `cli`",
    },
];

/// Names and macros a floor does without: floor, what, why.
const BANNED: &[(&str, &str, &str)] = &[
    ("model", "async", "the domain is synchronous"),
    ("model", "std::process", "the domain is pure"),
    ("model", "std::net", "the domain is pure"),
    ("operations", "print!", "say it through `Shell`"),
    ("operations", "println!", "say it through `Shell`"),
    ("operations", "eprint!", "say it through `Shell`"),
    ("operations", "eprintln!", "say it through `Shell`"),
];

/// Names and macros no file may hold.
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 80;
const PARAMETERS: usize = 5;
const BOOL_PARAMETERS: usize = 1;

/// What may be over budget: file below `src/`, function (empty for the file
/// itself), reason. One that is no longer needed fails.
const OVER_BUDGET: &[(&str, &str, &str)] = &[];

/// The crates that move in one step with the generator of bindings.
const WASM_TOOLS: &[&str] = &[
    "wit-parser",
    "wit-component",
    "wasmparser",
    "wasm-encoder",
    "wasm-metadata",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

/// Every file below `dir` that `wanted` takes, sorted, relative to `dir`, with
/// slashes; hidden folders (but `.ci`) and those called `target` are left out.
fn files(dir: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(dir.join(&folder)).expect("a folder that was just listed");
        for entry in entries {
            let entry = entry.expect("an entry of a readable folder");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            let kind = entry.file_type().expect("the kind of an entry");
            if kind.is_file() && wanted(&name) {
                found.push(path.to_string_lossy().replace('\\', "/"));
            } else if kind.is_dir() && name != "target" && (!name.starts_with('.') || name == ".ci")
            {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The sources below `src/`.
fn sources() -> Vec<Source> {
    files(&root().join("src"), &|name| name.ends_with(".rs"))
        .into_iter()
        .map(|file| {
            let text = read(&format!("src/{file}"));
            Source::new(&file, &text)
        })
        .collect()
}

/// Fails with every complaint.
#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_import_from_lower_floors() {
    none(
        sources()
            .iter()
            .flat_map(|s| rules::floors(s, FLOORS))
            .collect(),
    );
}

#[test]
fn every_module_has_a_floor() {
    none(rules::homeless(&sources(), FLOORS));
}

#[test]
fn floors_do_without_what_they_must() {
    none(
        sources()
            .iter()
            .flat_map(|s| rules::banned(s, FLOORS, BANNED))
            .collect(),
    );
}

#[test]
fn the_outside_is_reached_through_its_doors() {
    none(
        sources()
            .iter()
            .flat_map(|s| rules::doors(s, DOORS))
            .collect(),
    );
}

#[test]
fn the_library_root_is_a_map() {
    none(rules::logic_in_the_root(&sources()));
}

#[test]
fn files_and_functions_keep_their_budget() {
    let limits = rules::Limits {
        file_lines: FILE_LINES,
        function_lines: FUNCTION_LINES,
        parameters: PARAMETERS,
        bools: BOOL_PARAMETERS,
    };
    none(rules::budget(&sources(), &limits, OVER_BUDGET));
}

#[test]
fn nothing_is_left_unfinished() {
    none(
        sources()
            .iter()
            .flat_map(|s| rules::unfinished(s, UNFINISHED))
            .collect(),
    );
}

#[test]
fn wasm_tools_are_one_generation() {
    none(lock::one_generation(&read("Cargo.lock"), WASM_TOOLS));
}

#[test]
fn packages_come_from_the_standard_registry() {
    for lock in ["Cargo.lock", "fuzz/Cargo.lock", "tests/warg/Cargo.lock"] {
        none(lock::foreign_sources(lock, &read(lock)));
    }
}

#[test]
fn the_changelog_speaks_of_this_version() {
    none(documents::changelog(
        &read("CHANGELOG.md"),
        env!("CARGO_PKG_VERSION"),
    ));
}

#[test]
fn the_book_lists_its_pages() {
    let pages = files(&root().join("docs/src"), &|name| name.ends_with(".md"));
    none(documents::book(&read("docs/src/SUMMARY.md"), &pages));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut complaints = Vec::new();
    for page in files(root(), &|name| name.ends_with(".md")) {
        let here = root().join(&page);
        let exists = |link: &str| here.with_file_name(link).exists();
        complaints.extend(documents::links(&page, &read(&page), &exists));
    }
    none(complaints);
}

#[test]
fn the_floors_in_the_book_are_the_table() {
    none(documents::floors(&read("docs/src/architecture.md"), FLOORS));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut complaints = Vec::new();
    for file in files(root(), &|_| true) {
        if let Ok(text) = fs::read_to_string(root().join(&file)) {
            complaints.extend(documents::private_paths(&file, &text));
        }
    }
    none(complaints);
}
