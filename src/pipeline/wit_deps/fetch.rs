//! The WIT of entries, from where each of them comes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use url::Url;

use super::archives::Archives;
use super::status::{Present, has};
use super::{Dirs, Project, Surroundings, Tree, directories};
use crate::base::error::{Error, Result};
use crate::model::lockfile::deps::{LockedDir, Words};
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::{Commit, DepsSource, unfit};
use crate::system::fs;
use crate::system::source::archive;
use crate::system::source::download::{Web, shown};
use crate::system::source::git;
use crate::system::source::git::{Git, Wanted};

/// How many fetches are under way at once.
const AT_ONCE: usize = 8;

/// What an entry brought, and what the lock file keeps of how it was found.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The files.
    pub tree: Tree,
    /// See [`LockedDir::found`].
    pub found: Words,
}

/// Whether what is locked counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What is locked and kept will do.
    Locked,
    /// Everything is asked for again.
    Newest,
}

/// Why nothing came of it, and the entry or address it was for.
struct Failed(String, Error);

/// Why nothing is taken of an archive.
enum Untaken {
    /// It is not the one that is asked for: another one may be.
    Other(Error),
    /// It is, but it cannot be taken.
    Unfit(Error),
}

impl From<Error> for Untaken {
    fn from(error: Error) -> Self {
        Untaken::Unfit(error)
    }
}

/// Brings entries.
pub struct Bringer<'a> {
    /// The project.
    pub project: &'a Project,
    /// The world.
    pub around: &'a Surroundings<'a>,
    /// What there is.
    pub present: &'a Present,
    /// Whether that counts.
    pub freshness: Freshness,
    /// The archives of the cache.
    pub archives: Archives,
    /// The names of all entries: nothing else brings these directories.
    pub pinned: BTreeSet<String>,
}

/// What has to be fetched, from any thread.
enum Job<'j> {
    Download(&'j Url),
    Git(&'j str, Wanted<'j>),
}

/// What came of it.
enum Done {
    Archive(String, PathBuf, Digests),
    Git(String, Brought),
}

impl Bringer<'_> {
    /// What these entries bring, by name. Several things are fetched at once.
    pub fn bring(&self, ids: &BTreeSet<&str>) -> Result<Dirs<Brought>> {
        let mut brought = Dirs::new();
        let mut downloads: BTreeMap<&str, &Url> = BTreeMap::new();
        let mut waiting = Vec::new();
        let mut jobs = Vec::new();
        let commits: BTreeMap<&str, Commit> = self.commits(ids);
        for id in ids {
            let source = &self.project.manifest.entries[*id].source;
            let about = |error| self.project.about(id, error);
            match source {
                DepsSource::Path(path) => {
                    let tree = self.path(path).map_err(about)?;
                    let found = Words::new();
                    brought.insert((*id).to_owned(), Brought { tree, found });
                }
                DepsSource::Archive { url, .. } => match self.kept(id, source).map_err(about)? {
                    Some(found) => drop(brought.insert((*id).to_owned(), found)),
                    None => {
                        if self.around.rules.offline {
                            return Err(about(self.not_there(source)));
                        }
                        downloads.insert(url.as_str(), url);
                        waiting.push(*id);
                    }
                },
                DepsSource::Git { url, within, .. } => {
                    if self.around.rules.offline && !git::is_local(url) {
                        return Err(about(not_kept(&git::shown(url))));
                    }
                    let dir = self.project.manifest.file.dir();
                    let commit = &commits[id];
                    let wanted = Wanted {
                        url,
                        dir,
                        commit,
                        within,
                    };
                    jobs.push(Job::Git(id, wanted));
                }
                DepsSource::Oci(_) | DepsSource::Package { .. } => {
                    let found = self.package(id, source).map_err(about)?;
                    brought.insert((*id).to_owned(), found);
                }
            }
        }
        jobs.extend(downloads.values().map(|url| Job::Download(url)));
        let mut archives = BTreeMap::new();
        for done in self.run(jobs)? {
            match done {
                Done::Archive(url, file, digests) => drop(archives.insert(url, (file, digests))),
                Done::Git(id, found) => drop(brought.insert(id, found)),
            }
        }
        for id in waiting {
            let source = &self.project.manifest.entries[id].source;
            let found = self.fetched(id, source, &archives);
            let found = found.map_err(|e| self.project.about(id, e))?;
            brought.insert(id.to_owned(), found);
        }
        Ok(brought)
    }

    /// The lock of an entry, if it counts.
    fn locked(&self, id: &str, source: &DepsSource) -> Option<&LockedDir> {
        match self.freshness {
            Freshness::Locked => self.present.same(id, source),
            Freshness::Newest => None,
        }
    }

    /// The commits to take of repositories: those that are locked.
    fn commits<'i>(&self, ids: &BTreeSet<&'i str>) -> BTreeMap<&'i str, Commit> {
        let commit = |id: &&'i str| {
            let source = &self.project.manifest.entries[*id].source;
            let DepsSource::Git { commit, .. } = source else {
                return None;
            };
            let locked = self.locked(id, source);
            let locked = locked.and_then(|locked| locked.found.get("commit"));
            // A lock file is a file like any other: git is given nothing else.
            let locked = locked.filter(|rev| rev.chars().all(|c| c.is_ascii_hexdigit()));
            let rev = locked.map(|rev| Commit::Rev(rev.clone()));
            Some((*id, rev.unwrap_or_else(|| commit.clone())))
        };
        ids.iter().filter_map(commit).collect()
    }

    fn package(&self, id: &str, source: &DepsSource) -> Result<Brought> {
        let locked = self.locked(id, source).map(|locked| &locked.found);
        let offline = self.around.rules.offline;
        let (mut tree, found) = self.around.packages.fetch(source, locked, offline)?;
        tree.deps.retain(|dep, _| !self.pinned.contains(dep));
        Ok(Brought { tree, found })
    }

    /// The WIT of a directory.
    fn path(&self, path: &str) -> Result<Tree> {
        let dir = self.project.manifest.file.dir().join(path);
        let Some(own) = directories::read(&dir)? else {
            let shown = self.project.shown(&dir);
            return Err(
                Error::input(format!("the directory `{shown}` does not exist"))
                    .hint("correct the path, which is relative to the manifest"),
            );
        };
        let mut tree = Tree {
            own,
            ..Tree::default()
        };
        if fs::is_dir(&dir.join("deps")) {
            for dep in fs::list(&dir.join("deps"))? {
                let name = dep.file_name().and_then(|name| name.to_str());
                let Some(name) = name.filter(|name| unfit(name).is_none()) else {
                    continue;
                };
                if let (false, Some(files)) = (self.pinned.contains(name), directories::read(&dep)?)
                {
                    tree.deps.insert(name.to_owned(), files);
                }
            }
        }
        Ok(tree)
    }

    /// What an archive of the cache brings, if that is what is asked for.
    fn kept(&self, id: &str, source: &DepsSource) -> Result<Option<Brought>> {
        let DepsSource::Archive { url, sha256, .. } = source else {
            return Ok(None);
        };
        if self.freshness == Freshness::Newest {
            return Ok(None);
        }
        let sha256 = match sha256 {
            Some(text) => Some(text.parse()?),
            None => self.archives.known(url).map(|known| known.sha256),
        };
        let kept = sha256.and_then(|sha256| self.archives.get(&sha256));
        let Some((file, digests)) = kept else {
            return Ok(None);
        };
        match self.taken(id, source, (&file, &digests)) {
            Ok(found) => Ok(Some(found)),
            Err(Untaken::Other(_)) => Ok(None),
            Err(Untaken::Unfit(error)) => Err(error),
        }
    }

    /// Why an archive cannot be had without the network.
    fn not_there(&self, source: &DepsSource) -> Error {
        let DepsSource::Archive {
            url,
            sha256,
            sha512,
            ..
        } = source
        else {
            return Error::input("it is not an archive");
        };
        let asked = (sha256.as_deref(), sha512.as_deref());
        match self.archives.known(url) {
            Some(known) if !has(&known, asked) => mismatch(url, &known, asked),
            _ => not_kept(&shown(url)),
        }
    }

    /// What an archive that was fetched brings.
    fn fetched(
        &self,
        id: &str,
        source: &DepsSource,
        archives: &BTreeMap<String, (PathBuf, Digests)>,
    ) -> Result<Brought> {
        let archive = match source {
            DepsSource::Archive { url, .. } => archives.get(url.as_str()),
            _ => None,
        };
        let (file, digests) = archive.ok_or_else(|| Error::input("the response was empty"))?;
        self.taken(id, source, (file, digests))
            .map_err(|(Untaken::Other(error) | Untaken::Unfit(error))| error)
    }

    /// The WIT of an archive, which must be the one that is asked for.
    fn taken(
        &self,
        id: &str,
        source: &DepsSource,
        (file, digests): (&Path, &Digests),
    ) -> Result<Brought, Untaken> {
        let DepsSource::Archive {
            url,
            sha256,
            sha512,
            within,
        } = source
        else {
            return Err(Error::input("it is not an archive").into());
        };
        let asked = (sha256.as_deref(), sha512.as_deref());
        if !has(digests, asked) {
            return Err(Untaken::Other(mismatch(url, digests, asked)));
        }
        let place = format!("`{}`", shown(url));
        let tree = archive::read((file, digests), &place, (within, &self.pinned))?;
        let vouched = sha256.is_some() || sha512.is_some();
        if let Some(locked) = self.locked(id, source).filter(|_| !vouched)
            && !self.is_locked(&tree, locked)
        {
            let error = Error::input(format!("the archive {place} is not the locked one"));
            let error = error.because("the digest of its WIT differs from the lock file");
            return Err(Untaken::Other(error.hint(
                "find out why it changed, then run `cargo component deps update` to accept it",
            )));
        }
        self.archives.remember(url, digests)?;
        let found = Words::new();
        Ok(Brought { tree, found })
    }

    /// Whether a tree is what the lock file says of it.
    fn is_locked(&self, tree: &Tree, locked: &LockedDir) -> bool {
        let deps = tree
            .deps
            .iter()
            .filter(|(dep, _)| locked.deps.contains(*dep));
        Digests::of(&tree.own) == locked.digests
            && deps.into_iter().all(|(dep, dir)| {
                let locked = self.present.lock.entries.get(dep);
                locked.is_none_or(|locked| locked.digests == Digests::of(dir))
            })
    }

    /// Does the jobs, some at once; what came of them, in no order, or the
    /// first error.
    fn run(&self, jobs: Vec<Job<'_>>) -> Result<Vec<Done>> {
        for job in &jobs {
            let place = match job {
                Job::Download(url) => shown(url),
                Job::Git(_, wanted) => git::shown(wanted.url),
            };
            self.around.listener.status("Fetching", place);
        }
        let web = Web::new(self.around.env.clone(), self.around.patience);
        let worker = Worker {
            web: &web,
            archives: &self.archives,
            pinned: &self.pinned,
            git: &Git {
                exec: self.around.exec,
                interactive: self.around.interactive,
                patience: self.around.patience,
            },
            cache: &self.around.cache,
        };
        let count = jobs.len();
        let queue = Mutex::new(jobs.into_iter().enumerate());
        let next = || {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.next()
        };
        // Threads of our own even for one: whoever calls may be in a runtime.
        let mut results: Vec<(usize, Result<Done, Failed>)> = std::thread::scope(|scope| {
            let work = || {
                let mut done = Vec::new();
                while let Some((at, job)) = next() {
                    done.push((at, worker.work(job)));
                }
                done
            };
            let threads: Vec<_> = (0..count.min(AT_ONCE)).map(|_| scope.spawn(work)).collect();
            let joined = threads.into_iter().filter_map(|thread| thread.join().ok());
            joined.flatten().collect()
        });
        if results.len() != count {
            return Err(Error::input("a download was interrupted"));
        }
        results.sort_by_key(|(at, _)| *at);
        let named = |Failed(of, error): Failed| self.project.about(self.entry(&of), error);
        results
            .into_iter()
            .map(|(_, done)| done.map_err(named))
            .collect()
    }

    /// The entry that a job was for: one of that name, or the first one with
    /// that address.
    fn entry<'s>(&'s self, of: &'s str) -> &'s str {
        let has_address = |source: &DepsSource| matches!(source, DepsSource::Archive { url, .. } if url.as_str() == of);
        let mut entries = self.project.manifest.entries.iter();
        let found = entries.find(|(_, entry)| has_address(&entry.source));
        found.map_or(of, |(id, _)| id)
    }
}

/// What a fetch needs, in any thread.
struct Worker<'a> {
    web: &'a Web,
    archives: &'a Archives,
    pinned: &'a BTreeSet<String>,
    git: &'a Git<'a>,
    cache: &'a Path,
}

impl Worker<'_> {
    fn work(&self, job: Job<'_>) -> Result<Done, Failed> {
        match job {
            Job::Download(url) => match self.archives.fetch(self.web, url) {
                Ok((file, digests)) => Ok(Done::Archive(url.to_string(), file, digests)),
                Err(error) => Err(Failed(url.to_string(), error)),
            },
            Job::Git(id, wanted) => {
                let read = || {
                    let scratch = git::scratch(&self.cache.join("wit-deps"))?;
                    self.git.read(&wanted, self.pinned, scratch.path())
                };
                let (tree, commit) = read().map_err(|e| Failed(id.to_owned(), e))?;
                let found = [("commit", commit)].into();
                Ok(Done::Git(id.to_owned(), Brought { tree, found }))
            }
        }
    }
}

fn not_kept(place: &str) -> Error {
    Error::input(format!(
        "`{place}` must be fetched, but network access is disabled"
    ))
    .hint("run the command once without `--offline`")
}

fn mismatch(url: &Url, got: &Digests, (sha256, sha512): (Option<&str>, Option<&str>)) -> Error {
    let got256 = got.sha256.to_string();
    let (name, got, expected) = match sha256.filter(|expected| got256 != *expected) {
        Some(expected) => ("sha256", got256.clone(), expected),
        None => ("sha512", got.sha512.to_string(), sha512.unwrap_or_default()),
    };
    Error::input(format!("{name} hash mismatch for `{}`", shown(url)))
        .because(format!("got: {got}"))
        .because(format!("expected: {expected}"))
        .hint(format!(
            "if the archive is correct, set `{name}` to its digest"
        ))
}
