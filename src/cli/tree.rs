//! The options of `cargo component tree` and how they are run.

use clap::Args;

use super::completions::names::PACKAGE;
use super::options::{FormatOptions, GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::model::resolver::graph::GraphContent;
use crate::ops::tree::{TreeOptions, tree};
use crate::system::context::Context;

/// Show the dependency tree of packages: their target, components and WIT packages
///
/// `(*)` marks a package whose dependencies were shown further up. `(enclosed)` marks a
/// copy that is contained in the file of the package that needs it. For crates, use
/// `cargo tree`.
#[derive(Args, Debug)]
// With `wit tree`, the letter is that of a directory.
#[command(mut_arg("duplicates", |arg| arg.short('d')))]
pub(super) struct Tree {
    /// Show what components may do, by what they import from outside: files, network, http,
    /// environment, clocks, randomness, standard-streams, and other packages
    ///
    /// WIT packages are left out. The words are those that `allow` and `deny` in Cargo.toml take.
    #[arg(long)]
    capabilities: bool,

    #[command(flatten)]
    drawing: Drawing,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

/// The options that control how a tree is printed.
#[derive(Args, Debug)]
pub(super) struct Drawing {
    /// Show which packages need this one, `namespace:name` or `namespace:name@version`
    #[arg(long, short, value_name = "PACKAGE", value_hint = PACKAGE)]
    invert: Option<String>,

    /// Show only packages that occur in several versions or from several registries, and which
    /// packages need each
    #[arg(long, conflicts_with = "invert")]
    duplicates: bool,

    /// Maximum display depth of the tree
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
            content: GraphContent::Packages,
            format: self.format.format(),
        }
    }
}

impl Tree {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let args = cargo_args(&self.packages, &self.lock);
        let mut options = self.drawing.options();
        if self.capabilities {
            options.content = GraphContent::Capabilities;
        }
        tree(ctx, &args, &options)
    }
}
