//! The state of the client, in the files of cargo-component 0.21.1 and of
//! `warg`: the logs it has verified and the checkpoint it trusts. Content is
//! only read there, the caller has a cache of its own.
//!
//! The client's own storage writes files in place; these are replaced in one
//! step, so that an interrupted run leaves no broken log behind.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use anyhow::{Result, bail};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, stream};
use indexmap::IndexMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use warg_client::storage::{
    ContentStorage, NamespaceMapStorage, OperatorInfo, PackageInfo, PublishInfo, RegistryDomain,
    RegistryStorage,
};
use warg_crypto::hash::{AnyHash, Sha256};
use warg_protocol::SerdeEnvelope;
use warg_protocol::registry::{LogId, PackageName, TimestampedCheckpoint};

use crate::base::error::Error;
use crate::system::fs;

/// The verified logs of one registry, and of those it speaks for.
pub struct Logs {
    /// The directory of all registries.
    pub all: PathBuf,
    /// The name of this one's directory in it.
    pub label: String,
}

impl Logs {
    /// The directory of this registry.
    pub fn dir(&self) -> PathBuf {
        self.all.join(&self.label)
    }

    /// A file of this registry, or of one it speaks for.
    fn file(&self, of: Option<&RegistryDomain>, name: &str) -> Result<PathBuf> {
        match of.map(RegistryDomain::as_str) {
            None => Ok(self.dir().join(name)),
            Some(label) if label.contains(['/', '\\']) || label.starts_with('.') => {
                bail!("the registry `{label}`, to which a namespace is mapped, is not a valid name")
            }
            Some(label) => Ok(self.all.join(label).join(name)),
        }
    }

    fn log(&self, of: Option<&RegistryDomain>, package: &PackageName) -> Result<PathBuf> {
        let id = LogId::package_log::<Sha256>(package).to_string();
        self.file(of, &format!("package-logs/{}", id.replace(':', "/")))
    }
}

fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some(text) = fs::read_text_if_exists(path)? else {
        return Ok(None);
    };
    let broken = |e: serde_json::Error| {
        Error::input(format!("the file `{}` is invalid", path.display()))
            .with_cause(e)
            .hint("remove it; it is created again from the registry")
    };
    Ok(Some(serde_json::from_str(&text).map_err(broken)?))
}

fn store(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)?;
    fs::write_if_changed(path, &text)?;
    Ok(())
}

#[async_trait]
impl RegistryStorage for Logs {
    async fn reset(&self, _all_registries: bool) -> Result<()> {
        bail!("forgetting a registry is not supported")
    }

    async fn load_checkpoint(
        &self,
        of: Option<&RegistryDomain>,
    ) -> Result<Option<SerdeEnvelope<TimestampedCheckpoint>>> {
        load(&self.file(of, "checkpoint")?)
    }

    async fn store_checkpoint(
        &self,
        of: Option<&RegistryDomain>,
        checkpoint: &SerdeEnvelope<TimestampedCheckpoint>,
    ) -> Result<()> {
        store(&self.file(of, "checkpoint")?, checkpoint)
    }

    async fn load_operator(&self, of: Option<&RegistryDomain>) -> Result<Option<OperatorInfo>> {
        load(&self.file(of, "operator.log")?)
    }

    async fn store_operator(
        &self,
        of: Option<&RegistryDomain>,
        operator: OperatorInfo,
    ) -> Result<()> {
        store(&self.file(of, "operator.log")?, &operator)
    }

    async fn load_all_packages(&self) -> Result<IndexMap<RegistryDomain, Vec<PackageInfo>>> {
        bail!("packages can only be updated one at a time")
    }

    async fn load_package(
        &self,
        of: Option<&RegistryDomain>,
        package: &PackageName,
    ) -> Result<Option<PackageInfo>> {
        load(&self.log(of, package)?)
    }

    async fn store_package(&self, of: Option<&RegistryDomain>, info: &PackageInfo) -> Result<()> {
        store(&self.log(of, &info.name)?, info)
    }

    async fn load_publish(&self) -> Result<Option<PublishInfo>> {
        load(&self.file(None, "pending-publish.json")?)
    }

    async fn store_publish(&self, _info: Option<&PublishInfo>) -> Result<()> {
        bail!("delayed publishing is not supported")
    }
}

/// Content that is at hand.
pub struct Contents {
    /// A directory that may have some, in `sha256/<hex>`.
    pub dir: PathBuf,
    /// The file that is being published, with its digest.
    pub published: Option<(AnyHash, PathBuf)>,
}

/// The stream as which the client reads content.
type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send + Sync>>;

#[async_trait]
impl ContentStorage for Contents {
    async fn clear(&self) -> Result<()> {
        bail!("removing content is not supported")
    }

    fn content_location(&self, digest: &AnyHash) -> Option<PathBuf> {
        let path = self.dir.join(digest.to_string().replace(':', "/"));
        let found = fs::digest(&path).ok()?.0;
        (found.to_string() == digest.to_string()).then_some(path)
    }

    async fn load_content(&self, digest: &AnyHash) -> Result<Option<Chunks>> {
        let file = self.published.as_ref().filter(|(of, _)| of == digest);
        Ok(file.map(|(_, path)| -> Chunks { Box::pin(chunks(path.clone())) }))
    }

    async fn store_content(&self, _: Chunks, _: Option<&AnyHash>) -> Result<AnyHash> {
        bail!("storing content is not supported")
    }
}

/// A file in pieces; it ends after an error.
fn chunks(path: PathBuf) -> impl Stream<Item = Result<Bytes>> + Send + Sync {
    const LENGTH: usize = 1 << 16;
    let mut offset = Some(0);
    stream::iter(std::iter::from_fn(move || {
        let part = fs::read_part(&path, offset?, LENGTH);
        offset = match &part {
            Ok(bytes) if bytes.is_empty() => return None,
            Ok(bytes) => offset.map(|at| at + bytes.len() as u64),
            Err(_) => None,
        };
        Some(part.map(Bytes::from).map_err(Into::into))
    }))
}

/// Which registry a namespace is in, where that is another one that this one
/// speaks for. It is read only: a registry's word for it is shown to the user.
pub struct Namespaces {
    /// A JSON object of namespaces and names of registries.
    pub file: PathBuf,
}

#[async_trait]
impl NamespaceMapStorage for Namespaces {
    async fn load_namespace_map(&self) -> Result<Option<IndexMap<String, String>>> {
        load(&self.file)
    }

    async fn reset_namespaces(&self) -> Result<()> {
        bail!("changing namespaces is not supported")
    }

    async fn store_namespace(&self, _namespace: String, _registry: RegistryDomain) -> Result<()> {
        bail!("changing namespaces is not supported")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(dir: &Path) -> Logs {
        Logs {
            all: dir.to_owned(),
            label: "r.example".to_owned(),
        }
    }

    #[test]
    fn logs_lie_where_other_tools_look_for_them() {
        let logs = logs(Path::new("/r"));
        let package = PackageName::new("test:foo").unwrap();
        assert_eq!(
            logs.log(None, &package).unwrap(),
            Path::new(
                "/r/r.example/package-logs/sha256/17e9f0efa3fadd4085dc1aefc6bad35a0dfbcb3a6c80a7ed08e541bf4848a0cd"
            )
        );
        let of =
            |label: &str| logs.file(Some(&RegistryDomain::new(label.to_owned())), "checkpoint");
        assert_eq!(
            of("o.example").unwrap(),
            Path::new("/r/o.example/checkpoint")
        );
        assert!(of("../x").is_err());
    }

    #[test]
    fn a_broken_file_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("checkpoint");
        assert!(load::<OperatorInfo>(&file).unwrap().is_none());
        fs::write_atomic(&file, b"{").unwrap();
        let error = load::<OperatorInfo>(&file).unwrap_err();
        let error = error.downcast_ref::<Error>().unwrap();
        assert!(error.message().contains("checkpoint"), "{error}");
    }

    #[test]
    fn content_is_used_only_if_it_has_its_digest() {
        let dir = tempfile::tempdir().unwrap();
        let digest = crate::base::package::ContentDigest::of(b"content");
        let contents = Contents {
            dir: dir.path().to_owned(),
            published: None,
        };
        let expected: AnyHash = digest.to_string().parse().unwrap();
        let file = dir.path().join("sha256").join(digest.hex());
        fs::write_atomic(&file, b"content").unwrap();
        assert_eq!(contents.content_location(&expected), Some(file.clone()));
        fs::write_atomic(&file, b"other").unwrap();
        assert_eq!(contents.content_location(&expected), None);
    }
}
