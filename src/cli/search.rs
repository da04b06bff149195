//! The options of `cargo component search` and how they are run.

use clap::Args;

use super::options::{FormatOptions, LockOptions};
use crate::base::error::Result;
use crate::ops::search::{SearchOptions, search};
use crate::pipeline::fetch::access::AccessOptions;
use crate::system::context::Context;

/// The end of the help.
const EXAMPLES: &str = "\
Examples:
  cargo component search regex
  cargo component search --exports wasi:http/handler
  cargo component search text --imports wasi:cli/environment@0.2 --registry oci://ghcr.io/my-org

To search for crates, use `cargo search`.";

/// Search registries for components and WIT packages
///
/// Asks the default registry, those of namespaces and packages in the configuration, those of the
/// manifest, and the indexes that are configured. Without words, all packages match. Each line is
/// an entry for Cargo.toml with the newest version and the beginning of the description. Registries
/// that do not list their packages are named in a note.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct SearchArgs {
    /// Words in the name or description of a package; all of them must be there
    #[arg(value_name = "WORDS")]
    words: Vec<String>,

    /// Interface that the package exports, with any version or the given one
    ///
    /// A component exports it, or a world of a WIT package does. Packages that have the words are
    /// downloaded into the cache for this. If it is given several times, all must be exported.
    #[arg(long, value_name = "INTERFACE")]
    exports: Vec<String>,

    /// Interface that the package imports, with any version or the given one
    #[arg(long, value_name = "INTERFACE")]
    imports: Vec<String>,

    /// Greatest number of packages to print
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "20",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    limit: u32,

    /// Name or address of the registry, or name of the index, instead of all that are configured
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    #[command(flatten)]
    format: FormatOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl SearchArgs {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let options = SearchOptions {
            words: self.words,
            exports: self.exports,
            imports: self.imports,
            limit: self.limit as usize,
            format: self.format.format(),
            access: AccessOptions {
                registry: self.registry,
                mode: self.lock.mode(),
            },
        };
        search(ctx, &options)
    }
}
