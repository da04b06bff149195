use clap::Args;

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::check::check;
use crate::system::context::Context;

/// Check WIT packages and report all errors, without writing anything
#[derive(Args, Debug)]
pub(super) struct Check {
    #[command(flatten)]
    project: ProjectOptions,
}

impl Check {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        check(ctx, &self.project.options())
    }
}
