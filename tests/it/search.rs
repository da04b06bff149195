//! `cargo component search`: which packages registries and indexes have.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::http::{Answer, Request, read_request, send, serve};
use crate::registry_local::publish_wit;
use crate::registry_servers::{self, DockerRegistry};
use crate::registry_verbs::{run, shapes, wit};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

const SHAPES: &str = "/// Areas of plane shapes.\npackage demo:shapes@0.2.0;
interface area { f: func(); } world measure { export area; } world user { import area; }";

/// A component that the search finds by what it exports and imports.
const REGEX: &str = r#"(component
    (import "demo:shapes/area@0.2.0" (instance $area))
    (export "fancy:regex/matcher@1.2.0" (instance $area))
    (@custom "description" "Matches text"))"#;

/// A project whose default registry is the directory `registry` in it.
fn with_directory() -> Project {
    let project = Project::empty();
    let root = project.path("registry").display().to_string();
    project.write(
        "config.toml",
        format!("default_registry = \"here\"\n[registry.here.local]\nroot = {root:?}\n"),
    );
    publish_wit(&project, &[SHAPES]);
    let regex = wat::parse_str(REGEX).unwrap();
    for version in ["1.1.0", "1.2.0", "2.0.0-rc.1"] {
        project.write(&format!("registry/fancy/regex/{version}.wasm"), &regex);
    }
    project
}

/// The configuration that leads the namespace `demo` to `team/` of an OCI registry.
fn leads_to(host: &str) -> String {
    let metadata = format!(
        "{{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"team/\" }} }}"
    );
    format!("[namespace_registries]\ndemo = {{ registry = \"{host}\", metadata = {metadata} }}\n")
}

/// A project that is led to an OCI registry with three packages in `team/demo` and others.
fn with_oci(host: &str) -> Project {
    with_oci_and(host, "")
}

/// As [`with_oci`], with more configuration.
fn with_oci_and(host: &str, more: &str) -> Project {
    let project = Project::empty();
    project.write("config.toml", format!("{}{more}", leads_to(host)));
    let push = |place: &str, bytes: &[u8], description: &str| {
        project.write("pushed.wasm", bytes);
        let description = format!("org.opencontainers.image.description={description}");
        let line = format!("registry push {host}/{place} pushed.wasm --annotation '{description}'");
        run(&project, &line).ok();
    };
    let other = wit("package demo:other@1.0.0; interface i {} world w { import i; }");
    push("team/demo/shapes:0.2.0", &shapes("0.2.0"), "Areas");
    push(
        "team/demo/shapes:0.10.0",
        &shapes("0.10.0"),
        "Areas of shapes",
    );
    push(
        "team/demo/other:1.0.0",
        &other,
        "Something \u{1b}[31mred\u{1b}[0m\nand more",
    );
    push("team/demo/tagged:latest", &other, "Without a version");
    push(
        "team/foreign/shapes:1.0.0",
        &shapes("1.0.0"),
        "In another namespace",
    );
    push(
        "elsewhere/demo/shapes:3.0.0",
        &shapes("3.0.0"),
        "Not below the prefix",
    );
    project
}

fn json_of(output: Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output}"))
}

fn names(found: &Value) -> Vec<&str> {
    let packages = found["packages"].as_array().unwrap().iter();
    packages
        .map(|package| package["package"].as_str().unwrap())
        .collect()
}

#[test]
fn a_directory_is_searched_by_names_and_descriptions() {
    let project = with_directory();
    let all = run(&project, "search").ok();
    assert_eq!(
        all.stdout,
        "\"demo:shapes\" = \"0.2.0\"    # Areas of plane shapes.\n\
         \"fancy:regex\" = \"1.2.0\"    # Matches text\n"
    );
    assert_eq!(all.stderr, "");
    // The lines can be pasted into a manifest.
    let table: toml_edit::DocumentMut = all.stdout.parse().unwrap();
    assert_eq!(table["fancy:regex"].as_str(), Some("1.2.0"));
    for (words, found) in [
        ("REGEX", "fancy:regex"),
        ("fancy text", "fancy:regex"),
        ("'matches text'", "fancy:regex"),
        ("demo:shapes", "demo:shapes"),
        ("plane", "demo:shapes"),
    ] {
        let output = run(&project, &format!("search {words} --format json"));
        assert_eq!(names(&json_of(output.ok())), [found], "{words}");
    }
    let nothing = run(&project, "search regex plane").ok();
    let nothing = nothing.says("note: no package matches in `here`");
    assert_eq!(nothing.stdout, "");
    // No file was copied for this.
    assert!(!project.has("cache"));
}

#[test]
fn packages_are_selected_by_what_they_export_and_import() {
    let project = with_directory();
    for (line, found) in [
        ("--exports fancy:regex/matcher", &["fancy:regex"][..]),
        (
            "--exports fancy:regex/matcher@1.2.0 --imports demo:shapes/area",
            &["fancy:regex"],
        ),
        ("--exports fancy:regex/matcher@1", &["fancy:regex"]),
        ("--exports fancy:regex/matcher@2.0.0", &[]),
        (
            "--imports demo:shapes/area",
            &["demo:shapes", "fancy:regex"],
        ),
        ("--exports demo:shapes/area", &["demo:shapes"]),
        // No world does both.
        ("--exports demo:shapes/area --imports demo:shapes/area", &[]),
        ("regex --imports demo:shapes/area", &["fancy:regex"]),
        ("shapes --exports fancy:regex/matcher", &[]),
    ] {
        let output = run(&project, &format!("search {line} --format json"));
        assert_eq!(names(&json_of(output.ok())), found, "{line}");
    }
    let found = json_of(run(&project, "search --exports fancy:regex --format json").ok());
    let package = &found["packages"][0];
    assert_eq!(package["exports"], json!(["fancy:regex/matcher@1.2.0"]));
    assert_eq!(package["imports"], json!(["demo:shapes/area@0.2.0"]));
    run(&project, "search --exports Fancy/matcher")
        .code(2)
        .says("invalid interface `Fancy/matcher`");
    // A file that is no component is named, and the others are found.
    project.write(
        "registry/demo/broken/1.0.0.wasm",
        b"\0asm\x0d\0\x01\0\x07\xff",
    );
    run(&project, "search --exports fancy:regex/matcher")
        .ok()
        .prints("\"fancy:regex\" = \"1.2.0\"")
        .says("warning: `demo:broken@1.0.0` was not searched");
}

#[test]
fn the_number_of_lines_is_limited_and_the_rest_is_counted() {
    let project = with_directory();
    for number in 10..35 {
        let text = format!("package many:p{number}@1.0.0; interface i {{}}");
        publish_wit(&project, &[&text]);
    }
    let found = run(&project, "search many").ok();
    assert_eq!(found.stdout.lines().count(), 20, "{found}");
    found.says("note: 5 more packages match; use `--limit` to see more");
    let found = run(&project, "search many --limit 24").ok();
    assert_eq!(found.stdout.lines().count(), 24, "{found}");
    found.says("note: 1 more package matches");
    let found = json_of(run(&project, "search many --limit 3 --format json").ok());
    assert_eq!(names(&found), ["many:p10", "many:p11", "many:p12"]);
    assert_eq!(found["more"], 22);
    run(&project, "search many --limit 25")
        .ok()
        .silent_on("more");
    run(&project, "search --limit 0").code(2);
}

#[test]
fn an_oci_registry_is_searched_by_its_catalog_below_its_prefix() {
    let registry = SmallRegistry::start(Access::Token);
    // Two names a page.
    registry.lists_catalog(2);
    let host = registry.host();
    let login = format!(
        "[registry.\"{host}\".oci]\nauth = {{ username = \"user\", password = \"secret\" }}\n"
    );
    let project = with_oci_and(&host, &login);
    let before = registry.requests().len();
    let found = run(&project, "search").ok();
    // Escape sequences of others reach no terminal.
    assert_eq!(
        found.stdout,
        "\"demo:other\" = \"1.0.0\"      # Something [31mred [0m and more\n\
         \"demo:shapes\" = \"0.10.0\"    # Areas of shapes\n"
    );
    assert_eq!(found.stderr, "");
    let requests = registry.requests().split_off(before);
    let pages = requests
        .iter()
        .filter(|request| request.path() == "/v2/_catalog");
    // Each page is refused at first, or there is a token for all of them.
    assert!(pages.count() >= 3, "{requests:?}");
    // Nothing was downloaded for words.
    assert!(
        !requests
            .iter()
            .any(|request| request.path().contains("/blobs/"))
    );
    let found = json_of(run(&project, "search red --format json").ok());
    assert_eq!(names(&found), ["demo:other"]);
    assert!(
        found["packages"][0]["description"]
            .as_str()
            .unwrap()
            .contains('\u{1b}')
    );
    assert_eq!(
        found["packages"][0]["location"],
        format!("{host}/team/demo/other")
    );
    assert_eq!(found["asked"][0]["state"], "listed");
    assert_eq!(found["asked"][0]["address"], format!("oci://{host}/team/"));
    // Without the namespace's mapping, another namespace of the same prefix is found as well.
    let found = run(
        &project,
        &format!("search foreign --registry oci://{host}/team"),
    )
    .ok();
    let entry =
        format!("\"foreign:shapes\" = {{ version = \"1.0.0\", registry = \"oci://{host}/team\" }}");
    assert!(found.stdout.starts_with(&entry), "{found}");
    // For interfaces, the newest versions are.
    run(&project, "search --exports demo:shapes/area@0.10.0")
        .ok()
        .prints("\"demo:shapes\" = \"0.10.0\"")
        .says("Downloading 2 packages");
    run(&project, "search --imports demo:other/i")
        .ok()
        .prints("\"demo:other\"")
        .silent_on("Downloading");
}

#[test]
fn a_registry_of_others_is_searched() {
    let Some(server) = DockerRegistry::start(registry_servers::Access::Open) else {
        return;
    };
    let project = with_oci(&server.host());
    run(&project, "search shapes")
        .ok()
        .prints("\"demo:shapes\" = \"0.10.0\"    # Areas of shapes\n");
    run(&project, "search --exports demo:shapes/area")
        .ok()
        .prints("\"demo:shapes\" = \"0.10.0\"");
    // The same list gives a suggestion for a misspelled name.
    run(&project, "registry versions demo:shapse")
        .code(1)
        .says("did you mean `demo:shapes`?");
}

#[test]
fn a_registry_that_does_not_list_its_packages_is_named_in_a_note() {
    for status in [401, 403, 404, 405] {
        let registry = SmallRegistry::start(Access::Open);
        registry.refuses_catalog(status);
        let host = registry.host();
        let project = with_oci(&host);
        let found = run(&project, "search shapes").ok();
        assert_eq!(found.stdout, "");
        found
            .says(&format!(
                "note: the registry `{host}` does not list its packages"
            ))
            .says(&status.to_string())
            .says(&format!("note: no package matches in `{host}`"));
        // What the configuration names is known all the same.
        let config = project.read("config.toml");
        let mapping = config
            .lines()
            .nth(1)
            .unwrap()
            .replacen("demo", "\"demo:shapes\"", 1);
        project.write(
            "config.toml",
            format!("[package_registry_overrides]\n{mapping}\n"),
        );
        let found = json_of(run(&project, "search shapes --format json").ok());
        assert_eq!(names(&found), ["demo:shapes"]);
        assert_eq!(found["asked"][0]["state"], "unlisted");
    }
    // A token server that gives nobody a token refuses as well.
    let registry = SmallRegistry::start(Access::PrivateToken);
    registry.lists_catalog(10);
    let host = registry.host();
    let project = Project::empty();
    project.write("config.toml", leads_to(&host));
    run(&project, "search")
        .ok()
        .says(&format!(
            "note: the registry `{host}` does not list its packages"
        ))
        .says("401");
}

#[test]
fn one_registry_that_fails_does_not_hide_the_others() {
    let project = with_directory();
    // Nothing listens there any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let config = project.read("config.toml");
    project.write("config.toml", format!("{config}{}", leads_to(&host)));
    let search = |line: &str| {
        let mut command = project.command(&format!("{line} --registry-config config.toml"));
        command.env("CARGO_NET_RETRY", "0");
        command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
        project.run(command)
    };
    search("search regex")
        .ok()
        .prints("\"fancy:regex\"")
        .says(&format!(
            "warning: the registry `{host}` could not be searched"
        ));
    search(&format!("search regex --registry oci://{host}/team"))
        .code(1)
        .says("failed to list the packages");
}

#[test]
fn without_the_network_directories_and_the_cache_are_searched() {
    let registry = SmallRegistry::start(Access::Open);
    registry.lists_catalog(100);
    let host = registry.host();
    let project = with_oci(&host);
    let before = registry.requests().len();
    run(&project, "search shapes --offline")
        .code(1)
        .says(&format!(
            "searching `{host}` needs network access, which is disabled"
        ))
        .says("remove `--offline`");
    assert_eq!(registry.requests().len(), before);
    run(&project, "search --exports demo:shapes/area").ok();
    let before = registry.requests().len();
    let found = run(&project, "search shapes --offline").ok();
    assert!(
        found.stdout.starts_with("\"demo:shapes\" = \"0.10.0\""),
        "{found}"
    );
    found.says(&format!("of `{host}`, only the cache was searched"));
    let found = run(
        &project,
        "search --exports demo:shapes/area --offline --format json",
    )
    .ok();
    assert_eq!(names(&json_of(found)), ["demo:shapes"]);
    assert_eq!(registry.requests().len(), before);
    // A directory needs no network.
    let project = with_directory();
    let found = run(&project, "search regex --offline").ok();
    assert_eq!((found.stdout.lines().count(), &*found.stderr), (1, ""));
}

#[test]
fn registries_of_the_manifest_are_asked_and_entries_name_them() {
    let project = with_directory();
    publish_into(
        &project,
        "mirror",
        "package demo:mirrored@1.0.0; interface i {}",
    );
    publish_into(
        &project,
        "mapped",
        "package demo:shapes@9.0.0; interface i {}",
    );
    publish_into(
        &project,
        "mapped",
        "package mine:thing@1.0.0; interface i {}",
    );
    project.write(
        "Cargo.toml",
        "[package]\nname = \"x\"\n[package.metadata.component.registries]\nmirror = \"file:mirror\"\n",
    );
    let config = project.read("config.toml");
    let root = project.path("mapped").display().to_string();
    let mapped = format!(
        "[registry.mapped.local]\nroot = {root:?}\n[namespace_registries]\nmine = \"mapped\"\n"
    );
    project.write("config.toml", format!("{config}{mapped}"));
    let found = run(&project, "search demo:").ok();
    // What the configuration leads elsewhere is not found where nothing leads to it.
    let lines: Vec<&str> = found.stdout.lines().collect();
    assert!(
        lines[0].starts_with("\"demo:mirrored\" = { version = \"1.0.0\", registry = \"mirror\" }")
    );
    assert!(
        lines[1].starts_with("\"demo:shapes\" = \"0.2.0\""),
        "{found}"
    );
    assert_eq!(lines.len(), 2, "{found}");
    run(&project, "search thing")
        .ok()
        .prints("\"mine:thing\" = \"1.0.0\"\n");
    // One of them, by its name or address.
    let found = json_of(run(&project, "search --registry mirror --format json").ok());
    assert_eq!(names(&found), ["demo:mirrored"]);
    let found = json_of(run(&project, "search --registry ./mapped --format json").ok());
    assert_eq!(names(&found), ["demo:shapes", "mine:thing"]);
    run(&project, "search --registry miror")
        .code(1)
        .says("the registry `miror` is not configured")
        .says("did you mean `mirror`?");
    // Without any, there is nothing to search.
    project.write("config.toml", "");
    project.write("Cargo.toml", "[package]\nname = \"x\"\n");
    run(&project, "search x")
        .code(1)
        .says("no registry is configured");
}

/// Publishes WIT into another directory of the project.
fn publish_into(project: &Project, directory: &str, text: &str) {
    let mut resolve = wit_parser::Resolve::default();
    let id = resolve.push_source("test.wit", text).unwrap();
    let name = resolve.packages[id].name.clone();
    let version = name.version.unwrap();
    let path = format!(
        "{directory}/{}/{}/{version}.wasm",
        name.namespace, name.name
    );
    project.write(&path, wit(text));
}

/// An index that answers by a function.
struct IndexServer {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl IndexServer {
    fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let log = requests.clone();
        let port = serve(move |stream| {
            if let Some(request) = read_request(&stream) {
                log.lock().unwrap().push(request.clone());
                send(&stream, &answer(&request).bytes(false));
            }
        });
        IndexServer { port, requests }
    }

    /// A project that knows this index and no registry.
    fn project(&self) -> Project {
        let project = Project::empty();
        let port = self.port;
        let text = format!("[registry.directory.index]\nurl = \"http://127.0.0.1:{port}/api\"\n");
        project.write("config.toml", text);
        project
    }

    fn targets(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| request.target.clone())
            .collect()
    }
}

/// A package as the server of wasm.directory describes it.
fn indexed(registry: &str, repository: &str, name: &str, tags: &[&str]) -> Value {
    let (namespace, name) = name.split_once(':').unwrap();
    json!({
        "registry": registry, "repository": repository, "kind": "component",
        "description": format!("About {name}\u{1b}]0;title\u{7}"),
        "tags": tags, "signature_tags": [], "attestation_tags": [],
        "last_seen_at": "2026-05-06T10:00:00Z", "created_at": "2026-05-06T10:00:00Z",
        "wit_namespace": namespace, "wit_name": name,
        "dependencies": [{ "package": "wasi:io", "version": "0.2.0" }],
    })
}

/// The answers of an index with two packages.
fn recorded(request: &Request) -> Answer {
    let http = indexed(
        "ghcr.io",
        "webassembly/wasi/http",
        "wasi:http",
        &["0.3.0-rc.1", "0.2.10"],
    );
    let handler = indexed(
        "ghcr.io",
        "acme/http-handler",
        "acme:handler",
        &["v2", "1.0.0"],
    );
    let all = json!([http, handler]);
    let version = |exports: &str| {
        json!({
            "tag": "1.0.0", "digest": "sha256:abcdef", "size_bytes": 2048,
            "worlds": [{ "name": "root",
                "imports": [{ "package": "wasi:io", "interface": "streams", "version": "0.2.10" }],
                "exports": [{ "package": exports, "interface": "handler", "version": "0.3.0" }] }],
        })
    };
    let body = match request.path() {
        "/api/v1/search" | "/api/v1/packages" | "/api/v1/search/by-export" => all,
        "/api/v1/packages/version/ghcr.io/1.0.0/acme/http-handler" => version("wasi:http"),
        "/api/v1/packages/version/ghcr.io/0.2.10/webassembly/wasi/http" => version("a:b"),
        _ => return Answer::new(404),
    };
    Answer::new(200)
        .header("Content-Type", "application/json")
        .body(body.to_string())
}

#[test]
fn an_index_is_searched_once_it_is_configured() {
    let server = IndexServer::start(recorded);
    let project = server.project();
    let found = run(&project, "search http").ok();
    assert_eq!(
        found.stdout,
        "\"wasi:http\" = { oci = \"ghcr.io/webassembly/wasi/http:0.2.10\" }    # About http ]0;title\n"
    );
    assert_eq!(
        server.targets(),
        ["/api/v1/search?q=http&offset=0&limit=100"]
    );
    let found = json_of(run(&project, "search --format json").ok());
    assert_eq!(names(&found), ["acme:handler", "wasi:http"]);
    assert_eq!(found["asked"][0]["kind"], "index");
    assert_eq!(found["packages"][1]["version"], "0.2.10");
    assert_eq!(
        found["packages"][1]["location"],
        "ghcr.io/webassembly/wasi/http"
    );
    // Its own facts tell what a version exports.
    for line in [
        "--exports wasi:http/handler",
        "--exports wasi:http/handler@0.3.0 --imports wasi:io/streams",
        "handler --exports wasi:http/handler",
    ] {
        let found = json_of(run(&project, &format!("search {line} --format json")).ok());
        assert_eq!(names(&found), ["acme:handler"], "{line}");
    }
    assert!(server.targets().iter().any(
        |target| target == "/api/v1/search/by-export?interface=wasi%3Ahttp&offset=0&limit=100"
    ));
    // Where the configuration leads to the same repository, the version suffices.
    let config = project.read("config.toml");
    project.write("config.toml", format!("{config}[namespace_registries]\nwasi = {{ registry = \"w\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"ghcr.io\", namespacePrefix = \"webassembly/\" }} }} }}\n"));
    run(&project, "search http --registry directory")
        .ok()
        .prints("\"wasi:http\" = \"0.2.10\"    # About http");
    let count = server.targets().len();
    run(&project, "search http --registry directory --offline")
        .code(1)
        .says("needs network access");
    assert_eq!(server.targets().len(), count);
}

#[test]
fn pages_of_an_index_are_read() {
    let server = IndexServer::start(|request| {
        let offset: usize = request.query("offset").unwrap().parse().unwrap();
        let limit: usize = request.query("limit").unwrap().parse().unwrap();
        let items = (offset..(offset + limit).min(250)).map(|i| {
            indexed(
                "ghcr.io",
                &format!("a/b{i}"),
                &format!("a:b{i}"),
                &["1.0.0"],
            )
        });
        Answer::new(200).body(items.collect::<Value>().to_string())
    });
    let found = run(&server.project(), "search b --format json --limit 1").ok();
    assert_eq!(json_of(found)["more"], 249);
    assert_eq!(server.targets().len(), 3);
}

#[test]
fn answers_of_a_hostile_index_are_refused() {
    let large = format!("[\"{}\"]", "x".repeat(5 << 20));
    let deep = "[".repeat(200_000);
    for (status, body, said) in [
        (200, "<html>\u{1b}[2J", "the answer is not JSON"),
        (200, "{\"error\":1}", "the answer is not a list of packages"),
        (200, &*deep, "the answer is not JSON"),
        (200, &*large, "larger than 4 MiB"),
        (404, "", "it has no such list"),
        (
            403,
            "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"\u{1b}[31m\"}]}",
            "403",
        ),
    ] {
        let body = body.as_bytes().to_vec();
        let server = IndexServer::start(move |_| Answer::new(status).body(body.clone()));
        let refused = run(&server.project(), "search x").code(1).says(said);
        let refused = refused.says("failed to search the index `directory`");
        assert!(!refused.stderr.contains('\u{1b}'), "{refused}");
        assert_eq!(refused.stdout, "");
    }
    // What makes no sense is left out.
    let odd = json!([1, null, {}, { "registry": "\u{1b}", "repository": "..", "tags": [1] }]);
    let server = IndexServer::start(move |_| Answer::new(200).body(odd.to_string()));
    let found = run(&server.project(), "search x").ok();
    assert_eq!(found.stdout, "");
}

#[test]
fn an_index_needs_a_safe_address() {
    let project = Project::empty();
    for url in [
        "http://index.example",
        "https://u:p@index.example",
        "ftp://x",
        "x",
    ] {
        project.write(
            "config.toml",
            format!("[registry.i.index]\nurl = \"{url}\"\n"),
        );
        let refused = run(&project, "search x").code(1);
        refused
            .says("invalid address of an index")
            .says("config.toml:2:")
            .silent_on("u:p");
    }
    project.write(
        "config.toml",
        "[registry.i.index]\nurl = \"https://index.example\"\n",
    );
    run(&project, "config list")
        .ok()
        .prints("registry.i.index.url = \"https://index.example\"");
}

#[test]
fn the_help_says_how_to_search_for_crates() {
    let project = Project::empty();
    for line in ["search --help", "help search"] {
        let help = project.component(line).ok();
        let help = help.prints("Usage: cargo component search");
        help.prints("To search for crates, use `cargo search`.");
    }
}
