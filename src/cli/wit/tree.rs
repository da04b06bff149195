use clap::Args;

use super::ProjectOptions;
use crate::base::error::Result;
use crate::cli::tree::Drawing;
use crate::ops::wit::tree::tree;
use crate::system::context::Context;

/// Show what WIT packages need, and where it comes from
///
/// A package that was shown with all it needs before is marked `(*)`. What is
/// `(enclosed)` is a copy in the file of a package that needs it.
#[derive(Args, Debug)]
pub(super) struct Tree {
    #[command(flatten)]
    drawing: Drawing,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Tree {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        tree(ctx, &self.project.options(), &self.drawing.options())
    }
}
