use clap::{Args, ValueEnum};

use super::options::ProjectOptions;
use crate::base::error::Result;
use crate::ops::wit::DepsFormat;
use crate::ops::wit::fetch::{Drift, fetch};
use crate::system::context::Context;

/// Download the dependencies of WIT packages into `deps`
///
/// Locked packages are taken from the cache. Files in `deps` that this tool did not write are
/// left alone and count as part of the project.
#[derive(Args, Debug)]
pub(super) struct Fetch {
    /// Format to write the packages in
    #[arg(
        long = "type",
        short = 't',
        value_name = "TYPE",
        default_value = "wit",
        ignore_case = true
    )]
    form: PackageType,

    /// Fail if a file would have to be written, and write nothing
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

/// The values of `--type`: the format of packages in `deps`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum PackageType {
    /// WIT text, `<name>/package.wit`
    Wit,
    /// Binary as in registries, `<name>.wasm`
    Wasm,
}

impl Fetch {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let format = match self.form {
            PackageType::Wit => DepsFormat::Wit,
            PackageType::Wasm => DepsFormat::Wasm,
        };
        let drift = match self.check {
            true => Drift::Refuse,
            false => Drift::Write,
        };
        fetch(ctx, &self.project.options(), format, drift)
    }
}
