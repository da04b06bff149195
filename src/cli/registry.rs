//! The options of `cargo component registry` and how they are run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::options::LockOptions;
use crate::base::error::{Error, Result};
use crate::ops::registry::FactsFormat;
use crate::ops::registry::get::{ExistingFile, FileFormat, GetOptions, get, pull};
use crate::ops::registry::info::info;
use crate::ops::registry::push::push;
use crate::ops::registry::versions::versions;
use crate::pipeline::fetch::access::{AccessOptions, Subject};
use crate::pipeline::project::output::Output;
use crate::system::context::Context;

/// Inspect registries, and download and push packages
#[derive(Args, Debug)]
pub(super) struct Registry {
    #[command(subcommand)]
    verb: RegistryCommand,
}

#[derive(Debug, Subcommand)]
enum RegistryCommand {
    Get(Get),
    Info(Info),
    Versions(Versions),
    Push(Push),
    Pull(Pull),
}

impl Registry {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        match self.verb {
            RegistryCommand::Get(verb) => verb.run(ctx),
            RegistryCommand::Info(verb) => verb.run(ctx),
            RegistryCommand::Versions(verb) => verb.run(ctx),
            RegistryCommand::Push(verb) => verb.run(ctx),
            RegistryCommand::Pull(verb) => verb.run(ctx),
        }
    }
}

/// The values of `--format` for information about packages.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum InfoFormat {
    Text,
    Json,
}

impl From<InfoFormat> for FactsFormat {
    fn from(facts: InfoFormat) -> Self {
        match facts {
            InfoFormat::Text => FactsFormat::Text,
            InfoFormat::Json => FactsFormat::Json,
        }
    }
}

/// The option that names a registry.
#[derive(Args, Debug)]
struct RegistryOption {
    /// Name or address of the registry, instead of the configured one
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
}

fn access(option: RegistryOption, lock: &LockOptions) -> AccessOptions {
    AccessOptions {
        registry: option.registry,
        mode: lock.mode(),
    }
}

/// Print the versions of a package, newest first
#[derive(Args, Debug)]
struct Versions {
    /// Name of the package, `namespace:name`
    #[arg(value_name = "PACKAGE")]
    package: String,

    /// Format of the printed output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: InfoFormat,

    #[command(flatten)]
    registry: RegistryOption,

    #[command(flatten)]
    lock: LockOptions,
}

impl Versions {
    fn run(self, ctx: &Context) -> Result<()> {
        let options = access(self.registry, &self.lock);
        versions(ctx, &self.package.parse()?, &options, self.format.into())
    }
}

/// Print where a package is stored and what it contains
///
/// Downloads the package into the cache to inspect it.
#[derive(Args, Debug)]
struct Info {
    /// `namespace:name`, optionally followed by `@` and a version or requirement, or an OCI reference
    #[arg(value_name = "PACKAGE")]
    subject: String,

    /// Format of the printed output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: InfoFormat,

    #[command(flatten)]
    registry: RegistryOption,

    #[command(flatten)]
    lock: LockOptions,
}

impl Info {
    fn run(self, ctx: &Context) -> Result<()> {
        let options = access(self.registry, &self.lock);
        info(ctx, &self.subject.parse()?, &options, self.format.into())
    }
}

/// The values of `--format` for a downloaded package.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PackageFormat {
    Auto,
    Wit,
    Wasm,
}

/// Download a package into a file
///
/// Without a version, the newest one is used, including pre-releases. A WIT package is written
/// as text, without its dependencies; anything else is written unchanged.
#[derive(Args, Debug)]
struct Get {
    /// `namespace:name`, optionally followed by `@` and a version or requirement, or an OCI reference
    #[arg(value_name = "PACKAGE")]
    subject: String,

    /// Output file, a directory (with a trailing slash), or `-` for standard output
    #[arg(long, short, value_name = "PATH", default_value = "./")]
    output: PathBuf,

    /// Format to write; `auto` decides by the file extension, then by the content
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    format: PackageFormat,

    /// Overwrite an existing file
    #[arg(long, conflicts_with = "check")]
    overwrite: bool,

    /// Fail if the file differs from the package, and write nothing
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    registry: RegistryOption,

    #[command(flatten)]
    lock: LockOptions,
}

impl Get {
    fn run(self, ctx: &Context) -> Result<()> {
        let output = output(self.output);
        if self.check && output == Output::Stdout {
            return Err(Error::usage("`--check` needs a file to compare with")
                .hint("name a file with `--output`"));
        }
        let options = GetOptions {
            access: access(self.registry, &self.lock),
            output,
            format: match self.format {
                PackageFormat::Auto => FileFormat::Auto,
                PackageFormat::Wit => FileFormat::Wit,
                PackageFormat::Wasm => FileFormat::Wasm,
            },
            existing: match (self.check, self.overwrite) {
                (true, _) => ExistingFile::Check,
                (_, true) => ExistingFile::Overwrite,
                _ => ExistingFile::Refuse,
            },
        };
        get(ctx, &self.subject.parse::<Subject>()?, &options).map(|_| ())
    }
}

fn output(path: PathBuf) -> Output {
    match path.as_os_str() == "-" {
        true => Output::Stdout,
        false => Output::Path(path),
    }
}

/// Download the WebAssembly file of an OCI artifact unchanged
#[derive(Args, Debug)]
struct Pull {
    /// OCI reference, `host/repository:tag` or `host/repository@sha256:…`
    #[arg(value_name = "REFERENCE")]
    reference: String,

    /// Output file, a directory (with a trailing slash), or `-` for standard output
    #[arg(long, short, value_name = "PATH", default_value = "./")]
    output: PathBuf,

    /// Overwrite an existing file
    #[arg(long)]
    overwrite: bool,

    #[command(flatten)]
    lock: LockOptions,
}

impl Pull {
    fn run(self, ctx: &Context) -> Result<()> {
        let options = GetOptions {
            access: AccessOptions {
                registry: None,
                mode: self.lock.mode(),
            },
            output: output(self.output),
            format: FileFormat::Wasm,
            existing: match self.overwrite {
                true => ExistingFile::Overwrite,
                false => ExistingFile::Refuse,
            },
        };
        pull(ctx, &self.reference.parse()?, &options).map(|_| ())
    }
}

/// Push a component, a binary WIT package or a core module as an OCI artifact
///
/// Prints the reference and the digest of the manifest. An existing tag is replaced. To
/// publish a package, use `cargo component publish`.
#[derive(Args, Debug)]
struct Push {
    /// OCI reference to push to, `host/repository:tag`
    #[arg(value_name = "REFERENCE")]
    reference: String,

    /// Path of the file to push
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Annotation to add to the manifest
    #[arg(long, value_name = "NAME=VALUE")]
    annotation: Vec<String>,

    #[command(flatten)]
    lock: LockOptions,
}

/// Parses annotations of the form `name=value`.
pub(super) fn annotations(given: &[String]) -> Result<BTreeMap<String, String>> {
    let annotation = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| {
                Error::usage(format!("invalid annotation `{text}`"))
                    .hint("write it as `name=value`")
            })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    given.iter().map(annotation).collect()
}

impl Push {
    fn run(self, ctx: &Context) -> Result<()> {
        let annotations = annotations(&self.annotation)?;
        let options = AccessOptions {
            registry: None,
            mode: self.lock.mode(),
        };
        let reference = self.reference.parse()?;
        push(ctx, &reference, &self.file, &annotations, &options)
    }
}
