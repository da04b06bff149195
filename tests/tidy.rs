//! Rules about the code, each a test that names file, line and what is wrong.
//!
//! The tables here are the rules; the files under `tests/tidy/` read the
//! source. `docs/src/architecture.md` and `docs/src/style.md` give the reasons.

#[path = "tidy/documents.rs"]
mod documents;
mod golden;
#[path = "tidy/graph.rs"]
mod graph;
#[path = "tidy/lock.rs"]
mod lock;
#[path = "tidy/picture.rs"]
mod picture;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rules::{Door, Floor, Limits, Order};
use source::Source;

/// The floors of `src/`, lowest first. A module imports from its own floor and
/// the lower ones.
const FLOORS: &[Floor] = &[
    Floor {
        name: "base",
        modules: &["base"],
        holds: "errors, names of packages, progress, retries",
    },
    Floor {
        name: "model",
        modules: &["model"],
        holds: "manifests, lock files, worlds, components: values, no outside",
    },
    Floor {
        name: "system",
        modules: &["system"],
        holds: "the outside, one door each",
    },
    Floor {
        name: "pipeline",
        modules: &["pipeline"],
        holds: "what verbs share, in the order of data",
    },
    Floor {
        name: "operations",
        modules: &["ops"],
        holds: "one module a verb",
    },
    Floor {
        name: "user",
        modules: &["cli"],
        holds: "arguments in, exit code out",
    },
    Floor {
        name: "entries",
        modules: &["main", "embed", "build_script"],
        holds: "the program, programs that embed it, build scripts",
    },
];

/// The modules of `pipeline` in the order in which data passes, each with those
/// beside it that it may import.
const PIPELINE: Order = &[
    ("wit_deps", &[]),
    ("project", &[]),
    ("fetch", &["wit_deps", "project"]),
    ("link", &["wit_deps", "project", "fetch"]),
    ("build", &["wit_deps", "project", "fetch", "link"]),
    ("launch", &["wit_deps", "project", "fetch", "link", "build"]),
    ("release", &["project", "fetch"]),
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
        path: "notify",
        open_to: &["system/watch.rs"],
        instead: "use `crate::system::watch`",
    },
    Door {
        path: "clap",
        open_to: &["cli/", "main.rs"],
        instead: "hand plain values to what lies below `cli`",
    },
];

/// Words, paths and macros that a folder does without: folder, what, why.
const BANNED: &[(&str, &str, &str)] = &[
    ("model", "async", "the domain is synchronous"),
    ("model", "std::process", "the domain is pure"),
    ("model", "std::net", "the domain is pure"),
    ("pipeline", "println!", "say it through `Shell`"),
    ("pipeline", "eprintln!", "say it through `Shell`"),
    ("ops", "println!", "say it through `Shell`"),
    ("ops", "eprintln!", "say it through `Shell`"),
];

/// Macros no file may hold.
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];

const LIMITS: Limits = Limits {
    file_lines: 500,
    function_lines: 80,
    parameters: 5,
    bools: 1,
};

/// The least number of words that a doc comment has.
const DOC_WORDS: usize = 4;

/// The crates that move in one step with the generator of bindings.
const WASM_TOOLS: &[&str] = &[
    "wit-parser",
    "wit-component",
    "wasmparser",
    "wasm-encoder",
    "wasm-metadata",
];

/// What is in the package that is published: files, and folders with a slash at the end.
/// Cargo adds the first two.
const PACKED: &[&str] = &[
    ".cargo_vcs_info.json",
    "Cargo.toml.orig",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "examples/",
    "src/",
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

/// The sources below `src/`, read once.
fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        files(&root().join("src"), &|name| name.ends_with(".rs"))
            .iter()
            .map(|file| Source::new(file, &read(&format!("src/{file}"))))
            .collect()
    })
}

/// Fails with every complaint.
#[track_caller]
fn none(complaints: Vec<String>) {
    let count = complaints.len();
    assert!(count == 0, "{count}:\n{}\n", complaints.join("\n"));
}

/// Fails with every complaint about one of the sources.
#[track_caller]
fn none_of_them(rule: impl Fn(&Source) -> Vec<String>) {
    none(sources().iter().flat_map(rule).collect());
}

#[test]
fn folders_import_downwards() {
    none_of_them(|source| rules::floors(source, FLOORS));
}

#[test]
fn the_pipeline_imports_in_the_order_of_data() {
    none_of_them(|source| rules::order(source, "pipeline", PIPELINE));
}

#[test]
fn files_import_in_no_circle() {
    none(graph::circles(sources()));
}

#[test]
fn every_module_of_ops_is_a_verb() {
    none(rules::without_a_command(sources()));
}

#[test]
fn folders_do_without_what_they_must() {
    none_of_them(|source| rules::banned(source, BANNED));
}

#[test]
fn the_outside_is_reached_through_its_doors() {
    none_of_them(|source| rules::doors(source, DOORS));
}

#[test]
fn the_library_root_is_a_map() {
    none_of_them(rules::logic_in_the_root);
}

#[test]
fn files_and_functions_keep_their_budget() {
    none_of_them(|source| rules::budget(source, &LIMITS));
}

#[test]
fn a_folder_has_one_type_of_a_name() {
    none(rules::names_twice(sources()));
}

#[test]
fn doc_comments_promise_something() {
    none_of_them(|source| rules::short_docs(source, DOC_WORDS));
}

#[test]
fn nothing_is_left_unfinished() {
    none_of_them(|source| rules::unfinished(source, UNFINISHED));
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
fn what_names_the_version_follows_it() {
    let mut complaints = Vec::new();
    let wanted =
        |name: &str| name.ends_with(".md") || ["Cargo.lock", "bindings.rs"].contains(&name);
    for file in files(root(), &wanted) {
        let version = env!("CARGO_PKG_VERSION");
        complaints.extend(documents::versions(&file, &read(&file), version));
    }
    none(complaints);
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "only cargo knows what it would pack"
)]
fn the_package_has_what_users_need() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let listed = String::from_utf8_lossy(&output.stdout).replace('\\', "/");
    none(documents::packed(&listed, PACKED));
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
fn the_book_shows_the_house_as_it_is() {
    let page = "docs/src/architecture.md";
    let picture = picture::mermaid(FLOORS, "pipeline", PIPELINE);
    let text = golden::with_part(&read(page), "house", &picture);
    golden::assert(&root().join(page), &text);
}

#[test]
fn pages_for_contributors_name_files_that_exist() {
    let mut complaints = Vec::new();
    for page in ["architecture", "contributing", "style"] {
        let page = format!("docs/src/{page}.md");
        let exists = |path: &str| root().join(path).exists();
        complaints.extend(documents::paths(&page, &read(&page), &exists));
    }
    none(complaints);
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

#[test]
fn a_file_that_differs_is_shown_with_how_to_write_it() {
    let shown = golden::difference(&root().join("a/b.txt"), "one\ntwo\n", "one\nthree\n");
    assert_eq!(
        shown,
        "a/b.txt is not what came out:\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n\n\
         If the change is right, write the file by\n    BLESS=1 cargo test --test tidy \
         a_file_that_differs_is_shown_with_how_to_write_it\nand review it like code."
    );
}
