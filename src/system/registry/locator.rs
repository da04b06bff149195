//! The addresses of registries, taken apart.

use super::authority::authority;
use super::layers::{USER_FILE, is_loopback};
use crate::base::error::{Error, Result};
use crate::model::url_protocol::{URL_PROTOCOLS, UrlProtocol};
use crate::system::fs::{has_drive, path_of_url};

/// The host of the address of a registry, where it has one.
pub fn host_of_address(address: &str) -> Option<&str> {
    match Address::read("", address) {
        Ok(Address::Host(host) | Address::Oci { host, .. }) => Some(host),
        Ok(Address::Url { rest, .. }) => Some(authority(rest)),
        Ok(Address::Directory(_)) | Err(_) => None,
    }
}

/// The address of a registry, taken apart.
pub(super) enum Address<'a> {
    /// A host that describes itself.
    Host(&'a str),
    /// A directory, relative to the manifest.
    Directory(&'a str),
    /// A repository of an OCI registry: `oci://<host>/<path>`.
    Oci { host: &'a str, path: &'a str },
    /// `<protocol>://<rest>`, which starts with the host.
    Url {
        protocol: &'static UrlProtocol,
        rest: &'a str,
    },
}

/// The hint with the forms that an address may have.
fn forms() -> String {
    let protocols = URL_PROTOCOLS
        .iter()
        .map(|protocol| format!(", `{}`", protocol.address("host")));
    format!(
        "write `https://host`, `oci://host/prefix`{} or `file:directory`",
        protocols.collect::<String>()
    )
}

impl<'a> Address<'a> {
    /// Reads the address of the registry `name`. An error shows no credentials.
    pub fn read(name: &str, address: &'a str) -> Result<Self> {
        let Some((scheme, rest)) = split(address) else {
            return Ok(match is_path(address) {
                true => Address::Directory(address),
                false => Address::Host(address.trim_end_matches('/')),
            });
        };
        if scheme == "file" {
            return Ok(Address::Directory(path_of_url(rest)));
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if rest.contains('@') {
            return Err(Error::input(format!(
                "the address of the registry `{name}` contains credentials"
            ))
            .hint(format!("move them to your own file, `{USER_FILE}`")));
        }
        if host.is_empty() {
            return Err(
                Error::input(format!("the registry address `{address}` has no host")).hint(forms()),
            );
        }
        match scheme {
            "oci" => Ok(Address::Oci { host, path }),
            "https" => Ok(Address::Host(host)),
            "http" if is_loopback(host) => Ok(Address::Host(host)),
            "http" => Err(Error::input(format!(
                "plain http for `{host}` cannot be set in a file of the project"
            ))
            .hint(format!(
                "use https, or set `protocol = \"http\"` in your own file, `{USER_FILE}`"
            ))),
            other => match UrlProtocol::named(other) {
                Some(protocol) => Ok(Address::Url { protocol, rest }),
                None => Err(Error::input(format!(
                    "unknown scheme `{other}` in the registry address `{address}`"
                ))
                .hint(forms())),
            },
        }
    }
}

/// Whether an address without a scheme is a path.
pub(super) fn is_path(address: &str) -> bool {
    address.starts_with(['.', '/']) || address.contains('\\') || has_drive(address)
}

/// Scheme and rest of an address; a host with a port has no scheme.
pub(super) fn split(address: &str) -> Option<(&str, &str)> {
    if let Some((scheme, rest)) = address.split_once("://") {
        return Some((scheme, rest));
    }
    address.strip_prefix("file:").map(|rest| ("file", rest))
}
