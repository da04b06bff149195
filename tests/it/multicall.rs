//! The executable under the names of other tools.

use cargo_component::component::names::imports;

use crate::compose::{adder, app, go, interface, place};
use crate::registry_local::publish_wit;
use crate::registry_servers::{Access, DockerRegistry};
use crate::support::{Output, Project, file_name};

const IO: &str = "package demo:io@0.2.0; interface streams { f: func(); }";
const IO_NEWER: &str = "package demo:io@0.2.1; interface streams { f: func(); g: func(); }";
const APP: &str = "package my:app@0.1.0; world w { import demo:io/streams@0.2.0; }";

/// A project with a registry that is a directory.
fn project() -> Project {
    let project = Project::empty();
    publish_wit(&project, &[IO, IO_NEWER]);
    let root = project.path("registry").display().to_string();
    let config = format!("default_registry = \"here\"\n[registry.here.local]\nroot = {root:?}\n");
    project.write("config.toml", config);
    project.write("app/wit/w.wit", APP);
    project
}

/// Runs the executable by another name, in the directory `app`.
pub fn called(project: &Project, name: &str, line: &str) -> Output {
    let link = project.path(&format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !link.exists() {
        let tool = env!("CARGO_BIN_EXE_cargo-component");
        #[cfg(unix)]
        std::os::unix::fs::symlink(tool, &link).unwrap();
        #[cfg(not(unix))]
        std::fs::hard_link(tool, &link)
            .or_else(|_| std::fs::copy(tool, &link).map(drop))
            .unwrap();
    }
    let mut command = project.clean(&link.display().to_string());
    command
        .args(line.split_whitespace())
        .current_dir(project.path("app"))
        .env("WKG_CONFIG_FILE", project.path("config.toml"))
        .env("WKG_CACHE_DIR", project.path("cache"));
    project.run(command)
}

#[test]
fn wkg_builds_fetches_and_publishes() {
    let project = project();
    // A crate beside it does not count for wkg.
    project.write(
        "app/Cargo.toml",
        "[package]\nname = \"x\"\nversion = \"0.1.0\"\n",
    );
    project.write("app/src/lib.rs", "");
    let built = called(&project, "wkg", "build").ok();
    let written = file_name("WIT package written to my:app@0.1.0.wasm\n");
    assert_eq!(built.stderr, written);
    assert_eq!(built.stdout, "");
    assert!(project.read("app/wkg.lock").contains("registry = \"here\""));
    let fetched = called(&project, "wkg", "fetch").ok();
    assert_eq!(fetched.stderr, "");
    assert!(project.has("app/wit/deps/demo-io-0.2.0/package.wit"));
    called(&project, "wkg", "fetch wit -t WASM").ok();
    assert!(project.has("app/wit/deps/demo-io-0.2.0.wasm"));
    called(&project, "wkg", "wit fetch -d wit")
        .ok()
        .says("warning: `wkg wit <command>` is deprecated\n   help: use `wkg <command>` instead");
    // Theirs ends with 101.
    called(&project, "wkg", "update").ok();
    called(&project, "wkg", "publish --dry-run wit")
        .ok()
        .says("warning: Aborting publish due to dry run: my:app@0.1.0");
    assert!(!project.has("registry/my"));
    let line = file_name("publish my:app@0.1.0.wasm");
    let published = called(&project, "wkg", &line).ok();
    assert_eq!(published.stderr, "Published my:app@0.1.0\n");
    assert_eq!(
        project.bytes("registry/my/app/0.1.0.wasm"),
        project.bytes("app/my:app@0.1.0.wasm")
    );
    called(&project, "wkg", "publish wit").code(1);
    called(&project, "wkg", "publish wit --skip-dupes").ok();
}

#[test]
fn wkg_gets_and_configures() {
    let project = project();
    called(&project, "wkg", "get demo:io@0.2.0")
        .ok()
        .says("    Fetching demo:io@0.2.0...\n")
        .says("Wrote 'demo_io@0.2.0.wit'\n");
    // A bare name is a file in this directory.
    called(&project, "wkg", "get demo:io -o out.wit").ok();
    assert!(project.read("app/out.wit").contains("@0.2.1"));
    called(&project, "wkg", "get demo:io -o out.wit")
        .code(1)
        .says("already exists")
        .says("--overwrite");
    called(&project, "wkg", "get demo:io -o out.wit --check").ok();
    called(&project, "wkg", "get demo:io@0.2.0 -o out.wit --check").code(1);
    called(&project, "wkg", "config")
        .ok()
        .says("Default registry: here");
    called(
        &project,
        "wkg",
        "config --default-registry other.example --config ../new.toml",
    )
    .ok()
    .says("Default registry: other.example");
    assert_eq!(
        project.read("new.toml"),
        "default_registry = \"other.example\"\n"
    );
    called(&project, "wkg", "no-such-verb").code(2);
    called(&project, "wkg", "--version").ok();
}

#[test]
fn wit_deps_locks_checks_and_prints_streams() {
    let project = project();
    project.write("dep/a.wit", "package a:a; interface i {}");
    project.write("app/wit/deps.toml", "a = \"../../dep\"\n");
    called(&project, "wit-deps", "").ok();
    assert!(project.has("app/wit/deps/a/a.wit"));
    let lock = project.read("app/wit/deps.lock");
    called(&project, "wit-deps", "lock --check").ok();
    let tar = called(&project, "wit-deps", "-m wit/deps.toml tar a -o a.tar").ok();
    assert_eq!(tar.stdout, "");
    assert_eq!(project.bytes("app/a.tar").len() % 512, 0);
    project.write("dep/a.wit", "package a:a; interface j {}");
    called(&project, "wit-deps", "lock -c").code(1);
    assert_eq!(project.read("app/wit/deps.lock"), lock);
    // As a project of WIT it is the same.
    let mut command = project.command("wit fetch");
    command.current_dir(project.path("app"));
    project.run(command).ok().says("Reading `wit/deps.toml`");
    assert_ne!(project.read("app/wit/deps.lock"), lock);
    called(&project, "wit-deps", "update").ok();
    called(&project, "wit-deps", "nothing").code(2);
    called(&project, "wit-deps", "-m none.toml lock")
        .code(1)
        .says("failed to read manifest at `none.toml`");
}

#[test]
fn wit_makes_builds_and_publishes() {
    let project = project();
    let wit = |line: &str| {
        let mut command = project.clean(&project.path("wit").display().to_string());
        command
            .args(line.split_whitespace())
            .current_dir(project.path("pack"))
            .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
            .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"));
        project.run(command)
    };
    // Makes the link.
    called(&project, "wit", "--version").ok();
    project.write(
        "pack/p.wit",
        "package my:pack; world w { import demo:io/streams; }",
    );
    wit("build").code(1).says("wit.toml");
    wit("init")
        .ok()
        .says("Created configuration file `wit.toml`");
    wit("init").code(1).says("already exists");
    wit("add demo:io@0.2.0 --dry-run")
        .ok()
        .says("Would add dependency `demo:io`");
    wit("add demo:io@0.2.0")
        .ok()
        .says("Added dependency `demo:io`");
    assert!(
        project
            .read("pack/wit.toml")
            .contains("\"demo:io\" = \"0.2.0\"")
    );
    wit("build").ok().says("Created package `pack.wasm`");
    let lock = project.read("pack/wit.lock");
    assert!(lock.contains("version = \"0.2.1\""), "{lock}");
    wit("update").ok();
    wit("publish --package other:name")
        .ok()
        .says("Published package `other:name` v0.1.0");
    assert!(project.has("registry/other/name/0.1.0.wasm"));
    wit("key new r.example").code(1).says("WIT_PUBLISH_KEY");
    wit("publish --key-name mine")
        .code(1)
        .says("WIT_PUBLISH_KEY");
    wit("publish --init --package other:fresh").ok();
    wit("fetch").code(2);
}

#[test]
fn wit_adds_an_interface_to_a_world() {
    let project = project();
    called(&project, "wit", "init").ok();
    project.write("app/w.wit", "package my:app;\nworld w {\n}\n");
    let add = |line: &str| {
        let mut command = project.clean(&project.path("wit").display().to_string());
        command
            .args(line.split_whitespace())
            .current_dir(project.path("app"))
            .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"))
            .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    add("add demo:io/streams@0.2.0").ok();
    assert!(
        project
            .read("app/w.wit")
            .contains("import demo:io/streams@")
    );
    assert!(project.read("app/wit.toml").contains("\"demo:io\" ="));
    add("add demo:io/nothing")
        .code(1)
        .says("has no interface `nothing`");
    add("add demo:io --world w").code(2);
    add("build").ok();
}

#[test]
fn the_version_is_that_of_the_tool_whose_command_line_is_taken() {
    let project = project();
    for (name, version) in [("wkg", "0.16.1"), ("wit", "0.16.0"), ("wit-deps", "0.6.0")] {
        let said = called(&project, name, "--version").ok().stdout;
        let ours = env!("CARGO_PKG_VERSION");
        assert_eq!(said, format!("{name} {version} (cargo-component {ours})\n"));
    }
}

#[test]
fn wkg_means_a_whole_workspace_where_no_directory_is_given() {
    let project = project();
    project.write(
        "app/wkg.toml",
        "[workspace]\nmembers = [\"wit\", \"more\"]\n",
    );
    project.write("app/more/m.wit", "package my:more@0.1.0;");
    called(&project, "wkg", "build").ok();
    assert!(project.has("app/my:app@0.1.0.wasm") && project.has("app/my:more@0.1.0.wasm"));
    called(&project, "wkg", "publish --workspace").ok();
    assert!(project.has("registry/my/app/0.1.0.wasm"));
    assert!(project.has("registry/my/more/0.1.0.wasm"));
}

#[test]
fn wkg_logs_in_by_its_command_line() {
    let Some(registry) = DockerRegistry::start(Access::Htpasswd) else {
        return;
    };
    let project = project();
    let to = format!("127.0.0.1:{}/team/app:1.0.0", registry.port);
    called(&project, "wkg", "build -o app.wasm").ok();
    called(&project, "wkg", &format!("oci push {to} app.wasm")).code(1);
    let login = format!("--insecure 127.0.0.1:{} -u user -p", registry.port);
    let wrong = called(
        &project,
        "wkg",
        &format!("oci push {login} not-it {to} app.wasm"),
    )
    .code(1);
    assert!(!wrong.stderr.contains("not-it"), "{}", wrong.stderr);
    let pushed = called(
        &project,
        "wkg",
        &format!("oci push {login} secret {to} app.wasm"),
    )
    .ok();
    assert!(
        pushed
            .stdout
            .starts_with(&format!("pushed: {to}\ndigest: sha256:")),
        "{}",
        pushed.stdout
    );
    called(&project, "wkg", &format!("oci pull {login} secret {to}"))
        .ok()
        .prints(&format!("Successfully wrote {to} to team_app.wasm\n"));
    assert_eq!(
        project.bytes("app/team_app.wasm"),
        project.bytes("app/app.wasm")
    );
}

#[test]
fn wac_plugs_composes_checks_and_parses() {
    let project = place();
    let app = app("\"test:math/ops@1.0.0\"");
    project.write("app/app.wasm", &app);
    project.write("app/ops.wasm", interface("i32.add"));
    called(
        &project,
        "wac",
        "plug app.wasm --plug ops.wasm -o plugged.wasm",
    )
    .ok();
    go(&project, "app/plugged.wasm").prints("42\n");
    assert!(
        imports(&project.bytes("app/plugged.wasm"))
            .unwrap()
            .is_empty()
    );
    // Nothing fits, or two do.
    project.write("app/adder.wasm", adder("i32.add"));
    called(&project, "wac", "plug app.wasm --plug adder.wasm -o x.wasm")
        .code(1)
        .says("no plug exports what `app.wasm` imports")
        .says("it imports `test:math/ops@1.0.0`");
    called(
        &project,
        "wac",
        "plug app.wasm --plug ops.wasm --plug ops.wasm -o x.wasm",
    )
    .code(1)
    .says("`ops.wasm` and `ops.wasm` both export `test:math/ops@1.0.0`");
    called(&project, "wac", "plug app.wasm --plug ops.wasm -t")
        .code(1)
        .says("the option `--wat` of `wac` is not supported");
    assert!(!project.has("app/x.wasm"));
    // A document, whose packages are given.
    project.write(
        "app/main.wac",
        "package demo:linked;\nlet ops = new test:ops {};\nlet app = new test:app { ...ops };\nexport app.go;\n",
    );
    let line = "compose main.wac -d test:ops=ops.wasm --dep test:app=app.wasm -o linked.wasm";
    let composed = called(&project, "wac", line).ok();
    assert_eq!(composed.stderr, "");
    go(&project, "app/linked.wasm").prints("42\n");
    let tree = called(&project, "wac", "parse main.wac").ok().stdout;
    let tree: serde_json::Value = serde_json::from_str(&tree).unwrap();
    assert_eq!(tree["directive"]["package"]["name"], "demo:linked");
    // The world of the result.
    project.write(
        "app/world/w.wit",
        "package a:b; world one { export go: func() -> u32; } world two { export other: func(); }",
    );
    called(
        &project,
        "wac",
        "targets linked.wasm --wit world --world one",
    )
    .ok();
    called(
        &project,
        "wac",
        "targets linked.wasm --wit world --world two",
    )
    .code(1)
    .says("does not conform to the world");
    called(&project, "wac", "--version")
        .ok()
        .prints("wac 0.12.0 (cargo-component");
}
