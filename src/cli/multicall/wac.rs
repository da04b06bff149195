//! The command line of `wac` 0.12.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::base::error::{Error, Result};
use crate::ops::compose::{ComposeOptions, compose, parse_document, plug};
use crate::ops::targets::targets;
use crate::pipeline::project::output::Output;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// Compose components, with the command line of `wac`
#[derive(Debug, Parser)]
#[command(
    name = "wac",
    bin_name = "wac",
    version = super::version::version("0.12.0"),
    max_term_width = 100
)]
pub(super) struct WacCli {
    #[command(subcommand)]
    verb: WacCommand,
}

/// Parses the arguments, the name of the tool included.
pub(super) fn parse(args: impl Iterator<Item = OsString>) -> Result<WacCli, clap::Error> {
    WacCli::try_parse_from(args)
}

#[derive(Debug, Subcommand)]
enum WacCommand {
    /// Plug the exports of components into the imports of another one
    Plug(Plug),
    /// Compose the components that a WAC document names
    Compose(Compose),
    /// Check whether a component conforms to a world
    Targets(Targets),
    /// Print the syntax tree of a WAC document as JSON
    Parse(Parse),
}

/// Where a component is written, and where packages come from.
#[derive(Args, Debug)]
struct OutputArgs {
    /// Not supported: write the text format
    #[arg(long, short = 't', hide = true)]
    wat: bool,

    /// Output file [default: standard output]
    #[arg(long, short, value_name = "OUTPUT")]
    output: Option<PathBuf>,

    /// Not supported: address of a Warg registry
    #[arg(long, value_name = "URL", hide = true)]
    registry: Option<String>,
}

impl OutputArgs {
    fn output(self) -> Result<Output> {
        if self.wat {
            return Err(unsupported("--wat")
                .hint("write the component with `-o`, and print it with `wasm-tools print`"));
        }
        if self.registry.is_some() {
            return Err(unsupported("--registry")
                .hint("set the registry in the configuration: `cargo component help config`"));
        }
        Ok(self.output.map_or(Output::Stdout, Output::Path))
    }
}

fn unsupported(option: &str) -> Error {
    Error::unsupported(format!("the option `{option}` of `wac` is not supported"))
}

#[derive(Args, Debug)]
struct Plug {
    /// Component whose exports are plugged: a file or a package
    #[arg(long = "plug", value_name = "PLUG_PATH", required = true)]
    plugs: Vec<String>,

    /// Component whose imports are answered: a file or a package
    #[arg(value_name = "SOCKET_PATH")]
    socket: String,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Args, Debug)]
struct Compose {
    /// Directory with packages
    #[arg(long, value_name = "PATH", default_value = "deps")]
    deps_dir: PathBuf,

    /// Package of the document
    #[arg(long = "dep", short, value_name = "PKG=PATH")]
    deps: Vec<String>,

    /// Accepted, but has no effect: the result is validated
    #[arg(long, hide = true)]
    no_validate: bool,

    /// Not supported: import the packages instead of containing them
    #[arg(long, short, hide = true)]
    import_dependencies: bool,

    #[command(flatten)]
    output: OutputArgs,

    /// WAC document
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

impl Compose {
    fn run(self, ctx: &Context) -> Result<()> {
        if self.import_dependencies {
            return Err(unsupported("--import-dependencies")
                .hint("without it, the result contains the packages"));
        }
        if self
            .path
            .extension()
            .is_none_or(|extension| extension != "wac")
        {
            let text = format!("`{}` does not end in `.wac`", self.path.display());
            return Err(Error::usage(text).hint("rename the document"));
        }
        let deps_dir = ctx.absolute(&self.deps_dir);
        let options = ComposeOptions {
            file: Some(self.path),
            output: Some(self.output.output()?),
            dep: self.deps,
            // It is searched beside the current directory, and need not exist.
            deps_dir: fs::is_dir(&deps_dir).then_some(deps_dir),
            ..ComposeOptions::default()
        };
        compose(ctx, &CargoArgs::default(), &options)
    }
}

#[derive(Args, Debug)]
struct Targets {
    /// Component to check
    #[arg(value_name = "COMPONENT_PATH")]
    component: String,

    /// File or directory of WIT with the world
    #[arg(long, value_name = "WIT_PATH")]
    wit: String,

    /// World, if there are several
    #[arg(long, value_name = "WORLD")]
    world: Option<String>,
}

#[derive(Args, Debug)]
struct Parse {
    /// WAC document
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

impl WacCli {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        match self.verb {
            WacCommand::Plug(verb) => plug(ctx, &verb.socket, &verb.plugs, &verb.output.output()?),
            WacCommand::Compose(verb) => verb.run(ctx),
            WacCommand::Targets(verb) => {
                let world = match verb.world {
                    Some(world) => format!("{}/{world}", verb.wit),
                    None => verb.wit,
                };
                targets(ctx, &CargoArgs::default(), &verb.component, &world)
            }
            WacCommand::Parse(verb) => parse_document(ctx, &verb.path),
        }
    }
}
