//! Requests over the wire: one runtime and few clients for the whole process,
//! redirects followed here so that a login goes to no other host, and requests
//! repeated where that does no harm.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url};
use tokio::runtime::Runtime;

use super::settings::{Root, Trust};
use crate::advice::{Error, Result};
use crate::fs;
use crate::registry::layers::is_loopback;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// The largest answer that is kept in memory; manifests have up to 4 MiB.
const LIMIT: usize = 32 << 20;
/// The slowest upload that is waited for, in bytes a second.
const SLOWEST: u64 = 16 << 10;

/// How often and when a request is repeated, and how long one is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often a request is sent at most.
    pub tries: u32,
    /// The pause before the second try; it doubles from there.
    pub pause: Duration,
    /// How long the other side may say nothing.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 5,
            pause: Duration::from_millis(300),
            idle: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// Repeats at once, whatever the registry asks for; for tests.
    pub fn without_pauses() -> Self {
        Patience {
            pause: Duration::ZERO,
            ..Patience::default()
        }
    }

    /// How long to wait after a failed try, counted from 1; `None` if that is
    /// not worth it. `random` is any number.
    fn before_next(&self, tried: u32, asked: Option<Duration>, random: u64) -> Option<Duration> {
        /// The longest pause a registry may ask for.
        const LONGEST: Duration = Duration::from_secs(60);
        if tried >= self.tries || asked.is_some_and(|asked| asked > LONGEST) {
            return None;
        }
        if self.pause.is_zero() {
            return Some(Duration::ZERO);
        }
        let grown = self.pause.saturating_mul(1 << (tried - 1).min(8));
        // Half of it is left to chance, so that many clients come apart.
        let jitter = grown / 2 * u32::try_from(random % 100).unwrap_or(0) / 100;
        Some((grown / 2 + jitter).max(asked.unwrap_or_default()))
    }

    /// Waits for the next try; whether there is one.
    pub async fn wait(&self, tried: u32, asked: Option<Duration>) -> bool {
        use std::hash::{BuildHasher as _, Hasher as _};
        let random = std::hash::RandomState::new().build_hasher().finish();
        match self.before_next(tried, asked, random) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            None => false,
        }
    }
}

/// Why there is no answer. The message is a fragment without secrets.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What happened.
    pub message: String,
    /// Whether another try may do better.
    pub passing: bool,
}

impl Fault {
    /// One that will not go away.
    pub fn lasting(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            passing: false,
        }
    }

    fn passing(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            passing: true,
        }
    }

    /// Addresses are left out: those of blobs may be signed.
    fn from(error: reqwest::Error) -> Self {
        let passing = !error.is_builder();
        let error = error.without_url();
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        let certificate = message.contains("certificate");
        Fault {
            passing: passing && !certificate,
            message,
        }
    }
}

/// What is sent with a request.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// Bytes.
    Bytes(Bytes),
    /// A part of a file.
    File {
        /// The file.
        path: PathBuf,
        /// Where the part begins.
        offset: u64,
        /// Its length.
        length: u64,
    },
}

impl Content {
    /// The number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Content::Empty => 0,
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File { length, .. } => *length,
        }
    }

    /// A part of it.
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
        let wanted = self.left.min(PART) as usize;
        let part = fs::read_part(&self.path, self.offset, wanted).map_err(std::io::Error::other);
        Poll::Ready(Some(part.and_then(|part| {
            if part.len() < wanted {
                return Err(std::io::Error::other("the file became shorter"));
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

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers, but for the login.
    pub headers: HeaderMap,
    /// What is sent.
    pub content: Content,
    /// The login; it goes to the origin of the address only.
    pub authorization: Option<HeaderValue>,
    /// Whether the request can be sent again without harm.
    pub again: bool,
}

impl Ask {
    /// A request without content that can be repeated.
    pub fn new(method: Method, url: Url) -> Self {
        Ask {
            method,
            url,
            headers: HeaderMap::new(),
            content: Content::Empty,
            authorization: None,
            again: true,
        }
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// With something to send.
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// Not to be repeated.
    pub fn once(mut self) -> Self {
        self.again = false;
        self
    }
}

/// An answer that was read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Who answered.
    pub url: Url,
}

impl Reply {
    /// Reads the rest of an answer.
    pub async fn read(mut response: Response, patience: &Patience) -> Result<Self, Fault> {
        let mut body = Vec::new();
        while let Some(bytes) = chunk(&mut response, patience).await? {
            if body.len() + bytes.len() > LIMIT {
                let limit = LIMIT >> 20;
                return Err(Fault::lasting(format!(
                    "the answer is larger than {limit} MiB"
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

/// The next bytes of an answer.
pub async fn chunk(response: &mut Response, patience: &Patience) -> Result<Option<Bytes>, Fault> {
    match tokio::time::timeout(patience.idle, response.chunk()).await {
        Ok(chunk) => chunk.map_err(Fault::from),
        Err(_) => Err(silent(patience.idle)),
    }
}

fn silent(limit: Duration) -> Fault {
    Fault::passing(format!("nothing was heard for {limit:?}"))
}

/// A client with its patience.
#[derive(Clone, Debug)]
pub struct Wire {
    client: Client,
    /// The patience.
    pub patience: Patience,
}

impl Wire {
    /// The way to a host.
    pub fn new(host: &str, trust: &Trust, patience: Patience) -> Result<Self> {
        Ok(Wire {
            client: client(trust, is_loopback(host))?,
            patience,
        })
    }

    /// Sends a request, again where that may help, and reads the answer,
    /// whatever its status.
    pub async fn exchange(&self, ask: &Ask) -> Result<Reply, Fault> {
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = match self.once(ask).await {
                Ok(response) => Reply::read(response, &self.patience).await,
                Err(fault) => Err(fault),
            };
            let after = match &outcome {
                Ok(reply) if !is_passing(reply.status) => return outcome,
                Err(fault) if !fault.passing => return outcome,
                Ok(reply) => retry_after(&reply.headers),
                Err(_) => None,
            };
            if !ask.again || !self.patience.wait(tried, after).await {
                return outcome;
            }
        }
    }

    /// Sends a request, again where that may help, and leaves the body of a
    /// success unread.
    pub async fn open(&self, ask: &Ask) -> Result<Response, Fault> {
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = self.once(ask).await;
            let after = match &outcome {
                Ok(response) if !is_passing(response.status()) => return outcome,
                Err(fault) if !fault.passing => return outcome,
                Ok(response) => retry_after(response.headers()),
                Err(_) => None,
            };
            if !self.patience.wait(tried, after).await {
                return outcome;
            }
        }
    }

    /// Sends a request and follows redirects of what is only read.
    async fn once(&self, ask: &Ask) -> Result<Response, Fault> {
        let mut url = ask.url.clone();
        let follow = matches!(ask.method, Method::GET | Method::HEAD);
        for _ in 0..=REDIRECTS {
            let mut request = self.client.request(ask.method.clone(), url.clone());
            request = request.headers(ask.headers.clone());
            if url.origin() == ask.url.origin()
                && let Some(authorization) = &ask.authorization
            {
                request = request.header(AUTHORIZATION, authorization);
            }
            if !follow {
                request = request.body(ask.content.body());
            }
            let limit = self.patience.idle + Duration::from_secs(ask.content.len() / SLOWEST);
            let response = match tokio::time::timeout(limit, request.send()).await {
                Ok(response) => response.map_err(Fault::from)?,
                Err(_) => return Err(silent(limit)),
            };
            if !follow || !response.status().is_redirection() {
                return Ok(response);
            }
            url = redirected(&url, &response)?;
        }
        Err(Fault::lasting(format!(
            "it redirected more than {REDIRECTS} times"
        )))
    }
}

fn redirected(from: &Url, response: &Response) -> Result<Url, Fault> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| Fault::lasting("it redirected to nowhere"))?;
    let to = from
        .join(location)
        .map_err(|e| Fault::lasting(format!("it redirected to what is no address: {e}")))?;
    let host = to.host_str().unwrap_or_default();
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        (_, scheme) => Err(Fault::lasting(format!(
            "it redirected from https to {scheme} at `{host}`, which is not followed"
        ))),
    }
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long the registry wants to be left alone, in seconds; dates are not
/// understood, and the usual pause does for them.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse();
    seconds.ok().map(Duration::from_secs)
}

/// Runs something to its end; from any thread that is not the runtime's own.
pub fn wait_for<T>(task: impl Future<Output = Result<T>>) -> Result<T> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("registry")
            .enable_all()
            .build()
            .map_err(|e| e.to_string())
    });
    match runtime {
        Ok(runtime) => runtime.block_on(task),
        Err(e) => Err(Error::input("failed to prepare for the network").because(e)),
    }
}

/// The client that trusts these; one a process for each choice, so that
/// connections are shared.
fn client(trust: &Trust, direct: bool) -> Result<Client> {
    type Clients = BTreeMap<(Trust, bool), Client>;
    static CLIENTS: Mutex<Clients> = Mutex::new(BTreeMap::new());
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.get(&(trust.clone(), direct)) {
        return Ok(client.clone());
    }
    let client = build(trust, direct)?;
    clients.insert((trust.clone(), direct), client.clone());
    Ok(client)
}

fn build(trust: &Trust, direct: bool) -> Result<Client> {
    let failed =
        |e: &dyn std::fmt::Display| Error::input("failed to prepare for the network").because(e);
    // Without a provider the builder panics; another one may be there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = Vec::new();
    for root in &trust.roots {
        match root {
            Root::Pem(text) => {
                let bundle = reqwest::Certificate::from_pem_bundle(text.as_bytes());
                roots.extend(bundle.map_err(|e| failed(&e.without_url()))?);
            }
            Root::Der(bytes) => {
                let root = reqwest::Certificate::from_der(bytes);
                roots.push(root.map_err(|e| failed(&e.without_url()))?);
            }
        }
    }
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("cargo-component/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(trust.anybody);
        match direct {
            // This machine is not behind a proxy.
            true => builder.no_proxy(),
            false => builder,
        }
    };
    let client = match builder().tls_certs_merge(roots.clone()).build() {
        // A system without certificates can still be reached over plain http.
        Err(_) if direct => builder().tls_certs_only(roots).build(),
        built => built,
    };
    client.map_err(|e| failed(&Fault::from(e).message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_heed_the_registry() {
        let patience = Patience {
            tries: 4,
            pause: Duration::from_millis(100),
            ..Patience::default()
        };
        let pause = |tried, asked, random| patience.before_next(tried, asked, random);
        assert_eq!(pause(1, None, 0), Some(Duration::from_millis(50)));
        assert_eq!(pause(3, None, 0), Some(Duration::from_millis(200)));
        assert!(pause(3, None, 99).unwrap() < Duration::from_millis(400));
        assert_eq!(pause(4, None, 0), None);
        let asked = Some(Duration::from_secs(7));
        assert_eq!(pause(1, asked, 0), asked);
        assert_eq!(pause(1, Some(Duration::from_secs(3600)), 0), None);
        let none = Patience::without_pauses();
        assert_eq!(none.before_next(1, asked, 5), Some(Duration::ZERO));
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(3)));
    }
}
