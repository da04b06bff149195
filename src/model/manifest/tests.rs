//! What the manifest promises: each key, its default, and each refusal with
//! the place of the key.

mod embedded;
mod inherited;
mod mutated;
mod refused;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::base::slashes::with_slashes;

/// A manifest of the package in `/w/p`, whose section has these lines.
fn component(lines: &str) -> String {
    format!("[package]\nname = \"p\"\n\n[package.metadata.component]\n{lines}\n")
}

fn file(text: &str) -> ManifestFile {
    ManifestFile::new("/w/p/Cargo.toml", text)
}

fn read_alone(text: &str) -> crate::base::error::Result<Manifest> {
    read(file(text), &WorkspaceManifest::default())
}

/// The section with these lines, which must be right.
#[track_caller]
fn good(lines: &str) -> Manifest {
    read_alone(&component(lines)).unwrap_or_else(|e| panic!("{lines}\n{e:?}"))
}

/// The text without its mark `§`, and the line and column of the mark.
#[track_caller]
fn marked(text: &str) -> (String, (usize, usize)) {
    let (before, after) = text.split_once('§').expect("a mark");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (format!("{before}{after}"), (line, column))
}

/// The error points at the place of the mark, in the manifest.
#[track_caller]
fn points(error: &crate::base::error::Error, place: (usize, usize)) {
    let excerpt = error
        .excerpt()
        .unwrap_or_else(|| panic!("no place: {error:?}"));
    assert_eq!(excerpt.path(), Path::new("/w/p/Cargo.toml"), "{error:?}");
    assert_eq!(excerpt.line_column(), place, "{error:?}");
}

/// A whole manifest is refused with this message, at the mark.
#[track_caller]
fn refused(text: &str, message: &str) -> crate::base::error::Error {
    let (text, place) = marked(text);
    let error = match read_alone(&text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error,
    };
    assert_eq!(error.message(), message, "{text}");
    points(&error, place);
    error
}

/// The section with these lines is refused with this message, at the mark.
#[track_caller]
fn bad(lines: &str, message: &str) -> crate::base::error::Error {
    refused(&component(lines), message)
}

fn local(manifest: &Manifest) -> &LocalTarget {
    match &manifest.target {
        Target::Local(target) => target,
        other => panic!("not local: {other:?}"),
    }
}

fn registry(manifest: &Manifest) -> &RegistryTarget {
    match &manifest.target {
        Target::Registry(target) => target,
        other => panic!("not of a registry: {other:?}"),
    }
}

/// What a source is, in short.
fn shown(source: &DependencySource) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    match source {
        DependencySource::Registry {
            requirement,
            registry,
        } => format!("{requirement} from {}", or_none(registry)),
        DependencySource::Oci { reference } => format!("oci {reference}"),
        DependencySource::Path {
            path,
            requirement,
            registry,
        } => format!(
            "{} or {} from {}",
            with_slashes(path.display().to_string()),
            or_none(&requirement.as_ref().map(ToString::to_string)),
            or_none(registry)
        ),
    }
}

fn dependency(manifest: &Manifest, key: &str) -> String {
    let dependency = &manifest.dependencies[key];
    let package = dependency.package.as_ref();
    let package = package.map_or_else(|| "-".to_owned(), ToString::to_string);
    format!("{package}: {}", shown(&dependency.source))
}

#[test]
fn a_reference_stands_in_the_place_of_a_version() {
    let manifest = good(
        "target = { oci = \"h.example/a/b:1\", world = \"w\" }\n\
         dependencies.\"a:b\" = { oci = \"h.example/a/b\" }\n\
         dependencies.x = { oci = \"h.example/a/b:2\" }\n\
         dependencies.y = { oci = \"h.example/a/b:2\", package = \"c:d\" }",
    );
    let Target::Oci(target) = &manifest.target else {
        panic!("not an artifact: {:?}", manifest.target)
    };
    assert_eq!(target.reference, "h.example/a/b:1");
    assert_eq!(target.world.as_deref(), Some("w"));
    for (key, expected) in [
        ("a:b", "a:b: oci h.example/a/b"),
        ("x", "-: oci h.example/a/b:2"),
        ("y", "c:d: oci h.example/a/b:2"),
    ] {
        assert_eq!(dependency(&manifest, key), expected);
    }
    bad(
        "dependencies.x = { oci = \"h.example/a\", §registry = \"r\" }",
        "cannot specify both `oci` and `registry` fields in a dependency entry",
    );
    bad(
        "target = { §oci = \"alpine\" }",
        "invalid OCI reference `alpine` in `package.metadata.component.target`",
    );
}

#[test]
fn a_manifest_without_the_section_has_the_defaults() {
    for text in [
        "[package]\nname = \"p\"\n",
        "[package.metadata]\nother = 1\n",
        "[package]\nmetadata = 1\n",
        "[package.metadata.component-x]\nunknown = 1\n",
        "",
    ] {
        let manifest = read_alone(text).unwrap();
        assert!(!manifest.declared, "{text}");
        assert_eq!(manifest.bindings, BindingsSettings::default());
    }
}

#[test]
fn an_empty_section_has_the_defaults() {
    let manifest = good("");
    assert!(manifest.declared);
    assert_eq!(manifest.package, None);
    let target = local(&manifest);
    assert_eq!((&target.path, &target.world), (&None, &None));
    assert!(target.dependencies.is_none() && target.span.is_empty());
    assert!(manifest.dependencies.is_empty() && manifest.registries.is_empty());
    assert_eq!(manifest.adapter, None);
    assert!(!manifest.proxy);
    assert_eq!(manifest.bindings, BindingsSettings::default());
    assert_eq!(manifest.world_check, WorldCheck::Allow);
}

#[test]
fn the_keys_of_the_section_are_read() {
    let manifest = good(
        "package = \"my-org:it\"\nadapter = \"a/b.wasm\"\nproxy = true\nworld-check = \"deny\"",
    );
    assert_eq!(manifest.package.unwrap().to_string(), "my-org:it");
    assert_eq!(manifest.adapter.unwrap(), Path::new("/w/p/a/b.wasm"));
    assert!(manifest.proxy);
    assert_eq!(manifest.world_check, WorldCheck::Deny);
    for (word, check) in [("allow", WorldCheck::Allow), ("warn", WorldCheck::Warn)] {
        let manifest = good(&format!("world-check = \"{word}\""));
        assert_eq!(manifest.world_check, check);
    }
}

#[test]
fn a_library_may_do_without_wasi() {
    let policy = |kept, randomness| Some(WasiPolicy { kept, randomness });
    for (text, expected) in [
        ("", None),
        (
            "wasi = \"none\"",
            policy(KeptWasi::Nothing, Randomness::Trap),
        ),
        (
            "wasi = \"stderr\"",
            policy(KeptWasi::Stderr, Randomness::Trap),
        ),
        (
            "wasi = { mode = \"stderr\", randomness = \"trap\" }",
            policy(KeptWasi::Stderr, Randomness::Trap),
        ),
        (
            "wasi = { mode = \"none\", randomness = \"fixed\" }",
            policy(KeptWasi::Nothing, Randomness::Fixed),
        ),
    ] {
        let manifest = good(text);
        assert_eq!(manifest.wasi, expected, "{text}");
        let check = match expected {
            Some(_) => WorldCheck::Warn,
            None => WorldCheck::Allow,
        };
        assert_eq!(manifest.world_check, check, "{text}");
    }
    let manifest = good("wasi = \"none\"\nworld-check = \"deny\"");
    assert_eq!(manifest.world_check, WorldCheck::Deny);
}

#[test]
fn a_target_may_be_a_package_of_a_registry() {
    for (text, world, requirement) in [
        ("\"wasi:http@0.2.0\"", None, "^0.2.0"),
        ("\"wasi:http/proxy@=0.2.3\"", Some("proxy"), "=0.2.3"),
        ("\"wasi:http/proxy@~1.2\"", Some("proxy"), "~1.2"),
        ("\"wasi:http@*\"", None, "*"),
        (
            "{ package = \"wasi:http\", version = \"0.2\" }",
            None,
            "^0.2",
        ),
        (
            "{ package = \"wasi:http\", version = \"x\", world = \"proxy\" }",
            Some("proxy"),
            "*",
        ),
        // An empty table of dependencies is none.
        (
            "{ package = \"wasi:http\", version = \"1\", dependencies = {} }",
            None,
            "^1",
        ),
    ] {
        let manifest = good(&format!("target = {text}"));
        let target = registry(&manifest);
        assert_eq!(target.package.to_string(), "wasi:http", "{text}");
        assert_eq!(target.world.as_deref(), world, "{text}");
        assert_eq!(target.requirement.to_string(), requirement, "{text}");
        assert_eq!(target.registry, None);
    }
    let manifest = good("target = { package = \"a:b\", version = \"1\", registry = \"r\" }");
    assert_eq!(registry(&manifest).registry.as_deref(), Some("r"));
}

#[test]
fn a_target_may_be_local() {
    let manifest = good("target = { path = \"some/wit\", world = \"a:b/w@1.0.0\" }");
    let target = local(&manifest);
    assert_eq!(target.path.as_deref(), Some(Path::new("/w/p/some/wit")));
    // A world is not looked into: wit-parser takes full names too.
    assert_eq!(target.world.as_deref(), Some("a:b/w@1.0.0"));
    let manifest = good("[package.metadata.component.target.dependencies]");
    let target = local(&manifest);
    assert_eq!(target.path, None);
    assert_eq!(target.dependencies.as_ref().map(BTreeMap::len), Some(0));
    let manifest = good("target = {}");
    assert!(local(&manifest).dependencies.is_none());
}

#[test]
fn a_local_target_points_at_its_world_or_path() {
    for (lines, wanted) in [
        ("target = { path = \"w\", world = \"v\" }", "world = \"v\""),
        ("target = { path = \"w\" }", "path = \"w\""),
    ] {
        let manifest = good(lines);
        let span = local(&manifest).span.clone();
        assert_eq!(&manifest.file.text[span], wanted);
    }
}

#[test]
fn paths_start_at_the_directory_of_the_manifest() {
    let manifest = good(
        "adapter = \"../a.wasm\"\ntarget.path = \"/abs\"\nbindings.path = \"gen/b.rs\"\n\
         target.dependencies.\"a:b\" = { path = \"wit/deps/ab\" }",
    );
    assert_eq!(manifest.adapter.as_deref(), Some(Path::new("/w/a.wasm")));
    assert_eq!(
        manifest.bindings.path.as_deref(),
        Some(Path::new("gen/b.rs"))
    );
    let target = local(&manifest);
    assert_eq!(target.path.as_deref(), Some(Path::new("/abs")));
    let entry = &target.dependencies.as_ref().unwrap()["a:b"];
    assert_eq!(shown(&entry.source), "/w/p/wit/deps/ab or - from -");
}

#[test]
fn dependencies_have_every_form() {
    let manifest = good(
        "[package.metadata.component.dependencies]\n\
         \"a:text\" = \"1.2\"\n\
         \"a:table\" = { version = \"=1.2.3\" }\n\
         \"a:renamed\" = { package = \"b:c\", version = \"1\", registry = \"r\" }\n\
         \"a:path\" = { path = \"../x.wasm\" }\n\
         \"a:both\" = { path = \"x\", version = \"2\", registry = \"r\" }\n\
         \"a:any\" = \"x\"\n\
         label = { path = \"y\" }\n\
         other-label = { package = \"b:d\", version = \"1\" }\n\
         long = { package = \"b:e\", path = \"z\", version = \"1\" }",
    );
    for (key, wanted) in [
        ("a:text", "a:text: ^1.2 from -"),
        ("a:table", "a:table: =1.2.3 from -"),
        ("a:renamed", "b:c: ^1 from r"),
        ("a:path", "a:path: /w/x.wasm or - from -"),
        ("a:both", "a:both: /w/p/x or ^2 from r"),
        ("a:any", "a:any: * from -"),
        ("label", "-: /w/p/y or - from -"),
        ("other-label", "b:d: ^1 from -"),
        ("long", "b:e: /w/p/z or ^1 from -"),
    ] {
        assert_eq!(dependency(&manifest, key), wanted);
    }
    assert_eq!(manifest.dependencies.len(), 9);
}

#[test]
fn dev_dependencies_have_the_forms_of_others_and_stand_for_what_their_keys_say() {
    let manifest = good(
        "[package.metadata.component.dependencies]\n\
         \"a:b\" = { version = \"1\", stub = [\"files\", \"a:host/log\"] }\n\
         [package.metadata.component.dev-dependencies]\n\
         \"a:b\" = { path = \"../mock\", deny = [\"network\"] }\n\
         \"a:c\" = { package = \"a:mock\", version = \"1\" }\n\
         clock = { oci = \"h.example/a/clock:1\" }",
    );
    let stub = &manifest.dependencies["a:b"].capabilities.stub;
    let stub: Vec<String> = stub.iter().map(ToString::to_string).collect();
    assert_eq!(stub, ["files", "a:host/log"]);
    assert_eq!(manifest.dependencies.len(), 1);
    let tests = manifest.for_tests();
    assert!(tests.dev_dependencies.is_empty());
    for (key, expected) in [
        ("a:b", "-: /w/mock or - from -"),
        ("a:c", "a:mock: ^1 from -"),
        ("clock", "-: oci h.example/a/clock:1"),
    ] {
        assert_eq!(dependency(&tests, key), expected);
    }
    assert!(!tests.dependencies["a:b"].capabilities.is_empty());
    bad(
        "dev-dependencies.\"a:b\" = { §versoin = \"1\" }",
        "unknown key `versoin` in `package.metadata.component.dev-dependencies.\"a:b\"`",
    );
    bad(
        "dependencies.\"a:b\" = { version = \"1\", §stub = [\"wasi:io\"] }",
        "`wasi:io` can be neither allowed nor denied: it reaches nothing by itself",
    );
}

#[test]
fn registries_are_a_text_or_a_table() {
    let manifest = good(
        "[package.metadata.component.registries]\na = \"https://a.example\"\n\
         b = { url = \"http://b.example:80/x\" }\n\
         [package.metadata.component.registries.default]\nurl = \"oci://c\"",
    );
    let all: Vec<_> = manifest.registries.into_iter().collect();
    let owned = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        all,
        [
            owned("a", "https://a.example"),
            owned("b", "http://b.example:80/x"),
            owned("default", "oci://c")
        ]
    );
}

#[test]
fn every_setting_of_bindings_is_read() {
    let manifest = good(
        "[package.metadata.component.bindings]\n\
         path = \"b.rs\"\nwit = \"w\"\nasync = false\nfeatures = [\"f\"]\nall-features = true\n\
         additional_derives_ignore = [\"i\"]\nadditional_type_attributes.t = \"#[a]\"\n\
         additional_member_attributes = { \"t.m\" = [\"#[b]\", \"#[c]\"] }\n\
         merge_structurally_equal_types = true\nchainable_methods = [\"all\"]\n\
         bitflags_path = \"p\"\nmap_type = \"q\"\n\
         format = false\nownership = \"borrowing\"\nderives = [\"Hash\"]\nstd_feature = true\n\
         raw_strings = true\nskip = [\"s\"]\nstubs = true\nexport_prefix = \"e\"\n\
         with = { \"a:b/c\" = \"generate\" }\ngenerate_all = false\n\
         type_section_suffix = \"t\"\ndisable_run_ctors_once_workaround = true\n\
         default_bindings_module = \"m\"\nexport_macro_name = \"n\"\npub_export_macro = true\n\
         generate_unused_types = true\ndisable_custom_section_link_helpers = true",
    );
    let text = |text: &str| Some(text.to_owned());
    let wanted = BindingsSettings {
        path: Some("b.rs".into()),
        wit: Some("w".into()),
        async_: AsyncSetting::None,
        features: vec!["f".to_owned()],
        all_features: true,
        format: false,
        ownership: Ownership::Borrowing,
        derives: vec!["Hash".to_owned()],
        additional_derives_ignore: vec!["i".to_owned()],
        additional_type_attributes: vec![("t".to_owned(), "#[a]".to_owned())],
        additional_member_attributes: ["#[b]", "#[c]"]
            .map(|attribute| ("t.m".to_owned(), attribute.to_owned()))
            .to_vec(),
        std_feature: true,
        raw_strings: true,
        skip: vec!["s".to_owned()],
        stubs: true,
        export_prefix: text("e"),
        with: BTreeMap::from([("a:b/c".to_owned(), "generate".to_owned())]),
        with_at: manifest.bindings.with_at.clone(),
        generate_all: false,
        merge_structurally_equal_types: true,
        chainable_methods: vec!["all".to_owned()],
        bitflags_path: text("p"),
        map_type: text("q"),
        type_section_suffix: text("t"),
        disable_run_ctors_once_workaround: true,
        default_bindings_module: text("m"),
        export_macro_name: text("n"),
        pub_export_macro: true,
        generate_unused_types: true,
        disable_custom_section_link_helpers: true,
    };
    assert_eq!(manifest.bindings, wanted);
    let at = &wanted.with_at["a:b/c"];
    assert_eq!(&at.text()[at.span()], "\"a:b/c\"");
}

#[test]
fn words_and_choices_of_bindings_are_read() {
    let bindings = |text: &str| good(&format!("bindings.{text}")).bindings;
    for (word, ownership) in [
        ("owning", Ownership::Owning),
        (
            "borrowing-duplicate-if-necessary",
            Ownership::BorrowingDuplicateIfNecessary,
        ),
    ] {
        let text = format!("ownership = \"{word}\"");
        assert_eq!(bindings(&text).ownership, ownership);
    }
    assert_eq!(bindings("async = true").async_, AsyncSetting::All);
    let but = AsyncSetting::AllBut(vec!["a:b/c#f".to_owned()]);
    assert_eq!(bindings("async = [\"a:b/c#f\"]").async_, but);
}

/// The documented default of a key and the one the reader has are one.
#[test]
fn the_defaults_in_the_table_are_those_of_the_reader() {
    for key in keys::BINDINGS.iter().filter(|key| !key.default.is_empty()) {
        let lines = format!("bindings.{} = {}", key.name, key.default);
        let mut settings = good(&lines).bindings;
        match key.name {
            // Where no default is written, the user of the value has it.
            "path" => settings.path = None,
            "export_macro_name" => settings.export_macro_name = None,
            _ => {}
        }
        assert_eq!(settings, BindingsSettings::default(), "{lines}");
    }
    for key in keys::COMPONENT.iter().filter(|key| !key.default.is_empty()) {
        let manifest = good(&format!("{} = {}", key.name, key.default));
        assert!(!manifest.proxy, "{}", key.name);
        assert_eq!(manifest.world_check, WorldCheck::Allow, "{}", key.name);
    }
}

#[test]
fn tables_may_be_written_inline_dotted_or_under_a_header() {
    for text in [
        "[package.metadata.component.bindings]\nstubs = true\n",
        "[package.metadata.component]\nbindings = { stubs = true }\n",
        "[package.metadata.component]\nbindings.stubs = true\n",
        "[package.metadata]\ncomponent = { bindings.stubs = true }\n",
        "[package.metadata]\ncomponent.bindings.stubs = true\n",
        "[package]\nmetadata.component.bindings = { stubs = true }\n",
        "package.metadata.component.bindings.stubs = true\n",
        "package = { metadata = { component = { bindings = { stubs = true } } } }\n",
        "[\"package\".'metadata'.\"component\".\"bindings\"]\n\"stubs\" = true\n",
    ] {
        let crlf = text.replace('\n', "\r\n");
        let bom = format!("\u{feff}{text}");
        for text in [text, &*crlf, &*bom] {
            assert!(read_alone(text).unwrap().bindings.stubs, "{text:?}");
        }
    }
}
