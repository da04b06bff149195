//! The options that all `wit` subcommands on a project share.

use std::path::PathBuf;

use clap::Args;

use crate::cli::options::LockOptions;
use crate::ops::wit::{ProjectSearch, WitOptions};

/// The options that all `wit` subcommands on a project share.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ProjectOptions {
    /// Directory with the `.wit` files
    #[arg(long, short = 'd', value_name = "DIR")]
    pub(super) wit_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(super) lock: LockOptions,
}

impl ProjectOptions {
    pub(super) fn options(self) -> WitOptions {
        WitOptions {
            wit_dir: self.wit_dir,
            mode: self.lock.mode(),
            search: ProjectSearch::Any,
        }
    }
}
