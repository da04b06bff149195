//! `cargo component registry`.

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

/// Look into registries, and fetch and push what they hold
#[derive(Args, Debug)]
pub(super) struct Registry {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Get(Get),
    Info(Info),
    Versions(Versions),
    Push(Push),
    Pull(Pull),
}

impl Registry {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        match self.verb {
            Verb::Get(verb) => verb.run(ctx),
            Verb::Info(verb) => verb.run(ctx),
            Verb::Versions(verb) => verb.run(ctx),
            Verb::Push(verb) => verb.run(ctx),
            Verb::Pull(verb) => verb.run(ctx),
        }
    }
}

/// How facts are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Facts {
    Text,
    Json,
}

impl From<Facts> for FactsFormat {
    fn from(facts: Facts) -> Self {
        match facts {
            Facts::Text => FactsFormat::Text,
            Facts::Json => FactsFormat::Json,
        }
    }
}

/// Which registry.
#[derive(Args, Debug)]
struct WhichRegistry {
    /// The name or address of the registry, instead of the configured one
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
}

fn access(which: WhichRegistry, lock: &LockOptions) -> AccessOptions {
    AccessOptions {
        registry: which.registry,
        mode: lock.mode(),
    }
}

/// Print the versions of a package, the newest first
#[derive(Args, Debug)]
struct Versions {
    /// The package, `namespace:name`
    #[arg(value_name = "PACKAGE")]
    package: String,

    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Facts,

    #[command(flatten)]
    which: WhichRegistry,

    #[command(flatten)]
    lock: LockOptions,
}

impl Versions {
    fn run(self, ctx: &Context) -> Result<()> {
        let options = access(self.which, &self.lock);
        versions(ctx, &self.package.parse()?, &options, self.format.into())
    }
}

/// Print where a package is and what it holds
///
/// The package is fetched into the cache, to tell what it is.
#[derive(Args, Debug)]
struct Info {
    /// `namespace:name`, perhaps with a version or requirement after `@`; or an OCI reference
    #[arg(value_name = "PACKAGE")]
    subject: String,

    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Facts,

    #[command(flatten)]
    which: WhichRegistry,

    #[command(flatten)]
    lock: LockOptions,
}

impl Info {
    fn run(self, ctx: &Context) -> Result<()> {
        let options = access(self.which, &self.lock);
        info(ctx, &self.subject.parse()?, &options, self.format.into())
    }
}

/// What is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Written {
    Auto,
    Wit,
    Wasm,
}

/// Fetch a package as a file
///
/// Without a version it is the newest one, be it a pre-release. WIT is written
/// as text, without that of its dependencies, and anything else as it is.
#[derive(Args, Debug)]
struct Get {
    /// `namespace:name`, perhaps with a version or requirement after `@`; or an OCI reference
    #[arg(value_name = "PACKAGE")]
    subject: String,

    /// The file, the folder it goes to (with a slash at its end), or `-` for standard output
    #[arg(long, short, value_name = "PATH", default_value = "./")]
    output: PathBuf,

    /// What to write; `auto` goes by the name of the file, then by what it holds
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    format: Written,

    /// Replace a file that is there
    #[arg(long, conflicts_with = "check")]
    overwrite: bool,

    /// Write nothing, and fail unless the file holds the same already
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    which: WhichRegistry,

    #[command(flatten)]
    lock: LockOptions,
}

impl Get {
    fn run(self, ctx: &Context) -> Result<()> {
        let output = output(self.output);
        if self.check && output == Output::Stdout {
            return Err(Error::usage("`--check` has nothing to compare with")
                .hint("name a file by `--output`"));
        }
        let options = GetOptions {
            access: access(self.which, &self.lock),
            output,
            format: match self.format {
                Written::Auto => FileFormat::Auto,
                Written::Wit => FileFormat::Wit,
                Written::Wasm => FileFormat::Wasm,
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

/// Fetch the WebAssembly of an OCI artifact as it is
#[derive(Args, Debug)]
struct Pull {
    /// The artifact, `host/repository:tag` or `host/repository@sha256:…`
    #[arg(value_name = "REFERENCE")]
    reference: String,

    /// The file, the folder it goes to (with a slash at its end), or `-` for standard output
    #[arg(long, short, value_name = "PATH", default_value = "./")]
    output: PathBuf,

    /// Replace a file that is there
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

/// Push a component, WIT in its binary form or a core module as an OCI artifact
///
/// Prints the reference and the digest of the manifest. What the tag was before
/// is replaced; `cargo component publish` is the way for packages.
#[derive(Args, Debug)]
struct Push {
    /// Where to, `host/repository:tag`
    #[arg(value_name = "REFERENCE")]
    reference: String,

    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// An annotation of the manifest
    #[arg(long, value_name = "NAME=VALUE")]
    annotation: Vec<String>,

    #[command(flatten)]
    lock: LockOptions,
}

/// Annotations as they are given, `name=value`.
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
