use clap::Args;
use semver::Version;

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::cli::update::check_precise;
use crate::ops::update::UpdateOptions;
use crate::ops::wit::update::update;
use crate::ops::wit::upgrade::{UpgradeLevel, UpgradeOptions, upgrade};
use crate::system::context::Context;

/// Update locked packages to the newest compatible versions
///
/// Versions stay within the requirements of the manifest and the WIT. Writes the lock file,
/// prints what changed, and updates `deps` if `fetch` wrote it.
#[derive(Args, Debug)]
pub(super) struct Update {
    /// Packages to update, `namespace:name` [default: all packages]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageRef>,

    /// Update the package to exactly this version
    #[arg(long, value_name = "VERSION", requires = "packages")]
    precise: Option<Version>,

    /// Raise the versions in the WIT files to the newest ones, compatible or not
    #[arg(long, conflicts_with = "precise")]
    breaking: bool,

    /// Print what would change, without writing anything
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
        check_precise(&self.packages, self.precise.as_ref())?;
        let options = UpdateOptions {
            packages: self.packages,
            precise: self.precise,
            dry_run: self.dry_run,
        };
        update(ctx, &self.project.options(), &options)
    }
}

/// Raise the package versions that are written in WIT files
///
/// Raises them to the newest compatible versions and prints a table of the changes first.
/// Requirements of the manifest that do not allow these versions are raised too.
#[derive(Args, Debug)]
pub(super) struct Upgrade {
    /// Packages to update, `namespace:name` [default: all packages]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageRef>,

    /// Raise to the newest versions, compatible or not
    #[arg(long)]
    breaking: bool,

    /// Print the table, without writing anything
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
