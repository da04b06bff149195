//! The options of `cargo component publish` and how they are run.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions};
use crate::base::error::Result;
use crate::ops::publish::{PublishOptions, PublishedContent, UncommittedChanges, publish};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;

/// Build components for release and publish them
///
/// The package name is `package` of `[package.metadata.component]`, the version is that of
/// the crate. Everything is checked before anything is published. Packages are published
/// after their dependencies, and a dependency by path is replaced by the release with its
/// version. A new version must keep the exports of the previous compatible version, and in a git
/// repository all changes have to be committed.
#[derive(Args, Debug)]
pub(super) struct Publish {
    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,

    /// Build for the given target triple
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,

    /// Directory for all generated artifacts
    #[arg(long, value_name = "PATH")]
    target_dir: Option<PathBuf>,

    /// Comma or space separated list of features to activate
    #[arg(long, short = 'F', value_name = "FEATURES")]
    features: Vec<String>,

    /// Activate all available features
    #[arg(long)]
    all_features: bool,

    /// Do not activate the `default` feature
    #[arg(long)]
    no_default_features: bool,

    /// Number of parallel jobs of cargo
    #[arg(long, short, value_name = "N")]
    jobs: Option<String>,

    /// Show what would be published and where, without publishing
    #[arg(long)]
    dry_run: bool,

    /// Skip versions that are already published
    #[arg(long)]
    skip_existing: bool,

    /// Publish even if a compatible earlier version has exports that this one lacks or changes
    #[arg(long)]
    allow_breaking: bool,

    /// Publish even if the packages have changes that are not committed to git
    #[arg(long)]
    allow_dirty: bool,

    /// Publish components linked with their dependencies
    #[arg(long)]
    composed: bool,

    /// Registry to publish to, instead of the configured one
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
}

impl Publish {
    pub(super) fn run(self, ctx: &Context, global: &GlobalOptions) -> Result<()> {
        let options = PublishOptions {
            registry: self.registry.clone(),
            existing: match self.skip_existing {
                true => ExistingRelease::Skip,
                false => ExistingRelease::Refuse,
            },
            breaking: match self.allow_breaking {
                true => BreakingChange::Allow,
                false => BreakingChange::Refuse,
            },
            content: match self.composed {
                true => PublishedContent::Composed,
                false => PublishedContent::Component,
            },
            uncommitted: match self.allow_dirty {
                true => UncommittedChanges::Allow,
                false => UncommittedChanges::Refuse,
            },
            mode: match self.dry_run {
                true => PublishMode::Dry,
                false => PublishMode::Real,
            },
        };
        publish(
            ctx,
            &CargoArgs::parse(&self.command_line(global))?,
            &options,
        )
    }

    /// The arguments for cargo that build the packages in release mode.
    fn command_line(self, global: &GlobalOptions) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["build".into(), "--release".into()];
        line.extend(global.for_cargo());
        line.extend(self.packages.for_cargo());
        line.extend(self.lock.for_cargo());
        let mut option = |name: &str, value: OsString| line.extend([name.into(), value]);
        if let Some(target) = self.target {
            option("--target", target.into());
        }
        if let Some(dir) = self.target_dir {
            option("--target-dir", dir.into());
        }
        for features in self.features {
            option("--features", features.into());
        }
        if let Some(jobs) = self.jobs {
            option("--jobs", jobs.into());
        }
        for (flag, given) in [
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
        ] {
            line.extend(given.then(|| flag.into()));
        }
        line
    }
}
