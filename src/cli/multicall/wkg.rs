//! The command line of `wkg` 0.16.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::client::{ClientOptions, Color, display_path};
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

/// Manage WebAssembly packages, with the command line of `wkg`
#[derive(Debug, Parser)]
#[command(
    name = "wkg",
    bin_name = "wkg",
    version = super::version::version("0.16.1"),
    max_term_width = 100
)]
pub(super) struct Wkg {
    /// When to color the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,

    #[command(subcommand)]
    verb: WkgCommand,
}

/// Parses the arguments, the name of the tool included.
pub(super) fn parse(args: impl Iterator<Item = OsString>) -> Result<Wkg, clap::Error> {
    Wkg::try_parse_from(args)
}

#[derive(Debug, Subcommand)]
enum WkgCommand {
    /// Set or show the default registry
    Config(Config),
    /// Download a package from a registry
    Get(Get),
    /// Publish packages to a registry
    Publish(Publish),
    /// Pull and push OCI artifacts
    #[command(subcommand)]
    Oci(Oci),
    /// Build a WIT package from a directory
    Build(Build),
    /// Fetch the dependencies of a WIT package
    Fetch(Fetch),
    /// Update the lock file and the dependencies of a WIT package
    Update(Fetch),
    /// Deprecated form of `build`, `fetch` and `update`
    #[command(subcommand)]
    Wit(OldWit),
}

#[derive(Debug, Subcommand)]
enum OldWit {
    /// Same as `wkg build`
    Build(Build),
    /// Same as `wkg fetch`
    Fetch(Fetch),
    /// Same as `wkg update`
    Update(Fetch),
}

/// The options for the paths of configuration and cache.
#[derive(Args, Clone, Debug, Default)]
struct Common {
    /// Path to the configuration file
    #[arg(long, value_name = "CONFIG", env = env::WKG_CONFIG_FILE.name)]
    config: Option<PathBuf>,

    /// Path to the cache directory
    #[arg(long, value_name = "CACHE", env = env::WKG_CACHE_DIR.name)]
    cache: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Config {
    /// Default registry to set
    #[arg(long)]
    default_registry: Option<String>,

    /// Not supported: edit the file itself
    #[arg(long, short)]
    edit: bool,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Get {
    /// `<namespace>:<name>`, optionally followed by `@<version>`
    package_spec: String,

    /// Path of the output file, or a directory with a trailing slash
    #[arg(long, short, default_value = "./")]
    output: PathBuf,

    /// Format of the output file
    #[arg(long, default_value = "auto")]
    format: Written,

    /// Compare with the existing file, and write nothing
    #[arg(long)]
    check: bool,

    /// Overwrite an existing file
    #[arg(long)]
    overwrite: bool,

    /// Registry to use, by name or address
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

    /// Registry to use, by name or address
    #[arg(long, env = env::WKG_REGISTRY.name)]
    registry: Option<String>,

    /// Name and version to publish under, `<namespace>:<name>@<version>`
    #[arg(long, env = env::WKG_PACKAGE.name)]
    package: Option<PackageVersion>,

    /// Print what would be published, without publishing
    #[arg(long)]
    dry_run: bool,

    /// Publish all packages of the workspace
    #[arg(long, conflicts_with = "paths")]
    workspace: bool,

    /// Publish even if this breaks a compatible earlier version
    #[arg(long)]
    skip_semver_check: bool,

    /// Skip versions that are already published
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

/// The options for access to an OCI registry.
#[derive(Args, Clone, Debug)]
struct Login {
    /// User name for the registry
    #[arg(
        short = 'u',
        value_name = "username",
        requires = "password",
        env = env::WKG_OCI_USERNAME.name
    )]
    username: Option<String>,

    /// Password for the registry
    #[arg(
        short = 'p',
        value_name = "password",
        requires = "username",
        env = env::WKG_OCI_PASSWORD.name,
        hide_env_values = true
    )]
    password: Option<String>,

    /// Comma separated list of hosts to contact by http instead of https
    #[arg(long, value_delimiter = ',', env = env::WKG_OCI_INSECURE.name)]
    insecure: Vec<String>,
}

#[derive(Debug, Args)]
struct Pull {
    /// OCI reference of the artifact
    reference: String,

    /// Path of the output file
    #[arg(long, short)]
    output: Option<PathBuf>,

    #[command(flatten)]
    login: Login,
}

#[derive(Debug, Args)]
struct Push {
    /// OCI reference to push to
    reference: String,

    /// Path of the file to push
    file: PathBuf,

    /// Author of the artifact
    #[arg(long, short)]
    author: Option<String>,

    /// Annotation to add to the manifest, `name=value`
    #[arg(long)]
    annotation: Vec<String>,

    #[command(flatten)]
    login: Login,
}

#[derive(Debug, Args)]
struct Build {
    /// Directory with the `.wit` files
    #[arg(long, short = 'd', value_name = "DIR")]
    wit_dir: Option<PathBuf>,

    /// Path of the output file
    #[arg(long, short)]
    output: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Fetch {
    /// Directory with the `.wit` files
    dir: Option<PathBuf>,

    /// Directory with the `.wit` files, as older versions spell it
    #[arg(long, short = 'd', value_name = "DIR", conflicts_with = "dir")]
    wit_dir: Option<PathBuf>,

    /// Format to write packages in
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
    /// The options of the command line for configuration and registries, and the color choice.
    pub(super) fn client_options(&self) -> (ClientOptions, Option<ColorChoice>) {
        let color = self.color.choice();
        let common = |common: &Common| ClientOptions {
            config: common.config.clone(),
            cache: common.cache.clone(),
            ..ClientOptions::default()
        };
        let login = |login: &Login| ClientOptions {
            login: login.username.clone().zip(login.password.clone()),
            insecure: login.insecure.clone(),
            ..ClientOptions::default()
        };
        let options = match &self.verb {
            WkgCommand::Config(verb) => common(&verb.common),
            WkgCommand::Get(verb) => common(&verb.common),
            WkgCommand::Publish(verb) => common(&verb.common),
            WkgCommand::Oci(Oci::Pull(verb)) => login(&verb.login),
            WkgCommand::Oci(Oci::Push(verb)) => login(&verb.login),
            WkgCommand::Build(verb) | WkgCommand::Wit(OldWit::Build(verb)) => common(&verb.common),
            WkgCommand::Fetch(verb)
            | WkgCommand::Update(verb)
            | WkgCommand::Wit(OldWit::Fetch(verb) | OldWit::Update(verb)) => common(&verb.common),
        };
        (options, color)
    }

    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        if matches!(self.verb, WkgCommand::Wit(_)) {
            let text = "`wkg wit <command>` is deprecated\n   help: use `wkg <command>` instead";
            ctx.shell.warn(text.to_owned());
        }
        match self.verb {
            WkgCommand::Config(verb) => verb.run(ctx),
            WkgCommand::Get(verb) => verb.run(ctx),
            WkgCommand::Publish(verb) => verb.run(ctx),
            WkgCommand::Oci(Oci::Pull(verb)) => verb.run(ctx),
            WkgCommand::Oci(Oci::Push(verb)) => verb.run(ctx),
            WkgCommand::Build(verb) | WkgCommand::Wit(OldWit::Build(verb)) => verb.run(ctx),
            WkgCommand::Fetch(verb) | WkgCommand::Wit(OldWit::Fetch(verb)) => verb.fetch(ctx),
            WkgCommand::Update(verb) | WkgCommand::Wit(OldWit::Update(verb)) => verb.update(ctx),
        }
    }
}

impl Config {
    fn run(self, ctx: &Context) -> Result<()> {
        if self.edit {
            let file = crate::ops::config::user_file(ctx)?;
            return Err(
                Error::unsupported("`wkg config --edit` is not supported").hint(format!(
                    "open `{}` in your editor",
                    display_path(ctx, &file)
                )),
            );
        }
        if let Some(registry) = &self.default_registry {
            let args = CargoArgs::default();
            set(ctx, &args, "default_registry", registry, ConfigOwner::User)?;
            let file = crate::ops::config::user_file(ctx)?;
            ctx.shell
                .plain(format!("Updated config file: {}", display_path(ctx, &file)));
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
            ctx.shell
                .plain(format!("Wrote '{}'", display_path(ctx, &file)));
        }
        Ok(())
    }
}

impl Publish {
    fn run(self, ctx: &Context) -> Result<()> {
        if self.paths.is_empty() && !self.workspace {
            return Err(Error::usage("no packages to publish were given")
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
            let file = display_path(ctx, &file);
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
            let file = display_path(ctx, &file);
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

    /// Selects the locked versions again, and writes `deps`.
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
