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

#[test]
fn crates_of_one_name_do_not_replace_each_other_in_a_shared_target_directory() {
    let number = |number: u32| {
        let wit = "package my:pkg;\nworld w { export number: func() -> u32; }\n";
        let code = format!(
            "mod bindings;\nstruct Component;\nimpl bindings::Guest for Component {{\n    \
             fn number() -> u32 {{ {number} }}\n}}\n\
             bindings::export!(Component with_types_in bindings);\n"
        );
        (wit.to_owned(), code)
    };
    let first = "\"fancy-components:first\" = { path = \"../one/same\" }";
    let second = "\"fancy-components:second\" = { path = \"../two/same\" }";
    let project = depending(&format!("{first}\n{second}")).in_target_dir();
    for (dir, package, value) in [("one/same", "first", 1), ("two/same", "second", 2)] {
        let (wit, code) = number(value);
        library(&project, dir, "1.0.0", (&wit, &code), "");
        project.replace(
            &format!("{dir}/Cargo.toml"),
            "fancy-components:same",
            &format!("fancy-components:{package}"),
        );
    }
    let code = "mod bindings;\nfn main() {\n    \
                println!(\"{} {}\", bindings::first::number(), bindings::second::number());\n}\n";
    project.write("app/src/main.rs", code);
    let build = || run(&project, "build --manifest-path app/Cargo.toml");
    for _ in 0..2 {
        build()
            .code(1)
            .says("`target/wasm32-wasip1/debug/same.wasm` is the file of two crates")
            .says("the component of the crate in `one/same`, and now is that of the crate in `two/same`")
            .says("help: give one of them another name");
    }
    let line = "build --manifest-path app/Cargo.toml --message-format json";
    let output = run(&project, line).code(1);
    let last = output.stdout.lines().last();
    assert_eq!(last, Some(r#"{"reason":"build-finished","success":false}"#));
    project.cargo("clean --manifest-path app/Cargo.toml").ok();
    project.replace("two/same/Cargo.toml", "name = \"same\"", "name = \"other\"");
    run(&project, "run --manifest-path app/Cargo.toml")
        .ok()
        .prints("1 2\n");
    // The program itself may have the name as well.
    project.replace("app/Cargo.toml", "name = \"app\"", "name = \"same\"");
    build()
        .code(1)
        .says("the component of the crate in `one/same`, and now is that of the crate in `app`");
}
