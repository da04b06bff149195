//! The protocols of registries that are named by a URL. A backend for one adds
//! an entry here; `system/registry/open.rs` opens it.

/// A protocol whose registries are named by `<name>://<host>[:port][/<path>]`.
#[derive(Debug, PartialEq, Eq)]
pub struct UrlProtocol {
    /// The scheme of its addresses, which is also the name of its tables in the
    /// configuration and in `registry.json`, and of the feature that has it.
    pub name: &'static str,
    /// The name as messages spell it.
    pub title: &'static str,
    /// The member of older `registry.json` that gives the URL.
    pub legacy_url_member: Option<&'static str>,
}

/// All protocols that are known, also those that this build lacks.
pub static URL_PROTOCOLS: &[UrlProtocol] = &[UrlProtocol {
    name: "warg",
    title: "Warg",
    legacy_url_member: Some("wargUrl"),
}];

impl UrlProtocol {
    /// The protocol of this name; `None` if it is not known.
    pub fn named(name: &str) -> Option<&'static Self> {
        URL_PROTOCOLS.iter().find(|protocol| protocol.name == name)
    }

    /// The protocol of an address by its scheme, and what follows `://`.
    pub fn of_address(address: &str) -> Option<(&'static Self, &str)> {
        let (scheme, rest) = address.split_once("://")?;
        Some((UrlProtocol::named(scheme)?, rest))
    }

    /// The address of a host with this protocol.
    pub fn address(&self, host: &str) -> String {
        format!("{}://{host}", self.name)
    }
}
