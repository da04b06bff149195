//! The options of `cargo component init` and how they are run.

use std::path::PathBuf;

use clap::Args;

use super::new::StartArgs;
use crate::base::error::Result;
use crate::ops::bindings::of_package;
use crate::ops::init;
use crate::system::context::Context;

/// Turn an existing crate into a component, or create a new one in the directory
#[derive(Args, Clone, Debug)]
pub struct Init {
    #[command(flatten)]
    start: StartArgs,

    /// Directory of the crate
    #[arg(default_value = ".")]
    path: PathBuf,
}

impl Init {
    /// Turns the crate into a component and generates its bindings.
    pub fn run(self, ctx: &Context) -> Result<()> {
        let options = self.start.options(self.path);
        init::init(ctx, &options, &mut |manifest| {
            of_package(ctx, manifest, options.lock_mode)
        })
    }
}
