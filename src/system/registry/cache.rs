//! The cache of downloaded packages: one flat directory in wasm-pkg's layout,
//! so that `wkg` and this tool share one on Unix.
//!
//! | file | content |
//! | --- | --- |
//! | `sha256:<64 hex>` | the bytes of a package |
//! | `<ns>:<name>-<version>.json` | the digest of a release |
//!
//! Bytes are read by their digest. Release records are written for others;
//! they also say which registry a release is of, since another one may have
//! another release of that name.
//! What does not have the digest it is named by counts as absent, and so does
//! what is no regular file: a link would lead to a file that is not the
//! cache's. On Windows a file name cannot hold `:`; `_` stands in its place
//! there.

use std::io::Write;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Progress;
use crate::system::fs;
use crate::system::registry::interface::{Registry, Release};

/// A directory of downloaded packages.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// The state of the file for a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheEntry {
    /// No regular file is there.
    Absent,
    /// Bytes with the digest.
    Good,
    /// A file whose bytes have another digest.
    Damaged(PathBuf, ContentDigest),
}

impl Cache {
    /// The cache in this directory, which need not be there.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Cache { dir: dir.into() }
    }

    /// The directory of the cache.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file whose lock is held while shared content is changed.
    pub fn lock_file(&self) -> PathBuf {
        self.dir.join(".lock")
    }

    fn file(&self, name: &str) -> PathBuf {
        match cfg!(windows) {
            true => self.dir.join(name.replace(':', "_")),
            false => self.dir.join(name),
        }
    }

    /// The file with these bytes, if it is there and has the digest.
    pub fn get(&self, digest: &ContentDigest) -> Option<PathBuf> {
        let file = self.file(&digest.to_string());
        if !fs::is_regular(&file) {
            return None;
        }
        let found = fs::digest(&file).ok()?.0;
        (found == *digest).then_some(file)
    }

    /// The state of the file for this digest.
    pub fn entry(&self, digest: &ContentDigest) -> Result<CacheEntry> {
        let file = self.file(&digest.to_string());
        if !fs::is_regular(&file) {
            return Ok(CacheEntry::Absent);
        }
        let found = fs::digest(&file)?.0;
        Ok(match found == *digest {
            true => CacheEntry::Good,
            false => CacheEntry::Damaged(file, found),
        })
    }

    /// Removes a file of the cache.
    pub fn remove(&self, file: &Path) -> Result<()> {
        fs::remove_file(file)
    }

    /// The file with these bytes, which `fetch` writes unless it is there;
    /// `mismatch` makes the error where `fetch` writes bytes of another digest.
    pub fn get_or_write(
        &self,
        digest: &ContentDigest,
        fetch: impl FnOnce(&mut dyn Write) -> Result<()>,
        mismatch: impl FnOnce(&ContentDigest) -> Error,
    ) -> Result<PathBuf> {
        if let Some(file) = self.get(digest) {
            return Ok(file);
        }
        let file = self.file(&digest.to_string());
        fs::remove_irregular(&file)?;
        fs::write_atomic_with(&file, |to| {
            let found = digest_while_writing(to, fetch)?;
            match found == *digest {
                true => Ok(()),
                false => Err(mismatch(&found)),
            }
        })?;
        Ok(file)
    }

    /// The file with the bytes of a release, fetched unless it is there, and
    /// recorded for others.
    pub fn get_or_fetch(
        &self,
        registry: &dyn Registry,
        package: &PackageRef,
        release: &Release,
        progress: &dyn Progress,
    ) -> Result<PathBuf> {
        let file = self.content(registry, package, release, progress)?;
        // Also where the bytes were there: the run that fetched them may have
        // been killed before it came to this.
        let name = self.record(package, &release.version);
        // Which registry it was from is not forgotten.
        if ReleaseRecord::read(&name)
            .is_none_or(|old| old.content_digest != release.digest.to_string())
        {
            let record = format!(
                "{{\"version\":\"{}\",\"content_digest\":\"{}\"}}",
                release.version, release.digest
            );
            write_record(&name, &record)?;
        }
        Ok(file)
    }

    /// The file with the bytes of a release, fetched unless it is there. The caller
    /// records the release with [`Cache::record_origin`].
    pub fn content(
        &self,
        registry: &dyn Registry,
        package: &PackageRef,
        release: &Release,
        progress: &dyn Progress,
    ) -> Result<PathBuf> {
        let fetch = |to: &mut dyn Write| {
            let mut writer = ProgressWriter { to, progress };
            registry.fetch(package, release, &mut writer)
        };
        self.get_or_write(&release.digest, fetch, |found| {
            digest_mismatch(registry, package, release, found)
        })
    }

    fn record(&self, package: &PackageRef, version: &Version) -> PathBuf {
        self.file(&format!("{package}-{version}.json"))
    }

    /// Records which registry has a release, by its address without credentials;
    /// of several, the last one stays.
    pub fn record_origin(
        &self,
        package: &PackageRef,
        version: &Version,
        digest: &ContentDigest,
        registry: &str,
    ) -> Result<()> {
        let record = ReleaseRecord {
            version: version.to_string(),
            content_digest: digest.to_string(),
            registry: Some(registry.to_owned()),
        };
        let text = serde_json::to_string(&record)
            .map_err(|e| Error::input("failed to describe a release").with_cause(e))?;
        write_record(&self.record(package, version), &text)
    }

    /// The digest of a release that was fetched from this registry, as
    /// [`Cache::record_origin`] recorded.
    pub fn recorded_digest(
        &self,
        package: &PackageRef,
        version: &Version,
        registry: &str,
    ) -> Option<ContentDigest> {
        let record = ReleaseRecord::read(&self.record(package, version))?;
        let is_same = record.version == version.to_string();
        let is_from_there = record.registry.as_deref() == Some(registry);
        (is_same && is_from_there).then(|| record.content_digest.parse().ok())?
    }
}

/// The record of a release. Others read its first two keys, and pass over
/// what they do not know.
#[derive(Serialize, Deserialize)]
struct ReleaseRecord {
    version: String,
    content_digest: String,
    #[serde(default)]
    registry: Option<String>,
}

impl ReleaseRecord {
    fn read(path: &Path) -> Option<Self> {
        // The target of a link is not the cache's, and may have no end.
        if !fs::is_regular(path) {
            return None;
        }
        serde_json::from_str(&fs::read_text(path).ok()?).ok()
    }
}

fn write_record(path: &Path, text: &str) -> Result<()> {
    fs::remove_irregular(path)?;
    fs::write_if_changed(path, text.as_bytes())?;
    Ok(())
}

fn digest_mismatch(
    registry: &dyn Registry,
    package: &PackageRef,
    release: &Release,
    found: &ContentDigest,
) -> Error {
    Error::input(format!(
        "component registry package `{package}` (v`{}`) has digest `{found}` but `{}` was expected",
        release.version, release.digest
    ))
    .with_cause(format!("it comes from {}", registry.location(package)))
    .hint("try again; if the error persists, the release was replaced: find out why before you run `cargo component update`")
}

/// The digest of what `fetch` writes to `to`.
pub fn digest_while_writing(
    to: &mut dyn Write,
    fetch: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<ContentDigest> {
    let mut writer = DigestingWriter {
        to,
        digest: crate::base::package::Digester::default(),
    };
    fetch(&mut writer)?;
    Ok(writer.digest.finish())
}

/// A writer that digests what passes through.
struct DigestingWriter<'a> {
    to: &'a mut dyn Write,
    digest: crate::base::package::Digester,
}

impl Write for DigestingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.digest.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// A writer that reports what passes through.
pub struct ProgressWriter<'a> {
    /// The writer that gets the bytes.
    pub to: &'a mut dyn Write,
    /// The progress that gets the number of bytes.
    pub progress: &'a dyn Progress,
}

impl Write for ProgressWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.progress.bytes(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::progress::NoProgress;
    use crate::system::registry::memory::MemoryRegistry;

    fn release(content: &[u8]) -> Release {
        Release {
            version: "1.0.0".parse().unwrap(),
            digest: ContentDigest::of(content),
            size: None,
        }
    }

    #[test]
    fn a_package_is_fetched_once_and_a_damaged_file_is_a_miss() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("cache"));
        let registry = MemoryRegistry::default();
        let package: PackageRef = "a:b".parse().unwrap();
        registry.insert(package.clone(), "1.0.0".parse().unwrap(), *b"bytes");
        let release = release(b"bytes");
        for _ in 0..2 {
            let file = cache
                .get_or_fetch(&registry, &package, &release, &NoProgress)
                .unwrap();
            assert_eq!(fs::read(&file).unwrap(), b"bytes");
        }
        assert_eq!(registry.requests().len(), 1);
        let file = cache.get(&release.digest).unwrap();
        fs::write_atomic(&file, b"other").unwrap();
        assert!(cache.get(&release.digest).is_none());
        cache
            .get_or_fetch(&registry, &package, &release, &NoProgress)
            .unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"bytes");
        let record = fs::read_text(&cache.file("a:b-1.0.0.json")).unwrap();
        let digest = &release.digest;
        assert_eq!(
            record,
            format!("{{\"version\":\"1.0.0\",\"content_digest\":\"{digest}\"}}")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_cache_is_neither_read_nor_followed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let cache = Cache::new(at("cache"));
        let registry = MemoryRegistry::default();
        let package: PackageRef = "a:b".parse().unwrap();
        registry.insert(package.clone(), "1.0.0".parse().unwrap(), *b"bytes");
        let release = release(b"bytes");
        let names = [release.digest.to_string(), "a:b-1.0.0.json".to_owned()];
        let link = |target: &Path| {
            for file in names.iter().map(|name| cache.file(name)) {
                fs::remove_file(&file).unwrap();
                std::os::unix::fs::symlink(target, file).unwrap();
            }
        };
        fs::write_atomic(&at("precious"), b"bytes").unwrap();
        fs::create_dir(cache.dir()).unwrap();
        for target in [at("precious"), PathBuf::from("/dev/zero")] {
            link(&target);
            assert!(cache.get(&release.digest).is_none());
            assert_eq!(cache.entry(&release.digest).unwrap(), CacheEntry::Absent);
            let stored = crate::system::registry::stored::StoredFiles::read(&cache).unwrap();
            assert_eq!(stored.records[0].digest, None);
            cache
                .get_or_fetch(&registry, &package, &release, &NoProgress)
                .unwrap();
            assert!(names.iter().all(|name| fs::is_regular(&cache.file(name))));
            assert_eq!(fs::read(&at("precious")).unwrap(), b"bytes");
        }
    }

    #[test]
    fn a_record_is_of_one_registry() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path());
        let registry = MemoryRegistry::default();
        let package: PackageRef = "a:b".parse().unwrap();
        registry.insert(package.clone(), "1.0.0".parse().unwrap(), *b"bytes");
        let Release {
            version, digest, ..
        } = release(b"bytes");
        let recorded_digest = |registry: &str| cache.recorded_digest(&package, &version, registry);
        cache
            .record_origin(&package, &version, &digest, "oci://h.example/one")
            .unwrap();
        cache
            .get_or_fetch(&registry, &package, &release(b"bytes"), &NoProgress)
            .unwrap();
        assert_eq!(recorded_digest("oci://h.example/one"), Some(digest.clone()));
        assert_eq!(recorded_digest("oci://h.example/two"), None);
        let other = ContentDigest::of(b"other");
        cache
            .record_origin(&package, &version, &other, "oci://h.example/two")
            .unwrap();
        assert_eq!(recorded_digest("oci://h.example/one"), None);
    }

    #[test]
    fn bytes_with_another_digest_are_refused_and_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path());
        let registry = MemoryRegistry::default();
        let package: PackageRef = "a:b".parse().unwrap();
        registry.insert(package.clone(), "1.0.0".parse().unwrap(), *b"evil");
        let error = cache
            .get_or_fetch(&registry, &package, &release(b"good"), &NoProgress)
            .unwrap_err();
        assert!(error.to_string().contains("has digest"), "{error}");
        assert!(fs::list(dir.path()).unwrap().is_empty());
    }
}
