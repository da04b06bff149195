//! What locking needs of its surroundings, and what it reports to them.

use std::path::PathBuf;

use crate::base::error::{Error, Result};
use crate::base::retry::RetryPolicy;
use crate::model::lockfile::deps::KeyValues;
use crate::model::manifest::deps::DepsSource;
use crate::system::env::{CARGO_NET_OFFLINE, Env};
use crate::system::process::{Exec, System};
use crate::system::source::extraction::Tree;

/// What a run must not do, as cargo's options of these names mean it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The lock file must not change.
    pub locked: bool,
    /// The network must not be used.
    pub offline: bool,
}

/// Receives reports of what a run does.
pub trait Listener {
    /// Something is being done: a verb, and what it is done to.
    fn status(&self, verb: &'static str, text: String);
    /// As `status`, but shown only in verbose output.
    fn detail(&self, verb: &'static str, text: String);
    /// Something is probably not intended.
    fn warn(&self, text: String);
}

/// A listener that drops every report.
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
    /// of the lock file for what was found: some of `release` and `digest`.
    /// `locked` are the words of the last run, which select the same release;
    /// `offline` forbids the network.
    fn fetch(
        &self,
        source: &DepsSource,
        locked: Option<&KeyValues>,
        offline: bool,
    ) -> Result<(Tree, KeyValues)>;
}

/// A source that refuses all packages, for builds without registries.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPackages;

impl Packages for NoPackages {
    fn fetch(&self, _: &DepsSource, _: Option<&KeyValues>, _: bool) -> Result<(Tree, KeyValues)> {
        Err(
            Error::unsupported("packages from registries and artifacts need the feature `cli`")
                .hint("run `cargo component deps lock`, or use an archive with `url`"),
        )
    }
}

/// What locking needs beside the project itself.
pub struct LockContext<'a> {
    /// The environment, with proxies and logins.
    pub env: Env,
    /// The processes, by which git is run.
    pub exec: &'a dyn Exec,
    /// The directory where archives are cached.
    pub cache: PathBuf,
    /// How long servers are waited for, and how often they are tried.
    pub patience: RetryPolicy,
    /// Whether git may ask the user for a password.
    pub interactive: bool,
    /// What the run must not do.
    pub rules: Rules,
    /// Where packages of registries come from.
    pub packages: &'a dyn Packages,
    /// Where reports of the run go.
    pub listener: &'a dyn Listener,
}

impl<'a> LockContext<'a> {
    /// This process, its environment, and the cache of this tool. The network
    /// is not used if `CARGO_NET_OFFLINE` is `true`.
    pub fn system(listener: &'a dyn Listener, packages: &'a dyn Packages) -> Self {
        let env = Env::system();
        let offline = env.text(CARGO_NET_OFFLINE) == Some("true");
        LockContext {
            cache: env.package_cache(),
            env,
            exec: &System,
            patience: RetryPolicy::default(),
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
