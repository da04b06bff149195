//! The options of `cargo component config` and how they are run.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::ops::config::{OriginDisplay, get, list, set};
use crate::system::context::Context;
use crate::system::registry::settings::ConfigOwner;

/// Show or change the registry configuration
///
/// Without a subcommand, it does what `list` does. Values that may be secret are shown as `…`.
#[derive(Args, Debug)]
pub(super) struct Config {
    /// Show where each value is set
    #[arg(long, global = true)]
    show_origin: bool,

    /// Path to Cargo.toml
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "Manifest Options"
    )]
    manifest_path: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print all values in effect
    List,
    /// Print the value of a key, or the registry of a package
    Get {
        /// Key, such as `default_registry`, or package, `namespace:name`
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Set a value in the user's configuration file, or in that of `--registry-config`
    Set {
        /// Key, such as `namespace_registries.my-org`
        #[arg(value_name = "KEY")]
        key: String,

        /// Value: text, or an inline table in TOML syntax
        #[arg(value_name = "VALUE")]
        value: String,

        /// Set it in `.wasm-pkg/config.toml` of the workspace, which can be committed
        #[arg(long)]
        project: bool,
    },
}

impl Config {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let mut args = cargo_args(&PackageOptions::default(), &LockOptions::default());
        args.manifest_path = self.manifest_path;
        let origin = match self.show_origin {
            true => OriginDisplay::Show,
            false => OriginDisplay::Hide,
        };
        match self.command {
            None | Some(ConfigCommand::List) => list(ctx, &args, origin),
            Some(ConfigCommand::Get { key }) => get(ctx, &args, &key, origin),
            Some(ConfigCommand::Set {
                key,
                value,
                project,
            }) => {
                if self.show_origin {
                    let error = Error::usage(
                        "`config set` shows nothing, so `--show-origin` has no effect",
                    );
                    return Err(error.hint("remove it"));
                }
                let whose = match project {
                    true => ConfigOwner::Project,
                    false => ConfigOwner::User,
                };
                set(ctx, &args, &key, &value, whose)
            }
        }
    }
}
