//! The options of `cargo component compose` and how they are run.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, add_options};
use crate::base::error::Result;
use crate::ops::compose::{ComposeOptions, Releases, compose};
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::output::Output;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Link a component with the components that satisfy its imports
///
/// The component for an import is found by the import's hint, or given with `--with`.
/// Imports without either stay open. Without a file, the component of the current package
/// is built and linked.
///
/// A file that ends in `.wac` describes a composition in the WAC language. Its packages are
/// looked up in this order: those given with `--dep`, those in `--deps-dir`, those of the
/// project, those in registries.
#[derive(Args, Debug)]
pub(super) struct Compose {
    /// Component or `.wac` document to link [default: the component of the package, which is built]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Output file, a directory (with a trailing slash), or `-` for standard output [default:
    /// `<name>.linked.wasm` next to the component]
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Link an import (a label, interface or package) with a file, the directory of a crate (if
    /// the package is built), `namespace:name@version` or OCI reference, regardless of its hint
    #[arg(long, value_name = "IMPORT=WHAT")]
    with: Vec<String>,

    /// Leave an import (a label, interface or package) open
    #[arg(long, value_name = "IMPORT")]
    keep: Vec<String>,

    /// Package of a `.wac` document: a component, or a WIT file or directory
    #[arg(long, short, value_name = "PACKAGE=PATH")]
    dep: Vec<String>,

    /// Directory with the packages of a `.wac` document, as `<namespace>/<name>.wasm` or
    /// `<namespace>/<name>/<version>.wasm` [default: `deps` next to the document]
    #[arg(long, value_name = "PATH")]
    deps_dir: Option<PathBuf>,

    /// Draw a graph of the linked components into a file ending in `.svg`, `.dot` or `.mmd`; `dot`
    /// and `mermaid` print it to standard output
    #[arg(long, value_name = "FILE")]
    graph: Option<String>,

    /// Follow hints without a digest, although what they point to may have changed
    #[arg(long)]
    trust_unpinned: bool,

    /// Link a component from elsewhere with the newest compatible releases, instead of those that
    /// its hints name
    #[arg(long)]
    fresh: bool,

    /// Build in release mode, with optimizations
    #[arg(long, short, conflicts_with = "file")]
    release: bool,

    /// Build with the given profile
    #[arg(long, value_name = "PROFILE", conflicts_with = "file")]
    profile: Option<String>,

    /// Build for the given target triple
    #[arg(long, value_name = "TRIPLE", conflicts_with = "file")]
    target: Option<String>,

    /// Directory for all generated artifacts
    #[arg(long, value_name = "PATH", conflicts_with = "file")]
    target_dir: Option<PathBuf>,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Compose {
    pub(super) fn run(mut self, ctx: &Context, global: &GlobalOptions) -> Result<()> {
        let options = ComposeOptions {
            file: self.file.take(),
            output: self
                .output
                .take()
                .map(|path| match path.as_os_str() == "-" {
                    true => Output::Stdout,
                    false => Output::Path(path),
                }),
            with: std::mem::take(&mut self.with),
            keep: std::mem::take(&mut self.keep),
            graph: self.graph.take(),
            unpinned: match self.trust_unpinned {
                true => Unpinned::Follow,
                false => Unpinned::Refuse,
            },
            releases: match self.fresh {
                true => Releases::Newest,
                false => Releases::Named,
            },
            dep: std::mem::take(&mut self.dep),
            deps_dir: self.deps_dir.take(),
        };
        compose(
            ctx,
            &CargoArgs::parse(&self.command_line(global))?,
            &options,
        )
    }

    /// The arguments for cargo that build the component.
    fn command_line(self, global: &GlobalOptions) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["build".into()];
        line.extend(global.for_cargo());
        line.extend(self.packages.for_cargo());
        line.extend(self.lock.for_cargo());
        line.extend(self.release.then(|| "--release".into()));
        line.extend(self.trust_unpinned.then(|| "--trust-unpinned".into()));
        let options = [
            ("--profile", self.profile.map(Into::into)),
            ("--target", self.target.map(Into::into)),
            ("--target-dir", self.target_dir.map(Into::into)),
        ];
        add_options(&mut line, options);
        line
    }
}
