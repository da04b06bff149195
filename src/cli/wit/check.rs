use clap::Args;

use super::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::check::check;
use crate::system::context::Context;

/// Tell everything that is wrong with WIT, and write nothing
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
