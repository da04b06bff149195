//! The command line of `wkg` 0.16.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{Around, Color, shown};
use crate::base::error::{Error, Result};
use crate::cli::registry::annotations;
use crate::ops::config::set;
use crate::ops::registry::get::{ExistingFile, FileFormat, GetOptions, get, pull};
use crate::ops::registry::push::push;
use crate::ops::update::UpdateOptions;
use crate::ops::wit::build::build;
use crate::ops::wit::fetch::{Drift, fetch};
use crate::ops::wit::publish::{PackageVersion, PublishOptions, publish};
use crate::ops::wit::update::update;
use crate::ops::wit::{DepsFormat, ProjectSearch, WitOptions};
use crate::pipeline::fetch::access::{AccessOptions, Subject};
use crate::pipeline::project::output::Output;
use crate::pipeline::release;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::env;
use crate::system::registry::settings::ConfigOwner;
use crate::system::shell::ColorChoice;

/// WebAssembly packages, as `wkg` has it
#[derive(Debug, Parser)]
#[command(
    name = "wkg",
    bin_name = "wkg",
    version = super::version("0.16.1"),
    max_term_width = 100
)]
pub(super) struct Wkg {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,

    #[command(subcommand)]
    verb: Verb,
}

/// Reads a command line.
pub(super) fn parse(args: impl Iterator<Item = OsString>) -> Result<Wkg, clap::Error> {
    Wkg::try_parse_from(args)
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Set or show the default registry
    Config(Config),
    /// Download a package from a registry
    Get(Get),
    /// Publish packages to a registry
    Publish(Publish),
    /// Artifacts of OCI registries
    #[command(subcommand)]
    Oci(Oci),
    /// Build a WIT package from a directory
    Build(Build),
    /// Fetch what a WIT package needs
    Fetch(Fetch),
    /// Update the lock file, and what a WIT package needs
    Update(Fetch),
    /// The older form of the three
    #[command(subcommand)]
    Wit(Wit),
}

#[derive(Debug, Subcommand)]
enum Wit {
    /// See `wkg build`
    Build(Build),
    /// See `wkg fetch`
    Fetch(Fetch),
    /// See `wkg update`
    Update(Fetch),
}

/// Where configuration and cache are.
#[derive(Args, Clone, Debug, Default)]
struct Common {
    /// The path to the configuration file
    #[arg(long, value_name = "CONFIG", env = env::WKG_CONFIG_FILE.name)]
    config: Option<PathBuf>,

    /// The path to the cache directory
    #[arg(long, value_name = "CACHE", env = env::WKG_CACHE_DIR.name)]
    cache: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Config {
    /// The default registry to set
    #[arg(long)]
    default_registry: Option<String>,

    /// Not there: edit the file itself
    #[arg(long, short)]
    edit: bool,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Get {
    /// `<namespace>:<name>`, perhaps with `@<version>`
    package_spec: String,

    /// The file, or the folder it goes to with a slash at its end
    #[arg(long, short, default_value = "./")]
    output: PathBuf,

    /// What to write
    #[arg(long, default_value = "auto")]
    format: Written,

    /// Compare with the file that is there
    #[arg(long)]
    check: bool,

    /// Replace a file that is there
    #[arg(long)]
    overwrite: bool,

    /// The registry to use
    #[arg(long, env = env::WKG_REGISTRY.name)]
    registry: Option<String>,

    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Written {
    Auto,
    Wasm,
    Wit,
}

#[derive(Debug, Args)]
struct Publish {
    /// Files and directories to publish
    paths: Vec<PathBuf>,

    /// The registry to use
    #[arg(long, env = env::WKG_REGISTRY.name)]
    registry: Option<String>,

    /// `<namespace>:<name>@<version>`
    #[arg(long, env = env::WKG_PACKAGE.name)]
    package: Option<PackageVersion>,

    /// Publish nothing
    #[arg(long)]
    dry_run: bool,

    /// Publish all packages of the workspace
    #[arg(long, conflicts_with = "paths")]
    workspace: bool,

    /// Publish what breaks a compatible version
    #[arg(long)]
    skip_semver_check: bool,

    /// Leave out what is published already
    #[arg(long)]
    skip_dupes: bool,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Oci {
    /// Pull an artifact into a file
    Pull(Pull),
    /// Push a file
    Push(Push),
}

/// How an OCI registry is reached.
#[derive(Args, Clone, Debug)]
struct Login {
    /// The user
    #[arg(
        short = 'u',
        value_name = "username",
        requires = "password",
        env = env::WKG_OCI_USERNAME.name
    )]
    username: Option<String>,

    /// The password
    #[arg(
        short = 'p',
        value_name = "password",
        requires = "username",
        env = env::WKG_OCI_PASSWORD.name,
        hide_env_values = true
    )]
    password: Option<String>,

    /// Hosts to reach by http instead of https, with commas between
    #[arg(long, value_delimiter = ',', env = env::WKG_OCI_INSECURE.name)]
    insecure: Vec<String>,
}

#[derive(Debug, Args)]
struct Pull {
    /// The artifact
    reference: String,

    /// The file to write
    #[arg(long, short)]
    output: Option<PathBuf>,

    #[command(flatten)]
    login: Login,
}

#[derive(Debug, Args)]
struct Push {
    /// Where to push to
    reference: String,

    /// The file to push
    file: PathBuf,

    /// An author of it
    #[arg(long, short)]
    author: Option<String>,

    /// An annotation of the manifest, `name=value`
    #[arg(long)]
    annotation: Vec<String>,

    #[command(flatten)]
    login: Login,
}

#[derive(Debug, Args)]
struct Build {
    /// The directory with the `.wit` files
    #[arg(long, short = 'd', value_name = "DIR")]
    wit_dir: Option<PathBuf>,

    /// The file to write
    #[arg(long, short)]
    output: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Fetch {
    /// The directory with the `.wit` files
    dir: Option<PathBuf>,

    /// The same, as older versions have it
    #[arg(long, short = 'd', value_name = "DIR", conflicts_with = "dir")]
    wit_dir: Option<PathBuf>,

    /// What to write packages as
    #[arg(
        long = "type",
        short = 't',
        value_name = "OUTPUT_TYPE",
        default_value = "wit",
        ignore_case = true
    )]
    form: Type,

    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Type {
    Wit,
    Wasm,
}

impl Wkg {
    /// What it says of configuration, registries and colours.
    pub(super) fn surroundings(&self) -> (Around, Option<ColorChoice>) {
        let color = self.color.choice();
        let of = |common: &Common| Around {
            config: common.config.clone(),
            cache: common.cache.clone(),
            ..Around::default()
        };
        let by = |login: &Login| Around {
            login: login.username.clone().zip(login.password.clone()),
            insecure: login.insecure.clone(),
            ..Around::default()
        };
        let around = match &self.verb {
            Verb::Config(verb) => of(&verb.common),
            Verb::Get(verb) => of(&verb.common),
            Verb::Publish(verb) => of(&verb.common),
            Verb::Oci(Oci::Pull(verb)) => by(&verb.login),
            Verb::Oci(Oci::Push(verb)) => by(&verb.login),
            Verb::Build(verb) | Verb::Wit(Wit::Build(verb)) => of(&verb.common),
            Verb::Fetch(verb)
            | Verb::Update(verb)
            | Verb::Wit(Wit::Fetch(verb) | Wit::Update(verb)) => of(&verb.common),
        };
        (around, color)
    }

    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        if matches!(self.verb, Verb::Wit(_)) {
            let text = "`wkg wit <command>` is deprecated\n   help: use `wkg <command>` instead";
            ctx.shell.warn(text.to_owned());
        }
        match self.verb {
            Verb::Config(verb) => verb.run(ctx),
            Verb::Get(verb) => verb.run(ctx),
            Verb::Publish(verb) => verb.run(ctx),
            Verb::Oci(Oci::Pull(verb)) => verb.run(ctx),
            Verb::Oci(Oci::Push(verb)) => verb.run(ctx),
            Verb::Build(verb) | Verb::Wit(Wit::Build(verb)) => verb.run(ctx),
            Verb::Fetch(verb) | Verb::Wit(Wit::Fetch(verb)) => verb.fetch(ctx),
            Verb::Update(verb) | Verb::Wit(Wit::Update(verb)) => verb.update(ctx),
        }
    }
}

impl Config {
    fn run(self, ctx: &Context) -> Result<()> {
        if self.edit {
            let file = crate::ops::config::user_file(ctx)?;
            return Err(
                Error::unsupported("the configuration is not edited from here")
                    .hint(format!("open `{}` in your editor", shown(ctx, &file))),
            );
        }
        if let Some(registry) = &self.default_registry {
            let args = CargoArgs::default();
            set(ctx, &args, "default_registry", registry, ConfigOwner::User)?;
            let file = crate::ops::config::user_file(ctx)?;
            ctx.shell
                .plain(format!("Updated config file: {}", shown(ctx, &file)));
        }
        match crate::ops::config::default_registry(ctx)? {
            Some(name) => ctx.shell.plain(format!("Default registry: {name}")),
            None => ctx.shell.warn("Default registry is not set".to_owned()),
        }
        Ok(())
    }
}

impl Get {
    fn run(self, ctx: &Context) -> Result<()> {
        let subject: Subject = self.package_spec.parse()?;
        ctx.shell
            .plain(format!("    Fetching {}...", self.package_spec));
        let options = GetOptions {
            access: AccessOptions {
                registry: self.registry,
                ..AccessOptions::default()
            },
            output: Output::Path(self.output),
            format: match self.format {
                Written::Auto => FileFormat::Auto,
                Written::Wasm => FileFormat::Wasm,
                Written::Wit => FileFormat::Wit,
            },
            existing: match (self.check, self.overwrite) {
                (true, _) => ExistingFile::Check,
                (_, true) => ExistingFile::Overwrite,
                _ => ExistingFile::Refuse,
            },
        };
        let file = get(ctx, &subject, &options)?;
        if let Some(file) = file.filter(|_| !self.check) {
            ctx.shell.plain(format!("Wrote '{}'", shown(ctx, &file)));
        }
        Ok(())
    }
}

impl Publish {
    fn run(self, ctx: &Context) -> Result<()> {
        if self.paths.is_empty() && !self.workspace {
            return Err(Error::usage("nothing is said to be published")
                .hint("name a file or directory, or add `--workspace`"));
        }
        let options = PublishOptions {
            project: as_wkg(None),
            paths: self.paths,
            package: self.package,
            rename: None,
            registry: self.registry,
            existing: match self.skip_dupes {
                true => release::ExistingRelease::Skip,
                false => release::ExistingRelease::Refuse,
            },
            breaking: match self.skip_semver_check {
                true => release::BreakingChange::Allow,
                false => release::BreakingChange::Refuse,
            },
            mode: match self.dry_run {
                true => release::PublishMode::DrySilent,
                false => release::PublishMode::Real,
            },
        };
        for release in publish(ctx, &options)? {
            match self.dry_run {
                true => ctx
                    .shell
                    .warn(format!("Aborting publish due to dry run: {release}")),
                false => ctx.shell.plain(format!("Published {release}")),
            }
        }
        Ok(())
    }
}

impl Pull {
    fn run(self, ctx: &Context) -> Result<()> {
        let reference = self.reference.parse()?;
        let options = GetOptions {
            access: AccessOptions::default(),
            output: Output::Path(self.output.unwrap_or_else(|| "./".into())),
            format: FileFormat::Wasm,
            existing: ExistingFile::Overwrite,
        };
        if let Some(file) = pull(ctx, &reference, &options)? {
            let file = shown(ctx, &file);
            ctx.shell
                .data(format!("Successfully wrote {} to {file}", self.reference));
        }
        Ok(())
    }
}

impl Push {
    fn run(self, ctx: &Context) -> Result<()> {
        let mut annotations = annotations(&self.annotation)?;
        if let Some(author) = self.author {
            annotations.insert("authors".to_owned(), author);
        }
        let reference = self.reference.parse()?;
        let options = AccessOptions::default();
        push(ctx, &reference, &self.file, &annotations, &options)
    }
}

impl Build {
    fn run(self, ctx: &Context) -> Result<()> {
        let options = as_wkg(self.wit_dir);
        for file in build(ctx, &options, self.output.as_deref())? {
            let file = shown(ctx, &file);
            ctx.shell.plain(format!("WIT package written to {file}"));
        }
        Ok(())
    }
}

impl Fetch {
    fn options(self) -> (WitOptions, DepsFormat) {
        let format = match self.form {
            Type::Wit => DepsFormat::Wit,
            Type::Wasm => DepsFormat::Wasm,
        };
        (as_wkg(self.dir.or(self.wit_dir)), format)
    }

    fn fetch(self, ctx: &Context) -> Result<()> {
        let (options, format) = self.options();
        fetch(ctx, &options, format, Drift::Write)
    }

    /// All that is locked is chosen anew, and `deps` written.
    fn update(self, ctx: &Context) -> Result<()> {
        let (options, format) = self.options();
        update(ctx, &options, &UpdateOptions::default())?;
        fetch(ctx, &options, format, Drift::Write)
    }
}

fn as_wkg(wit_dir: Option<PathBuf>) -> WitOptions {
    WitOptions {
        wit_dir,
        search: ProjectSearch::Wkg,
        ..WitOptions::default()
    }
}
