//! Packages as artifacts in an OCI registry: one repository a package, one tag
//! a version, one layer with the bytes.
//!
//! All of it is done with plain requests: what is wanted of the protocol
//! (pages of tags, uploads that go on where they broke off, identity tokens)
//! lies in headers and requests that the client libraries keep to themselves.

mod artifact;
mod client;
mod credentials;
mod describe;
mod discover;
mod error_body;
mod headers;
mod http;
mod login;
mod pull;
mod push;
pub mod reference;
mod session;
mod settings;
mod stack;
mod store;
mod token;
mod warnings;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use semver::Version;

pub use crate::base::retry::Patience;
pub use artifact::{Artifact, Blob};
#[cfg(feature = "warg")]
pub(super) use client::{answers_itself, wait_for};
pub use discover::{Document, discover};
#[cfg(feature = "warg")]
pub(super) use error_body::one_line;
use reference::{Reference, Target};
use session::Session;
pub use warnings::Heard;

use super::{Artifacts, Found, Kept, Publication, Registry, Release, Secret, routes};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::resolver::Listed;
use crate::system::env::Env;
use crate::system::process::Exec;

/// What a registry is reached with.
#[derive(Clone)]
pub struct Surroundings {
    /// The environment: tokens, and where files of logins are.
    pub env: Arc<Env>,
    /// Runs credential helpers.
    pub exec: Arc<dyn Exec>,
    /// How often requests are repeated.
    pub patience: Patience,
    /// Who is told what registries warn of.
    pub heard: Heard,
}

/// A registry of OCI artifacts. Logins are looked up and connections made when
/// they are first needed, and shared by all threads. It must not be asked from
/// within an asynchronous runtime.
#[derive(Debug)]
pub struct Oci {
    session: Session,
    prefix: String,
}

/// A file to be pushed.
#[derive(Clone, Debug)]
pub struct Upload<'a> {
    /// The repository it goes to.
    pub repository: &'a str,
    /// Its tag.
    pub tag: &'a str,
    /// The file.
    pub content: &'a Path,
    /// The name it is to have for others.
    pub title: &'a str,
    /// Annotations of the manifest, by their whole names.
    pub annotations: &'a BTreeMap<String, String>,
    /// Who watches the transfer.
    pub progress: &'a dyn Progress,
}

impl Oci {
    /// The registry of this route. Nothing is asked yet; an error is one of
    /// its settings.
    pub fn new(oci: &routes::Oci, around: Surroundings) -> Result<Self> {
        Ok(Oci {
            session: Session::new(oci, around)?,
            prefix: oci.prefix.clone(),
        })
    }

    /// All tags of a repository; `None` if it is not there or empty.
    pub fn tags(&self, repository: &str) -> Result<Option<Vec<String>>> {
        let what = format!("failed to list the tags of `{}`", self.shown(repository));
        client::wait_for(pull::tags(&self.session, repository, &what))
    }

    /// What a tag or digest stands for; `None` if it is not there.
    pub fn artifact(&self, repository: &str, target: &Target) -> Result<Option<Artifact>> {
        let what = format!("failed to find `{target}` in `{}`", self.shown(repository));
        client::wait_for(pull::artifact(&self.session, repository, target, &what))
    }

    /// Writes a blob to `to`, which holds little of it in memory. The bytes
    /// are not checked but for their number.
    pub fn blob(&self, repository: &str, blob: &Blob, to: &mut dyn Write) -> Result<()> {
        let what = format!("failed to fetch `{}`", self.shown(repository));
        let wanted = pull::Wanted {
            digest: &blob.digest,
            size: Some(blob.size),
        };
        client::wait_for(pull::blob(&self.session, repository, &wanted, to, &what))
    }

    /// Pushes a file, whatever its tag was before; the digest of the manifest.
    pub fn push(&self, upload: &Upload<'_>) -> Result<ContentDigest> {
        let place = self.shown(upload.repository);
        let what = format!("failed to push to `{place}:{}`", upload.tag);
        client::wait_for(push::push(&self.session, upload, &what))
    }

    /// The artifact of a version.
    fn of_version(&self, package: &PackageRef, version: &Version) -> Result<Option<Artifact>> {
        let repository = self.repository(package)?;
        let what = format!(
            "failed to find `{package}@{version}` in {}",
            self.location(package)
        );
        let tag = reference::tag(version)?;
        let mut tags = vec![tag];
        // Lenient registries took a `+` from wkg as it is.
        if !version.build.is_empty() {
            tags.push(version.to_string());
        }
        for tag in tags {
            let target = Target::Tag(tag);
            let found = pull::artifact(&self.session, &repository, &target, &what);
            if let Some(artifact) = client::wait_for(found)? {
                return Ok(Some(artifact));
            }
        }
        Ok(None)
    }

    fn repository(&self, package: &PackageRef) -> Result<String> {
        reference::repository(&self.prefix, package)
    }

    fn shown(&self, repository: &str) -> String {
        format!("{}/{repository}", self.session.host())
    }
}

impl Registry for Oci {
    fn location(&self, package: &PackageRef) -> String {
        let prefix = format!("{}{}/{}", self.prefix, package.namespace(), package.name());
        format!("`{}`", self.shown(&prefix))
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<Listed>>> {
        let repository = self.repository(package)?;
        let what = format!(
            "failed to list the versions of `{package}` in {}",
            self.location(package)
        );
        let tags = client::wait_for(pull::tags(&self.session, &repository, &what))?;
        Ok(tags.map(|tags| {
            let mut versions: Vec<Version> = tags
                .iter()
                .filter_map(|tag| reference::version(tag))
                .collect();
            versions.sort();
            versions.dedup();
            let listed = versions.into_iter().map(|version| Listed {
                version,
                yanked: false,
            });
            listed.collect()
        }))
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        let artifact = self.of_version(package, version)?;
        Ok(artifact.map(|artifact| Release {
            version: version.clone(),
            digest: artifact.layer.digest,
            size: Some(artifact.layer.size),
        }))
    }

    fn url(&self, package: &PackageRef, version: &Version) -> Option<String> {
        let repository = self.repository(package).ok()?;
        let tag = reference::tag(version).ok()?;
        Some(format!("oci://{}/{repository}:{tag}", self.session.host()))
    }

    fn annotations(
        &self,
        package: &PackageRef,
        version: &Version,
    ) -> Result<BTreeMap<String, String>> {
        let artifact = self.of_version(package, version)?;
        Ok(artifact.map(|found| found.annotations).unwrap_or_default())
    }

    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()> {
        let repository = self.repository(package)?;
        let what = format!(
            "failed to fetch `{package}@{}` from {}",
            release.version,
            self.location(package)
        );
        let wanted = pull::Wanted {
            digest: &release.digest,
            size: release.size,
        };
        client::wait_for(pull::blob(&self.session, &repository, &wanted, to, &what))
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        let (package, version) = (publication.package, publication.version);
        let repository = self.repository(package)?;
        let tag = reference::tag(version)?;
        let what = format!(
            "failed to publish `{package}@{version}` to {}",
            self.location(package)
        );
        let mut annotations: BTreeMap<String, String> = publication
            .annotations
            .iter()
            .map(|(name, value)| (artifact::annotation(name), value.clone()))
            .collect();
        annotations.insert(artifact::annotation("version"), version.to_string());
        let upload = Upload {
            repository: &repository,
            tag: &tag,
            content: publication.content,
            title: &format!("{}.wasm", package.name()),
            annotations: &annotations,
            progress: publication.progress,
        };
        client::wait_for(async {
            if push::is_there(&self.session, &upload, &what).await? {
                let place = self.location(package);
                return Err(Error::input(format!(
                    "`{package}@{version}` is already published, in {place}"
                ))
                .hint("increase its version"));
            }
            push::push(&self.session, &upload, &what).await?;
            Ok(())
        })
    }
}

impl Artifacts for Oci {
    fn host(&self) -> &str {
        self.session.host()
    }

    fn find(&self, reference: &Reference) -> Result<Option<Found>> {
        let found = self.artifact(&reference.repository, &reference.target)?;
        Ok(found.map(|artifact| Found {
            manifest: artifact.digest,
            content: artifact.layer.digest,
            size: artifact.layer.size,
            annotations: artifact.annotations,
        }))
    }

    fn read(
        &self,
        reference: &Reference,
        (digest, size): (&ContentDigest, Option<u64>),
        to: &mut dyn Write,
    ) -> Result<()> {
        let what = format!("failed to fetch `{reference}`");
        let wanted = pull::Wanted { digest, size };
        let repository = &reference.repository;
        client::wait_for(pull::blob(&self.session, repository, &wanted, to, &what))
    }

    fn push(
        &self,
        reference: &Reference,
        (content, progress): (&Path, &dyn Progress),
        annotations: &BTreeMap<String, String>,
    ) -> Result<ContentDigest> {
        let Target::Tag(tag) = &reference.target else {
            return Err(Error::input(format!(
                "`{reference}` cannot be pushed to, since it is a digest"
            ))
            .hint("use a tag: `host/repository:tag`"));
        };
        let title = content.file_name().unwrap_or_default().to_string_lossy();
        if let Some(broken) = describe::describe(content)?.broken {
            return Err(
                Error::input(format!("`{title}` is not a valid WebAssembly file"))
                    .because(broken)
                    .hint("give a component, as built by `cargo component build`"),
            );
        }
        Oci::push(
            self,
            &Upload {
                repository: &reference.repository,
                tag,
                content,
                title: &title,
                annotations,
                progress,
            },
        )
    }

    fn log_in(&self, user: &str, password: &Secret) -> Result<Kept> {
        login::log_in(&self.session, user, password)
    }

    fn log_out(&self) -> Result<Kept> {
        login::log_out(&self.session)
    }
}
