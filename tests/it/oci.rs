//! The OCI backend against real and misbehaving registries, through the
//! library: the same calls that the verbs make.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use cargo_component::env::Env;
use cargo_component::error::{Error, Result};
use cargo_component::package::{ContentDigest, PackageRef};
use cargo_component::process::{Output, Scripted};
use cargo_component::registry::cache::Cache;
use cargo_component::registry::oci::reference::Target;
use cargo_component::registry::oci::{ClientContext, OciRegistry, RetryPolicy, Upload, discover};
use cargo_component::registry::{Publication, Registry, Release, routes};
use semver::Version;

use crate::fault_proxy::{Fault, FaultProxy};
use crate::http::Answer;
use crate::registry_servers::{self, DockerRegistry, FerroRegistry};
use crate::small_registry::{Access, SmallRegistry};

/// A client's side: environment, helpers, files.
struct Client {
    env: Env,
    exec: Arc<Scripted>,
    patience: RetryPolicy,
    dir: tempfile::TempDir,
}

impl Client {
    fn new(vars: &[(&str, &str)]) -> Self {
        Client {
            env: Env::from_vars(vars.iter().map(|(k, v)| (*k, *v))),
            exec: Arc::default(),
            patience: RetryPolicy::without_delays(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// With docker's file of logins.
    fn with_docker(config: &str) -> Self {
        let mut client = Client::new(&[]);
        std::fs::write(client.dir.path().join("config.json"), config).unwrap();
        client.env = Env::from_vars([("DOCKER_CONFIG", client.dir.path())]);
        client
    }

    fn around(&self) -> ClientContext {
        ClientContext {
            env: Arc::new(self.env.clone()),
            exec: Arc::<Scripted>::clone(&self.exec),
            patience: self.patience,
            warnings: Default::default(),
        }
    }

    fn registry(&self, host: &str) -> OciRegistry {
        self.configured(host, "")
    }

    /// With this in the registry's table of the configuration.
    fn configured(&self, host: &str, settings: &str) -> OciRegistry {
        let table: toml_edit::DocumentMut = settings.parse().unwrap();
        let entries = table.iter();
        let oci = routes::OciRoute {
            name: "mine".to_owned(),
            host: host.to_owned(),
            prefix: "team/".to_owned(),
            settings: entries
                .map(|(key, item)| (key.to_owned(), item.clone()))
                .collect(),
            ..Default::default()
        };
        OciRegistry::new(&oci, self.around()).unwrap()
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join("content.wasm");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn publish(&self, registry: &dyn Registry, version: &str, bytes: &[u8]) -> Result<()> {
        let annotations = BTreeMap::from([("description".to_owned(), "one".to_owned())]);
        registry.publish(&Publication {
            progress: &cargo_component::progress::NoProgress,
            package: &package(),
            version: &version.parse().unwrap(),
            content: &self.file(bytes),
            digest: &ContentDigest::of(bytes),
            annotations: &annotations,
        })
    }
}

fn package() -> PackageRef {
    "a:b".parse().unwrap()
}

fn versions(registry: &dyn Registry) -> Result<Vec<String>> {
    let listed = registry.versions(&package())?.unwrap_or_default();
    Ok(listed
        .iter()
        .map(|listed| listed.version.to_string())
        .collect())
}

fn release(registry: &dyn Registry, version: &str) -> Result<Option<Release>> {
    registry.release(&package(), &version.parse::<Version>().unwrap())
}

/// Reads a release back by its version.
fn fetched(registry: &dyn Registry, version: &str) -> Result<Vec<u8>> {
    let release = release(registry, version)?.expect("a release");
    let mut bytes = Vec::new();
    registry.fetch(&package(), &release, &mut bytes)?;
    Ok(bytes)
}

/// More than one chunk, and not a multiple of one.
fn large() -> Vec<u8> {
    static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let numbers = 0..(5_u32 << 20) + 3;
        numbers
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect()
    });
    LARGE.clone()
}

fn component() -> Vec<u8> {
    wat::parse_str("(component (import \"x:y/z@1.0.0\" (instance)))").unwrap()
}

/// Everything a registry is for, in one go.
fn round_trip(registry: &dyn Registry, client: &Client) {
    assert!(registry.versions(&package()).unwrap().is_none());
    assert!(release(registry, "1.0.0").unwrap().is_none());
    let contents = [
        ("1.0.0", component()),
        ("1.1.0-rc.1+build.7", large()),
        ("0.1.0", Vec::new()),
    ];
    for (version, bytes) in &contents {
        client.publish(registry, version, bytes).unwrap();
        let error = client.publish(registry, version, bytes).unwrap_err();
        assert!(error.to_string().contains("already published"), "{error}");
        assert_eq!(&fetched(registry, version).unwrap(), bytes);
    }
    let listed = versions(registry).unwrap();
    assert_eq!(listed, ["0.1.0", "1.0.0", "1.1.0-rc.1+build.7"]);
    assert!(release(registry, "2.0.0").unwrap().is_none());
    let found = release(registry, "1.0.0").unwrap().unwrap();
    assert_eq!(found.digest, ContentDigest::of(&component()));
    assert_eq!(found.size, Some(component().len() as u64));
}

#[test]
fn packages_go_to_a_small_registry_and_come_back() {
    for access in [
        Access::Open,
        Access::Basic,
        Access::Token,
        Access::PrivateToken,
    ] {
        let server = SmallRegistry::start(access);
        let client = Client::new(&[]);
        let settings = "auth = { username = \"user\", password = \"secret\" }";
        round_trip(&client.configured(&server.host(), settings), &client);
        let manifest = server.manifest("team/a/b", "1.1.0-rc.1_build.7");
        for part in [
            "\"org.opencontainers.image.version\":\"1.1.0-rc.1+build.7\"",
            "\"org.opencontainers.image.description\":\"one\"",
            "\"org.opencontainers.image.title\":\"b.wasm\"",
        ] {
            assert!(manifest.contains(part), "{manifest}");
        }
    }
}

#[test]
fn packages_go_to_ferro_and_come_back() {
    let server = FerroRegistry::start();
    let client = Client::new(&[]);
    round_trip(&client.registry(&server.host()), &client);
    let upload = client.file(&large()[1..]);
    for (count, fault) in [Fault::CutRequest(1 << 20), Fault::Vanish]
        .into_iter()
        .enumerate()
    {
        let proxy = FaultProxy::new(server.port);
        proxy.fault("PATCH", "/uploads/", 1, fault);
        let mut bytes = std::fs::read(&upload).unwrap();
        bytes.push(count as u8);
        let registry = client.registry(&proxy.host());
        client
            .publish(&registry, &format!("3.0.{count}"), &bytes)
            .unwrap();
        assert_eq!(proxy.left(), 0);
    }
}

#[test]
fn more_than_a_thousand_tags_of_ferro_are_read() {
    let server = FerroRegistry::start();
    let client = Client::new(&[("SOURCE_DATE_EPOCH", "1")]);
    let registry = client.registry(&server.host());
    let content = client.file(b"\0asm\x01\0\0\0");
    std::thread::scope(|scope| {
        for tenth in 0..10 {
            let (registry, content) = (&registry, &content);
            scope.spawn(move || {
                for patch in 0..105 {
                    let upload = Upload {
                        progress: &cargo_component::progress::NoProgress,
                        repository: "team/a/b",
                        tag: &format!("1.{tenth}.{patch}"),
                        content,
                        title: "b.wasm",
                        annotations: &BTreeMap::new(),
                    };
                    registry.push(&upload).unwrap();
                }
            });
        }
    });
    let proxy = FaultProxy::new(server.port);
    let registry = client.registry(&proxy.host());
    assert_eq!(versions(&registry).unwrap().len(), 1_050);
    assert_eq!(proxy.seen().len(), 2);
}

#[test]
fn packages_go_to_docker_registry_and_come_back() {
    for access in [
        registry_servers::Access::Open,
        registry_servers::Access::Htpasswd,
    ] {
        let Some(server) = DockerRegistry::start(access) else {
            return;
        };
        let host = server.host();
        let login = format!("{{\"auths\":{{{host:?}:{{\"auth\":\"dXNlcjpzZWNyZXQ=\"}}}}}}");
        let client = Client::with_docker(&login);
        round_trip(&client.registry(&host), &client);
    }
}

#[test]
fn only_a_trusted_authority_is_believed() {
    let Some(server) = DockerRegistry::start(registry_servers::Access::Tls) else {
        return;
    };
    let client = Client::new(&[]);
    let host = server.host();
    let stranger = client.configured(&host, "protocol = \"https\"");
    let error = versions(&stranger).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    let authority = server.authority.clone().unwrap();
    let trusting = format!(
        "protocol = \"https\"\nextra_root_certificates = [{{ encoding = \"pem\", data = {authority:?} }}]"
    );
    let registry = client.configured(&host, &trusting);
    client.publish(&registry, "1.0.0", &component()).unwrap();
    let anybody = "protocol = \"https\"\naccept_invalid_certificates = true";
    let registry = client.configured(&host, anybody);
    assert_eq!(fetched(&registry, "1.0.0").unwrap(), component());
}

#[test]
fn an_upload_to_docker_registry_goes_on_after_a_break() {
    let Some(server) = DockerRegistry::start(registry_servers::Access::Open) else {
        return;
    };
    for fault in [Fault::CutRequest(1 << 20), Fault::Vanish, Fault::Refuse] {
        let proxy = FaultProxy::new(server.port);
        let client = Client::new(&[]);
        let registry = client.registry(&proxy.host());
        let version = format!("1.0.{}", proxy.port);
        let mut bytes = large();
        bytes.extend(version.as_bytes());
        proxy.fault("PATCH", "/uploads/", 1, fault.clone());
        client.publish(&registry, &version, &bytes).unwrap();
        assert_eq!(proxy.left(), 0);
        assert_eq!(fetched(&registry, &version).unwrap(), bytes, "{fault:?}");
    }
}

#[test]
fn what_is_there_is_not_sent_again() {
    let server = SmallRegistry::start(Access::Open);
    let client = Client::new(&[]);
    let registry = client.registry(&server.host());
    client.publish(&registry, "1.0.0", &large()).unwrap();
    let before = server.requests().len();
    client.publish(&registry, "1.0.1", &large()).unwrap();
    let requests = server.requests().split_off(before);
    let lines: Vec<&str> = requests
        .iter()
        .map(|request| request.method.as_str())
        .collect();
    // The tag, two blobs (perhaps the configuration once more), the manifest.
    assert_eq!(lines[..2], ["GET", "HEAD"]);
    assert!(!lines.contains(&"PATCH"), "{lines:?}");
}

#[test]
fn tags_are_read_page_by_page() {
    let server = SmallRegistry::start(Access::Token);
    let tags = (0..1_100).map(|i| format!("1.0.{i}"));
    let others = ["latest", "v1.0.0", "sha256-00.sig", "1.0"].map(str::to_owned);
    server.tag("team/a/b", tags.chain(others), b"{}");
    let client = Client::new(&[]);
    let registry = client.registry(&server.host());
    assert_eq!(versions(&registry).unwrap().len(), 1_100);
    let asked = server.requests();
    let pages = asked
        .iter()
        .filter(|request| request.target.contains("tags/list"));
    // One of the four is refused, for the token.
    assert_eq!(pages.count(), 4);
    let tokens = asked.iter().filter(|request| request.path() == "/token");
    assert_eq!(tokens.count(), 1);
}

#[test]
fn a_page_at_another_host_is_not_read() {
    let server = SmallRegistry::start(Access::Open);
    server.tag("team/a/b", (0..900).map(|i| format!("1.0.{i}")), b"{}");
    let proxy = FaultProxy::new(server.port);
    let client = Client::new(&[]);
    let elsewhere = format!(
        "<http://{}/v2/team/a/b/tags/list?last=1>; rel=next",
        server.host()
    );
    proxy.fault("GET", "tags/list", 9, Fault::Header("Link", elsewhere));
    let error = versions(&client.registry(&proxy.host())).unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
    // One that goes round in circles ends.
    proxy.calm();
    let again = "</v2/team/a/b/tags/list?n=1000>; rel=next".to_owned();
    proxy.fault("GET", "tags/list", 9, Fault::Header("Link", again));
    assert_eq!(
        versions(&client.registry(&proxy.host())).unwrap().len(),
        400
    );
}

#[test]
fn threads_share_one_token_and_ask_anew_when_it_is_withdrawn() {
    let server = SmallRegistry::start(Access::PrivateToken);
    let host = server.host();
    let login = format!("{{\"credHelpers\":{{{host:?}:\"test\"}}}}");
    let mut client = Client::with_docker(&login);
    // One answer, so that a second question would fail.
    client.exec = Arc::new(Scripted::new([Output {
        stdout: b"{\"Username\":\"<token>\",\"Secret\":\"identity\"}".to_vec(),
        ..Output::default()
    }]));
    let registry = client.registry(&host);
    client.publish(&registry, "1.0.0", &component()).unwrap();
    let before = server.requests().len();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(fetched(&registry, "1.0.0").unwrap(), component()));
        }
    });
    let tokens = |from: usize| {
        let asked = server.requests().split_off(from);
        asked
            .iter()
            .filter(|request| request.path() == "/token")
            .count()
    };
    assert_eq!(tokens(before), 1);
    let before = server.requests().len();
    server.withdraw_tokens();
    assert_eq!(versions(&registry).unwrap(), ["1.0.0"]);
    assert_eq!(tokens(before), 1);
}

#[test]
fn a_refused_login_is_named_by_its_source_and_not_shown() {
    let wrong = "auth = { username = \"user\", password = \"hunter2\" }";
    let source = "`auth` under `[registry.\"mine\".oci]`";
    let told = |error: Error| {
        let text = format!("{error:?}");
        assert!(
            !text.contains("hunter2") && !text.contains("aHVudGVyMg"),
            "{text}"
        );
        text
    };
    for access in [Access::Basic, Access::PrivateToken] {
        let server = SmallRegistry::start(access);
        let client = Client::new(&[]);
        let registry = client.configured(&server.host(), wrong);
        let publish = told(client.publish(&registry, "1.0.0", b"x").unwrap_err());
        for text in [told(versions(&registry).unwrap_err()), publish] {
            for part in [
                source,
                "UNAUTHORIZED",
                "access is denied",
                "`a:b",
                "cargo component login",
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
        let anonymous = told(versions(&client.registry(&server.host())).unwrap_err());
        assert!(anonymous.contains("no login was sent"), "{anonymous}");
    }
    // What anybody may read is read all the same.
    let server = SmallRegistry::start(Access::Token);
    server.tag("team/a/b", ["1.0.0".to_owned()], b"{}");
    let client = Client::new(&[]);
    let registry = client.configured(&server.host(), wrong);
    assert_eq!(versions(&registry).unwrap(), ["1.0.0"]);
    let publish = told(client.publish(&registry, "2.0.0", b"x").unwrap_err());
    assert!(publish.contains(source), "{publish}");
}

#[test]
fn a_token_of_the_environment_is_sent_as_it_is() {
    let server = SmallRegistry::start(Access::PrivateToken);
    server.tag("team/a/b", ["1.0.0".to_owned()], b"{}");
    let host = server.host();
    let name = format!("WKG_REGISTRY_{}_AUTH_BEARER", host.replace(['.', ':'], "_"));
    let client = Client::new(&[(&name, "0|repository:team/a/b:pull")]);
    assert_eq!(versions(&client.registry(&host)).unwrap(), ["1.0.0"]);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.path() != "/token")
    );
}

#[test]
fn a_login_goes_to_no_other_host() {
    let server = SmallRegistry::start(Access::Basic);
    let settings = "auth = { username = \"user\", password = \"secret\" }";
    let client = Client::new(&[]);
    client
        .publish(
            &client.configured(&server.host(), settings),
            "1.0.0",
            &large(),
        )
        .unwrap();
    // The registry of the blobs, which wants no login.
    let open = SmallRegistry::start(Access::Open);
    let digest = open.blob("team/a/b", &large());
    let proxy = FaultProxy::new(server.port);
    let registry = client.configured(&proxy.host(), settings);
    let there = format!("http://{}/v2/team/a/b/blobs/{digest}", open.host());
    let redirect = Answer::new(307).header("Location", there);
    proxy.fault("GET", "/blobs/", 1, Fault::Answer(redirect));
    assert_eq!(fetched(&registry, "1.0.0").unwrap(), large());
    let upload = format!("http://{}/v2/team/a/b/blobs/uploads/0", open.host());
    // Opened, so that the upload is there.
    let opened = FaultProxy::new(open.port);
    let other = client.registry(&opened.host());
    opened.fault("PATCH", "", 99, Fault::Answer(Answer::new(403)));
    opened.fault("PUT", "", 99, Fault::Answer(Answer::new(403)));
    let mut more = large();
    more.push(1);
    client.publish(&other, "1.0.1", &more).unwrap_err();
    let elsewhere = Answer::new(202).header("Location", upload);
    proxy.fault("POST", "/uploads/", 1, Fault::Answer(elsewhere));
    // It arrives there, and so is not here when the manifest is.
    let _ = client.publish(&registry, "1.0.1", &more);
    let asked = open.requests();
    assert!(asked.iter().any(|request| request.method == "PATCH"));
    assert!(asked.iter().any(|request| request.method == "GET"));
    assert!(
        asked
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
    let own = proxy.seen();
    assert!(
        own.iter()
            .any(|request| request.header("authorization").is_some())
    );
}

#[test]
fn a_registry_that_takes_no_parts_gets_the_whole() {
    let server = SmallRegistry::start(Access::Open);
    let proxy = FaultProxy::new(server.port);
    proxy.fault("PATCH", "", 1, Fault::Answer(Answer::new(405)));
    let client = Client::new(&[]);
    let registry = client.registry(&proxy.host());
    client.publish(&registry, "1.0.0", &large()).unwrap();
    assert_eq!(fetched(&registry, "1.0.0").unwrap(), large());
    let put = proxy
        .seen()
        .into_iter()
        .find(|request| request.method == "PUT")
        .unwrap();
    assert_eq!(put.body.len(), large().len());
}

#[test]
fn what_other_tools_pushed_is_read() {
    let server = SmallRegistry::start(Access::Open);
    let digest = server.blob("team/a/b", b"wasm");
    // cargo-component 0.21.1: no title; oras: another configuration.
    for (tag, config) in [
        ("1.0.0", "application/vnd.wasm.config.v0+json"),
        ("1.0.1_x", "application/vnd.oci.empty.v1+json"),
    ] {
        let manifest = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{{\"mediaType\":\"{config}\",\"digest\":\"{digest}\",\"size\":4}},\"layers\":[{{\"mediaType\":\"application/wasm\",\"digest\":\"{digest}\",\"size\":4}}]}}"
        );
        server.tag("team/a/b", [tag.to_owned()], manifest.as_bytes());
        // Below the limit of 4 MiB.
        let padded = manifest + &" ".repeat(3 << 20);
        server.tag("team/a/b", [tag.replace("1.0", "2.0")], padded.as_bytes());
    }
    let client = Client::new(&[]);
    let registry = client.registry(&server.host());
    for version in ["1.0.0", "1.0.1+x", "2.0.0", "2.0.1+x"] {
        assert_eq!(fetched(&registry, version).unwrap(), b"wasm", "{version}");
    }
    let image = b"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}";
    server.tag("team/a/b", ["3.0.0".to_owned()], image);
    let error = release(&registry, "3.0.0").unwrap_err();
    assert!(error.to_string().contains("index"), "{error}");
}

/// A manifest with layers of these media types and contents.
fn manifest(server: &SmallRegistry, config: &str, layers: &[(&str, &[u8])]) -> String {
    let layers = layers.iter().map(|(media, bytes)| {
        let digest = server.blob("team/a/b", bytes).to_string();
        serde_json::json!({
            "mediaType": media, "digest": digest, "size": bytes.len(),
            "annotations": { "org.opencontainers.image.title": "b.wasm" },
        })
    });
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": config },
        "layers": layers.collect::<Vec<_>>(),
    })
    .to_string()
}

#[test]
fn what_older_tools_called_their_layers_is_judged_by_the_bytes() {
    let server = SmallRegistry::start(Access::Open);
    let registry = Client::new(&[]).registry(&server.host());
    let wasm: &[u8] = b"\0asm\x0d\0\x01\0 and more";
    let unknown = "application/vnd.unknown.config.v1+json";
    let (tar, other) = (
        "application/vnd.oci.image.layer.v1.tar",
        "application/octet-stream",
    );
    type Layers<'a> = &'a [(&'a str, &'a [u8])];
    let cases: [(&str, Layers<'_>); 9] = [
        // wash
        (
            "application/vnd.wasmcloud.actor.archive.config",
            &[("application/vnd.module.wasm.content.layer.v1+wasm", wasm)],
        ),
        (
            "application/vnd.bytecodealliance.component.config.v0+json",
            &[(
                "application/vnd.bytecodealliance.component.layer.v0+wasm",
                wasm,
            )],
        ),
        (
            "application/vnd.bytecodealliance.wasm.component.config.v0+json",
            &[(
                "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
                wasm,
            )],
        ),
        (unknown, &[(other, wasm)]),
        // What oras says of a file that nobody gives a type.
        (unknown, &[(tar, wasm)]),
        (
            unknown,
            &[("text/plain", b"read me"), (other, wasm), (tar, b"")],
        ),
        (
            unknown,
            &[("application/wasm", b"no"), ("application/wasm", wasm)],
        ),
        (unknown, &[("text/plain", b"read me")]),
        (unknown, &[(other, wasm), (tar, b"\0asm\x01\0\0\0")]),
    ];
    for (at, (config, layers)) in cases.iter().enumerate() {
        let version = format!("1.0.{at}");
        server.tag(
            "team/a/b",
            [version.clone()],
            manifest(&server, config, layers).as_bytes(),
        );
        let found = fetched(&registry, &version);
        match at {
            0..7 => assert_eq!(found.unwrap(), wasm, "{layers:?}"),
            7 => {
                let error = found.unwrap_err().to_string();
                assert!(
                    error.contains(
                        "not WebAssembly: no layer is a WebAssembly file; there are `text/plain`"
                    ),
                    "{error}"
                );
            }
            _ => {
                let error = found.unwrap_err().to_string();
                assert!(error.contains("2 WebAssembly layers"), "{error}");
            }
        }
    }
}

#[test]
fn an_index_with_one_package_is_that_package() {
    let server = SmallRegistry::start(Access::Open);
    let registry = Client::new(&[]).registry(&server.host());
    let wasm: &[u8] = b"\0asm\x0d\0\x01\0 and more";
    let add = |media: &str, bytes: &[u8]| {
        let manifest = manifest(&server, "x", &[(media, bytes)]);
        let digest = ContentDigest::of(manifest.as_bytes()).to_string();
        server.tag("team/a/b", [digest.clone()], manifest.as_bytes());
        digest
    };
    let package = add("application/wasm", wasm);
    let unlabelled = add("application/octet-stream", wasm);
    let proof = add("application/vnd.in-toto+json", b"{}");
    let image = add("application/vnd.oci.image.layer.v1.tar+gzip", b"\x1f\x8b");
    let second = add("application/wasm", b"\0asm\x01\0\0\0");
    let one = |digest: &str, architecture: &str| {
        serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest, "size": 1,
            "platform": { "os": "any", "architecture": architecture },
        })
    };
    let attestation = || {
        let mut one = one(&proof, "unknown");
        one["annotations"] =
            serde_json::json!({ "vnd.docker.reference.type": "attestation-manifest" });
        one
    };
    for (at, (listed, told)) in [
        (vec![one(&package, "wasm")], ""),
        (vec![one(&package, "wasm"), attestation()], ""),
        (vec![one(&image, "amd64"), one(&package, "wasm")], ""),
        (vec![one(&image, "amd64"), one(&unlabelled, "arm64")], ""),
        (vec![one(&package, "wasm"), one(&unlabelled, "wasm")], ""),
        (
            vec![one(&image, "amd64"), one(&image, "arm64")],
            "not WebAssembly",
        ),
        (
            vec![one(&package, "wasm"), one(&second, "wasm")],
            "an index of 2 packages",
        ),
        (vec![attestation()], "an index without a package"),
    ]
    .into_iter()
    .enumerate()
    {
        let version = format!("1.0.{at}");
        let index = serde_json::json!({
            "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": listed,
        });
        server.tag("team/a/b", [version.clone()], index.to_string().as_bytes());
        match told {
            "" => assert_eq!(fetched(&registry, &version).unwrap(), wasm, "{at}"),
            told => {
                let error = fetched(&registry, &version).unwrap_err().to_string();
                assert!(error.contains(told), "{at}: {error}");
            }
        }
    }
}

#[test]
fn any_artifact_is_pushed_and_pulled_by_reference() {
    let server = SmallRegistry::start(Access::Open);
    let client = Client::new(&[]);
    let registry = client.registry(&server.host());
    let upload = Upload {
        progress: &cargo_component::progress::NoProgress,
        repository: "other/place",
        tag: "latest",
        content: &client.file(b"\0asm\x01\0\0\0"),
        title: "x.wasm",
        annotations: &BTreeMap::from([("org.example.k".to_owned(), "v".to_owned())]),
    };
    registry.push(&upload).unwrap();
    registry.push(&upload).unwrap();
    assert_eq!(registry.tags("other/place").unwrap().unwrap(), ["latest"]);
    let digest = ContentDigest::of(server.manifest("other/place", "latest").as_bytes());
    for target in [Target::Tag("latest".into()), Target::Digest(digest)] {
        let artifact = registry.artifact("other/place", &target).unwrap().unwrap();
        assert_eq!(artifact.title.as_deref(), Some("x.wasm"));
        assert_eq!(artifact.annotations["org.example.k"], "v");
        let mut bytes = Vec::new();
        registry
            .blob("other/place", &artifact.layer, &mut bytes)
            .unwrap();
        assert_eq!(bytes, b"\0asm\x01\0\0\0");
    }
}

#[test]
fn a_host_says_what_it_is_or_why_not() {
    let server = SmallRegistry::start(Access::Open);
    let client = Client::new(&[]);
    let ask = |host: &str| discover(host, &Default::default(), client.around());
    assert_eq!(ask(&server.host()).unwrap(), Default::default());
    server.says(
        200,
        "{\"oci\":{\"registry\":\"ghcr.io\"},\"$schema\":\"x\"}",
    );
    let found = ask(&server.host()).unwrap();
    assert_eq!(found.metadata.oci_registry.as_deref(), Some("ghcr.io"));
    for (status, text, part) in [
        (200, "<html>", "the document is invalid"),
        (500, "", "500"),
        (403, "", "403"),
        (200, "{\"oci\":1}", "`oci` is not an object"),
    ] {
        server.says(status, text);
        let error = ask(&server.host()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(
            error.contains("/.well-known/wasm-pkg/registry.json"),
            "{error}"
        );
    }
    let error = ask("127.0.0.1:1").unwrap_err().to_string();
    assert!(error.contains("registry.json"), "{error}");
    let proxy = FaultProxy::new(server.port);
    server.says(200, "{}");
    proxy.fault("GET", "", 2, Fault::Refuse);
    assert_eq!(ask(&proxy.host()).unwrap().metadata, Default::default());
}

/// What is done with the registry behind the proxy.
type Operation = fn(&Client, &dyn Registry, &Release) -> Result<()>;

const OPERATIONS: [(&str, Operation); 4] = [
    ("versions", |_, registry, _| {
        versions(registry).map(|found| assert_eq!(found, ["1.0.0"]))
    }),
    ("release", |_, registry, expected| {
        release(registry, "1.0.0").map(|found| assert_eq!(found.as_ref(), Some(expected)))
    }),
    ("fetch", |client, registry, release| {
        // As the tool does it, with the digest checked.
        let cache = Cache::new(client.dir.path().join("cache"));
        let file = cache.get_or_fetch(
            registry,
            &package(),
            release,
            &cargo_component::progress::NoProgress,
        );
        let kept = std::fs::read_dir(cache.dir()).unwrap();
        match file {
            Ok(file) => {
                assert_eq!(std::fs::read(file).unwrap(), large());
                Ok(())
            }
            Err(error) => {
                assert_eq!(kept.count(), 0, "nothing is kept");
                Err(error)
            }
        }
    }),
    ("publish", |client, registry, _| {
        let mut bytes = large();
        bytes.push(2);
        client.publish(registry, "2.0.0", &bytes)
    }),
];

fn answer(status: u16) -> Fault {
    Fault::Answer(Answer::new(status))
}

/// Faults that pass, each once at every request an operation makes.
#[test]
fn every_passing_fault_is_recovered_from_at_every_request() {
    let limited = Answer::new(429).header("Retry-After", "1");
    for fault in [
        Fault::Answer(limited),
        answer(500),
        answer(502),
        answer(503),
        Fault::Refuse,
        Fault::Vanish,
        Fault::CutBody(100),
    ] {
        for (name, operation) in OPERATIONS {
            let methods: &[&str] = match name {
                "publish" => &["HEAD", "POST", "PATCH", "PUT"],
                _ => &["GET"],
            };
            for method in methods {
                let (server, client, release) = prepared();
                let proxy = FaultProxy::new(server.port);
                let registry = client.registry(&proxy.host());
                proxy.fault(method, "", 1, fault.clone());
                let outcome = operation(&client, &registry, &release);
                assert!(outcome.is_ok(), "{name}, {method}, {fault:?}: {outcome:?}");
                assert_eq!(proxy.left(), 0, "{name}, {method}, {fault:?}");
                if name == "publish" {
                    let mut bytes = large();
                    bytes.push(2);
                    let back = fetched(&client.registry(&server.host()), "2.0.0").unwrap();
                    assert!(back == bytes, "{name}, {method}, {fault:?}");
                }
            }
        }
    }
}

/// Faults that stay: a clear error, and soon.
#[test]
fn every_lasting_fault_is_a_clear_error() {
    let round = Answer::new(302).header("Location", "/v2/team/a/b/tags/list");
    let unsafe_place = Answer::new(302).header("Location", "ftp://127.0.0.1/x");
    for (fault, part) in [
        (answer(500), "500"),
        (answer(503), "503"),
        (
            Fault::Answer(Answer::new(429).header("Retry-After", "9999")),
            "429",
        ),
        (answer(418), "418"),
        (answer(401), "access is denied"),
        (answer(403), "access is denied"),
        (Fault::Refuse, "127.0.0.1"),
        (Fault::CutBody(0), "127.0.0.1"),
        (Fault::Body(b"<html>".to_vec()), ""),
        (
            Fault::Header("Docker-Content-Digest", ContentDigest::of(b"").to_string()),
            "digest",
        ),
        (Fault::Header("Content-Length", "99999999".to_owned()), ""),
        (Fault::Header("Content-Length", "3".to_owned()), ""),
        (Fault::Answer(round), "redirects"),
        (Fault::Answer(unsafe_place), "a redirect leads"),
    ] {
        for (name, operation) in OPERATIONS {
            let (server, client, release) = prepared();
            let proxy = FaultProxy::new(server.port);
            let registry = client.registry(&proxy.host());
            proxy.fault("", "", usize::MAX / 2, fault.clone());
            let error = match operation(&client, &registry, &release) {
                Err(error) => error,
                // Nothing to be told by: the fault is in what is not read.
                Ok(())
                    if matches!(
                        fault,
                        Fault::Header(..) | Fault::Body(_) | Fault::CutBody(_)
                    ) =>
                {
                    continue;
                }
                Ok(()) => panic!("{name}, {fault:?} is no error"),
            };
            let text = format!("{error:?}");
            assert!(text.contains("a:b"), "{name}, {fault:?}: {text}");
            let aside = name == "fetch" && text.contains("has digest");
            assert!(text.contains(part) || aside, "{name}, {fault:?}: {text}");
            assert!(error.advice().is_some(), "{name}, {fault:?}: {text}");
            assert!(
                proxy.seen().len() < 60,
                "{name}, {fault:?}: asked too often"
            );
        }
    }
}

#[test]
fn a_registry_that_says_nothing_is_not_waited_for_forever() {
    let (server, mut client, _) = prepared();
    client.patience.idle_timeout = std::time::Duration::from_millis(50);
    client.patience.max_attempts = 2;
    let proxy = FaultProxy::new(server.port);
    proxy.fault("", "", usize::MAX / 2, Fault::Hang);
    let error = versions(&client.registry(&proxy.host())).unwrap_err();
    assert!(
        error.to_string().contains("no data was received"),
        "{error}"
    );
    assert_eq!(proxy.seen().len(), 2);
}

/// A registry with `a:b@1.0.0`, and what it should say of it.
fn prepared() -> (SmallRegistry, Client, Release) {
    let server = SmallRegistry::start(Access::Open);
    let digest = server.blob("team/a/b", &large());
    let size = large().len();
    let manifest = format!(
        "{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":[{{\"mediaType\":\"application/wasm\",\"digest\":\"{digest}\",\"size\":{size}}}]}}"
    );
    server.tag("team/a/b", ["1.0.0".to_owned()], manifest.as_bytes());
    let release = Release {
        version: Version::new(1, 0, 0),
        digest,
        size: Some(size as u64),
    };
    (server, Client::new(&[]), release)
}
