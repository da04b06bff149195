use clap::Args;

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::cli::options::FormatOptions;
use crate::ops::outdated::{OutdatedOptions, OutdatedPolicy};
use crate::ops::wit::outdated::outdated;
use crate::system::context::Context;

/// Show which packages of registries have newer versions
///
/// `Compatible` is the version that `cargo component wit update` selects, `Latest` the newest
/// version of all. Nothing is written.
#[derive(Args, Debug)]
pub(super) struct Outdated {
    /// Exit with code 1 if a package is outdated
    #[arg(long)]
    exit_code: bool,

    #[command(flatten)]
    format: FormatOptions,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Outdated {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = OutdatedOptions {
            format: self.format.format(),
            policy: match self.exit_code {
                true => OutdatedPolicy::Fail,
                false => OutdatedPolicy::Report,
            },
            capabilities: false,
        };
        outdated(ctx, &self.project.options(), &options)
    }
}
