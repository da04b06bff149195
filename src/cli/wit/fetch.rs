use clap::{Args, ValueEnum};

use super::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::DepsFormat;
use crate::ops::wit::fetch::{Drift, fetch};
use crate::system::context::Context;

/// Put the packages that WIT names into its `deps`
///
/// What is locked is taken from the cache. Files in `deps` that this did not
/// write are left alone, and count as part of the project.
#[derive(Args, Debug)]
pub(super) struct Fetch {
    /// What to write the packages as
    #[arg(
        long = "type",
        short = 't',
        value_name = "TYPE",
        default_value = "wit",
        ignore_case = true
    )]
    form: Form,

    /// Write nothing, and fail if something would have to be written
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

/// What packages are written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Form {
    /// Text, `<name>/package.wit`
    Wit,
    /// As they are in registries, `<name>.wasm`
    Wasm,
}

impl Fetch {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let format = match self.form {
            Form::Wit => DepsFormat::Wit,
            Form::Wasm => DepsFormat::Wasm,
        };
        let drift = match self.check {
            true => Drift::Refuse,
            false => Drift::Write,
        };
        fetch(ctx, &self.project.options(), format, drift)
    }
}
