//! `cargo component deps`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::LockOptions;
use crate::base::error::Result;
use crate::ops::wit_deps::{DepsOptions, check, lock, tar, update};
use crate::system::context::Context;

/// Keep `wit/deps` as `wit/deps.toml` says
///
/// Does what `wit-deps` does, with its files. Without a command it is `lock`.
/// Nothing is fetched unless it must be. Directories that `wit/deps.lock` does
/// not know are left alone.
#[derive(Args, Debug)]
pub(super) struct Deps {
    /// The directory of dependencies
    #[arg(
        long,
        short,
        global = true,
        value_name = "DIR",
        default_value = "wit/deps"
    )]
    deps: PathBuf,

    /// The manifest
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = "wit/deps.toml"
    )]
    manifest: PathBuf,

    /// The lock file
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
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring directories and lock file to what the manifest says
    Lock {
        /// Write nothing; fail where something is not as the manifest and the
        /// lock file say
        #[arg(long, short)]
        check: bool,

        #[command(flatten)]
        mode: LockOptions,
    },
    /// The same as `lock --check`
    Check {
        #[command(flatten)]
        mode: LockOptions,
    },
    /// Ask for everything again and take what comes
    Update {
        #[command(flatten)]
        mode: LockOptions,
    },
    /// Print the tar stream that the digests of a directory are made from
    Tar {
        /// The directory, as the lock file names it
        id: String,

        /// A file for the stream, instead of standard output
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
            Some(Command::Lock { check: false, mode }) => lock(ctx, &options(mode)),
            Some(Command::Lock { check: true, mode } | Command::Check { mode }) => {
                check(ctx, &options(mode))
            }
            Some(Command::Update { mode }) => update(ctx, &options(mode)),
            Some(Command::Tar { id, output, mode }) => {
                tar(ctx, &options(mode), &id, output.as_deref())
            }
        }
    }
}
