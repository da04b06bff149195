//! `cargo component init`.

use std::path::PathBuf;

use clap::Args;

use super::new::StartArgs;
use crate::base::error::Result;
use crate::ops::bindings::of_package;
use crate::ops::init;
use crate::system::context::Context;

/// Make a component of the crate in a directory, or of a new one
#[derive(Args, Clone, Debug)]
pub struct Init {
    #[command(flatten)]
    start: StartArgs,

    /// The directory of the crate
    #[arg(default_value = ".")]
    path: PathBuf,
}

impl Init {
    /// Makes the component.
    pub fn run(self, ctx: &Context) -> Result<()> {
        let options = self.start.options(self.path);
        init::init(ctx, &options, &mut |manifest| {
            of_package(ctx, manifest, options.lock_mode)
        })
    }
}
