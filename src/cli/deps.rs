//! The options of `cargo component deps` and how they are run.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::LockOptions;
use crate::base::error::Result;
use crate::ops::wit_deps::{DepsOptions, check, lock, tar, update};
use crate::system::context::Context;

/// Manage `wit/deps` according to `wit/deps.toml`
///
/// Works like `wit-deps`, on the same files. Without a subcommand, it does what `lock` does.
/// Only what is missing or out of date is fetched. Directories that are not in
/// `wit/deps.lock` are left alone.
#[derive(Args, Debug)]
pub(super) struct Deps {
    /// Directory of the dependencies
    #[arg(
        long,
        short,
        global = true,
        value_name = "DIR",
        default_value = "wit/deps"
    )]
    deps: PathBuf,

    /// Path to the manifest
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = "wit/deps.toml"
    )]
    manifest: PathBuf,

    /// Path to the lock file
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = "wit/deps.lock"
    )]
    lock: PathBuf,

    #[command(flatten)]
    mode: LockOptions,

    #[command(subcommand)]
    command: Option<DepsCommand>,
}

#[derive(Debug, Subcommand)]
enum DepsCommand {
    /// Update the directories and the lock file according to the manifest
    Lock {
        /// Fail if the directories do not match the manifest and the lock file, and write
        /// nothing
        #[arg(long, short)]
        check: bool,

        #[command(flatten)]
        mode: LockOptions,
    },
    /// Same as `lock --check`
    Check {
        #[command(flatten)]
        mode: LockOptions,
    },
    /// Fetch all dependencies again, and lock what is found
    Update {
        #[command(flatten)]
        mode: LockOptions,
    },
    /// Print the tar stream that the digests of a directory are computed from
    Tar {
        /// Name of the dependency in the lock file
        id: String,

        /// Write the stream to a file instead of standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,

        #[command(flatten)]
        mode: LockOptions,
    },
}

impl Deps {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let outer = self.mode.mode();
        let options = |mode: LockOptions| DepsOptions {
            manifest: self.manifest,
            lock: self.lock,
            deps: self.deps,
            mode: mode.mode().and(outer),
        };
        match self.command {
            None => lock(ctx, &options(LockOptions::default())),
            Some(DepsCommand::Lock { check: false, mode }) => lock(ctx, &options(mode)),
            Some(DepsCommand::Lock { check: true, mode } | DepsCommand::Check { mode }) => {
                check(ctx, &options(mode))
            }
            Some(DepsCommand::Update { mode }) => update(ctx, &options(mode)),
            Some(DepsCommand::Tar { id, output, mode }) => {
                tar(ctx, &options(mode), &id, output.as_deref())
            }
        }
    }
}
