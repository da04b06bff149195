//! The files in the directory of a cache, by their names: what has neither
//! wasm-pkg's layout nor our own is not ours to touch.

use std::path::{Path, PathBuf};

use semver::Version;

use super::cache::Cache;
use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::system::fs;

/// The files of a cache.
#[derive(Clone, Debug, Default)]
pub struct StoredFiles {
    /// The bytes of packages, by the digest in their name.
    pub contents: Vec<(ContentDigest, StoredFile)>,
    /// The records of releases.
    pub records: Vec<StoredRecord>,
    /// Files and directories that killed runs left.
    pub leftovers: Vec<StoredFile>,
}

/// A file and its length in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The path of the file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
}

/// The record of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The name of the package.
    pub package: PackageRef,
    /// The version of the release.
    pub version: Version,
    /// The digest it has; none if it cannot be read.
    pub digest: Option<ContentDigest>,
    /// The file of the record.
    pub file: StoredFile,
}

/// The directories of a cache in which runs leave something when they are
/// killed.
pub fn directories(cache: &Cache) -> [PathBuf; 4] {
    let dir = cache.dir();
    ["", "wit-deps", "fetched", "begun"].map(|name| dir.join(name))
}

impl StoredFiles {
    /// Reads the names of the files of a cache, which need not be there, and
    /// its records.
    pub fn read(cache: &Cache) -> Result<Self> {
        let mut stored = StoredFiles::default();
        if !fs::is_dir(cache.dir()) {
            return Ok(stored);
        }
        for path in directories(cache).iter().flat_map(|dir| fs::leftovers(dir)) {
            let sizes = fs::files_below(&path).unwrap_or_default();
            let sizes = sizes.iter().filter_map(|file| fs::size(file).ok());
            let size = sizes.sum();
            stored.leftovers.push(StoredFile { path, size });
        }
        for path in fs::list(cache.dir())? {
            let name = path.file_name().and_then(|name| name.to_str());
            // A file may go while it is looked at.
            let (Some(name), Some((size, _))) = (name, fs::stamp(&path)) else {
                continue;
            };
            if fs::is_dir(&path) {
                continue;
            }
            let file = StoredFile {
                path: path.clone(),
                size,
            };
            if let Some(digest) = content(name) {
                stored.contents.push((digest, file));
            } else if let Some((package, version)) = record(name) {
                stored.records.push(StoredRecord {
                    package,
                    version,
                    digest: digest_in(&path),
                    file,
                });
            }
        }
        Ok(stored)
    }

    /// All files but those of killed runs.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        let contents = self.contents.iter().map(|(_, file)| file);
        let records = self.records.iter().map(|record| &record.file);
        contents.chain(records)
    }

    /// The length of all files in bytes, with those of killed runs.
    pub fn size(&self) -> u64 {
        let all = self.files().chain(&self.leftovers);
        all.map(|file| file.size).sum()
    }

    /// The part of it that only these releases need: their records, and the
    /// contents no other record has.
    pub fn part_for(&self, is_selected: impl Fn(&StoredRecord) -> bool) -> Self {
        let (records, others): (Vec<&StoredRecord>, Vec<&StoredRecord>) =
            self.records.iter().partition(|record| is_selected(record));
        let in_any = |records: &[&StoredRecord], digest: &ContentDigest| {
            records.iter().any(|r| r.digest.as_ref() == Some(digest))
        };
        let contents = self
            .contents
            .iter()
            .filter(|(digest, _)| in_any(&records, digest) && !in_any(&others, digest));
        StoredFiles {
            contents: contents.cloned().collect(),
            records: records.into_iter().cloned().collect(),
            leftovers: Vec::new(),
        }
    }
}

/// On Windows `_` stands for `:`.
fn colons(name: &str) -> Option<(&str, &str)> {
    name.split_once(if cfg!(windows) { '_' } else { ':' })
}

/// The digest as text: `sha256:<64 hex>`.
fn content(name: &str) -> Option<ContentDigest> {
    let (algorithm, hex) = colons(name)?;
    format!("{algorithm}:{hex}").parse().ok()
}

/// `<namespace>:<name>-<version>.json`; a version starts with a digit, and no
/// word of a name does.
fn record(name: &str) -> Option<(PackageRef, Version)> {
    let (namespace, rest) = colons(name.strip_suffix(".json")?)?;
    let dashes = rest.match_indices('-');
    let starts = |at: usize| rest[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let at = dashes.map(|(at, _)| at).find(|at| starts(*at))?;
    let package = format!("{namespace}:{}", &rest[..at]).parse().ok()?;
    Some((package, rest[at + 1..].parse().ok()?))
}

fn digest_in(path: &Path) -> Option<ContentDigest> {
    // The target of a link is not the cache's, and may have no end.
    if !fs::is_regular(path) {
        return None;
    }
    let text = fs::read_text(path).ok()?;
    let record: serde_json::Value = serde_json::from_str(&text).ok()?;
    record.get("content_digest")?.as_str()?.parse().ok()
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn names_of_records_are_taken_apart() {
        let (package, version) = record("a-b:c-d1-1.0.0-rc.1+x.json").unwrap();
        assert_eq!(package.to_string(), "a-b:c-d1");
        assert_eq!(version.to_string(), "1.0.0-rc.1+x");
        for other in ["a:b.json", "a:b-1.json", "b-1.0.0.json", "a:b-1.0.0.txt"] {
            assert!(record(other).is_none(), "{other}");
        }
    }

    #[test]
    fn only_known_files_count_and_shared_contents_stay() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write_atomic(&path, text.as_bytes()).unwrap();
            path
        };
        let [one, two] = [b"one", b"two"].map(|bytes| ContentDigest::of(bytes));
        put(&one.to_string(), "one");
        put(&two.to_string(), "two");
        let json = |digest: &ContentDigest| format!("{{\"content_digest\":\"{digest}\"}}");
        put("a:b-1.0.0.json", &json(&one));
        put("a:b-2.0.0.json", &json(&two));
        put("a:c-1.0.0.json", &json(&one));
        put("notes.txt", "mine");
        put("sha256:short", "mine");
        let live = put(".cargo-component-alive1", "under way");
        let live = std::fs::File::open(live).unwrap();
        live.lock().unwrap();
        let dead = put(".cargo-component-dead01", "broken off");
        let below = put("wit-deps/.cargo-component-dead02/part", "broken off");
        let stored = StoredFiles::read(&Cache::new(dir.path())).unwrap();
        assert_eq!(stored.files().count(), 5);
        let left: Vec<_> = stored.leftovers.iter().map(|file| &*file.path).collect();
        assert_eq!(left, [&*dead, below.parent().unwrap()]);
        assert_eq!(stored.leftovers[1].size, 10);
        let ab = "a:b".parse().unwrap();
        let part = stored.part_for(|record| record.package == ab);
        let names: Vec<_> = part.contents.iter().map(|(digest, _)| digest).collect();
        assert_eq!((names, part.records.len()), (vec![&two], 2));
    }
}
