//! The options of `cargo component migrate` and how they are run.

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::migrate::{Changes, Tree, migrate};
use crate::system::context::Context;

/// Convert a project of another tool for use with this one
///
/// Converts projects of cargo-component 0.21.1, the `wit` CLI, `wkg` and the `component` CLI, and
/// crates that use `wit_bindgen::generate!`. All changes are shown as a diff first; then either
/// all are applied or none. Whatever already works is not changed.
#[derive(Args, Debug)]
pub(super) struct Migrate {
    /// Show the changes without applying them
    #[arg(long, short = 'n', conflicts_with = "check")]
    dry_run: bool,

    /// Show the changes without applying them, and fail if there are any
    #[arg(long)]
    check: bool,

    /// Apply the changes even if the repository has uncommitted changes
    #[arg(long)]
    allow_dirty: bool,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl Migrate {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let changes = match (self.check, self.dry_run, self.allow_dirty) {
            (true, ..) => Changes::Refuse,
            (false, true, _) => Changes::Show,
            (false, false, true) => Changes::Make(Tree::Any),
            (false, false, false) => Changes::Make(Tree::Clean),
        };
        let args = cargo_args(&self.packages, &self.lock);
        migrate(ctx, &args, changes)
    }
}
