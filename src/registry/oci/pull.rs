//! Reading from a registry: tags, manifests, blobs.

use std::collections::BTreeSet;
use std::io::Write;

use reqwest::header::{CONTENT_RANGE, LINK};
use reqwest::{Method, Response};
use serde_json::Value;

use super::artifact::{self, ACCEPT, Artifact};
use super::headers::{next_link, range_start};
use super::http::{Ask, Fault, Reply, chunk};
use super::reference::{TAG_LENGTH, Target};
use super::session::{Operation, Scope, Session};
use crate::advice::{Error, Result};
use crate::package::ContentDigest;
use crate::patience::Pace;

/// How many tags are asked for at once; more than this some refuse.
const PAGE: &str = "n=1000";

/// How many pages of tags are read: a million tags where pages are as long as
/// they are asked for.
const PAGES: usize = 1000;

/// How many tags are kept.
const TAGS: usize = 1_000_000;

/// The largest blob whose size nobody has told.
const LARGEST: u64 = 2 << 30;

/// How much of a blob has to come for the tries to be counted anew.
const PROGRESS: u64 = 1 << 20;

fn scope(repository: &str) -> Scope {
    Scope {
        repository: repository.to_owned(),
        operation: Operation::Pull,
    }
}

/// All tags, page by page; `None` if the repository is not there or empty.
pub async fn tags(session: &Session, repository: &str, what: &str) -> Result<Option<Vec<String>>> {
    let scope = scope(repository);
    let mut url = session.url(&scope, "tags/list");
    url.set_query(Some(PAGE));
    let mut tags = BTreeSet::new();
    for _ in 0..PAGES {
        let ask = Ask::new(Method::GET, url.clone()).header("accept", "application/json");
        let reply = session.exchange(&scope, ask, what).await?;
        match reply.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(session.refusal(what, &reply)),
        }
        let wrong = |why: String| session.failed(what, &Fault::lasting(why));
        let page: Value = serde_json::from_slice(&reply.body)
            .map_err(|e| wrong(format!("the list of tags is not JSON: {e}")))?;
        let page = match page.get("tags") {
            Some(Value::Array(tags)) => tags.as_slice(),
            Some(Value::Null) => &[],
            _ => return Err(wrong("the list of tags has no `tags`".to_owned())),
        };
        let before = tags.len();
        let page = page.iter().filter_map(Value::as_str);
        let page = page.filter(|tag| tag.len() <= TAG_LENGTH);
        tags.extend(page.map(str::to_owned));
        if tags.len() > TAGS {
            return Err(wrong(format!("it lists more than {TAGS} tags")));
        }
        let links = reply.headers.get_all(LINK);
        let next = next_link(links.iter().filter_map(|value| value.to_str().ok()));
        // Some ignore what page was asked for and give the whole list again.
        let Some(next) = next.filter(|_| tags.len() > before) else {
            return Ok((!tags.is_empty()).then(|| tags.into_iter().collect()));
        };
        url = url
            .join(&next)
            .ok()
            .filter(|url| session.is_own(url))
            .ok_or_else(|| wrong("the list of tags goes on at another host".to_owned()))?;
    }
    let endless = format!("its list of tags has more than {PAGES} pages, the limit for them");
    Err(session.failed(what, &Fault::lasting(endless)))
}

/// What a tag or digest stands for; `None` if it is not there.
pub async fn artifact(
    session: &Session,
    repository: &str,
    target: &Target,
    what: &str,
) -> Result<Option<Artifact>> {
    let scope = scope(repository);
    let url = session.url(&scope, &format!("manifests/{target}"));
    let ask = Ask::new(Method::GET, url).header("accept", ACCEPT);
    let reply = session.exchange(&scope, ask, what).await?;
    match reply.status.as_u16() {
        200 => {}
        404 => return Ok(None),
        _ => return Err(session.refusal(what, &reply)),
    }
    let wrong = |why: String| session.failed(what, &Fault::lasting(why));
    check(&reply, target).map_err(wrong)?;
    let content_type = reply.header("content-type").unwrap_or_default();
    let read = artifact::read(&reply.body, content_type);
    read.map(Some).map_err(|why| {
        Error::input(what)
            .because(why)
            .hint("see whether the name is that of a WebAssembly package")
    })
}

/// Holds a manifest against the digests it should have.
fn check(reply: &Reply, target: &Target) -> Result<(), String> {
    let told = reply.header("docker-content-digest").map(str::parse);
    // Digests of other kinds cannot be checked.
    let told = told.and_then(Result::<ContentDigest, _>::ok);
    let asked = match target {
        Target::Digest(digest) => Some(digest),
        Target::Tag(_) => None,
    };
    let found = ContentDigest::of(&reply.body);
    for expected in [told.as_ref(), asked].into_iter().flatten() {
        if *expected != found {
            return Err(format!(
                "the manifest has the digest `{found}`, not `{expected}`"
            ));
        }
    }
    Ok(())
}

/// A blob that is wanted.
pub struct Wanted<'a> {
    /// Its digest.
    pub digest: &'a ContentDigest,
    /// Its size, where it is known.
    pub size: Option<u64>,
}

/// Writes a blob as it comes. Where the connection breaks off, it goes on from
/// there.
pub async fn blob(
    session: &Session,
    repository: &str,
    wanted: &Wanted<'_>,
    to: &mut dyn Write,
    what: &str,
) -> Result<()> {
    let scope = scope(repository);
    let url = session.url(&scope, &format!("blobs/{}", wanted.digest));
    let mut transfer = Transfer {
        session,
        wanted,
        to,
        what,
        written: 0,
    };
    let mut tried = 0;
    loop {
        tried += 1;
        let before = transfer.written;
        let mut ask = Ask::new(Method::GET, url.clone());
        if transfer.written > 0 {
            ask = ask.header("range", &format!("bytes={}-", transfer.written));
        }
        let response = session.open(&scope, ask, what).await?;
        let Some(fault) = transfer.take(response).await? else {
            return Ok(());
        };
        if wanted.size == Some(transfer.written) {
            return Ok(());
        }
        if transfer.written - before >= PROGRESS {
            tried = 1;
        }
        if !fault.passing || !session.around().patience.wait(tried, None).await {
            return Err(session.failed(what, &fault));
        }
    }
}

/// A blob on its way.
struct Transfer<'a> {
    session: &'a Session,
    wanted: &'a Wanted<'a>,
    to: &'a mut dyn Write,
    what: &'a str,
    written: u64,
}

impl Transfer<'_> {
    /// Takes what an answer has; what broke it off, if anything did.
    async fn take(&mut self, mut response: Response) -> Result<Option<Fault>> {
        let patience = self.session.around().patience;
        let lasting = |why: String| self.session.failed(self.what, &Fault::lasting(why));
        // Bytes that were written already, where the registry begins anew.
        let mut skip = match response.status().as_u16() {
            200 => self.written,
            206 => {
                let range = response.headers().get(CONTENT_RANGE);
                let start = range.and_then(|value| range_start(value.to_str().ok()?));
                match start {
                    Some(start) if start == self.written => 0,
                    _ => return Err(lasting("it answered with another part".to_owned())),
                }
            }
            _ => {
                return match Reply::read(response, &patience).await {
                    Ok(reply) => Err(self.session.refusal(self.what, &reply)),
                    Err(fault) => Ok(Some(fault)),
                };
            }
        };
        let mut pace = Pace::new(&patience);
        loop {
            let bytes = match chunk(&mut response, &mut pace).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break,
                Err(fault) => return Ok(Some(fault)),
            };
            let old = skip.min(bytes.len() as u64);
            skip -= old;
            let new = &bytes[old as usize..];
            let length = self.written + new.len() as u64;
            let too_much = match self.wanted.size {
                Some(size) if length > size => format!("the {size} bytes of the package"),
                None if length > LARGEST => format!("{} GiB", LARGEST >> 30),
                _ => String::new(),
            };
            if !too_much.is_empty() {
                return Err(lasting(format!("it sent more than {too_much}")));
            }
            self.to.write_all(new).map_err(|e| {
                Error::new(crate::advice::ErrorKind::Io, self.what)
                    .because(format!("failed to keep it: {e}"))
            })?;
            self.written = length;
        }
        let missing = self.wanted.size.is_some_and(|size| self.written < size);
        Ok(missing.then(|| Fault {
            message: format!("it sent {} bytes only", self.written),
            passing: true,
        }))
    }
}
