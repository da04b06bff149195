//! Writing to a registry: blobs that it does not have, then the manifest.

use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Method, Url};

use super::Upload;
use super::artifact;
use super::artifact::{Blob, MANIFEST, Writing};
use super::describe::describe;
use super::headers::uploaded;
use super::http::{Ask, Content, Fault, Reply, retry_after};
use super::session::{Operation, Scope, Session};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::base::progress::Progress;
use crate::system::env;
use crate::system::fs;

/// What is sent at once of a large blob.
const CHUNK: u64 = 4 << 20;

fn scope(upload: &Upload<'_>) -> Scope {
    Scope {
        repository: upload.repository.to_owned(),
        operation: Operation::Push,
    }
}

/// Whether the tag is taken.
pub async fn is_there(session: &Session, upload: &Upload<'_>, what: &str) -> Result<bool> {
    let scope = scope(upload);
    let url = session.url(&scope, &format!("manifests/{}", upload.tag));
    // Not HEAD, whose refusals would have no text.
    let ask = Ask::new(Method::GET, url).header("accept", artifact::ACCEPT);
    let reply = session.exchange(&scope, ask, what).await?;
    match reply.status.as_u16() {
        200..=299 => Ok(true),
        404 => Ok(false),
        _ => Err(session.refusal(what, &reply)),
    }
}

/// Pushes layer, configuration and manifest; the digest of the last. It is an
/// error if the tag leads to something else right behind it.
pub async fn push(session: &Session, upload: &Upload<'_>, what: &str) -> Result<ContentDigest> {
    let (digest, size) = fs::digest(upload.content)?;
    let layer = Blob { digest, size };
    let created = session.around().env.text(env::SOURCE_DATE_EPOCH);
    let created = created
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(now);
    let config = artifact::config(&layer.digest, &describe(upload.content)?, created);
    let config_blob = Blob {
        digest: ContentDigest::of(&config),
        size: config.len() as u64,
    };
    let manifest = artifact::write(&Writing {
        layer: &layer,
        config: &config_blob,
        title: upload.title,
        annotations: upload.annotations,
    });
    let pusher = Pusher {
        session,
        scope: scope(upload),
        what,
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
    let ask = Ask::new(Method::PUT, url)
        .header("content-type", MANIFEST)
        .content(Content::Bytes(manifest.into()));
    let reply = session.exchange(&pusher.scope, ask, what).await?;
    if !reply.status.is_success() {
        return Err(session.refusal(what, &reply));
    }
    pusher.confirm(upload.tag, (&digest, &layer)).await?;
    Ok(digest)
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |time| time.as_secs())
}

struct Pusher<'a> {
    session: &'a Session,
    scope: Scope,
    what: &'a str,
    progress: &'a dyn Progress,
}

/// How a part of an upload ended.
enum Step {
    /// It is there.
    Done,
    /// It may do better later.
    Again(Outcome),
    /// The registry does not take parts.
    Whole(Outcome),
}

/// What came of a request.
type Outcome = Result<Reply, Fault>;

/// An upload in the making.
struct Upcoming {
    location: Url,
    offset: u64,
}

impl Pusher<'_> {
    /// Asks what the tag leads to: registries let the last one win of those who
    /// push to it at the same time.
    async fn confirm(&self, tag: &str, (digest, layer): (&ContentDigest, &Blob)) -> Result<()> {
        let url = self.session.url(&self.scope, &format!("manifests/{tag}"));
        let ask = Ask::new(Method::GET, url).header("accept", artifact::ACCEPT);
        let reply = self.session.exchange(&self.scope, ask, self.what).await?;
        if !reply.status.is_success() {
            return Err(self.session.refusal(self.what, &reply));
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
            Ok(artifact::Read::Manifest(manifest)) if has_layer(&manifest) => Ok(()),
            Err(why) => Err(Error::input(self.what)
                .because(format!(
                    "after the push, the registry did not return a manifest for the tag `{tag}`"
                ))
                .because(why)
                .hint("check that the registry works, and push again")),
            Ok(_) => Err(Error::input(self.what)
                .because(format!(
                    "`{digest}` was pushed, but the tag `{tag}` points to `{found}`: somebody else pushed to it at the same time"
                ))
                .hint("find out which of the two is correct, and publish the other one as another version")),
        }
    }

    /// Uploads a blob unless it is there.
    async fn blob(&self, blob: &Blob, content: &Content) -> Result<()> {
        let mut whole = blob.size <= CHUNK;
        let mut tried = 0;
        loop {
            if self.has(blob).await? {
                self.progress.bytes(blob.size);
                return Ok(());
            }
            tried += 1;
            let upcoming = self.start().await?;
            let step = match whole {
                true => {
                    self.finish(&upcoming.location, blob, content.clone())
                        .await?
                }
                false => self.chunks(upcoming, blob, content).await?,
            };
            let outcome = match step {
                Step::Done => return Ok(()),
                Step::Whole(_) if !whole => {
                    whole = true;
                    continue;
                }
                Step::Whole(outcome) => return Err(self.error(outcome)),
                Step::Again(outcome) => outcome,
            };
            if !self.wait(tried, &outcome).await {
                return Err(self.error(outcome));
            }
        }
    }

    async fn has(&self, blob: &Blob) -> Result<bool> {
        let url = self
            .session
            .url(&self.scope, &format!("blobs/{}", blob.digest));
        let ask = Ask::new(Method::HEAD, url);
        let reply = self.session.exchange(&self.scope, ask, self.what).await?;
        match reply.status.as_u16() {
            200..=299 => Ok(true),
            // Those that do not answer this question get the bytes.
            404 | 405 | 307 => Ok(false),
            _ => Err(self.session.refusal(self.what, &reply)),
        }
    }

    /// Opens an upload.
    async fn start(&self) -> Result<Upcoming> {
        let url = self.session.url(&self.scope, "blobs/uploads/");
        // An upload that is opened twice is one that is forgotten.
        let ask = Ask::new(Method::POST, url.clone());
        let reply = self.session.exchange(&self.scope, ask, self.what).await?;
        match location(&reply, &url) {
            Some(location) if reply.status.as_u16() == 202 => Ok(Upcoming {
                location,
                offset: 0,
            }),
            None if reply.status.as_u16() == 202 => Err(self
                .session
                .failed(self.what, &Fault::lasting("it sent no upload address"))),
            _ => Err(self.session.refusal(self.what, &reply)),
        }
    }

    /// Sends a blob in parts, and after a break what is missing of it.
    async fn chunks(&self, mut up: Upcoming, blob: &Blob, content: &Content) -> Result<Step> {
        let mut tried = 0;
        while up.offset < blob.size {
            let length = CHUNK.min(blob.size - up.offset);
            let last = up.offset + length - 1;
            let ask = Ask::new(Method::PATCH, up.location.clone())
                .header("content-type", "application/octet-stream")
                .header("content-range", &format!("{}-{last}", up.offset))
                .content(content.part(up.offset, length))
                .once();
            let outcome = self.send(ask).await?;
            match &outcome {
                Ok(reply) if reply.status.as_u16() == 202 => {
                    up.location = location(reply, &up.location).unwrap_or(up.location);
                    up.offset += length;
                    self.progress.bytes(length);
                    tried = 0;
                    continue;
                }
                Ok(reply) if reply.status.as_u16() == 404 => return Ok(Step::Again(outcome)),
                // The parts do not meet: the registry knows where it stands.
                Ok(reply) if reply.status.as_u16() == 416 => {}
                Ok(reply) if !passing(reply) => return Ok(Step::Whole(outcome)),
                Err(fault) if !fault.passing => return Ok(Step::Whole(outcome)),
                _ => {}
            }
            tried += 1;
            if !self.wait(tried, &outcome).await {
                return Ok(Step::Again(outcome));
            }
            match self.standing(&up.location).await? {
                Some(standing) if standing.offset <= blob.size => up = standing,
                _ => return Ok(Step::Again(outcome)),
            }
        }
        self.finish(&up.location, blob, Content::Empty).await
    }

    /// Asks how much of an upload arrived.
    async fn standing(&self, location: &Url) -> Result<Option<Upcoming>> {
        let outcome = self.send(Ask::new(Method::GET, location.clone())).await?;
        let Ok(reply) = outcome else {
            return Ok(None);
        };
        let range = reply.header("range").and_then(uploaded);
        Ok(match (reply.status.as_u16(), range) {
            (200..=299, Some(offset)) => Some(Upcoming {
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
        let ask = Ask::new(Method::PUT, url)
            .header("content-type", "application/octet-stream")
            .content(rest)
            .once();
        let outcome = self.send(ask).await?;
        Ok(match &outcome {
            Ok(reply) if reply.status.as_u16() == 201 => Step::Done,
            // Not what is said of success, so it has to show itself.
            Ok(reply) if reply.status.is_success() => Step::Again(outcome),
            Ok(reply) if passing(reply) || reply.status.as_u16() == 404 => Step::Again(outcome),
            Err(fault) if fault.passing => Step::Again(outcome),
            _ => Step::Whole(outcome),
        })
    }

    /// Sends a request to where the registry said; the login goes along only
    /// if that is the registry itself.
    async fn send(&self, ask: Ask) -> Result<Outcome> {
        self.session.attempt(&self.scope, ask, self.what).await
    }

    async fn wait(&self, tried: u32, outcome: &Outcome) -> bool {
        let asked: Option<Duration> = match outcome {
            Ok(reply) => retry_after(&reply.headers),
            Err(_) => None,
        };
        self.session.around().patience.wait(tried, asked).await
    }

    fn error(&self, outcome: Outcome) -> Error {
        match outcome {
            Ok(reply) => self.session.refusal(self.what, &reply),
            Err(fault) => self.session.failed(self.what, &fault),
        }
    }
}

fn passing(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 408 | 429 | 500..=599)
}

/// Where an upload goes on: an address of its own or a path.
fn location(reply: &Reply, base: &Url) -> Option<Url> {
    let location = reply.headers.get(LOCATION)?.to_str().ok()?;
    let url = base.join(location).ok()?;
    // Nothing that was to go over TLS goes without.
    let kept = url.scheme() == "https" || (url.scheme() == "http" && base.scheme() == "http");
    kept.then_some(url)
}
