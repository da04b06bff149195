use clap::Args;
use semver::Version;

use super::ProjectOptions;
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::cli::update::only_one;
use crate::ops::update::UpdateOptions;
use crate::ops::wit::update::update;
use crate::ops::wit::upgrade::{UpgradeLevel, UpgradeOptions, upgrade};
use crate::system::context::Context;

/// Choose newer versions within what manifest and WIT ask for
///
/// Writes the lock file, tells what changed, and brings a `deps` that `fetch`
/// wrote up to date.
#[derive(Args, Debug)]
pub(super) struct Update {
    /// The packages, `namespace:name`; all without them
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageRef>,

    /// The version the package is to get
    #[arg(long, value_name = "VERSION", requires = "packages")]
    precise: Option<Version>,

    /// Raise the versions in the WIT itself to the newest ones
    #[arg(long, conflicts_with = "precise")]
    breaking: bool,

    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Update {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        if self.breaking {
            let options = UpgradeOptions {
                packages: self.packages,
                level: UpgradeLevel::Breaking,
                dry_run: self.dry_run,
            };
            return upgrade(ctx, &self.project.options(), &options);
        }
        only_one((&self.packages, self.precise.as_ref()))?;
        let options = UpdateOptions {
            packages: self.packages,
            precise: self.precise,
            dry_run: self.dry_run,
        };
        update(ctx, &self.project.options(), &options)
    }
}

/// Raise the versions that the WIT itself names
///
/// To the newest compatible ones; a table of them is shown first. Requirements
/// of the manifest that do not admit them are raised too.
#[derive(Args, Debug)]
pub(super) struct Upgrade {
    /// The packages, `namespace:name`; all without them
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageRef>,

    /// To the newest ones, compatible or not
    #[arg(long)]
    breaking: bool,

    /// Only show the table
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Upgrade {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = UpgradeOptions {
            packages: self.packages,
            level: match self.breaking {
                true => UpgradeLevel::Breaking,
                false => UpgradeLevel::Compatible,
            },
            dry_run: self.dry_run,
        };
        upgrade(ctx, &self.project.options(), &options)
    }
}
