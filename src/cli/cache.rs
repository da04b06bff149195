//! The options of `cargo component cache` and how they are run.

use clap::{Args, Subcommand};
use semver::Version;

use super::options::GlobalOptions;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::cache::{clean, path, show};
use crate::system::context::Context;

/// Show or clean the cache of downloaded packages
///
/// Without a subcommand, prints the directory, the number of packages and their size.
#[derive(Args, Debug)]
pub(super) struct Cache {
    #[command(subcommand)]
    command: Option<CacheCommand>,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// Print the directory of the cache
    Path,
    /// Remove packages from the cache
    ///
    /// They are downloaded again when needed. Files that do not belong to the cache are kept.
    Clean {
        /// Packages to remove, `namespace:name` or `namespace:name@version` [default: all]
        #[arg(value_name = "PACKAGE", value_parser = release)]
        packages: Vec<(PackageRef, Option<Version>)>,
    },
}

/// Parses a package of the form `namespace:name[@version]`.
fn release(text: &str) -> Result<(PackageRef, Option<Version>)> {
    let Some((package, version)) = text.split_once('@') else {
        return Ok((text.parse()?, None));
    };
    let version = version
        .parse()
        .map_err(|e| Error::usage(format!("invalid version `{version}`")).with_cause(e))?;
    Ok((package.parse()?, Some(version)))
}

impl Cache {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        match self.command {
            None => show(ctx),
            Some(CacheCommand::Path) => {
                path(ctx);
                Ok(())
            }
            Some(CacheCommand::Clean { packages }) => clean(ctx, &packages),
        }
    }
}
