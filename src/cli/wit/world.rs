use std::path::PathBuf;

use clap::Args;

use crate::base::error::Result;
use crate::cli::options::{LockOptions, PackageOptions, cargo_args};
use crate::ops::wit::world::world;
use crate::system::context::Context;

/// Print the whole world of a crate as WIT, component dependencies included
///
/// Any generator of bindings can read it: the macro of wit-bindgen, wasmtime's `bindgen!`,
/// jco or componentize-py. It has the exports of component dependencies as imports, and no
/// attributes. To keep a directory up to date in every build, set `bindings.wit` in
/// Cargo.toml.
#[derive(Args, Debug)]
pub(super) struct World {
    /// Write the files `world.wit` and `deps/<package>/package.wit` to this directory
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    packages: PackageOptions,

    #[command(flatten)]
    lock: LockOptions,
}

impl World {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let mut args = cargo_args(&self.packages, &self.lock);
        // Nothing of the crate is compiled, so no wasm target has to be installed.
        args.own.native = true;
        world(ctx, &args, self.output.as_deref())
    }
}
