//! Connections to addresses of the internet only.

use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::system::registry::public::is_public;

/// Why an address is not connected to. The text is a fragment.
#[derive(Debug)]
pub struct NotPublic(String);

impl std::fmt::Display for NotPublic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotPublic {}

impl NotPublic {
    /// A host that is refused by its spelling.
    pub fn name(host: &str) -> Self {
        NotPublic(format!(
            "`{host}` is on this machine or its network, where hints of components from elsewhere may not point"
        ))
    }

    /// A host that is refused by an address it stands for.
    pub fn address(host: &str, address: IpAddr) -> Self {
        NotPublic(format!(
            "`{host}` has the address `{address}`, on this machine or its network, where hints of components from elsewhere may not point"
        ))
    }
}

/// Resolves names to addresses of the internet only, when a connection is
/// made: what a name stands for may have changed since it was looked at.
#[derive(Debug)]
pub struct PublicOnly {
    /// The hosts of proxies, which the user chose.
    pub proxies: Vec<String>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = |proxy: &String| proxy.eq_ignore_ascii_case(name.as_str());
        let any = self.proxies.iter().any(is_proxy);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(io::Error::other)?.collect();
            match found.iter().find(|found| !any && !is_public(found.ip())) {
                Some(inner) => Err(NotPublic::address(name.as_str(), inner.ip()).into()),
                None => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}
