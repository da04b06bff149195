//! Talking to one registry: its address, the login it wants, the tokens it
//! gave, and what it says when it refuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode, Url};

use super::credentials;
use super::credentials::{Login, Means, Whom};
use super::error_body::said;
use super::headers::{Challenge, challenge};
use super::http::{Ask, Content, Fault, Reply, Wire};
use super::settings::Settings;
use super::stack::Way;
use super::token::{Token, basic, read_token, secret_header};
use super::{Secret, Surroundings};
use crate::base::error::{Error, ErrorKind, Result};
use crate::system::registry::routes;

/// What a token has to open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// The repository.
    pub repository: String,
    /// What is done there.
    pub operation: Operation,
}

/// What is done in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Reading.
    Pull,
    /// Writing, which begins with reading.
    Push,
}

/// How a registry wants to be logged in to, once it said so.
#[derive(Clone, Debug)]
pub enum Scheme {
    /// User and password with each request.
    Basic,
    /// A token from another address.
    Bearer {
        /// The address, which is safe to send a login to.
        realm: Url,
        /// What the token is for.
        service: Option<String>,
    },
}

type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// A registry to talk to.
pub struct Session {
    around: Surroundings,
    settings: Settings,
    oci: routes::Oci,
    base: Url,
    wire: Wire,
    login: OnceLock<Login>,
    scheme: Mutex<Option<Scheme>>,
    // Whether the registry was asked how it wants to be logged in to.
    asked: tokio::sync::Mutex<bool>,
    tokens: Mutex<BTreeMap<Scope, Slot>>,
    // Why the login did not open anything.
    refused: Mutex<Option<String>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// The content of a lock whose last holder may have panicked.
fn unpoisoned<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// Nothing is asked yet.
    pub fn new(oci: &routes::Oci, around: Surroundings) -> Result<Self> {
        let settings = Settings::read(&oci.name, &oci.settings)?;
        let scheme = settings.scheme_for(&oci.host);
        let host = match oci.host.as_str() {
            "docker.io" => "index.docker.io",
            host => host,
        };
        let base = super::reference::is_host(host)
            .then(|| Url::parse(&format!("{scheme}://{host}/")).ok())
            .flatten()
            .ok_or_else(|| {
                Error::input(format!("`{host}` is not the host of a registry"))
                    .hint("a host is a name with an optional port, such as `example.com:8080`")
            })?;
        let way = Way::new(&base, &settings.trust, oci, &around);
        Ok(Session {
            wire: Wire::new(way, &around),
            around,
            settings,
            oci: oci.clone(),
            base,
            login: OnceLock::new(),
            scheme: Mutex::new(None),
            asked: tokio::sync::Mutex::new(false),
            tokens: Mutex::default(),
            refused: Mutex::default(),
        })
    }

    /// The same registry, with this login instead of one that is looked up.
    pub fn with_login(&self, login: Login) -> Self {
        Session {
            around: self.around.clone(),
            settings: self.settings.clone(),
            oci: self.oci.clone(),
            base: self.base.clone(),
            wire: self.wire.clone(),
            login: OnceLock::from(login),
            scheme: Mutex::new(None),
            asked: tokio::sync::Mutex::new(false),
            tokens: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// The login that is looked up by others who come here.
    pub fn look_up_login(&self) -> Login {
        credentials::find(self.whom(), &self.settings, &self.around)
    }

    fn whom(&self) -> Whom<'_> {
        Whom {
            name: &self.oci.name,
            host: &self.oci.host,
            prefix: &self.oci.prefix,
            layers: &self.oci.layers,
        }
    }

    /// The host as it is shown.
    pub fn host(&self) -> &str {
        &self.oci.host
    }

    /// What surrounds it.
    pub fn around(&self) -> &Surroundings {
        &self.around
    }

    /// An address below `/v2/<repository>/`.
    pub fn url(&self, scope: &Scope, rest: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("v2/{}/{rest}", scope.repository));
        url
    }

    /// Whether an address is the registry's own.
    pub fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The way to the registry.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    fn login(&self) -> &Login {
        self.login.get_or_init(|| self.look_up_login())
    }

    /// Sends a request with what it needs of a login; the answer may be a
    /// refusal. `what` is what is being done, for errors.
    pub async fn exchange(&self, scope: &Scope, ask: Ask, what: &str) -> Result<Reply> {
        let outcome = self.attempt(scope, ask, what).await?;
        outcome.map_err(|fault| self.failed(what, &fault))
    }

    /// As [`Session::exchange`], where no answer is one too.
    pub async fn attempt(
        &self,
        scope: &Scope,
        mut ask: Ask,
        what: &str,
    ) -> Result<Result<Reply, Fault>> {
        let wire = self.wire();
        ask.authorization = self.authorization(scope, &ask.url, what).await?;
        let outcome = wire.exchange(&ask).await;
        if let Ok(reply) = &outcome
            && reply.status == StatusCode::UNAUTHORIZED
            && self.is_own(&reply.url)
            && self.challenged(scope, &ask, &reply.headers, what).await?
        {
            ask.authorization = self.authorization(scope, &ask.url, what).await?;
            return Ok(wire.exchange(&ask).await);
        }
        Ok(outcome)
    }

    /// As [`Session::exchange`], with the body unread.
    pub async fn open(&self, scope: &Scope, mut ask: Ask, what: &str) -> Result<Response> {
        let wire = self.wire();
        ask.authorization = self.authorization(scope, &ask.url, what).await?;
        let outcome = wire.open(&ask).await;
        let response = outcome.map_err(|fault| self.failed(what, &fault))?;
        let headers = response.headers().clone();
        if response.status() == StatusCode::UNAUTHORIZED
            && self.is_own(response.url())
            && self.challenged(scope, &ask, &headers, what).await?
        {
            ask.authorization = self.authorization(scope, &ask.url, what).await?;
            let outcome = wire.open(&ask).await;
            return outcome.map_err(|fault| self.failed(what, &fault));
        }
        Ok(response)
    }

    /// What goes into the header of a request to an address.
    async fn authorization(
        &self,
        scope: &Scope,
        url: &Url,
        what: &str,
    ) -> Result<Option<HeaderValue>> {
        if !self.is_own(url) {
            return Ok(None);
        }
        let login = self.login();
        if let Means::Bearer(token) = &login.means {
            return Ok(secret_header("Bearer", &token.0));
        }
        if login.means != Means::Anonymous {
            self.ask_scheme(what).await?;
        }
        let scheme = self.scheme();
        match (scheme, &login.means) {
            (Some(Scheme::Basic), Means::Password(user, password)) => Ok(basic(user, password)),
            (Some(Scheme::Bearer { realm, service }), _) => {
                let token = self.token(scope, &realm, service.as_deref(), what).await?;
                Ok(token.and_then(|token| secret_header("Bearer", &token.0)))
            }
            _ => Ok(None),
        }
    }

    /// Asks once how the registry wants to be logged in to.
    async fn ask_scheme(&self, what: &str) -> Result<()> {
        let mut asked = self.asked.lock().await;
        if *asked {
            return Ok(());
        }
        self.knock(None, what).await?;
        *asked = true;
        Ok(())
    }

    /// Asks at the root of the registry, where nothing is but what a login is
    /// to look like.
    pub async fn knock(&self, authorization: Option<HeaderValue>, what: &str) -> Result<Reply> {
        let mut url = self.base.clone();
        url.set_path("v2/");
        let mut ask = Ask::new(Method::GET, url);
        ask.authorization = authorization;
        let reply = self.wire.exchange(&ask).await;
        let reply = reply.map_err(|fault| self.failed(what, &fault))?;
        self.note_scheme(&reply.headers, what)?;
        Ok(reply)
    }

    /// How the registry wants to be logged in to, as far as it was heard.
    pub fn scheme(&self) -> Option<Scheme> {
        unpoisoned(&self.scheme).clone()
    }

    fn note_scheme(&self, headers: &HeaderMap, what: &str) -> Result<()> {
        let values = headers.get_all(WWW_AUTHENTICATE);
        let scheme = match challenge(values.iter().filter_map(|value| value.to_str().ok())) {
            None => return Ok(()),
            Some(Challenge::Basic) => Scheme::Basic,
            Some(Challenge::Bearer { realm, service }) => {
                let safe = |url: &Url| self.wire.way().may_have_login(url);
                let url = Url::parse(&realm).ok().filter(safe);
                let realm = url.ok_or_else(|| {
                    self.failed(
                        what,
                        &Fault::lasting(format!(
                            "its token server is `{realm}`, to which credentials cannot be sent safely"
                        )),
                    )
                })?;
                Scheme::Bearer { realm, service }
            }
        };
        *unpoisoned(&self.scheme) = Some(scheme);
        Ok(())
    }

    /// Takes note of a refusal; whether another try may do better.
    async fn challenged(
        &self,
        scope: &Scope,
        ask: &Ask,
        headers: &HeaderMap,
        what: &str,
    ) -> Result<bool> {
        let before = ask.authorization.is_some();
        if matches!(self.login().means, Means::Bearer(_)) {
            return Ok(false);
        }
        self.note_scheme(headers, what)?;
        let scheme = self.scheme();
        Ok(match (scheme, &self.login().means) {
            (Some(Scheme::Basic), Means::Password(..)) => !before,
            (Some(Scheme::Bearer { .. }), _) => {
                // The token may have been withdrawn.
                *self.slot(scope).lock().await = None;
                true
            }
            _ => false,
        })
    }

    fn slot(&self, scope: &Scope) -> Slot {
        Arc::clone(unpoisoned(&self.tokens).entry(scope.clone()).or_default())
    }

    /// The token for a scope, asked for once for all who need it.
    async fn token(
        &self,
        scope: &Scope,
        realm: &Url,
        service: Option<&str>,
        what: &str,
    ) -> Result<Option<Secret>> {
        let slot = self.slot(scope);
        let mut token = slot.lock().await;
        if let Some(token) = token.as_ref().filter(|token| token.until > Instant::now()) {
            return Ok(Some(token.value.clone()));
        }
        let actions = match scope.operation {
            Operation::Pull => "pull",
            Operation::Push => "pull,push",
        };
        let wanted = format!("repository:{}:{actions}", scope.repository);
        let login = self.login();
        let reply = self
            .ask_token(realm, service, &wanted, &login.means, what)
            .await?;
        let refused = matches!(reply.status.as_u16(), 400..=403);
        let reply = match refused && login.means != Means::Anonymous {
            false => reply,
            true => {
                let note = format!(
                    "`{}` rejected the login from {} ({})",
                    realm.host_str().unwrap_or_default(),
                    login.source,
                    said(&reply)
                );
                if scope.operation == Operation::Push {
                    return Err(self.no_access(what, &note));
                }
                *unpoisoned(&self.refused) = Some(note);
                self.ask_token(realm, service, &wanted, &Means::Anonymous, what)
                    .await?
            }
        };
        let at = format!(
            "{what}: its token server is `{}`",
            realm.host_str().unwrap_or_default()
        );
        if !reply.status.is_success() {
            return Err(self.refusal(&at, &reply));
        }
        let found = read_token(&reply.body)
            .ok_or_else(|| self.failed(&at, &Fault::lasting("the response contains no token")))?;
        *token = Some(found.clone());
        Ok(Some(found.value))
    }

    async fn ask_token(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &str,
        means: &Means,
        what: &str,
    ) -> Result<Reply> {
        let mut url = realm.clone();
        let ask = match means {
            Means::Identity(token) => {
                let mut form = Url::parse("form:").map_err(|e| Error::input(what).because(e))?;
                form.query_pairs_mut()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("service", service.unwrap_or_default())
                    .append_pair("client_id", "cargo-component")
                    .append_pair("scope", scope)
                    .append_pair("refresh_token", &token.0);
                let form = form.query().unwrap_or_default().to_owned();
                Ask::new(Method::POST, url)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .content(Content::Bytes(form.into()))
            }
            means => {
                url.query_pairs_mut()
                    .extend_pairs(service.map(|service| ("service", service)))
                    .append_pair("scope", scope);
                let mut ask = Ask::new(Method::GET, url);
                if let Means::Password(user, password) = means {
                    ask.authorization = basic(user, password);
                }
                ask
            }
        };
        let reply = self.wire.exchange(&ask).await;
        let host = realm.host_str().unwrap_or_default();
        reply.map_err(|fault| self.failed(&format!("{what}: its token server is `{host}`"), &fault))
    }

    /// No answer came.
    pub fn failed(&self, what: &str, fault: &Fault) -> Error {
        let error = Error::new(ErrorKind::Io, what)
            .because(format!("`{}`: {}", self.oci.host, fault.message));
        match fault.passing {
            true => error.hint(format!(
                "check that `{}` can be reached, and try again",
                self.base
            )),
            false => error.hint(format!("check which server answers at `{}`", self.base)),
        }
    }

    /// The answer is not what was asked for.
    pub fn refusal(&self, what: &str, reply: &Reply) -> Error {
        let answer = format!("`{}` answered {}", self.oci.host, said(reply));
        match reply.status.as_u16() {
            401 | 403 => self.no_access(what, &answer),
            404 => Error::input(what)
                .because("it was not found, or access is denied")
                .because(answer)
                .hint(self.log_in()),
            413 => Error::input(what).because(answer).hint(
                "the registry refuses files of this size; ask its operator to allow larger ones",
            ),
            408 | 429 | 500.. => Error::new(ErrorKind::Io, what)
                .because(answer)
                .hint("try again later; the registry has a problem"),
            _ => Error::input(what)
                .because(answer)
                .hint(format!("check that `{}` is an OCI registry", self.base)),
        }
    }

    fn no_access(&self, what: &str, answer: &str) -> Error {
        let login = self.login();
        let mut error = Error::input(what)
            .because("it was not found, or access is denied")
            .because(answer);
        if let Some(refused) = unpoisoned(&self.refused).as_ref() {
            error = error.because(refused);
        } else if login.means == Means::Anonymous {
            error = error.because("no login was sent");
        } else if !answer.contains(&login.source) {
            error = error.because(format!("the login from {} was sent", login.source));
        }
        for note in &login.notes {
            error = error.because(note);
        }
        error.hint(self.log_in())
    }

    fn log_in(&self) -> String {
        format!(
            "check the name, or log in with `cargo component login {}` or `auth` under `[registry.{:?}.oci]` in your own `~/.config/wasm-pkg/config.toml`",
            self.oci.host, self.oci.name
        )
    }
}
