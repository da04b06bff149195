//! The backend of OCI registries: packages by name and version, artifacts by
//! reference.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use semver::Version;

use super::artifact::{Artifact, Blob};
use super::catalog::Catalog;
use super::client_context::ClientContext;
use super::push::Upload;
use super::reference::{Reference, Target};
use super::session::Session;
use super::{artifact, catalog, client, describe, login, pull, push, reference};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::resolver::ListedVersion;
use crate::system::registry::artifacts::{Artifacts, FoundArtifact, LoginOutcome};
use crate::system::registry::interface::{PackageList, Publication, Registry, Release};
use crate::system::registry::routes;
use crate::system::registry::secret::Secret;

/// A registry of OCI artifacts. Logins are looked up and connections made when
/// they are first needed, and shared by all threads. It must not be asked from
/// within an asynchronous runtime.
#[derive(Debug)]
pub struct OciRegistry {
    session: Session,
    prefix: String,
}

impl OciRegistry {
    /// The registry of this route. No request is sent yet; an error is one of
    /// its settings.
    pub fn new(oci: &routes::OciRoute, context: ClientContext) -> Result<Self> {
        Ok(OciRegistry {
            session: Session::new(oci, context)?,
            prefix: oci.prefix.clone(),
        })
    }

    /// All tags of a repository; `None` if it is not there or empty.
    pub fn tags(&self, repository: &str) -> Result<Option<Vec<String>>> {
        let error_message = format!(
            "failed to list the tags of `{}`",
            self.display_name(repository)
        );
        client::wait_for(pull::tags(&self.session, repository, &error_message))
    }

    /// The artifact of a tag or digest; `None` if it is not there.
    pub fn artifact(&self, repository: &str, target: &Target) -> Result<Option<Artifact>> {
        let error_message = format!(
            "failed to find `{target}` in `{}`",
            self.display_name(repository)
        );
        client::wait_for(pull::artifact(
            &self.session,
            repository,
            target,
            &error_message,
        ))
    }

    /// Writes a blob to `to`, in small parts. Only the number of bytes is
    /// checked.
    pub fn blob(&self, repository: &str, blob: &Blob, to: &mut dyn Write) -> Result<()> {
        let error_message = format!("failed to fetch `{}`", self.display_name(repository));
        let request = pull::BlobRequest {
            digest: &blob.digest,
            size: Some(blob.size),
        };
        client::wait_for(pull::blob(
            &self.session,
            repository,
            &request,
            to,
            &error_message,
        ))
    }

    /// Pushes a file, whatever its tag was before, and returns the digest of the
    /// manifest.
    pub fn push(&self, upload: &Upload<'_>) -> Result<ContentDigest> {
        let place = self.display_name(upload.repository);
        let error_message = format!("failed to push to `{place}:{}`", upload.tag);
        client::wait_for(push::push(&self.session, upload, &error_message))
    }

    /// The artifact of a version.
    fn of_version(&self, package: &PackageRef, version: &Version) -> Result<Option<Artifact>> {
        let repository = self.repository(package)?;
        let error_message = format!(
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
            let found = pull::artifact(&self.session, &repository, &target, &error_message);
            if let Some(artifact) = client::wait_for(found)? {
                return Ok(Some(artifact));
            }
        }
        Ok(None)
    }

    fn repository(&self, package: &PackageRef) -> Result<String> {
        reference::repository(&self.prefix, package)
    }

    fn display_name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.session.host())
    }
}

impl Registry for OciRegistry {
    fn location(&self, package: &PackageRef) -> String {
        let prefix = format!("{}{}/{}", self.prefix, package.namespace(), package.name());
        format!("`{}`", self.display_name(&prefix))
    }

    fn withdraws(&self) -> bool {
        false
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>> {
        let repository = self.repository(package)?;
        let error_message = format!(
            "failed to list the versions of `{package}` in {}",
            self.location(package)
        );
        let tags = client::wait_for(pull::tags(&self.session, &repository, &error_message))?;
        Ok(tags.map(|tags| {
            let mut versions: Vec<Version> = tags
                .iter()
                .filter_map(|tag| reference::version(tag))
                .collect();
            versions.sort();
            versions.dedup();
            let listed = versions.into_iter().map(|version| ListedVersion {
                version,
                yanked: false,
            });
            listed.collect()
        }))
    }

    fn packages(&self) -> Result<PackageList> {
        let error_message = format!("failed to list the packages of `{}`", self.session.host());
        let found = client::wait_for(catalog::repositories(&self.session, &error_message))?;
        Ok(match found {
            Catalog::Refused(why) => PackageList::Unlisted(why),
            Catalog::Repositories(names) => {
                let names = names.iter();
                let packages = names.filter_map(|name| catalog::package_in(&self.prefix, name));
                PackageList::Names(packages.collect())
            }
        })
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
        let error_message = format!(
            "failed to fetch `{package}@{}` from {}",
            release.version,
            self.location(package)
        );
        let request = pull::BlobRequest {
            digest: &release.digest,
            size: release.size,
        };
        client::wait_for(pull::blob(
            &self.session,
            &repository,
            &request,
            to,
            &error_message,
        ))
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        let (package, version) = (publication.package, publication.version);
        let repository = self.repository(package)?;
        let tag = reference::tag(version)?;
        let error_message = format!(
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
            if push::tag_exists(&self.session, &upload, &error_message).await? {
                let place = self.location(package);
                return Err(Error::input(format!(
                    "`{package}@{version}` is already published, in {place}"
                ))
                .hint("increase its version"));
            }
            push::push(&self.session, &upload, &error_message).await?;
            Ok(())
        })
    }
}

impl Artifacts for OciRegistry {
    fn host(&self) -> &str {
        self.session.host()
    }

    fn find(&self, reference: &Reference) -> Result<Option<FoundArtifact>> {
        let found = self.artifact(&reference.repository, &reference.target)?;
        Ok(found.map(|artifact| FoundArtifact {
            manifest: artifact.digest,
            content: artifact.layer.digest,
            size: artifact.layer.size,
            annotations: artifact.annotations,
        }))
    }

    fn read(
        &self,
        reference: &Reference,
        digest: &ContentDigest,
        size: Option<u64>,
        to: &mut dyn Write,
    ) -> Result<()> {
        let error_message = format!("failed to fetch `{reference}`");
        let request = pull::BlobRequest { digest, size };
        let repository = &reference.repository;
        client::wait_for(pull::blob(
            &self.session,
            repository,
            &request,
            to,
            &error_message,
        ))
    }

    fn push(
        &self,
        reference: &Reference,
        content: &Path,
        annotations: &BTreeMap<String, String>,
        progress: &dyn Progress,
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
                    .with_cause(broken)
                    .hint("give a component, as built by `cargo component build`"),
            );
        }
        OciRegistry::push(
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

    fn log_in(&self, user: &str, password: &Secret) -> Result<LoginOutcome> {
        login::log_in(&self.session, user, password)
    }

    fn log_out(&self) -> Result<LoginOutcome> {
        login::log_out(&self.session)
    }
}
