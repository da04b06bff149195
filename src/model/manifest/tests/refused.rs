//! What is refused, with which words and where.

use super::*;
use crate::model::manifest::entry_keys::{ARTIFACT, DEPENDENCY};
use crate::model::manifest::keys::{Key, ValueKind};

#[test]
fn unknown_keys_are_refused_everywhere_with_the_nearest_known() {
    for (lines, key, table, near) in [
        ("§pakage = 1", "pakage", "", "package"),
        ("§world_check = 1", "world_check", "", "world-check"),
        ("target.§wolrd = 1", "wolrd", ".target", "world"),
        ("target = { §paht = 1 }", "paht", ".target", "path"),
        ("bindings.§stub = true", "stub", ".bindings", "stubs"),
        (
            "bindings = { §std-feature = true }",
            "std-feature",
            ".bindings",
            "std_feature",
        ),
        (
            "dependencies.\"a:b\" = { §versoin = \"1\" }",
            "versoin",
            ".dependencies.\"a:b\"",
            "version",
        ),
        (
            "target.dependencies.x.§pth = \"y\"",
            "pth",
            ".target.dependencies.x",
            "path",
        ),
        (
            "registries.r = { §uri = \"https://x\" }",
            "uri",
            ".registries.r",
            "url",
        ),
        (
            "[package.metadata.component.bindings]\nformat = true\n\"§derive\" = 1",
            "derive",
            ".bindings",
            "derives",
        ),
        (
            "bindings.§additional_derives = []",
            "additional_derives",
            ".bindings",
            "derives",
        ),
    ] {
        // A quoted key begins at its quote.
        let lines = lines.replace("\"§", "§\"");
        let error = bad(
            &lines,
            &format!("unknown key `{key}` in `package.metadata.component{table}`"),
        );
        let hint = format!("did you mean `{near}`?");
        assert_eq!(error.advice(), Some(&*hint), "{lines}");
    }
}

#[test]
fn a_component_without_wasi_has_no_other_adapter() {
    for (text, key) in [
        ("wasi = \"none\"\n§adapter = \"a.wasm\"", "adapter"),
        ("§proxy = false\nwasi = { mode = \"stderr\" }", "proxy"),
    ] {
        let message = "cannot specify both `wasi` and `KEY` in `package.metadata.component`";
        let error = bad(text, &message.replace("KEY", key));
        assert!(error.advice().unwrap().starts_with("remove `"), "{error}");
    }
    let error = bad(
        "§wasi = \"all\"",
        "unknown value `all` for `wasi` in `package.metadata.component`",
    );
    assert_eq!(
        error.advice(),
        Some("the valid values are `none`, `stderr`")
    );
    let error = bad(
        "§wasi = { randomness = \"fixed\" }",
        "missing field `mode` in `package.metadata.component.wasi`",
    );
    assert_eq!(error.advice(), Some("add `mode = \"none\"`"));
    bad(
        "wasi = { mode = \"none\", §randomness = \"seeded\" }",
        "unknown value `seeded` for `randomness` in `package.metadata.component.wasi`",
    );
}

#[test]
fn an_unknown_key_near_to_none_has_all_named() {
    let error = bad(
        "registries.r = { §zzzzzzzz = 1 }",
        "unknown key `zzzzzzzz` in `package.metadata.component.registries.r`",
    );
    assert_eq!(error.advice(), Some("the valid keys are `url`"));
    // An unknown table is pointed at by its name in the header.
    bad(
        "[package.metadata.component.§unknown]\nx = 1",
        "unknown key `unknown` in `package.metadata.component`",
    );
    bad(
        "§unknown.x = 1",
        "unknown key `unknown` in `package.metadata.component`",
    );
}

/// What is expected of a key's value, and values of other types.
fn wrong_values(key: &Key) -> (&'static str, &'static [&'static str]) {
    match key.kind {
        ValueKind::String | ValueKind::Path | ValueKind::Word(_) => {
            ("a string", &["1", "[\"x\"]", "{}", "1979-05-27", "1.5"])
        }
        ValueKind::Bool => ("`true` or `false`", &["1", "\"true\"", "{ x = 1 }"]),
        ValueKind::Strings => ("a list of strings", &["\"x\"", "[1]", "[[\"x\"]]", "{}"]),
        ValueKind::BoolOrStrings => (
            "`true`, `false` or a list of strings",
            &["\"x\"", "1", "{}"],
        ),
        ValueKind::StringOrTable(_) | ValueKind::WordOrTable(..) => {
            ("a string or a table", &["1", "true", "[]", "[{}]"])
        }
        ValueKind::StringTable
        | ValueKind::StringsTable
        | ValueKind::Registries
        | ValueKind::Table(..)
        | ValueKind::Dependencies
        | ValueKind::Artifacts => ("a table", &["\"x\"", "1", "[]", "[{}]"]),
    }
}

#[test]
fn a_value_of_another_type_is_refused_for_every_key() {
    for (prefix, keys) in [
        ("", keys::COMPONENT),
        (".target", keys::TARGET),
        (".bindings", keys::BINDINGS),
        (".wasi", keys::WASI),
        (".dependencies.x", DEPENDENCY),
        (".target.dependencies.x", DEPENDENCY),
        (".artifacts.x", ARTIFACT),
        (".registries.x", keys::REGISTRY),
    ] {
        for key in keys {
            let (expected, values) = wrong_values(key);
            for value in values {
                let name = key.name;
                let text = format!("[package.metadata.component{prefix}]\n§{name} = {value}\n");
                let (text, place) = marked(&text);
                let error = read_alone(&text).unwrap_err();
                let start = format!(
                    "`{name}` in `package.metadata.component{prefix}` must be {expected}, found a"
                );
                // A list of the right type with wrong members says as much.
                let said = error.message();
                assert!(said.starts_with(&start), "{text}{said}");
                points(&error, place);
            }
        }
    }
}

#[test]
fn an_array_of_tables_is_no_table() {
    refused(
        "[[package.metadata.§component]]\nproxy = true\n",
        "`component` in `package.metadata` must be a table, found an array of tables",
    );
    refused(
        "[package.metadata]\n§component = \"x\"\n",
        "`component` in `package.metadata` must be a table, found a string",
    );
    bad(
        "[[package.metadata.component.§bindings]]\nstubs = true",
        "`bindings` in `package.metadata.component` must be a table, found an array of tables",
    );
    bad(
        "[[package.metadata.component.§target]]\npath = \"x\"",
        "`target` in `package.metadata.component` must be a string or a table, found an array of tables",
    );
}

#[test]
fn values_inside_tables_of_names_are_checked() {
    bad(
        "dependencies.§\"a:b\" = 1",
        "`a:b` in `package.metadata.component.dependencies` must be a version or a table, found an integer",
    );
    bad(
        "registries.§r = 1",
        "`r` in `package.metadata.component.registries` must be a URL or a table with `url`, found an integer",
    );
    bad(
        "bindings.with = { a = \"b\", §\"c:d/e\" = 1 }",
        "`c:d/e` in `package.metadata.component.bindings.with` must be a string, found an integer",
    );
    bad(
        "bindings.§async = [1]",
        "`async` in `package.metadata.component.bindings` must be a list of strings, found an array",
    );
}

#[test]
fn words_are_one_of_those_known() {
    let error = bad(
        "§world-check = \"forbid\"",
        "unknown value `forbid` for `world-check` in `package.metadata.component`",
    );
    assert_eq!(
        error.advice(),
        Some("the valid values are `allow`, `warn`, `deny`")
    );
    bad(
        "bindings.§ownership = \"lending\"",
        "unknown value `lending` for `ownership` in `package.metadata.component.bindings`",
    );
}

#[test]
fn a_target_of_a_registry_that_is_not_well_formed_is_refused() {
    let error = bad(
        "§target = \"wasi:http/proxy\"",
        "invalid target `wasi:http/proxy`: expected target format `<package-name>[/<world>]@<version>`",
    );
    assert!(
        error
            .advice()
            .unwrap()
            .contains("wasi:http/proxy@<version>")
    );
    let error = bad(
        "§target = \"wasi:http/1x@1\"",
        "invalid target world name `1x`",
    );
    assert_eq!(error.causes().len(), 1);
    let error = bad(
        "§target = \"wasi:http/proxy@one\"",
        "invalid target version `one`",
    );
    assert_eq!(error.causes().len(), 1);
    bad("§target = \"a:b/c@1@2\"", "invalid target version `1@2`");
    bad("§target = \"a:b@\"", "invalid target version ``");
    bad("§target = \"A:b@1\"", "invalid package name `A:b`");
    bad("§target = \"http@1\"", "invalid package name `http`");
    bad("§target = \"a:b/@1\"", "invalid target world name ``");
    // Words of capitals are names in WIT too.
    good("target = \"a:b/HTTP-proxy@1\"");
}

#[test]
fn target_keys_that_exclude_each_other_are_refused() {
    for (inner, message) in [
        ("§package = \"a:b\"", "missing field `version`"),
        (
            "package = \"a:b\", version = \"1\", §dependencies = { \"c:d\" = \"1\" }",
            "cannot specify both `dependencies` and `package` fields in a target entry",
        ),
        (
            "package = \"a:b\", version = \"1\", §path = \"x\"",
            "cannot specify both `path` and `package` fields in a target entry",
        ),
        (
            "§version = \"1\"",
            "cannot specify both `version` and `path` fields in a target entry",
        ),
        (
            "path = \"x\", §version = \"1\"",
            "cannot specify both `version` and `path` fields in a target entry",
        ),
        (
            "§registry = \"r\"",
            "cannot specify both `registry` and `path` fields in a target entry",
        ),
        (
            "§package = \"a\", version = \"1\"",
            "invalid package name `a`",
        ),
    ] {
        let error = bad(&format!("target = {{ {inner} }}"), message);
        assert!(error.advice().is_some() || message.starts_with("cannot"));
    }
    let error = bad(
        "target = { package = \"a:b\", §version = \"one\" }",
        "invalid version requirement `one` in `package.metadata.component.target`",
    );
    assert_eq!(error.causes().len(), 1);
}

#[test]
fn dependencies_that_are_not_well_formed_are_refused() {
    let table = "package.metadata.component.dependencies";
    for (entry, message) in [
        (
            "§\"A:b\" = \"1\"",
            "invalid dependency name `A:b` in `package.metadata.component.dependencies`",
        ),
        (
            "§\"a:b@1\" = \"1\"",
            "invalid dependency name `a:b@1` in `package.metadata.component.dependencies`",
        ),
        (
            "§\"\" = \"1\"",
            "invalid dependency name `` in `package.metadata.component.dependencies`",
        ),
        (
            "§\"a:b\" = \"one\"",
            "invalid version requirement `one` in `package.metadata.component.dependencies`",
        ),
        (
            "§label = \"1\"",
            "the dependency `label` in `package.metadata.component.dependencies` has no package name",
        ),
        (
            "§label = { version = \"1\" }",
            "the dependency `label` in `package.metadata.component.dependencies` has no package name",
        ),
        (
            "\"a:b\" = { §package = \"c:d\" }",
            "missing field `version` in `package.metadata.component.dependencies.\"a:b\"`",
        ),
        (
            "\"a:b\" = { §registry = \"r\" }",
            "missing field `version` in `package.metadata.component.dependencies.\"a:b\"`",
        ),
        (
            "§\"a:b\" = {}",
            "missing field `version` in `package.metadata.component.dependencies.\"a:b\"`",
        ),
        (
            "\"a:b\" = { path = \"x\", §registry = \"r\" }",
            "cannot specify both `path` and `registry` fields in a dependency entry",
        ),
        (
            "\"a:b\" = { path = \"x\", §package = \"c:d\" }",
            "cannot specify both `path` and `package` fields in a dependency entry",
        ),
        (
            "\"a:b\" = { version = \"1\", §package = \"d\" }",
            "invalid package name `d`",
        ),
    ] {
        let error = bad(&format!("[{table}]\n{entry}"), message);
        assert!(
            error.advice().is_some() || !error.causes().is_empty(),
            "{entry}"
        );
    }
    bad(
        &format!("[{table}.§\"a:b\"]"),
        "missing field `version` in `package.metadata.component.dependencies.\"a:b\"`",
    );
}

#[test]
fn a_package_name_has_a_namespace() {
    for name in ["x", "a:b:c", "a:1", "Ab:c", "a:b@1", ""] {
        let message = format!("invalid package name `{name}`");
        bad(&format!("§package = \"{name}\""), &message);
    }
}

#[test]
fn a_registry_needs_an_address() {
    bad(
        "registries = { §r = \"\" }",
        "the registry `r` has no `url`",
    );
    bad(
        "registries = { a = \"https://a\", §r = {} }",
        "the registry `r` has no `url`",
    );
}

#[test]
fn toml_that_is_none_has_its_place() {
    for text in [
        "[package]\nname = §= 1\n",
        "[package]\nname = \"x\"\n§name = 1\n",
        "[package.metadata.component\n§",
        "[package]\nname = \"x§\n",
    ] {
        let (bare, place) = marked(text);
        let error = read_alone(&bare).unwrap_err();
        assert_eq!(error.message(), "failed to read `/w/p/Cargo.toml`");
        assert_eq!(error.causes().len(), 1);
        let (line, _) = error.excerpt().unwrap().line_column();
        assert!(line <= place.0 && line + 1 >= place.0, "{text}: {error:?}");
    }
    let (text, place) = marked("[package]\nname = \"x\"\n§name = 1\n");
    points(&read_alone(&text).unwrap_err(), place);
}

#[test]
fn lines_and_columns_are_those_an_editor_shows() {
    let message = "unknown key `zzz` in `package.metadata.component.bindings`";
    for text in [
        "# ä\r\n[package.metadata.component.bindings]\r\n  §zzz = 1\r\n",
        "[package.metadata.component]\nbindings = { export_prefix = \"äöü日本\", §zzz = 1 }\n",
        "[package.metadata.component]\nbindings = { with = { \"é\" = \"ü\" }, §zzz = 1 }\n",
    ] {
        let error = refused(text, message);
        let excerpt = error.excerpt().unwrap();
        assert_eq!(&excerpt.text()[excerpt.span()], "zzz");
    }
}

#[test]
fn key_and_value_are_underlined_where_they_share_a_line() {
    for (lines, wanted) in [
        ("§proxy = 1", "proxy = 1"),
        ("bindings.§skip = [\n1,\n]", "skip"),
        ("[package.metadata.component.§adapter]", "adapter"),
    ] {
        let (text, place) = marked(&component(lines));
        let error = read_alone(&text).unwrap_err();
        points(&error, place);
        let excerpt = error.excerpt().unwrap();
        assert_eq!(&excerpt.text()[excerpt.span()], wanted);
    }
}

#[test]
fn a_capability_that_is_unknown_is_refused_with_what_may_be_meant() {
    let error = bad(
        "dependencies.\"a:b\" = { version = \"1\", §allow = [\"clocks\", \"netwrk\"] }",
        "unknown capability `netwrk`",
    );
    assert_eq!(error.advice(), Some("did you mean `network`?"));
    bad(
        "dependencies.\"a:b\" = { version = \"1\", §deny = [\"wasi:io\"] }",
        "`wasi:io` can be neither allowed nor denied: it reaches nothing by itself",
    );
    let error = bad(
        "target.dependencies.§\"a:b\" = { version = \"1\", deny = [\"clocks\"] }",
        "`allow`, `deny` and `stub` of `a:b` in `package.metadata.component.target.dependencies` have no meaning",
    );
    assert!(
        error
            .advice()
            .unwrap()
            .contains("a package of WIT does nothing")
    );
}
