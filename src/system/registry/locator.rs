//! The addresses of registries, taken apart.

use super::layers::is_loopback;
use crate::base::error::{Error, Result};

/// The host of an address that is contacted, with its port, as far as the text
/// says it.
pub(super) fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let all = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    all.rsplit('@').next().unwrap_or(all)
}

/// The host of the address of a registry, where it has one.
pub fn host_of_address(address: &str) -> Option<&str> {
    match Address::read("", address) {
        Ok(Address::Host(host) | Address::Oci { host, .. }) => Some(host),
        Ok(Address::Warg { rest }) => Some(authority(rest)),
        Ok(Address::Directory(_)) | Err(_) => None,
    }
}

/// The address of a registry, taken apart.
pub(super) enum Address<'a> {
    /// A host to be asked what it is.
    Host(&'a str),
    /// A directory, seen from the manifest.
    Directory(&'a str),
    /// `oci://<host>/<path>`.
    Oci { host: &'a str, path: &'a str },
    /// `warg://<rest>`, which starts with the host.
    Warg { rest: &'a str },
}

/// The forms an address may have, for errors.
const FORMS: &str = "use `https://host`, `oci://host/prefix`, `warg://host` or `file:directory`";

impl<'a> Address<'a> {
    /// Reads the address of the registry `name`. An error shows no credentials.
    pub fn read(name: &str, address: &'a str) -> Result<Self> {
        let Some((scheme, rest)) = split(address) else {
            return Ok(
                match address.starts_with(['.', '/']) || address.contains('\\') {
                    true => Address::Directory(address),
                    false => Address::Host(address.trim_end_matches('/')),
                },
            );
        };
        if scheme == "file" {
            return Ok(Address::Directory(rest.strip_prefix("//").unwrap_or(rest)));
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if rest.contains('@') {
            return Err(Error::input(format!(
                "the address of the registry `{name}` contains credentials"
            ))
            .hint("move them to your own file, `~/.config/wasm-pkg/config.toml`"));
        }
        if host.is_empty() {
            return Err(
                Error::input(format!("the registry address `{address}` has no host")).hint(FORMS),
            );
        }
        match scheme {
            "oci" => Ok(Address::Oci { host, path }),
            "warg" => Ok(Address::Warg { rest }),
            "https" => Ok(Address::Host(host)),
            "http" if is_loopback(host) => Ok(Address::Host(host)),
            "http" => Err(Error::input(format!(
                "plain http for `{host}` cannot be set in a file of the project"
            ))
            .hint("use https, or set `protocol = \"http\"` in your own file, `~/.config/wasm-pkg/config.toml`")),
            other => Err(Error::input(format!(
                "unknown scheme `{other}` in the registry address `{address}`"
            ))
            .hint(FORMS)),
        }
    }
}

/// Scheme and rest of an address; a host with a port has no scheme.
pub(super) fn split(address: &str) -> Option<(&str, &str)> {
    if let Some((scheme, rest)) = address.split_once("://") {
        return Some((scheme, rest));
    }
    address.strip_prefix("file:").map(|rest| ("file", rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_what_is_contacted() {
        for (address, host) in [
            ("r.example", "r.example"),
            ("https://r.example:1/x", "r.example:1"),
            ("http://[::1]:5?x", "[::1]:5"),
            ("r.example#.other.example", "r.example"),
            ("r.example\\.other.example/", "r.example"),
            ("https://r.example:x@other.example/", "other.example"),
        ] {
            assert_eq!(authority(address), host);
        }
    }
}
