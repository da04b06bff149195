//! The options of `cargo component info` and how they are run.

use clap::{Args, ValueEnum};

use super::options::LockOptions;
use crate::base::error::Result;
use crate::ops::info::{InfoFormat, info};
use crate::pipeline::fetch::access::AccessOptions;
use crate::system::context::Context;

/// Print what a component or WIT package is
///
/// Prints its kind, imports and exports, what it may do (see `tree --capabilities`), the metadata
/// and producers in its sections, the hints of its imports, its size and digest, and its world as
/// WIT. A package is downloaded into the cache. Signatures in the file are listed; they are compared
/// with its content, but not verified with a key.
#[derive(Args, Debug)]
pub(super) struct InfoArgs {
    /// A component, a module, a file or directory of WIT, `namespace:name`, optionally followed by
    /// `@` and a version or requirement, or an OCI reference
    #[arg(value_name = "WHAT")]
    what: String,

    /// Format of the printed output; `wit` is only the world, or the WIT package
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: FormatArg,

    /// Name or address of the registry, instead of the configured one
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    #[command(flatten)]
    lock: LockOptions,
}

/// The values of `--format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    Text,
    Json,
    Wit,
}

impl InfoArgs {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = AccessOptions {
            registry: self.registry,
            mode: self.lock.mode(),
        };
        let format = match self.format {
            FormatArg::Text => InfoFormat::Text,
            FormatArg::Json => InfoFormat::Json,
            FormatArg::Wit => InfoFormat::Wit,
        };
        info(ctx, &self.what, &options, format)
    }
}
