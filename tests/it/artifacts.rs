//! Hosts that embed components: plain cargo builds them, by the build script.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::components::{made, sound};
use crate::observe::manifest;
use crate::support::{Output, Project};

/// The manifest of a host with these components.
fn host_manifest(artifacts: &str) -> String {
    let ours = env!("CARGO_MANIFEST_DIR");
    format!(
        "[package]\nname = \"host\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [build-dependencies]\n\
         cargo-component = {{ path = '{ours}', default-features = false }}\n\
         [package.metadata.component.artifacts]\n{artifacts}\n"
    )
}

const SCRIPT: &str = "fn main() -> cargo_component::error::Result<()> {
    cargo_component::build_script::artifacts()?;
    Ok(())
}
";

/// A host in `host` that prints the path of its component.
fn host(project: &Project, artifacts: &str, variable: &str) {
    project
        .write("host/Cargo.toml", host_manifest(artifacts))
        .write("host/build.rs", SCRIPT)
        .write(
            "host/src/main.rs",
            format!("fn main() {{\n    println!(\"{{}}\", env!(\"{variable}\"));\n}}\n"),
        );
}

/// A host, and the program `guest` that it embeds.
fn workspace(entry: &str) -> Project {
    let project = Project::empty();
    project
        .write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"host\", \"guest\"]\n[profile.small]\ninherits = \"release\"\n",
        )
        .write("guest/Cargo.toml", manifest("guest", ""))
        .write("guest/src/main.rs", "fn main() { println!(\"one\"); }\n");
    host(&project, entry, "COMPONENT_GUEST");
    project
}

/// Makes the tool the one that cargo finds.
fn with_tool(mut command: Command) -> Command {
    let tool = Path::new(env!("CARGO_BIN_EXE_cargo-component"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = tool.parent().unwrap().to_owned();
    let all = std::iter::once(own).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(all).unwrap());
    command
}

/// Runs plain cargo, with these variables.
fn cargo_with(project: &Project, line: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = project.clean("cargo");
    command.args(line.split_whitespace());
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    command.envs(variables.iter().copied());
    project.run(with_tool(command))
}

fn cargo(project: &Project, line: &str) -> Output {
    cargo_with(project, line, &[])
}

/// The component that the host embeds, as the host finds it; it is valid.
fn embedded(project: &Project, line: &str) -> Vec<u8> {
    let output = cargo(project, line).ok();
    let path = PathBuf::from(output.stdout.trim());
    assert!(path.is_absolute(), "{output}");
    let bytes = std::fs::read(path).unwrap();
    sound(&bytes);
    bytes
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Whether a build runs the script of the host.
fn reruns(project: &Project) -> bool {
    let output = cargo(project, "build -p host -v").ok();
    output.stderr.contains("/build/host") && output.stderr.contains("build-script-build`")
}

#[test]
fn plain_cargo_builds_the_component_again_when_its_sources_change() {
    let project = workspace("guest = { path = \"../guest\" }");
    let first = embedded(&project, "run -p host");
    assert!(has(&first, "one"));
    cargo(&project, "build -p host -v").ok().says("Fresh host");
    // The host's own code is not the component's.
    project.replace("host/src/main.rs", "println", "print");
    assert!(!reruns(&project));
    project.write("guest/src/part.rs", "pub const TEXT: &str = \"two\";\n");
    project.write(
        "guest/src/main.rs",
        "mod part;\nfn main() { println!(\"{}\", part::TEXT); }\n",
    );
    let second = embedded(&project, "run -p host");
    assert!(has(&second, "two") && second != first);
    cargo(&project, "build -p host -v").ok().says("Fresh host");
    project.write("guest/src/part.rs", "pub const TEXT: &str = \"three\";\n");
    assert!(has(&embedded(&project, "run -p host"), "three"));
    // The WIT counts as well.
    project.write(
        "guest/wit/world.wit",
        "package a:b;\nworld w { export run: func(; }\n",
    );
    cargo(&project, "build -p host").ok();
    project.replace(
        "guest/Cargo.toml",
        "component]\n",
        "component]\ntarget = { world = \"w\" }\n",
    );
    cargo(&project, "build -p host")
        .code(101)
        .says("wit/world.wit:2:");
    project.write("guest/wit/world.wit", "package a:b;\nworld w {}\n");
    cargo(&project, "build -p host").ok();
    cargo(&project, "build -p host -v").ok().says("Fresh host");
    project.write("guest/wit/world.wit", "package a:b;\nworld w { }\n");
    assert!(reruns(&project));
    // Whoever builds the guest alone has it where it always is.
    assert!(!project.has("target/wasm32-wasip1"));
}

#[test]
fn the_component_has_the_profile_of_the_host() {
    let project = workspace("guest = { path = \"../guest\" }");
    let debug = embedded(&project, "run -p host").len();
    let release = embedded(&project, "run -p host --release").len();
    assert!(release < debug, "{release} {debug}");
    embedded(&project, "run -p host --profile small");
    for profile in ["debug", "release", "small"] {
        let dir = format!("target/cargo-component/artifacts/wasm32-wasip1/{profile}");
        assert!(project.has(&format!("{dir}/guest.wasm")), "{dir}");
    }
}

#[test]
fn a_build_directory_of_the_host_is_not_that_of_its_components() {
    let project = workspace("guest = { path = \"../guest\" }").in_target_dir();
    project.write(".cargo/config.toml", "[build]\nbuild-dir = \"between\"\n");
    let text = project.read("guest/src/main.rs");
    assert!(has(&embedded(&project, "run -p host"), "one"));
    project.write("guest/src/main.rs", text.replace("one", "two"));
    assert!(has(&embedded(&project, "run -p host"), "two"));
    assert!(project.has("target/cargo-component/artifacts/wasm32-wasip1/debug/guest.wasm"));
    assert!(!project.has("between/cargo-component"));
    assert!(!project.has("between/wasm32-wasip1"));
    // Cargo reads braces in this setting as a variable.
    project.write("guest/src/main.rs", text);
    let braces = project.path("{x}").display().to_string();
    cargo_with(&project, "build -p host", &[("CARGO_TARGET_DIR", &braces)])
        .code(101)
        .says("cargo cannot build in `")
        .says("build the host without `build.build-dir`");
}

#[test]
fn the_build_script_of_a_component_may_call_cargo() {
    let project = workspace("guest = { path = \"../guest\" }").in_target_dir();
    project
        .write("inner/Cargo.toml", format!("{}\n[workspace]\n", manifest("inner", "")))
        .write("inner/src/main.rs", "fn main() {}\n")
        .write(
            "guest/build.rs",
            "use std::{env::var, process::Command};\nfn main() {\n    let dir = format!(\"{}/target\", var(\"OUT_DIR\").unwrap());\n    let mut cargo = Command::new(var(\"CARGO\").unwrap());\n    cargo.args([\"build\", \"--manifest-path\", \"../inner/Cargo.toml\", \"--target-dir\", &dir]);\n    assert!(cargo.status().unwrap().success());\n}\n",
        );
    assert!(has(&embedded(&project, "run -p host"), "one"));
}

#[test]
fn a_component_that_does_not_compile_is_an_error_that_shows_why() {
    let project = workspace("guest = { path = \"../guest\" }");
    project.write("guest/src/main.rs", "fn main() { wrong(); }\n");
    cargo(&project, "build -p host")
        .code(101)
        .says("error[E0425]: cannot find function `wrong`")
        .says("failed to build the components that `")
        .says("exit code 101; what it said is above");
    project.write("guest/src/main.rs", "fn main() {}\n");
    cargo(&project, "build -p host").ok();
    // What the manifest gets wrong is shown where it is.
    project.replace("host/Cargo.toml", "\"../guest\"", "\"../gust\"");
    cargo(&project, "build -p host")
        .code(101)
        .says("failed to find the component `guest`")
        .says("Cargo.toml:8:1");
}

#[test]
fn the_tool_builds_a_workspace_and_compiles_the_component_once() {
    let project = workspace("guest = { path = \"../guest\" }");
    let build = |more: &str| {
        let line = format!("build --workspace --host-members {more}");
        project.run(with_tool(project.command(&line))).ok()
    };
    let output = build("");
    assert_eq!(
        output.stderr.matches("Compiling guest ").count(),
        1,
        "{output}"
    );
    assert!(!project.has("target/cargo-component/artifacts"));
    let component = project.bytes("target/wasm32-wasip1/debug/guest.wasm");
    assert_eq!(embedded(&project, "run -p host"), component);
    // Cargo and the tool in turns do nothing again.
    cargo(&project, "build -p host -v").ok().says("Fresh host");
    build("-v").says("Fresh host");
    // The host is none of the components.
    let output = project.component("build --workspace").ok();
    output.silent_on("host v0.1.0");
    project.replace("guest/src/main.rs", "one", "two");
    build("");
    assert!(!project.has("target/cargo-component/artifacts"));
    assert!(has(&embedded(&project, "run -p host"), "two"));
    project.replace("guest/src/main.rs", "two", "three");
    assert!(has(&embedded(&project, "run -p host"), "three"));
    build("-v").says("Fresh host");
}

/// A component that has this number.
fn numbered(version: &str, number: u32) -> Vec<u8> {
    made(
        &format!("package my-org:adder@{version}; world w {{ export number: func() -> u32; }}"),
        &format!("(module (func (export \"number\") (result i32) (i32.const {number})))"),
    )
}

#[test]
fn a_release_is_locked_and_needs_no_registry_afterwards() {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"host\"]\n",
    );
    host(
        &project,
        "\"my-org:adder\" = \"1\"",
        "COMPONENT_MY_ORG_ADDER",
    );
    let registries = "[package.metadata.component.registries]\ndefault = \"file:../registry\"\n";
    let text = project.read("host/Cargo.toml");
    project.write("host/Cargo.toml", format!("{text}{registries}"));
    project.write("registry/my-org/adder/1.0.0.wasm", numbered("1.0.0", 1));
    let locked = [("CARGO_COMPONENT_LOCKED", "true")];
    cargo_with(&project, "build", &locked)
        .code(101)
        .says("Cargo-component.lock");
    assert!(!project.has("Cargo-component.lock"));
    assert_eq!(embedded(&project, "run"), numbered("1.0.0", 1));
    assert!(
        project
            .read("Cargo-component.lock")
            .contains("my-org:adder")
    );
    // The script looks at the lock file that it wrote, once.
    cargo(&project, "build").ok();
    cargo(&project, "build -v").ok().says("Fresh host");
    project.write("registry/my-org/adder/1.1.0.wasm", numbered("1.1.0", 2));
    cargo(&project, "build -v").ok().says("Fresh host");
    let mut update = project.command("update");
    update.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(update).ok().says("1.0.0 -> v1.1.0");
    assert_eq!(embedded(&project, "run"), numbered("1.1.0", 2));
    std::fs::remove_dir_all(project.path("registry")).unwrap();
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let frozen = [
        ("CARGO_COMPONENT_LOCKED", "true"),
        ("CARGO_NET_OFFLINE", "true"),
    ];
    let output = cargo_with(&project, "run --offline", &frozen).ok();
    assert_eq!(
        std::fs::read(output.stdout.trim()).unwrap(),
        numbered("1.1.0", 2)
    );
    // Nothing is left to fetch.
    let mut fetch = project.command("fetch --offline");
    fetch.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(fetch).ok();
}

#[test]
fn a_component_is_embedded_with_its_dependencies() {
    let project = Project::empty();
    let part = made(
        "package t:part@1.0.0; world part { export number: func() -> u32; }",
        "(module (func (export \"number\") (result i32) (i32.const 1)))",
    );
    let table =
        "[package.metadata.component.dependencies]\n\"t:part\" = { path = \"../part.wasm\" }\n";
    let code = "mod bindings;\nfn main() { println!(\"{}\", bindings::part::number()); }\n";
    crate::components::program(&project, "app", code, table);
    project.write("part.wasm", part);
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"host\", \"app\"]\n",
    );
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    project.write("Cargo.lock", std::fs::read(lock).unwrap());
    host(
        &project,
        "app = { path = \"../app\", compose = true }",
        "COMPONENT_APP",
    );
    let imports = |bytes: &[u8]| -> Vec<String> {
        let imports = cargo_component::component::names::imports(bytes).unwrap();
        imports.into_iter().map(|import| import.name).collect()
    };
    let composed = imports(&embedded(&project, "run -p host"));
    assert!(
        composed.iter().all(|name| name.starts_with("wasi:")),
        "{composed:?}"
    );
    cargo(&project, "build -p host -v").ok().says("Fresh host");
    // The tool hands the linked component over.
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let line = "build --workspace --host-members";
    project.run(with_tool(project.command(line))).ok();
    assert!(!project.has("target/cargo-component/artifacts"));
    assert_eq!(imports(&embedded(&project, "run -p host")), composed);
    // What it depends on is a source.
    project.replace("host/Cargo.toml", ", compose = true", "");
    let plain = imports(&embedded(&project, "run -p host"));
    assert!(
        !plain.iter().all(|name| name.starts_with("wasi:")),
        "{plain:?}"
    );
    let changed = project.bytes("part.wasm");
    project.write("part.wasm", changed);
    assert!(reruns(&project));
}

#[test]
fn a_host_without_the_tool_says_how_to_install_it() {
    let project = workspace("guest = { path = \"../guest\" }");
    let mut command = project.clean("rustc");
    command.args(["--print", "sysroot"]);
    let sysroot = project.run(command).ok().stdout;
    let own = Path::new(sysroot.trim()).join("bin");
    let mut command = project.clean(own.join("cargo").to_str().unwrap());
    let system = ["/usr/bin", "/bin"].map(PathBuf::from);
    let all = std::iter::once(own).chain(system);
    command.args(["build", "-p", "host"]);
    command.env("PATH", std::env::join_paths(all).unwrap());
    command.env("CARGO_HOME", project.path("home"));
    project
        .run(command)
        .code(101)
        .says("`cargo component` is not installed")
        .says("help: install it: `cargo install --locked cargo-component`");
}

#[test]
fn the_components_are_built_by_hand_as_well() {
    let project = workspace("guest = { path = \"../guest\" }");
    let output = project
        .component("artifacts --manifest-path host/Cargo.toml")
        .ok();
    let file = "target/cargo-component/embedded/host/dev/guest.wasm";
    let line = format!(
        "cargo::rustc-env=COMPONENT_GUEST={}",
        project.path(file).display()
    );
    let output = output.prints(&line);
    sound(&project.bytes(file));
    let watched = output
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::rerun-if-changed="))
        .map(|path| Path::new(path).strip_prefix(project.root()).unwrap());
    let watched: Vec<String> = watched.map(|path| path.display().to_string()).collect();
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "guest/Cargo.toml",
        "guest/src/main.rs",
        "host/Cargo.toml",
    ];
    assert_eq!(watched, expected);
    project
        .component("artifacts --manifest-path guest/Cargo.toml")
        .code(1)
        .says("the package `guest` embeds no components")
        .says("[package.metadata.component.artifacts]");
    project
        .component("artifacts")
        .code(1)
        .says("`Cargo.toml` is not a package");
}
