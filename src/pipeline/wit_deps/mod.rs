//! `wit/deps` as `deps.toml` says: what `wit-deps` 0.6 does, as a library.
//!
//! ```no_run
//! use cargo_component::wit_deps::{Project, Quiet, Refused, Surroundings, lock};
//!
//! # fn main() -> cargo_component::error::Result<()> {
//! let project = Project::read("wit/deps.toml", "wit/deps.lock", "wit/deps")?;
//! lock(&project, &Surroundings::system(&Quiet, &Refused))?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is fetched unless it must be, and nothing is written unless it
//! changes. A directory that `deps.lock` does not know is the user's.
//!
//! Build scripts have [`lock!`](crate::lock!) and
//! [`lock_sync!`](crate::lock_sync!).

mod archives;
mod directories;
mod fetch;
mod plan;
mod restored;
mod run;
pub mod script;
mod status;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::retry::Patience;
use crate::model::lockfile::deps::{DepsLock, Words, parse};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::deps::{DepsManifest, DepsSource, read, unfit, without_secrets};
use crate::system::env::{CARGO_NET_OFFLINE, Env};
use crate::system::fs;
use crate::system::process::{Exec, System};

pub use crate::system::source::extraction::Tree;
pub use run::{check, drift, lock, tar, update};

/// A manifest with its lock file and the directory they are about.
#[derive(Clone, Debug)]
pub struct Project {
    /// The manifest.
    pub manifest: DepsManifest,
    /// The lock file, which need not be there.
    pub lock: PathBuf,
    /// The directory, which need not be there.
    pub deps: PathBuf,
    /// Paths below it are shown as seen from there.
    pub seen_from: PathBuf,
}

impl Project {
    /// A project whose manifest is read from disk.
    pub fn read(
        manifest: impl Into<PathBuf>,
        lock: impl Into<PathBuf>,
        deps: impl Into<PathBuf>,
    ) -> Result<Self> {
        let manifest = manifest.into();
        let text = fs::read_text(&manifest).map_err(|e| {
            let message = format!("failed to read the manifest `{}`", manifest.display());
            e.context(message).hint("create it, or give another path")
        })?;
        Project::new(ManifestFile::new(manifest, &text), lock, deps)
    }

    /// A project whose manifest has this text.
    pub fn new(
        manifest: ManifestFile,
        lock: impl Into<PathBuf>,
        deps: impl Into<PathBuf>,
    ) -> Result<Self> {
        Ok(Project {
            manifest: read(manifest)?,
            lock: lock.into(),
            deps: deps.into(),
            seen_from: PathBuf::new(),
        })
    }

    /// The lock file, which has this text.
    fn locked(&self, text: &str) -> Result<DepsLock> {
        let lock = parse(&self.lock, text).map_err(|e| e.with_text(without_secrets))?;
        // Directories are removed by these names.
        let mut names = lock
            .entries
            .iter()
            .flat_map(|(id, entry)| entry.deps.iter().chain([id]));
        match names.find_map(|name| Some((name, unfit(name)?))) {
            Some((name, why)) => Err(Error::input(format!(
                "`{name}` in `{}` cannot be the name of a directory: {why}",
                self.shown(&self.lock)
            ))
            .hint("correct it, or delete the file to create it again")),
            None => {
                drop(names);
                Ok(lock)
            }
        }
    }

    /// A path as it is shown.
    fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.seen_from).unwrap_or(path);
        below.display().to_string()
    }

    /// The directory of an entry.
    fn dir(&self, id: &str) -> PathBuf {
        self.deps.join(id)
    }

    /// An error about an entry of the manifest.
    fn about(&self, id: &str, error: Error) -> Error {
        let entry = self.manifest.entries.get(id);
        let at = entry.map(|entry| self.manifest.file.excerpt(entry.span.clone()));
        let error = error.context(format!("failed to lock `{id}`"));
        match at {
            Some(at) => error.at(at),
            None => error,
        }
    }
}

/// What must stay as it is and what must not be used, as cargo's options of
/// these names mean it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The lock file must not change.
    pub locked: bool,
    /// The network must not be used.
    pub offline: bool,
}

/// Who is told what happens.
pub trait Listener {
    /// Something is being done: a verb and what it is done to.
    fn status(&self, verb: &'static str, text: String);
    /// The same, for those who want to know everything.
    fn detail(&self, verb: &'static str, text: String);
    /// Something is probably not meant.
    fn warn(&self, text: String);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Listener for Quiet {
    fn status(&self, _: &'static str, _: String) {}
    fn detail(&self, _: &'static str, _: String) {}
    fn warn(&self, _: String) {}
}

/// Where packages of registries and artifacts come from.
pub trait Packages {
    /// The WIT of `source`, which is a package or an artifact, and the words
    /// by which the lock file keeps what was found: some of `release` and
    /// `digest`. `locked` are those words of the last time, which are to be
    /// heeded; `offline` is whether the network must not be used.
    fn fetch(
        &self,
        source: &DepsSource,
        locked: Option<&Words>,
        offline: bool,
    ) -> Result<(Tree, Words)>;
}

/// Has none: for what is built without registries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refused;

impl Packages for Refused {
    fn fetch(&self, _: &DepsSource, _: Option<&Words>, _: bool) -> Result<(Tree, Words)> {
        Err(
            Error::unsupported("packages from registries and artifacts need the feature `cli`")
                .hint("run `cargo component deps lock`, or use an archive with `url`"),
        )
    }
}

/// Removes the archives that a cache keeps; how many there were.
pub fn forget(cache: &Path) -> Result<usize> {
    archives::Archives::new(cache).clear()
}

/// What the verbs need of the world.
pub struct Surroundings<'a> {
    /// The environment: proxies and logins.
    pub env: Env,
    /// Runs git.
    pub exec: &'a dyn Exec,
    /// Where archives are kept.
    pub cache: PathBuf,
    /// How servers are waited for.
    pub patience: Patience,
    /// Whether somebody is there whom git may ask for a password.
    pub interactive: bool,
    /// What must not be done.
    pub rules: Rules,
    /// Where packages come from.
    pub packages: &'a dyn Packages,
    /// Who is told.
    pub listener: &'a dyn Listener,
}

impl<'a> Surroundings<'a> {
    /// This process, its environment, and the cache of this tool. The network
    /// is not used if cargo is told so by `CARGO_NET_OFFLINE`.
    pub fn system(listener: &'a dyn Listener, packages: &'a dyn Packages) -> Self {
        let env = Env::system();
        let offline = env.text(CARGO_NET_OFFLINE) == Some("true");
        Surroundings {
            cache: env.package_cache(),
            env,
            exec: &System,
            patience: Patience::default(),
            interactive: false,
            rules: Rules {
                locked: false,
                offline,
            },
            packages,
            listener,
        }
    }
}

/// The lock file and its directories by name, with what a run makes of them.
type Dirs<T> = BTreeMap<String, T>;
