//! Tokens of token servers: the requests for them, and the headers they go
//! into.

use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use serde_json::Value;
use url::form_urlencoded;

use super::credentials::Credential;
use super::http::{Content, Request};
use super::settings::BASE64;
use crate::system::registry::secret::Secret;

/// A token, and when to request another one.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token itself, which is secret.
    pub value: Secret,
    /// The time after which another one is requested.
    pub until: Instant,
}

/// The request for a token that gives access to a scope, such as
/// `repository:<name>:pull`; a refresh token is sent as a form.
pub fn token_request(
    realm: &Url,
    service: Option<&str>,
    scope: &str,
    credential: &Credential,
) -> Request {
    if let Credential::Identity(token) = credential {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("service", service.unwrap_or_default())
            .append_pair("client_id", "cargo-component")
            .append_pair("scope", scope)
            .append_pair("refresh_token", &token.0)
            .finish();
        return Request::new(Method::POST, realm.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .content(Content::Bytes(form.into()));
    }
    let mut url = realm.clone();
    url.query_pairs_mut()
        .extend_pairs(service.map(|service| ("service", service)))
        .append_pair("scope", scope);
    let mut request = Request::new(Method::GET, url);
    if let Credential::Password(user, password) = credential {
        request.authorization = basic(user, password);
    }
    request
}

/// Reads the answer of a token server. The lifetime is that of the answer, or
/// that in the token, or a minute.
pub fn read_token(body: &[u8]) -> Option<Token> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |key: &str| body[key].as_str().filter(|text| !text.is_empty());
    let value = text("token").or_else(|| text("access_token"))?.to_owned();
    let lifetime = body["expires_in"].as_u64().or_else(|| expiry(&value));
    let lifetime = Duration::from_secs(lifetime.unwrap_or(60).min(86_400));
    Some(Token {
        // Somewhat less, so that it does not end on the way.
        until: Instant::now() + lifetime - lifetime / 6,
        value: Secret(value),
    })
}

/// The seconds for which a token is still valid, by its own claims.
fn expiry(token: &str) -> Option<u64> {
    let claims = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    let claims: Value = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    claims["exp"].as_u64()?.checked_sub(now.ok()?.as_secs())
}

/// The header for a user with a password.
pub fn basic(user: &str, password: &Secret) -> Option<HeaderValue> {
    secret_header("Basic", &BASE64.encode(format!("{user}:{}", password.0)))
}

/// A header that `Debug` does not show.
pub fn secret_header(scheme: &str, value: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("{scheme} {value}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_with_their_lifetime() {
        let token = read_token(br#"{"token":"a","expires_in":300}"#).unwrap();
        assert_eq!(token.value.0, "a");
        assert!(token.until > Instant::now() + Duration::from_secs(200));
        assert!(!format!("{:?}", read_token(br#"{"access_token":"secret"}"#)).contains("secret"));
        assert!(read_token(b"{}").is_none());
        assert!(read_token(b"garbage").is_none());
        let claims = BASE64.encode(r#"{"exp":99999999999}"#);
        assert!(expiry(&format!("x.{claims}.y")).unwrap() > 1 << 32);
        assert_eq!(expiry("opaque"), None);
    }
}
