//! The options of `cargo component targets` and how they are run.

use clap::Args;

use super::options::{GlobalOptions, LockOptions, PackageOptions, cargo_args};
use crate::base::error::Result;
use crate::ops::targets::targets;
use crate::system::context::Context;

/// Check whether a component conforms to a world
///
/// It conforms if the world provides everything the component imports, and the component
/// exports everything the world requires. If it does not, every reason is printed, and the
/// exit code is 1.
#[derive(Args, Debug)]
pub(super) struct Targets {
    /// Component to check: a file, `namespace:name@version` or an OCI reference
    #[arg(value_name = "COMPONENT")]
    component: String,

    /// World to check against: `namespace:name/world@version`, or the path of a WIT file or directory
    /// followed by the world, `wit/world`
    #[arg(long, value_name = "WORLD")]
    world: String,

    #[command(flatten)]
    lock: LockOptions,
}

impl Targets {
    pub(super) fn run(self, ctx: &Context, _global: &GlobalOptions) -> Result<()> {
        let args = cargo_args(&PackageOptions::default(), &self.lock);
        targets(ctx, &args, &self.component, &self.world)
    }
}
