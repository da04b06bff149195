//! Tokens of token servers, and the headers they go into.

use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::header::HeaderValue;
use serde_json::Value;

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
