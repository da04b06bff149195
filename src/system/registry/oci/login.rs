//! Logging in to a registry: the login is tried, and only then stored.

use reqwest::Method;
use serde_json::Value;

use super::credentials::{Credential, Login};
use super::error_body::error_summary;
use super::http::{Reply, Request};
use super::session::{AuthScheme, Session};
use super::token::{basic, read_token, secret_header};
use super::{client, store};
use crate::base::error::{Error, Result};
use crate::system::registry::artifacts::LoginOutcome;
use crate::system::registry::secret::Secret;

/// Tries a login, and stores it where the file of logins says.
pub fn log_in(session: &Session, user: &str, password: &Secret) -> Result<LoginOutcome> {
    let host = session.host();
    let error_message = format!("failed to log in to `{host}`");
    if user.is_empty() || user.contains(':') {
        let why = "a user name cannot be empty or contain `:`";
        return Err(Error::input(error_message).with_cause(why));
    }
    if password.0.is_empty() {
        return Err(Error::input(error_message).with_cause("the password is empty"));
    }
    let trying = session.with_login(Login {
        credential: Credential::Password(user.to_owned(), password.clone()),
        source: "the command line".to_owned(),
        notes: Vec::new(),
    });
    let outcome = client::wait_for(check(&trying, user, password, &error_message))?;
    let credential = match &outcome {
        LoginCheck::Identity(token) => Credential::Identity(token.clone()),
        _ => Credential::Password(user.to_owned(), password.clone()),
    };
    let (place, path) = store::save(host, user, &credential, session.context())?;
    let effective = session.look_up_login();
    let mut notes = effective.notes;
    if outcome == LoginCheck::NotRequired {
        notes.push(format!(
            "`{host}` does not ask for credentials, so they could not be verified"
        ));
    }
    match effective.credential {
        Credential::Anonymous => notes.push("the stored login cannot be read back".to_owned()),
        _ if effective.source.contains(&path) => {}
        _ => notes.push(format!(
            "the login from {} takes precedence over it",
            effective.source
        )),
    }
    Ok(LoginOutcome {
        place: Some(place),
        notes,
    })
}

/// Removes the login from where [`log_in`] would have stored it.
pub fn log_out(session: &Session) -> Result<LoginOutcome> {
    let place = store::erase(session.host(), session.context())?;
    let other = session.look_up_login();
    let mut notes = other.notes;
    if other.credential != Credential::Anonymous {
        notes.push(format!("there is still a login from {}", other.source));
    }
    Ok(LoginOutcome { place, notes })
}

/// The outcome of trying a login.
#[derive(Clone, Debug, PartialEq, Eq)]
enum LoginCheck {
    /// The registry requests no login.
    NotRequired,
    /// The registry accepts the login.
    Accepted,
    /// The registry accepts it, and gives a token to use in its place.
    Identity(Secret),
}

/// Tries a login at the registry.
async fn check(
    session: &Session,
    user: &str,
    password: &Secret,
    error_message: &str,
) -> Result<LoginCheck> {
    let reply = session.probe(None, error_message).await?;
    let login = basic(user, password);
    match session.scheme() {
        None if reply.status.is_success() => Ok(LoginCheck::NotRequired),
        None => Err(session.refusal(error_message, &reply)),
        Some(AuthScheme::Basic) => {
            let reply = session.probe(login, error_message).await?;
            accepted(session, &reply, error_message).map(|()| LoginCheck::Accepted)
        }
        Some(AuthScheme::Bearer { realm, service }) => {
            let mut url = realm;
            url.query_pairs_mut()
                .extend_pairs(service.map(|service| ("service", service)))
                .append_pair("account", user)
                .append_pair("client_id", "cargo-component")
                .append_pair("offline_token", "true");
            let mut request = Request::new(Method::GET, url);
            request.authorization = login;
            let reply = session.http().exchange(&request).await;
            let reply = reply.map_err(|failure| session.failed(error_message, &failure))?;
            accepted(session, &reply, error_message)?;
            let token = read_token(&reply.body).ok_or_else(|| {
                Error::input(error_message).with_cause("its response contains no token")
            })?;
            let bearer = secret_header("Bearer", &token.value.0);
            let inside = session.probe(bearer, error_message).await?;
            accepted(session, &inside, error_message)?;
            Ok(identity(&reply.body).map_or(LoginCheck::Accepted, LoginCheck::Identity))
        }
    }
}

/// The token to use in the place of user and password.
fn identity(body: &[u8]) -> Option<Secret> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let token = body["refresh_token"].as_str()?;
    (!token.is_empty()).then(|| Secret(token.to_owned()))
}

fn accepted(session: &Session, reply: &Reply, error_message: &str) -> Result<()> {
    match reply.status.as_u16() {
        200..=299 => Ok(()),
        400..=403 => Err(Error::input(error_message)
            .with_cause(format!(
                "it rejected the user name or password: {}",
                error_summary(reply)
            ))
            .hint("check both; many registries need an access token instead of the password")),
        _ => Err(session.refusal(error_message, reply)),
    }
}
