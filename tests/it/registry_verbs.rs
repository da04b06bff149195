//! `cargo component registry`: what registries hold, as facts and as files.

use crate::fault_proxy::{Fault, FaultProxy};
use crate::http::Answer;
use crate::registry_servers::{self, DockerRegistry, FerroRegistry};
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

/// WIT in its binary form.
pub fn wit(text: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("test.wit", text).unwrap();
    wit_component::encode(&resolve, package, false).unwrap()
}

pub fn shapes(version: &str) -> Vec<u8> {
    wit(&format!(
        "package demo:shapes@{version};
         interface area {{ record point {{ x: u32, y: u32 }} area: func(a: point, b: point) -> u32; }}
         world measure {{ export area; }}"
    ))
}

pub fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(&format!("{line} --registry-config config.toml"));
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    // No logins of whoever runs the tests.
    command.env("HOME", project.path("home"));
    command.env("DOCKER_CONFIG", project.path("docker"));
    command.env_remove("XDG_RUNTIME_DIR");
    command.env_remove("REGISTRY_AUTH_FILE");
    project.run(command)
}

fn project() -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project
}

/// Names of the files in a folder.
fn files(project: &Project, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(project.path(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Pushes, looks, gets and pulls.
fn round_trip(host: &str) {
    let project = project();
    for version in ["0.2.0", "0.2.1", "0.3.0-rc.1"] {
        project.write("shapes.wasm", shapes(version));
        let pushed = run(
            &project,
            &format!("registry push {host}/team/demo/shapes:{version} shapes.wasm --annotation org.example.k=v=w"),
        )
        .ok()
        .prints(&format!("pushed: {host}/team/demo/shapes:{version}\ndigest: sha256:"));
        let digest = pushed.stdout.trim().rsplit(' ').next().unwrap().to_owned();
        // The digest is that of the manifest, and leads to the same bytes.
        run(
            &project,
            &format!("registry pull {host}/team/demo/shapes@{digest} -o pulled/"),
        )
        .ok();
        assert_eq!(
            project.bytes("pulled/team_demo_shapes.wasm"),
            shapes(version)
        );
        std::fs::remove_dir_all(project.path("pulled")).unwrap();
    }
    let at = format!("--registry oci://{host}/team");
    let listed = run(&project, &format!("registry versions demo:shapes {at}")).ok();
    assert_eq!(listed.stdout, "0.3.0-rc.1\n0.2.1\n0.2.0\n");
    let info = run(
        &project,
        &format!("registry info demo:shapes@0.2 {at} --format json"),
    )
    .ok();
    let info: serde_json::Value = serde_json::from_str(&info.stdout).unwrap();
    for (key, value) in [
        ("version", "0.2.1"),
        ("location", &format!("{host}/team/demo/shapes")),
        ("chosen_by", "--registry"),
        ("kind", "wit"),
    ] {
        assert_eq!(info[key], value, "{info:#}");
    }
    assert_eq!(info["worlds"][0], "measure");
    assert_eq!(info["annotations"]["org.example.k"], "v=w");
    assert_eq!(info["size"], shapes("0.2.1").len());
    // The newest is one before a release, as for `wkg`; WIT comes as text.
    run(&project, &format!("registry get demo:shapes {at} -o out/")).ok();
    let text = project.read("out/demo_shapes@0.3.0-rc.1.wit");
    assert!(
        text.starts_with("package demo:shapes@0.3.0-rc.1;"),
        "{text}"
    );
    run(
        &project,
        &format!("registry get demo:shapes@0.2.0 {at} -o a/b/shapes.wasm"),
    )
    .ok()
    .says("Wrote `demo:shapes@0.2.0` to `a/b/shapes.wasm`");
    assert_eq!(project.bytes("a/b/shapes.wasm"), shapes("0.2.0"));
}

#[test]
fn what_is_pushed_is_listed_described_and_fetched() {
    round_trip(&SmallRegistry::start(Access::Open).host());
    round_trip(&FerroRegistry::start().host());
    if let Some(server) = DockerRegistry::start(registry_servers::Access::Open) {
        round_trip(&server.host());
    }
}

#[test]
fn a_reference_is_fetched_and_described_like_a_package() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = project();
    let component = wat::parse_str(
        "(component (import \"demo:shapes/area@0.2.0\" (instance $i)) (export \"demo:mine/area@1.0.0\" (instance $i)))",
    )
    .unwrap();
    project.write("tool.wasm", &component);
    run(
        &project,
        &format!("registry push {host}/tools/one:latest tool.wasm"),
    )
    .ok();
    run(&project, &format!("registry info {host}/tools/one"))
        .ok()
        .prints(
            "kind: component\nimports: demo:shapes/area@0.2.0\nexports: demo:mine/area@1.0.0\n",
        );
    run(&project, &format!("registry get {host}/tools/one:latest")).ok();
    assert_eq!(project.bytes("tools_one.wasm"), component);
    // As WIT it is the world it implements.
    run(
        &project,
        &format!("registry get {host}/tools/one:latest -o one.wit"),
    )
    .ok();
    assert!(
        project
            .read("one.wit")
            .contains("export demo:mine/area@1.0.0;")
    );
    let out = run(
        &project,
        &format!("registry get {host}/tools/one:latest --format wit -o -"),
    )
    .ok();
    assert_eq!(out.stdout, project.read("one.wit"));
    run(&project, &format!("registry pull {host}/tools/two:1"))
        .code(1)
        .says(&format!("`{host}/tools/two:1` was not found"))
        .says("cargo component login");
}

#[test]
fn a_file_that_is_there_is_kept_compared_or_replaced() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = project();
    project.write("shapes.wasm", shapes("0.2.0"));
    let reference = format!("{host}/team/demo/shapes:0.2.0");
    run(&project, &format!("registry push {reference} shapes.wasm")).ok();
    let get = format!("registry get demo:shapes --registry oci://{host}/team");
    for (name, more) in [("x.wit", ""), ("x.wasm", ""), ("x", " --format wasm")] {
        let get = format!("{get} -o {name}{more}");
        run(&project, &format!("{get} --check"))
            .code(1)
            .says(&format!("`{name}` does not exist"));
        assert!(!project.has(name));
        project.write(name, "mine");
        run(&project, &get)
            .code(1)
            .says(&format!("`{name}` already exists"))
            .says("--overwrite");
        run(&project, &format!("{get} --check"))
            .code(1)
            .says(&format!("`{name}` differs from `demo:shapes@0.2.0`"));
        assert_eq!(project.read(name), "mine");
        run(&project, &format!("{get} --overwrite")).ok();
        run(&project, &format!("{get} --check")).ok();
        assert_ne!(project.bytes(name), b"mine");
    }
    project.write("y.wasm", "mine");
    run(&project, &format!("registry pull {reference} -o y.wasm")).code(1);
    assert_eq!(project.read("y.wasm"), "mine");
    run(
        &project,
        &format!("registry pull {reference} -o y.wasm --overwrite"),
    )
    .ok();
    assert_eq!(project.bytes("y.wasm"), shapes("0.2.0"));
}

#[test]
fn the_registry_is_found_by_manifest_and_configuration() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = project();
    project.write("shapes.wasm", shapes("0.2.0"));
    run(
        &project,
        &format!("registry push {host}/team/demo/shapes:0.2.0 shapes.wasm"),
    )
    .ok();
    let before = registry.requests().len();
    run(&project, "registry versions demo:shapes")
        .code(1)
        .says("no registry configured for namespace \"demo\"");
    assert_eq!(registry.requests().len(), before);
    project.write(
        ".wasm-pkg/config.toml",
        format!("[namespace_registries]\ndemo = {{ registry = \"mine\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"team/\" }} }} }}\n"),
    );
    run(&project, "registry info demo:shapes")
        .ok()
        .prints("registry: mine")
        .prints(".wasm-pkg/config.toml");
    std::fs::remove_dir_all(project.path(".wasm-pkg")).unwrap();
    project.write(
        "Cargo.toml",
        format!("[package]\nname = \"x\"\n[package.metadata.component.registries]\ndefault = \"oci://{host}/team\"\nother = \"file:packages\"\n"),
    );
    run(&project, "registry info demo:shapes")
        .ok()
        .prints("registries.default")
        .prints("Cargo.toml");
    // A directory needs no network.
    project.write("packages/demo/shapes/1.0.0.wasm", shapes("1.0.0"));
    for registry in ["other", "file:packages", "./packages"] {
        let out = run(
            &project,
            &format!("registry versions demo:shapes --registry {registry} --offline --format json"),
        )
        .ok();
        let told: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
        assert_eq!(told["versions"][0]["version"], "1.0.0", "{out}");
        assert_eq!(told["versions"][0]["yanked"], false, "{out}");
    }
    let before = registry.requests().len();
    for line in [
        "registry versions demo:shapes --offline".to_owned(),
        format!("registry pull {host}/team/demo/shapes:0.2.0 --offline"),
    ] {
        run(&project, &line)
            .code(1)
            .says("needs network access, which is disabled");
    }
    assert_eq!(registry.requests().len(), before);
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_told_with_a_fix() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = project();
    project.write("shapes.wasm", shapes("0.2.0"));
    run(
        &project,
        &format!("registry push {host}/team/demo/shapes:0.2.0 shapes.wasm"),
    )
    .ok();
    project.write("text.wasm", "not wasm");
    let cut = shapes("0.2.0");
    project.write("cut.wasm", &cut[..cut.len() - 1]);
    project.write("module.wasm", wat::parse_str("(module)").unwrap());
    let at = format!("--registry oci://{host}/team");
    let digest = format!("sha256:{}", "0".repeat(64));
    for (line, code, message) in [
        (
            format!("registry get demo:shapes@1 {at}"),
            1,
            "no version matching `^1`",
        ),
        (
            format!("registry get demo:shapes@0.2.9 {at}"),
            1,
            "`demo:shapes@0.2.9` was not found",
        ),
        (
            format!("registry get demo:shape {at}"),
            1,
            "`demo:shape` was not found",
        ),
        (
            format!("registry get demo:shapes@one {at}"),
            2,
            "invalid version `one`",
        ),
        (
            format!("registry get demo:shapes {at} -o - --check"),
            2,
            "a file to compare",
        ),
        ("registry get Demo".to_owned(), 1, "invalid package name"),
        (
            format!("registry push {host}/x:1 text.wasm"),
            1,
            "`text.wasm` is not a valid WebAssembly file",
        ),
        (
            format!("registry push {host}/x:1 cut.wasm"),
            1,
            "`cut.wasm` is not a valid WebAssembly file",
        ),
        (
            format!("registry push {host}/x:1 gone.wasm"),
            1,
            "gone.wasm",
        ),
        (
            format!("registry push {host}/x@{digest} shapes.wasm"),
            1,
            "it is a digest",
        ),
        (
            format!("registry push {host}/x:1 shapes.wasm --annotation k"),
            2,
            "invalid annotation",
        ),
        (
            format!("registry pull user:secret@{host}/x"),
            1,
            "invalid OCI reference",
        ),
    ] {
        run(&project, &line)
            .code(code)
            .says(message)
            .silent_on("secret");
    }
    // What `wkg` takes: a core module.
    run(&project, &format!("registry push {host}/x:1 module.wasm")).ok();
    run(&project, &format!("registry info {host}/x:1"))
        .ok()
        .prints("kind: core module");
}

#[test]
fn bytes_that_are_not_the_right_ones_leave_no_file() {
    let server = SmallRegistry::start(Access::Open);
    let proxy = FaultProxy::new(server.port);
    let project = project();
    let bytes = shapes("0.2.0");
    project.write("shapes.wasm", &bytes);
    let reference = format!("{}/team/demo/shapes:0.2.0", proxy.host());
    run(&project, &format!("registry push {reference} shapes.wasm")).ok();
    let mut evil = bytes.clone();
    *evil.last_mut().unwrap() ^= 1;
    for line in [
        format!("registry pull {reference} -o out/x.wasm"),
        format!("registry pull {reference} -o -"),
        format!("registry get {reference} -o out/x.wasm"),
    ] {
        proxy.fault("GET", "/blobs/", 1, Fault::Body(evil.clone()));
        let out = run(&project, &line).code(1).says("has digest `sha256:");
        assert_eq!(out.stdout, "");
        assert_eq!(files(&project, "out"), [""; 0]);
        assert_eq!(proxy.left(), 0);
    }
    // What breaks off goes on from there.
    proxy.fault("GET", "/blobs/", 1, Fault::CutBody(20));
    run(
        &project,
        &format!("registry pull {reference} -o out/x.wasm"),
    )
    .ok();
    assert_eq!(project.bytes("out/x.wasm"), bytes);
    assert_eq!(proxy.left(), 0);
    let ranges = proxy
        .seen()
        .iter()
        .filter(|r| r.header("range").is_some())
        .count();
    assert_eq!(ranges, 1);
}

#[test]
fn a_warning_of_the_registry_is_told_once() {
    let server = SmallRegistry::start(Access::Open);
    let proxy = FaultProxy::new(server.port);
    let project = project();
    project.write("shapes.wasm", shapes("0.2.0"));
    let reference = format!("{}/team/demo/shapes:0.2.0", proxy.host());
    let warning = "299 - \"this repository closes soon\"".to_owned();
    proxy.fault("", "/v2/", usize::MAX, Fault::Header("Warning", warning));
    let told = run(&project, &format!("registry push {reference} shapes.wasm")).ok();
    let host = proxy.host();
    let text = format!("warning: the registry `{host}` says: this repository closes soon");
    assert_eq!(told.stderr.matches(&text).count(), 1, "{told}");
}

#[test]
fn a_pause_until_a_date_is_heeded() {
    let server = SmallRegistry::start(Access::Open);
    let proxy = FaultProxy::new(server.port);
    let project = project();
    project.write("shapes.wasm", shapes("0.2.0"));
    let reference = format!("{}/team/demo/shapes:0.2.0", proxy.host());
    run(&project, &format!("registry push {reference} shapes.wasm")).ok();
    let busy = |date: &str| Fault::Answer(Answer::new(429).header("Retry-After", date));
    // Years are not waited for, and are told.
    proxy.fault(
        "GET",
        "/manifests/",
        1,
        busy("Fri, 01 Jan 2100 00:00:00 GMT"),
    );
    let pull = format!("registry pull {reference} -o x.wasm");
    run(&project, &pull).code(1).says("it asks to wait for ");
    assert_eq!(proxy.left(), 0);
    // What has passed is no reason to wait.
    proxy.fault(
        "GET",
        "/manifests/",
        1,
        busy("Sunday, 06-Nov-94 08:49:37 GMT"),
    );
    run(&project, &pull).ok();
    assert_eq!(proxy.left(), 0);
}
