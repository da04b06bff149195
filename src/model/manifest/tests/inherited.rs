//! What a workspace shares with its members.

use super::*;

const ROOT: &str = "/w/Cargo.toml";

fn workspace(lines: &str) -> WorkspaceManifest {
    let text = format!("[workspace]\n[workspace.metadata.component]\n{lines}\n");
    read_workspace(&ManifestFile::new(ROOT, &text)).unwrap_or_else(|e| panic!("{lines}\n{e:?}"))
}

fn member(lines: &str, workspace: &WorkspaceManifest) -> Manifest {
    read(file(&component(lines)), workspace).unwrap_or_else(|e| panic!("{lines}\n{e:?}"))
}

#[track_caller]
fn bad_workspace(lines: &str, message: &str) -> crate::base::error::Error {
    let text = format!("[workspace.metadata.component]\n{lines}\n");
    let (text, place) = marked(&text);
    let error = read_workspace(&file(&text)).unwrap_err();
    assert_eq!(error.message(), message);
    points(&error, place);
    error
}

#[test]
fn a_workspace_without_the_section_shares_nothing() {
    let shared = read_workspace(&ManifestFile::new(ROOT, "[workspace]\n")).unwrap();
    assert!(shared.registries.is_empty() && shared.dependencies.is_empty());
    assert_eq!(shared.adapter, None);
    assert_eq!(shared.bindings, BindingsSettings::default());
}

#[test]
fn the_section_of_a_package_is_not_that_of_a_workspace() {
    let text = "[package.metadata.component]\nproxy = true\n\
                [workspace.metadata.component]\nadapter = \"a.wasm\"\n";
    let shared = read_workspace(&ManifestFile::new(ROOT, text)).unwrap();
    let root = read(ManifestFile::new(ROOT, text), &shared).unwrap();
    assert!(root.proxy);
    assert_eq!(root.adapter.as_deref(), Some(Path::new("/w/a.wasm")));
}

#[test]
fn paths_of_a_workspace_start_at_its_own_manifest() {
    let shared =
        workspace("adapter = \"a/x.wasm\"\ndependencies = { \"a:b\" = { path = \"crates/b\" } }");
    let manifest = member("dependencies.\"a:b\".workspace = true", &shared);
    assert_eq!(manifest.adapter.as_deref(), Some(Path::new("/w/a/x.wasm")));
    assert_eq!(dependency(&manifest, "a:b"), "a:b: /w/crates/b or - from -");
    // What is said of it later points into the file that has it.
    assert_eq!(manifest.dependencies["a:b"].file.path, Path::new(ROOT));
    let pure = member("wasi = \"none\"", &shared);
    assert!(pure.adapter.is_none() && pure.adapter_at.is_none());
    let own = member("adapter = \"y.wasm\"", &shared);
    assert_eq!(own.adapter.as_deref(), Some(Path::new("/w/p/y.wasm")));
}

#[test]
fn a_member_without_the_section_has_what_is_shared() {
    let shared = workspace("adapter = \"x.wasm\"\nbindings.stubs = true");
    let manifest = read(file("[package]\nname = \"p\"\n"), &shared).unwrap();
    assert!(!manifest.declared && manifest.bindings.stubs);
    assert!(manifest.adapter.is_some());
}

#[test]
fn registries_of_a_member_win_by_name() {
    let shared = workspace("registries = { a = \"https://wa\", b = \"https://wb\" }");
    let manifest = member("registries.b.url = \"https://mb\"", &shared);
    assert_eq!(manifest.registries["a"], "https://wa");
    assert_eq!(manifest.registries["b"], "https://mb");
}

#[test]
fn bindings_of_a_member_win_key_by_key() {
    let shared = workspace(
        "[workspace.metadata.component.bindings]\nderives = [\"Hash\", \"Eq\"]\nstubs = true\n\
         format = false\nasync = [\"x\"]\nwith = { a = \"w\", b = \"w\" }",
    );
    let own = member(
        "bindings = { derives = [], stubs = false, async = true, with = { b = \"m\" } }",
        &shared,
    );
    assert!(own.bindings.derives.is_empty() && !own.bindings.stubs);
    assert_eq!(own.bindings.async_, AsyncSetting::All);
    assert!(!own.bindings.format);
    // A table of names is put together name by name.
    assert_eq!(own.bindings.with["a"], "w");
    assert_eq!(own.bindings.with["b"], "m");
    let none = member("", &shared);
    assert_eq!(none.bindings, shared.bindings);
}

#[test]
fn dependencies_are_inherited_in_both_tables() {
    let shared = workspace(
        "[workspace.metadata.component.dependencies]\n\"a:b\" = \"1.2\"\n\
         c = { package = \"c:d\", version = \"1\", registry = \"r\" }",
    );
    let manifest = member(
        "dependencies = { \"a:b\" = { workspace = true }, c.workspace = true }\n\
         target.dependencies = { \"a:b\" = { workspace = true } }",
        &shared,
    );
    assert_eq!(dependency(&manifest, "a:b"), "a:b: ^1.2 from -");
    assert_eq!(dependency(&manifest, "c"), "c:d: ^1 from r");
    let target = local(&manifest).dependencies.as_ref().unwrap();
    assert_eq!(shown(&target["a:b"].source), "^1.2 from -");
}

#[test]
fn what_cannot_be_inherited_is_refused() {
    let shared = workspace("dependencies = { \"wasi:http\" = \"1\" }");
    for (entry, message, advice) in [
        (
            "\"wasi:htp\" = { §workspace = true }",
            "`wasi:htp` is inherited, but `workspace.metadata.component.dependencies` has no such key",
            Some("did you mean `wasi:http`?"),
        ),
        (
            "\"zzz:yyy\" = { §workspace = true }",
            "`zzz:yyy` is inherited, but `workspace.metadata.component.dependencies` has no such key",
            Some("add `\"zzz:yyy\" = \"…\"` under `[workspace.metadata.component.dependencies]`"),
        ),
        (
            "\"wasi:http\" = { §workspace = false }",
            "`workspace` can only be `true`",
            None,
        ),
        (
            "\"wasi:http\" = { workspace = true, §version = \"1\" }",
            "`version` cannot be used with `workspace = true` in `package.metadata.component.dependencies.\"wasi:http\"`",
            None,
        ),
    ] {
        let text = component(&format!(
            "[package.metadata.component.dependencies]\n{entry}"
        ));
        let (text, place) = marked(&text);
        let error = read(file(&text), &shared).unwrap_err();
        assert_eq!(error.message(), message);
        assert_eq!(error.advice(), advice);
        points(&error, place);
    }
}

#[test]
fn a_workspace_refuses_what_it_does_not_know() {
    let error = bad_workspace(
        "§registry = 1",
        "unknown key `registry` in `workspace.metadata.component`",
    );
    assert_eq!(error.advice(), Some("did you mean `registries`?"));
    bad_workspace(
        "bindings.§stub = true",
        "unknown key `stub` in `workspace.metadata.component.bindings`",
    );
    // Keys of a package only.
    for key in ["package", "target", "proxy", "world-check"] {
        bad_workspace(
            &format!("§{key} = 1"),
            &format!("unknown key `{key}` in `workspace.metadata.component`"),
        );
    }
    bad_workspace(
        "§adapter = 1",
        "`adapter` in `workspace.metadata.component` must be a string, found an integer",
    );
    bad_workspace(
        "dependencies.\"a:b\" = { §workspace = true }",
        "`a:b` is inherited, but `workspace.metadata.component.dependencies` has no such key",
    );
}

#[test]
fn a_bindings_file_of_the_workspace_is_each_members_own() {
    let shared = workspace("bindings.path = \"gen/b.rs\"");
    assert_eq!(shared.bindings.path.as_deref(), Some(Path::new("gen/b.rs")));
}

#[test]
fn what_dependencies_may_do_comes_from_the_workspace_and_from_entries() {
    let shared = workspace(
        "capabilities = { allow = [\"clocks\"], deny = [\"network\", \"wasi:random/insecure\"] }\n\
         dependencies.\"a:b\" = { version = \"1\", allow = [] }",
    );
    let manifest = member(
        "dependencies = { \"a:b\" = { workspace = true }, \"c:d\" = \"1\" }",
        &shared,
    );
    assert_eq!(manifest.capabilities, shared.capabilities);
    let deny: Vec<String> = shared
        .capabilities
        .deny
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(deny, ["network", "wasi:random/insecure"]);
    let allow = |key: &str| manifest.dependencies[key].capabilities.allow.clone();
    assert_eq!((allow("a:b"), allow("c:d")), (Some(Vec::new()), None));
    bad_workspace(
        "capabilities.§alow = []",
        "unknown key `alow` in `workspace.metadata.component.capabilities`",
    );
}
