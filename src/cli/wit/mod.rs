//! `cargo component wit`.

pub(in crate::cli) mod add;
mod build;
mod check;
mod fetch;
mod init;
mod publish;
mod tree;
mod update;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::base::error::Result;
use crate::cli::options::LockOptions;
use crate::ops::wit::{ProjectSearch, WitOptions};
use crate::system::context::Context;

/// Work with WIT packages
///
/// Works in a directory with `.wit` files, `wkg.toml`, `wit.toml` or `wit/deps.toml`, and in a
/// crate. The command prints first which of them it found.
#[derive(Args, Debug)]
pub(super) struct Wit {
    #[command(subcommand)]
    verb: WitCommand,
}

#[derive(Debug, Subcommand)]
enum WitCommand {
    Init(init::Init),
    Add(add::Add),
    #[command(visible_alias = "rm")]
    Remove(add::Remove),
    Build(build::Build),
    Fetch(fetch::Fetch),
    Update(update::Update),
    Upgrade(update::Upgrade),
    Tree(tree::Tree),
    Check(check::Check),
    Publish(publish::Publish),
}

impl Wit {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        match self.verb {
            WitCommand::Init(verb) => verb.run(ctx),
            WitCommand::Add(verb) => verb.run(ctx),
            WitCommand::Remove(verb) => verb.run(ctx),
            WitCommand::Build(verb) => verb.run(ctx),
            WitCommand::Fetch(verb) => verb.run(ctx),
            WitCommand::Update(verb) => verb.run(ctx),
            WitCommand::Upgrade(verb) => verb.run(ctx),
            WitCommand::Tree(verb) => verb.run(ctx),
            WitCommand::Check(verb) => verb.run(ctx),
            WitCommand::Publish(verb) => verb.run(ctx),
        }
    }
}

/// The options that all `wit` subcommands on a project share.
#[derive(Args, Clone, Debug, Default)]
struct ProjectOptions {
    /// Directory with the `.wit` files
    #[arg(long, short = 'd', value_name = "DIR")]
    wit_dir: Option<PathBuf>,

    #[command(flatten)]
    lock: LockOptions,
}

impl ProjectOptions {
    fn options(self) -> WitOptions {
        WitOptions {
            wit_dir: self.wit_dir,
            mode: self.lock.mode(),
            search: ProjectSearch::Any,
        }
    }
}
