//! What users, files and registries give that cannot be: told with its place
//! and a fix, and nothing is lost.

use crate::authoring::snapshot;
use crate::faults::invalid;
use crate::registry_local::{IMPLEMENTATION, SHAPES, TYPES, TYPES_NEWER, library, publish_wit};
use crate::registry_verbs::{run, shapes};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

const DECLARED: &str = "[package.metadata.component.target.dependencies]\n\"demo:types\" = \"1\"\n";

/// A library that needs `demo:types` of `registry/`, locked but not built.
fn project() -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    publish_wit(&project, &[TYPES, TYPES_NEWER, SHAPES]);
    library(&project, DECLARED, "mod bindings;");
    project.write(
        "wit/world.wit",
        "package demo:guest; world guest { import demo:types/types; }",
    );
    run(&project, "update").ok();
    project
}

/// Runs lines that must fail with these words and a fix, and change nothing.
#[track_caller]
fn refused(project: &Project, lines: &[&str], words: &[&str]) {
    for line in lines {
        let before = snapshot(project);
        let output = run(project, line);
        assert!(matches!(output.code, 1 | 2), "{output}");
        let mut output = output.silent_on("panicked").silent_on("hunter2");
        for word in words {
            output = output.says(word);
        }
        if output.code == 1 {
            output.says("help: ");
        }
        // Cargo writes its own lock file whatever comes next, and a release that the
        // project is compared with is cached.
        let cache = project.path("cache");
        let counts = |path: &std::path::Path| {
            !path.ends_with("Cargo.lock") && !path.ends_with(".lock") && !path.starts_with(&cache)
        };
        let mut after = snapshot(project);
        after.retain(|(path, _)| counts(path));
        let mut before = before;
        before.retain(|(path, _)| counts(path));
        let names = |files: &[(std::path::PathBuf, _)]| -> Vec<_> {
            files.iter().map(|(path, _)| path.clone()).collect()
        };
        assert_eq!(names(&after), names(&before), "{line}");
        assert!(after == before, "{line} changed a file");
    }
}

const READERS: [&str; 3] = ["bindings", "update", "registry get demo:types -o out/"];

#[test]
fn a_malformed_configuration_is_told_with_its_line() {
    let project = project();
    for (text, words) in [
        ("# mine\ndefault_registry = [\n", ["config.toml:2:", ""]),
        (
            "default_registry = 3\n",
            ["config.toml:1:", "default_registry"],
        ),
        (
            "default_registry = \"x\"
[registry.x.oci]
user = [
auth = \"hunter2\"
",
            ["config.toml:", ""],
        ),
        (
            "[namespace_registries]\n\"no name\" = \"x\"\n",
            ["config.toml:2:", "no name"],
        ),
        (
            "[package_registry_overrides]\nguest = \"x\"\n",
            ["config.toml:2:", "guest"],
        ),
        (
            "default_registry = \"https://a.example\"\n",
            ["config.toml:1:", "a.example"],
        ),
        (
            "[registry.x.oci]\nauth = \"hunter2\nb = 1",
            ["config.toml:", ""],
        ),
    ] {
        project.write("config.toml", text);
        refused(&project, &READERS, &words);
    }
}

#[test]
fn a_registry_nobody_knows_is_told_with_the_nearest_one() {
    let project = project();
    project.replace(
        "Cargo.toml",
        "\"demo:types\" = \"1\"",
        "\"demo:types\" = { version = \"1\", registry = \"miror\" }",
    );
    project.replace(
        "Cargo.toml",
        "default = \"file",
        "mirror = \"file:mirror\"\ndefault = \"file",
    );
    refused(
        &project,
        &["bindings", "update", "tree"],
        &[
            "the registry `miror`",
            "did you mean `mirror`?",
            "Cargo.toml:",
        ],
    );
    refused(
        &project,
        &[
            "add demo:shapes --registry miror",
            "registry get demo:types --registry miror -o out/",
        ],
        &["`miror`"],
    );
}

#[test]
fn names_that_are_none_and_lead_elsewhere_are_refused() {
    let project = project();
    refused(
        &project,
        &[
            "add Demo",
            "add ../../x:y",
            "add demo:../x",
            "add demo:types/x",
            "registry versions demo:..",
            "update -p ../..:x",
            "cache clean ../..:x",
        ],
        &["invalid package name"],
    );
    refused(
        &project,
        &[
            "registry get ../..:x -o out/",
            "registry get 127.0.0.1:1/../x:1 -o out/",
            "registry pull 127.0.0.1:1/a/../../x:1 -o out/",
            "registry pull 127.0.0.1:1/a:../../x -o out/",
        ],
        &["invalid OCI reference"],
    );
    for key in ["../../x:y", "Demo", "demo:types/x", "demo:a b"] {
        let other = format!("\"{key}\" = \"1\"\n");
        project.replace("Cargo.toml", "\"demo:types\" = \"1\"\n", &other);
        refused(&project, &["bindings", "update"], &[key, "Cargo.toml:"]);
        project.replace("Cargo.toml", &other, "\"demo:types\" = \"1\"\n");
    }
    for name in ["guest", "../..:guest", "demo:Guest."] {
        let other = format!("package = \"{name}\"");
        project.replace("Cargo.toml", "package = \"demo:guest\"", &other);
        refused(&project, &["publish", "bindings"], &[name, "Cargo.toml:"]);
        project.replace("Cargo.toml", &other, "package = \"demo:guest\"");
    }
    run(&project, "bindings").ok();
}

#[test]
fn tags_of_a_registry_that_are_no_versions_name_no_files() {
    let server = SmallRegistry::start(Access::Open);
    server.package("team/demo/shapes", "0.2.0", &shapes("0.2.0"));
    let manifest = server.manifest("team/demo/shapes", "0.2.0");
    for tag in ["../../../evil", "..", "9.9.9/../x", "latest", "v3.0.0"] {
        server.tag("team/demo/shapes", [tag.to_owned()], manifest.as_bytes());
    }
    let project = Project::empty();
    project.write("config.toml", "");
    let at = format!("--registry oci://{}/team", server.host());
    let listed = run(&project, &format!("registry versions demo:shapes {at}")).ok();
    assert_eq!(listed.stdout, "0.2.0\n");
    run(&project, &format!("registry get demo:shapes {at} -o out/")).ok();
    let names: Vec<_> = project.path("out").read_dir().unwrap().collect();
    assert_eq!(names.len(), 1);
    assert!(project.has("out/demo_shapes@0.2.0.wit"));
}

#[test]
fn a_requirement_that_is_none_is_told_with_its_place() {
    let project = project();
    for entry in [
        "\"demo:types\" = \"one\"\n",
        "\"demo:types\" = { version = \"1.x.y\" }\n",
        "\"demo:types\" = \"\"\n",
    ] {
        project.replace("Cargo.toml", "\"demo:types\" = \"1\"\n", entry);
        refused(
            &project,
            &["bindings", "update"],
            &["version", "Cargo.toml:"],
        );
        project.replace("Cargo.toml", entry, "\"demo:types\" = \"1\"\n");
    }
    refused(
        &project,
        &[
            "add demo:shapes@one",
            "registry get demo:types@one -o out/",
            "update -p demo:types --precise one",
        ],
        &["one"],
    );
    project.replace(
        "Cargo.toml",
        DECLARED,
        "target = \"demo:shapes/measure@one\"\n",
    );
    refused(&project, &["bindings"], &["one", "Cargo.toml:"]);
}

#[test]
fn a_lock_file_that_cannot_be_one_is_told_with_its_line_and_kept() {
    let project = project();
    const LOCK: &str = "Cargo-component.lock";
    let lock = project.read(LOCK);
    let entry = lock.split_once("\n\n").unwrap().1.to_owned();
    let every = ["bindings", "update", "tree", "outdated", "verify", "vendor"];
    for (text, words) in [
        (
            lock.replace("version = 1\n", "version = 2\n"),
            ["unsupported file format version 2", ".lock:3"],
        ),
        (
            lock.replace("version = 1\n", "version = \"1\"\n"),
            ["not an integer", ".lock:3"],
        ),
        (
            lock.replace("version = 1\n", ""),
            ["missing file format version", ".lock"],
        ),
        (
            format!("<<<<<<< HEAD\n{lock}=======\n{lock}>>>>>>> other\n"),
            ["resolve the merge conflict", ".lock:1"],
        ),
        (
            lock.replace("[[package.version]]", "<<<<<<< HEAD\n[[package.version]]"),
            ["resolve the merge conflict", ".lock:9"],
        ),
        (
            format!("{lock}\n{}", entry.replace("1.1.0", "1.0.0")),
            ["is locked twice, at 1.1.0 and 1.0.0", ".lock:"],
        ),
        (
            lock.replace("demo:types", "../..:types"),
            ["invalid `name`", ".lock:6"],
        ),
        (
            lock.replace("^1", "one"),
            ["invalid `requirement`", ".lock:10"],
        ),
        (
            lock.replace("1.1.0", "1.1"),
            ["invalid `version`", ".lock:11"],
        ),
        (
            lock.replace("sha256:", "sha256:../"),
            ["invalid `digest`", ".lock:12"],
        ),
        (
            lock[..lock.len() - 9].to_owned(),
            ["failed to read the lock file", ".lock:12"],
        ),
    ] {
        assert_ne!(text, lock);
        project.write(LOCK, text);
        refused(&project, &every, &words);
    }
    // What only looks otherwise is taken as it is, and stays.
    for text in [
        format!("{lock}\n{entry}"),
        format!(
            "version = 1\n{}",
            entry.replace("[[package.version]]", "# mine\n[[package.version]]")
        ),
    ] {
        project.write(LOCK, &text);
        run(&project, "bindings --locked").ok();
        assert_eq!(project.read(LOCK), text);
    }
}

#[test]
fn entries_in_another_order_are_the_same() {
    let project = project();
    project.replace(
        "Cargo.toml",
        DECLARED,
        &format!("{DECLARED}\"demo:shapes\" = \"0.2\"\n"),
    );
    run(&project, "bindings").ok();
    let lock = project.read("Cargo-component.lock");
    let (head, rest) = lock.split_once("\n\n[[package]]\n").unwrap();
    let (first, second) = rest.split_once("\n\n[[package]]\n").unwrap();
    let turned = format!("{head}\n\n[[package]]\n{second}\n[[package]]\n{first}\n");
    project.write("Cargo-component.lock", &turned);
    for line in ["bindings --locked", "tree --frozen", "bindings"] {
        std::fs::remove_file(project.path("src/bindings.rs")).unwrap_or_default();
        run(&project, line).ok();
        assert_eq!(project.read("Cargo-component.lock"), turned, "{line}");
    }
}

#[test]
fn other_bytes_in_the_cache_are_replaced_and_never_used() {
    let project = project();
    run(&project, "bindings").ok();
    let bindings = project.read("src/bindings.rs");
    let digest = cargo_component::package::ContentDigest::of(
        &project.bytes("registry/demo/types/1.1.0.wasm"),
    );
    let file = format!("cache/{digest}");
    let other = project.bytes("registry/demo/types/1.0.0.wasm");
    for bytes in [other.as_slice(), b"", b"\0asm"] {
        project.write(&file, bytes);
        std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
        let _ = std::fs::remove_dir_all(project.path("target"));
        run(&project, "bindings --locked").ok();
        assert_eq!(project.read("src/bindings.rs"), bindings);
        assert_eq!(invalid(&project), [""; 0]);
    }
    // A record is nothing that is relied on.
    project.write("cache/demo:types-1.1.0.json", "{ broken");
    run(&project, "update").ok();
    run(&project, "cache").ok();
}

#[test]
fn a_login_that_is_refused_is_named_and_not_shown() {
    for access in [Access::Basic, Access::PrivateToken] {
        let server = SmallRegistry::start(access);
        server.package("team/demo/types", "1.0.0", &crate::faults::types("1.0.0"));
        let host = server.host();
        let project = project();
        std::fs::remove_file(project.path("Cargo-component.lock")).unwrap();
        project.replace("Cargo.toml", "file:registry", &format!("oci://{host}/team"));
        let wrong = format!(
            "[registry.\"{host}\".oci]\nauth = {{ username = \"user\", password = \"hunter2\" }}\n"
        );
        project.write("config.toml", wrong);
        let lines = [
            "bindings",
            "update",
            "registry get demo:types -o out/",
            "add demo:types@1",
        ];
        refused(
            &project,
            &lines,
            &["demo:types", &host, "auth", "cargo component login"],
        );
        // One of the environment that has expired, and none at all.
        project.write("config.toml", "");
        refused(&project, &lines, &["demo:types", &host, "login"]);
        let name: String = host
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let name = format!("WKG_REGISTRY_{name}_AUTH_BEARER");
        let mut expired = project.command("bindings --registry-config config.toml");
        expired.env(&name, "hunter2");
        expired.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project
            .run(expired)
            .code(1)
            .says(&name)
            .says("help: ")
            .silent_on("hunter2");
    }
}

#[test]
fn what_cannot_be_published_is_told_before_anything_is_sent() {
    let project = project();
    project.write("src/lib.rs", IMPLEMENTATION);
    project.replace(
        "Cargo.toml",
        DECLARED,
        "target = \"demo:shapes/measure@0.2\"\n",
    );
    std::fs::remove_dir_all(project.path("wit")).unwrap();
    run(&project, "publish").ok();
    let published = project.bytes("registry/demo/guest/0.3.0.wasm");
    refused(
        &project,
        &["publish"],
        &["`demo:guest@0.3.0` is already published", "--skip-existing"],
    );
    project.replace("Cargo.toml", "package = \"demo:guest\"\n", "");
    refused(
        &project,
        &["publish"],
        &["missing a `package.metadata.component.package`"],
    );
    // Neither a library that is no component.
    project.replace(
        "Cargo.toml",
        "crate-type = [\"cdylib\"]",
        "crate-type = [\"rlib\"]",
    );
    project.replace("Cargo.toml", "version = \"0.3.0\"", "version = \"0.3.1\"");
    project.replace(
        "Cargo.toml",
        "target = \"demo",
        "package = \"demo:guest\"\ntarget = \"demo",
    );
    refused(
        &project,
        &["publish"],
        &["it cannot become a component", "cdylib"],
    );
    assert_eq!(project.bytes("registry/demo/guest/0.3.0.wasm"), published);
    assert!(!project.has("registry/demo/guest/0.3.1.wasm"));
}
