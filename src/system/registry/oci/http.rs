//! Requests over HTTP: redirects are followed here so that a login goes to no
//! other host, and requests are repeated where that does no harm.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};

use super::client_context::ClientContext;
use super::stack::Stack;
use super::transport_error::TransportError;
use super::warnings::{Attempt, FailedAttempt, WarningLog};
use crate::base::error::Result;
use crate::base::retry::{RetryPolicy, TransferRate};
use crate::system::fs;
use crate::system::http_retry::{is_transient, retry_after};

/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// The largest answer that is read into memory, in bytes: the size of a manifest
/// that OCI has registries accept. Parsed as JSON it takes many times of this.
const LIMIT: usize = 4 << 20;
/// The slowest upload that is waited for, in bytes per second.
const SLOWEST: u64 = 16 << 10;

/// The content of a request. It may hold a token, so `Debug` shows only its
/// length.
#[derive(Clone)]
pub enum Content {
    /// No content at all.
    Empty,
    /// Bytes in memory, sent as they are.
    Bytes(Bytes),
    /// A part of a file.
    File {
        /// The path of the file.
        path: PathBuf,
        /// The offset of the part, in bytes.
        offset: u64,
        /// The length of the part, in bytes.
        length: u64,
    },
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

impl Content {
    /// The length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Content::Empty => 0,
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File { length, .. } => *length,
        }
    }

    /// A part of the content.
    pub fn part(&self, from: u64, count: u64) -> Content {
        match self {
            Content::Empty => Content::Empty,
            Content::Bytes(bytes) => {
                let end = (from + count).min(bytes.len() as u64);
                Content::Bytes(bytes.slice(from as usize..end as usize))
            }
            Content::File {
                path,
                offset,
                length,
            } => Content::File {
                path: path.clone(),
                offset: offset + from,
                length: count.min(length - from),
            },
        }
    }

    fn body(&self) -> reqwest::Body {
        match self {
            Content::Empty => reqwest::Body::from(""),
            Content::Bytes(bytes) => reqwest::Body::from(bytes.clone()),
            Content::File {
                path,
                offset,
                length,
            } => reqwest::Body::wrap(FileBody {
                path: path.clone(),
                offset: *offset,
                left: *length,
            }),
        }
    }
}

/// A part of a file, read as it is sent.
struct FileBody {
    path: PathBuf,
    offset: u64,
    left: u64,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        const PART: u64 = 256 << 10;
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let expected = self.left.min(PART) as usize;
        let part = fs::read_part(&self.path, self.offset, expected).map_err(std::io::Error::other);
        Poll::Ready(Some(part.and_then(|part| {
            if part.len() < expected {
                return Err(std::io::Error::other(
                    "the file was truncated during the upload",
                ));
            }
            self.offset += part.len() as u64;
            self.left -= part.len() as u64;
            Ok(http_body::Frame::data(Bytes::from(part)))
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left)
    }
}

/// A request that has not been sent yet.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method of HTTP.
    pub method: Method,
    /// The address it goes to first.
    pub url: Url,
    /// The headers, but for the login.
    pub headers: HeaderMap,
    /// The content that is sent.
    pub content: Content,
    /// The login; it goes to the origin of the address only.
    pub authorization: Option<HeaderValue>,
    /// Whether the request can be sent again without harm.
    pub repeatable: bool,
}

impl Request {
    /// A request without content that can be repeated.
    pub fn new(method: Method, url: Url) -> Self {
        Request {
            method,
            url,
            headers: HeaderMap::new(),
            content: Content::Empty,
            authorization: None,
            repeatable: true,
        }
    }

    /// The same request with a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same request with content.
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// The same request, which will not be sent a second time.
    pub fn without_retry(mut self) -> Self {
        self.repeatable = false;
        self
    }
}

/// An answer that was read whole. It may hold a token, so `Debug` shows only
/// its status.
#[derive(Clone)]
pub struct Reply {
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The body, as it was sent.
    pub body: Vec<u8>,
    /// The address that answered, after redirects.
    pub url: Url,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl Reply {
    /// Reads the rest of an answer.
    pub async fn read(
        mut response: Response,
        patience: &RetryPolicy,
    ) -> Result<Self, TransportError> {
        let mut body = Vec::new();
        let mut pace = TransferRate::new(patience);
        while let Some(bytes) = chunk(&mut response, &mut pace).await? {
            if body.len() + bytes.len() > LIMIT {
                let limit = LIMIT >> 20;
                return Err(TransportError::permanent(format!(
                    "the response is larger than {limit} MiB, the limit for manifests and pages of tags"
                )));
            }
            body.extend_from_slice(&bytes);
        }
        Ok(Reply {
            status: response.status(),
            headers: response.headers().clone(),
            url: response.url().clone(),
            body,
        })
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The next bytes of an answer, if they come fast enough.
pub async fn chunk(
    response: &mut Response,
    pace: &mut TransferRate,
) -> Result<Option<Bytes>, TransportError> {
    let chunk = pace.wait(response.chunk()).await;
    let chunk = chunk.map_err(|slow| TransportError::transient(slow.to_string()))?;
    let chunk = chunk.map_err(TransportError::from)?;
    pace.count(chunk.as_ref().map_or(0, Bytes::len));
    Ok(chunk)
}

fn no_answer(limit: Duration) -> TransportError {
    TransportError::transient(format!("no data was received for {limit:?}"))
}

/// A client for one host and those it leads to, which repeats requests.
#[derive(Clone, Debug)]
pub struct HttpClient {
    stack: Stack,
    patience: RetryPolicy,
    warnings: WarningLog,
}

impl HttpClient {
    /// A client with this network stack.
    pub fn new(stack: Stack, context: &ClientContext) -> Self {
        HttpClient {
            stack,
            patience: context.patience,
            warnings: context.warnings.clone(),
        }
    }

    /// The network stack of the client.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Sends a request, again where that may help, and reads the answer,
    /// whatever its status.
    pub async fn exchange(&self, request: &Request) -> Result<Reply, TransportError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = async {
                match self.send_once(request).await {
                    Ok(response) => Reply::read(response, &self.patience).await,
                    Err(failure) => Err(failure),
                }
            };
            let outcome = self.watched(request, attempts, answer).await;
            let after = match &outcome {
                Ok(reply) if !is_transient(reply.status) => return outcome,
                Err(failure) if !failure.transient => return outcome,
                Ok(reply) => retry_after(&reply.headers),
                Err(_) => None,
            };
            let cause = match &outcome {
                Ok(reply) => reply.status.to_string(),
                Err(failure) => failure.message.clone(),
            };
            let repeatable = request.repeatable;
            if !repeatable
                || !self
                    .waits_before_retry(request, attempts, after, &cause)
                    .await
            {
                return outcome;
            }
        }
    }

    /// The outcome of an attempt; the user is told if it takes long. The duration of an upload
    /// depends on its size, which is shown otherwise.
    async fn watched<T>(
        &self,
        request: &Request,
        number: u32,
        attempt: impl Future<Output = T>,
    ) -> T {
        let mut attempt = std::pin::pin!(attempt);
        if request.content.len() > 0 {
            return attempt.await;
        }
        match tokio::time::timeout(self.patience.noticeable_wait, attempt.as_mut()).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let of = self.patience.max_attempts;
                self.warnings.waits(&request.url, Attempt { number, of });
                attempt.await
            }
        }
    }

    /// Waits before a request is sent again, which the user is told; false, at once, if it is
    /// not.
    async fn waits_before_retry(
        &self,
        request: &Request,
        attempts: u32,
        after: Option<Duration>,
        cause: &str,
    ) -> bool {
        let failed = FailedAttempt {
            url: &request.url,
            number: attempts,
            after,
            cause,
        };
        self.warnings
            .wait_before_retry(&self.patience, &failed)
            .await
    }

    /// Sends a request, again where that may help, and leaves the body of a
    /// success unread.
    pub async fn open(&self, request: &Request) -> Result<Response, TransportError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let sent = self.send_once(request);
            let outcome = self.watched(request, attempts, sent).await;
            let after = match &outcome {
                Ok(response) if !is_transient(response.status()) => return outcome,
                Err(failure) if !failure.transient => return outcome,
                Ok(response) => retry_after(response.headers()),
                Err(_) => None,
            };
            let cause = match &outcome {
                Ok(response) => response.status().to_string(),
                Err(failure) => failure.message.clone(),
            };
            if !self
                .waits_before_retry(request, attempts, after, &cause)
                .await
            {
                return outcome;
            }
        }
    }

    /// Sends a request and follows redirects of what is only read.
    async fn send_once(&self, request: &Request) -> Result<Response, TransportError> {
        let mut url = request.url.clone();
        let follow = matches!(request.method, Method::GET | Method::HEAD);
        for _ in 0..=REDIRECTS {
            let client = self.stack.client(&url).await?;
            let mut builder = client.request(request.method.clone(), url.clone());
            builder = builder.headers(request.headers.clone());
            if url.origin() == request.url.origin()
                && let Some(authorization) = &request.authorization
            {
                builder = builder.header(AUTHORIZATION, authorization);
            }
            if !follow {
                builder = builder.body(request.content.body());
            }
            let limit =
                self.patience.idle_timeout + Duration::from_secs(request.content.len() / SLOWEST);
            let response = match tokio::time::timeout(limit, builder.send()).await {
                Ok(response) => response.map_err(TransportError::from)?,
                Err(_) => return Err(no_answer(limit)),
            };
            self.warnings.note(&url, response.headers());
            if !follow || !response.status().is_redirection() {
                return Ok(response);
            }
            url = self.redirected(&url, &response)?;
        }
        Err(TransportError::permanent(format!(
            "there were more than {REDIRECTS} redirects"
        )))
    }

    fn redirected(&self, from: &Url, response: &Response) -> Result<Url, TransportError> {
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let location =
            location.ok_or_else(|| TransportError::permanent("a redirect has no address"))?;
        let to = from.join(location).map_err(|e| {
            TransportError::permanent(format!("a redirect has an invalid address: {e}"))
        })?;
        let host = to.host_str().unwrap_or_default();
        match (from.scheme(), to.scheme()) {
            (_, "https") => Ok(to),
            ("http", "http") if self.stack.may_be_plain(from, &to) => Ok(to),
            ("http", "http") => Err(TransportError::permanent(format!(
                "a redirect leads to `{host}` by plain http, which your configuration does not allow"
            ))),
            (_, scheme) => Err(TransportError::permanent(format!(
                "a redirect leads from https to {scheme} at `{host}`, which is not allowed"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::system::env::Env;
    use crate::system::process::Scripted;
    use crate::system::registry::oci::client::wait_for;
    use crate::system::registry::oci::settings::Trust;
    use crate::system::registry::routes::OciRoute;

    /// A client that tells nobody to wait, and passes what it reports to `warnings`.
    fn client(warnings: WarningLog) -> HttpClient {
        let context = ClientContext {
            env: Arc::new(Env::default()),
            exec: Arc::new(Scripted::new(Vec::new())),
            patience: RetryPolicy {
                noticeable_wait: Duration::ZERO,
                ..RetryPolicy::without_delays()
            },
            warnings,
        };
        let trust = Trust {
            accept_invalid: true,
            roots: Vec::new(),
        };
        let stack = Stack::new(&url(), &trust, &OciRoute::default(), &context);
        HttpClient::new(stack, &context)
    }

    fn url() -> Url {
        Url::parse("https://r.example:5000/v2/").unwrap()
    }

    #[test]
    fn an_answer_that_takes_long_is_reported_with_its_host() {
        // The answer comes only after the report.
        let (told, is_told) = tokio::sync::oneshot::channel();
        let told = Mutex::new(Some(told));
        let warnings = WarningLog::default().with_waiting(move |text| {
            let told = told.lock().unwrap().take();
            told.unwrap().send(text).unwrap();
        });
        let client = client(warnings);
        let request = Request::new(Method::GET, url());
        let text = wait_for(async { Ok(client.watched(&request, 2, is_told).await) });
        let text = text.unwrap().unwrap();
        assert_eq!(text, "for `r.example:5000` (attempt 2 of 5)");
    }

    #[test]
    fn a_repetition_is_reported_with_its_cause() {
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = said.clone();
        let client = client(WarningLog::new(move |text| all.lock().unwrap().push(text)));
        let request = Request::new(Method::GET, url());
        let repeats = |attempts| {
            let waits = client.waits_before_retry(&request, attempts, None, "503");
            wait_for(async { Ok(waits.await) }).unwrap()
        };
        assert!(repeats(1));
        assert!(!repeats(5));
        let text = "a request to `r.example:5000` is repeated (attempt 2 of 5): 503";
        assert_eq!(*said.lock().unwrap(), [text]);
    }
}
