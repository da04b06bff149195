//! The addresses of Warg registries.

use warg_client::RegistryUrl;

use super::error;
use crate::base::error::{Error, Result};
use crate::system::registry::authority::authority;
use crate::system::registry::layers::{USER_FILE, is_loopback};
use crate::system::registry::oci::client::{Via, client};
use crate::system::registry::oci::settings::Trust;

/// Reads the address of a registry.
pub(super) fn address(text: &str) -> Result<RegistryUrl> {
    let invalid = || Error::input("the address of the Warg registry is invalid");
    if text.split('/').any(|part| part.contains('@')) {
        return Err(invalid()
            .with_cause("it contains credentials")
            .hint(format!(
                "set a token in your own file, `{USER_FILE}`, as `auth_token`"
            )));
    }
    RegistryUrl::new(text).map_err(|e| {
        invalid()
            .with_cause(error::chain(e.as_ref()))
            .hint("use https; plain http is allowed only for Warg registries on this machine")
    })
}

/// Whether an address answers a request itself, with neither a refusal nor a
/// redirect.
pub(super) async fn answers_itself(address: &str) -> bool {
    let host = authority(address);
    let via = match is_loopback(host) {
        true => Via::Direct,
        false => Via::Usual,
    };
    let Ok(client) = client(&Trust::default(), &via) else {
        return false;
    };
    let answer = client.get(address).send().await;
    answer.is_ok_and(|answer| answer.status() == reqwest::StatusCode::OK)
}
