//! What an entry had brought if another one had not had its name: when that
//! one goes, its directory may come with others.

use std::collections::{BTreeMap, BTreeSet};

use super::archives::Archives;
use super::status::Present;
use super::{Project, directories};
use crate::base::error::Result;
use crate::model::lockfile::deps::LockedDirectory;
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::DepsSource;
use crate::system::source::archive;
use crate::system::source::download::shown;

/// What is known without the network of the directories that entries would
/// bring.
pub struct Regained<'a> {
    present: &'a Present,
    archives: &'a Archives,
    pinned: BTreeSet<String>,
    texts: BTreeMap<&'a String, Text>,
}

/// What WIT says of packages.
struct Text {
    /// The packages it is about, `namespace:name`.
    packages: BTreeSet<String>,
    /// All of it, without space.
    whole: String,
}

impl<'a> Regained<'a> {
    /// Directories are read only if an entry has gone.
    pub fn new(project: &'a Project, present: &'a Present, archives: &'a Archives) -> Result<Self> {
        let mut texts = BTreeMap::new();
        if !present.dropped.is_empty() {
            for id in present.dirs.keys() {
                if let Some(dir) = directories::read(&project.dir(id))? {
                    let files = dir.values().map(|file| &*file.bytes);
                    texts.insert(id, Text::of(&files.collect::<Vec<_>>().join(&b'\n')));
                }
            }
        }
        Ok(Regained {
            present,
            archives,
            pinned: project.manifest.entries.keys().cloned().collect(),
            texts,
        })
    }

    /// An entry that is gone, if its directory may come with this entry now:
    /// the archive of the cache has it or, where there is none, WIT of the
    /// entry speaks of its package.
    pub fn with(
        &self,
        id: &str,
        source: &DepsSource,
        locked: &LockedDirectory,
    ) -> Option<&'a String> {
        let dropped = &self.present.dropped;
        if dropped.is_empty() {
            return None;
        }
        let brings = self.archive(source, locked);
        dropped.iter().find(|gone| {
            let may = match &brings {
                Some(deps) => deps.contains(*gone),
                None => self.speaks(id, locked, gone),
            };
            may || locked.deps.contains(*gone)
        })
    }

    /// What comes with an entry whose archive is in the cache.
    fn archive(&self, source: &DepsSource, locked: &LockedDirectory) -> Option<BTreeSet<String>> {
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
        let tree = archive::read((&file, &digests), &shown(url), (within, &self.pinned)).ok()?;
        let same = Digests::of(&tree.own) == locked.digests;
        same.then(|| tree.deps.into_keys().collect())
    }

    /// Whether a directory of the entry, or one that such a directory speaks
    /// of, speaks of a package of `gone`.
    fn speaks(&self, id: &str, locked: &LockedDirectory, gone: &String) -> bool {
        if self.texts.get(gone).is_none_or(|t| t.packages.is_empty()) {
            return true;
        }
        let own = |dir: &&&String| **dir == id || locked.deps.contains(**dir);
        let mut open: Vec<&String> = self.texts.keys().filter(own).copied().collect();
        let mut seen: BTreeSet<&String> = open.iter().copied().collect();
        while let Some(dir) = open.pop() {
            let Some(text) = self.texts.get(dir) else {
                continue;
            };
            for (other, about) in &self.texts {
                let spoken_of = |package: &String| text.whole.contains(package.as_str());
                if about.packages.iter().any(spoken_of) && seen.insert(other) {
                    open.push(other);
                }
            }
        }
        seen.contains(gone)
    }
}

impl Text {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let name = |rest: &str| {
            let end = rest.find(['@', ';', '{']).unwrap_or(rest.len());
            let name: String = rest[..end].split_whitespace().collect();
            name.contains(':').then_some(name)
        };
        Text {
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
        let text = Text::of(b"// a package\npackage a : b@1.0.0;\nuse c:d/e;\npackage f:g { }");
        let packages: Vec<&str> = text.packages.iter().map(String::as_str).collect();
        assert_eq!(packages, ["a:b", "f:g"]);
        assert!(text.whole.contains("c:d"));
    }
}
