use clap::Args;

use super::ProjectOptions;
use crate::advice::Result;
use crate::context::Context;
use crate::ops::wit::check::check;

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
