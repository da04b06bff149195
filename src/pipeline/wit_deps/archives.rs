//! The cache of archives: each by its own digest, and for each address the
//! digests of the archive that was last fetched from it. It lies beside the
//! cached packages of registries.
//!
//! | file | content |
//! | --- | --- |
//! | `<sha256>.tar.gz` | an archive |
//! | `<sha256 of an address>.last` | the SHA-256 and SHA-512 of its archive, a line each |
//!
//! Addresses are digested without their login, and none is kept as text. A
//! file that does not have its digest counts as absent and is replaced.

use std::path::{Path, PathBuf};

use url::Url;

use crate::base::error::Result;
use crate::model::lockfile::tree::{Digests, DirectoryDigester, HexDigest};
use crate::system::fs;
use crate::system::source::download::Downloader;

/// The directory of archives.
#[derive(Clone, Debug)]
pub struct Archives(PathBuf);

impl Archives {
    /// The directory of archives in this cache.
    pub fn new(cache: &Path) -> Self {
        Archives(cache.join("wit-deps"))
    }

    /// The path of the directory.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// The file that is locked while a run uses the directory.
    pub fn lock_file(&self) -> PathBuf {
        self.0.join(".lock")
    }

    fn file(&self, sha256: &HexDigest<32>) -> PathBuf {
        self.0.join(format!("{sha256}.tar.gz"))
    }

    fn last(&self, url: &Url) -> PathBuf {
        let mut url = url.clone();
        // Both fail only for addresses that cannot have a login.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let name = Digests::of_bytes(url.as_str().as_bytes()).sha256;
        self.0.join(format!("{name}.last"))
    }

    /// The digests of the archive that was last fetched from an address.
    pub fn known(&self, url: &Url) -> Option<Digests> {
        let file = self.last(url);
        if !fs::is_regular(&file) {
            return None;
        }
        let text = fs::read_text_if_exists(&file).ok()??;
        let (sha256, sha512) = text.trim().split_once('\n')?;
        Some(Digests {
            sha256: sha256.parse().ok()?,
            sha512: sha512.parse().ok()?,
        })
    }

    /// Records the digests of the archive that was fetched from an address.
    pub fn remember(&self, url: &Url, digests: &Digests) -> Result<()> {
        let text = format!("{}\n{}\n", digests.sha256, digests.sha512);
        let file = self.last(url);
        fs::remove_irregular(&file)?;
        fs::write_if_changed(&file, text.as_bytes())?;
        Ok(())
    }

    /// The archive with this digest, and both of its digests; `None` where it is
    /// missing or damaged.
    pub fn get(&self, sha256: &HexDigest<32>) -> Option<(PathBuf, Digests)> {
        let file = self.file(sha256);
        if !fs::is_regular(&file) {
            return None;
        }
        let mut digester = DirectoryDigester::default();
        std::io::copy(&mut fs::open(&file).ok()?, &mut digester).ok()?;
        let digests = digester.finish();
        (digests.sha256 == *sha256).then_some((file, digests))
    }

    /// Removes all archives and the digests of addresses; the number of archives
    /// that were removed. Other files stay.
    pub fn clear(&self) -> Result<usize> {
        let mut count = 0;
        if !fs::is_dir(&self.0) {
            return Ok(count);
        }
        for path in fs::list(&self.0)? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some((stem, end)) = name.and_then(|name| name.split_once('.')) else {
                continue;
            };
            let is_digest = stem.parse::<HexDigest<32>>().is_ok();
            if is_digest && matches!(end, "tar.gz" | "last" | "part") {
                fs::remove_file(&path)?;
                count += usize::from(end == "tar.gz");
            }
        }
        Ok(count)
    }

    /// Fetches an archive, even if it is cached. Several processes may do so at
    /// the same time.
    pub fn fetch(&self, web: &Downloader, url: &Url) -> Result<(PathBuf, Digests)> {
        fs::create_dir(&self.0)?;
        let own = fs::TemporaryDir::new(&self.0)?;
        let part = own.path().join("part");
        let digests = web.fetch(url, &part)?;
        let file = self.file(&digests.sha256);
        fs::rename(&part, &file)?;
        Ok((file, digests))
    }
}

/// Removes all archives from a cache; the number of archives removed.
pub fn forget(cache: &Path) -> Result<usize> {
    Archives::new(cache).clear()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_archive_is_a_miss_and_logins_are_not_in_names() {
        let dir = tempfile::tempdir().unwrap();
        let archives = Archives::new(dir.path());
        let [url, other]: [Url; 2] =
            ["http://me:pw@h/a", "http://h/a"].map(|url| url.parse().unwrap());
        assert!(archives.known(&url).is_none());
        let digests = Digests::of_bytes(b"archive");
        archives.remember(&url, &digests).unwrap();
        assert_eq!(archives.known(&other), Some(digests.clone()));
        assert!(archives.get(&digests.sha256).is_none());
        let file = archives.file(&digests.sha256);
        fs::write_atomic(&file, b"archive").unwrap();
        assert_eq!(
            archives.get(&digests.sha256),
            Some((file.clone(), digests.clone()))
        );
        fs::write_atomic(&file, b"arch").unwrap();
        assert!(archives.get(&digests.sha256).is_none());
        #[cfg(unix)]
        for (name, known) in [(file, false), (archives.last(&url), true)] {
            fs::remove_file(&name).unwrap();
            std::os::unix::fs::symlink("/dev/zero", &name).unwrap();
            assert!(archives.get(&digests.sha256).is_none());
            assert!(archives.known(&url).is_none() || !known);
        }
        #[cfg(unix)]
        archives.remember(&url, &digests).unwrap();
        assert_eq!(archives.known(&url), Some(digests.clone()));
        fs::write_atomic(&archives.0.join("notes.tar.gz"), b"mine").unwrap();
        assert_eq!(archives.clear().unwrap(), 1);
        assert_eq!(fs::list(&archives.0).unwrap().len(), 1);
    }
}
