//! The session with one registry: its address, its authentication scheme, the
//! login, the tokens, and the errors where it refuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode, Url};

use super::client_context::ClientContext;
use super::credentials;
use super::credentials::{Credential, Login, RegistryId};
use super::error_body::error_summary;
use super::headers::{Challenge, challenge};
use super::http::{HttpClient, Reply, Request};
use super::scope::{Operation, Scope};
use super::settings::Settings;
use super::stack::Stack;
use super::token::{Token, basic, read_token, secret_header, token_request};
use super::transport_error::TransportError;
use crate::base::error::{Error, ErrorKind, Result};
use crate::system::registry::layers::USER_FILE;
use crate::system::registry::routes;
use crate::system::registry::secret::Secret;

/// The authentication scheme of a registry.
#[derive(Clone, Debug)]
pub enum AuthScheme {
    /// User and password with each request.
    Basic,
    /// A token from another address.
    Bearer {
        /// The address, which is safe to send a login to.
        realm: Url,
        /// The service that the token is for.
        service: Option<String>,
    },
}

type TokenSlot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// A registry with the login and tokens for it.
pub struct Session {
    context: ClientContext,
    settings: Settings,
    oci: routes::OciRoute,
    base: Url,
    http: HttpClient,
    login: OnceLock<Login>,
    scheme: Mutex<Option<AuthScheme>>,
    // Whether the registry was asked for its authentication scheme.
    scheme_requested: tokio::sync::Mutex<bool>,
    tokens: Mutex<BTreeMap<Scope, TokenSlot>>,
    // Why the login was refused, for messages.
    login_refusal: Mutex<Option<String>>,
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
    /// The session with the registry of a route. No request is sent yet.
    pub fn new(oci: &routes::OciRoute, context: ClientContext) -> Result<Self> {
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
        let stack = Stack::new(&base, &settings.trust, oci, &context);
        Ok(Session {
            http: HttpClient::new(stack, &context),
            context,
            settings,
            oci: oci.clone(),
            base,
            login: OnceLock::new(),
            scheme: Mutex::new(None),
            scheme_requested: tokio::sync::Mutex::new(false),
            tokens: Mutex::default(),
            login_refusal: Mutex::default(),
        })
    }

    /// The same registry, with this login instead of the one that is configured.
    pub fn with_login(&self, login: Login) -> Self {
        Session {
            context: self.context.clone(),
            settings: self.settings.clone(),
            oci: self.oci.clone(),
            base: self.base.clone(),
            http: self.http.clone(),
            login: OnceLock::from(login),
            scheme: Mutex::new(None),
            scheme_requested: tokio::sync::Mutex::new(false),
            tokens: Mutex::default(),
            login_refusal: Mutex::default(),
        }
    }

    /// The login that is configured for the registry.
    pub fn look_up_login(&self) -> Login {
        credentials::find(self.registry_id(), &self.settings, &self.context)
    }

    fn registry_id(&self) -> RegistryId<'_> {
        RegistryId {
            name: &self.oci.name,
            host: &self.oci.host,
            prefix: &self.oci.prefix,
            layers: &self.oci.layers,
        }
    }

    /// The host of the registry, for messages.
    pub fn host(&self) -> &str {
        &self.oci.host
    }

    /// The context that the session was made with.
    pub fn context(&self) -> &ClientContext {
        &self.context
    }

    /// An address below `/v2/<repository>/`, or below `/v2/` for the registry as a whole.
    pub fn url(&self, scope: &Scope, rest: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&match scope.operation {
            Operation::List => format!("v2/{rest}"),
            Operation::Pull | Operation::Push => format!("v2/{}/{rest}", scope.repository),
        });
        url
    }

    /// Whether an address is the registry's own.
    pub fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The client that sends requests to the registry.
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    fn login(&self) -> &Login {
        self.login.get_or_init(|| self.look_up_login())
    }

    /// Sends a request with the authorization it needs; the answer may be a
    /// refusal. `error_message` says what failed, for errors.
    pub async fn exchange(
        &self,
        scope: &Scope,
        request: Request,
        error_message: &str,
    ) -> Result<Reply> {
        let outcome = self.attempt(scope, request, error_message).await?;
        outcome.map_err(|failure| self.failed(error_message, &failure))
    }

    /// As [`Session::exchange`], with an inner error where there is no answer.
    pub async fn attempt(
        &self,
        scope: &Scope,
        mut request: Request,
        error_message: &str,
    ) -> Result<Result<Reply, TransportError>> {
        let http = self.http();
        request.authorization = self
            .authorization(scope, &request.url, error_message)
            .await?;
        let outcome = http.exchange(&request).await;
        if let Ok(reply) = &outcome
            && reply.status == StatusCode::UNAUTHORIZED
            && self.is_own(&reply.url)
            && self
                .note_challenge(scope, &request, &reply.headers, error_message)
                .await?
        {
            request.authorization = self
                .authorization(scope, &request.url, error_message)
                .await?;
            return Ok(http.exchange(&request).await);
        }
        Ok(outcome)
    }

    /// As [`Session::exchange`], with the body unread.
    pub async fn open(
        &self,
        scope: &Scope,
        mut request: Request,
        error_message: &str,
    ) -> Result<Response> {
        let http = self.http();
        request.authorization = self
            .authorization(scope, &request.url, error_message)
            .await?;
        let outcome = http.open(&request).await;
        let response = outcome.map_err(|failure| self.failed(error_message, &failure))?;
        let headers = response.headers().clone();
        if response.status() == StatusCode::UNAUTHORIZED
            && self.is_own(response.url())
            && self
                .note_challenge(scope, &request, &headers, error_message)
                .await?
        {
            request.authorization = self
                .authorization(scope, &request.url, error_message)
                .await?;
            let outcome = http.open(&request).await;
            return outcome.map_err(|failure| self.failed(error_message, &failure));
        }
        Ok(response)
    }

    /// The `Authorization` header of a request to an address.
    async fn authorization(
        &self,
        scope: &Scope,
        url: &Url,
        error_message: &str,
    ) -> Result<Option<HeaderValue>> {
        if !self.is_own(url) {
            return Ok(None);
        }
        let login = self.login();
        if let Credential::Bearer(token) = &login.credential {
            return Ok(secret_header("Bearer", &token.0));
        }
        if login.credential != Credential::Anonymous {
            self.request_scheme(error_message).await?;
        }
        let scheme = self.scheme();
        match (scheme, &login.credential) {
            (Some(AuthScheme::Basic), Credential::Password(user, password)) => {
                Ok(basic(user, password))
            }
            (Some(AuthScheme::Bearer { realm, service }), _) => {
                let token = self
                    .token(scope, &realm, service.as_deref(), error_message)
                    .await?;
                Ok(token.and_then(|token| secret_header("Bearer", &token.0)))
            }
            _ => Ok(None),
        }
    }

    /// Asks the registry once for its authentication scheme.
    async fn request_scheme(&self, error_message: &str) -> Result<()> {
        let mut requested = self.scheme_requested.lock().await;
        if *requested {
            return Ok(());
        }
        self.probe(None, error_message).await?;
        *requested = true;
        Ok(())
    }

    /// Requests the root of the registry, which has nothing but the challenge
    /// for a login.
    pub async fn probe(
        &self,
        authorization: Option<HeaderValue>,
        error_message: &str,
    ) -> Result<Reply> {
        let mut url = self.base.clone();
        url.set_path("v2/");
        let mut request = Request::new(Method::GET, url);
        request.authorization = authorization;
        let reply = self.http.exchange(&request).await;
        let reply = reply.map_err(|failure| self.failed(error_message, &failure))?;
        self.note_scheme(&reply.headers, error_message)?;
        Ok(reply)
    }

    /// The authentication scheme of the registry, as far as it is known.
    pub fn scheme(&self) -> Option<AuthScheme> {
        unpoisoned(&self.scheme).clone()
    }

    fn note_scheme(&self, headers: &HeaderMap, error_message: &str) -> Result<()> {
        let values = headers.get_all(WWW_AUTHENTICATE);
        let scheme = match challenge(values.iter().filter_map(|value| value.to_str().ok())) {
            None => return Ok(()),
            Some(Challenge::Basic) => AuthScheme::Basic,
            Some(Challenge::Bearer { realm, service }) => {
                let safe = |url: &Url| self.http.stack().may_have_login(url);
                let url = Url::parse(&realm).ok().filter(safe);
                let realm = url.ok_or_else(|| {
                    self.failed(
                        error_message,
                        &TransportError::permanent(format!(
                            "its token server is `{realm}`, to which credentials cannot be sent safely"
                        )),
                    )
                })?;
                AuthScheme::Bearer { realm, service }
            }
        };
        *unpoisoned(&self.scheme) = Some(scheme);
        Ok(())
    }

    /// Records the challenge of a refusal; whether another try may succeed.
    async fn note_challenge(
        &self,
        scope: &Scope,
        request: &Request,
        headers: &HeaderMap,
        error_message: &str,
    ) -> Result<bool> {
        let before = request.authorization.is_some();
        if matches!(self.login().credential, Credential::Bearer(_)) {
            return Ok(false);
        }
        self.note_scheme(headers, error_message)?;
        let scheme = self.scheme();
        Ok(match (scheme, &self.login().credential) {
            (Some(AuthScheme::Basic), Credential::Password(..)) => !before,
            (Some(AuthScheme::Bearer { .. }), _) => {
                // The token may have been withdrawn.
                *self.slot(scope).lock().await = None;
                true
            }
            _ => false,
        })
    }

    fn slot(&self, scope: &Scope) -> TokenSlot {
        Arc::clone(unpoisoned(&self.tokens).entry(scope.clone()).or_default())
    }

    /// The token for a scope, requested once for all who need it.
    async fn token(
        &self,
        scope: &Scope,
        realm: &Url,
        service: Option<&str>,
        error_message: &str,
    ) -> Result<Option<Secret>> {
        let slot = self.slot(scope);
        let mut token = slot.lock().await;
        if let Some(token) = token.as_ref().filter(|token| token.until > Instant::now()) {
            return Ok(Some(token.value.clone()));
        }
        let token_scope = scope.for_token_server();
        let login = self.login();
        let reply = self
            .request_token(
                realm,
                service,
                &token_scope,
                &login.credential,
                error_message,
            )
            .await?;
        let refused = matches!(reply.status.as_u16(), 400..=403);
        let reply = match refused && login.credential != Credential::Anonymous {
            false => reply,
            true => {
                let note = format!(
                    "`{}` rejected the login from {} ({})",
                    realm.host_str().unwrap_or_default(),
                    login.source,
                    error_summary(&reply)
                );
                if scope.operation == Operation::Push {
                    return Err(self.no_access(error_message, &note));
                }
                *unpoisoned(&self.login_refusal) = Some(note);
                self.request_token(
                    realm,
                    service,
                    &token_scope,
                    &Credential::Anonymous,
                    error_message,
                )
                .await?
            }
        };
        let at = format!(
            "{error_message}: its token server is `{}`",
            realm.host_str().unwrap_or_default()
        );
        if !reply.status.is_success() {
            return Err(self.refusal(&at, &reply));
        }
        let found = read_token(&reply.body).ok_or_else(|| {
            self.failed(
                &at,
                &TransportError::permanent("the response contains no token"),
            )
        })?;
        *token = Some(found.clone());
        Ok(Some(found.value))
    }

    async fn request_token(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &str,
        credential: &Credential,
        error_message: &str,
    ) -> Result<Reply> {
        let request = token_request(realm, service, scope, credential);
        let reply = self.http.exchange(&request).await;
        let host = realm.host_str().unwrap_or_default();
        reply.map_err(|failure| {
            self.failed(
                &format!("{error_message}: its token server is `{host}`"),
                &failure,
            )
        })
    }

    /// The error of a request that got no answer.
    pub fn failed(&self, error_message: &str, failure: &TransportError) -> Error {
        let error = Error::new(ErrorKind::Io, error_message)
            .with_cause(format!("`{}`: {}", self.oci.host, failure.message));
        match failure.transient {
            true => error.hint(format!(
                "check that `{}` can be reached, and try again",
                self.base
            )),
            false => error.hint(format!("check which server answers at `{}`", self.base)),
        }
    }

    /// The error of a request that was refused.
    pub fn refusal(&self, error_message: &str, reply: &Reply) -> Error {
        let answer = format!("`{}` answered {}", self.oci.host, error_summary(reply));
        match reply.status.as_u16() {
            401 | 403 => self.no_access(error_message, &answer),
            404 => Error::input(error_message)
                .with_cause("it was not found, or access is denied")
                .with_cause(answer)
                .hint(self.log_in()),
            413 => Error::input(error_message).with_cause(answer).hint(
                "the registry refuses files of this size; ask its operator to allow larger ones",
            ),
            408 | 429 | 500.. => Error::new(ErrorKind::Io, error_message)
                .with_cause(answer)
                .hint("try again later; the registry has a problem"),
            _ => Error::input(error_message)
                .with_cause(answer)
                .hint(format!("check that `{}` is an OCI registry", self.base)),
        }
    }

    fn no_access(&self, error_message: &str, answer: &str) -> Error {
        let login = self.login();
        let mut error = Error::input(error_message)
            .with_cause("it was not found, or access is denied")
            .with_cause(answer);
        if let Some(refused) = unpoisoned(&self.login_refusal).as_ref() {
            error = error.with_cause(refused);
        } else if login.credential == Credential::Anonymous {
            error = error.with_cause("no login was sent");
        } else if !answer.contains(&login.source) {
            error = error.with_cause(format!("the login from {} was sent", login.source));
        }
        for note in &login.notes {
            error = error.with_cause(note);
        }
        error.hint(self.log_in())
    }

    fn log_in(&self) -> String {
        format!(
            "check the name, or log in with `cargo component login {}` or `auth` under `[registry.{:?}.oci]` in your own `{USER_FILE}`",
            self.oci.host, self.oci.name
        )
    }
}
