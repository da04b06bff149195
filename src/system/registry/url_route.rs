//! Registries that are named by a URL, as plain data.

use toml_edit::Item;

use super::authority::authority;
use super::config::ProtocolTable;
use super::hosts::LocationSource;
use super::layers::{Layers, is_loopback};
use crate::model::url_protocol::UrlProtocol;

/// A registry that is named by a URL.
#[derive(Clone, Debug)]
pub struct UrlRoute {
    /// The protocol that it speaks.
    pub protocol: &'static UrlProtocol,
    /// The name that its login stands under, or would have to.
    pub name: String,
    /// Its address, with scheme, perhaps with a path.
    pub url: String,
    /// The settings of its host in the configuration.
    pub settings: ProtocolTable,
    /// The configuration, for the host that this one leads to.
    pub layers: Layers,
    /// The name, if the user gave it a login and only a file of the project
    /// leads it to this host.
    pub misdirected: Option<String>,
}

impl UrlRoute {
    /// The registry of this name, at the address that metadata gives or else
    /// at the name itself. Plain http is for this machine, unless the table of
    /// its host allows it.
    pub fn new(
        protocol: &'static UrlProtocol,
        name: &str,
        address: Option<&str>,
        source: LocationSource,
        layers: &Layers,
    ) -> Self {
        let address = address.unwrap_or(name);
        let host = authority(address);
        let table = layers.settings(protocol.name, name, host, source);
        let plain = match table.values.get("protocol").and_then(Item::as_str) {
            Some(protocol) => protocol == "http",
            None => is_loopback(host),
        };
        let url = match (address.contains("://"), plain) {
            (true, _) => address.to_owned(),
            (false, true) => format!("http://{address}"),
            (false, false) => format!("https://{address}"),
        };
        let misdirected =
            source == LocationSource::Configuration && layers.is_misdirected(name, host);
        UrlRoute {
            protocol,
            name: table.name,
            url,
            settings: table.values,
            layers: layers.clone(),
            misdirected: misdirected.then(|| name.to_owned()),
        }
    }
}
