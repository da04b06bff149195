use clap::Args;

use super::ProjectOptions;
use crate::advice::Result;
use crate::cli::options::FormatOptions;
use crate::context::Context;
use crate::ops::tree::TreeOptions;
use crate::ops::wit::tree::tree;

/// Show what WIT packages need, and where it comes from
///
/// A package that was shown with all it needs before is marked `(*)`. What is
/// `(enclosed)` is a copy in the file of a package that needs it.
#[derive(Args, Debug)]
pub(super) struct Tree {
    /// Show who needs this package instead: `namespace:name` or `namespace:name@version`
    #[arg(long, short, value_name = "PACKAGE")]
    invert: Option<String>,

    /// Go only so many steps
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    #[command(flatten)]
    format: FormatOptions,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Tree {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = TreeOptions {
            invert: self.invert,
            depth: self.depth,
            format: self.format.format(),
        };
        tree(ctx, &self.project.options(), &options)
    }
}
