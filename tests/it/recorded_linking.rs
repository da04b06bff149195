//! What `wac` linked, linked by this tool: the same imports and exports, with
//! the same types and the same behaviour. `tests/recorded/README.md` says how
//! each file was made.

use std::path::{Path, PathBuf};

use wit_component::{DecodedWasm, WitPrinter};

use crate::registry_verbs::run;
use crate::support::Project;

fn recorded(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recorded/wac-0.12.0")
        .join(path)
}

/// A folder with the components that were linked.
fn components() -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    for entry in std::fs::read_dir(recorded("components")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let bytes = wat::parse_file(&path).unwrap();
        project.write(&format!("{name}.wasm"), &bytes);
        project.write(&format!("deps/t/{name}.wasm"), &bytes);
    }
    project
}

/// Everything a component imports and exports, with all types, as text.
fn world(bytes: &[u8]) -> String {
    let decoded = wit_component::decode(bytes).unwrap();
    assert!(matches!(decoded, DecodedWasm::Component(..)));
    let (resolve, own) = (decoded.resolve(), decoded.package());
    let others = resolve.packages.iter().map(|(id, _)| id);
    let others: Vec<_> = others.filter(|id| *id != own).collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, own, &others).unwrap();
    printer.output.to_string()
}

/// The file that this tool wrote is as the recorded one; if nothing is open,
/// `go` of both gives `result`.
#[track_caller]
fn same(project: &Project, file: &str, (wanted, result): (&str, Option<&str>)) {
    let wanted = wat::parse_file(recorded(wanted)).unwrap();
    assert_eq!(world(&project.bytes(file)), world(&wanted), "{file}");
    let Some(result) = result else { return };
    project.write("recorded.wasm", wanted);
    for file in [file, "recorded.wasm"] {
        run(project, &format!("run --component {file} --invoke 'go()'"))
            .ok()
            .prints(&format!("{result}\n"));
    }
}

#[test]
fn what_wac_plugged_is_linked_the_same() {
    let project = components();
    for (name, line, result) in [
        ("one", "app.wasm --with t:math/ops=adder.wasm", Some("42")),
        (
            "two",
            "two.wasm --with t:math/ops=adder.wasm --with t:math/base=base.wasm",
            Some("37"),
        ),
        ("newer", "app.wasm --with t:math/ops=newer.wasm", Some("42")),
        ("open", "app.wasm --with t:math/ops=mixer.wasm", None),
        (
            "chain",
            "linked-open.wasm --with t:math/base=base.wasm",
            Some("81"),
        ),
        ("partly", "two.wasm --with t:math/ops=adder.wasm", None),
        (
            "resource",
            "user.wasm --with t:made/counters=maker.wasm",
            Some("42"),
        ),
    ] {
        let file = format!("linked-{name}.wasm");
        run(&project, &format!("compose {line} -o {file}")).ok();
        same(&project, &file, (&format!("plug/{name}.wat"), result));
    }
    // As another runtime ran it.
    let printed = include_str!("../recorded/jco-1.35/resource.txt");
    let line = "run --component linked-resource.wasm --invoke 'go()'";
    assert_eq!(run(&project, line).ok().stdout, printed);
}

#[test]
fn documents_are_composed_as_wac_does() {
    let project = components();
    for (name, result) in [
        ("chain", Some("81")),
        ("shared", None),
        ("open", None),
        ("resource", Some("42")),
        ("newer", Some("42")),
    ] {
        let document = std::fs::read(recorded(&format!("compose/{name}.wac"))).unwrap();
        project.write(&format!("{name}.wac"), document);
        run(&project, &format!("compose {name}.wac")).ok();
        let recorded = format!("compose/{name}.wat");
        same(
            &project,
            &format!("{name}.linked.wasm"),
            (&recorded, result),
        );
    }
}

#[test]
fn what_wac_refuses_is_refused_at_the_same_place() {
    let project = components();
    let document = std::fs::read(recorded("compose/misfit.wac")).unwrap();
    project.write("misfit.wac", document);
    let refused = run(&project, "compose misfit.wac").code(1);
    let said = std::fs::read_to_string(recorded("compose/misfit.txt")).unwrap();
    for text in [
        "mismatched instantiation argument `t:math/base@1.0.0`",
        "instance is missing expected function export `mix`",
        "misfit.wac:5:27",
    ] {
        assert!(said.contains(text), "{text}");
        assert!(refused.stderr.contains(text), "{text}\n{refused}");
    }
}
