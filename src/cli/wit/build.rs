use std::path::PathBuf;

use clap::Args;

use super::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::build::build;
use crate::system::context::Context;

/// Write a WIT package as one file
///
/// The file has all the package needs of others in it, and is called
/// `<namespace>:<name>@<version>.wasm`, or `<name>.wasm` beside a `wit.toml`.
#[derive(Args, Debug)]
pub(super) struct Build {
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Build {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        build(ctx, &self.project.options(), self.output.as_deref()).map(|_| ())
    }
}
