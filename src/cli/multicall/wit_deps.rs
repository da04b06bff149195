//! The command line of `wit-deps` 0.6.

use std::ffi::OsString;

use clap::Parser;

use crate::base::error::Result;
use crate::cli::deps::Deps;
use crate::system::context::Context;

/// Manage WIT dependencies, with the command line of `wit-deps`
#[derive(Debug, Parser)]
#[command(
    name = "wit-deps",
    bin_name = "wit-deps",
    version = super::version::version("0.6.0"),
    max_term_width = 100
)]
pub(super) struct WitDeps {
    #[command(flatten)]
    deps: Deps,
}

/// Parses the arguments, the name of the tool included.
pub(super) fn parse(args: impl Iterator<Item = OsString>) -> Result<WitDeps, clap::Error> {
    WitDeps::try_parse_from(args)
}

impl WitDeps {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        self.deps.run(ctx)
    }
}
