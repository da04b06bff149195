//! `cargo component wit`: packages of WIT are begun, given what they need,
//! brought up to date and shown.

use crate::multicall::called;
use crate::registry_local::publish_wit;
use crate::support::{Output, Project, with_slashes};

const IO_0_2_0: &str = "package demo:io@0.2.0;
interface streams { record pipe { id: u32 } } interface poll { ready: func() -> bool; }";
const IO_0_2_1: &str = "package demo:io@0.2.1;
interface streams { record pipe { id: u32 } } interface poll { ready: func() -> bool; }
interface more { }";
const IO_0_3_0: &str = "package demo:io@0.3.0;
interface streams { record pipe { id: u64 } }";
const NET: &str = "package demo:net@1.0.0;
interface sockets { use demo:io/streams@0.2.0.{pipe}; open: func() -> pipe; }";

/// A directory with a registry, and a cache of its own.
pub fn project() -> Project {
    let project = Project::empty();
    publish_wit(&project, &[IO_0_2_0, IO_0_2_1, NET]);
    let root = project.path("registry");
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\ndemo = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            root.display().to_string()
        ),
    );
    project
}

/// `cargo component wit <line>` in a directory of the project.
pub fn wit(project: &Project, dir: &str, line: &str) -> Output {
    let mut command = project.command(&format!("wit {line}"));
    command
        .current_dir(project.path(dir))
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"));
    project.run(command)
}

#[test]
fn a_package_is_begun_and_builds() {
    let project = project();
    wit(&project, ".", "init 'my pkg'")
        .ok()
        .says("Created configuration file `my pkg/wkg.toml`")
        .says("Created WIT file `my pkg/wit/world.wit`");
    let text = project.read("my pkg/wit/world.wit");
    assert!(
        text.starts_with("package component:my-pkg@0.1.0;\n"),
        "{text}"
    );
    wit(&project, "my pkg", "build -o out.wasm").ok();
    let before = project.read("my pkg/wkg.toml");
    wit(&project, ".", "init 'my pkg'")
        .code(1)
        .says("WIT package configuration file `my pkg/wkg.toml` already exists");
    assert_eq!(project.read("my pkg/wkg.toml"), before);
    assert_eq!(project.read("my pkg/wit/world.wit"), text);

    // WIT that is there is taken as it is.
    project.write("old/wit/a.wit", "package a:b;\n");
    wit(&project, "old", "init").ok().silent_on("world.wit");
    assert!(!project.has("old/wit/world.wit"));
    wit(&project, "old", "check").ok().says("Checked `a:b`");

    wit(&project, ".", "init --namespace 1 x")
        .code(1)
        .says("namespace `1`");
    assert!(!project.has("x"));
}

#[test]
fn a_package_of_the_wit_cli_is_begun_as_it_does() {
    let project = project();
    wit(&project, ".", "init --form wit a")
        .ok()
        .says("Created configuration file `a/wit.toml`");
    assert_eq!(project.read("a/wit.toml"), "version = \"0.1.0\"\n");
    wit(&project, ".", "init --form wit a")
        .code(1)
        .says("WIT package configuration file `a/wit.toml` already exists");
    wit(
        &project,
        ".",
        "init --form wit --registry https://r.example b",
    )
    .ok();
    assert_eq!(
        project.read("b/wit.toml"),
        "version = \"0.1.0\"\n\n[registries]\ndefault = \"https://r.example\"\n"
    );
    wit(&project, ".", "init --registry https://r.example c")
        .code(2)
        .says("cannot name a registry");
    assert!(!project.has("c"));
}

const WORLD: &str = "package my:app@0.1.0;\r
\r
// The only one.\r
world app {\r
\t/// Runs.\r
\texport run: func();\r
}\r
";

#[test]
fn an_interface_is_imported_with_the_version_that_was_found() {
    let project = project();
    project.write("wit/app.wit", WORLD);
    let dry = wit(&project, ".", "add demo:io/streams --dry-run").ok();
    dry.says("Would add dependency `demo:io` with version `0.2.1` (dry run)")
        .says("Would add import `demo:io/streams@0.2.1` to world `app` (dry run)");
    assert!(!project.has("wkg.toml"));
    assert_eq!(project.read("wit/app.wit"), WORLD);

    wit(&project, ".", "add demo:io/streams")
        .ok()
        .says("Added dependency `demo:io` with version `0.2.1`")
        .says("Added import `demo:io/streams@0.2.1` to world `app`");
    let imported = WORLD.replace("app {\r\n", "app {\r\n\timport demo:io/streams@0.2.1;\r\n");
    assert_eq!(project.read("wit/app.wit"), imported);
    assert_eq!(
        project.read("wkg.toml"),
        "[overrides]\n\"demo:io\" = { version = \"0.2.1\" }\n"
    );
    assert!(!project.has("wkg.lock"));

    // The second one finds the entry, and nothing is added twice.
    wit(&project, ".", "add demo:io/poll")
        .ok()
        .silent_on("Added dependency");
    let both = project.read("wit/app.wit");
    assert!(
        both.contains("streams@0.2.1;\r\n\timport demo:io/poll@0.2.1;\r\n"),
        "{both}"
    );
    wit(&project, ".", "add demo:io/poll")
        .ok()
        .says("already imports `demo:io/poll@0.2.1`");
    assert_eq!(project.read("wit/app.wit"), both);
    wit(&project, ".", "build").ok();
    assert!(project.read("wkg.lock").contains("version = \"0.2.1\""));

    // Removing takes the entry with the last of its names.
    wit(&project, ".", "remove demo:io/poll")
        .ok()
        .says("Removed import `demo:io/poll`")
        .silent_on("dependency");
    assert_eq!(project.read("wit/app.wit"), imported);
    wit(&project, ".", "remove demo:io/stream")
        .code(1)
        .says("did you mean `demo:io/streams`?");
    wit(&project, ".", "remove demo:io/streams --dry-run")
        .ok()
        .says("Would remove import");
    wit(&project, ".", "remove demo:io/streams")
        .ok()
        .says("Removed dependency `demo:io`");
    assert_eq!(project.read("wit/app.wit"), WORLD);
    assert_eq!(project.read("wkg.toml"), "[overrides]\n");
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_written() {
    let project = project();
    let text =
        "package my:app; world alpha { } world beta { export demo:io/poll@0.2.0; } interface i { }";
    project.write("wit/app.wit", text);
    project.write(
        "wkg.toml",
        "# mine\n[overrides]\n\"demo:net\" = { version = \"1\" } # net\n",
    );
    for (line, said) in [
        ("add demo:io/streams", "has several worlds"),
        ("add demo:io/streams", "the worlds are `alpha`, `beta`"),
        ("add demo:io/streams --world betta", "did you mean `beta`?"),
        (
            "add demo:io/stream --world alpha",
            "`demo:io@0.2.0` has no interface `stream`",
        ),
        (
            "add demo:io/stream --world alpha",
            "write `demo:io/streams`",
        ),
        (
            "add demo:io/more@=0.2.0 --world alpha",
            "has no interface `more`",
        ),
        (
            "add demo:io/streams@0.2 --world alpha",
            "use `@0.2.1` everywhere",
        ),
        ("add demo:none", "demo:none"),
        ("add other:none", "no registry configured"),
        ("add my:app/i --world alpha", "cannot be added to itself"),
        (
            "add demo:net --name other",
            "neither a registry nor another name",
        ),
        (
            "add demo:net/sockets@2 --world alpha",
            "no release matching version requirement `^2`",
        ),
        ("add demo:io --registry r", "neither a registry"),
        ("remove demo:nett", "did you mean `demo:net`?"),
        ("remove demo:io", "could not be found in `wkg.toml`"),
    ] {
        let output = wit(&project, ".", line).says(said);
        assert!(output.code == 1 || output.code == 2, "{output}");
    }
    assert_eq!(project.read("wit/app.wit"), text);
    assert!(project.read("wkg.toml").ends_with("# net\n"));
    // What the WIT names already comes with the same version.
    wit(&project, ".", "add demo:io/streams -w beta")
        .ok()
        .silent_on("dependency");
    let added = "{ import demo:io/streams@0.2.0; export demo:io/poll@0.2.0; }";
    assert!(project.read("wit/app.wit").contains(added));
    wit(&project, ".", "add demo:io@0.2.0").ok();
    assert_eq!(
        project.read("wkg.toml"),
        "# mine\n[overrides]\n\"demo:net\" = { version = \"1\" } # net\n\"demo:io\" = { version = \"0.2.0\" }\n"
    );
    wit(&project, ".", "remove demo:net").ok();
    assert!(!project.read("wkg.toml").contains("demo:net"));
}

#[test]
fn an_import_that_would_not_hold_together_is_not_written() {
    let project = project();
    // The world has the name already, with something else.
    let text = "package my:app;\ninterface i { use missing.{t}; }\nworld a { }\n";
    project.write("wit/app.wit", text);
    wit(&project, ".", "add demo:io/streams")
        .code(1)
        .says("`missing`");
    assert_eq!(project.read("wit/app.wit"), text);
    assert!(!project.has("wkg.toml"));
}

#[test]
fn every_manifest_gets_its_own_entry() {
    let project = project();
    project.write(
        "cli/wit.toml",
        "version = \"0.1.0\"\n[dependencies] # few\n",
    );
    project.write("cli/app.wit", "package my:app;\nworld app {\n}\n");
    wit(&project, "cli", "add demo:io/poll@^0.2 --name io")
        .ok()
        .says("Added dependency `io` with version `0.2`");
    assert_eq!(
        project.read("cli/wit.toml"),
        "version = \"0.1.0\"\n[dependencies] # few\nio = { package = \"demo:io\", version = \"0.2\" }\n"
    );
    assert!(!project.has("cli/wit.lock"));
    wit(&project, "cli", "build").ok();
    assert!(project.read("cli/wit.lock").contains("version = \"0.2.1\""));
    wit(&project, "cli", "remove io").ok();
    assert!(!project.read("cli/wit.toml").contains("demo:io"));

    // Where WIT is enough the manifest of a crate is left alone.
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n[package.metadata.component]\npackage = \"my:app\"\n";
    project.write("crate/Cargo.toml", manifest);
    project.write("crate/src/lib.rs", "");
    project.write("crate/wit/app.wit", "package my:app;\nworld app {\n}\n");
    wit(&project, "crate", "add demo:io/poll").ok();
    assert_eq!(project.read("crate/Cargo.toml"), manifest);
    assert!(
        project
            .read("crate/wit/app.wit")
            .contains("    import demo:io/poll@0.2.1;\n")
    );
    wit(&project, "crate", "add demo:net@1.0")
        .ok()
        .says("has the interfaces `sockets`");
    let added = "[package.metadata.component.target.dependencies]\n\"demo:net\" = \"1.0\"\n";
    assert!(project.read("crate/Cargo.toml").contains(added));
}

#[test]
fn wit_on_disk_is_added_by_its_path() {
    let project = project();
    project.write("app/wit/app.wit", "package my:app;\nworld app {\n}\n");
    project.write("lib/wit/lib.wit", "package my:lib;\ninterface i { }\n");
    wit(&project, "app", "add my:other/i --path ../lib/wit")
        .code(1)
        .says("`my:other` does not exist in");
    wit(&project, "app", "add my:lib/i --path ../lib/wit")
        .ok()
        .says("Added dependency `my:lib` from path `../lib/wit`");
    assert_eq!(
        project.read("app/wkg.toml"),
        "[overrides]\n\"my:lib\" = { path = \"../lib/wit\" }\n"
    );
    assert!(project.read("app/wit/app.wit").contains("import my:lib/i;"));
    wit(&project, "app", "tree")
        .ok()
        .prints("my:app (")
        .prints("└── my:lib (");
}

/// A package whose versions are a range, locked at the lowest, with `deps`.
fn ranged() -> Project {
    let project = project();
    std::fs::remove_file(project.path("registry/demo/io/0.2.1.wasm")).unwrap();
    project.write(
        "wkg.toml",
        "[overrides]\n\"demo:io\" = { version = \"0.2\" } # io\n",
    );
    project.write(
        "wit/app.wit",
        "package my:app@0.2.0;\n\n// demo:io/poll@0.2.0\ninterface i {\n    use demo:io/streams@0.2.0.{pipe};\n    @since(version = 0.2.0)\n    f: func();\n}\n\nworld app {\n    import demo:io/poll@0.2.0; // @0.2.0\n}\n",
    );
    wit(&project, ".", "fetch").ok();
    assert!(project.has("wit/deps/demo-io-0.2.0/package.wit"));
    publish_wit(&project, &[IO_0_2_1]);
    project
}

#[test]
fn update_moves_the_lock_and_deps_within_the_range() {
    let project = ranged();
    let lock = project.read("wkg.lock");
    wit(&project, ".", "build").ok();
    assert_eq!(project.read("wkg.lock"), lock);
    wit(&project, ".", "update --dry-run")
        .ok()
        .says("Would update dependency `demo:io` v0.2.0 -> v0.2.1");
    wit(&project, ".", "update --locked").code(1);
    wit(&project, ".", "update demo:ioo")
        .code(1)
        .says("did you mean `demo:io`?");
    assert_eq!(project.read("wkg.lock"), lock);
    assert!(project.has("wit/deps/demo-io-0.2.0"));

    wit(&project, ".", "update demo:io")
        .ok()
        .says("Updating dependency `demo:io` v0.2.0 -> v0.2.1");
    assert!(project.read("wkg.lock").contains("version = \"0.2.1\""));
    assert!(project.has("wit/deps/demo-io-0.2.1/package.wit"));
    assert!(!project.has("wit/deps/demo-io-0.2.0"));
    wit(&project, ".", "update").ok().silent_on("Updating");

    wit(&project, ".", "update demo:io --precise 0.2.0")
        .ok()
        .says("v0.2.1 -> v0.2.0");
    assert!(project.has("wit/deps/demo-io-0.2.0/package.wit"));
    wit(&project, ".", "update demo:io --precise 0.9.0")
        .code(1)
        .says("has no version `0.9.0`");
}

#[test]
fn upgrade_raises_the_versions_in_the_wit_itself() {
    let project = ranged();
    let before = project.read("wit/app.wit");
    wit(&project, ".", "upgrade --dry-run")
        .ok()
        .prints("Package  Version  New version\ndemo:io  0.2.0    0.2.1\n");
    wit(&project, ".", "upgrade --locked").code(1);
    wit(&project, ".", "upgrade demo:oi")
        .code(1)
        .says("did you mean `demo:io`?");
    assert_eq!(project.read("wit/app.wit"), before);

    wit(&project, ".", "upgrade")
        .ok()
        .prints("demo:io  0.2.0    0.2.1\n")
        .says("Upgraded `wit/app.wit`");
    let raised = before
        .replace("streams@0.2.0", "streams@0.2.1")
        .replace("import demo:io/poll@0.2.0", "import demo:io/poll@0.2.1");
    assert_eq!(project.read("wit/app.wit"), raised);
    assert!(project.read("wkg.toml").contains("\"0.2\" } # io"));
    assert!(project.has("wit/deps/demo-io-0.2.1/package.wit"));
    wit(&project, ".", "upgrade")
        .ok()
        .says("all versions in the WIT are up to date");

    // What the new version lacks keeps everything as it is.
    publish_wit(&project, &[IO_0_3_0]);
    wit(&project, ".", "upgrade").ok().says("are up to date");
    wit(&project, ".", "update --breaking")
        .code(1)
        .prints("demo:io  0.2.1    0.3.0\n")
        .says("poll")
        .says("nothing was written");
    assert_eq!(project.read("wit/app.wit"), raised);
    project.replace(
        "wit/app.wit",
        "import demo:io/poll",
        "import demo:io/streams",
    );
    wit(&project, ".", "upgrade --breaking").ok();
    assert!(
        project
            .read("wit/app.wit")
            .contains("import demo:io/streams@0.3.0; // @0.2.0")
    );
    assert!(
        project
            .read("wkg.toml")
            .contains("{ version = \"0.3.0\" } # io")
    );
    assert!(project.has("wit/deps/demo-io-0.3.0/package.wit"));
    wit(&project, ".", "fetch --check").ok();
}

#[test]
fn a_tree_says_where_packages_come_from() {
    let project = project();
    project.write(
        "wit/app.wit",
        "package my:app@0.1.0;\nworld app { import demo:net/sockets@1.0.0; import local:dep/i; }\n",
    );
    project.write("wit/deps/dep.wit", "package local:dep; interface i { }");
    let tree = |line: &str| with_slashes(&wit(&project, ".", line).ok().stdout);
    let registry = with_slashes(&project.path("registry").display().to_string());
    let root = with_slashes(&project.path("wit").display().to_string());
    let wanted = format!(
        "my:app v0.1.0 ({root})\n├── demo:net v1.0.0 ({registry})\n│   └── demo:io v0.2.0 (enclosed)\n└── local:dep ({root}/deps/dep.wit)\n"
    );
    assert_eq!(tree("tree"), wanted);
    // What `fetch` writes is still told by its registry.
    wit(&project, ".", "fetch").ok();
    assert!(tree("tree").contains(&format!("demo:net v1.0.0 ({registry})")));
    let inverted = tree("tree --invert demo:io");
    assert!(inverted.starts_with("demo:io v0.2.0"), "{inverted}");
    assert!(inverted.contains("my:app v0.1.0"), "{inverted}");
    assert!(tree("tree --format json").contains("\"name\": \"my:app\""));
    wit(&project, ".", "tree --invert demo:oi")
        .code(1)
        .says("did you mean `demo:io`?");
}

/// A workspace: `app` needs `lib`, and both need packages of the registry.
pub fn workspace() -> Project {
    let project = project();
    project.write(
        "wkg.toml",
        "[workspace]\nmembers = [\"app\", \"libs/*\"]\n[workspace.metadata]\nlicenses = \"MIT\"\n",
    );
    project.write(
        "app/wit/app.wit",
        "package my:app@0.1.0;\nworld app { import my:lib/i@0.2.0; import demo:io/poll@0.2.0; }\n",
    );
    project.write(
        "libs/lib/wit/lib.wit",
        "package my:lib@0.2.0;\ninterface i { use demo:net/sockets@1.0.0.{pipe}; }\n",
    );
    project.write("libs/none/readme.txt", "no WIT");
    project
}

#[test]
fn members_are_built_each_into_its_file_under_one_lock() {
    let project = workspace();
    wit(&project, ".", "build").ok();
    assert!(project.has("my:app@0.1.0.wasm"));
    assert!(project.has("my:lib@0.2.0.wasm"));
    let lock = project.read("wkg.lock");
    assert!(lock.contains("\"demo:io\"") && lock.contains("\"demo:net\""));
    assert!(!lock.contains("\"my:lib\""), "{lock}");
    assert!(!project.has("app/wkg.lock"));

    // From the folder of a member it is that one, and the lock stays whole.
    wit(&project, "libs/lib", "build").ok();
    assert!(project.has("libs/lib/my:lib@0.2.0.wasm"));
    assert!(!project.has("libs/lib/my:app@0.1.0.wasm"));
    assert!(!project.has("libs/lib/wkg.lock"));
    assert_eq!(project.read("wkg.lock"), lock);
    wit(&project, "app", "update").ok();
    assert_eq!(project.read("wkg.lock"), lock);
}

#[test]
fn a_workspace_fetches_into_one_place() {
    let project = workspace();
    wit(&project, ".", "fetch").ok();
    assert!(project.has("wkg/deps/demo-io-0.2.0/package.wit"));
    assert!(project.has("wkg/deps/demo-net-1.0.0/package.wit"));
    assert!(!project.has("wkg/deps/my-lib-0.2.0"));
    assert!(!project.has("app/wit/deps"));
    wit(&project, ".", "fetch --check").ok();
    // The copy in `demo:net` has less of `demo:io` than `app` needs.
    let io = project.read("wkg/deps/demo-io-0.2.0/package.wit");
    assert!(io.contains("interface poll"), "{io}");
    // One member alone takes nothing away from the others.
    wit(&project, ".", "fetch -d libs/lib/wit").ok();
    assert!(project.has("wkg/deps/demo-net-1.0.0/package.wit"));
    wit(&project, ".", "fetch --check").ok();
    // The order of the members does not matter.
    std::fs::remove_dir_all(project.path("wkg")).unwrap();
    project.replace("wkg.toml", "\"app\", \"libs/*\"", "\"libs/*\", \"app\"");
    wit(&project, ".", "fetch").ok();
    assert_eq!(project.read("wkg/deps/demo-io-0.2.0/package.wit"), io);
}

#[test]
fn a_member_is_given_imports_of_another() {
    let project = workspace();
    project.write("app/wit/app.wit", "package my:app@0.1.0;\nworld app {\n}\n");
    wit(&project, ".", "add my:lib/i").says("has 2 WIT packages");
    wit(&project, "app", "add my:lib/i")
        .ok()
        .silent_on("dependency");
    assert!(
        project
            .read("app/wit/app.wit")
            .contains("    import my:lib/i@0.2.0;\n")
    );
    // wkg refuses overrides beside `[workspace]`, so that they go to the member.
    let manifest = project.read("wkg.toml");
    wit(&project, "app", "add demo:io/poll@0.2").ok();
    assert_eq!(project.read("wkg.toml"), manifest);
    assert_eq!(
        project.read("app/wkg.toml"),
        "[overrides]\n\"demo:io\" = { version = \"0.2\" }\n"
    );
    wit(&project, "app", "build").ok();
    assert!(!project.has("app/wkg.lock"));
    assert!(project.read("wkg.lock").contains("requirement = \"^0.2\""));
    wit(&project, "app", "remove demo:io/poll")
        .ok()
        .says("Removed dependency `demo:io`");
    wit(&project, "app", "add demo:io/poll@0.2").ok();
    wit(&project, ".", "check").ok();
    wit(&project, ".", "tree").ok().prints("my:lib v0.2.0 (");
}

#[test]
fn overrides_name_the_package_itself_and_lead_to_others() {
    let project = project();
    let io = "package demo:io@0.2.0;\ninterface streams { record pipe { mine: u8 } }\n";
    project.write("io/wit/io.wit", io);
    project.write(
        "io/wkg.toml",
        "[overrides]\n\"my:deep\" = { path = \"../deep/wit\" }\n",
    );
    project.replace(
        "io/wit/io.wit",
        "interface",
        "interface d { use my:deep/i.{t}; }\ninterface",
    );
    project.write(
        "deep/wit/deep.wit",
        "package my:deep; interface i { type t = u8; }\n",
    );
    project.write(
        "app/wkg.toml",
        "[overrides]\n\"my:app\" = { path = \"wit\" }\n\"demo:io\" = { path = \"../io/wit\" }\n",
    );
    project.write(
        "app/wit/app.wit",
        "package my:app@0.1.0;\nworld app { import demo:io/streams@0.2.0; import demo:io/d@0.2.0; }\n",
    );
    // Paths are those of the file, wherever one stands.
    for dir in ["app", "app/wit", "io/wit"] {
        wit(&project, dir, "check").ok();
    }
    wit(&project, "app", "fetch").ok();
    let fetched = project.read("app/wit/deps/demo-io-0.2.0/package.wit");
    assert!(fetched.contains("mine: u8"), "{fetched}");
    assert!(project.has("app/wit/deps/my-deep/package.wit"));
    assert!(!project.has("app/wkg.lock"));
    wit(&project, "app", "fetch --check").ok();
    // What is on disk has no newer version.
    wit(&project, "app", "upgrade").ok().says("are up to date");
}

#[test]
fn what_only_the_manifest_names_is_fetched_too() {
    let project = project();
    project.write("wit/app.wit", "package my:app@0.1.0;\nworld app {\n}\n");
    wit(&project, ".", "add demo:net").ok();
    wit(&project, ".", "fetch").ok();
    assert!(project.has("wit/deps/demo-net-1.0.0/package.wit"));
    assert!(
        project
            .read("wkg.lock")
            .contains("requirement = \"^1.0.0\"")
    );
    wit(&project, ".", "tree").ok().prints("demo:net v1.0.0 (");
    wit(&project, ".", "fetch --check").ok();
    wit(&project, ".", "remove demo:net").ok();
    wit(&project, ".", "fetch").ok();
    assert!(!project.has("wit/deps/demo-net-1.0.0"));
    assert!(!project.read("wkg.lock").contains("demo:net"));
}

#[test]
fn called_as_wkg_update_moves_lock_and_deps() {
    let project = project();
    std::fs::remove_file(project.path("registry/demo/io/0.2.1.wasm")).unwrap();
    project.write(
        "app/wkg.toml",
        "[overrides]\n\"demo:io\" = { version = \"0.2\" }\n",
    );
    project.write(
        "app/wit/app.wit",
        "package my:app;\nworld app { import demo:io/poll@0.2.0; }\n",
    );
    called(&project, "wkg", "build").ok();
    publish_wit(&project, &[IO_0_2_1]);
    called(&project, "wkg", "update").ok();
    assert!(project.read("app/wkg.lock").contains("version = \"0.2.1\""));
    assert!(project.has("app/wit/deps/demo-io-0.2.1/package.wit"));
}

#[test]
fn an_entry_of_deps_toml_is_made_fetched_and_removed() {
    let project = project();
    project.write(
        "app/wit/deps.toml",
        "# mine\nother = \"../../other\" # kept\n",
    );
    project.write("other/o.wit", "package my:other;");
    project.write("app/wit/w.wit", "package my:app; world w { }\n");
    wit(&project, "app", "add demo:io@0.2")
        .ok()
        .says("Reading `wit/deps.toml`")
        .says("Added dependency `io`");
    assert_eq!(
        project.read("app/wit/deps.toml"),
        "# mine\nother = \"../../other\" # kept\nio = { package = \"demo:io\", version = \"0.2\" }\n"
    );
    wit(&project, "app", "add demo:io@0.2")
        .ok()
        .says("Unchanged dependency `io`");
    wit(&project, "app", "add demo:io/poll").ok();
    assert!(
        project
            .read("app/wit/w.wit")
            .contains("import demo:io/poll@0.2.1;")
    );
    for line in ["build", "check", "tree", "publish --dry-run"] {
        wit(&project, "app", line)
            .code(1)
            .says("the dependencies of `wit/deps.toml` are out of date")
            .says("deps lock");
    }
    assert!(!project.has("app/wkg.lock"));
    wit(&project, "app", "fetch").ok();
    wit(&project, "app", "build --offline").ok();
    let text = project.read("app/wit/deps/io/package.wit");
    assert!(text.contains("package demo:io@0.2.1;"), "{text}");
    wit(&project, "app", "check --offline").ok();
    wit(&project, "app", "update").ok();
    wit(&project, "app", "remove demo:io/poll")
        .ok()
        .says("Removed dependency `io`");
    assert_eq!(
        project.read("app/wit/deps.toml"),
        "# mine\nother = \"../../other\" # kept\n"
    );
}
