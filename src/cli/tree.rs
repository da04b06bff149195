//! `cargo component tree`.

use clap::Args;

use super::options::{FormatOptions, GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::tree::{TreeOptions, tree};
use crate::system::context::Context;

/// Show what packages need: their target, dependencies, and what the WIT names
///
/// A package that was shown with all it needs before is marked `(*)`. What is
/// `(enclosed)` is a copy in the file of a package that needs it. For crates
/// there is `cargo tree`.
#[derive(Args, Debug)]
pub(super) struct Tree {
    #[command(flatten)]
    drawing: Drawing,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

/// How a tree is drawn.
#[derive(Args, Debug)]
pub(super) struct Drawing {
    /// Show who needs this package instead: `namespace:name` or `namespace:name@version`
    #[arg(long, short, value_name = "PACKAGE")]
    invert: Option<String>,

    /// Show what is there several times, in several versions or from several registries, and who
    /// needs each
    #[arg(long, conflicts_with = "invert")]
    duplicates: bool,

    /// Go only so many steps
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    #[command(flatten)]
    format: FormatOptions,
}

impl Drawing {
    pub(super) fn options(self) -> TreeOptions {
        TreeOptions {
            invert: self.invert,
            duplicates: self.duplicates,
            depth: self.depth,
            format: self.format.format(),
        }
    }
}

impl Tree {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let args = cargo_args(&self.packages, &self.lock);
        tree(ctx, &args, &self.drawing.options())
    }
}
