//! Reading from a registry: tags, manifests, blobs.

use std::collections::BTreeSet;
use std::io::Write;

use reqwest::header::{CONTENT_RANGE, LINK};
use reqwest::{Method, Response, Url};
use serde_json::Value;

use super::artifact;
use super::artifact::{ACCEPT, Artifact, Blob, Manifest, ManifestOrIndex};
use super::headers::{next_link, range_start};
use super::http::{Reply, Request, chunk};
use super::reference::{TAG_LENGTH, Target};
use super::scope::{Operation, Scope};
use super::session::Session;
use super::transport_error::TransportError;
use super::warnings::FailedAttempt;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::base::retry::TransferRate;

/// The query for the number of tags per page; some registries refuse more.
const PAGE: &str = "n=1000";

/// How many pages of tags are read: a million tags where pages are as long as
/// they are asked for.
const PAGES: usize = 1000;

/// How many tags are read.
const TAGS: usize = 1_000_000;

/// The largest blob whose size is not known, in bytes.
const LARGEST: u64 = 2 << 30;

/// How many bytes of a blob have to come for attempts to be counted anew.
const PROGRESS: u64 = 1 << 20;

fn scope(repository: &str) -> Scope {
    Scope {
        repository: repository.to_owned(),
        operation: Operation::Pull,
    }
}

/// All tags, page by page; `None` if the repository is not there or empty.
pub async fn tags(
    session: &Session,
    repository: &str,
    error_message: &str,
) -> Result<Option<Vec<String>>> {
    let scope = scope(repository);
    let mut url = session.url(&scope, "tags/list");
    url.set_query(Some(PAGE));
    let mut tags = BTreeSet::new();
    for _ in 0..PAGES {
        let request = Request::new(Method::GET, url.clone()).header("accept", "application/json");
        let reply = session.exchange(&scope, request, error_message).await?;
        match reply.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(session.refusal(error_message, &reply)),
        }
        let wrong = |why: String| session.failed(error_message, &TransportError::permanent(why));
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
        // Some registries ignore the page and give the whole list again.
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
    Err(session.failed(error_message, &TransportError::permanent(endless)))
}

/// How many manifests of an index, and layers of a manifest, are looked into.
const MAX_CANDIDATES: usize = 16;

/// The artifact of a tag or digest; `None` if it is not there.
///
/// Which layer is the package is decided by what it says it is, and where that
/// is not clear, by its first bytes.
pub async fn artifact(
    session: &Session,
    repository: &str,
    target: &Target,
    error_message: &str,
) -> Result<Option<Artifact>> {
    let place = Repository {
        session,
        name: repository,
        error_message,
    };
    let digests = match place.manifest(target).await? {
        None => return Ok(None),
        Some(ManifestOrIndex::Manifest(manifest)) => {
            let found = place.package(&manifest).await?;
            return found.map(Some).map_err(|why| place.no_package(why));
        }
        Some(ManifestOrIndex::Index(digests)) => digests,
    };
    let (mut found, mut reason) = (Vec::new(), "it is an index of indexes".to_owned());
    for digest in digests.iter().take(MAX_CANDIDATES) {
        match place.manifest(&Target::Digest(digest.clone())).await? {
            Some(ManifestOrIndex::Manifest(manifest)) => match place.package(&manifest).await? {
                Ok(artifact) => found.push(artifact),
                Err(why) => reason = why,
            },
            Some(ManifestOrIndex::Index(_)) => {}
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

/// A repository, and the task that fails, for errors.
struct Repository<'a> {
    session: &'a Session,
    name: &'a str,
    error_message: &'a str,
}

impl Repository<'_> {
    fn no_package(&self, why: String) -> Error {
        Error::input(self.error_message)
            .with_cause(why)
            .hint("check that the name is that of a WebAssembly package")
    }

    /// Reads a manifest or an index; `None` if it is not there.
    async fn manifest(&self, target: &Target) -> Result<Option<ManifestOrIndex>> {
        let (session, scope) = (self.session, scope(self.name));
        let url = session.url(&scope, &format!("manifests/{target}"));
        let request = Request::new(Method::GET, url).header("accept", ACCEPT);
        let reply = session
            .exchange(&scope, request, self.error_message)
            .await?;
        match reply.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(session.refusal(self.error_message, &reply)),
        }
        let wrong =
            |why: String| session.failed(self.error_message, &TransportError::permanent(why));
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
        for layer in manifest.layers.iter().take(MAX_CANDIDATES) {
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
    /// read, even where the registry would send all of it.
    async fn is_wasm(&self, blob: &Blob) -> Result<bool> {
        const MAGIC: &[u8] = b"\0asm";
        let (session, scope) = (self.session, scope(self.name));
        let url = session.url(&scope, &format!("blobs/{}", blob.digest));
        let patience = session.context().patience;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let request = Request::new(Method::GET, url.clone()).header("range", "bytes=0-3");
            let mut response = session.open(&scope, request, self.error_message).await?;
            let failure = match response.status().as_u16() {
                200 | 206 => {
                    let mut head = Vec::new();
                    let mut pace = TransferRate::new(&patience);
                    let ended = loop {
                        match chunk(&mut response, &mut pace).await {
                            Ok(Some(bytes)) if head.len() < MAGIC.len() => head.extend(bytes),
                            Ok(_) => break None,
                            Err(failure) => break Some(failure),
                        }
                    };
                    match ended.filter(|_| head.len() < MAGIC.len()) {
                        None => return Ok(head.starts_with(MAGIC)),
                        Some(failure) => failure,
                    }
                }
                // There is nothing at the beginning of an empty blob.
                416 => return Ok(false),
                _ => match Reply::read(response, &patience).await {
                    Ok(reply) => return Err(session.refusal(self.error_message, &reply)),
                    Err(failure) => failure,
                },
            };
            if !repeats(session, &url, attempts, &failure).await {
                return Err(session.failed(self.error_message, &failure));
            }
        }
    }
}

/// Compares a manifest with the digests it should have.
fn check(reply: &Reply, target: &Target) -> Result<(), String> {
    let announced = reply.header("docker-content-digest").map(str::parse);
    // Digests of other kinds cannot be checked.
    let announced = announced.and_then(Result::<ContentDigest, _>::ok);
    let requested = match target {
        Target::Digest(digest) => Some(digest),
        Target::Tag(_) => None,
    };
    let found = ContentDigest::of(&reply.body);
    for expected in [announced.as_ref(), requested].into_iter().flatten() {
        if *expected != found {
            return Err(format!(
                "the manifest has digest `{found}`, not `{expected}`"
            ));
        }
    }
    Ok(())
}

/// A blob to be read.
pub struct BlobRequest<'a> {
    /// The digest of its bytes.
    pub digest: &'a ContentDigest,
    /// The number of its bytes, where it is known.
    pub size: Option<u64>,
}

/// Writes a blob as it comes. Where the connection breaks off, it goes on from
/// there.
pub async fn blob(
    session: &Session,
    repository: &str,
    blob_request: &BlobRequest<'_>,
    to: &mut dyn Write,
    error_message: &str,
) -> Result<()> {
    let scope = scope(repository);
    let url = session.url(&scope, &format!("blobs/{}", blob_request.digest));
    let mut transfer = Transfer {
        session,
        blob_request,
        to,
        error_message,
        written: 0,
    };
    let mut attempts = 0;
    loop {
        attempts += 1;
        let before = transfer.written;
        let mut request = Request::new(Method::GET, url.clone());
        if transfer.written > 0 {
            request = request.header("range", &format!("bytes={}-", transfer.written));
        }
        let response = session.open(&scope, request, error_message).await?;
        let Some(failure) = transfer.receive(response).await? else {
            return Ok(());
        };
        if blob_request.size == Some(transfer.written) {
            return Ok(());
        }
        if transfer.written - before >= PROGRESS {
            attempts = 1;
        }
        if !repeats(session, &url, attempts, &failure).await {
            return Err(session.failed(error_message, &failure));
        }
    }
}

/// Waits before a request that failed is sent again; false, at once, if it is not.
async fn repeats(session: &Session, url: &Url, number: u32, failure: &TransportError) -> bool {
    let context = session.context();
    let failed = FailedAttempt {
        url,
        number,
        after: None,
        cause: &failure.message,
    };
    failure.transient
        && context
            .warnings
            .wait_before_retry(&context.patience, &failed)
            .await
}

/// The transfer of a blob.
struct Transfer<'a> {
    session: &'a Session,
    blob_request: &'a BlobRequest<'a>,
    to: &'a mut dyn Write,
    error_message: &'a str,
    written: u64,
}

impl Transfer<'_> {
    /// Writes what an answer has; the error that broke it off, if one did.
    async fn receive(&mut self, mut response: Response) -> Result<Option<TransportError>> {
        let patience = self.session.context().patience;
        let permanent = |why: String| {
            self.session
                .failed(self.error_message, &TransportError::permanent(why))
        };
        // Bytes that were written already, where the registry begins anew.
        let mut skip = match response.status().as_u16() {
            200 => self.written,
            206 => {
                let range = response.headers().get(CONTENT_RANGE);
                let start = range.and_then(|value| range_start(value.to_str().ok()?));
                match start {
                    Some(start) if start == self.written => 0,
                    _ => {
                        return Err(permanent(
                            "the response is another part of the file".to_owned(),
                        ));
                    }
                }
            }
            _ => {
                return match Reply::read(response, &patience).await {
                    Ok(reply) => Err(self.session.refusal(self.error_message, &reply)),
                    Err(failure) => Ok(Some(failure)),
                };
            }
        };
        let mut pace = TransferRate::new(&patience);
        loop {
            let bytes = match chunk(&mut response, &mut pace).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break,
                Err(failure) => return Ok(Some(failure)),
            };
            let old = skip.min(bytes.len() as u64);
            skip -= old;
            let new = &bytes[old as usize..];
            let length = self.written + new.len() as u64;
            let too_much = match self.blob_request.size {
                Some(size) if length > size => format!("the {size} bytes of the package"),
                None if length > LARGEST => format!("{} GiB", LARGEST >> 30),
                _ => String::new(),
            };
            if !too_much.is_empty() {
                return Err(permanent(format!("it sent more than {too_much}")));
            }
            self.to.write_all(new).map_err(|e| {
                Error::new(crate::base::error::ErrorKind::Io, self.error_message)
                    .with_cause(format!("failed to store it: {e}"))
            })?;
            self.written = length;
        }
        let missing = self
            .blob_request
            .size
            .is_some_and(|size| self.written < size);
        Ok(missing.then(|| TransportError {
            message: format!("it sent only {} bytes", self.written),
            transient: true,
        }))
    }
}
