//! What all work of a program that embeds the library has in common.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::cancellation::Cancellation;
use crate::base::error::Result;
use crate::base::progress::{Progress, ProgressSize};
use crate::cli::packages;
use crate::system::cargo::config::LockMode;
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::System;
use crate::system::registry::cancellable::Cancellable;
use crate::system::shell::Silent;

/// A directory, and how packages are reached from there.
#[derive(Clone)]
pub struct Session {
    dir: PathBuf,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
    pub(super) mode: LockMode,
    shell: Silent,
    cancellation: Cancellation,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("dir", &self.dir)
            .field("config", &self.config)
            .field("cache", &self.cache)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// The work in this directory, whose project may configure registries. Relative paths
    /// are relative to it.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Session {
            dir: dir.into(),
            config: None,
            cache: None,
            mode: LockMode::Update,
            shell: Silent::default(),
            cancellation: Cancellation::default(),
        }
    }

    /// A configuration of registries instead of that of the user.
    pub fn registry_config(mut self, file: impl Into<PathBuf>) -> Self {
        self.config = Some(file.into());
        self
    }

    /// The directory of downloaded packages instead of that of the user.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = Some(dir.into());
        self
    }

    /// Whether the lock file may change, and the network be used.
    pub fn mode(mut self, mode: LockMode) -> Self {
        self.mode = mode;
        self
    }

    /// Displays the progress of downloads and uploads: `begin` is called for each with a
    /// word for it, as `Downloading`, and its size. It may be called from several threads.
    pub fn progress(
        mut self,
        begin: impl Fn(&'static str, ProgressSize) -> Box<dyn Progress> + Send + Sync + 'static,
    ) -> Self {
        self.shell = Silent::with_progress(begin);
        self
    }

    /// Ends the work when this is cancelled: at the next request to a registry, and a
    /// download at its next bytes. What was being written is left as it was before.
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// The context of one operation.
    pub(super) fn context(&self) -> Result<Context> {
        self.cancellation.check()?;
        let env = Env::system();
        let cwd = fs::canonical(&self.dir)?;
        let packages = packages(&env, &cwd, self.config.clone(), self.cache.clone());
        Ok(Context {
            packages: self.cancellable(packages),
            shell: Box::new(self.shell.clone()),
            exec: Box::new(System),
            env,
            cwd,
        })
    }

    fn cancellable(&self, access: PackageAccess) -> PackageAccess {
        let PackageAccess {
            config,
            cache,
            open,
            artifacts,
            index,
        } = access;
        let (one, other) = (self.cancellation.clone(), self.cancellation.clone());
        let for_index = self.cancellation.clone();
        PackageAccess {
            config,
            cache,
            open: Box::new(move |route| Ok(Arc::new(Cancellable::new(open(route)?, one.clone())))),
            artifacts: Box::new(move |route| {
                Ok(Arc::new(Cancellable::new(artifacts(route)?, other.clone())))
            }),
            index: Box::new(move |route, url| {
                for_index.check()?;
                index(route, url)
            }),
        }
    }
}
