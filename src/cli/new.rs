//! The options of `cargo component new` and how they are run.

use std::path::PathBuf;

use clap::Args;

use super::options::LockOptions;
use crate::base::error::Result;
use crate::model::manifest::edit::WasiEntry;
use crate::ops::bindings::of_package;
use crate::ops::new::{self, CrateKind, Editor, NewOptions};
use crate::system::context::Context;

/// Create a new WebAssembly component crate at a path
#[derive(Args, Clone, Debug)]
pub struct New {
    #[command(flatten)]
    start: StartArgs,

    /// Directory of the new crate
    path: PathBuf,
}

/// The options that `new` and `init` share.
#[derive(Args, Clone, Debug)]
pub(super) struct StartArgs {
    /// Initialize a new repository for the given version control system [default: same as cargo]
    #[arg(long, value_name = "VCS", value_parser = ["git", "hg", "pijul", "fossil", "none"])]
    vcs: Option<String>,

    /// Create a command: a program with a `main` function [default]
    #[arg(long, visible_alias = "command", conflicts_with = "lib")]
    bin: bool,

    /// Create a library that implements a world
    #[arg(long, visible_alias = "reactor")]
    lib: bool,

    /// Use the built-in adapter for HTTP proxies
    #[arg(long, requires = "lib", conflicts_with = "wasi")]
    proxy: bool,

    /// Build the library without WASI, so that any host can run it: keep nothing of WASI, or only
    /// standard error [default: all that its code uses]
    #[arg(long, requires = "lib", value_name = "KEPT")]
    wasi: Option<WasiArg>,

    /// Edition of the crate [default: same as cargo]
    #[arg(long, value_name = "YEAR", value_parser = ["2015", "2018", "2021", "2024"])]
    edition: Option<String>,

    /// Namespace of the component's package name
    #[arg(long, default_value = "component")]
    namespace: String,

    /// Name of the crate and the component [default: the directory name]
    #[arg(long)]
    name: Option<String>,

    /// Configure this editor to check code with `cargo component check`
    #[arg(long, value_enum, default_value = "none")]
    editor: EditorArg,

    /// World to implement: `namespace:name[/world][@version]` from a registry, or the path of a
    /// WIT file or directory, followed by `/world` if it has several worlds
    #[arg(long, short = 't', requires = "lib", value_name = "WORLD")]
    target: Option<String>,

    /// Name of the registry that has the target
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Do not format the generated source with rustfmt
    #[arg(long)]
    no_rustfmt: bool,

    #[command(flatten)]
    lock: LockOptions,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum EditorArg {
    Emacs,
    #[value(name = "vscode")]
    VsCode,
    None,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum WasiArg {
    None,
    Stderr,
}

impl StartArgs {
    /// The part of WASI that a library may import.
    fn wasi(&self) -> WasiEntry {
        match (self.wasi, self.proxy) {
            (Some(WasiArg::None), _) => WasiEntry::None,
            (Some(WasiArg::Stderr), _) => WasiEntry::Stderr,
            (None, true) => WasiEntry::Proxy,
            (None, false) => WasiEntry::All,
        }
    }

    pub(super) fn options(self, path: PathBuf) -> NewOptions {
        NewOptions {
            path,
            kind: match (self.bin, self.lib) {
                (_, true) => Some(CrateKind::Library { wasi: self.wasi() }),
                (true, false) => Some(CrateKind::Command),
                (false, false) => None,
            },
            vcs: self.vcs,
            edition: self.edition,
            namespace: self.namespace,
            name: self.name,
            editor: match self.editor {
                EditorArg::Emacs => Editor::Emacs,
                EditorArg::VsCode => Editor::VsCode,
                EditorArg::None => Editor::None,
            },
            target: self.target,
            registry: self.registry,
            lock_mode: self.lock.mode(),
            format: !self.no_rustfmt,
        }
    }
}

impl New {
    /// Creates the crate and its bindings.
    pub fn run(self, ctx: &Context) -> Result<()> {
        let options = self.start.options(self.path);
        new::new(ctx, &options, &mut |manifest| {
            of_package(ctx, manifest, options.lock_mode)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        new: New,
    }

    fn parse(line: &str) -> Result<NewOptions, clap::Error> {
        let words = std::iter::once("new").chain(line.split_whitespace());
        let new = Line::try_parse_from(words)?.new;
        Ok(new.start.options(new.path))
    }

    #[test]
    fn options_of_earlier_versions_are_understood() {
        let options = parse("foo").unwrap();
        assert_eq!((options.kind, options.editor), (None, Editor::None));
        assert_eq!(options.namespace, "component");
        let library = |wasi| Some(CrateKind::Library { wasi });
        for (line, kind) in [
            ("--command foo", Some(CrateKind::Command)),
            ("--reactor foo", library(WasiEntry::All)),
            (
                "--lib --proxy --edition 2021 --registry r --no-rustfmt foo",
                library(WasiEntry::Proxy),
            ),
            ("--lib --wasi none foo", library(WasiEntry::None)),
            ("--lib --wasi stderr foo", library(WasiEntry::Stderr)),
            (
                "--lib -t wit/world foo --vcs none --editor vscode",
                library(WasiEntry::All),
            ),
        ] {
            assert_eq!(parse(line).unwrap().kind, kind, "{line}");
        }
    }

    #[test]
    fn options_that_do_not_fit_are_refused() {
        for line in [
            "",
            "--bin --lib foo",
            "--proxy foo",
            "--wasi none foo",
            "--lib --wasi all foo",
            "--lib --proxy --wasi none foo",
            "-t wit foo",
            "--edition 2017 foo",
            "--vcs cvs foo",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
