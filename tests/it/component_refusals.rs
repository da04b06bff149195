//! Dependencies on components that cannot be: what is told, and that nothing
//! is left.

use crate::components::{REGEX, TRANSCODER, library, one_target, program, run, workspace};
use crate::registry_verbs::shapes;
use crate::support::{Output, Project};

const MAIN: &str = "mod bindings;\nfn main() {}\n";

fn depending(entry: &str) -> Project {
    let project = Project::empty();
    let table = format!("[package.metadata.component.dependencies]\n{entry}\n");
    program(&project, "app", MAIN, &table);
    one_target(&project);
    project
}

/// The build is refused before anything is compiled or written.
fn refused(project: &Project) -> Output {
    let output = run(project, "build --manifest-path app/Cargo.toml").code(1);
    assert!(!project.has("app/src/bindings.rs"), "{output}");
    assert!(!project.has("app/Cargo-component.lock"), "{output}");
    output.says("help: ").silent_on("Compiling app")
}

#[test]
fn what_is_no_component_is_told_with_its_table() {
    let project = depending("thing = { path = \"thing.wasm\" }");
    project.write("app/thing.wasm", shapes("1.0.0"));
    refused(&project)
        .says("the dependency `thing` is a WIT package, not a component")
        .says("app/Cargo.toml:9:1")
        .says("[package.metadata.component.target.dependencies]");
    project.write("app/thing.wasm", wat::parse_str("(module)").unwrap());
    refused(&project)
        .says("the dependency `thing` is a core module, not a component")
        .says("app/Cargo.toml:9:1");
    project.write("app/thing.wasm", "no wasm");
    refused(&project).says("`thing`").says("app/Cargo.toml:9:1");
    std::fs::remove_file(project.path("app/thing.wasm")).unwrap();
    refused(&project)
        .says("thing.wasm")
        .says("app/Cargo.toml:9:1");
    // A directory without a crate.
    project.write("app/thing.wasm/wit/world.wit", "package demo:thing;");
    refused(&project)
        .says("thing.wasm")
        .says("app/Cargo.toml:9:1");
}

#[test]
fn a_wit_package_of_a_registry_is_no_component() {
    let project = depending("\"demo:shapes\" = \"1\"");
    let manifest = project.read("app/Cargo.toml");
    project.write(
        "app/Cargo.toml",
        format!(
            "{manifest}[package.metadata.component.registries]\ndefault = \"file:../registry\"\n"
        ),
    );
    project.write("registry/demo/shapes/1.0.0.wasm", shapes("1.0.0"));
    refused(&project)
        .says("the dependency `demo:shapes` is a WIT package, not a component")
        .says("app/Cargo.toml:9:1")
        .says("[package.metadata.component.target.dependencies]");
}

#[test]
fn a_directory_that_makes_no_component_is_told() {
    let project = depending("regex = { path = \"../regex\" }");
    library(&project, "regex", "1.2.0", REGEX, "");
    project.replace("regex/Cargo.toml", "[lib]\ncrate-type = [\"cdylib\"]\n", "");
    refused(&project)
        .says("`regex`")
        .says("crate-type = [\"cdylib\"]");
    // Code that does not compile is the compiler's to tell.
    library(&project, "regex", "1.2.0", REGEX, "");
    project.replace("regex/src/lib.rs", "text.find(&pattern)?", "nothing");
    run(&project, "build --manifest-path app/Cargo.toml")
        .code(101)
        .says("cannot find value `nothing`");
    assert!(!project.has("app/src/bindings.rs"));
    // A package by another name.
    library(&project, "regex", "1.2.0", REGEX, "");
    project.replace(
        "app/Cargo.toml",
        "regex = {",
        "\"fancy-components:expressions\" = {",
    );
    refused(&project)
        .says("`fancy-components:regex`, not `fancy-components:expressions`")
        .says("app/Cargo.toml:9:1")
        .says("\"fancy-components:regex\"");
}

#[test]
fn a_circle_of_directories_is_told_with_its_chain() {
    let needs = |name: &str| {
        format!("[package.metadata.component.dependencies]\n{name} = {{ path = \"../{name}\" }}\n")
    };
    let project = depending("regex = { path = \"../regex\" }");
    library(&project, "regex", "1.2.0", REGEX, &needs("transcoder"));
    library(&project, "transcoder", "0.3.1", TRANSCODER, &needs("regex"));
    let told = |output: Output| {
        output
            .says("the component dependencies form a cycle")
            .says("regex` needs `")
            .says("transcoder` needs `")
    };
    told(refused(&project));
    std::fs::remove_file(project.path(".cargo/config.toml")).unwrap();
    workspace(&project, &["app", "regex", "transcoder"]);
    told(refused(&project));
    told(run(&project, "build").code(1));
    // Verbs that build nothing end as well.
    run(&project, "tree").ok().prints("(component)");
    run(&project, "update").ok();
    // One that needs itself.
    library(&project, "regex", "1.2.0", REGEX, &needs("regex"));
    run(&project, "build -p regex")
        .code(1)
        .says("regex` needs `");
}
