//! The key that signs releases and the token that is sent: from variables,
//! the configuration, or the system's keyring.

use warg_client::RegistryUrl;
use warg_client::keyring::{Keyring, KeyringError};
use warg_crypto::signing::PrivateKey;

use super::error::chain;
use super::settings::Settings;
use crate::base::error::{Error, Result};
use crate::system::env;
use crate::system::env::Env;
use crate::system::registry::layers::Layers;

/// A signing key, and where it comes from.
pub struct SigningKey {
    /// The private key itself.
    pub key: PrivateKey,
    /// Where it comes from, for messages.
    pub from: String,
}

/// The token for the registry at this address, if one is given; `env` has the
/// variables, and `layers` who names the host.
pub fn token(
    settings: &Settings,
    url: &RegistryUrl,
    env: &Env,
    layers: &Layers,
) -> Result<Option<String>> {
    if let Ok(Some((_, token))) = layers.bearer_token(env, &host(url)) {
        return Ok(Some(token));
    }
    Ok(settings.text("auth_token")?.map(str::to_owned))
}

/// The keyring that the file names.
pub fn keyring(settings: &Settings) -> Result<Keyring> {
    Keyring::from_config(&settings.file).map_err(|e| refused(settings, &e))
}

/// The error of a keyring that did not answer.
pub fn refused(settings: &Settings, e: &KeyringError) -> Error {
    Error::input("failed to read the keyring")
        .with_cause(chain(e))
        .hint(format!(
            "check `keyringBackend` in `{}`, or set a token as `auth_token` under `{}` in your own file",
            settings.file_name(),
            settings.table_name()
        ))
}

/// Host, with a port where it is not the usual one.
pub fn host(url: &RegistryUrl) -> String {
    let url = url.to_string();
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

/// The key for the registry at this address. `federated` is the registry it
/// speaks for in the package's namespace.
pub fn signing_key(
    settings: &Settings,
    url: &RegistryUrl,
    federated: Option<&str>,
    env: &Env,
) -> Result<SigningKey> {
    let variable = env::CARGO_COMPONENT_PUBLISH_KEY;
    let given = match env.text(variable) {
        Some(key) => Some((key, format!("the variable `{}`", variable.name))),
        None => settings.text("signing_key")?.map(|key| {
            let from = format!("`signing_key` under `{}`", settings.table_name());
            (key, from)
        }),
    };
    if let Some((key, from)) = given {
        return match PrivateKey::decode(key.to_owned()) {
            Ok(key) => Ok(SigningKey { key, from }),
            Err(e) => Err(Error::input(format!("the signing key is invalid: {e}"))
                .with_cause(format!("it comes from {from}"))
                .hint("a key is `ecdsa-p256:` followed by 32 bytes in base64")),
        };
    }
    if settings.file.keys.is_empty() {
        return Err(no_key(settings).with_cause("none is configured"));
    }
    let keys = &settings.file.keys;
    // The name as in the file, with or without scheme and slash.
    let listed = keys
        .iter()
        .find(|name| RegistryUrl::new(name.as_str()).is_ok_and(|named| named == *url));
    let key = keyring(settings)?
        .get_signing_key(federated, keys, listed.map(String::as_str))
        .map_err(|e| no_key(settings).with_cause(chain(&e)))?;
    let from = "the keyring".to_owned();
    Ok(SigningKey { key, from })
}

fn no_key(settings: &Settings) -> Error {
    Error::input("there is no key to sign the release").hint(format!(
        "set the variable `{}`, `signing_key` under `{}` in your own file, or `keys` in `{}` for a key in the keyring",
        env::CARGO_COMPONENT_PUBLISH_KEY.name,
        settings.table_name(),
        settings.file_name()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::registry::config::ProtocolTable;

    const KEY: &str = "ecdsa-p256:I+UlDo0HxyBBFeelhPPWmD+LnklOpqZDkrFP5VduASk=";

    fn found(variables: &[(&str, &str)], table: &[(&str, &str)]) -> Result<SigningKey> {
        let env = Env::from_vars(variables.iter().copied());
        let table: ProtocolTable = table
            .iter()
            .map(|(key, value)| ((*key).to_owned(), toml_edit::value(*value)))
            .collect();
        let settings = Settings::read("r.example", &table, &env)?;
        let url = RegistryUrl::new("https://r.example").unwrap();
        signing_key(&settings, &url, None, &env)
    }

    #[test]
    fn the_variable_goes_before_the_table() {
        let variable = ("CARGO_COMPONENT_PUBLISH_KEY", KEY);
        let key = found(&[variable], &[("signing_key", "invalid")]).unwrap();
        assert!(key.from.contains("CARGO_COMPONENT_PUBLISH_KEY"));
        assert_eq!(
            key.key.public_key().fingerprint().to_string(),
            "sha256:d6d9b4cd077a829c0275233bf3843c8294e250dfcc82b8ea15745e92982a820d"
        );
        let key = found(&[], &[("signing_key", KEY)]).unwrap();
        assert!(key.from.contains("[registry.\"r.example\".warg]"));
    }

    #[test]
    fn a_broken_key_is_not_shown() {
        for text in [
            "hunter2",
            "rsa:hunter2",
            "ecdsa-p256:hunter2",
            "ecdsa-p256:AAAA",
        ] {
            let error = found(&[], &[("signing_key", text)]).err().unwrap();
            let text = format!("{error:?}");
            assert!(text.contains("signing_key"), "{text}");
            assert!(
                !text.contains("hunter2") && !text.contains("AAAA"),
                "{text}"
            );
        }
    }

    #[test]
    fn without_a_key_every_place_is_named() {
        let text = format!("{:?}", found(&[], &[]).err().unwrap());
        for place in [
            "CARGO_COMPONENT_PUBLISH_KEY",
            "signing_key",
            "warg-config.json",
        ] {
            assert!(text.contains(place), "{text}");
        }
    }

    #[test]
    fn a_token_is_for_one_host() {
        let env = Env::from_vars([("WKG_REGISTRY_R_EXAMPLE_8080_AUTH_BEARER", "t")]);
        let settings = Settings::read("x", &ProtocolTable::default(), &env).unwrap();
        let url = |text: &str| RegistryUrl::new(text).unwrap();
        let layers = Layers::default();
        let token = |text| token(&settings, &url(text), &env, &layers).unwrap();
        assert_eq!(token("https://r.example:8080/path").as_deref(), Some("t"));
        assert_eq!(token("https://r.example"), None);
    }
}
