//! `cargo component targets`.

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::targets::targets;
use crate::system::context::Context;

/// Say whether a component fits a world
///
/// It does if the world offers all that it imports, and it exports all that the world
/// asks for. If not, every reason is told, and the exit code is 1.
#[derive(Args, Debug)]
pub(super) struct Targets {
    /// The component: a file, `namespace:name@version` or an OCI reference
    #[arg(value_name = "COMPONENT")]
    component: String,

    /// The world, `namespace:name/world@version`, or the path of WIT with the world behind it,
    /// `wit/world`
    #[arg(long, value_name = "WORLD")]
    world: String,

    #[command(flatten)]
    lock: LockOptions,
}

impl Targets {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let args = cargo_args(&PackageOptions::default(), &self.lock);
        targets(ctx, &args, (&self.component, &self.world))
    }
}
