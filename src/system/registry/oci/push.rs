//! Writing to a registry: blobs that it does not have, then the manifest.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::header::LOCATION;
use reqwest::{Method, Url};

use super::artifact;
use super::artifact::{Blob, MANIFEST, ManifestFields};
use super::describe::describe;
use super::headers::uploaded;
use super::http::{Content, Reply, Request};
use super::scope::{Operation, Scope};
use super::session::Session;
use super::transport_error::TransportError;
use super::warnings::FailedAttempt;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::base::progress::Progress;
use crate::system::env;
use crate::system::fs;
use crate::system::http_retry::{is_transient, retry_after};

/// How much of a large blob is sent at once, in bytes.
const CHUNK: u64 = 4 << 20;

/// A file to be pushed, and the tag it goes to.
#[derive(Clone, Debug)]
pub struct Upload<'a> {
    /// The repository it goes to.
    pub repository: &'a str,
    /// The tag that will name it.
    pub tag: &'a str,
    /// The path of the file.
    pub content: &'a Path,
    /// The file name that others see.
    pub title: &'a str,
    /// Annotations of the manifest, by their whole names.
    pub annotations: &'a BTreeMap<String, String>,
    /// The progress that the transfer is reported to.
    pub progress: &'a dyn Progress,
}

fn scope(upload: &Upload<'_>) -> Scope {
    Scope {
        repository: upload.repository.to_owned(),
        operation: Operation::Push,
    }
}

/// Whether the tag exists already.
pub async fn tag_exists(
    session: &Session,
    upload: &Upload<'_>,
    error_message: &str,
) -> Result<bool> {
    let scope = scope(upload);
    let url = session.url(&scope, &format!("manifests/{}", upload.tag));
    // Not HEAD, whose refusals would have no text.
    let request = Request::new(Method::GET, url).header("accept", artifact::ACCEPT);
    let reply = session.exchange(&scope, request, error_message).await?;
    match reply.status.as_u16() {
        200..=299 => Ok(true),
        404 => Ok(false),
        _ => Err(session.refusal(error_message, &reply)),
    }
}

/// Pushes layer, configuration and manifest, and returns the digest of the
/// last. It is an error if the tag leads to something else afterwards.
pub async fn push(
    session: &Session,
    upload: &Upload<'_>,
    error_message: &str,
) -> Result<ContentDigest> {
    let (digest, size) = fs::digest(upload.content)?;
    let layer = Blob { digest, size };
    let created = session.context().env.text(env::SOURCE_DATE_EPOCH);
    let created = created
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(now);
    let config = artifact::config(&layer.digest, &describe(upload.content)?, created);
    let config_blob = Blob {
        digest: ContentDigest::of(&config),
        size: config.len() as u64,
    };
    let manifest = artifact::write(&ManifestFields {
        layer: &layer,
        config: &config_blob,
        title: upload.title,
        annotations: upload.annotations,
    });
    let pusher = Pusher {
        session,
        scope: scope(upload),
        error_message,
        progress: upload.progress,
    };
    let content = Content::File {
        path: upload.content.to_owned(),
        offset: 0,
        length: layer.size,
    };
    pusher.blob(&layer, &content).await?;
    pusher
        .blob(&config_blob, &Content::Bytes(config.into()))
        .await?;
    let digest = ContentDigest::of(&manifest);
    let url = session.url(&pusher.scope, &format!("manifests/{}", upload.tag));
    let request = Request::new(Method::PUT, url)
        .header("content-type", MANIFEST)
        .content(Content::Bytes(manifest.into()));
    let reply = session
        .exchange(&pusher.scope, request, error_message)
        .await?;
    if !reply.status.is_success() {
        return Err(session.refusal(error_message, &reply));
    }
    pusher.confirm(upload.tag, &digest, &layer).await?;
    Ok(digest)
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |time| time.as_secs())
}

struct Pusher<'a> {
    session: &'a Session,
    scope: Scope,
    error_message: &'a str,
    progress: &'a dyn Progress,
}

/// The outcome of a part of an upload.
enum Step {
    /// The blob is complete.
    Done,
    /// Another try may succeed.
    Retry(Outcome),
    /// The registry does not accept parts.
    WholeOnly(Outcome),
}

/// The answer to a request, or why there is none.
type Outcome = Result<Reply, TransportError>;

/// An upload that is under way.
struct PendingUpload {
    location: Url,
    offset: u64,
}

impl Pusher<'_> {
    /// Checks what the tag leads to: registries let the last one win of those who
    /// push to it at the same time.
    async fn confirm(&self, tag: &str, digest: &ContentDigest, layer: &Blob) -> Result<()> {
        let url = self.session.url(&self.scope, &format!("manifests/{tag}"));
        let request = Request::new(Method::GET, url).header("accept", artifact::ACCEPT);
        let reply = self
            .session
            .exchange(&self.scope, request, self.error_message)
            .await?;
        if !reply.status.is_success() {
            return Err(self.session.refusal(self.error_message, &reply));
        }
        let found = ContentDigest::of(&reply.body);
        let content_type = reply.header("content-type").unwrap_or_default();
        let has_layer = |manifest: &artifact::Manifest| {
            manifest.layers.iter().any(|theirs| {
                let blob = theirs.blob.as_ref();
                blob.is_ok_and(|blob| blob.digest == layer.digest)
            })
        };
        match artifact::read(&reply.body, content_type) {
            _ if found == *digest => Ok(()),
            // A registry may keep a manifest in a form of its own.
            Ok(artifact::ManifestOrIndex::Manifest(manifest)) if has_layer(&manifest) => Ok(()),
            Err(why) => Err(Error::input(self.error_message)
                .with_cause(format!(
                    "after the push, the registry did not return a manifest for the tag `{tag}`"
                ))
                .with_cause(why)
                .hint("check that the registry works, and push again")),
            Ok(_) => Err(Error::input(self.error_message)
                .with_cause(format!(
                    "`{digest}` was pushed, but the tag `{tag}` points to `{found}`: somebody else pushed to it at the same time"
                ))
                .hint("find out which of the two is correct, and publish the other one as another version")),
        }
    }

    /// Uploads a blob unless it is there.
    async fn blob(&self, blob: &Blob, content: &Content) -> Result<()> {
        let mut whole = blob.size <= CHUNK;
        let mut attempts = 0;
        loop {
            if self.blob_exists(blob).await? {
                self.progress.bytes(blob.size);
                return Ok(());
            }
            attempts += 1;
            let upload = self.start().await?;
            let step = match whole {
                true => self.finish(&upload.location, blob, content.clone()).await?,
                false => self.chunks(upload, blob, content).await?,
            };
            let outcome = match step {
                Step::Done => return Ok(()),
                Step::WholeOnly(_) if !whole => {
                    whole = true;
                    continue;
                }
                Step::WholeOnly(outcome) => return Err(self.error(outcome)),
                Step::Retry(outcome) => outcome,
            };
            if !self.wait(attempts, &outcome).await {
                return Err(self.error(outcome));
            }
        }
    }

    async fn blob_exists(&self, blob: &Blob) -> Result<bool> {
        let url = self
            .session
            .url(&self.scope, &format!("blobs/{}", blob.digest));
        let request = Request::new(Method::HEAD, url);
        let reply = self
            .session
            .exchange(&self.scope, request, self.error_message)
            .await?;
        match reply.status.as_u16() {
            200..=299 => Ok(true),
            // Registries that do not answer this request get the bytes.
            404 | 405 | 307 => Ok(false),
            _ => Err(self.session.refusal(self.error_message, &reply)),
        }
    }

    /// Opens an upload of a blob.
    async fn start(&self) -> Result<PendingUpload> {
        let url = self.session.url(&self.scope, "blobs/uploads/");
        // An upload that is opened twice is one that is forgotten.
        let request = Request::new(Method::POST, url.clone());
        let reply = self
            .session
            .exchange(&self.scope, request, self.error_message)
            .await?;
        match location(&reply, &url) {
            Some(location) if reply.status.as_u16() == 202 => Ok(PendingUpload {
                location,
                offset: 0,
            }),
            None if reply.status.as_u16() == 202 => Err(self.session.failed(
                self.error_message,
                &TransportError::permanent("it sent no upload address"),
            )),
            _ => Err(self.session.refusal(self.error_message, &reply)),
        }
    }

    /// Sends a blob in parts, and after a break what is missing of it.
    async fn chunks(
        &self,
        mut upload: PendingUpload,
        blob: &Blob,
        content: &Content,
    ) -> Result<Step> {
        let mut attempts = 0;
        while upload.offset < blob.size {
            let length = CHUNK.min(blob.size - upload.offset);
            let last = upload.offset + length - 1;
            let request = Request::new(Method::PATCH, upload.location.clone())
                .header("content-type", "application/octet-stream")
                .header("content-range", &format!("{}-{last}", upload.offset))
                .content(content.part(upload.offset, length))
                .without_retry();
            let outcome = self.send(request).await?;
            match &outcome {
                Ok(reply) if reply.status.as_u16() == 202 => {
                    upload.location = location(reply, &upload.location).unwrap_or(upload.location);
                    upload.offset += length;
                    self.progress.bytes(length);
                    attempts = 0;
                    continue;
                }
                Ok(reply) if reply.status.as_u16() == 404 => return Ok(Step::Retry(outcome)),
                // The parts do not meet: the registry knows where it stands.
                Ok(reply) if reply.status.as_u16() == 416 => {}
                Ok(reply) if !is_transient(reply.status) => return Ok(Step::WholeOnly(outcome)),
                Err(failure) if !failure.transient => return Ok(Step::WholeOnly(outcome)),
                _ => {}
            }
            attempts += 1;
            if !self.wait(attempts, &outcome).await {
                return Ok(Step::Retry(outcome));
            }
            match self.upload_status(&upload.location).await? {
                Some(current) if current.offset <= blob.size => upload = current,
                _ => return Ok(Step::Retry(outcome)),
            }
        }
        self.finish(&upload.location, blob, Content::Empty).await
    }

    /// Asks the registry how much of an upload arrived.
    async fn upload_status(&self, location: &Url) -> Result<Option<PendingUpload>> {
        let outcome = self
            .send(Request::new(Method::GET, location.clone()))
            .await?;
        let Ok(reply) = outcome else {
            return Ok(None);
        };
        let range = reply.header("range").and_then(uploaded);
        Ok(match (reply.status.as_u16(), range) {
            (200..=299, Some(offset)) => Some(PendingUpload {
                location: self::location(&reply, location).unwrap_or(location.clone()),
                offset,
            }),
            _ => None,
        })
    }

    /// Sends the rest of a blob, or all of it, and closes the upload.
    async fn finish(&self, location: &Url, blob: &Blob, rest: Content) -> Result<Step> {
        let mut url = location.clone();
        url.query_pairs_mut()
            .append_pair("digest", &blob.digest.to_string());
        let request = Request::new(Method::PUT, url)
            .header("content-type", "application/octet-stream")
            .content(rest)
            .without_retry();
        let outcome = self.send(request).await?;
        Ok(match &outcome {
            Ok(reply) if reply.status.as_u16() == 201 => Step::Done,
            // Not what is said of success, so it has to show itself.
            Ok(reply) if reply.status.is_success() => Step::Retry(outcome),
            Ok(reply) if is_transient(reply.status) || reply.status.as_u16() == 404 => {
                Step::Retry(outcome)
            }
            Err(failure) if failure.transient => Step::Retry(outcome),
            _ => Step::WholeOnly(outcome),
        })
    }

    /// Sends a request to an address that the registry gave; the login goes
    /// along only if that is the registry itself.
    async fn send(&self, request: Request) -> Result<Outcome> {
        self.session
            .attempt(&self.scope, request, self.error_message)
            .await
    }

    async fn wait(&self, attempts: u32, outcome: &Outcome) -> bool {
        let (after, cause) = match outcome {
            Ok(reply) => (retry_after(&reply.headers), reply.status.to_string()),
            Err(failure) => (None, failure.message.clone()),
        };
        let context = self.session.context();
        let failed = FailedAttempt {
            url: &self.session.url(&self.scope, ""),
            number: attempts,
            after,
            cause: &cause,
        };
        context
            .warnings
            .wait_before_retry(&context.patience, &failed)
            .await
    }

    fn error(&self, outcome: Outcome) -> Error {
        match outcome {
            Ok(reply) => self.session.refusal(self.error_message, &reply),
            Err(failure) => self.session.failed(self.error_message, &failure),
        }
    }
}

/// The address at which an upload continues, given as an address or a path.
fn location(reply: &Reply, base: &Url) -> Option<Url> {
    let location = reply.headers.get(LOCATION)?.to_str().ok()?;
    let url = base.join(location).ok()?;
    // Nothing that was to go over TLS goes without.
    let is_secure_enough =
        url.scheme() == "https" || (url.scheme() == "http" && base.scheme() == "http");
    is_secure_enough.then_some(url)
}
