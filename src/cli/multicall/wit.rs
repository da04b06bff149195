//! The command line of the `wit` CLI 0.16.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::cli::add::{named, write};
use crate::cli::exit;
use crate::cli::options::GlobalOptions;
use crate::cli::wit::add::{parts, world_of_interface};
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

/// WIT packages, as the `wit` CLI has it
#[derive(Debug, Parser)]
#[command(
    name = "wit",
    bin_name = "wit",
    version = super::version("0.16.0"),
    max_term_width = 100
)]
pub(super) struct Wit {
    #[command(flatten)]
    global: GlobalOptions,

    #[command(subcommand)]
    verb: Verb,
}

/// Reads a command line.
pub(super) fn parse(args: impl Iterator<Item = OsString>) -> Result<Wit, clap::Error> {
    Wit::try_parse_from(args)
}

/// Runs one.
pub(super) fn run(line: Wit, env: Env) -> ExitCode {
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
enum Verb {
    /// Make a `wit.toml`
    Init(Init),
    /// Add a dependency to `wit.toml`
    Add(Add),
    /// Build the package
    Build(Build),
    /// Publish the package
    Publish(Publish),
    /// Update the lock file
    Update(Update),
    /// Not there any more: the keys of Warg registries
    #[command(hide = true)]
    Key {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct Init {
    /// The directory of the package
    #[arg(default_value = ".")]
    path: PathBuf,

    /// The address of the registry
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
}

#[derive(Debug, Args)]
struct Add {
    /// `namespace:name`, perhaps `/interface`, perhaps a version requirement after `@`
    ///
    /// With an interface, the command also adds its import to a world.
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// The world that imports the interface, if there are several
    #[arg(long, short, value_name = "WORLD")]
    world: Option<String>,

    /// The name of the entry
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// A path instead of a registry
    #[arg(long, value_name = "PATH", conflicts_with = "registry")]
    path: Option<PathBuf>,

    /// The name of the registry
    #[arg(long, short, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Only tell what would be added
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct Build {
    /// The file to write
    #[arg(long, short, value_name = "OUTPUT")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Publish {
    /// Accepted and not needed: a new package needs no preparation
    #[arg(long, hide = true)]
    init: bool,

    /// Not there any more: the name of a key in the keyring
    #[arg(long, hide = true, value_name = "NAME")]
    key_name: Option<String>,

    /// Print what would be published
    #[arg(long)]
    dry_run: bool,

    /// The registry to publish to
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    /// The name to publish under
    #[arg(long, value_name = "NAME")]
    package: Option<PackageRef>,
}

#[derive(Debug, Args)]
struct Update {
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
}

impl Verb {
    fn run(self, ctx: &Context) -> Result<()> {
        let project = WitOptions {
            search: ProjectSearch::Wit,
            ..WitOptions::default()
        };
        match self {
            Verb::Init(verb) => init(
                ctx,
                &InitOptions {
                    path: verb.path,
                    format: ManifestFormat::Wit,
                    namespace: "component".to_owned(),
                    name: None,
                    registry: verb.registry,
                },
            ),
            Verb::Add(verb) => {
                let (package, interface) = parts(&verb.spec);
                world_of_interface(&verb.spec, (verb.world.as_deref(), interface.as_deref()))?;
                let (package, requirement) = named(&package)?;
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
            Verb::Build(verb) => build(ctx, &project, verb.output.as_deref()).map(|_| ()),
            Verb::Publish(verb) => {
                if let Some(name) = &verb.key_name {
                    return Err(keys_are_gone(&format!("wit publish --key-name {name}")));
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
            Verb::Update(verb) => {
                let wanted = UpdateOptions {
                    dry_run: verb.dry_run,
                    ..UpdateOptions::default()
                };
                update(ctx, &project, &wanted)
            }
            Verb::Key { .. } => Err(keys_are_gone("wit key")),
        }
    }
}

/// The refusal of what managed keys of Warg registries.
fn keys_are_gone(command: &str) -> Error {
    Error::unsupported(format!(
        "`{command}` is gone: the `wit` CLI manages no keys since 0.12"
    ))
    .hint("give the key in `WIT_PUBLISH_KEY`, or in the configuration of the registry")
}
