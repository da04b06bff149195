//! A Warg server in this process, and a peer that publishes to it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;
use warg_client::storage::{PublishEntry, PublishInfo};
use warg_client::{Config, FileSystemClient};
use warg_crypto::hash::HashAlgorithm;
use warg_crypto::signing::{PrivateKey, generate_p256_pair};
use warg_protocol::ProtoEnvelope;
use warg_protocol::operator::NamespaceState;
use warg_protocol::package::PackageRecord;
use warg_protocol::registry::PackageName;
use warg_server::policy::record::{RecordPolicy, RecordPolicyResult};

/// The key of the package's owner.
pub const OWNER: &str = "ecdsa-p256:I+UlDo0HxyBBFeelhPPWmD+LnklOpqZDkrFP5VduASk=";

/// Somebody else's key.
pub fn stranger() -> String {
    generate_p256_pair().1.encode().to_string()
}

/// A server with the namespace `demo`. It is gone when this is dropped.
pub struct Server {
    pub address: SocketAddr,
    dir: tempfile::TempDir,
    runtime: Runtime,
}

impl Server {
    pub fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), None::<Anything>)
    }

    /// One that takes only what the policy allows.
    pub fn strict(policy: impl RecordPolicy + 'static) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), Some(policy))
    }

    /// The same address, but nothing of what was there.
    pub fn start_anew(self) -> Self {
        let address = self.address;
        drop(self);
        Self::start_at(address, None::<Anything>)
    }

    fn start_at(address: SocketAddr, policy: Option<impl RecordPolicy + 'static>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (_, operator) = generate_p256_pair();
        let namespaces = vec![("demo".to_owned(), NamespaceState::Defined)];
        let content = dir.path().join("server");
        let mut config = warg_server::Config::new(operator, Some(namespaces), content)
            .with_addr(address)
            .with_checkpoint_interval(Duration::from_millis(50));
        if let Some(policy) = policy {
            config = config.with_record_policy(policy);
        }
        let runtime = Runtime::new().unwrap();
        let server = warg_server::Server::new(config);
        let server = runtime.block_on(server.initialize()).unwrap();
        let address = server.local_addr().unwrap();
        runtime.spawn(server.serve());
        Server {
            address,
            dir,
            runtime,
        }
    }

    /// Its address with the scheme a manifest has for it.
    pub fn warg(&self) -> String {
        format!("warg://{}", self.address)
    }

    /// Where its content lies.
    pub fn content(&self) -> std::path::PathBuf {
        self.dir.path().join("server/files")
    }

    /// Publishes WIT as its owner, from outside.
    pub fn release_wit(&self, text: &str) {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_source("test.wit", text).unwrap();
        let bytes = wit_component::encode(&resolve, package, false).unwrap();
        let name = &resolve.packages[package].name;
        let entry = PublishEntry::Release {
            version: name.version.clone().unwrap(),
            content: HashAlgorithm::Sha256.digest(&bytes),
        };
        self.publish(&format!("{}:{}", name.namespace, name.name), entry, &bytes);
    }

    /// Withdraws a version.
    pub fn yank(&self, package: &str, version: &str) {
        let version = version.parse().unwrap();
        self.publish(package, PublishEntry::Yank { version }, &[]);
    }

    fn publish(&self, package: &str, entry: PublishEntry, bytes: &[u8]) {
        let peer = tempfile::tempdir().unwrap();
        let name = PackageName::new(package).unwrap();
        if let PublishEntry::Release { content, .. } = &entry {
            let file = content.to_string().replace(':', "/");
            let file = peer.path().join("content").join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        self.runtime.block_on(async {
            let client = self.peer(peer.path()).await;
            let info = PublishInfo {
                name: name.clone(),
                head: None,
                entries: vec![entry],
            };
            let key = PrivateKey::decode(OWNER.to_owned()).unwrap();
            let record = client.publish_with_info(&key, info).await.unwrap();
            let interval = Duration::from_millis(20);
            let published = client.wait_for_publish(&name, &record, interval).await;
            published.unwrap();
        });
    }

    /// What a peer that knows nothing yet is given for a version.
    pub fn download(&self, package: &str, version: &str) -> Option<Vec<u8>> {
        let peer = tempfile::tempdir().unwrap();
        let name = PackageName::new(package).unwrap();
        self.runtime.block_on(async {
            let client = self.peer(peer.path()).await;
            let version = version.parse().unwrap();
            let found = client.download_exact(&name, &version).await.ok()?;
            Some(std::fs::read(found.path).unwrap())
        })
    }

    async fn peer(&self, dir: &Path) -> FileSystemClient {
        let config = Config {
            registries_dir: Some(dir.join("registries")),
            content_dir: Some(dir.join("content")),
            namespace_map_path: Some(dir.join("namespaces")),
            ..Config::default()
        };
        let url = format!("http://{}", self.address);
        FileSystemClient::new_with_config(Some(&url), &config, None)
            .await
            .unwrap()
    }
}

/// A policy for servers that have none.
struct Anything;

impl RecordPolicy for Anything {
    fn check(
        &self,
        _name: &PackageName,
        _record: &ProtoEnvelope<PackageRecord>,
    ) -> RecordPolicyResult<()> {
        Ok(())
    }
}

/// A host that only says where its registry is; its address.
pub fn signpost(document: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{document}",
        document.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => request.extend(&buffer[..count]),
                }
            }
            let line = String::from_utf8_lossy(&request).into_owned();
            assert!(line.starts_with("GET /.well-known/wasm-pkg/registry.json "));
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}
