//! The options of `cargo component new` and `init`.

use std::path::PathBuf;

use super::registry::TargetLookup;
use super::target::FoundTarget;
use crate::base::error::{Error, Result};
use crate::model::manifest::edit::WasiEntry;
use crate::model::wit::http_service::HttpVersion;
use crate::model::wit::template::ComponentName;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;

/// The kind of crate that becomes a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrateKind {
    /// A program with a `main`.
    Command,
    /// A library that implements a world.
    Library {
        /// The part of WASI that it may import.
        wasi: WasiEntry,
    },
}

/// The editor that is configured for the crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Editor {
    /// GNU Emacs, which reads `.dir-locals.el`.
    Emacs,
    /// Visual Studio Code: `.vscode/settings.json`.
    VsCode,
    /// None: rust-analyzer needs no help with a committed `src/bindings.rs`.
    #[default]
    None,
}

/// The options of `cargo component new` and `init`.
#[derive(Clone, Debug)]
pub struct NewOptions {
    /// The directory of the crate, as the user wrote it.
    pub path: PathBuf,
    /// The kind of crate; `None` is a command, or for `init` what its sources are.
    pub kind: Option<CrateKind>,
    /// The version control that cargo sets up, in cargo's words.
    pub vcs: Option<String>,
    /// The edition of the crate: a year.
    pub edition: Option<String>,
    /// The namespace of the component.
    pub namespace: String,
    /// The name of crate and component; `None` takes that of the directory.
    pub name: Option<String>,
    /// The editor that is configured.
    pub editor: Editor,
    /// The world to implement, `<path>[/<world>]` or
    /// `<ns>:<pkg>[/<world>][@<requirement>]`; only for a library.
    pub target: Option<String>,
    /// The version of `wasi:http` of a library that is a new HTTP service.
    pub http: Option<HttpVersion>,
    /// The name of the registry the target is in.
    pub registry: Option<String>,
    /// How lock files and the network may be used.
    pub lock_mode: LockMode,
    /// Whether a generated source is formatted by rustfmt.
    pub format: bool,
}

impl NewOptions {
    /// The name of the component; `package` is the name of an existing crate.
    pub(in crate::ops) fn component_name(
        &self,
        ctx: &Context,
        package: Option<&str>,
    ) -> Result<ComponentName> {
        let path = ctx.absolute(&self.path);
        let directory = || path.file_name().map(|name| name.to_string_lossy());
        let name = match (&self.name, package) {
            (Some(name), _) => name.into(),
            (None, Some(package)) => package.into(),
            (None, None) => directory().ok_or_else(|| {
                Error::usage(format!("`{}` does not name a crate", self.path.display()))
                    .hint("set the name of the crate with `--name`")
            })?,
        };
        ComponentName::new(&self.namespace, &name)
    }

    /// Refuses a target for a command, which cannot have one.
    pub(in crate::ops) fn refuse_target(&self, kind: Option<CrateKind>) -> Result<()> {
        match (&self.target, kind) {
            (Some(_), Some(CrateKind::Command)) => Err(Error::usage(
                "a command cannot have a target: its world is `wasi:cli/command`",
            )
            .hint("use `--lib` to implement a world")),
            _ => Ok(()),
        }
    }

    /// Finds the world of `--target`, if it is given.
    pub(in crate::ops) fn find_target(&self, ctx: &Context) -> Result<Option<FoundTarget>> {
        let Some(text) = &self.target else {
            return Ok(None);
        };
        let mode = Config::load(&ctx.cwd, &ctx.env, &[])?.lock_mode(self.lock_mode)?;
        let lookup = TargetLookup {
            dir: &ctx.absolute(&self.path),
            registry: self.registry.as_deref(),
            mode,
        };
        FoundTarget::find(ctx, text, &lookup).map(Some)
    }
}
