//! `wasm.toml` of the `component` CLI: as the manifest of WIT, and in `migrate`.

use crate::registry_verbs::shapes;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

const OWN: &str = "package demo:mine;\nworld mine { import demo:shapes/area; }\n";

/// `cargo component <line>` with the configuration and cache of the project.
fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(line);
    command
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"))
        .env("HOME", project.path("home"))
        .env("DOCKER_CONFIG", project.path("docker"));
    project.run(command)
}

/// A directory of WIT with a `wasm.toml`.
fn project(manifest: &str) -> Project {
    let project = Project::empty();
    project
        .write("config.toml", "")
        .write("wasm.toml", manifest)
        .write("wit/own.wit", OWN);
    project
}

/// Pushes a file as `team/shapes` with this tag; the digest of the manifest.
fn push(project: &Project, host: &str, tag: &str, bytes: &[u8]) -> String {
    project.write("pushed.wasm", bytes);
    let line = format!("registry push {host}/team/shapes:{tag} pushed.wasm");
    let out = run(project, &line).ok();
    out.stdout.trim().rsplit(' ').next().unwrap().to_owned()
}

/// The lock file of the CLI with one package of WIT.
fn lock(host: &str, digest: &str) -> String {
    format!(
        "lockfile_version = 3\n\n[[interfaces]]\nname = \"demo:shapes\"\nversion = \"0.2.0\"\nregistry = \"{host}/team/shapes\"\ndigest = \"{digest}\"\n"
    )
}

#[test]
fn wit_takes_what_the_lock_file_has() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = project("[dependencies.interfaces]\n\"demo:shapes\" = \"0.2\"\n");
    let digest = push(&project, &host, "0.2.0", &shapes("0.2.0"));
    let theirs = lock(&host, &digest);
    project.write("wasm.lock.toml", &theirs);
    // The tag moves afterwards.
    push(&project, &host, "0.2.0", &shapes("0.2.9"));
    run(&project, "wit check")
        .ok()
        .says("Reading `wasm.toml`")
        .says("Checked `demo:mine`");
    assert!(!project.has("wit.lock"));
    run(&project, "wit check --locked").code(1).says("wit.lock");
    run(&project, "wit build").ok().says("`mine.wasm`");
    let text = project.read("wit.lock");
    let entry = format!(
        "name = \"demo:shapes\"\nregistry = \"oci://{host}/team/shapes@{digest}\"\n\n[[package.version]]\nrequirement = \"*\"\nversion = \"0.2.0\"\n"
    );
    assert!(text.contains(&entry), "{text}");
    run(&project, "wit tree").ok().prints(&format!(
        "demo:shapes v0.2.0 (oci://{host}/team/shapes@{digest})"
    ));
    run(&project, "wit fetch --locked").ok();
    let fetched = project.read("wit/deps/demo-shapes-0.2.0/package.wit");
    assert!(fetched.contains("package demo:shapes@0.2.0;"), "{fetched}");
    run(&project, "wit check --frozen").ok();
    // What belongs to the CLI stays as it is.
    for line in ["add demo:shapes", "remove demo:shapes", "upgrade"] {
        run(&project, &format!("wit {line}"))
            .code(1)
            .says("belongs to the `component` CLI");
    }
    assert_eq!(project.read("wasm.lock.toml"), theirs);

    // Nothing else than what is locked is taken.
    std::fs::remove_dir_all(project.path("cache")).unwrap();
    std::fs::remove_dir_all(project.path("wit/deps")).unwrap();
    std::fs::remove_file(project.path("wit.lock")).unwrap();
    let other = format!("sha256:{}", "0".repeat(64));
    project.write("wasm.lock.toml", lock(&host, &other));
    run(&project, "wit check").code(1).says(&other);
}

#[test]
fn an_entry_without_a_lock_file_is_the_image_that_it_names() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let entry = |version: &str| {
        format!(
            "[dependencies.interfaces.\"demo:shapes\"]\nregistry = \"{host}\"\nnamespace = \"team\"\npackage = \"shapes\"\nversion = \"{version}\"\n"
        )
    };
    let project = project(&entry("0.2.0"));
    push(&project, &host, "0.2.0", &shapes("0.2.0"));
    run(&project, "wit check").ok();
    project.write("wasm.toml", entry(">=0.2, <0.3"));
    run(&project, "wit check")
        .code(1)
        .says("wasm.toml:5")
        .says("is open, and `wasm.lock.toml` has none")
        .says("component install");
    project.write("wasm.toml", entry("0.3.0"));
    run(&project, "wit check")
        .code(1)
        .says("the entry `demo:shapes` of `wasm.toml`");
    project.write("wasm.lock.toml", "lockfile_version = 1\n");
    run(&project, "wit check")
        .code(1)
        .says("wasm.lock.toml:1")
        .says("unsupported `lockfile_version`");
}

#[test]
fn other_manifests_come_first() {
    let project = project("");
    project.write("wit/own.wit", "package demo:mine;\nworld mine {}\n");
    let reads = |file: &str| {
        run(&project, "wit check")
            .ok()
            .says(&format!("Reading `{file}`"));
    };
    reads("wasm.toml");
    let crate_with = |section: &str| {
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n{section}"
        )
    };
    project
        .write("Cargo.toml", crate_with(""))
        .write("src/lib.rs", "");
    reads("wasm.toml");
    let section = "[package.metadata.component]\npackage = \"demo:mine\"\n";
    project.write("Cargo.toml", crate_with(section));
    reads("Cargo.toml");
    project.write("wit.toml", "version = \"0.1.0\"\n");
    project.write("own.wit", "package demo:beside;\nworld w {}\n");
    reads("wit.toml");
    project.write("wkg.toml", "");
    reads("wkg.toml");
    // Who only installs components has no project of WIT.
    let components = Project::empty();
    components.write("wasm.toml", "[dependencies.components]\n");
    run(&components, "wit check")
        .code(1)
        .says("no WIT was found");
}

#[test]
fn the_manifest_has_the_version_to_publish() {
    let project = project(
        "[package]\nname = \"demo:mine\"\nversion = \"0.3.0\"\nregistry_ref = \"a.example/mine\"\nkind = \"interface\"\nwit = \"api\"\ndescription = \"Mine\"\n",
    );
    let root = project.path("registry").display().to_string();
    project
        .write(
            "config.toml",
            format!("default_registry = \"here\"\n[registry.here.local]\nroot = {root:?}\n"),
        )
        .write("api/own.wit", "package demo:mine;\nworld mine {}\n");
    std::fs::remove_dir_all(project.path("wit")).unwrap();
    run(&project, "wit publish")
        .ok()
        .says("Published package `demo:mine` v0.3.0");
    assert!(project.has("registry/demo/mine/0.3.0.wasm"));
}

/// A crate with WIT that uses `demo:shapes`, and this `wasm.toml`.
fn library(manifest: &str) -> Project {
    let project = project(manifest);
    project.write("src/lib.rs", "mod bindings;\n").write(
        "Cargo.toml",
        "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n\
         [dependencies]\nwit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }\n\n\
         [package.metadata.component]\npackage = \"demo:mine\"\n",
    );
    project
}

#[test]
fn entries_become_those_of_a_crate_with_what_is_locked() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let theirs = "[dependencies.interfaces]\n# for the areas\n\"demo:shapes\" = \"0.2\" # newest\n";
    let project = library(theirs);
    let digest = push(&project, &host, "0.2.0", &shapes("0.2.0"));
    push(&project, &host, "0.2.0", &shapes("0.2.9"));
    project.write("wasm.lock.toml", lock(&host, &digest));
    run(&project, "migrate --dry-run")
        .ok()
        .says("Found `wasm.toml`: dependencies of the `component` CLI")
        .prints("+# for the areas\n+# newest\n+\"demo:shapes\" = { oci = ");
    run(&project, "migrate").ok().says("Migrated `Cargo.toml`");
    let entry = format!(
        "[package.metadata.component.target.dependencies]\n# for the areas\n# newest\n\"demo:shapes\" = {{ oci = \"{host}/team/shapes:0.2.0@{digest}\" }}\n"
    );
    let manifest = project.read("Cargo.toml");
    assert!(manifest.ends_with(&entry), "{manifest}");
    assert_eq!(project.read("wasm.toml"), theirs);
    assert_eq!(project.read("wasm.lock.toml"), lock(&host, &digest));
    run(&project, "bindings").ok();
    let bindings = project.read("src/bindings.rs");
    assert!(bindings.contains("demo:shapes/area@0.2.0"), "{bindings}");
    run(&project, "migrate --check")
        .ok()
        .says("nothing to migrate");
}

#[test]
fn what_only_the_cli_can_do_is_named() {
    let project = library(
        "[package]\nname = \"demo:other\"\nversion = \"0.1.0\"\nregistry_ref = \"a.example/other\"\nkind = \"component\"\n\n\
         # a tool\n[dependencies.components.\"demo:tool\"]\nregistry = \"a.example\"\nnamespace = \"demo\"\npackage = \"tool\"\nversion = \"1.0.0\"\npermissions = { inherit_network = true }\n\n\
         [dependencies.components]\n\"a.example/x\" = \"a.example/x:1\"\n\n\
         [dependencies.interfaces]\n\"demo:shapes\" = \"0.2\"\n\"demo:unused\" = \"1\"\n\"demo:fixed\" = \"2\"\n",
    );
    project.write(
        "wit/own.wit",
        "package demo:mine;\nworld mine { import demo:shapes/area; import demo:fixed/f@1.0.0; }\n",
    );
    run(&project, "migrate")
        .ok()
        .says("component dependencies become imports")
        .says("it publishes `demo:other`")
        .says("it publishes to `a.example/other`")
        .says("the `permissions` of `demo:tool`")
        .says("`a.example/x` is no name for a dependency")
        .says("the WIT does not use `demo:unused`")
        .says("`^2` of `demo:fixed` does not apply");
    let manifest = project.read("Cargo.toml");
    let tables = "[package.metadata.component.dependencies]\n# a tool\n\"demo:tool\" = { oci = \"a.example/demo/tool:1.0.0\" }\n\n[package.metadata.component.target.dependencies]\n\"demo:fixed\" = \"=1.0.0\"\n\"demo:shapes\" = \"^0.2\"\n";
    assert!(manifest.ends_with(tables), "{manifest}");
    run(&project, "migrate --check")
        .ok()
        .says("nothing to migrate");

    // One that cannot be read changes nothing.
    let project = library("[dependencies]\n\"demo:shapes\" = \"0.2\"\n");
    run(&project, "migrate")
        .ok()
        .says("it was not migrated: `demo:shapes` is neither a component nor an interface")
        .says("nothing to migrate");
}

#[test]
fn a_directory_of_wit_works_unchanged() {
    let project = project("");
    run(&project, "migrate")
        .ok()
        .says("Found `wasm.toml`: a project of the `component` CLI, which works unchanged")
        .says("nothing to migrate");
    project.write("wkg.toml", "");
    run(&project, "migrate")
        .ok()
        .says("it is not used here, since there is also a `wkg.toml`");
    let components = Project::empty();
    components.write("wasm.toml", "");
    run(&components, "migrate").ok().says("without WIT");
}
