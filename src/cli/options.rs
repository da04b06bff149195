//! Options that several subcommands share.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, ValueEnum};

use super::completions::names::MEMBER;
use super::setup;

use crate::ops::tree::Format;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::LockMode;
use crate::system::context::PackageAccess;
use crate::system::env;
use crate::system::env::{Env, Variable};
use crate::system::shell::{Bars, ColorChoice, Terminal, Verbosity};

/// The options that every subcommand of this tool accepts.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct GlobalOptions {
    /// Print nothing but errors
    #[arg(long, short, global = true, help_heading = "Global Options")]
    quiet: bool,

    /// Print more details; give it twice for even more
    #[arg(long, short, global = true, help_heading = "Global Options", action = ArgAction::Count)]
    verbose: u8,

    /// When to color the output [env: CARGO_TERM_COLOR]
    #[arg(
        long,
        global = true,
        help_heading = "Global Options",
        value_name = "WHEN"
    )]
    color: Option<Color>,

    /// Directory of the package cache
    #[arg(
        long,
        global = true, help_heading = "Global Options",
        value_name = "PATH",
        env = env::CARGO_COMPONENT_CACHE_DIR.name
    )]
    cache_dir: Option<PathBuf>,

    /// Configuration file for package registries
    #[arg(
        long = "registry-config",
        alias = "config",
        global = true, help_heading = "Global Options",
        value_name = "PATH",
        env = env::CARGO_COMPONENT_CONFIG_FILE.name
    )]
    registry_config: Option<PathBuf>,
}

/// The values of `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl GlobalOptions {
    /// The access to packages that these options and the environment describe.
    pub(super) fn packages(&self, env: &Env, shell: &Terminal) -> PackageAccess {
        setup::packages(
            env,
            shell,
            Path::new("."),
            self.registry_config.clone(),
            self.cache_dir.clone(),
        )
    }

    /// The terminal with the verbosity and colors that these options and the environment ask for.
    pub(super) fn shell(&self, env: &Env) -> Terminal {
        let color = self.color.map(|color| match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        });
        shell(env, self.quiet, self.verbose, color)
    }
}

/// The terminal with this verbosity and color choice; where an option is missing,
/// cargo's variables decide.
pub(super) fn shell(env: &Env, quiet: bool, verbose: u8, color: Option<ColorChoice>) -> Terminal {
    let is = |variable: Variable| env.text(variable) == Some("true");
    let verbosity = if quiet || (verbose == 0 && is(env::CARGO_TERM_QUIET)) {
        Verbosity::Quiet
    } else if verbose > 0 || is(env::CARGO_TERM_VERBOSE) {
        Verbosity::Verbose
    } else {
        Verbosity::Normal
    };
    let color = color.unwrap_or(match env.text(env::CARGO_TERM_COLOR) {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    });
    Terminal::new(verbosity, color, env.get(env::NO_COLOR).is_some()).with_bars(bars(env))
}

/// When progress bars are shown, by the same rules as cargo.
fn bars(env: &Env) -> Bars {
    let width = env.text(env::CARGO_TERM_PROGRESS_WIDTH);
    match env.text(env::CARGO_TERM_PROGRESS_WHEN) {
        Some("never") => Bars::Never,
        Some("always") => match width.and_then(|width| width.parse().ok()) {
            Some(width) => Bars::Always(width),
            None => Bars::Terminal,
        },
        _ if env.text(env::TERM) == Some("dumb") || env.get(env::CI).is_some() => Bars::Never,
        _ => Bars::Terminal,
    }
}

impl GlobalOptions {
    /// These options as arguments for cargo.
    pub(super) fn for_cargo(&self) -> Vec<OsString> {
        let mut line: Vec<OsString> = Vec::new();
        line.extend(self.quiet.then(|| "--quiet".into()));
        line.extend((0..self.verbose).map(|_| "--verbose".into()));
        if let Some(color) = self.color {
            let color = match color {
                Color::Auto => "auto",
                Color::Always => "always",
                Color::Never => "never",
            };
            line.extend(["--color".into(), color.into()]);
        }
        line
    }
}

/// The options that select packages of the workspace.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct PackageOptions {
    /// Package to use, by name, glob pattern or package ID
    #[arg(
        long,
        short,
        value_name = "SPEC",
        value_hint = MEMBER,
        help_heading = "Package Selection"
    )]
    package: Vec<String>,

    /// Use all packages of the workspace
    #[arg(long, visible_alias = "all", help_heading = "Package Selection")]
    workspace: bool,

    /// Package to exclude from `--workspace`
    #[arg(
        long,
        value_name = "SPEC",
        value_hint = MEMBER,
        help_heading = "Package Selection",
        requires = "workspace"
    )]
    exclude: Vec<String>,

    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Manifest Options")]
    manifest_path: Option<PathBuf>,
}

impl PackageOptions {
    /// These options as arguments for cargo.
    pub(super) fn for_cargo(&self) -> Vec<OsString> {
        let mut line: Vec<OsString> = Vec::new();
        for (name, values) in [("--package", &self.package), ("--exclude", &self.exclude)] {
            for value in values {
                line.extend([name.into(), value.into()]);
            }
        }
        line.extend(self.workspace.then(|| "--workspace".into()));
        if let Some(path) = &self.manifest_path {
            line.extend(["--manifest-path".into(), path.into()]);
        }
        line
    }
}

/// The options that restrict lock files and network access.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct LockOptions {
    /// Fail if a lock file would have to change
    #[arg(long, help_heading = "Manifest Options")]
    locked: bool,

    /// Run without accessing the network
    #[arg(long, help_heading = "Manifest Options")]
    offline: bool,

    /// Same as `--locked` and `--offline` together
    #[arg(long, help_heading = "Manifest Options")]
    frozen: bool,
}

impl LockOptions {
    /// These options as arguments for cargo.
    pub(super) fn for_cargo(&self) -> Vec<OsString> {
        let flags = [
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
        ];
        let given = flags.into_iter().filter(|(_, given)| *given);
        given.map(|(flag, _)| flag.into()).collect()
    }

    /// The mode that the three options select together.
    pub(super) fn mode(&self) -> LockMode {
        match (self.locked || self.frozen, self.offline || self.frozen) {
            (true, true) => LockMode::Frozen,
            (true, false) => LockMode::Locked,
            (false, true) => LockMode::Offline,
            (false, false) => LockMode::Update,
        }
    }
}

/// The parsed arguments that cargo's subcommands get from a command line, made for one of
/// our own subcommands.
pub(super) fn cargo_args(packages: &PackageOptions, lock: &LockOptions) -> CargoArgs {
    let mut args = CargoArgs::default();
    args.packages = packages.package.clone();
    args.workspace = packages.workspace;
    args.excludes = packages.exclude.clone();
    args.manifest_path = packages.manifest_path.clone();
    args.lock_mode = lock.mode();
    args
}

/// The option that selects the format of data on standard output.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct FormatOptions {
    /// Format of the printed output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    #[default]
    Text,
    Json,
}

impl FormatOptions {
    /// The format in the type that the operations use.
    pub(super) fn format(&self) -> Format {
        match self.format {
            OutputFormat::Text => Format::Text,
            OutputFormat::Json => Format::Json,
        }
    }
}
/// Adds options to the arguments for cargo, as far as they have a value.
pub(super) fn add_options<'n>(
    line: &mut Vec<OsString>,
    options: impl IntoIterator<Item = (&'n str, Option<OsString>)>,
) {
    for (name, value) in options {
        line.extend(value.into_iter().flat_map(|value| [name.into(), value]));
    }
}
