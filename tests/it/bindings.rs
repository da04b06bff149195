//! The bindings that are generated: where, when, and what the settings do.

use std::path::Path;

use crate::authoring::{
    ASYNC_RUNTIME, RUNTIME, component, copy, library, manifest, share_target, snapshot, wasi_0_3,
};
use crate::support::Project;

/// A world with something for every setting.
const WORLD: &str = "package a:b;

interface types {
    record unused { n: u32 }
    record pair { left: string, right: list<string> }
}

interface imported {
    use types.{pair};
    record only-taken { text: string }
    give: func(what: only-taken);
    fail: func() -> result<_, pair>;
    take: func(text: string, what: pair) -> pair;
    wait: async func() -> u32;
}

world w {
    import imported;
    import c:d/i;
    import skipped: func();
    export run: func() -> string;
    export wait: async func();
}
";

/// The bindings of [`WORLD`] with these settings.
fn with_settings(settings: &str) -> String {
    let project = project_with(settings);
    project.component("bindings").ok();
    project.read("src/bindings.rs")
}

fn project_with(settings: &str) -> Project {
    let project = Project::empty();
    let section = format!("[package.metadata.component.bindings]\n{settings}");
    manifest(&project, "set", &format!("{ASYNC_RUNTIME}\n\n{section}"));
    project
        .write("src/lib.rs", "")
        .write("wit/a.wit", WORLD)
        .write(
            "wit/deps/d.wit",
            "package c:d;\ninterface i { other: func(); }",
        );
    project
}

#[test]
fn each_setting_shows_in_what_is_generated() {
    let default = with_settings("");
    let mut wrong = Vec::new();
    // Each with what it adds and what it takes away.
    for (setting, adds, removes) in [
        ("format = false", "", "\n    pub mod b {"),
        ("ownership = \"borrowing\"", "OnlyTaken<'a>", ""),
        (
            "ownership = \"borrowing-duplicate-if-necessary\"",
            "PairParam<'a>",
            "",
        ),
        ("derives = [\"Hash\"]", "Hash", ""),
        ("std_feature = true", "#[cfg(feature = \"std\")]", ""),
        ("raw_strings = true", "text: &[u8]", "text: &str"),
        ("skip = [\"skipped\"]", "", "pub fn skipped("),
        ("stubs = true", "pub struct Stub", ""),
        ("export_prefix = \"pre-\"", "\"pre-run\"", "\"run\""),
        ("with = { \"c:d/i\" = \"crate::own\" }", "", "pub fn other("),
        ("type_section_suffix = \"-more\"", "-more", ""),
        (
            "disable_run_ctors_once_workaround = true",
            "",
            "run_ctors_once",
        ),
        (
            "default_bindings_module = \"crate::bindings\"",
            "crate ::bindings::export!(",
            "",
        ),
        (
            "export_macro_name = \"give\"",
            "__export_w_impl as give",
            "__export_w_impl as export",
        ),
        ("pub_export_macro = true", "#[macro_export]", ""),
        ("generate_unused_types = true", "pub struct Unused", ""),
        (
            "disable_custom_section_link_helpers = true",
            "",
            "__link_custom_section",
        ),
        ("async = false", "pub fn wait(", "pub async fn wait("),
        (
            "async = [\"import:a:b/imported#wait\"]",
            "pub fn wait(",
            "pub async fn wait(",
        ),
    ] {
        let text = with_settings(setting);
        let gone = removes.is_empty() || default.contains(removes) && !text.contains(removes);
        let new = adds.is_empty() || !default.contains(adds) && text.contains(adds);
        if !gone || !new || text == default {
            let lines: Vec<_> = text
                .lines()
                .filter(|line| !default.contains(line))
                .collect();
            wrong.push(format!("{setting}:\n{}", lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn settings_that_do_not_fit_the_world_say_what_to_change() {
    for (setting, hint) in [
        (
            "generate_all = false",
            "remove `generate_all = false` under",
        ),
        (
            "async = [\"nothing\"]",
            "no async function `nothing`: correct `async`",
        ),
        ("derive = [\"Hash\"]", "did you mean `derives`?"),
    ] {
        let project = project_with(setting);
        let before = snapshot(&project);
        project.component("bindings").code(1).says(hint);
        assert!(before == snapshot(&project), "{setting}");
    }
}

#[test]
fn settings_come_from_the_workspace_key_by_key() {
    let project = Project::empty();
    project
        .write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n[workspace.metadata.component.bindings]\nderives = [\"Hash\"]\nstubs = true\npath = \"src/made.rs\"\n")
        .write("one/src/lib.rs", "")
        .write("two/src/lib.rs", "")
        .write("one/wit/a.wit", WORLD)
        .write("two/wit/a.wit", WORLD)
        .write("one/wit/deps/d.wit", "package c:d;\ninterface i { other: func(); }")
        .write("two/wit/deps/d.wit", "package c:d;\ninterface i { other: func(); }");
    for (name, own) in [("one", ""), ("two", "stubs = false\npath = \"src/own.rs\"")] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{ASYNC_RUNTIME}\n\n[package.metadata.component.bindings]\n{own}\n"
        );
        project.write(&format!("{name}/Cargo.toml"), manifest);
    }
    project.component("bindings --workspace").ok();
    let (one, two) = (
        project.read("one/src/made.rs"),
        project.read("two/src/own.rs"),
    );
    assert!(one.contains("Hash") && two.contains("Hash"));
    assert!(one.contains("pub struct Stub") && !two.contains("pub struct Stub"));
}

#[test]
fn bindings_lie_where_the_manifest_says() {
    for path in [
        "src/bindings.rs",
        "src/generated/world.rs",
        "generated.rs",
        "../shared.rs",
    ] {
        let project = Project::empty();
        let section = match path {
            "src/bindings.rs" => String::new(),
            path => format!("[package.metadata.component.bindings]\npath = \"{path}\""),
        };
        project
            .write("c/Cargo.toml", "")
            .write("c/wit/a.wit", "package a:b;\nworld w { }")
            .write("c/src/lib.rs", "");
        let text = format!(
            "[package]\nname = \"placed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{RUNTIME}\n{section}\n"
        );
        project.write("c/Cargo.toml", text);
        project
            .component("bindings --manifest-path c/Cargo.toml")
            .ok()
            .says("Generating bindings for placed (");
        let text = project.read(&format!("c/{path}"));
        let header = format!(
            "// Generated by `cargo component` {} with wit-bindgen 0.63.0.\n",
            env!("CARGO_PKG_VERSION")
        );
        assert!(text.starts_with(&header), "{path}: {text}");
    }
}

#[test]
fn bindings_are_written_only_when_they_change() {
    let project = library("changed", "");
    project.write("wit/a.wit", "package a:b;\nworld w { import f: func(); }");
    project
        .component("bindings --check")
        .code(1)
        .says("are not up to date")
        .says("run `cargo component bindings`");
    assert!(!project.has("src/bindings.rs"));
    project.component("bindings").ok().says("Generating");
    let path = project.path("src/bindings.rs");
    let written = || std::fs::metadata(&path).unwrap().modified().unwrap();
    let first = written();
    // Other spelling, same world.
    project.write(
        "wit/a.wit",
        "package a:b;\n// Said.\nworld w {\n  import f: func();\n}",
    );
    project.component("bindings").ok().silent_on("Generating");
    project.component("bindings --check").ok();
    assert_eq!(written(), first);
    project.write("wit/a.wit", "package a:b;\nworld w { import g: func(); }");
    let before = snapshot(&project);
    project
        .component("bindings --check")
        .code(1)
        .says("`changed`");
    assert!(before == snapshot(&project));
    project.component("bindings").ok().says("Generating");
    assert!(project.read("src/bindings.rs").contains("pub fn g("));
    // What somebody changed by hand is made right.
    project.replace("src/bindings.rs", "pub fn g(", "pub fn h(");
    project.component("bindings --check").code(1);
    project.component("bindings").ok().says("Generating");
    project.component("bindings --check").ok();
}

#[test]
fn bindings_of_selected_packages_only() {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"one\", \"two\", \"three\"]\nresolver = \"3\"\n",
    );
    for name in ["one", "two", "three"] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{RUNTIME}\n"
        );
        project
            .write(&format!("{name}/Cargo.toml"), manifest)
            .write(&format!("{name}/src/lib.rs"), "")
            .write(&format!("{name}/wit/a.wit"), "package a:b;\nworld w { }");
    }
    let bound =
        || ["one", "two", "three"].map(|name| project.has(&format!("{name}/src/bindings.rs")));
    project.component("bindings -p two").ok();
    assert_eq!(bound(), [false, true, false]);
    project
        .component("bindings --workspace --exclude three --check")
        .code(1);
    assert_eq!(bound(), [false, true, false]);
    project
        .component("bindings --workspace --exclude three")
        .ok();
    assert_eq!(bound(), [true, true, false]);
    project.component("bindings --workspace").ok();
    assert_eq!(bound(), [true, true, true]);
    project.component("bindings -p four").code(1).says("`four`");
}

/// Names of a component's imports and exports, with their attributes.
fn attributes(component: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            wasmparser::Payload::ComponentImportSection(imports) => {
                found.extend(
                    imports
                        .into_iter()
                        .map(|i| format!("import {:?}", i.unwrap().name)),
                );
            }
            wasmparser::Payload::ComponentExportSection(exports) => {
                found.extend(
                    exports
                        .into_iter()
                        .map(|e| format!("export {:?}", e.unwrap().name)),
                );
            }
            _ => {}
        }
    }
    found
}

#[test]
fn attributes_are_in_the_component_and_not_in_the_bindings() {
    let name = "with-attributes";
    let project = library(name, "[package.metadata.component]");
    share_target(&project);
    project
        .write("wit/a.wit", "package a:b;\ninterface i { f: func() -> u32; }\nworld w {\n  @external-id(\"urn:somewhere\") import first: i;\n  import second: i;\n  export third: i;\n}")
        .write("src/lib.rs", "#[allow(warnings)]\nmod bindings;\nstruct Component;\nimpl bindings::exports::third::Guest for Component {\n    fn f() -> u32 { bindings::first::f() + bindings::second::f() }\n}\nbindings::export!(Component with_types_in bindings);\n");
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        project.component(&format!("build --target {target}")).ok();
        let bindings = project.bytes("src/bindings.rs");
        assert!(!String::from_utf8_lossy(&bindings).contains("urn:somewhere"));
        let found = attributes(&component(target, "with_attributes.wasm")).join("\n");
        for text in ["urn:somewhere", "first", "second", "third"] {
            assert!(found.contains(text), "{target}: {text}: {found}");
        }
        assert_eq!(
            found.matches("implements: Some(\"a:b/i\")").count(),
            3,
            "{target}: {found}"
        );
    }
}
