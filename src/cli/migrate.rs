//! `cargo component migrate`.

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::migrate::{Changes, Tree, migrate};
use crate::system::context::Context;

/// Make a project of another tool one of this
///
/// From cargo-component 0.21.1, the `wit` CLI, `wkg`, or a crate with
/// `wit_bindgen::generate!`. Every change is shown as a diff before any is made, and
/// all are made or none. What works as it is stays as it is.
#[derive(Args, Debug)]
pub(super) struct Migrate {
    /// Show the changes, and make none
    #[arg(long, short = 'n', conflicts_with = "check")]
    dry_run: bool,

    /// Show the changes, make none, and fail if there are any
    #[arg(long)]
    check: bool,

    /// Also where the repository has changes that are not committed
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
