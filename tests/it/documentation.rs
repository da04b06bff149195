//! Doc comments of dependencies: they are in the bindings of whoever depends on them.

use std::path::Path;

use crate::components::{RUNTIME, library, workspace};
use crate::registry_local::publish_wit;
use crate::support::{Output, Project};

const SHAPES: (&str, &str) = (
    "package fancy-components:shapes@1.0.0;
/// Shapes to be drawn.
interface shapes {
  /// A place of drawings.
  record place {
    /// Steps to the right.
    x: u32,
  }
  /// Moves a place.
  move-place: func(at: place) -> place;
}
/// Counting for everybody.
world w {
  export shapes;
  /// Counts all shapes.
  export count: func() -> u32;
}
",
    "mod bindings;
use bindings::exports::fancy_components::shapes::shapes::{Guest, Place};
struct Component;
impl Guest for Component {
    fn move_place(at: Place) -> Place { Place { x: at.x + 1 } }
}
impl bindings::Guest for Component { fn count() -> u32 { 7 } }
bindings::export!(Component with_types_in bindings);
",
);

/// The documentation of a component.
const OF_SHAPES: [&str; 6] = [
    "Shapes to be drawn.",
    "A place of drawings.",
    "Steps to the right.",
    "Moves a place.",
    "Counting for everybody.",
    "Counts all shapes.",
];

const UNITS: &str = "package demo:units@1.0.0;
/// Units of length.
interface units {
  /// Long or short.
  enum unit {
    /// The long one.
    metre,
    inch,
  }
  /// Converts a length.
  convert: func(length: unit) -> unit;
}";

/// The documentation of the packages of WIT, the first from a registry.
const OF_WIT: [&str; 5] = [
    "Units of length.",
    "Long or short.",
    "The long one.",
    "Converts a length.",
    "Names of things.",
];

/// A program in `dir` with this entry for the component.
fn app(project: &Project, dir: &str, entry: &str) {
    project
        .write(
            &format!("{dir}/Cargo.toml"),
            format!(
                "[package]\nname = \"{dir}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{RUNTIME}\
                 [package.metadata.component.target.dependencies]\n\"demo:units\" = \"1.0.0\"\n\
                 [package.metadata.component.dependencies]\n\"fancy-components:shapes\" = {entry}\n"
            ),
        )
        .write(
            &format!("{dir}/wit/world.wit"),
            format!(
                "package my:{dir};\nworld app {{ import demo:units/units@1.0.0; import demo:names/names; }}\n"
            ),
        )
        .write(
            &format!("{dir}/wit/deps/names.wit"),
            "package demo:names;\n/// Names of things.\ninterface names { name: func() -> string; }\n",
        )
        .write(
            &format!("{dir}/src/main.rs"),
            "mod bindings;\nfn main() { println!(\"{}\", bindings::shapes::count()); }\n",
        );
}

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

/// The comments of the bindings in a file, or of WIT.
fn check(text: &str, expected: &[&str]) {
    for comment in expected {
        assert!(
            text.contains(&format!("/// {comment}")),
            "{comment}: {text}"
        );
    }
}

#[test]
fn bindings_have_the_documentation_of_every_kind_of_dependency() {
    let project = Project::empty();
    library(&project, "shapes", "1.0.0", SHAPES, "");
    publish_wit(&project, &[UNITS]);
    app(&project, "near", "{ path = \"../shapes\" }");
    app(&project, "far", "\"1.0.0\"");
    workspace(&project, &["shapes", "near", "far"]);
    let shared = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{shared}[workspace.metadata.component]\nregistries.default = \"file:registry\"\n"),
    );
    run(&project, "bindings -p near").ok();
    let bindings = project.read("near/src/bindings.rs");
    check(&bindings, &OF_SHAPES);
    check(&bindings, &OF_WIT);
    let world = run(&project, "wit world -p near").ok().stdout;
    check(&world, &OF_SHAPES);
    check(&world, &OF_WIT);

    // A release has it as well, and a component that is linked with others.
    run(&project, "publish -p shapes").ok();
    run(&project, "bindings -p far").ok();
    let bindings = project.read("far/src/bindings.rs");
    check(&bindings, &OF_SHAPES);
    check(&bindings, &OF_WIT);
    let built = project.path("target/wasm32-wasip1/debug/shapes.wasm");
    assert_eq!(sections(&built), 1);

    // It changes with its source, and without one there is no section.
    project.replace("shapes/wit/world.wit", "Moves a place.", "Goes on.");
    run(&project, "bindings -p near").ok();
    check(&project.read("near/src/bindings.rs"), &["Goes on."]);
    let wit = project.read("shapes/wit/world.wit");
    let bare: Vec<&str> = wit.lines().filter(|line| !line.contains("///")).collect();
    project.write("shapes/wit/world.wit", bare.join("\n"));
    run(&project, "bindings -p near").ok();
    let bindings = project.read("near/src/bindings.rs");
    assert!(!bindings.contains("Shapes to be drawn."), "{bindings}");
    assert_eq!(sections(&built), 0);
}

/// How often a component has the name of the section.
fn sections(component: &Path) -> usize {
    let bytes = std::fs::read(component).unwrap();
    let name = b"component-docs";
    let found = bytes.windows(name.len()).filter(|window| window == name);
    found.count()
}
