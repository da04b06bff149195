//! `cargo component config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::config::{OriginDisplay, get, list, set};
use crate::system::context::Context;
use crate::system::registry::settings::ConfigOwner;

/// Show or change the configuration of registries
///
/// Without a command it is `list`. What may be a secret is shown as `…`.
#[derive(Args, Debug)]
pub(super) struct Config {
    /// Tell where each value is set
    #[arg(long, global = true)]
    show_origin: bool,

    /// The Cargo.toml to start from
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "Manifest Options"
    )]
    manifest_path: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every value that is in force
    List,
    /// Print what is in force under a key, or which registry a package is in
    Get {
        /// A key, such as `default_registry`, or a package, `namespace:name`
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Set a value in the user's file, or the one of `--registry-config`
    Set {
        /// A key, such as `namespace_registries.my-org`
        #[arg(value_name = "KEY")]
        key: String,

        /// The value: text, or a table as TOML has it
        #[arg(value_name = "VALUE")]
        value: String,

        /// Set it in `.wasm-pkg/config.toml` of the workspace, to be committed
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
            None | Some(Command::List) => list(ctx, &args, origin),
            Some(Command::Get { key }) => get(ctx, &args, &key, origin),
            Some(Command::Set {
                key,
                value,
                project,
            }) => {
                let whose = match project {
                    true => ConfigOwner::Project,
                    false => ConfigOwner::User,
                };
                set(ctx, &args, &key, &value, whose)
            }
        }
    }
}
