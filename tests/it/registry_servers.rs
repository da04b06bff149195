//! Registries that others wrote: `ferro-oci-server` in this process, and
//! Debian's `docker-registry` on this machine as the second opinion.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use ferro_blob_store::InMemoryBlobStore;
use ferro_oci_server::{AppState, InMemoryRegistryMeta, router};

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody everything.
    Open,
    /// `user` with `secret`.
    Htpasswd,
    /// Everybody everything, over TLS by an authority of its own.
    Tls,
}

/// `ferro-oci-server` with its data in memory, for everybody.
pub struct FerroRegistry {
    pub port: u16,
    // Ends with the value, and the server with it.
    _runtime: tokio::runtime::Runtime,
}

impl FerroRegistry {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let state = AppState::new(
            Arc::new(InMemoryBlobStore::new()),
            Arc::new(InMemoryRegistryMeta::new()),
        );
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router(state)).await.unwrap();
        });
        FerroRegistry {
            port,
            _runtime: runtime,
        }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// A running registry with its data in a temporary directory; it ends with the
/// value.
pub struct DockerRegistry {
    pub port: u16,
    /// The certificate of its authority, in PEM.
    pub authority: Option<String>,
    child: Child,
    _dir: tempfile::TempDir,
}

impl DockerRegistry {
    /// Starts one on a free port, and waits until it listens. `None`, with a
    /// word about it, where the program is not installed.
    pub fn start(access: Access) -> Option<Self> {
        let needed: &[&str] = match access {
            Access::Open => &["docker-registry"],
            Access::Htpasswd => &["docker-registry", "htpasswd"],
            Access::Tls => &["docker-registry", "openssl"],
        };
        if let Some(missing) = needed.iter().find(|program| !is_installed(program)) {
            // To the terminal itself, past what the harness swallows.
            let text = format!(
                "\nSKIPPED: `{missing}` is not installed (apt-get install docker-registry apache2-utils openssl)\n"
            );
            let _ = std::io::stderr().write_all(text.as_bytes());
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let mut authority = None;
        let mut tls = String::new();
        let auth = match access {
            Access::Open => String::new(),
            Access::Tls => {
                authority = Some(certificates(root));
                let [certificate, key] = ["leaf.pem", "leaf.key"].map(|name| root.join(name));
                tls = format!(", tls: {{certificate: {certificate:?}, key: {key:?}}}");
                String::new()
            }
            Access::Htpasswd => {
                htpasswd(&root.join("htpasswd"));
                let path = root.join("htpasswd");
                format!("auth: {{htpasswd: {{realm: r, path: {path:?}}}}}\n")
            }
        };
        let data = root.join("data");
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {data:?}}}, delete: {{enabled: true}}}}\nhttp: {{addr: \"127.0.0.1:0\"{tls}}}\n{auth}"
        );
        std::fs::write(root.join("config.yml"), config).unwrap();
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(root.join("config.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let port = loop {
            let line = match lines.next() {
                Some(line) => line.unwrap(),
                None => panic!("docker-registry ended:\n{}", said.join("\n")),
            };
            if let Some((_, rest)) = line.split_once("listening on 127.0.0.1:") {
                break rest.split(['"', ',']).next().unwrap().parse().unwrap();
            }
            said.push(line);
        };
        // It must not stop for want of a reader.
        thread::spawn(move || lines.for_each(drop));
        Some(DockerRegistry {
            port,
            authority,
            child,
            _dir: dir,
        })
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn htpasswd(file: &Path) {
    let status = Command::new("htpasswd")
        .args(["-Bbc".as_ref(), file.as_os_str()])
        .args(["user", "secret"])
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

/// Makes an authority and a certificate for this machine; the authority's.
fn certificates(dir: &Path) -> String {
    let openssl = |name: &str, more: &[&str]| {
        let output = Command::new("openssl")
            .current_dir(dir)
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args([
                "-keyout",
                &format!("{name}.key"),
                "-out",
                &format!("{name}.pem"),
            ])
            .args(["-subj", &format!("/CN={name}")])
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    };
    openssl("ca", &[]);
    let leaf = [
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ];
    openssl(
        "leaf",
        &[&["-CA", "ca.pem", "-CAkey", "ca.key"], leaf.as_slice()].concat(),
    );
    std::fs::read_to_string(dir.join("ca.pem")).unwrap()
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
