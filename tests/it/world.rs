//! Which world a package has, and where its parts come from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cargo_component::wit::{self, Request, World};
use cargo_component::{advice, source};
use wit_parser::{PackageId, Resolve};

use crate::authoring::crate_root;

/// Loads what is at `path` as the tool does.
fn load(path: &Path, world: Option<&str>) -> advice::Result<World> {
    wit::load(Request {
        sources: source::read(path)?,
        overrides: Vec::new(),
        chosen: Vec::new(),
        declared: false,
        world,
        features: &["active".to_owned()],
        all_features: false,
    })
}

/// Loads it as wit-parser does by itself.
fn load_plainly(path: &Path) -> Result<(Resolve, PackageId), String> {
    let mut resolve = Resolve::new();
    resolve.features.insert("active".to_owned());
    match resolve.push_path(path) {
        Ok((package, _)) => Ok((resolve, package)),
        Err(error) => Err(resolve.render_error(&error)),
    }
}

/// The cases of wit-parser's own tests, those that must fail among them.
fn cases() -> Vec<PathBuf> {
    let root = crate_root("wit-parser").join("tests/ui");
    let mut cases = Vec::new();
    for dir in [root.clone(), root.join("parse-fail")] {
        for entry in dir.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let file = ["wit", "wat", "wasm"]
                .iter()
                .any(|e| path.extension().is_some_and(|x| x == *e));
            if (path.is_dir() || file) && !path.ends_with("parse-fail") {
                cases.push(path);
            }
        }
    }
    cases.sort();
    cases
}

/// What a world imports and exports, by name.
fn items(resolve: &Resolve, world: wit_parser::WorldId) -> (Vec<String>, Vec<String>) {
    let world = &resolve.worlds[world];
    let names = |items: &wit_parser::IndexMap<wit_parser::WorldKey, wit_parser::WorldItem>| {
        items
            .keys()
            .map(|key| resolve.name_world_key(key))
            .collect()
    };
    (names(&world.imports), names(&world.exports))
}

#[test]
fn wit_is_accepted_where_wit_parser_accepts_it() {
    let cases = cases();
    assert!(cases.len() > 230, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let shown = case.display();
        let theirs = load_plainly(&case);
        let Ok(ours) = catch_unwind(AssertUnwindSafe(|| load(&case, None))) else {
            wrong.push(format!("{shown}: panicked"));
            continue;
        };
        match (theirs, ours) {
            (Ok((resolve, package)), ours) => {
                let chosen = resolve.select_world(&[package], None).is_ok();
                match ours {
                    Ok(_) if !chosen => wrong.push(format!("{shown}: chose a world")),
                    Ok(_) => {}
                    Err(error) if !chosen && error.message().starts_with("failed to select") => {}
                    Err(error) => wrong.push(format!("{shown}: {error:?}")),
                }
                for (name, id) in &resolve.packages[package].worlds {
                    match load(&case, Some(name)) {
                        Ok(world) if items(&world.resolve, world.id) != items(&resolve, *id) => {
                            wrong.push(format!("{shown}: another world {name}"));
                        }
                        Ok(_) => {}
                        Err(error) => wrong.push(format!("{shown}, {name}: {error:?}")),
                    }
                }
            }
            (Err(_), Err(error)) if !error.message().starts_with("failed to select") => {}
            (Err(theirs), _) => wrong.push(format!("{shown}: accepted, but {theirs}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
