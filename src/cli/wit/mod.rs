//! The options of `cargo component wit` and how they are run.

pub(in crate::cli) mod add;
mod build;
mod check;
mod fetch;
mod init;
mod options;
mod outdated;
mod publish;
mod tree;
mod update;
mod world;

use clap::{Args, Subcommand};

use crate::base::error::Result;
use crate::system::context::Context;

/// Work with WIT packages
///
/// Works in a directory with `.wit` files, `wkg.toml`, `wit.toml`, `wit/deps.toml` or `wasm.toml`,
/// and in a crate. The command prints first which of them it found.
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
    Outdated(outdated::Outdated),
    Check(check::Check),
    Publish(publish::Publish),
    World(world::World),
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
            WitCommand::Outdated(verb) => verb.run(ctx),
            WitCommand::Check(verb) => verb.run(ctx),
            WitCommand::Publish(verb) => verb.run(ctx),
            WitCommand::World(verb) => verb.run(ctx),
        }
    }
}
