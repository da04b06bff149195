use std::path::PathBuf;

use clap::Args;

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::publish::{PackageVersion, PublishOptions, publish};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::context::Context;

/// Publish WIT packages
///
/// The name and version are those in the WIT; if the WIT has no version, that of `wit.toml` or
/// `wasm.toml` is used. Everything is checked before anything is published, and packages are
/// published after their dependencies. A new version must keep everything in the previous
/// compatible version.
#[derive(Args, Debug)]
pub(super) struct Publish {
    /// Directories with `.wit` files, or WebAssembly files [default: the packages of the project]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Name and version to publish a single path under, `namespace:name@version`
    #[arg(long, value_name = "PACKAGE")]
    package: Option<PackageVersion>,

    /// Registry to publish to
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Skip versions that are already published
    #[arg(long, visible_alias = "skip-dupes")]
    skip_existing: bool,

    /// Publish even if this breaks a compatible earlier version
    #[arg(long, visible_alias = "skip-semver-check")]
    allow_breaking: bool,

    /// Print what would be published, without publishing
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
