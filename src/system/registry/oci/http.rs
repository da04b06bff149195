//! Requests over the wire: redirects followed here so that a login goes to no
//! other host, and requests repeated where that does no harm.

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode, Url};

use super::Surroundings;
use super::headers;
use super::stack::{NotPublic, Way};
use super::warnings::Heard;
use crate::base::error::Result;
use crate::base::retry::{Pace, Patience};
use crate::system::fs;

/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// The largest answer that is kept in memory: what OCI has registries take of a
/// manifest. As JSON it takes many times of this.
const LIMIT: usize = 4 << 20;
/// The slowest upload that is waited for, in bytes a second.
const SLOWEST: u64 = 16 << 10;

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
    pub fn from(error: reqwest::Error) -> Self {
        let mut passing = !error.is_builder();
        let error = error.without_url();
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            passing &= !cause.is::<NotPublic>();
            source = cause.source();
        }
        let certificate = message.contains("certificate");
        Fault {
            passing: passing && !certificate,
            message,
        }
    }
}

/// What is sent with a request. It may hold a token, so only its length is
/// shown.
#[derive(Clone)]
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

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
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

/// An answer that was read whole. It may hold a token, so only its status is
/// shown.
#[derive(Clone)]
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

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

impl Reply {
    /// Reads the rest of an answer.
    pub async fn read(mut response: Response, patience: &Patience) -> Result<Self, Fault> {
        let mut body = Vec::new();
        let mut pace = Pace::new(patience);
        while let Some(bytes) = chunk(&mut response, &mut pace).await? {
            if body.len() + bytes.len() > LIMIT {
                let limit = LIMIT >> 20;
                return Err(Fault::lasting(format!(
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
pub async fn chunk(response: &mut Response, pace: &mut Pace) -> Result<Option<Bytes>, Fault> {
    let chunk = pace.wait(response.chunk()).await;
    let chunk = chunk.map_err(|slow| Fault::passing(slow.to_string()))?;
    let chunk = chunk.map_err(Fault::from)?;
    pace.count(chunk.as_ref().map_or(0, Bytes::len));
    Ok(chunk)
}

fn silent(limit: Duration) -> Fault {
    Fault::passing(format!("no data was received for {limit:?}"))
}

/// The way to a host, with the patience to go it.
#[derive(Clone, Debug)]
pub struct Wire {
    way: Way,
    patience: Patience,
    heard: Heard,
}

impl Wire {
    /// This way.
    pub fn new(way: Way, around: &Surroundings) -> Self {
        Wire {
            way,
            patience: around.patience,
            heard: around.heard.clone(),
        }
    }

    /// Where it leads.
    pub fn way(&self) -> &Way {
        &self.way
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
            let client = self.way.client(&url).await?;
            let mut request = client.request(ask.method.clone(), url.clone());
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
            self.heard.note(&url, response.headers());
            if !follow || !response.status().is_redirection() {
                return Ok(response);
            }
            url = self.redirected(&url, &response)?;
        }
        Err(Fault::lasting(format!(
            "there were more than {REDIRECTS} redirects"
        )))
    }

    fn redirected(&self, from: &Url, response: &Response) -> Result<Url, Fault> {
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| Fault::lasting("a redirect has no address"))?;
        let to = from
            .join(location)
            .map_err(|e| Fault::lasting(format!("a redirect has an invalid address: {e}")))?;
        let host = to.host_str().unwrap_or_default();
        match (from.scheme(), to.scheme()) {
            (_, "https") => Ok(to),
            ("http", "http") if self.way.may_be_plain(from, &to) => Ok(to),
            ("http", "http") => Err(Fault::lasting(format!(
                "a redirect leads to `{host}` by plain http, which your configuration does not allow"
            ))),
            (_, scheme) => Err(Fault::lasting(format!(
                "a redirect leads from https to {scheme} at `{host}`, which is not allowed"
            ))),
        }
    }
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long the registry wants to be left alone: seconds, or the time until a
/// date, by the registry's own clock where it tells that.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let value: &str = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = text(DATE).and_then(headers::date);
    let now = now.or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Some(now.ok()?.as_secs())
    });
    // A date that has passed asks for no pause of its own.
    Some(Duration::from_secs(
        headers::date(value)?.saturating_sub(now?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_in_seconds_or_by_a_date() {
        let asked = |retry: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry));
            headers.extend(date.map(|date| (DATE, HeaderValue::from_static(date))));
            retry_after(&headers).map(|pause| pause.as_secs())
        };
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(asked("7", None), Some(7));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(30));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT", None), Some(0));
        assert!(asked("Fri, 01 Jan 2100 00:00:00 GMT", None).unwrap() > 1 << 30);
        assert_eq!(asked("tomorrow", now), None);
    }
}
