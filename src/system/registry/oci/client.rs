//! One runtime and few clients for the whole process.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Client;
use tokio::runtime::Runtime;

use super::public_only::PublicOnly;
use super::settings::{RootCertificate, Trust};
use super::transport_error::TransportError;
use crate::base::error::{Error, Result};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Runs a task to its end, from any thread that is not the runtime's own.
pub fn wait_for<T>(task: impl Future<Output = Result<T>>) -> Result<T> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("registry")
            .enable_all()
            .build()
            .map_err(|e| e.to_string())
    });
    match runtime {
        Ok(runtime) => runtime.block_on(task),
        Err(e) => Err(Error::input("failed to set up network access").with_cause(e)),
    }
}

/// How connections are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// Through a proxy, if variables name one.
    Usual,
    /// The request goes to the host directly.
    Direct,
    /// Directly and in plain http, so that no certificates have to be read.
    Plain,
    /// To addresses of the internet only, or to these proxies.
    Public(Vec<String>),
}

/// The client for this trust and connection; one per process for each choice,
/// so that connections are shared.
pub fn client(trust: &Trust, via: &Via) -> Result<Client> {
    type Clients = BTreeMap<(Trust, Via), Client>;
    static CLIENTS: Mutex<Clients> = Mutex::new(BTreeMap::new());
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (trust.clone(), via.clone());
    if let Some(client) = clients.get(&key) {
        return Ok(client.clone());
    }
    let client = build(trust, via)?;
    clients.insert(key, client.clone());
    Ok(client)
}

fn build(trust: &Trust, via: &Via) -> Result<Client> {
    let failed =
        |e: &dyn std::fmt::Display| Error::input("failed to set up network access").with_cause(e);
    // Without a provider the builder panics; another one may be there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = Vec::new();
    for root in &trust.roots {
        match root {
            RootCertificate::Pem(text) => {
                let bundle = reqwest::Certificate::from_pem_bundle(text.as_bytes());
                roots.extend(bundle.map_err(|e| failed(&e.without_url()))?);
            }
            RootCertificate::Der(bytes) => {
                let root = reqwest::Certificate::from_der(bytes);
                roots.push(root.map_err(|e| failed(&e.without_url()))?);
            }
        }
    }
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("cargo-component/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(trust.accept_invalid);
        match via {
            Via::Usual => builder,
            Via::Direct | Via::Plain => builder.no_proxy(),
            Via::Public(proxies) => builder.dns_resolver(PublicOnly {
                proxies: proxies.clone(),
            }),
        }
    };
    if *via == Via::Plain {
        let client = builder().tls_certs_only(roots).build();
        return client.map_err(|e| failed(&TransportError::from(e).message));
    }
    let client = match builder().tls_certs_merge(roots.clone()).build() {
        // A system without certificates can still be reached over plain http.
        Err(_) if *via == Via::Direct => builder().tls_certs_only(roots).build(),
        built => built,
    };
    client.map_err(|e| failed(&TransportError::from(e).message))
}
