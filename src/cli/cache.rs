//! `cargo component cache`.

use clap::{Args, Subcommand};
use semver::Version;

use super::options::GlobalOptions;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::cache::{clean, path, show};
use crate::system::context::Context;

/// Show the cache of downloaded packages, or clean it
///
/// Without a command, where it is, how many packages it has and what they take.
#[derive(Args, Debug)]
pub(super) struct Cache {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the directory
    Path,
    /// Remove packages; they are downloaded again when they are needed
    ///
    /// Files in the directory that are not the cache's stay.
    Clean {
        /// The packages to remove, `namespace:name` or `namespace:name@version`; all without any
        #[arg(value_name = "PACKAGE", value_parser = release)]
        packages: Vec<(PackageRef, Option<Version>)>,
    },
}

/// `namespace:name[@version]`.
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
            Some(Command::Path) => {
                path(ctx);
                Ok(())
            }
            Some(Command::Clean { packages }) => clean(ctx, &packages),
        }
    }
}
