//! The options of `cargo component size` and how they are run.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::options::{FormatOptions, GlobalOptions, LockOptions, PackageOptions, add_options};
use crate::base::error::Result;
use crate::ops::size::{SizeOptions, size};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Show what the bytes of a component are
///
/// The parts are the components that a linked one consists of, each with the bytes of its code,
/// data, types, names, debug information and adapters. The code is shown by crates. For each
/// interface of WASI that is imported, the nearest functions outside the standard library that
/// need it are shown. Crates and callers are known by the names of functions, and callers
/// by direct calls.
///
/// Without a file, the components of the selected packages are built, and linked with their
/// dependencies.
#[derive(Args, Debug)]
pub(super) struct Size {
    /// Component or core module to look at [default: the components of the packages, which are built]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// How many crates and callers are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    #[command(flatten)]
    format: FormatOptions,

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

    /// Build only the library
    #[arg(long, conflicts_with = "file")]
    lib: bool,

    /// Build only the given program
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    bin: Vec<String>,

    /// Comma or space separated list of features to activate
    #[arg(long, short = 'F', value_name = "FEATURES", conflicts_with = "file")]
    features: Vec<String>,

    /// Activate all available features
    #[arg(long, conflicts_with = "file")]
    all_features: bool,

    /// Do not activate the `default` feature
    #[arg(long, conflicts_with = "file")]
    no_default_features: bool,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Size {
    pub(super) fn run(mut self, ctx: &Context, global: &GlobalOptions) -> Result<()> {
        let options = SizeOptions {
            file: self.file.take(),
            top: self.top,
            format: self.format.format(),
        };
        size(
            ctx,
            &CargoArgs::parse(&self.command_line(global))?,
            &options,
        )
    }

    /// The arguments for cargo that build the components.
    fn command_line(self, global: &GlobalOptions) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["build".into()];
        line.extend(global.for_cargo());
        line.extend(self.packages.for_cargo());
        line.extend(self.lock.for_cargo());
        for (flag, given) in [
            ("--release", self.release),
            ("--lib", self.lib),
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
        ] {
            line.extend(given.then(|| flag.into()));
        }
        let one = [
            ("--profile", self.profile.map(Into::into)),
            ("--target", self.target.map(Into::into)),
            ("--target-dir", self.target_dir.map(Into::into)),
        ];
        let many = [("--bin", self.bin), ("--features", self.features)];
        let many = many.into_iter().flat_map(|(name, values)| {
            values
                .into_iter()
                .map(move |value| (name, Some(value.into())))
        });
        add_options(&mut line, one.into_iter().chain(many));
        line
    }
}
