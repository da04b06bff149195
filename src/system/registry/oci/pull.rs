//! Reading from a registry: tags, manifests, blobs.

use std::collections::BTreeSet;
use std::io::Write;

use reqwest::header::{CONTENT_RANGE, LINK};
use reqwest::{Method, Response};
use serde_json::Value;

use super::artifact;
use super::artifact::{ACCEPT, Artifact, Blob, Manifest, Read};
use super::headers::{next_link, range_start};
use super::http::{Ask, Fault, Reply, chunk};
use super::reference::{TAG_LENGTH, Target};
use super::session::{Operation, Scope, Session};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::base::retry::Pace;

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
            .ok_or_else(|| wrong("the list of tags continues at another host".to_owned()))?;
    }
    let endless = format!("its list of tags has more than {PAGES} pages, which is the limit");
    Err(session.failed(what, &Fault::lasting(endless)))
}

/// How many manifests of an index, and layers of a manifest, are looked into.
const MANY: usize = 16;

/// What a tag or digest stands for; `None` if it is not there.
///
/// Which layer is the package is decided by what it says it is, and where that
/// is not clear, by its first bytes.
pub async fn artifact(
    session: &Session,
    repository: &str,
    target: &Target,
    what: &str,
) -> Result<Option<Artifact>> {
    let place = Repository {
        session,
        name: repository,
        what,
    };
    let digests = match place.manifest(target).await? {
        None => return Ok(None),
        Some(Read::Manifest(manifest)) => {
            let found = place.package(&manifest).await?;
            return found.map(Some).map_err(|why| place.no_package(why));
        }
        Some(Read::Index(digests)) => digests,
    };
    let (mut found, mut reason) = (Vec::new(), "it is an index of indexes".to_owned());
    for digest in digests.iter().take(MANY) {
        match place.manifest(&Target::Digest(digest.clone())).await? {
            Some(Read::Manifest(manifest)) => match place.package(&manifest).await? {
                Ok(artifact) => found.push(artifact),
                Err(why) => reason = why,
            },
            Some(Read::Index(_)) => {}
            None => reason = format!("it is an index, but its manifest `{digest}` does not exist"),
        }
    }
    found.dedup_by(|a, b| a.layer == b.layer);
    match found.len() {
        1 => Ok(found.pop()),
        0 => Err(place.no_package(reason)),
        many => Err(place.no_package(format!("it is an index of {many} packages, not one"))),
    }
}

/// A repository, and what is being done with it, for errors.
struct Repository<'a> {
    session: &'a Session,
    name: &'a str,
    what: &'a str,
}

impl Repository<'_> {
    fn no_package(&self, why: String) -> Error {
        Error::input(self.what)
            .because(why)
            .hint("check that the name is that of a WebAssembly package")
    }

    /// Reads a manifest or an index; `None` if it is not there.
    async fn manifest(&self, target: &Target) -> Result<Option<Read>> {
        let (session, scope) = (self.session, scope(self.name));
        let url = session.url(&scope, &format!("manifests/{target}"));
        let ask = Ask::new(Method::GET, url).header("accept", ACCEPT);
        let reply = session.exchange(&scope, ask, self.what).await?;
        match reply.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(session.refusal(self.what, &reply)),
        }
        let wrong = |why: String| session.failed(self.what, &Fault::lasting(why));
        check(&reply, target).map_err(wrong)?;
        let content_type = reply.header("content-type").unwrap_or_default();
        let read = artifact::read(&reply.body, content_type);
        read.map(Some).map_err(|why| self.no_package(why))
    }

    /// The package of a manifest; else why it has none, as a cause.
    async fn package(&self, manifest: &Manifest) -> Result<Result<Artifact, String>> {
        if let Some(layer) = manifest.labelled() {
            return Ok(manifest.artifact(layer));
        }
        let mut found = Vec::new();
        for layer in manifest.layers.iter().take(MANY) {
            if let Ok(blob) = &layer.blob
                && self.is_wasm(blob).await?
            {
                found.push(layer);
            }
        }
        let media: Vec<_> = manifest
            .layers
            .iter()
            .map(|layer| format!("`{}`", layer.media))
            .collect();
        Ok(match found.as_slice() {
            [layer] => manifest.artifact(layer),
            [] => Err(format!(
                "it is not WebAssembly: no layer is a WebAssembly file; there are {}",
                media.join(", ")
            )),
            many => Err(format!("it has {} WebAssembly layers, not one", many.len())),
        })
    }

    /// Whether a blob begins as WebAssembly does. No more than its beginning is
    /// taken, even where the registry would send all of it.
    async fn is_wasm(&self, blob: &Blob) -> Result<bool> {
        const MAGIC: &[u8] = b"\0asm";
        let (session, scope) = (self.session, scope(self.name));
        let url = session.url(&scope, &format!("blobs/{}", blob.digest));
        let patience = session.around().patience;
        let mut tried = 0;
        loop {
            tried += 1;
            let ask = Ask::new(Method::GET, url.clone()).header("range", "bytes=0-3");
            let mut response = session.open(&scope, ask, self.what).await?;
            let fault = match response.status().as_u16() {
                200 | 206 => {
                    let mut head = Vec::new();
                    let mut pace = Pace::new(&patience);
                    let ended = loop {
                        match chunk(&mut response, &mut pace).await {
                            Ok(Some(bytes)) if head.len() < MAGIC.len() => head.extend(bytes),
                            Ok(_) => break None,
                            Err(fault) => break Some(fault),
                        }
                    };
                    match ended.filter(|_| head.len() < MAGIC.len()) {
                        None => return Ok(head.starts_with(MAGIC)),
                        Some(fault) => fault,
                    }
                }
                // There is nothing at the beginning of an empty blob.
                416 => return Ok(false),
                _ => match Reply::read(response, &patience).await {
                    Ok(reply) => return Err(session.refusal(self.what, &reply)),
                    Err(fault) => fault,
                },
            };
            if !fault.passing || !patience.wait(tried, None).await {
                return Err(session.failed(self.what, &fault));
            }
        }
    }
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
                "the manifest has digest `{found}`, not `{expected}`"
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
                    _ => {
                        return Err(lasting(
                            "the response is another part of the file".to_owned(),
                        ));
                    }
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
                Error::new(crate::base::error::ErrorKind::Io, self.what)
                    .because(format!("failed to store it: {e}"))
            })?;
            self.written = length;
        }
        let missing = self.wanted.size.is_some_and(|size| self.written < size);
        Ok(missing.then(|| Fault {
            message: format!("it sent only {} bytes", self.written),
            passing: true,
        }))
    }
}
