//! What is said about WIT that is wrong: each folder of `tests/wit` is a
//! project with such WIT and, in `expected.txt`, what `bindings` then says.

use std::fs;
use std::path::Path;

use crate::authoring::{RUNTIME, copy, manifest, snapshot};
use crate::golden;
use crate::support::Project;

#[test]
fn errors_in_wit_say_where_what_is_known_and_how_to_go_on() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wit");
    let mut names: Vec<_> = cases
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 30);
    let failures: Vec<String> = names
        .iter()
        .filter_map(|name| check(&cases.join(name)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is wrong with a case, if anything.
fn check(case: &Path) -> Option<String> {
    let project = Project::empty();
    copy(case, project.root());
    let section = project.path("component.toml");
    let section = match section.exists() {
        true => fs::read_to_string(section).unwrap(),
        false => "[package.metadata.component]".to_owned(),
    };
    manifest(&project, "case", &format!("{RUNTIME}\n\n{section}"));
    project.write("src/lib.rs", "mod bindings;\n");
    project.write("src/bindings.rs", "// as it was\n");
    let before = snapshot(&project);
    let output = project.component("bindings");
    assert_eq!(output.code, 1, "{}: {output}", case.display());
    assert_eq!(output.stdout, "", "{}: {output}", case.display());
    assert!(
        before == snapshot(&project),
        "{}: a file was changed",
        case.display()
    );
    let said = output
        .stderr
        .replace(&project.root().display().to_string(), "[root]")
        .replace('\\', "/");
    golden::check(&case.join("expected.txt"), &said).err()
}
