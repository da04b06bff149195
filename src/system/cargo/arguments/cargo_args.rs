//! What the tool knows of a command line of cargo.

use std::ffi::OsString;
use std::path::PathBuf;

use super::options::KnownOption;
use crate::system::cargo::config::LockMode;
use crate::system::shell::ColorChoice;

/// Which packages of the workspace the command line selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageSelection<'a> {
    /// Those that cargo takes without options: the default members, or the package
    /// of the current directory.
    Default,
    /// The packages that match one of these package ID specifications.
    Packages(&'a [String]),
    /// All packages but those that match one of the specifications.
    Workspace {
        /// The specifications of the packages left out.
        excludes: &'a [String],
    },
}

/// One choice among the targets of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChoice {
    /// `--lib`: the library of the package.
    Lib,
    /// `--bins`: all binaries of the package.
    Bins,
    /// `--bin [NAME]`: one binary; cargo lists them without a name.
    Bin(Option<String>),
    /// `--examples`: all examples of the package.
    Examples,
    /// `--example [NAME]`: one example; cargo lists them without a name.
    Example(Option<String>),
    /// `--tests`: all targets that can be tested.
    Tests,
    /// `--test [NAME]`: one integration test; cargo lists them without a name.
    Test(Option<String>),
    /// `--benches`: all targets that can be benchmarked.
    Benches,
    /// `--bench [NAME]`: one benchmark; cargo lists them without a name.
    Bench(Option<String>),
    /// `--all-targets`: every target of the package.
    AllTargets,
    /// `--doc`, of `test`: only the documentation's examples.
    Doc,
}

/// What `doc --wit` documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitSource {
    /// The WIT of the selected packages, or of the project in the current directory.
    Packages,
    /// A file or directory, a package or an OCI reference, as written.
    Named(String),
}

/// The options of this tool, which are not passed on to cargo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnOptions {
    /// `--cache-dir`: the directory of downloaded packages.
    pub cache_dir: Option<PathBuf>,
    /// `--registry-config`: the configuration of package registries.
    pub registry_config: Option<PathBuf>,
    /// `--host-members`: members that are no components take part.
    pub host_members: bool,
    /// `--native`: the verb runs for the host.
    pub native: bool,
    /// `--invoke`: the function to call instead of the program's entry.
    pub invoke: Option<String>,
    /// `--env`: each `NAME=VALUE`, or `NAME` to pass on the value of this process.
    pub env: Vec<OsString>,
    /// `--dir`: each `HOST` or `HOST::GUEST`.
    pub dirs: Vec<OsString>,
    /// `--http`: the component may send HTTP requests.
    pub http: bool,
    /// `--network`: the component may use all of the network.
    pub network: bool,
    /// `--max-memory`: how much memory an instance may have, as written.
    pub max_memory: Option<String>,
    /// `--timeout`: how many seconds something may take, as written.
    pub timeout: Option<String>,
    /// `--profile-out`: the file that a profile of the run is written to.
    pub profile_out: Option<PathBuf>,
    /// `--arg`: arguments of the program, before [`CargoArgs::trailing`].
    pub program_args: Vec<OsString>,
    /// `--addr`: where an HTTP handler is served.
    pub addr: Option<String>,
    /// `--component`: what is run or served instead of what would be built.
    pub component: Option<String>,
    /// `--compose`: the linked component is written, too.
    pub compose: bool,
    /// `--wit`: WIT is documented instead of crates.
    pub wit: Option<WitSource>,
    /// `--with`: what is linked instead of what hints name, each `IMPORT=WHAT`.
    pub with: Vec<String>,
    /// `--trust-unpinned`: hints without a digest are followed.
    pub trust_unpinned: bool,
    /// `--fresh`: a component of others is linked with the newest releases.
    pub fresh: bool,
    /// `--watch`: runs again when a file changes that the component is made from.
    pub watch: bool,
}

/// The arguments of one option with its value, of a cluster of letters, or of a
/// plain word, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArgumentGroup {
    pub(super) known: Option<KnownOption>,
    pub(super) args: Vec<OsString>,
}

/// A command line of cargo, as far as its meaning must be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoArgs {
    /// `+toolchain` with its `+`, where rustup has not removed it.
    pub toolchain: Option<OsString>,
    /// The subcommand, with cargo's own short names written out.
    pub subcommand: Option<String>,
    /// Plain words after the subcommand, such as a test's name.
    pub words: Vec<OsString>,
    /// The arguments that are not for cargo: all after `--`, and for `run` and the
    /// like all from the first plain word on.
    pub trailing: Vec<OsString>,
    /// `--package`, each as written.
    pub packages: Vec<String>,
    /// `--exclude`, each as written.
    pub excludes: Vec<String>,
    /// `--workspace` or its old name `--all`.
    pub workspace: bool,
    /// `--manifest-path`: the manifest of the package or workspace.
    pub manifest_path: Option<PathBuf>,
    /// `-C`: where cargo goes before it does anything.
    pub directory: Option<PathBuf>,
    /// `--target`, each as written.
    pub targets: Vec<String>,
    /// `--target-dir`: the directory that cargo builds in.
    pub target_dir: Option<PathBuf>,
    /// `--artifact-dir` or its old name `--out-dir`.
    pub artifact_dir: Option<PathBuf>,
    /// `--profile`: the name of a profile.
    pub profile: Option<String>,
    /// `--release`: the profile `release`.
    pub release: bool,
    /// `--message-format`, split at commas.
    pub message_format: Vec<String>,
    /// `--config`, each as written: `key=value` or a file.
    pub config: Vec<OsString>,
    /// The mode of `--locked`, `--offline` and `--frozen` together.
    pub lock_mode: LockMode,
    /// `--color`: when output is coloured.
    pub color: Option<ColorChoice>,
    /// How often `--verbose` was given.
    pub verbose: u8,
    /// `--quiet`: no status lines are printed.
    pub quiet: bool,
    /// `--help`: the help is requested.
    pub help: bool,
    /// `--version`: the version is requested.
    pub version: bool,
    /// `--no-run` of `test` and `bench`: build, but run nothing.
    pub no_run: bool,
    /// `--no-deps` of `doc` and others: only the packages themselves.
    pub no_deps: bool,
    /// `--open` of `doc`: the documentation is opened in a browser.
    pub open: bool,
    /// `--no-fail-fast` of `test` and `bench`: go on after a failure.
    pub no_fail_fast: bool,
    /// The choices among the targets of packages, in the order written.
    pub target_choices: Vec<TargetChoice>,
    /// `-Z`, each as written.
    pub unstable: Vec<OsString>,
    /// The options of this tool.
    pub own: OwnOptions,
    pub(super) before: Vec<ArgumentGroup>,
    pub(super) after: Vec<ArgumentGroup>,
}

impl CargoArgs {
    /// The arguments for cargo in the order written: without the options of this
    /// tool, the `--` and what follows it.
    pub fn cargo_args(&self) -> Vec<OsString> {
        self.assemble(self.subcommand.as_deref(), &[])
    }

    /// As [`CargoArgs::cargo_args`], for another subcommand and without the
    /// options in `without`.
    pub fn cargo_args_for(&self, subcommand: &str, without: &[KnownOption]) -> Vec<OsString> {
        self.assemble(Some(subcommand), without)
    }

    fn assemble(&self, subcommand: Option<&str>, without: &[KnownOption]) -> Vec<OsString> {
        let assembled = |groups: &[ArgumentGroup]| {
            groups
                .iter()
                .filter(|group| group.known.is_none_or(|known| !without.contains(&known)))
                .flat_map(|group| group.args.clone())
                .collect::<Vec<_>>()
        };
        let mut args: Vec<OsString> = self.toolchain.iter().cloned().collect();
        args.extend(assembled(&self.before));
        args.extend(subcommand.map(OsString::from));
        args.extend(assembled(&self.after));
        args
    }

    /// Whether cargo gets an option that the tool does not know, or a word although the
    /// subcommand does not take the name of a test.
    pub fn has_unknown(&self) -> bool {
        let takes_names = matches!(self.subcommand.as_deref(), Some("test" | "bench"));
        let is_name = |group: &ArgumentGroup| {
            takes_names && group.args.iter().all(|arg| self.words.contains(arg))
        };
        let mut groups = self.before.iter().chain(&self.after);
        groups.any(|group| group.known.is_none() && !is_name(group))
    }

    /// The selected packages. As in cargo, `--workspace` prevails over `--package`.
    pub fn selection(&self) -> PackageSelection<'_> {
        if self.workspace {
            PackageSelection::Workspace {
                excludes: &self.excludes,
            }
        } else if self.packages.is_empty() {
            PackageSelection::Default
        } else {
            PackageSelection::Packages(&self.packages)
        }
    }

    /// The profile of the build, by cargo's rules for the subcommand.
    pub fn profile_name(&self) -> &str {
        match (&self.profile, self.release) {
            (Some(profile), _) => profile,
            (None, true) => "release",
            (None, false) => match self.subcommand.as_deref() {
                Some("bench") => "bench",
                Some("test") => "test",
                _ => "dev",
            },
        }
    }

    /// Whether the standard library is built too (`-Z build-std`), so that none
    /// need be installed.
    pub fn builds_std(&self) -> bool {
        self.unstable.iter().any(|flag| {
            flag.to_str()
                .is_some_and(|flag| flag == "build-std" || flag.starts_with("build-std="))
        })
    }
}
