//! The executable against a real Warg server in this process.
//!
//! `CARGO_COMPONENT_BIN` names the executable; without it, it is built. No
//! test touches the user's files or keyring.

#![allow(clippy::disallowed_methods, reason = "a test may")]

#[path = "../../../it/support.rs"]
#[allow(dead_code, reason = "shared with `tests/it`, which uses all of it")]
mod support;

mod server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use warg_crypto::signing::PrivateKey;
use warg_server::policy::record::AuthorizedKeyPolicy;

use server::{OWNER, Server, signpost, stranger};
use support::{Output, Project};

const SHAPES: &str = "package demo:shapes@0.2.0;
interface area { record point { x: u32, y: u32 } area: func(a: point, b: point) -> u32; }
world measure { export area; }";

const IMPLEMENTATION: &str = "mod bindings;
use bindings::exports::demo::shapes::area::{Guest, Point};
struct Component;
impl Guest for Component {
    fn area(a: Point, b: Point) -> u32 { (b.x - a.x) * (b.y - a.y) }
}
bindings::export!(Component with_types_in bindings);
";

/// The executable under test.
fn tool() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        if let Some(tool) = std::env::var_os("CARGO_COMPONENT_BIN") {
            return tool.into();
        }
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let target = PathBuf::from(root).join("target");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--locked", "--features", "warg", "--target-dir"])
            .arg(&target);
        let built = cargo.current_dir(root).status().unwrap();
        assert!(built.success());
        target.join("debug").join("cargo-component")
    })
}

/// `cargo component <line>` with cache and configuration in the project.
fn command(project: &Project, line: &str) -> Command {
    let mut command = project.clean(tool().to_str().unwrap());
    command.arg("component");
    command.args(line.split_whitespace());
    for (name, path) in [
        ("CARGO_COMPONENT_CACHE_DIR", "cache"),
        ("CARGO_COMPONENT_CONFIG_FILE", "config.toml"),
        ("XDG_CACHE_HOME", "xdg-cache"),
        ("XDG_CONFIG_HOME", "xdg-config"),
    ] {
        command.env(name, project.path(path));
    }
    // This machine is not behind a proxy.
    command.env("NO_PROXY", "127.0.0.1");
    command
}

fn run(project: &Project, line: &str) -> Output {
    project.run(command(project, line))
}

/// With a key to sign with, which is never said.
fn run_with_key(project: &Project, key: &str, line: &str) -> Output {
    let mut command = command(project, line);
    command.env("CARGO_COMPONENT_PUBLISH_KEY", key);
    let output = project.run(command);
    assert!(!output.stderr.contains(&key["ecdsa-p256:".len()..]));
    output
}

/// A library whose world is `demo:shapes/measure` from this registry.
fn library(address: &str) -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nwit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [package.metadata.component]\npackage = \"demo:guest\"\ntarget = \"demo:shapes/measure@0.2\"\n\
             [package.metadata.component.registries]\ndefault = \"{address}\"\n"
        ),
    );
    project.write("src/lib.rs", IMPLEMENTATION);
    project
}

/// A library to be published to this registry, with its world at hand.
fn publisher(address: &str) -> Project {
    let project = library(address);
    project.replace("Cargo.toml", "target = \"demo:shapes/measure@0.2\"\n", "");
    project.write("wit/shapes.wit", SHAPES);
    project
}

fn shapes(version: &str) -> String {
    SHAPES.replace("0.2.0", version)
}

fn locked(project: &Project) -> String {
    project.read("Cargo-component.lock")
}

/// Removes files and directories of the project.
fn forget(project: &Project, files: &[&str]) {
    for file in files {
        let path = project.path(file);
        match path.is_dir() {
            true => std::fs::remove_dir_all(path).unwrap(),
            false => std::fs::remove_file(path).unwrap(),
        }
    }
}

#[test]
fn a_world_is_fetched_once_and_then_the_server_may_be_gone() {
    let server = Server::start();
    server.release_wit(SHAPES);
    let project = library(&server.warg());
    run(&project, "build").ok().says("Downloading 1 package");
    // The logs lie where other tools keep them.
    let logs = format!("cache/warg/registries/127.0.0.1-{}", server.address.port());
    assert!(project.has(&format!("{logs}/checkpoint")));
    assert!(project.has(&format!("{logs}/operator.log")));
    drop(server);
    forget(&project, &["target", "src/bindings.rs"]);
    for line in ["build", "build --locked", "bindings --offline"] {
        run(&project, line).ok().silent_on("Downloading");
    }
    let component = project.bytes("target/wasm32-wasip1/debug/guest.wasm");
    assert!(matches!(
        wit_component::decode(&component).unwrap(),
        wit_component::DecodedWasm::Component(..)
    ));
    forget(&project, &["Cargo-component.lock"]);
    run(&project, "bindings")
        .code(1)
        .says("demo:shapes")
        .says("127.0.0.1")
        .says("can be reached")
        .says("registries.default");
}

#[test]
fn a_component_is_published_and_then_its_next_version() {
    let server = Server::start();
    let project = publisher(&server.warg());
    run_with_key(&project, OWNER, "publish --dry-run")
        .ok()
        .prints(&format!(
            "to: the Warg registry `http://{}/`",
            server.address
        ));
    assert!(server.download("demo:guest", "0.3.0").is_none());
    run_with_key(&project, OWNER, "publish")
        .ok()
        .says("Published package `demo:guest` v0.3.0");
    let component = project.bytes("target/wasm32-wasip1/release/guest.wasm");
    assert_eq!(server.download("demo:guest", "0.3.0"), Some(component));
    run_with_key(&project, OWNER, "publish")
        .code(1)
        .says("`demo:guest@0.3.0` is already published");
    run_with_key(&project, OWNER, "publish --skip-existing")
        .ok()
        .says("Skipping");
    project.replace("Cargo.toml", "version = \"0.3.0\"", "version = \"0.4.0\"");
    // Another key may not, whatever is in it.
    run_with_key(&project, &stranger(), "publish")
        .code(1)
        .says("is not allowed to release `demo:guest`")
        .says("CARGO_COMPONENT_PUBLISH_KEY")
        .says("warg publish grant");
    assert!(server.download("demo:guest", "0.4.0").is_none());
    run_with_key(&project, OWNER, "publish").ok();
    for version in ["0.3.0", "0.4.0"] {
        assert!(server.download("demo:guest", version).is_some());
    }
}

#[test]
fn a_key_comes_from_the_configuration_or_the_keyring() {
    let server = Server::start();
    let project = publisher(&server.warg());
    run(&project, "publish")
        .code(1)
        .says("no key to sign the release")
        .says("`demo:guest@0.3.0`")
        .says("CARGO_COMPONENT_PUBLISH_KEY")
        .says("signing_key");
    run_with_key(&project, "ecdsa-p256:hunter2", "publish")
        .code(1)
        .says("the signing key is invalid");
    let table = format!("[registry.\"{}\".warg]\n", server.address);
    project.write("config.toml", format!("{table}signing_key = \"{OWNER}\"\n"));
    run(&project, "publish").ok();
    // The files of `warg`, with one a key.
    project.write("config.toml", "");
    let file =
        "{\"keys\":[\"default\"],\"keyringBackend\":\"flat-file\",\"registriesDir\":\"logs\"}";
    project.write("warg-config.json", file);
    project.replace("Cargo.toml", "version = \"0.3.0\"", "version = \"0.4.0\"");
    run(&project, "publish")
        .code(1)
        .says("no key to sign the release")
        .says("warg-config.json");
    if cfg!(target_os = "linux") {
        let entry = "xdg-config/warg/keyring/service=warg-signing-key&user=default";
        project.write(entry, OWNER);
        run(&project, "publish").ok();
        assert!(server.download("demo:guest", "0.4.0").is_some());
        let label = format!("logs/127.0.0.1-{}/checkpoint", server.address.port());
        assert!(project.has(&label));
    }
}

#[test]
fn what_the_server_does_not_take_is_told() {
    let owner = PrivateKey::decode(OWNER.to_owned()).unwrap();
    let owner = owner.public_key().fingerprint();
    let policy = AuthorizedKeyPolicy::new().with_namespace_key("demo", owner);
    let server = Server::strict(policy.unwrap());
    let project = publisher(&server.warg());
    run_with_key(&project, &stranger(), "publish")
        .code(1)
        .says("failed to publish `demo:guest@0.3.0`")
        .says("not authorized")
        .says("needs another key or token");
    project.replace("Cargo.toml", "demo:guest", "other:guest");
    run_with_key(&project, OWNER, "publish")
        .code(1)
        .says("namespace `other` is not defined")
        .says("which namespaces it accepts");
}

#[test]
fn versions_are_listed_and_yanked_ones_are_not_chosen() {
    let server = Server::start();
    for version in ["0.2.0", "0.2.1", "0.2.2"] {
        server.release_wit(&shapes(version));
    }
    let project = library(&server.warg());
    run(&project, "bindings").ok();
    assert!(locked(&project).contains("0.2.2"));
    server.yank("demo:shapes", "0.2.2");
    // What is locked and at hand still is.
    forget(&project, &["src/bindings.rs"]);
    run(&project, "bindings").ok();
    assert!(locked(&project).contains("0.2.2"));
    // Its content is not handed out any more.
    forget(&project, &["src/bindings.rs", "cache"]);
    run(&project, "bindings")
        .code(1)
        .says("`demo:shapes@0.2.2` was yanked")
        .says("cargo component update");
    run(&project, "update").ok();
    run(&project, "bindings").ok();
    assert!(locked(&project).contains("0.2.1"));
    run(&project, "update -p demo:shapes --precise 0.9.0")
        .code(1)
        .says("package `demo:shapes` has no version `0.9.0`")
        .says("0.2.0");
    project.replace("Cargo.toml", "measure@0.2", "measure@0.5");
    run(&project, "bindings")
        .code(1)
        .says("demo:shapes")
        .says("0.2.1");
    project.replace("Cargo.toml", "shapes/measure@0.5", "nothing/measure@0.5");
    run(&project, "bindings").code(1).says("`demo:nothing`");
}

#[test]
fn a_host_says_where_its_registry_is() {
    let server = Server::start();
    server.release_wit(SHAPES);
    let url = format!("http://{}", server.address);
    for document in [
        format!("{{\"wargUrl\":\"{url}\"}}"),
        format!("{{\"preferredProtocol\":\"warg\",\"warg\":{{\"url\":\"{url}\"}}}}"),
    ] {
        let project = library(&format!("http://{}", signpost(&document)));
        run(&project, "bindings").ok();
        assert!(locked(&project).contains("0.2.0"));
    }
    let here = signpost(&format!("{{\"wargUrl\":\"{url}\"}}"));
    let project = library(&format!("warg://{here}"));
    run(&project, "bindings").ok();
    // Plain http leads to this machine only.
    let elsewhere = signpost("{\"wargUrl\":\"http://warg.example\"}");
    for scheme in ["http", "warg"] {
        let project = library(&format!("{scheme}://{elsewhere}"));
        run(&project, "bindings").code(1).says("warg.example");
    }
}

#[test]
fn what_does_not_fit_what_was_said_before_is_refused() {
    let server = Server::start();
    server.release_wit(SHAPES);
    server.release_wit(&shapes("0.2.1"));
    let project = library(&server.warg());
    run(&project, "bindings").ok();
    let server = server.start_anew();
    server.release_wit(SHAPES);
    let logs = format!("cache/warg/registries/127.0.0.1-{}", server.address.port());
    // Otherwise this server breaks at a question about a log it does not have.
    forget(&project, &[&format!("{logs}/operator.log")]);
    run(&project, "update")
        .code(1)
        .says("contradicts earlier ones")
        .says(&logs);
    forget(&project, &[&logs]);
    run(&project, "update").ok();
    assert!(locked(&project).contains("0.2.0"));
}

#[test]
fn content_that_is_not_what_was_signed_is_refused_and_not_kept() {
    let server = Server::start();
    server.release_wit(SHAPES);
    for file in std::fs::read_dir(server.content()).unwrap() {
        std::fs::write(file.unwrap().path(), "something else").unwrap();
    }
    let project = library(&server.warg());
    run(&project, "bindings")
        .code(1)
        .says("failed to fetch `demo:shapes@0.2.0`")
        .says("digest");
    let kept = std::fs::read_dir(project.path("cache")).unwrap();
    let names = kept.map(|entry| entry.unwrap().file_name());
    // The logs and the lock that downloads are made under.
    let kept: Vec<_> = names.filter(|name| name != ".lock").collect();
    assert_eq!(kept, ["warg"]);
    assert!(!project.has("Cargo-component.lock"));
}

/// What is linked to a dependency says where it is, and that is enough for
/// those who are given the file alone.
#[test]
fn a_component_that_is_depended_on_is_found_by_its_hint() {
    let server = Server::start();
    run_with_key(&publisher(&server.warg()), OWNER, "publish").ok();
    let project = library(&server.warg());
    project.replace("Cargo.toml", "[lib]\ncrate-type = [\"cdylib\"]\n", "");
    project.replace("Cargo.toml", "name = \"guest\"", "name = \"app\"");
    project.replace("Cargo.toml", "package = \"demo:guest\"\n", "");
    project.replace("Cargo.toml", "target = \"demo:shapes/measure@0.2\"\n", "");
    let manifest = project.read("Cargo.toml")
        + "[package.metadata.component.dependencies]\n\"demo:guest\" = \"0.3\"\n";
    forget(&project, &["src/lib.rs"]);
    project.write("Cargo.toml", manifest).write(
        "src/main.rs",
        "mod bindings;
use bindings::demo::shapes::area::{Point, area};
fn main() { println!(\"area {}\", area(Point { x: 1, y: 1 }, Point { x: 3, y: 4 })); }
",
    );
    run(&project, "run").ok().prints("area 6\n");
    let component = project.bytes("target/wasm32-wasip1/debug/app.wasm");
    let host = server.address;
    let hint = format!("warg://{host}/demo:guest@0.3.0?digest=sha256:");
    assert!(String::from_utf8_lossy(&component).contains(&hint));

    let elsewhere = Project::empty();
    elsewhere
        .write("config.toml", "")
        .write("app.wasm", &component);
    for line in [
        "run --component app.wasm",
        "compose app.wasm -o linked.wasm",
    ] {
        run(&elsewhere, line)
            .code(1)
            .says("is on this machine or its network")
            .says("type' warg");
    }
    let named = format!("[registry.\"{host}\"]\ntype = \"warg\"\n");
    elsewhere.write("config.toml", named);
    run(&elsewhere, "run --component app.wasm")
        .ok()
        .prints("area 6\n");
    run(&elsewhere, "compose app.wasm -o linked.wasm").ok();
    // What is linked needs nobody.
    drop(server);
    forget(&elsewhere, &["cache"]);
    run(&elsewhere, "run --component linked.wasm")
        .ok()
        .prints("area 6\n");
}
