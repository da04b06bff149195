//! The options of `cargo component artifacts` and how they are run.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, add_options};
use crate::base::error::Result;
use crate::ops::artifacts::artifacts;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Build the components that a host embeds
///
/// The components are those under `[package.metadata.component.artifacts]`. Build scripts run
/// this command through `cargo_component::build_script::artifacts()`: it prints the paths of
/// the components and their sources for cargo, as `cargo::rustc-env=COMPONENT_<KEY>=<PATH>` and
/// `cargo::rerun-if-changed=<PATH>`.
#[derive(Args, Debug)]
pub(super) struct Artifacts {
    /// Directory for the components [default: one in the target directory]
    #[arg(long, value_name = "PATH")]
    out_dir: Option<PathBuf>,

    /// Build in release mode, with optimizations
    #[arg(long, short)]
    release: bool,

    /// Build with the given profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Directory in which the components are built
    #[arg(long, value_name = "PATH")]
    target_dir: Option<PathBuf>,

    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Manifest Options")]
    manifest_path: Option<PathBuf>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Artifacts {
    pub(super) fn run(self, ctx: &Context, global: &GlobalOptions) -> Result<()> {
        let mut line: Vec<OsString> = vec!["build".into()];
        line.extend(global.for_cargo());
        line.extend(self.lock.for_cargo());
        line.extend(self.release.then(|| "--release".into()));
        let options = [
            ("--profile", self.profile.map(Into::into)),
            ("--target-dir", self.target_dir.map(Into::into)),
            ("--manifest-path", self.manifest_path.map(Into::into)),
        ];
        add_options(&mut line, options);
        let args = CargoArgs::parse(&line)?;
        artifacts(ctx, &args, self.out_dir.as_deref())
    }
}
