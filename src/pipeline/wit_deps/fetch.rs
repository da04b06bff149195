//! Fetching the WIT of entries from their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use url::Url;

use super::archives::Archives;
use super::checksums::Checksums;
use super::context::LockContext;
use super::directories;
use super::present::Present;
use super::project::{Dirs, Project};
use crate::base::error::{Error, Result};
use crate::model::lockfile::deps::{KeyValues, LockedDirectory};
use crate::model::lockfile::tree::Digests;
use crate::model::manifest::deps::{Commit, DepsSource, invalid_dir_name};
use crate::system::fs;
use crate::system::source::archive;
use crate::system::source::download::{Downloader, display_url};
use crate::system::source::extraction::Tree;
use crate::system::source::git;
use crate::system::source::git::{CommitRequest, Git};

/// How many fetches run at the same time.
const PARALLEL_FETCHES: usize = 8;

/// The files of an entry, and what the lock file records of how they were found.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The files of the entry and of directories that come with it.
    pub tree: Tree,
    /// The words of the lock file, see [`LockedDirectory::found`].
    pub found: KeyValues,
}

/// Whether locked and cached content is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Locked and cached content is used as it is.
    Locked,
    /// Everything is fetched again.
    Newest,
}

/// The failure of a fetch.
struct FetchFailure {
    /// The name of the entry, or the address of the archive.
    subject: String,
    error: Error,
}

/// Why the WIT of an archive is not used.
enum ExtractError {
    /// It is not the required archive; a new download may be.
    WrongArchive(Error),
    /// It is the required archive, but it cannot be extracted.
    Invalid(Error),
}

impl From<Error> for ExtractError {
    fn from(error: Error) -> Self {
        ExtractError::Invalid(error)
    }
}

/// Fetches the entries of a project.
pub struct Fetcher<'a> {
    /// The project whose entries are fetched.
    pub project: &'a Project,
    /// The network, the cache and other means of the run.
    pub context: &'a LockContext<'a>,
    /// The lock file and directories as they are.
    pub present: &'a Present,
    /// Whether locked and cached content is used.
    pub freshness: Freshness,
    /// The archives of the cache.
    pub archives: Archives,
    /// The names of all entries; other entries do not bring these directories.
    pub pinned: BTreeSet<String>,
}

/// A fetch that any thread can do.
enum FetchJob<'j> {
    Download(&'j Url),
    Git(&'j str, CommitRequest<'j>),
}

/// The result of a fetch.
enum FetchOutput {
    Archive(String, PathBuf, Digests),
    Git(String, Fetched),
}

impl Fetcher<'_> {
    /// Fetches these entries, several of them in parallel.
    pub fn fetch(&self, ids: &BTreeSet<&str>) -> Result<Dirs<Fetched>> {
        let mut fetched = Dirs::new();
        let mut downloads: BTreeMap<&str, &Url> = BTreeMap::new();
        let mut downloading = Vec::new();
        let mut jobs = Vec::new();
        let commits: BTreeMap<&str, Commit> = self.commits(ids);
        for id in ids {
            let source = &self.project.manifest.entries[*id].source;
            let about = |error| self.project.entry_error(id, error);
            match source {
                DepsSource::Path(path) => {
                    let tree = self.path(path).map_err(about)?;
                    let found = KeyValues::new();
                    fetched.insert((*id).to_owned(), Fetched { tree, found });
                }
                DepsSource::Archive { url, .. } => match self.cached(id, source).map_err(about)? {
                    Some(found) => drop(fetched.insert((*id).to_owned(), found)),
                    None => {
                        if self.context.rules.offline {
                            return Err(about(self.unavailable(source)));
                        }
                        downloads.insert(url.as_str(), url);
                        downloading.push(*id);
                    }
                },
                DepsSource::Git { url, within, .. } => {
                    if self.context.rules.offline && !git::is_local(url) {
                        return Err(about(not_cached(&git::display_url(url))));
                    }
                    let dir = self.project.manifest.file.dir();
                    let commit = &commits[id];
                    let wanted = CommitRequest {
                        url,
                        dir,
                        commit,
                        within,
                    };
                    jobs.push(FetchJob::Git(id, wanted));
                }
                DepsSource::Oci(_) | DepsSource::Package { .. } => {
                    let found = self.package(id, source).map_err(about)?;
                    fetched.insert((*id).to_owned(), found);
                }
            }
        }
        jobs.extend(downloads.values().map(|url| FetchJob::Download(url)));
        let mut archives = BTreeMap::new();
        for done in self.run(jobs)? {
            match done {
                FetchOutput::Archive(url, file, digests) => {
                    drop(archives.insert(url, (file, digests)))
                }
                FetchOutput::Git(id, found) => drop(fetched.insert(id, found)),
            }
        }
        for id in downloading {
            let source = &self.project.manifest.entries[id].source;
            let found = self.downloaded(id, source, &archives);
            let found = found.map_err(|e| self.project.entry_error(id, e))?;
            fetched.insert(id.to_owned(), found);
        }
        Ok(fetched)
    }

    /// The locked state of an entry, if locked content is used.
    fn locked(&self, id: &str, source: &DepsSource) -> Option<&LockedDirectory> {
        match self.freshness {
            Freshness::Locked => self.present.locked_entry(id, source),
            Freshness::Newest => None,
        }
    }

    /// The commits of repositories to fetch: the locked ones where there are any.
    fn commits<'i>(&self, ids: &BTreeSet<&'i str>) -> BTreeMap<&'i str, Commit> {
        let commit = |id: &&'i str| {
            let source = &self.project.manifest.entries[*id].source;
            let DepsSource::Git { commit, .. } = source else {
                return None;
            };
            let locked = self.locked(id, source);
            let locked = locked.and_then(|locked| locked.resolution.get("commit"));
            // A lock file is a file like any other: git is given nothing else.
            let locked = locked.filter(|rev| rev.chars().all(|c| c.is_ascii_hexdigit()));
            let rev = locked.map(|rev| Commit::Rev(rev.clone()));
            Some((*id, rev.unwrap_or_else(|| commit.clone())))
        };
        ids.iter().filter_map(commit).collect()
    }

    fn package(&self, id: &str, source: &DepsSource) -> Result<Fetched> {
        let locked = self.locked(id, source).map(|locked| &locked.resolution);
        let offline = self.context.rules.offline;
        let (mut tree, found) = self.context.packages.fetch(source, locked, offline)?;
        tree.deps.retain(|dep, _| !self.pinned.contains(dep));
        Ok(Fetched { tree, found })
    }

    /// The WIT of a directory, with that of its `deps`.
    fn path(&self, path: &str) -> Result<Tree> {
        let dir = self.project.manifest.file.dir().join(path);
        let Some(own) = directories::read(&dir)? else {
            let shown = self.project.display_path(&dir);
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
                let Some(name) = name.filter(|name| invalid_dir_name(name).is_none()) else {
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

    /// The WIT of an archive of the cache, if it is the required one.
    fn cached(&self, id: &str, source: &DepsSource) -> Result<Option<Fetched>> {
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
        let cached = sha256.and_then(|sha256| self.archives.get(&sha256));
        let Some((file, digests)) = cached else {
            return Ok(None);
        };
        match self.extract(id, source, &file, &digests) {
            Ok(found) => Ok(Some(found)),
            Err(ExtractError::WrongArchive(_)) => Ok(None),
            Err(ExtractError::Invalid(error)) => Err(error),
        }
    }

    /// Why an archive cannot be had without the network.
    fn unavailable(&self, source: &DepsSource) -> Error {
        let DepsSource::Archive { url, .. } = source else {
            return Error::input("it is not an archive");
        };
        let checksums = Checksums::of(source);
        match self.archives.known(url) {
            Some(known) if !checksums.match_digests(&known) => checksums.mismatch(url, &known),
            _ => not_cached(&display_url(url)),
        }
    }

    /// The WIT of an archive that was downloaded.
    fn downloaded(
        &self,
        id: &str,
        source: &DepsSource,
        archives: &BTreeMap<String, (PathBuf, Digests)>,
    ) -> Result<Fetched> {
        let archive = match source {
            DepsSource::Archive { url, .. } => archives.get(url.as_str()),
            _ => None,
        };
        let (file, digests) = archive.ok_or_else(|| Error::input("the response was empty"))?;
        self.extract(id, source, file, digests)
            .map_err(|(ExtractError::WrongArchive(error) | ExtractError::Invalid(error))| error)
    }

    /// Extracts the WIT of an archive, which must be the required one.
    fn extract(
        &self,
        id: &str,
        source: &DepsSource,
        file: &Path,
        digests: &Digests,
    ) -> Result<Fetched, ExtractError> {
        let DepsSource::Archive { url, within, .. } = source else {
            return Err(Error::input("it is not an archive").into());
        };
        let checksums = Checksums::of(source);
        if !checksums.match_digests(digests) {
            return Err(ExtractError::WrongArchive(checksums.mismatch(url, digests)));
        }
        let place = format!("`{}`", display_url(url));
        let tree = archive::read(file, digests, &place, within, &self.pinned)?;
        if let Some(locked) = self.locked(id, source).filter(|_| checksums.is_empty())
            && !self.is_locked(&tree, locked)
        {
            let error = Error::input(format!("the archive {place} is not the locked one"));
            let error = error.with_cause("the digest of its WIT differs from the lock file");
            return Err(ExtractError::WrongArchive(error.hint(
                "find out why it changed, then run `cargo component deps update` to accept it",
            )));
        }
        self.archives.remember(url, digests)?;
        let found = KeyValues::new();
        Ok(Fetched { tree, found })
    }

    /// Whether a tree is what the lock file says of it.
    fn is_locked(&self, tree: &Tree, locked: &LockedDirectory) -> bool {
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

    /// Runs the jobs in parallel; their results, or the first error.
    fn run(&self, jobs: Vec<FetchJob<'_>>) -> Result<Vec<FetchOutput>> {
        for job in &jobs {
            let place = match job {
                FetchJob::Download(url) => display_url(url),
                FetchJob::Git(_, wanted) => git::display_url(wanted.url),
            };
            self.context.listener.status("Fetching", place);
        }
        let web = Downloader::new(self.context.env.clone(), self.context.patience);
        let worker = FetchWorker {
            web: &web,
            archives: &self.archives,
            pinned: &self.pinned,
            git: &Git {
                exec: self.context.exec,
                interactive: self.context.interactive,
                patience: self.context.patience,
            },
            cache: &self.context.cache,
        };
        let count = jobs.len();
        let queue = Mutex::new(jobs.into_iter().enumerate());
        let next = || {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.next()
        };
        // Threads of our own even for one: whoever calls may be in a runtime.
        let mut results: Vec<(usize, Result<FetchOutput, FetchFailure>)> =
            std::thread::scope(|scope| {
                let work = || {
                    let mut done = Vec::new();
                    while let Some((at, job)) = next() {
                        done.push((at, worker.work(job)));
                    }
                    done
                };
                let threads: Vec<_> = (0..count.min(PARALLEL_FETCHES))
                    .map(|_| scope.spawn(work))
                    .collect();
                let joined = threads.into_iter().filter_map(|thread| thread.join().ok());
                joined.flatten().collect()
            });
        if results.len() != count {
            return Err(Error::input("a download was interrupted"));
        }
        results.sort_by_key(|(at, _)| *at);
        let about = |FetchFailure { subject, error }: FetchFailure| {
            self.project.entry_error(self.entry(&subject), error)
        };
        results
            .into_iter()
            .map(|(_, done)| done.map_err(about))
            .collect()
    }

    /// The entry that a job was for: the first one with that address, or else
    /// the one of that name.
    fn entry<'s>(&'s self, subject: &'s str) -> &'s str {
        let has_address = |source: &DepsSource| matches!(source, DepsSource::Archive { url, .. } if url.as_str() == subject);
        let mut entries = self.project.manifest.entries.iter();
        let found = entries.find(|(_, entry)| has_address(&entry.source));
        found.map_or(subject, |(id, _)| id)
    }
}

/// The means of fetching that all threads share.
struct FetchWorker<'a> {
    web: &'a Downloader,
    archives: &'a Archives,
    pinned: &'a BTreeSet<String>,
    git: &'a Git<'a>,
    cache: &'a Path,
}

impl FetchWorker<'_> {
    fn work(&self, job: FetchJob<'_>) -> Result<FetchOutput, FetchFailure> {
        match job {
            FetchJob::Download(url) => match self.archives.fetch(self.web, url) {
                Ok((file, digests)) => Ok(FetchOutput::Archive(url.to_string(), file, digests)),
                Err(error) => Err(FetchFailure {
                    subject: url.to_string(),
                    error,
                }),
            },
            FetchJob::Git(id, wanted) => {
                let read = || {
                    let scratch = git::scratch(&self.cache.join("wit-deps"))?;
                    self.git.read(&wanted, self.pinned, scratch.path())
                };
                let (tree, commit) = read().map_err(|error| FetchFailure {
                    subject: id.to_owned(),
                    error,
                })?;
                let found = [("commit", commit)].into();
                Ok(FetchOutput::Git(id.to_owned(), Fetched { tree, found }))
            }
        }
    }
}

fn not_cached(place: &str) -> Error {
    Error::input(format!(
        "`{place}` must be fetched, but network access is disabled"
    ))
    .hint("run the command once without `--offline`")
}
