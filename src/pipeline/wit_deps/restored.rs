//! Directories that other entries may bring again: one that has an entry of its
//! own is left out of what others bring, until that entry is dropped.

use std::collections::{BTreeMap, BTreeSet};

use super::archives::Archives;
use super::directories;
use super::present::Present;
use super::project::Project;
use crate::base::error::Result;
use crate::model::lockfile::deps::LockedDirectory;
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::DepsSource;
use crate::system::source::archive;
use crate::system::source::download::display_url;

/// What is known without the network of the directories that entries would
/// bring.
pub struct RestoredDirs<'a> {
    present: &'a Present,
    archives: &'a Archives,
    pinned: BTreeSet<String>,
    texts: BTreeMap<&'a String, WitText>,
}

/// The text of a directory of WIT, searched for names of packages.
struct WitText {
    /// The packages it declares, `namespace:name`.
    packages: BTreeSet<String>,
    /// The whole text without white space.
    whole: String,
}

impl<'a> RestoredDirs<'a> {
    /// Reads directories only if an entry was dropped.
    pub fn new(project: &'a Project, present: &'a Present, archives: &'a Archives) -> Result<Self> {
        let mut texts = BTreeMap::new();
        if !present.dropped.is_empty() {
            for id in present.dirs.keys() {
                if let Some(dir) = directories::read(&project.dir(id))? {
                    let files = dir.values().map(|file| &*file.bytes);
                    texts.insert(id, WitText::of(&files.collect::<Vec<_>>().join(&b'\n')));
                }
            }
        }
        Ok(RestoredDirs {
            present,
            archives,
            pinned: project.manifest.entries.keys().cloned().collect(),
            texts,
        })
    }

    /// A dropped entry whose directory may come with this entry now: the archive
    /// of the cache has it or, where there is none, WIT of the entry refers to
    /// its package.
    pub fn dropped_entry(
        &self,
        id: &str,
        source: &DepsSource,
        locked: &LockedDirectory,
    ) -> Option<&'a String> {
        let dropped = &self.present.dropped;
        if dropped.is_empty() {
            return None;
        }
        let archived = self.archived_dirs(source, locked);
        dropped.iter().find(|name| {
            let possible = match &archived {
                Some(deps) => deps.contains(*name),
                None => self.refers_to(id, locked, name),
            };
            possible || locked.deps.contains(*name)
        })
    }

    /// The directories that come with an entry whose archive is in the cache.
    fn archived_dirs(
        &self,
        source: &DepsSource,
        locked: &LockedDirectory,
    ) -> Option<BTreeSet<String>> {
        let DepsSource::Archive {
            url,
            sha256,
            within,
            ..
        } = source
        else {
            return None;
        };
        let sha256 = match sha256 {
            Some(text) => text.parse().ok()?,
            None => self.archives.known(url)?.sha256,
        };
        let (file, digests) = self.archives.get(&sha256)?;
        let tree = archive::read(&file, &digests, &display_url(url), within, &self.pinned).ok()?;
        let same = Digests::of(&tree.own) == locked.digests;
        same.then(|| tree.deps.into_keys().collect())
    }

    /// Whether a directory of the entry refers to a package of `dropped`, itself
    /// or by way of other directories.
    fn refers_to(&self, id: &str, locked: &LockedDirectory, dropped: &String) -> bool {
        if self
            .texts
            .get(dropped)
            .is_none_or(|t| t.packages.is_empty())
        {
            return true;
        }
        let own = |dir: &&&String| **dir == id || locked.deps.contains(**dir);
        let mut pending: Vec<&String> = self.texts.keys().filter(own).copied().collect();
        let mut visited: BTreeSet<&String> = pending.iter().copied().collect();
        while let Some(dir) = pending.pop() {
            let Some(text) = self.texts.get(dir) else {
                continue;
            };
            for (other, declared) in &self.texts {
                let is_named = |package: &String| text.whole.contains(package.as_str());
                if declared.packages.iter().any(is_named) && visited.insert(other) {
                    pending.push(other);
                }
            }
        }
        visited.contains(dropped)
    }
}

impl WitText {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let name = |rest: &str| {
            let end = rest.find(['@', ';', '{']).unwrap_or(rest.len());
            let name: String = rest[..end].split_whitespace().collect();
            name.contains(':').then_some(name)
        };
        WitText {
            packages: text.split("package").skip(1).filter_map(name).collect(),
            whole: text.split_whitespace().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_about_its_packages() {
        let text = WitText::of(b"// a package\npackage a : b@1.0.0;\nuse c:d/e;\npackage f:g { }");
        let packages: Vec<&str> = text.packages.iter().map(String::as_str).collect();
        assert_eq!(packages, ["a:b", "f:g"]);
        assert!(text.whole.contains("c:d"));
    }
}
