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

/// Work with packages of WIT.
///
/// In a folder with `.wit` files, with `wkg.toml`, with `wit.toml`, with
/// `wit/deps.toml`, or in a crate: which one it is is said first.
#[derive(Args, Debug)]
pub(super) struct Wit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
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
            Verb::Init(verb) => verb.run(ctx),
            Verb::Add(verb) => verb.run(ctx),
            Verb::Remove(verb) => verb.run(ctx),
            Verb::Build(verb) => verb.run(ctx),
            Verb::Fetch(verb) => verb.run(ctx),
            Verb::Update(verb) => verb.run(ctx),
            Verb::Upgrade(verb) => verb.run(ctx),
            Verb::Tree(verb) => verb.run(ctx),
            Verb::Check(verb) => verb.run(ctx),
            Verb::Publish(verb) => verb.run(ctx),
        }
    }
}

/// Which packages, and how.
#[derive(Args, Clone, Debug, Default)]
struct ProjectOptions {
    /// The directory with the `.wit` files
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
