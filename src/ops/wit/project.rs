//! Which project is meant: one of `wkg`, of the `wit` CLI, of `wit-deps`, a
//! crate, or a folder of WIT.

use std::path::{Path, PathBuf};

pub use super::found::find;
pub(super) use super::found::has_wit;
use crate::base::error::{Error, Result};
use crate::model::lockfile::Form;
use crate::model::manifest::wit_toml;
use crate::model::manifest::wit_toml::WitManifest;
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::{About, WkgManifest};
use crate::model::manifest::{Manifest, ManifestFile};
use crate::system::cargo::config::LockMode;
use crate::system::cargo::workspace::Workspace;
use crate::system::context::Context;

/// What every verb on WIT packages is told.
#[derive(Clone, Debug, Default)]
pub struct WitOptions {
    /// The directory of WIT, where it is not to be looked for.
    pub wit_dir: Option<PathBuf>,
    /// How lock files and the network may be used.
    pub mode: LockMode,
    /// See [`Whose`].
    pub whose: Whose,
}

/// Which projects are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// Any, and it is said which one was found.
    #[default]
    Any,
    /// What `wkg` takes for one: the directory `wit`, with the next `wkg.toml`.
    Wkg,
    /// What the `wit` CLI does: the next `wit.toml`.
    Wit,
}

/// A project with WIT packages.
#[derive(Clone, Debug)]
pub struct Project {
    /// Whose it is.
    pub kind: Kind,
    /// The directory of its manifest, or of the WIT where it has none.
    pub root: PathBuf,
    /// The packages meant.
    pub members: Vec<Member>,
    /// All its packages.
    pub all: Vec<Member>,
    /// Its lock file.
    pub lock_file: PathBuf,
    /// How lock files and the network may be used.
    pub mode: LockMode,
}

/// Whose a project is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Packages of cargo.
    Crate(Box<Workspace>),
    /// It has a `wkg.toml`.
    Wkg(WkgManifest),
    /// It has a `wit.toml`.
    Wit(WitManifest),
    /// It has a `wit/deps.toml`, which is this file.
    Deps(PathBuf),
    /// It has WIT, and nothing else.
    Plain,
}

/// A WIT package of a project.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its directory of WIT.
    pub wit: PathBuf,
    /// Where the packages it needs are put.
    pub deps: PathBuf,
    /// Its manifest, if it is of a crate.
    pub manifest: Option<Box<Manifest>>,
}

impl Member {
    pub(super) fn of(wit: PathBuf) -> Self {
        Member {
            deps: wit.join("deps"),
            wit,
            manifest: None,
        }
    }
}

impl Project {
    /// What the lock file looks like.
    pub fn form(&self) -> Form {
        match self.kind {
            Kind::Crate(_) => Form::Crate,
            Kind::Wit(_) => Form::Wit,
            _ => Form::Wkg,
        }
    }

    /// Whether it is a workspace of `wkg`.
    pub fn is_workspace(&self) -> bool {
        matches!(&self.kind, Kind::Wkg(manifest) if manifest.workspace.is_some())
    }

    /// What its packages say about themselves.
    pub fn about(&self) -> About {
        match &self.kind {
            Kind::Wkg(manifest) => manifest.about.clone(),
            Kind::Wit(manifest) => manifest.about.clone(),
            _ => About::default(),
        }
    }

    /// The manifest, where it has one.
    pub fn manifest(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Crate(_) => self.members[0].manifest.as_ref().map(|m| &*m.file.path),
            Kind::Wkg(manifest) => Some(&manifest.file.path),
            Kind::Wit(manifest) => Some(&manifest.file.path),
            Kind::Deps(path) => Some(path),
            Kind::Plain => None,
        }
    }

    /// The only package; an error where there are several.
    pub fn only_member(&self) -> Result<&Member> {
        match self.members.as_slice() {
            [one] => Ok(one),
            _ => Err(Error::usage(format!(
                "the project in `{}` has {} WIT packages",
                self.root.display(),
                self.members.len()
            ))
            .hint("run the command in one of their directories, or set it with `--wit-dir`")),
        }
    }

    /// The same with all its packages meant.
    pub fn whole(mut self) -> Self {
        if !self.all.is_empty() {
            self.members = self.all.clone();
        }
        self
    }

    /// The same with another text in its manifest.
    pub fn with_manifest(&self, path: &Path, text: &str) -> Result<Self> {
        let file = ManifestFile::new(path, text);
        let kind = match &self.kind {
            Kind::Wkg(_) | Kind::Plain => Kind::Wkg(wkg::read(file)?),
            Kind::Wit(_) => Kind::Wit(wit_toml::read(file)?),
            // Packages that WIT names are found without its table.
            other => other.clone(),
        };
        Ok(Project {
            kind,
            ..self.clone()
        })
    }

    /// What to do about a package that a member needs and that is nowhere.
    pub(super) fn missing(&self, ctx: &Context, member: &Member) -> String {
        let deps = ctx.display(&member.deps);
        let registry = "set its registry with `cargo component config set`";
        match &self.kind {
            Kind::Wkg(_) => format!(
                "{registry} so that `cargo component wit fetch` finds it, set its directory under `[overrides]` in `wkg.toml`, or put it into `{deps}`"
            ),
            Kind::Wit(_) => format!(
                "add it with `cargo component wit add`, or {registry} so that `cargo component wit fetch` finds it"
            ),
            Kind::Deps(file) => format!(
                "add it to `{}` and run `cargo component wit fetch`, or put it into `{deps}`",
                ctx.display(file)
            ),
            Kind::Plain | Kind::Crate(_) => format!(
                "put the package into `{deps}`, or {registry} so that `cargo component wit fetch` finds it"
            ),
        }
    }

    /// Says which project was found.
    pub(super) fn tell(&self, ctx: &Context) {
        let shown = match self.manifest() {
            Some(path) => ctx.display(path).to_string(),
            None => match ctx.display(&self.members[0].wit).to_string() {
                here if here.is_empty() => ".".to_owned(),
                shown => shown,
            },
        };
        ctx.shell.status("Reading", format!("`{shown}`"));
        if let Kind::Wkg(manifest) = &self.kind {
            for note in &manifest.notes {
                ctx.shell.warn(note.clone());
            }
        }
    }
}
