//! The bindings that are generated: where, when, and what the settings do.

use crate::authoring::{
    ASYNC_RUNTIME, RUNTIME, component, library, manifest, share_target, snapshot,
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
    resource r { set: func(to: u32); }
    flags bits { one, two }
    mark: func(what: bits, named: map<string, u32>);
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
        ("derives = [\"Hash\"]", "#[derive(Clone, Hash)]", ""),
        (
            "derives = [\"Hash\"]\nadditional_derives_ignore = [\"only-taken\"]",
            "#[derive(Clone, Hash)]\n            pub struct Pair",
            "",
        ),
        (
            "additional_type_attributes = { \"a:b/types/pair\" = \"#[non_exhaustive]\" }",
            "#[non_exhaustive]",
            "",
        ),
        (
            "additional_member_attributes = { \"a:b/types/pair.left\" = [\"#[doc(hidden)]\", \"#[allow(unused)]\"] }",
            "#[allow(unused)]\n                pub left",
            "",
        ),
        (
            "merge_structurally_equal_types = true",
            "merge_structurally_equal_types",
            "",
        ),
        (
            "chainable_methods = [\"&all\"]",
            "pub fn set(&self, to: u32) -> &Self",
            "pub fn set(&self, to: u32) -> ()",
        ),
        (
            "bitflags_path = \"crate::bitflags\"",
            "crate::bitflags::bitflags!",
            "",
        ),
        ("map_type = \"crate::Map\"", "crate::Map", ""),
        (
            "with = { \"c:d/i\" = \"generate\" }\ngenerate_all = false",
            "with \"c:d/i\" = generate",
            "",
        ),
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
        .says("are out of date")
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

#[test]
fn settings_that_change_how_code_is_used_compile() {
    let project = library("used", "");
    let section = "[package.metadata.component.bindings]\npath = \"../used-bindings.rs\"\nderives = [\"PartialEq\", \"Hash\"]\nexport_macro_name = \"give\"\ndefault_bindings_module = \"made\"\n[package.metadata.component.bindings.with]\n\"c:d/i\" = \"crate::own\"";
    project.write("used/Cargo.toml", "");
    let text = project.read("Cargo.toml");
    project
        .write("used/Cargo.toml", format!("{text}\n{section}\n"))
        .write("used/src/lib.rs", "#[allow(warnings)]\n#[path = \"../../used-bindings.rs\"]\nmod made;\nmod own {\n    #[derive(Clone, Copy, Debug, PartialEq, Hash)]\n    pub struct T { pub n: u32 }\n}\nstruct Component;\nimpl made::Guest for Component {\n    fn same(a: own::T, b: made::Pair) -> bool {\n        use std::hash::Hash as _;\n        b.hash(&mut std::hash::DefaultHasher::new());\n        b == made::Pair { left: a.clone(), right: a }\n    }\n}\nmade::give!(Component);\n")
        .write("used/wit/a.wit", "package a:b;\nworld w {\n    use c:d/i.{t};\n    record pair { left: t, right: t }\n    export same: func(a: t, b: pair) -> bool;\n}\n")
        .write("used/wit/deps/d.wit", "package c:d;\ninterface i { record t { n: u32 } }\n");
    share_target(&project);
    let mut project = project;
    project.enter("used");
    let output = project.component("run --invoke 'same({n: 1}, {left: {n: 1}, right: {n: 1}})'");
    output.ok().prints("true");
    assert!(!project.has("src/bindings.rs"));
}

/// Words of Rust that WIT may use as names, those that are words of WIT too.
pub const WORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen guest if impl in let loop macro match mod move mut override priv pub ref return self static string struct super trait true try type typeof union unsafe unsized use virtual where while yield";

#[test]
fn every_word_of_rust_can_be_a_name() {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let all =
        |form: &dyn Fn(&str) -> String| words.iter().map(|word| form(word)).collect::<String>();
    let functions = all(&|word| format!("    %{word}: func(%{word}: u32) -> tuple<u32>;\n"));
    let fields = all(&|word| format!("        %{word}: u32,\n"));
    let bits: String = words[..32]
        .iter()
        .map(|w| format!("        %{w},\n"))
        .collect();
    let cases = all(&|word| format!("        %{word},\n"));
    let interfaces = all(&|word| {
        format!("interface %{word} {{ type %{word}-t = u32; %{word}: func() -> %{word}-t; }}\n")
    });
    let both = all(&|word| format!("    import %{word};\n    export %{word};\n"));
    let wit = format!(
        "package %package:words;\n{interfaces}interface many {{\n{functions}    record fields {{\n{fields}    }}\n    enum cases {{\n{cases}    }}\n    flags bits {{\n{bits}    }}\n    f: func(of: fields, c: cases, b: bits);\n}}\ninterface more {{\n    resource %box {{ constructor(%gen: u32); %gen: func(); %yield: static func(%self: own<%box>); }}\n}}\nworld %world {{\n    import many;\n    export many;\n    import more;\n    export more;\n{both}}}\n"
    );
    let mut project = Project::empty();
    project.write("words.wit", wit);
    project
        .component("new --vcs none --lib -t words.wit words")
        .ok();
    project.enter("words");
    share_target(&project);
    project.cargo("check --target wasm32-wasip2").ok();
}

#[test]
fn names_that_cannot_be_written_are_refused() {
    for (wit, said) in [
        (
            "package a:%type;\ninterface i { f: func(); }\nworld w { import i; }",
            "package `a:type`: `type` is a Rust keyword",
        ),
        (
            "package %use:a;\ninterface i { f: func(); }\nworld w { export i; }",
            "package `use:a`: `use` is a Rust keyword",
        ),
    ] {
        let project = library("unwritable", "");
        project.write("wit/a.wit", wit);
        let output = project
            .component("bindings")
            .code(1)
            .says(said)
            .says("help: rename the");
        output.silent_on("panicked");
    }
}

#[test]
fn async_functions_resources_and_tuples_of_one_are_called() {
    let project = Project::empty();
    manifest(
        &project,
        "called",
        &format!("{ASYNC_RUNTIME}\n\n[package.metadata.component]"),
    );
    share_target(&project);
    project
        .write("wit/a.wit", "package a:b;\ninterface shop {\n    resource basket { constructor(n: u32); count: func() -> tuple<u32>; }\n}\nworld w {\n    export shop;\n    export one: func(of: tuple<u32>) -> tuple<u32>;\n    export later: async func(s: string) -> string;\n    export total: func() -> u32;\n}\n")
        .write("src/lib.rs", "#[allow(warnings)]\nmod bindings;\nuse bindings::exports::a::b::shop::{Guest as Shop, GuestBasket};\nstruct Component;\nstruct Basket(u32);\nimpl Shop for Component { type Basket = Basket; }\nimpl GuestBasket for Basket {\n    fn new(n: u32) -> Self { Basket(n) }\n    fn count(&self) -> (u32,) { (self.0,) }\n}\nimpl bindings::Guest for Component {\n    fn one(of: (u32,)) -> (u32,) { (of.0 + 1,) }\n    async fn later(s: String) -> String { format!(\"later {s}\") }\n    fn total() -> u32 { Basket::new(3).count().0 }\n}\nbindings::export!(Component with_types_in bindings);\n");
    project
        .component("run --invoke 'one((41))'")
        .ok()
        .prints("(42)");
    project
        .component("run --invoke 'later(\"on\")'")
        .ok()
        .prints("\"later on\"");
    project
        .component("run --target wasm32-wasip2 --invoke 'total()'")
        .ok()
        .prints("3");
}

#[test]
fn stubs_alone_make_a_component() {
    let project = library(
        "stubs",
        "[package.metadata.component.bindings]\nstubs = true\n",
    );
    share_target(&project);
    project
        .write(
            "wit/a.wit",
            "package a:b;\nworld w {\n    export go: func();\n}\n",
        )
        .write("src/lib.rs", "#[allow(warnings)]\nmod bindings;\n");
    project.component("build").ok();
    let exports = attributes(&component("wasm32-wasip1", "stubs.wasm")).join("\n");
    assert!(
        exports.contains("export") && exports.contains("go"),
        "{exports}"
    );
}

#[test]
fn a_bindings_file_that_cannot_be_written_is_told_and_kept() {
    let project = library("locked", "");
    project
        .write("wit/a.wit", "package a:b;\nworld w { }\n")
        .write("src/bindings.rs", "// old\n");
    let path = project.path("src/bindings.rs");
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let before = snapshot(&project);
    for line in ["bindings", "build"] {
        let output = project.component(line).code(1).silent_on("Compiling");
        output.says("src/bindings.rs`").says("help: make `");
        assert!(before == snapshot(&project), "{line}");
    }
    // Where something else is in the way.
    let project = library("in-the-way", "");
    project
        .write("wit/a.wit", "package a:b;\nworld w { }\n")
        .write("src/bindings.rs/file", "");
    project
        .component("bindings")
        .code(1)
        .says("src/bindings.rs`");
}

#[cfg(unix)]
#[test]
fn wit_under_a_name_that_is_not_utf_8_is_read_and_shown() {
    use std::os::unix::ffi::OsStrExt as _;
    let project = library("odd", "");
    project.write("wit/a.wit", "package a:b;\nworld w { export i; }\n");
    let odd = project
        .path("wit")
        .join(std::ffi::OsStr::from_bytes(b"b\xff.wit"));
    std::fs::write(&odd, "package a:b;\ninterface i { f: func(); }\n").unwrap();
    project.component("bindings").ok();
    assert!(project.read("src/bindings.rs").contains("fn f("));
    std::fs::write(&odd, "package a:b;\ninterface i { f: fun(); }\n").unwrap();
    project
        .component("bindings")
        .code(1)
        .says("wit/b\u{fffd}.wit:2:");
}

/// What stands for each option of the generator: a key of our table, or why
/// there is none.
const OPTIONS: &[(&str, Result<&str, &str>)] = &[
    ("format", Ok("format")),
    ("std_feature", Ok("std_feature")),
    ("raw_strings", Ok("raw_strings")),
    ("skip", Ok("skip")),
    ("stubs", Ok("stubs")),
    ("export_prefix", Ok("export_prefix")),
    ("ownership", Ok("ownership")),
    ("runtime_path", Err("the dependencies of the crate decide")),
    ("map_type", Ok("map_type")),
    ("bitflags_path", Ok("bitflags_path")),
    ("additional_derive_attributes", Ok("derives")),
    ("additional_derive_ignore", Ok("additional_derives_ignore")),
    (
        "additional_type_attributes",
        Ok("additional_type_attributes"),
    ),
    (
        "additional_member_attributes",
        Ok("additional_member_attributes"),
    ),
    ("with", Ok("with")),
    ("generate_all", Ok("generate_all")),
    ("type_section_suffix", Ok("type_section_suffix")),
    (
        "disable_run_ctors_once_workaround",
        Ok("disable_run_ctors_once_workaround"),
    ),
    ("default_bindings_module", Ok("default_bindings_module")),
    ("export_macro_name", Ok("export_macro_name")),
    ("pub_export_macro", Ok("pub_export_macro")),
    ("generate_unused_types", Ok("generate_unused_types")),
    (
        "disable_custom_section_link_helpers",
        Ok("disable_custom_section_link_helpers"),
    ),
    ("async_", Ok("async")),
    (
        "merge_structurally_equal_types",
        Ok("merge_structurally_equal_types"),
    ),
    ("chainable_methods", Ok("chainable_methods")),
];

#[test]
fn every_option_of_the_generator_has_a_setting() {
    let source = crate::authoring::crate_root("wit-bindgen-rust").join("src/lib.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let (_, options) = source.split_once("pub struct Opts {").unwrap();
    let (options, _) = options.split_once("\n}").unwrap();
    let names: Vec<&str> = options
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next())
        .collect();
    let known: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known, "decide what stands for each option");
    for (option, key) in OPTIONS {
        let Ok(key) = key else { continue };
        let mut keys = cargo_component::manifest::keys::BINDINGS.iter();
        assert!(
            keys.any(|known| known.name == *key),
            "{option}: no key `{key}`"
        );
    }
}

#[test]
fn types_have_the_derives_that_their_content_allows() {
    let project = library(
        "derived",
        "[package.metadata.component.bindings]\nderives = [\"PartialEq\", \"Eq\", \"Hash\", \"Default\", \"Clone\", \"PartialOrd\"]\nadditional_member_attributes = { \"my:derives/i/choice.two\" = \"#[default]\" }\n",
    );
    share_target(&project);
    project
        .write("wit/w.wit", "package my:derives;\ninterface i {\n    resource r;\n    variant v { a(r), b }\n    record whole { n: u32, s: string }\n    record with-float { f: f64, w: whole, l: list<whole> }\n    record deep { v: option<list<v>> }\n    enum choice { one, two }\n    enum plain { one }\n    record of-choice { c: choice, p: option<plain> }\n    f: func(d: deep, w: with-float, c: of-choice) -> v;\n}\nworld w { import i; export i; export run: func() -> bool; }\n")
        .write("src/lib.rs", "#[allow(warnings)]\nmod bindings;\nuse bindings::my::derives::i::{Choice, OfChoice, Whole, WithFloat};\nfn hash<T: std::hash::Hash + Eq + PartialOrd>(_: T) {}\nfn float<T: PartialEq + PartialOrd + Default + Clone>(_: T) {}\n#[allow(unused)]\npub fn run() -> bool {\n    hash(Whole::default());\n    hash(OfChoice::default());\n    float(WithFloat::default());\n    Choice::default() == Choice::Two\n}\n");
    project.component("check").ok();
    // What cannot be written there is shown where it stands.
    let wrong = library(
        "no-attribute",
        "[package.metadata.component.bindings]\nadditional_type_attributes = { \"a:b/i/t\" = \"non_exhaustive\" }\n",
    );
    wrong
        .write("wit/w.wit", "package a:b;\nworld w {}\n")
        .component("bindings")
        .code(1)
        .says("`non_exhaustive` in `package.metadata.component.bindings.additional_type_attributes` is not an attribute")
        .says("help: use Rust syntax: `#[non_exhaustive]`");
}
