//! The parts of the book that are made from the program are as the program is.

#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]
#![allow(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod golden;

use std::fs;
use std::path::{Path, PathBuf};

use cargo_component::cli::reference::{Generated, reference};
use cargo_component::env;
use cargo_component::manifest::{ManifestFile, read, read_workspace};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file with the generated text in its place.
fn with(old: &str, generated: &Generated) -> String {
    match generated.part {
        Some(part) => golden::with_part(old, part, &generated.text),
        None => generated.text.clone(),
    }
}

#[test]
fn the_book_is_as_the_program_is() {
    let mut stale = Vec::new();
    for generated in reference() {
        let path = root().join("docs/src").join(generated.path);
        let old = fs::read_to_string(&path).unwrap_or_default();
        stale.extend(golden::check(&path, &with(&old, &generated)).err());
    }
    assert!(stale.is_empty(), "\n{}", stale.join("\n"));
}

fn sources(dir: PathBuf) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => text.push_str(&sources(path)),
            false => text.push_str(&fs::read_to_string(path).unwrap()),
        }
    }
    text
}

#[test]
fn every_declared_variable_is_read() {
    let text = sources(root().join("src"));
    for variable in env::ALL {
        // The first is how all modules say it but `env` itself.
        let reads = [
            format!("env::{}", variable.name),
            format!("self.get({})", variable.name),
        ];
        let read = reads.iter().any(|read| text.contains(read));
        assert!(read, "nothing reads {}", variable.name);
    }
}

#[test]
fn the_examples_of_manifests_are_right() {
    let page = fs::read_to_string(root().join("docs/src/manifest.md")).unwrap();
    let blocks = page.split("```toml\n").skip(1);
    let examples: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|text| ManifestFile::new("Cargo.toml", text))
        .collect();
    assert!(examples.len() >= 5);
    let is_workspace = |file: &&ManifestFile| file.text.contains("[workspace.");
    let shared = examples.iter().find(is_workspace).unwrap();
    let shared = read_workspace(shared).unwrap();
    for example in examples {
        read(example.clone(), &shared).unwrap_or_else(|e| panic!("{}{e:?}", example.text));
    }
}
