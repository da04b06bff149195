//! `cargo component config`.

use crate::registry_local::library;
use crate::support::{Output, Project, assert_mode, set_config_dir, with_slashes};

const USER: &str = "home/wasm-pkg/config.toml";
const COMMITTED: &str = ".wasm-pkg/config.toml";

/// Runs a line with the user's own file instead of an explicit one.
fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(line);
    command.env_remove("CARGO_COMPONENT_CONFIG_FILE");
    set_config_dir(&mut command, &project.path("home"));
    project.run(command)
}

#[test]
fn what_is_in_force_is_listed_with_its_layer_and_no_secret() {
    let project = Project::empty();
    project.write(USER, "default_registry = \"user.example\"\n[namespace_registries]\na = \"a.user\"\nb = { registry = \"b\", metadata = { preferredProtocol = \"oci\", oci = { registry = \"ghcr.io\", namespacePrefix = \"p/\" } } }\n[registry.\"a.user\".oci]\nauth = { username = \"me\", password = \"hunter2\" }\nunknown = \"hunter2\"\nprotocol = \"https\"\n");
    project.write(
        COMMITTED,
        "[namespace_registries]\na = \"here\"\n[registry.here.local]\nroot = \"registry\"\n",
    );
    let root = with_slashes(&project.root().display().to_string());
    let output = run(&project, "config --show-origin").ok();
    assert_eq!(
        // A text with `\` is printed in other quotes.
        with_slashes(&output.stdout).replace('\'', "\""),
        format!(
            r#"default_registry = "user.example" # `{root}/{USER}`
namespace_registries.a = "here" # `{root}/{COMMITTED}`
namespace_registries.b = {{ registry = "b", metadata = {{ preferredProtocol = "oci", oci = {{ registry = "ghcr.io", namespacePrefix = "p/" }} }} }} # `{root}/{USER}`
namespace_registries.ba = "bytecodealliance.org" # the built-in settings
namespace_registries.wasi = "wasi.dev" # the built-in settings
registry."a.user".oci.auth = "…" # `{root}/{USER}`
registry."a.user".oci.protocol = "https" # `{root}/{USER}`
registry."a.user".oci.unknown = "…" # `{root}/{USER}`
registry.here.local.root = "{root}/registry" # `{root}/{COMMITTED}`
"#
        )
    );
    let listed = run(&project, "config list").ok().stdout;
    assert!(listed.starts_with("default_registry = \"user.example\"\n"));
    let get = |key: &str| run(&project, &format!("config get {key}"));
    assert_eq!(
        get("namespace_registries.a").ok().stdout,
        "namespace_registries.a = \"here\"\n"
    );
    get("'registry.\"a.user\"'").ok().prints("oci.auth = \"…\"");
    get("registry.heer.local.root")
        .code(1)
        .says("did you mean `registry.here.local.root`?");
    get("'package_registry_overrides.\"a:b\"'")
        .code(1)
        .says("`package_registry_overrides.\"a:b\"` is not configured");
    get("a:b:c").code(2).says("invalid key");
    // The variable stands over all files.
    let mut command = project.command("config get default_registry --show-origin");
    command.env("CARGO_COMPONENT_DEFAULT_REGISTRY", "var.example");
    project
        .run(command)
        .ok()
        .prints("\"var.example\" # the variable `CARGO_COMPONENT_DEFAULT_REGISTRY`");
}

#[test]
fn where_a_package_comes_from_is_told_with_the_reason() {
    let project = Project::empty();
    run(&project, "config get wasi:http")
        .ok()
        .prints("registry: wasi.dev\naddress: https://wasi.dev\nbecause: the built-in settings\n");
    run(&project, "config get demo:types")
        .code(1)
        .says("no registry configured for namespace \"demo\"");
    library(
        &project,
        "[package.metadata.component.target.dependencies]\n\"demo:shapes\" = { version = \"1\", registry = \"mirror\" }\n",
        "",
    );
    project.replace(
        "Cargo.toml",
        "default = \"file:registry\"",
        "default = \"file:registry\"\nmirror = \"oci://mirror.example/team\"",
    );
    let root = with_slashes(&project.root().display().to_string());
    assert_eq!(
        with_slashes(&run(&project, "config get demo:types").ok().stdout),
        format!(
            "registry: default\naddress: {root}/registry\nbecause: `registries.default` in `{root}/Cargo.toml`\n"
        )
    );
    assert_eq!(
        with_slashes(&run(&project, "config get demo:shapes").ok().stdout),
        format!(
            "registry: mirror\naddress: oci://mirror.example/team/\nrequested: `registry = \"mirror\"`\nbecause: `registries.mirror` in `{root}/Cargo.toml`\n"
        )
    );
    // A committed directory stands in the place of a registry of that name,
    // and one of the user does not.
    let local = "[registry.mirror.local]\nroot = \"vendor\"\n";
    project.write(USER, local);
    run(&project, "config get demo:shapes")
        .ok()
        .prints("address: oci://");
    project.write(COMMITTED, local);
    let mut command = project.command("config get demo:shapes");
    command.current_dir(project.path("src"));
    project.run(command).ok().prints(&format!(
        "address: {root}/vendor\nrequested: `registry = \"mirror\"`\nbecause: `{root}/{COMMITTED}`\n"
    ));
}

#[test]
fn values_are_set_in_one_file_and_the_rest_of_it_stays() {
    let project = Project::empty();
    project.write("sub/x", "");
    library(&project, "", "");
    let set = |line: &str| run(&project, &format!("config set {line}"));
    set("default_registry r.example")
        .ok()
        .says(&format!("Set `default_registry` in `{USER}`"));
    assert_eq!(project.read(USER), "default_registry = \"r.example\"\n");
    set("default_registry other.example --show-origin")
        .code(2)
        .says("`--show-origin` has no effect");
    assert_eq!(project.read(USER), "default_registry = \"r.example\"\n");
    set("registry.x.oci.auth '{ username = \"u\", password = \"hunter2\" }'")
        .ok()
        .silent_on("hunter2");
    assert_mode(&project.path(USER), 0o600);
    let user = project.read(USER);
    assert!(user.contains("password = \"hunter2\""), "{user}");
    // What must not be committed is refused, and nothing is written.
    let refused =
        set("--project registry.x.oci.auth '{ username = \"u\", password = \"hunter2\" }'");
    refused
        .code(1)
        .says("`registry.x.oci.auth` cannot be set in a file of the project")
        .says("your own file")
        .silent_on("hunter2");
    assert!(!project.has(COMMITTED));
    project.write(
        COMMITTED,
        "# ours\n[namespace_registries] # all\nb = \"y\"\n",
    );
    set("--project namespace_registries.a x").ok();
    assert_eq!(
        project.read(COMMITTED),
        "# ours\n[namespace_registries] # all\nb = \"y\"\na = \"x\"\n"
    );
    set("--project default_registy x")
        .code(1)
        .says("unknown key `default_registy`");
    set("'namespace_registries.a b' x").code(2);
    set("default_registry https://r.example")
        .code(1)
        .says("use only its host");
    assert_eq!(project.read(USER), user);
    run(&project, "config get a:b").ok().prints("registry: x\n");
    // A file given explicitly is the user's for this run.
    run(
        &project,
        "config set default_registry e.example --registry-config e.toml",
    )
    .ok();
    assert_eq!(project.read("e.toml"), "default_registry = \"e.example\"\n");
    assert_eq!(project.read(USER), user);
}
