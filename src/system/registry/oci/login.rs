//! Logging in to a registry: the login is tried, and only then kept.

use reqwest::Method;
use serde_json::Value;

use super::credentials::{Login, Means};
use super::error_body::said;
use super::http::{Ask, Reply};
use super::session::{Scheme, Session};
use super::token::{basic, read_token, secret_header};
use super::{Kept, Secret, client, store};
use crate::base::error::{Error, Result};

/// Tries a login, and keeps it where the file of logins says.
pub fn log_in(session: &Session, user: &str, password: &Secret) -> Result<Kept> {
    let host = session.host();
    let what = format!("failed to log in to `{host}`");
    if user.is_empty() || user.contains(':') {
        let why = "a user name cannot be empty or contain `:`";
        return Err(Error::input(what).because(why));
    }
    if password.0.is_empty() {
        return Err(Error::input(what).because("the password is empty"));
    }
    let trying = session.with_login(Login {
        means: Means::Password(user.to_owned(), password.clone()),
        source: "the command line".to_owned(),
        notes: Vec::new(),
    });
    let answer = client::wait_for(check(&trying, (user, password), &what))?;
    let means = match &answer {
        Answer::Identity(token) => Means::Identity(token.clone()),
        _ => Means::Password(user.to_owned(), password.clone()),
    };
    let (place, path) = store::save(host, user, &means, session.around())?;
    let first = session.look_up_login();
    let mut notes = first.notes;
    if answer == Answer::Unasked {
        notes.push(format!(
            "`{host}` does not ask for credentials, so they could not be verified"
        ));
    }
    match first.means {
        Means::Anonymous => notes.push("the stored login cannot be read back".to_owned()),
        _ if first.source.contains(&path) => {}
        _ => notes.push(format!(
            "the login from {} takes precedence over it",
            first.source
        )),
    }
    Ok(Kept {
        place: Some(place),
        notes,
    })
}

/// Forgets the login where [`log_in`] would have kept it.
pub fn log_out(session: &Session) -> Result<Kept> {
    let place = store::erase(session.host(), session.around())?;
    let other = session.look_up_login();
    let mut notes = other.notes;
    if other.means != Means::Anonymous {
        notes.push(format!("there is still a login from {}", other.source));
    }
    Ok(Kept { place, notes })
}

/// What a registry says to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    /// It lets everybody in.
    Unasked,
    /// It takes it.
    Accepted,
    /// It takes it, and gives a token that stands for it from now on.
    Identity(Secret),
}

/// Shows a login to the registry.
async fn check(session: &Session, (user, password): (&str, &Secret), what: &str) -> Result<Answer> {
    let open = session.knock(None, what).await?;
    let login = basic(user, password);
    match session.scheme() {
        None if open.status.is_success() => Ok(Answer::Unasked),
        None => Err(session.refusal(what, &open)),
        Some(Scheme::Basic) => {
            let reply = session.knock(login, what).await?;
            accepted(session, &reply, what).map(|()| Answer::Accepted)
        }
        Some(Scheme::Bearer { realm, service }) => {
            let mut url = realm;
            url.query_pairs_mut()
                .extend_pairs(service.map(|service| ("service", service)))
                .append_pair("account", user)
                .append_pair("client_id", "cargo-component")
                .append_pair("offline_token", "true");
            let mut ask = Ask::new(Method::GET, url);
            ask.authorization = login;
            let reply = session.wire().exchange(&ask).await;
            let reply = reply.map_err(|fault| session.failed(what, &fault))?;
            accepted(session, &reply, what)?;
            let token = read_token(&reply.body)
                .ok_or_else(|| Error::input(what).because("its response contains no token"))?;
            let bearer = secret_header("Bearer", &token.value.0);
            let inside = session.knock(bearer, what).await?;
            accepted(session, &inside, what)?;
            Ok(identity(&reply.body).map_or(Answer::Accepted, Answer::Identity))
        }
    }
}

/// The token that stands for user and password from now on.
fn identity(body: &[u8]) -> Option<Secret> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let token = body["refresh_token"].as_str()?;
    (!token.is_empty()).then(|| Secret(token.to_owned()))
}

fn accepted(session: &Session, reply: &Reply, what: &str) -> Result<()> {
    match reply.status.as_u16() {
        200..=299 => Ok(()),
        400..=403 => Err(Error::input(what)
            .because(format!(
                "it rejected the user name or password: {}",
                said(reply)
            ))
            .hint("check both; many registries need an access token instead of the password")),
        _ => Err(session.refusal(what, reply)),
    }
}
