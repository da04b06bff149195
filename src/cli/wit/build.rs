use std::path::PathBuf;

use clap::Args;

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::build::build;
use crate::system::context::Context;

/// Build a WIT package into one binary file
///
/// The file contains everything the package needs from other packages. Its default name is
/// `<namespace>:<name>@<version>.wasm`, or `<name>.wasm` for a project with `wit.toml` or
/// `wasm.toml`.
#[derive(Args, Debug)]
pub(super) struct Build {
    /// Path of the output file
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
