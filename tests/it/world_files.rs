//! The whole world as WIT, for generators that know nothing of component dependencies.

use crate::components::{RUNTIME, library, workspace as join};
use crate::support::Project;

const GREETER: (&str, &str) = (
    "package fancy-components:greeter@1.0.0;
interface greeting { greet: func(name: string) -> string; }
world greeter { export greeting; }
",
    "mod bindings;
struct Component;
impl bindings::exports::fancy_components::greeter::greeting::Guest for Component {
    fn greet(name: String) -> String { format!(\"Hello, {name}!\") }
}
bindings::export!(Component with_types_in bindings);
",
);

/// A workspace with `greeter`, and `app`, which depends on it and has a world of its own.
/// Its code is only compiled by the test of the example `macro`.
fn workspace(settings: &str) -> Project {
    let project = Project::empty();
    library(&project, "greeter", "1.0.0", GREETER, "");
    let runtime = RUNTIME.replace(", default-features = false, features = [\"realloc\"]", "");
    project
        .write(
            "app/Cargo.toml",
            format!(
                "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n{runtime}\
                 [package.metadata.component]\n{settings}\
                 [package.metadata.component.dependencies]\n\
                 greeter = {{ path = \"../greeter\" }}\n"
            ),
        )
        .write(
            "app/wit/world.wit",
            "package my:app;\nworld app { export welcome: func() -> string; }\n",
        )
        .write(
            "app/src/lib.rs",
            "wit_bindgen::generate!({ path: \"wit/resolved\", generate_all });\n",
        );
    join(&project, &["app", "greeter"]);
    project
}

#[test]
fn a_directory_has_the_world_with_component_dependencies() {
    let project = workspace("bindings.wit = \"wit/resolved\"\n");
    project
        .component("bindings -p app")
        .ok()
        .says("Generating WIT for app (app/wit/resolved)");
    assert!(!project.has("app/src/bindings.rs"));
    let world = project.read("app/wit/resolved/world.wit");
    assert!(
        world.contains("import fancy-components:greeter/greeting@1.0.0;"),
        "{world}"
    );
    assert!(project.has("app/wit/resolved/deps/fancy-components-greeter-1.0.0/package.wit"));
    // Only changes are written.
    let check = "bindings --check -p app";
    project.component(check).ok().silent_on("Generating");

    // A new version takes the place of the old package.
    for file in ["greeter/wit/world.wit", "greeter/Cargo.toml"] {
        project.replace(file, "1.0.0", "1.1.0");
    }
    project.component("bindings -p app").ok();
    let deps = "app/wit/resolved/deps/fancy-components-greeter-1";
    assert!(project.has(&format!("{deps}.1.0/package.wit")));
    assert!(!project.has(&format!("{deps}.0.0")));

    // An edited or removed file is out of date.
    project.write("app/wit/resolved/world.wit", world);
    project
        .component(check)
        .code(1)
        .says("the WIT files of `app` in `app/wit/resolved` are out of date")
        .says("run `cargo component bindings`");
    project.component("bindings -p app").ok();
    project.component(check).ok();
}

#[test]
fn a_package_without_a_world_of_its_own_has_one_of_its_dependencies() {
    let project = workspace("bindings.wit = \"wit/resolved\"\n");
    std::fs::remove_file(project.path("app/wit/world.wit")).unwrap();
    project.component("bindings -p app").ok();
    // What was written is no WIT of the package.
    project.component("bindings --check -p app").ok();
    project.replace("app/Cargo.toml", "\"0.1.0\"", "\"0.1.1\"");
    project.component("bindings -p app").ok();
    let world = project.read("app/wit/resolved/world.wit");
    assert!(world.contains("package root:component;"), "{world}");
}

#[test]
fn wit_of_the_user_is_not_overwritten() {
    let project = workspace("bindings.wit = \"wit\"\n");
    let before = project.read("app/wit/world.wit");
    project
        .component("build -p app")
        .code(1)
        .says("failed to write the world of `app` to `app/wit`: `app/wit/world.wit` was not generated")
        .says("name a directory that does not exist yet, such as `wit/resolved`");
    assert_eq!(project.read("app/wit/world.wit"), before);
}

#[test]
fn the_world_is_printed_or_written_once() {
    let project = workspace("");
    project
        .component("wit world -p app")
        .ok()
        .prints("import fancy-components:greeter/greeting@1.0.0;")
        .prints("package fancy-components:greeter@1.0.0 {")
        .prints("export welcome: func() -> string;");
    project.component("wit world -p app -o out").ok();
    assert!(project.has("out/world.wit"));
    // Nothing but the world was written.
    assert!(!project.has("app/src/bindings.rs"));
    project
        .component("wit world")
        .code(2)
        .says("several packages are selected");
}
