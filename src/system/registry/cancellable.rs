//! Registries whose requests can be cancelled.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use semver::Version;

use super::artifacts::{Artifacts, FoundArtifact, LoginOutcome};
use super::interface::{PackageList, Publication, Registry, Release};
use super::oci::reference::Reference;
use super::secret::Secret;
use crate::base::cancellation::Cancellation;
use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::model::resolver::ListedVersion;

/// A registry or a host of artifacts that fails once its work is cancelled.
pub struct Cancellable<T: ?Sized> {
    inner: Arc<T>,
    cancellation: Cancellation,
}

impl<T: ?Sized> Cancellable<T> {
    /// Adds this cancellation to a registry or a host of artifacts.
    pub fn new(inner: Arc<T>, cancellation: Cancellation) -> Self {
        Cancellable {
            inner,
            cancellation,
        }
    }

    /// The registry, unless the work is cancelled.
    fn running(&self) -> Result<&T> {
        self.cancellation.check()?;
        Ok(&self.inner)
    }
}

/// A writer that fails once the work is cancelled.
struct CancellableWriter<'a> {
    to: &'a mut dyn Write,
    cancellation: &'a Cancellation,
}

impl Write for CancellableWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.cancellation.check().map_err(std::io::Error::other)?;
        self.to.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

impl Registry for Cancellable<dyn Registry> {
    fn location(&self, package: &PackageRef) -> String {
        self.inner.location(package)
    }

    fn url(&self, package: &PackageRef, version: &Version) -> Option<String> {
        self.inner.url(package, version)
    }

    fn withdraws(&self) -> bool {
        self.inner.withdraws()
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>> {
        self.running()?.versions(package)
    }

    fn packages(&self) -> Result<PackageList> {
        self.running()?.packages()
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        self.running()?.release(package, version)
    }

    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()> {
        let cancellation = &self.cancellation;
        let mut to = CancellableWriter { to, cancellation };
        let fetched = self.running()?.fetch(package, release, &mut to);
        // The writer's error would be told as one of the disk.
        cancellation.check().and(fetched)
    }

    fn annotations(
        &self,
        package: &PackageRef,
        version: &Version,
    ) -> Result<BTreeMap<String, String>> {
        self.running()?.annotations(package, version)
    }

    fn description(&self, package: &PackageRef, version: &Version) -> Result<Option<String>> {
        self.running()?.description(package, version)
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        self.running()?.publish(publication)
    }
}

impl Artifacts for Cancellable<dyn Artifacts> {
    fn host(&self) -> &str {
        self.inner.host()
    }

    fn find(&self, reference: &Reference) -> Result<Option<FoundArtifact>> {
        self.running()?.find(reference)
    }

    fn read(
        &self,
        reference: &Reference,
        digest: &ContentDigest,
        size: Option<u64>,
        to: &mut dyn Write,
    ) -> Result<()> {
        let cancellation = &self.cancellation;
        let mut to = CancellableWriter { to, cancellation };
        let read = self.running()?.read(reference, digest, size, &mut to);
        cancellation.check().and(read)
    }

    fn push(
        &self,
        reference: &Reference,
        content: &Path,
        annotations: &BTreeMap<String, String>,
        progress: &dyn Progress,
    ) -> Result<ContentDigest> {
        self.running()?
            .push(reference, content, annotations, progress)
    }

    fn log_in(&self, user: &str, password: &Secret) -> Result<LoginOutcome> {
        self.running()?.log_in(user, password)
    }

    fn log_out(&self) -> Result<LoginOutcome> {
        self.running()?.log_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::registry::memory::MemoryRegistry;

    /// Cancels the work when it is written to.
    struct CancelsWhenWritten(Cancellation);

    impl Write for CancelsWhenWritten {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.cancel();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_is_asked_after_the_work_was_cancelled() {
        let package: PackageRef = "a:b".parse().unwrap();
        let version = Version::new(1, 0, 0);
        let memory = MemoryRegistry::default();
        memory.insert(package.clone(), version.clone(), *b"content");
        let cancellation = Cancellation::default();
        let inner: Arc<dyn Registry> = Arc::new(memory);
        let registry = Cancellable::new(inner, cancellation.clone());
        let release = registry.release(&package, &version).unwrap().unwrap();
        let mut to = CancelsWhenWritten(cancellation);
        let error = registry.fetch(&package, &release, &mut to).unwrap_err();
        assert_eq!(error.message(), "the work was cancelled");
        assert!(registry.versions(&package).is_err());
    }
}
