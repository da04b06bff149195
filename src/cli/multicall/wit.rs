//! The command line of the `wit` CLI 0.16.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::cli::add::{parse_package, write};
use crate::cli::exit;
use crate::cli::options::GlobalOptions;
use crate::cli::wit::add::{check_world_option, split_interface};
use crate::ops::update::UpdateOptions;
use crate::ops::wit::add::{AddOptions, add};
use crate::ops::wit::build::build;
use crate::ops::wit::init::{InitOptions, ManifestFormat, init};
use crate::ops::wit::publish::{PublishOptions, publish};
use crate::ops::wit::update::update;
use crate::ops::wit::{ProjectSearch, WitOptions};
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::context::Context;
use crate::system::env;
use crate::system::env::Env;

/// Manage WIT packages, with the command line of the `wit` CLI
#[derive(Debug, Parser)]
#[command(
    name = "wit",
    bin_name = "wit",
    version = super::version::version("0.16.0"),
    max_term_width = 100
)]
pub(super) struct WitCli {
    #[command(flatten)]
    global: GlobalOptions,

    #[command(subcommand)]
    verb: WitCommand,
}

/// Parses the arguments, the name of the tool included.
pub(super) fn parse(args: impl Iterator<Item = OsString>) -> Result<WitCli, clap::Error> {
    WitCli::try_parse_from(args)
}

/// Runs a command line of `wit`.
pub(super) fn run(line: WitCli, env: Env) -> ExitCode {
    let env = env.with_alias(env::WIT_PUBLISH_KEY, env::CARGO_COMPONENT_PUBLISH_KEY);
    let shell = line.global.shell(&env);
    let packages = line.global.packages(&env, &shell);
    let context = Context::system(env, Box::new(shell.clone()), packages);
    let result = context.and_then(|ctx| {
        let result = line.verb.run(&ctx);
        result.map_err(|error| error.relative_to(&ctx.cwd))
    });
    exit::code(&shell, result)
}

#[derive(Debug, Subcommand)]
enum WitCommand {
    /// Create a `wit.toml`
    Init(Init),
    /// Add a dependency to `wit.toml`
    Add(Add),
    /// Build the package into a file
    Build(WitBuild),
    /// Publish the package
    Publish(WitPublish),
    /// Update the lock file
    Update(Update),
    /// Not supported any more: manage the keys of Warg registries
    #[command(hide = true)]
    Key {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct Init {
    /// Directory of the package
    #[arg(default_value = ".")]
    path: PathBuf,

    /// Address of the registry
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
}

#[derive(Debug, Args)]
struct Add {
    /// `namespace:name`, optionally followed by `/interface`, then by `@` and a version requirement
    ///
    /// If an interface is given, its import is added to a world as well.
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// World that imports the interface, if there are several
    #[arg(long, short, value_name = "WORLD")]
    world: Option<String>,

    /// Key of the entry
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Use a path instead of a registry
    #[arg(long, value_name = "PATH", conflicts_with = "registry")]
    path: Option<PathBuf>,

    /// Name of the registry
    #[arg(long, short, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Print what would be added, without writing anything
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct WitBuild {
    /// Path of the output file
    #[arg(long, short, value_name = "OUTPUT")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct WitPublish {
    /// Accepted, but has no effect: a new package needs no initialization
    #[arg(long, hide = true)]
    init: bool,

    /// Not supported any more: the name of a key in the keyring
    #[arg(long, hide = true, value_name = "NAME")]
    key_name: Option<String>,

    /// Print what would be published, without publishing
    #[arg(long)]
    dry_run: bool,

    /// Registry to publish to
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Package name to publish under
    #[arg(long, value_name = "NAME")]
    package: Option<PackageRef>,
}

#[derive(Debug, Args)]
struct Update {
    /// Print what would change, without writing the lock file
    #[arg(long)]
    dry_run: bool,
}

impl WitCommand {
    fn run(self, ctx: &Context) -> Result<()> {
        let project = WitOptions {
            search: ProjectSearch::Wit,
            ..WitOptions::default()
        };
        match self {
            WitCommand::Init(verb) => init(
                ctx,
                &InitOptions {
                    path: verb.path,
                    format: ManifestFormat::Wit,
                    namespace: "component".to_owned(),
                    name: None,
                    registry: verb.registry,
                },
            ),
            WitCommand::Add(verb) => {
                let (package, interface) = split_interface(&verb.spec);
                check_world_option(&verb.spec, verb.world.as_deref(), interface.as_deref())?;
                let (package, requirement) = parse_package(&package)?;
                let options = AddOptions {
                    project,
                    package,
                    interface,
                    requirement,
                    world: verb.world,
                    name: verb.name,
                    registry: verb.registry,
                    path: verb.path,
                    write: write(verb.dry_run),
                };
                add(ctx, &options)
            }
            WitCommand::Build(verb) => build(ctx, &project, verb.output.as_deref()).map(|_| ()),
            WitCommand::Publish(verb) => {
                if let Some(name) = &verb.key_name {
                    return Err(keys_are_unsupported(&format!(
                        "wit publish --key-name {name}"
                    )));
                }
                let options = PublishOptions {
                    project,
                    paths: Vec::new(),
                    package: None,
                    rename: verb.package,
                    registry: verb.registry,
                    existing: ExistingRelease::Refuse,
                    breaking: BreakingChange::Allow,
                    mode: match verb.dry_run {
                        true => PublishMode::Dry,
                        false => PublishMode::Real,
                    },
                };
                publish(ctx, &options).map(|_| ())
            }
            WitCommand::Update(verb) => {
                let options = UpdateOptions {
                    dry_run: verb.dry_run,
                    ..UpdateOptions::default()
                };
                update(ctx, &project, &options)
            }
            WitCommand::Key { .. } => Err(keys_are_unsupported("wit key")),
        }
    }
}

/// The error for subcommands and options that managed keys of Warg registries.
fn keys_are_unsupported(command: &str) -> Error {
    Error::unsupported(format!(
        "`{command}` is not supported: the `wit` CLI does not manage keys since version 0.12"
    ))
    .hint("set the key in `WIT_PUBLISH_KEY` or in the configuration of the registry")
}
