use clap::Args;

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::cli::tree::Drawing;
use crate::ops::wit::tree::tree;
use crate::system::context::Context;

/// Show the dependency tree of WIT packages, and where each package comes from
///
/// `(*)` marks a package whose dependencies were shown further up. `(enclosed)` marks a
/// copy that is contained in the file of the package that needs it.
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
