use std::path::PathBuf;

use clap::Args;

use super::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::publish::{PackageVersion, PublishOptions, publish};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::context::Context;

/// Publish WIT packages
///
/// Name and version are those of the WIT, or else the version of `wit.toml`.
/// Packages that need others are published after them, and nothing is published
/// unless everything can be. A version must keep what the compatible version before
/// it has.
#[derive(Args, Debug)]
pub(super) struct Publish {
    /// Directories with `.wit` files, or files of WebAssembly; the packages of the project without any
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// What the only path is published as, `namespace:name@version`
    #[arg(long, value_name = "PACKAGE")]
    package: Option<PackageVersion>,

    /// The registry to publish to
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Leave out versions that are published already
    #[arg(long, visible_alias = "skip-dupes")]
    skip_existing: bool,

    /// Publish what breaks a compatible version
    #[arg(long, visible_alias = "skip-semver-check")]
    allow_breaking: bool,

    /// Print what would be published, and publish nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Publish {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = PublishOptions {
            project: self.project.options(),
            paths: self.paths,
            package: self.package,
            rename: None,
            registry: self.registry,
            existing: match self.skip_existing {
                true => ExistingRelease::Skip,
                false => ExistingRelease::Refuse,
            },
            breaking: match self.allow_breaking {
                true => BreakingChange::Allow,
                false => BreakingChange::Refuse,
            },
            mode: match self.dry_run {
                true => PublishMode::Dry,
                false => PublishMode::Real,
            },
        };
        publish(ctx, &options).map(|_| ())
    }
}
