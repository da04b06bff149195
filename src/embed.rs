//! WIT packages and components for programs that take this in as a library.
//!
//! [`Wit`] does what `cargo component wit build` and `fetch` do, and [`Components`] what
//! `registry get`, `compose`, `run --component` and `publish` do with components, without
//! a command line: packages are found in the project, its lock file, the cache and
//! registries, with the configuration the user has for `wkg` and this tool. Nothing is
//! printed, nothing ends the process, and nothing but the environment is taken from the
//! process: several sessions can work at the same time. [`componentize`] and
//! [`capabilities`] work on bytes alone.
//!
//! ```no_run
//! use cargo_component::embed::{LockMode, Wit};
//!
//! # fn main() -> cargo_component::advice::Result<()> {
//! let project = Wit::new("path/to/project").mode(LockMode::Locked);
//! for package in project.resolve()? {
//!     println!("{} has {} worlds", package.name(), package.resolve.worlds.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! This module and what it hands out keep to semantic versioning; the rest of the
//! library is there for the command line and may change with any version. The
//! types of `wit_parser` are those of the version this was built with.

mod components;
mod session;

use std::path::{Path, PathBuf};

pub use wit_parser::{PackageId, PackageName, Resolve};

pub use self::components::{
    Components, Fetched, HintTrust, LinkRequest, capabilities, componentize,
};
pub use self::session::Session;
pub use crate::base::cancellation::Cancellation;
pub use crate::base::error::{Error, Result};
pub use crate::base::package::{ContentDigest, PackageRef};
pub use crate::base::progress::{NoProgress, Progress, ProgressSize};
pub use crate::model::capabilities::{Capability, Group, HostImports};
pub use crate::model::component::encode::Adapter;
pub use crate::model::lockfile::{LockForm, Locked, Lockfile};
pub use crate::model::wit::Package;
pub use crate::ops::wit::DepsFormat as Form;
pub use crate::ops::wit::build::Encoded;
pub use crate::ops::wit::fetch::Drift;
pub use crate::system::cargo::config::LockMode;

use crate::ops::wit::build::{encode_all, resolve_all};
use crate::ops::wit::fetch::fetch;
use crate::ops::wit::{WitOptions, WitProject, find};
use crate::system::context::Context;
use crate::system::fs;

/// A project with WIT packages: a folder of `.wit` files, perhaps with `wkg.toml`
/// or `wit.toml`, or a crate.
#[derive(Clone, Debug)]
pub struct Wit {
    session: Session,
    wit_dir: Option<PathBuf>,
}

impl Wit {
    /// The project of this directory, as the command line finds it.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Wit::in_session(Session::new(dir))
    }

    /// The project in the directory of a session.
    pub fn in_session(session: Session) -> Self {
        Wit {
            session,
            wit_dir: None,
        }
    }

    /// The directory of `.wit` files, relative to that of the project, instead of
    /// the one that would be found.
    pub fn wit_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.wit_dir = Some(dir.into());
        self
    }

    /// A configuration of registries instead of that of the user.
    pub fn registry_config(mut self, file: impl Into<PathBuf>) -> Self {
        self.session = self.session.registry_config(file);
        self
    }

    /// The directory of downloaded packages instead of that of the user.
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.session = self.session.cache_dir(dir);
        self
    }

    /// Whether the lock file may change, and the network be used.
    pub fn mode(mut self, mode: LockMode) -> Self {
        self.session = self.session.mode(mode);
        self
    }

    /// The packages of the project, each with everything it needs in one
    /// resolve. The lock file is brought up to date, or is an error where it must
    /// not change.
    pub fn resolve(&self) -> Result<Vec<Package>> {
        self.with(|ctx, project| resolve_all(ctx, &project))
    }

    /// The packages of the project in their binary form, with the metadata of
    /// their manifest; otherwise as [`Wit::resolve`].
    pub fn build(&self) -> Result<Vec<Encoded>> {
        self.with(|ctx, project| encode_all(ctx, &project))
    }

    /// Brings the directory `deps` beside the `.wit` files up to date, or with
    /// [`Drift::Refuse`] fails if it is not. Files that the tool did not write stay
    /// as they are.
    pub fn fetch(&self, form: Form, drift: Drift) -> Result<()> {
        fetch(&self.session.context()?, &self.options(), form, drift)
    }

    fn options(&self) -> WitOptions {
        WitOptions {
            wit_dir: self.wit_dir.clone(),
            mode: self.session.mode,
            ..WitOptions::default()
        }
    }

    fn with<T>(&self, run: impl FnOnce(&Context, WitProject) -> Result<T>) -> Result<T> {
        let ctx = self.session.context()?;
        let project = find(&ctx, &self.options())?;
        run(&ctx, project)
    }
}

/// Reads a lock file: `wkg.lock`, `wit.lock` or `Cargo-component.lock`. A missing
/// file counts as an empty one.
pub fn read_lock(path: &Path) -> Result<Lockfile> {
    match fs::read_text_if_exists(path)? {
        Some(text) => crate::model::lockfile::parse(path, &text),
        None => Ok(Lockfile::default()),
    }
}

/// Writes a lock file as its tool does, in one step: the old file stays until the
/// new one is complete.
pub fn write_lock(path: &Path, lock: &Lockfile, form: LockForm) -> Result<()> {
    fs::write_atomic(
        path,
        crate::model::lockfile::print_as(lock, form).as_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Wit) {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            fs::write_atomic(&dir.path().join(path), text.as_bytes()).unwrap();
        };
        write("config.toml", "");
        write(
            "wit/w.wit",
            "package a:b@0.1.0; world w { import c:d/e@1.0.0; }",
        );
        write(
            "wit/deps/d.wit",
            "package c:d@1.0.0; interface e { f: func(); }",
        );
        let wit = Wit::new(dir.path())
            .registry_config(dir.path().join("config.toml"))
            .cache_dir(dir.path().join("cache"))
            .mode(LockMode::Frozen);
        (dir, wit)
    }

    #[test]
    fn a_directory_is_resolved_built_and_fetched() {
        let (dir, wit) = project();
        let packages = wit.resolve().unwrap();
        assert_eq!(packages[0].name().to_string(), "a:b@0.1.0");
        assert_eq!(packages[0].resolve.packages.len(), 2);
        let built = wit.build().unwrap();
        let decoded = wit_component::decode(&built[0].bytes).unwrap();
        assert_eq!(decoded.resolve().packages.len(), 2);
        wit.fetch(Form::Wit, Drift::Refuse).unwrap();
        assert!(!dir.path().join("wkg.lock").exists());
    }

    #[test]
    fn locks_are_read_and_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wkg.lock");
        assert_eq!(read_lock(&path).unwrap(), Lockfile::default());
        let mut lock = Lockfile::default();
        lock.insert(Locked {
            package: "a:b".parse().unwrap(),
            registry: Some("r.example".to_owned()),
            requirement: "=0.1.0".parse().unwrap(),
            version: "0.1.0".parse().unwrap(),
            digest: crate::base::package::ContentDigest::of(b"x"),
            source: None,
            address: None,
            imports: None,
        });
        write_lock(&path, &lock, LockForm::Wkg).unwrap();
        assert_eq!(read_lock(&path).unwrap(), lock);
    }
}
