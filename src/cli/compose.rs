//! `cargo component compose`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions};
use crate::base::error::Result;
use crate::ops::compose::{ComposeOptions, Releases, compose};
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::output::Output;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Link a component with the components that its imports name
///
/// What answers an import is found by its hint, wherever the component was made, or
/// given by `--with`. Imports that nothing is known of stay open. Without a file the
/// component of the package is built and linked.
///
/// A file that ends in `.wac` describes a composition in the language of `wac`. The packages
/// it names are those given by `--dep`, then those in `--deps-dir`, then those of the project
/// and of registries.
#[derive(Args, Debug)]
pub(super) struct Compose {
    /// The component, or a `.wac` document; without it the component of the package is built
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// The file, the folder it goes to (with a slash at its end), or `-` for standard output;
    /// `<name>.linked.wasm` beside the component without it
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Link an import (a label, interface or package) with a file, `namespace:name@version` or OCI
    /// reference, whatever its hint says
    #[arg(long, value_name = "IMPORT=WHAT")]
    with: Vec<String>,

    /// Leave an import (a label, interface or package) open
    #[arg(long, value_name = "IMPORT")]
    keep: Vec<String>,

    /// A package of a `.wac` document: a component, or a file or folder of WIT
    #[arg(long, short, value_name = "PACKAGE=PATH")]
    dep: Vec<String>,

    /// Where the packages of a `.wac` document are, as `<namespace>/<name>.wasm` or
    /// `<namespace>/<name>/<version>.wasm`; `deps` beside it without it
    #[arg(long, value_name = "PATH")]
    deps_dir: Option<PathBuf>,

    /// Draw what is linked: a file ending in `.svg`, `.dot` or `.mmd`; `dot` and `mermaid` go to
    /// standard output
    #[arg(long, value_name = "FILE")]
    graph: Option<String>,

    /// Follow hints without a digest to whatever they lead to now
    #[arg(long)]
    trust_unpinned: bool,

    /// Link a component of others with the newest releases that will do, not with those that its
    /// hints name
    #[arg(long)]
    fresh: bool,

    /// Build for release
    #[arg(long, short, conflicts_with = "file")]
    release: bool,

    /// The profile to build under
    #[arg(long, value_name = "PROFILE", conflicts_with = "file")]
    profile: Option<String>,

    /// The target to build for
    #[arg(long, value_name = "TRIPLE", conflicts_with = "file")]
    target: Option<String>,

    /// Where cargo builds
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

    /// The build as cargo is asked for it.
    fn command_line(self, global: &GlobalOptions) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["build".into()];
        line.extend(global.for_cargo());
        line.extend(self.packages.for_cargo());
        line.extend(self.lock.for_cargo());
        line.extend(self.release.then(|| "--release".into()));
        line.extend(self.trust_unpinned.then(|| "--trust-unpinned".into()));
        let options: [(&str, Option<OsString>); 3] = [
            ("--profile", self.profile.map(Into::into)),
            ("--target", self.target.map(Into::into)),
            ("--target-dir", self.target_dir.map(Into::into)),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                line.extend([name.into(), value]);
            }
        }
        line
    }
}
