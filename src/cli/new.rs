//! The options of `cargo component new` and how they are run.

use std::path::PathBuf;

use clap::Args;

use super::options::LockOptions;
use crate::base::error::Result;
use crate::model::manifest::edit::WasiEntry;
use crate::model::wit::http_service::HttpVersion;
use crate::ops::bindings::of_package;
use crate::ops::new::{self, CrateKind, Editor, NewOptions, TemplateOptions};
use crate::system::context::Context;

/// Create a new WebAssembly component crate at a path
#[derive(Args, Clone, Debug)]
pub struct New {
    #[command(flatten)]
    start: StartArgs,

    /// Copy this directory instead, with `{{name}}` in files and their names replaced by the name of
    /// the crate; what is called `.git` or `target` is left out
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with_all = [
            "vcs", "bin", "lib", "proxy", "wasi", "http", "edition", "namespace", "editor", "target",
            "registry", "no_rustfmt",
        ]
    )]
    template: Option<PathBuf>,

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

    /// Create an HTTP service that `cargo component serve` runs at once
    #[arg(
        long,
        value_name = "WASI",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0.2",
        conflicts_with_all = ["bin", "proxy", "wasi", "target"]
    )]
    http: Option<HttpArg>,

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

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum HttpArg {
    #[value(name = "0.2")]
    V0_2,
    #[value(name = "0.3")]
    V0_3,
}

impl StartArgs {
    /// The part of WASI that a library may import.
    fn wasi(&self) -> WasiEntry {
        // A service of WASI 0.2 needs what a proxy has.
        let proxy = self.proxy || matches!(self.http, Some(HttpArg::V0_2));
        match (self.wasi, proxy) {
            (Some(WasiArg::None), _) => WasiEntry::None,
            (Some(WasiArg::Stderr), _) => WasiEntry::Stderr,
            (None, true) => WasiEntry::Proxy,
            (None, false) => WasiEntry::All,
        }
    }

    pub(super) fn options(self, path: PathBuf) -> NewOptions {
        NewOptions {
            path,
            kind: match (self.bin, self.lib || self.http.is_some()) {
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
            http: self.http.map(|version| match version {
                HttpArg::V0_2 => HttpVersion::V0_2,
                HttpArg::V0_3 => HttpVersion::V0_3,
            }),
            registry: self.registry,
            lock_mode: self.lock.mode(),
            format: !self.no_rustfmt,
        }
    }
}

impl New {
    /// Creates the crate and its bindings.
    pub fn run(self, ctx: &Context) -> Result<()> {
        if let Some(template) = self.template {
            let mode = self.start.lock.mode();
            let options = TemplateOptions {
                template,
                path: self.path,
                name: self.start.name,
            };
            return new::from_template(ctx, &options, &mut |manifest| {
                of_package(ctx, manifest, mode)
            });
        }
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
            ("--http foo", library(WasiEntry::Proxy)),
            ("--http=0.3 foo", library(WasiEntry::All)),
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
            "--http=0.1 foo",
            "--http --bin foo",
            "--http --wasi none --lib foo",
            "--template x --lib foo",
            "--template x --http foo",
            "--edition 2017 foo",
            "--vcs cvs foo",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
