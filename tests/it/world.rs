//! Which world a package has, and where its parts come from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cargo_component::wit::{self, Request, World};
use cargo_component::{error, system::source};
use wit_parser::{PackageId, Resolve};

use crate::authoring::{RUNTIME, copy, crate_root, library, manifest, wasi_0_2, wasi_0_3};
use crate::support::Project;

/// Loads what is at `path` as the tool does.
fn load(path: &Path, world: Option<&str>) -> error::Result<World> {
    wit::load(Request {
        sources: source::read(path)?,
        fetched: Vec::new(),
        overrides: Vec::new(),
        chosen: Vec::new(),
        pinned: Vec::new(),
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

#[test]
fn binary_packages_give_the_worlds_of_their_text() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases() {
        let Ok((resolve, package)) = load_plainly(&case) else {
            continue;
        };
        // Not all that parses has a binary form.
        let Ok(bytes) = wit_component::encode(&resolve, package, false) else {
            continue;
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("package.wasm");
        std::fs::write(&path, bytes).unwrap();
        for (name, id) in &resolve.packages[package].worlds {
            count += 1;
            match load(&path, Some(name)) {
                Ok(world) if items(&world.resolve, world.id) != items(&resolve, *id) => {
                    wrong.push(format!("{}: another world {name}", case.display()));
                }
                Ok(_) => {}
                Err(error) => wrong.push(format!("{}, {name}: {error:?}", case.display())),
            }
        }
    }
    assert!(count > 70, "only {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn worlds_are_bound_or_refused_for_a_reason() {
    let settings = cargo_component::manifest::BindingsSettings::default();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases() {
        let Ok((resolve, package)) = load_plainly(&case) else {
            continue;
        };
        for name in resolve.packages[package].worlds.keys() {
            let world = load(&case, Some(name)).unwrap();
            count += 1;
            if let Err(error) = wit::bindings::generate(&world, &settings, Default::default()) {
                wrong.push(format!("{}, {name}: {error:?}", case.display()));
            }
        }
    }
    assert!(count > 70, "only {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A WIT package in its binary form, from text with everything it needs.
fn binary(text: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("binary.wit", text).unwrap();
    wit_component::encode(&resolve, package, false).unwrap()
}

/// The bindings after `cargo component bindings`, which must work.
fn bound(project: &Project) -> String {
    project.component("bindings").ok();
    project.read("src/bindings.rs")
}

const DECLARED: &str = "[package.metadata.component.target.dependencies]\n";

#[test]
fn wit_is_taken_from_a_directory_or_a_file_and_from_wit_by_default() {
    let project = library("taken", "");
    project.write("wit/a.wit", "package a:b;\nworld by-default { }");
    project.write("wit/b.wit", "package a:b;\ninterface i { }");
    assert!(bound(&project).contains("by-default"));
    project.write("elsewhere/a.wit", "package a:c;\nworld in-directory { }");
    project.write("one.wit", "package a:d;\nworld in-file { }");
    project.write("one.wasm", binary("package a:e;\nworld in-binary { }"));
    for (path, world) in [
        ("elsewhere", "in-directory"),
        ("one.wit", "in-file"),
        ("one.wasm", "in-binary"),
    ] {
        let section = format!("[package.metadata.component]\ntarget = {{ path = \"{path}\" }}");
        manifest(&project, "taken", &format!("{RUNTIME}\n\n{section}"));
        assert!(bound(&project).contains(world), "{path}");
    }
}

#[test]
fn a_component_can_be_the_target() {
    let project = library(
        "of-component",
        "[package.metadata.component]\ntarget = { path = \"c.wasm\" }",
    );
    project.write("c.wasm", component_with("a:b/i@1.0.0"));
    let bindings = bound(&project);
    assert!(bindings.contains("pub mod i"), "{bindings}");
}

/// A component that imports one interface with a function `f`.
fn component_with(interface: &str) -> Vec<u8> {
    let import = "(instance (export \"f\" (func)))";
    wat::parse_str(format!("(component (import \"{interface}\" {import}))")).unwrap()
}

#[test]
fn the_world_is_chosen_by_its_name_alone_or_in_full() {
    let text = "package a:b@1.0.0;\nworld one { import f: func(); }\nworld two { import g: func(); include c:d/three; }";
    let deps = "package c:d@2.0.0;\nworld three { import h: func(); }";
    for (world, function) in [
        ("one", "pub fn f("),
        ("two", "pub fn g("),
        ("a:b/two@1.0.0", "pub fn g("),
        ("a:b/one", "pub fn f("),
        ("c:d/three@2.0.0", "pub fn h("),
        ("c:d/three", "pub fn h("),
    ] {
        let section = format!("[package.metadata.component]\ntarget = {{ world = \"{world}\" }}");
        let project = library("chosen", &section);
        project
            .write("wit/a.wit", text)
            .write("wit/deps/d.wit", deps);
        let bindings = bound(&project);
        assert!(bindings.contains(function), "{world}: {bindings}");
    }
}

#[test]
fn deps_may_be_files_directories_and_binary_packages() {
    let project = library("kinds", "");
    project
        .write("wit/a.wit", "package a:b;\nworld w { import flat:x/i; import dir:x/i; import bin:x/i; import bin:y/i; }")
        .write("wit/deps/flat.wit", "package flat:x;\ninterface i { flat: func(); }")
        .write("wit/deps/dir/one.wit", "package dir:x;\ninterface i { dir: func() -> j; use k.{j}; }")
        .write("wit/deps/dir/two.wit", "package dir:x;\ninterface k { type j = u8; }")
        // What is nested in `deps` is not looked at, nor what is no WIT.
        .write("wit/deps/dir/deps/bad.wit", "no wit")
        .write("wit/deps/dir/notes.txt", "no wit")
        .write("wit/deps/.DS_Store", [0xff])
        .write("wit/deps/bin.wasm", binary("package bin:x;\ninterface i { use bin:y/i.{t}; bin: func() -> t; }\npackage bin:y { interface i { type t = u8; } }"));
    let bindings = bound(&project);
    for function in ["flat", "dir", "bin"] {
        assert!(
            bindings.contains(&format!("pub fn {function}(")),
            "{function}: {bindings}"
        );
    }
}

#[test]
fn a_second_definition_is_refused_and_text_wins_over_an_enclosed_copy() {
    let project = library("both", "");
    project
        .write("wit/a.wit", "package a:b;\nworld w { import c:d/i; import e:f/i; }")
        .write("wit/deps/d.wit", "package c:d;\ninterface i { from-text: func(); }")
        .write("wit/deps/a.wasm", binary("package c:d;\ninterface i { from-binary: func(); }"))
        // It has a copy of `c:d` inside.
        .write("wit/deps/f.wasm", binary("package e:f;\ninterface i { use c:d/i.{t}; f: func() -> t; }\npackage c:d { interface i { type t = u8; } }"));
    project
        .component("bindings")
        .code(1)
        .says("`c:d`")
        .says("wit/deps/d.wit")
        .says("wit/deps/a.wasm");
    std::fs::remove_file(project.path("wit/deps/a.wasm")).unwrap();
    // What is in the text is all there is, even where a copy has more.
    project
        .component("bindings")
        .code(1)
        .says("type `t` not defined in interface");
    project.write(
        "wit/deps/d.wit",
        "package c:d;\ninterface i { type t = u8; from-text: func(); }",
    );
    let bindings = bound(&project);
    assert!(bindings.contains("fn from_text("), "{bindings}");
    std::fs::remove_file(project.path("wit/deps/d.wit")).unwrap();
    // Now the copy is all there is.
    assert!(bound(&project).contains("pub type T = u8"));
}

#[test]
fn an_entry_of_the_table_overrides_deps_whatever_it_is() {
    let override_text = "package c:d@1.0.0;\ninterface i { overriding: func(); }";
    for (path, content) in [
        ("other/d.wit", override_text.as_bytes().to_vec()),
        ("d.wit", override_text.as_bytes().to_vec()),
        ("d.wasm", binary(override_text)),
    ] {
        for in_deps in ["d.wit", "d.wasm"] {
            let entry = path.split('/').next().unwrap();
            let project = library(
                "overriding",
                &format!("{DECLARED}\"c:d\" = {{ path = \"{entry}\" }}"),
            );
            project.write("wit/a.wit", "package a:b;\nworld w { import c:d/i@1.0.0; }");
            project.write(path, &content);
            let text = "package c:d@1.0.0;\ninterface i { from-deps: func(); }";
            match in_deps {
                "d.wit" => project.write("wit/deps/d.wit", text),
                _ => project.write("wit/deps/d.wasm", binary(text)),
            };
            let bindings = bound(&project);
            assert!(
                bindings.contains("fn overriding("),
                "{path}, {in_deps}: {bindings}"
            );
        }
    }
}

#[test]
fn an_override_hides_one_package_of_a_file_with_several() {
    let project = library(
        "nested",
        &format!("{DECLARED}\"c:d\" = {{ path = \"d.wit\" }}"),
    );
    project
        .write("wit/a.wit", "package a:b;\nworld w { import c:d/i; import e:f/i; }")
        .write("wit/deps/f.wit", "package e:f;\ninterface i { kept: func(); }\npackage c:d { interface i { hidden: func(); } }")
        .write("d.wit", "package c:d;\ninterface i { overriding: func(); }");
    let bindings = bound(&project);
    assert!(
        bindings.contains("fn overriding(") && bindings.contains("fn kept("),
        "{bindings}"
    );
}

#[test]
fn a_component_as_target_dependency_counts_by_its_wit_and_is_noted() {
    let project = library(
        "noted",
        &format!("{DECLARED}\"c:d\" = {{ path = \"c.wasm\" }}"),
    );
    project
        .write("wit/a.wit", "package a:b;\nworld w { import c:d/i@1.0.0; }")
        .write("c.wasm", component_with("c:d/i@1.0.0"));
    let output = project.component("bindings").ok();
    let output = output.says("of which only the WIT is used here");
    output.says("belong in `[package.metadata.component.dependencies]`");
    assert!(project.read("src/bindings.rs").contains("pub mod i"));
}

#[test]
fn a_reference_without_version_takes_the_one_at_hand() {
    let project = library(
        "unversioned",
        &format!("{DECLARED}\"wasi:cli\" = {{ path = \"wasi/cli.wit\" }}\n"),
    );
    let bad = "package a:b;\nworld w { include wasi:cli/command; }";
    project.write("wit/a.wit", bad);
    copy(&wasi_0_2(), &project.path("wasi"));
    // Only the one file is given, and what it needs is missing.
    project
        .component("bindings")
        .code(1)
        .says("not found")
        .says("wasi/cli.wit:");
    copy(&wasi_0_2(), &project.path("wit/deps"));
    // wit-parser alone refuses it.
    assert!(load_plainly(&project.path("wit")).is_err());
    // A second version in `deps` does not make it ambiguous.
    add_wasi_0_3(&project);
    let bindings = bound(&project);
    assert!(bindings.contains("wasi:cli/stdout@0.2.12"), "{bindings}");
    // Without the table it is.
    manifest(&project, "unversioned", RUNTIME);
    project
        .component("bindings")
        .code(1)
        .says("the known versions are `wasi:cli@0.2.12`, `wasi:cli@0.3.2`");
}

/// Adds the files of WASI 0.3 to those of 0.2.
fn add_wasi_0_3(project: &Project) {
    for entry in wasi_0_3().read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let content = std::fs::read(&path).unwrap();
        project.write(&format!("wit/deps/p3-{name}"), content);
    }
}

#[test]
fn a_requirement_chooses_among_the_versions_in_deps() {
    for (requirement, wanted) in [
        ("0.2.0", "wasi:cli/stdout@0.2.12"),
        ("0.3", "wasi:cli/stdout@0.3.2"),
        ("=0.3.2", "wasi:cli/stdout@0.3.2"),
    ] {
        let project = library(
            "requirement",
            &format!("{DECLARED}\"wasi:cli\" = \"{requirement}\"\n"),
        );
        project.write(
            "wit/a.wit",
            "package a:b;\nworld w { import wasi:cli/stdout; }",
        );
        copy(&wasi_0_2(), &project.path("wit/deps"));
        add_wasi_0_3(&project);
        // Nothing of 0.3 is needed for what only lies there.
        if wanted.contains("@0.2") {
            let bindings = bound(&project);
            assert!(bindings.contains(wanted), "{requirement}");
            continue;
        }
        manifest(
            &project,
            "requirement",
            &format!(
                "{}\n\n{DECLARED}\"wasi:cli\" = \"{requirement}\"\n",
                crate::authoring::ASYNC_RUNTIME
            ),
        );
        let bindings = bound(&project);
        assert!(bindings.contains(wanted), "{requirement}");
    }
}

#[test]
fn several_versions_of_a_package_live_in_one_graph() {
    let project = library("versions", "");
    project
        .write("wit/a.wit", "package a:b;\nworld w { import c:d/i@1.0.0; import c:d/i@2.0.0; import e:f/g; }")
        .write("wit/deps/one.wit", "package c:d@1.0.0;\ninterface i { old: func(); }")
        .write("wit/deps/two.wit", "package c:d@2.0.0;\ninterface i { new: func(); }")
        .write("wit/deps/f.wasm", binary("package e:f; interface g { use c:d/i@0.9.0.{t}; older: func() -> t; } package c:d@0.9.0 { interface i { type t = u8; } }"));
    let bindings = bound(&project);
    for text in ["c:d/i@1.0.0", "c:d/i@2.0.0", "pub fn older("] {
        assert!(bindings.contains(text), "{text}: {bindings}");
    }
}

#[test]
fn without_a_table_everything_is_found_from_the_wit() {
    // What lies beside an override serves the override, with a table.
    let project = library("found", "");
    project
        .write("wit/a.wit", "package a:b;\nworld w { import c:d/i; }")
        .write(
            "wit/deps/d.wit",
            "package c:d;\ninterface i { use e:f/g.{t}; i: func() -> t; }",
        )
        .write(
            "wit/deps/f.wit",
            "package e:f;\ninterface g { type t = u8; }",
        );
    assert!(bound(&project).contains("pub type T"));
    let project = library("found", &format!("{DECLARED}\"c:d\" = {{ path = \"c\" }}"));
    project
        .write("wit/a.wit", "package a:b;\nworld w { import c:d/i; }")
        .write(
            "c/d.wit",
            "package c:d;\ninterface i { use e:f/g.{t}; i: func() -> t; }",
        )
        .write("c/deps/f.wit", "package e:f;\ninterface g { type t = u8; }");
    assert!(bound(&project).contains("pub type T"));
}

#[test]
fn gated_items_are_there_when_their_feature_is() {
    let text = "package a:b@1.1.0;
        interface i {
            @since(version = 1.0.0) always: func();
            @unstable(feature = first) one: func();
            @unstable(feature = second) two: func();
            @since(version = 9.0.0) future: func();
        }
        world w { import i; }";
    for (settings, wanted) in [
        ("", [true, false, false]),
        ("features = [\"first\"]", [true, true, false]),
        ("features = [\"second\", \"first\"]", [true, true, true]),
        ("all-features = true", [true, true, true]),
    ] {
        let section = format!("[package.metadata.component.bindings]\n{settings}");
        let project = library("gated", &section);
        project.write(
            "wit/a.wit",
            text.replace("@since(version = 9.0.0) future: func();", ""),
        );
        let bindings = bound(&project);
        let found = ["always", "one", "two"].map(|f| bindings.contains(&format!("pub fn {f}(")));
        assert_eq!(found, wanted, "{settings}");
    }
}

#[test]
fn the_worlds_of_wasi_are_bound() {
    for (dir, world, wanted) in [
        (wasi_0_2(), "wasi:cli/command@0.2.12", "wasi:cli/run@0.2.12"),
        (
            wasi_0_2(),
            "wasi:http/proxy@0.2.12",
            "wasi:http/incoming-handler@0.2.12",
        ),
        (wasi_0_3(), "wasi:cli/command@0.3.2", "wasi:cli/run@0.3.2"),
        (
            wasi_0_3(),
            "wasi:http/service@0.3.2",
            "wasi:http/handler@0.3.2",
        ),
    ] {
        let project = Project::empty();
        manifest(&project, "wasi", crate::authoring::ASYNC_RUNTIME);
        project.write("src/lib.rs", "");
        copy(&dir, &project.path("wit/deps"));
        project.write(
            "wit/world.wit",
            format!("package a:b;\nworld w {{ include {world}; }}"),
        );
        let bindings = bound(&project);
        assert!(bindings.contains(wanted), "{world}");
        if world.contains("@0.3") {
            assert!(bindings.contains("async fn "), "{world}");
        }
    }
}
